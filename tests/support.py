"""Helpers that tests import: real data beside the checkout, and child interpreters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
"""Real images and tables, beside the checkout; tests that use them skip where they are absent."""


def shared_data(relative: str) -> Path:
    """Return the path of real data, or skip the test, saying so."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"real data is absent: ../shared/data/{relative}")
    return path


def run_python(code: str, *args: str, timeout: float = 120.0, **kwargs: object) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter; the caller asserts what became of it."""
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=timeout, check=False, **kwargs
    )
