"""No import of ours ever loads CASA, or changes anything: shown by the facts of a fresh process for each module."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dsa110_contimg
from dsa110_contimg.doctor.guard.contracts import read_contracts
from support import ROOT, copy_package, ramp, sky_header, write_image

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the facts are read from /proc")

TESTS = ROOT / "tests"
PACKAGE = Path(dsa110_contimg.__file__).parent
DOORS = [
    *(contract.statement for contract in read_contracts(ROOT) if contract.name),
    "from dsa110_contimg.qa.postage_stamps import create_cutout",
    "from dsa110_contimg.qa.visualization import CasaTable",
    "from dsa110_contimg.qa.visualization.casatable import CasaTable",
    "from dsa110_contimg.qa.image_quality import measure_image",
    "from dsa110_contimg.qa.ms_quality import measure_ms",
    "from dsa110_contimg.qa import *",
    "from dsa110_contimg.qa.visualization import *",
]
"""The addresses that people import: those of the contracts, older ones, and what no contract can say."""

MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)
OTHERS = "import numpy, PIL.Image"
"""Loaded first, because what they do on import is not ours: numpy starts a thread of OpenBLAS and adds filters for its
own warnings, Pillow asks to clear its cache at exit."""

PACKAGES = [module for module in MODULES if PACKAGE.parent.joinpath(*module.split("."), "__init__.py").exists()]


def run(
    statement: str, cwd: Path, *first: Path, package: Path = PACKAGE, before: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a statement in a fresh interpreter, in an empty home and working directory."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CASA", "PYTHON", "COV"))}
    environment |= {"PYTHONPATH": os.pathsep.join(map(str, [*first, package.parent])), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"HOME": str(cwd), "TMPDIR": str(cwd)}
    command = [sys.executable, TESTS / "facts.py", statement, before]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=60, check=False)


def facts(statement: str, cwd: Path, *first: Path, package: Path = PACKAGE, before: str = "") -> dict[str, Any]:
    finished = run(statement, cwd, *first, package=package, before=before)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def assert_pure(found: dict[str, Any]) -> None:
    assert found["native"] == []
    assert found["changed"] == {}
    assert found["effects"] == []
    assert not {"casacore", "casatools", "casatasks", "arcae", "casaconfig"} & set(found["modules"])


def test_the_victim_kills(fatal: Path, tmp_path: Path) -> None:
    for statement in ("import casacore.tables", "from casacore.tables import table", "import casatools"):
        assert run(statement, tmp_path, fatal).returncode == -signal.SIGSEGV


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_pure_beside_a_casacore_that_kills(module: str, fatal: Path, tmp_path: Path) -> None:
    found = facts(f"import {module}", tmp_path, fatal, before=OTHERS)
    assert_pure(found)
    assert not {"astropy", "matplotlib", "pandas"} & set(found["modules"])
    assert found["tasks"] == facts("pass", tmp_path, before=OTHERS)["tasks"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_at_every_door_is_pure_beside_a_casacore_that_kills(
    package: str, fatal: Path, tmp_path: Path
) -> None:
    found = facts(f"from {package} import *", tmp_path, fatal, before=OTHERS)
    assert_pure(found)
    assert not {"astropy", "matplotlib", "pandas"} & set(found["modules"])


CASA = ["absent", "installed", "broken", "fatal"]


def placed(casa: str, fatal: Path) -> list[Path]:
    """Return what comes first on the path, so that CASA is in such a state."""
    folders = {"absent": TESTS / "victims" / "absent", "broken": TESTS / "victims" / "broken", "fatal": fatal}
    return [folders[casa]] if casa in folders else []


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("casa", CASA)
def test_every_door_is_pure_whatever_casa_is(door: str, casa: str, fatal: Path, tmp_path: Path) -> None:
    found = facts(door, tmp_path, *placed(casa, fatal))
    assert_pure(found)
    assert found["tasks"] == 1
    assert not {"astropy", "matplotlib", "pandas", "numpy", "PIL", "click", "rich"} & set(found["modules"])


@pytest.mark.parametrize("casa", CASA)
def test_a_stamp_is_cut_whatever_casa_is(casa: str, fatal: Path, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header())
    statement = (
        f"from dsa110_contimg.qa import create_cutout; result = create_cutout({str(path)!r}, 150, 30, 0.1).status"
    )
    found = facts(statement, tmp_path, *placed(casa, fatal), before="import numpy")
    assert_pure(found)
    assert found["result"] == "'full'"
    assert not {"astropy", "matplotlib", "pandas"} & set(found["modules"])


@pytest.mark.parametrize(
    ("casa", "says"), [("absent", "casacore is not installed"), ("broken", "cannot be imported: libcasa_casa.so.8")]
)
def test_a_table_without_casacore_says_what_to_install(casa: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "a.ms").mkdir()
    (tmp_path / "a.ms" / "table.dat").write_bytes(b"\xbe\xbe\xbe\xbe" + bytes(100))
    finished = run(
        f"from dsa110_contimg.qa import CasaTable; CasaTable({str(tmp_path / 'a.ms')!r})",
        tmp_path,
        TESTS / "victims" / casa,
    )
    assert finished.returncode == 1
    assert "MissingDependencyError" in finished.stderr
    assert says in finished.stderr
    assert "pip install" in finished.stderr


@pytest.mark.parametrize(
    "verb", [[], ["cutout"], ["stamps"], ["table"], ["ms"], ["caltable"], ["casa"], ["simulate"]], ids=" ".join
)
def test_help_loads_no_numpy(verb: list[str], tmp_path: Path) -> None:
    call = f"import sys; sys.argv[1:] = {[*verb, '--help']}\nfrom dsa110_contimg.cli.app import main"
    finished = run(f"{call}\ntry: main()\nexcept SystemExit: print(file=sys.stderr, *sys.modules)", tmp_path)
    assert "Usage: " in finished.stdout
    assert not {"numpy", "astropy", "matplotlib", "PIL", "casacore"} & set(finished.stderr.split())


# ---------------------------------------------------------------------- the guard, seen red
EAGER = ("qa/__init__.py", "from dsa110_contimg.qa.visualization.casatable import CasaTable")
NATIVE = ("qa/visualization/casatable.py", "from casacore.tables import table")
IN_A_TRY = ("qa/visualization/casatable.py", "try:\n    import casacore.tables\nexcept ImportError:\n    pass")
THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
STAMPS = "qa/postage_stamps.py"


def sabotage(folder: Path, *additions: tuple[str, str]) -> tuple[Path, Path]:
    """Copy the package, add lines to some of its files, and return the copy and an empty home."""
    home = folder / "home"
    home.mkdir()
    return copy_package(folder, *additions), home


@pytest.mark.parametrize(
    ("additions", "survives"), [([NATIVE], True), ([EAGER], True), ([EAGER, NATIVE], False), ([EAGER, IN_A_TRY], False)]
)
def test_either_lock_holds_alone_and_without_both_it_is_the_original_crash(
    additions: list[tuple[str, str]], survives: bool, fatal: Path, tmp_path: Path
) -> None:
    package, home = sabotage(tmp_path, *additions)
    finished = run("from dsa110_contimg.qa import create_cutout", home, fatal, package=package)
    assert finished.returncode == (0 if survives else -signal.SIGSEGV)


@pytest.mark.parametrize("addition", [NATIVE, IN_A_TRY], ids=["at the top", "in a try"])
def test_casacore_at_module_level_is_seen(addition: tuple[str, str], fatal: Path, tmp_path: Path) -> None:
    package, home = sabotage(tmp_path, addition)
    finished = run("from dsa110_contimg.qa import *", home, fatal, package=package)
    assert finished.returncode == -signal.SIGSEGV


@pytest.mark.parametrize(
    ("where", "what", "seen"),
    [
        ("casa/environment.py", "import os\nos.environ['CASAPATH'] = '/data'", "environment"),
        (STAMPS, "import warnings\nwarnings.filterwarnings('ignore')", "warning filters"),
        (STAMPS, "import logging\nlogging.basicConfig()", "logging handlers"),
        (STAMPS, "import logging\nlogging.disable()", "logging"),
        (STAMPS, "import signal\nsignal.signal(signal.SIGUSR1, print)", "signal handlers"),
        (STAMPS, "import signal\nsignal.alarm(9)", "signals held back"),
        (STAMPS, "import warnings\nwarnings.showwarning = lambda *words: None", "hooks"),
        (STAMPS, "import sys\nsys.excepthook = print", "hooks"),
        (STAMPS, "import atexit\natexit.register(list)", "exit handlers"),
        (STAMPS, "import sys\nsys.path.append('/data')", "interpreter"),
        (STAMPS, "import os\nos.umask(0o77)", "process"),
        (STAMPS, "import os\nos.mkdir('x'); os.chdir('x')", "working directory"),
        (STAMPS, THREAD, "Python threads"),
        (STAMPS, "open('left_behind', 'w').close()", "files"),
    ],
)
def test_a_side_effect_is_seen(where: str, what: str, seen: str, tmp_path: Path) -> None:
    package, home = sabotage(tmp_path, (where, what))
    found = facts("from dsa110_contimg.qa import *; import dsa110_contimg.casa.environment", home, package=package)
    assert seen in found["changed"]
    with pytest.raises(AssertionError):
        assert_pure(found)


@pytest.mark.parametrize(
    "what",
    [
        "import os\nopen('x', 'w').close(); os.remove('x')",
        "import os\nos.chmod('.', 0o755)",
        "import os\nos.putenv('CASAPATH', '/data')",
        "import socket\nsocket.getaddrinfo('127.0.0.1', 80)",
        "try:\n    import casacore.tables\nexcept ImportError:\n    pass",
    ],
    ids=["a file removed again", "a mode", "an environment behind Python's back", "the network", "a failed attempt"],
)
def test_what_leaves_no_trace_in_the_process_is_heard(what: str, tmp_path: Path) -> None:
    package, home = sabotage(tmp_path, (STAMPS, what))
    found = facts("from dsa110_contimg.qa import create_cutout", home, TESTS / "victims" / "absent", package=package)
    assert found["changed"] == {}
    assert found["effects"]
