"""Our doors keep the contracts in pyproject.toml; each way to break them is caught by the guards that can see it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import dsa110_contimg
from dsa110_contimg.doctor.errors import BadContractError
from dsa110_contimg.doctor.guard.checking import check_contract
from dsa110_contimg.doctor.guard.command import print_check
from dsa110_contimg.doctor.guard.contracts import Contract, read_contracts
from dsa110_contimg.doctor.guard.static import check_statically
from support import ROOT, announce_plugin, copy_package
from victims.build import build_original

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="side effects are read from /proc")

SOURCE = Path(dsa110_contimg.__file__).parents[1]
CASA = {"arcae", "casacore", "casatasks", "casatools"}
QA, TABLE, STAMPS = "qa/__init__.py", "qa/visualization/casatable.py", "qa/postage_stamps.py"
EAGER = (QA, "from dsa110_contimg.qa.visualization import CasaTable")
NATIVE = (TABLE, "from casacore.tables import table")


def test_every_door_has_a_contract_that_keeps_casa_out() -> None:
    contracts = read_contracts(ROOT)
    qa = __import__("dsa110_contimg.qa", fromlist=["x"])
    public = {name for name in qa.__all__ if name[0].islower() or name == "CasaTable"}
    doors = {contract.name for contract in contracts if contract.module == "dsa110_contimg.qa"}
    assert public - doors == {"iter_cutouts", "split_by_scale"}  # these stand where create_cutouts stands
    assert all(set(contract.forbid) >= CASA and contract.forbid_native for contract in contracts)
    assert all(contract.max_modules and contract.no_side_effects for contract in contracts)


def test_our_contracts_are_kept_beside_a_casacore_that_kills(
    fatal: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(fatal), str(SOURCE)]))
    code = print_check(ROOT)
    assert code == 0, capsys.readouterr().out


# ---------------------------------------------------------------------- the guards, seen red
# What is written where, which contract must notice, which of its keys when it is run, and which from source alone.
SABOTAGE = {
    "nothing": ([], "qa:create_cutout", set(), set()),
    "casacore at the top": ([NATIVE], "qa:CasaTable", {"import"}, {"forbid"}),
    "casacore in a try": (
        [(TABLE, "try:\n    import casacore.tables\nexcept ImportError:\n    pass")],
        "qa:CasaTable",
        {"import"},
        {"forbid"},
    ),
    "the eager import": ([EAGER], "qa:create_cutout", {"forbid"}, {"forbid"}),
    "the eager import and casacore": ([EAGER, NATIVE], "qa:create_cutout", {"import"}, {"forbid"}),
    "numpy": ([(STAMPS, "import numpy")], "qa:create_cutout", {"forbid", "max-modules", "no-side-effects"}, {"forbid"}),
    "astropy": (
        [(STAMPS, "import astropy")],
        "qa:create_cutouts",
        {"forbid", "max-modules", "no-side-effects"},
        {"forbid"},
    ),
    "casacore in a function": (
        [(STAMPS, "def _read():\n    import casacore.tables")],
        "qa:create_cutout",
        set(),
        set(),
    ),
    "an environment variable": (
        [("casa/environment.py", "import os\nos.environ['CASAPATH'] = '/data'")],
        "utils.casa_init:ensure_casa_path",
        {"no-side-effects"},
        set(),
    ),
    "a warning filter": (
        [(STAMPS, "import warnings\nwarnings.filterwarnings('ignore')")],
        "qa:create_cutout",
        {"no-side-effects"},
        set(),
    ),
    "a module of the standard library": ([("doctor/__init__.py", "import json")], "doctor", {"max-modules"}, set()),
}


def sabotaged(name: str, folder: Path) -> Contract:
    """Break a copy of the package, and return the contract that should notice, on the copy."""
    additions, target, _, _ = SABOTAGE[name]
    copy_package(folder, *additions)
    contract = next(one for one in read_contracts(ROOT) if one.target == f"dsa110_contimg.{target}")
    return replace(contract, file=str(folder / "pyproject.toml"), max_time_ratio=None)


@pytest.mark.parametrize("name", SABOTAGE)
def test_what_a_run_catches(name: str, fatal: Path, tmp_path: Path) -> None:
    contract = sabotaged(name, tmp_path)
    env = {"PYTHONPATH": os.pathsep.join([str(fatal), str(tmp_path / "src")])}
    outcome = check_contract(contract, env=env)
    assert {breach.key for breach in outcome.breaches} == SABOTAGE[name][2]
    if SABOTAGE[name][2] == {"import"}:
        assert outcome.examination is not None
        assert outcome.examination.exit.signal == "SIGSEGV"


@pytest.mark.parametrize("name", SABOTAGE)
def test_what_is_caught_from_source(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dsa110_contimg.doctor.imports.reading")
    contract = sabotaged(name, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    (outcome,) = check_statically([contract])
    # Where casacore is installed, its libraries are seen, too.
    assert {breach.key for breach in outcome.breaches} - {"forbid-native"} == SABOTAGE[name][3]


def test_a_name_that_its_door_no_longer_has(tmp_path: Path) -> None:
    file = copy_package(tmp_path) / QA
    file.write_text(file.read_text().replace('"create_cutout create_cutouts', '"create_cutuot create_cutouts'))
    contract = next(one for one in read_contracts(ROOT) if one.target == "dsa110_contimg.qa:create_cutout")
    with pytest.raises(BadContractError, match=r"dsa110_contimg\.qa has no create_cutout"):
        check_contract(contract, env={"PYTHONPATH": str(tmp_path / "src")})


# ---------------------------------------------------------------------- the merge that put the eager import back
CURED = """\
def __getattr__(name):
    if name == "CasaTable":
        from .visualization import CasaTable

        return CasaTable
    if name == "create_cutout":
        from .postage_stamps import create_cutout

        return create_cutout
    raise AttributeError(name)
