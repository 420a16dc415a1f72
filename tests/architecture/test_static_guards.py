"""What ruff, import-linter and mypy see of what somebody may one day write: each guard is broken, and goes red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

BIN = Path(sys.executable).parent
COMMANDS = {
    "ruff": [BIN / "ruff", "check", "--no-cache", "--select", "TID", "src"],
    "import-linter": [BIN / "lint-imports", "--no-cache"],
    "mypy": [BIN / "mypy", "--cache-dir", ".mypy_cache", "src"],
}
CASATABLE, STAMPS = "qa/visualization/casatable.py", "qa/postage_stamps.py"

# What is written where, and who must see it (the table of the design, and what ruff's own ban adds).
SABOTAGE = {
    "nothing": (STAMPS, "", set()),
    "casacore at the top": (CASATABLE, "import casacore.tables", {"ruff", "import-linter"}),
    "casacore in a try": (
        CASATABLE,
        "try:\n    import casacore.tables\nexcept ImportError:\n    pass",
        {"import-linter"},
    ),
    "casacore in a function": (
        STAMPS,
        "def _read() -> object:\n    import casacore.tables\n\n    return casacore.tables",
        {"import-linter"},
    ),
    "casacore by string": (
        STAMPS,
        'def _read() -> object:\n    import importlib\n\n    return importlib.import_module("casacore.tables")',
        {"ruff"},
    ),
    "images above qa": (
        "images/beam.py",
        "def _read() -> object:\n    from dsa110_contimg.qa import create_cutout\n\n    return create_cutout",
        {"import-linter"},
    ),
    "ours in the doctor": (
        "doctor/errors.py",
        "def _read() -> object:\n    from dsa110_contimg.errors import ContimgError\n\n    return ContimgError",
        {"import-linter"},
    ),
    "a typo in a name at a door": ("qa/__init__.py", "", {"mypy"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("guard", COMMANDS)
@pytest.mark.parametrize("name", SABOTAGE)
def test_guard(name: str, guard: str, tmp_path: Path) -> None:
    where, what, seen_by = SABOTAGE[name]
    if not COMMANDS[guard][0].exists():
        pytest.skip(f"{guard} is not installed beside this Python")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file = tmp_path / "src" / "dsa110_contimg" / where
    text = file.read_text()
    if name.startswith("a typo"):
        text = text.replace("import create_cutout as create_cutout", "import create_cutuot as create_cutout")
    file.write_text(f"{text}\n\n{what}\n" if what else text)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    finished = subprocess.run(
        COMMANDS[guard], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert bool(finished.returncode) == (guard in seen_by), finished.stdout + finished.stderr
