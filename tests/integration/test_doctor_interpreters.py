"""The whole battery on every Python from 3.8 to 3.13 on the machine; this package is installed in none of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doctor_cases import NATIVE, PYTHON, Case
from dsa110_contimg.doctor.imports.reading import read_imports
from support import find_interpreter
from victims.build import build_victims

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="native frames are read on Linux only"),
    pytest.mark.skipif(not (shutil.which("cc") and shutil.which("c++")), reason="there is no C and C++ compiler"),
]
VERSIONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]


@pytest.fixture(scope="session", params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    return find_interpreter(request.param)


@pytest.fixture(scope="session")
def victims(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_victims(tmp_path_factory.mktemp("victims"), python)


@pytest.mark.parametrize("case", [*NATIVE, *PYTHON], ids=lambda case: case.target or case.name)
def test_a_death(case: Case, python: str, victims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(victims))
    case.check(case.examine(tmp_path, python))


def test_its_modules_are_read_from_source(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    target = "import json.tool, sqlite3, email.mime.text, xml.dom.minidom"
    tell = f"import sys; before = set(sys.modules); {target}; print(*set(sys.modules) - before)"
    loaded = subprocess.run([python, "-c", tell], capture_output=True, text=True, check=True).stdout.split()
    graph = read_imports(target, python=python)
    assert set(loaded) - set(graph.modules) <= {"typing.io", "typing.re", "pyexpat.errors", "pyexpat.model"}
    home = Path(graph.modules["json.tool"].file or "").parents[1]
    assert Path(python).resolve().parents[1] in home.parents
    kinds = {graph.modules[name].kind for name in loaded if name in graph.modules}
    assert {"source", "package", "extension"} <= kinds <= {"source", "package", "extension", "builtin"}
