"""What a type checker sees through the doors, for somebody who uses the package under ``mypy --strict``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

SCRIPT = """
import dsa110_contimg
from dsa110_contimg.qa import CasaTable, create_cutout
from dsa110_contimg.utils.casa_init import ensure_casa_path

stamp = create_cutout("a.fits", ra_deg=150.0, dec_deg=30.0, size_arcmin=2.0, stokes="I")
with CasaTable("a.ms") as table:
    reveal_type(table)
reveal_type(stamp.data)
reveal_type(stamp.beam)
reveal_type(stamp.origin)
reveal_type(stamp.target)
reveal_type(stamp.mjd)
reveal_type(table.query("ANTENNA1 == 0"))
reveal_type(ensure_casa_path())
reveal_type(dsa110_contimg.__version__)
"""
SEEN = [
    "dsa110_contimg.qa.visualization.casatable.CasaTable",
    "numpy.ndarray[tuple[Any, ...], numpy.dtype[numpy.floating[Any]]]",
    "dsa110_contimg.images.beam.Beam | None",
    "tuple[int, int]",
    "tuple[float, float]",
    "float | None",
    "dsa110_contimg.qa.visualization.casatable.CasaTable",
    "pathlib.Path | None",
    "str",
]
TYPOS = """
import dsa110_contimg
from dsa110_contimg import qaa
from dsa110_contimg.qa import create_cutuot
from dsa110_contimg.qa import create_cutout

dsa110_contimg.__versoin__
create_cutout("a.fits", "10h", 30.0)
create_cutout("a.fits", 150.0, 30.0, 2.0, 0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one folder for all scripts, so that mypy reads numpy once."""
    pytest.importorskip("mypy")
    return tmp_path_factory.mktemp("typing")


def check(code: str, folder: Path) -> str:
    """Check a script as a user does: strictly, with no settings of ours."""
    (folder / "script.py").write_text(code)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", ".cache", "script.py"]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def test_the_doors_and_the_fields_of_a_stamp_have_types(folder: Path) -> None:
    assert re.findall(r'script.py:\d+: note: Revealed type is "(.*)"', check(SCRIPT, folder)) == SEEN


def test_typos_at_a_door_are_seen(folder: Path) -> None:
    lines = {int(line) for line in re.findall(r"script.py:(\d+): error:", check(TYPOS, folder))}
    assert lines == {3, 4, 7, 8, 9}
