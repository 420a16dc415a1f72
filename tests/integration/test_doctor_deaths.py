"""The doctor tells every way apart in which an import can die: on modules compiled here, and on modules in Python."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from doctor_cases import NATIVE, PYTHON, Case
from victims.build import build_victims

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="native frames are read on Linux only"),
    pytest.mark.skipif(not (shutil.which("cc") and shutil.which("c++")), reason="there is no C and C++ compiler"),
]


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_victims(tmp_path_factory.mktemp("victims"))


@pytest.mark.parametrize("case", NATIVE, ids=lambda case: case.target or case.name)
def test_a_native_death(case: Case, victims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(victims))
    case.check(case.examine(tmp_path, sys.executable))


@pytest.mark.parametrize("case", PYTHON, ids=lambda case: case.name)
def test_a_death_in_python(case: Case, victims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(victims))
    case.check(case.examine(tmp_path, sys.executable))
