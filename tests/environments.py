"""Environments that tests make once and keep: other people's packages, from the package index."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT


def make_environment(name: str, *requirements: str, constrained: bool = True) -> Path:
    """Return the interpreter of an environment with some packages, or skip the test, saying why it cannot be made."""
    key = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dsa110-contimg-tests"
    folder = cache / f"{name}-{key}"
    python = folder / "bin" / "python"
    cache.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be making it
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            constraints = ["-c", str(ROOT / "constraints.txt")] if constrained else []
            command = [str(python), "-m", "pip", "install", "--quiet", *constraints, *requirements]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                lines = done.stderr.strip().splitlines() or ["no reason given"]
                pytest.skip(f"the environment {name} cannot be made: {lines[-1]}")
            (folder / "complete").touch()
    return python


def configure_casatools(python: Path, folder: Path) -> dict[str, str]:
    """Return variables that satisfy casatools with python-casacore's data, in place of 844 MB of casadata."""
    data = next(python.parents[1].glob("lib/python*/site-packages/casacore/data"))
    config = folder / "siteconfig.py"
    config.write_text(
        f"measurespath = {str(data)!r}\ndatapath = [{str(data)!r}]\n"
        "measures_auto_update = False\ndata_auto_update = False\n"
    )
    return {"CASASITECONFIG": str(config), "HOME": str(folder)}