"""
MERGED = f"{CURED}\n\nfrom .visualization import CasaTable\n"
GUARDED = """\
[[tool.import-doctor.contract]]
import = "contimg.qa:create_cutout"
forbid = ["casacore"]
"""


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """Build the original's shape, cured at its door, with its guard."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    folder = build_original(tmp_path / "original")
    (folder / "pyproject.toml").write_text(GUARDED)
    (folder / "contimg" / "qa" / "__init__.py").write_text(CURED)
    return folder


def run_check(folder: Path, tmp_path: Path) -> int:
    return print_check(folder)


def run_pytest(folder: Path, tmp_path: Path) -> int:
    installed = tmp_path / "installed"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [installed, SOURCE]))}
    if not installed.exists():
        announce_plugin(installed)
    command = [sys.executable, "-m", "pytest", "--import-doctor", "-p", "no:cacheprovider", "pyproject.toml"]
    finished = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)
    sys.stdout.write(finished.stdout)
    return finished.returncode


def run_static_check(folder: Path, tmp_path: Path) -> int:
    pytest.importorskip("dsa110_contimg.doctor.imports.reading")
    from dsa110_contimg.doctor.guard.command import print_static_check

    return print_static_check(folder)


@pytest.mark.parametrize("guard", [run_check, run_pytest, run_static_check], ids=lambda guard: guard.__name__)
def test_the_merge_is_caught(
    guard: object, original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(original)
    assert guard(original, tmp_path) == 0  # type: ignore[operator]
    (original / "contimg" / "qa" / "__init__.py").write_text(MERGED)
    capsys.readouterr()
    assert guard(original, tmp_path) == 1  # type: ignore[operator]
    out = capsys.readouterr().out
    for hop in (
        f"contimg/qa/__init__.py:{MERGED.count(chr(10))}",
        "contimg/qa/visualization/__init__.py:3",
        "casatable.py:3",
    ):
        assert hop in out
    assert "from casacore.tables import table" in out
