"""Every key of a contract, kept and broken, on packages that do what it is about; and what the command prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dsa110_contimg.doctor.errors import BadContractError, BadInterpreterError
from dsa110_contimg.doctor.guard import timing
from dsa110_contimg.doctor.guard.checking import check_contract
from dsa110_contimg.doctor.guard.command import print_check
from dsa110_contimg.doctor.guard.contracts import Contract, read_contracts
from dsa110_contimg.doctor.guard.drawing import draw_breaches
from dsa110_contimg.doctor.guard.outcomes import Outcome
from dsa110_contimg.doctor.report.sheet import Sheet

FILES = {
    "pkg/__init__.py": "",
    "pkg/clean.py": "x = 1\n",
    "pkg/diamond.py": "from . import left\nfrom . import right\n",
    "pkg/left.py": "import heavy.core\n",
    "pkg/right.py": "import heavy.core\n",
    "pkg/many.py": "import heavy.core, heavy.a, heavy.b\nfrom . import clean\n",
    "pkg/slow.py": "import sleepy\n",
    "pkg/raises.py": "raise ValueError('no')\n",
    "pkg/broken.py": "import absent_thing\n",
    "pkg/broken_name.py": "from pkg.clean import y\n",
    "pkg/leaves.py": "import os\nos._exit(0)\n",
    "pkg/hangs.py": "import time\ntime.sleep(60)\n",
    "heavy/__init__.py": "",
    "heavy/core.py": "",
    "heavy/a.py": "",
    "heavy/b.py": "",
    "sleepy.py": "import time\ntime.sleep(0.3)\n",
}
EFFECTS = {
    "environment": ("import os\nos.environ['GUARDED'] = '1'\n", "set environment variables GUARDED"),
    "directory": ("import os\nos.chdir('/')\n", "changed the working directory to /"),
    "signals": ("import signal\nsignal.signal(signal.SIGUSR1, print)\n", "changed the handling of SIGUSR1"),
    "threads": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True, name='t9').start()\n",
        "started 1 thread: t9",
    ),
    "files": ("open('left_behind', 'w').close()\n", "wrote left_behind"),
    "processes": ("import os\nos.system('true')\n", "started os.system"),
    "filters": ("import warnings\nwarnings.filterwarnings('ignore')\n", "added 1 warning filter"),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    # The child runs in the folder of the contracts, not in ours.
    monkeypatch.chdir("/")
    return tmp_path


def draw(how: Callable[[Sheet, Outcome], None], outcome: Outcome) -> str:
    sheet = Sheet(200, colour=False, is_ascii=False)
    how(sheet, outcome)
    return sheet.finish().lstrip("\n")


def check(project: Path, target: str, **keys: object) -> Outcome:
    return check_contract(Contract(target, file=str(project / "pyproject.toml"), **keys), timeout=20)  # type: ignore[arg-type]


def test_what_is_forbidden_is_told_with_every_road(project: Path) -> None:
    outcome = check(project, "pkg.diamond", forbid=("heavy", "absent"))
    (breach,) = outcome.breaches
    assert (breach.key, breach.message) == ("forbid", "heavy is loaded.")
    assert [[(hop.module, Path(hop.file or "").name, hop.line) for hop in road.chain] for road in breach.roads] == [
        [("pkg.diamond", "<target>", 1), ("pkg.left", "diamond.py", 1), ("heavy", "left.py", 1)],
        [("pkg.diamond", "<target>", 1), ("pkg.right", "diamond.py", 2), ("heavy", "right.py", 1)],
    ]
    drawn = draw(draw_breaches, outcome)
    assert drawn.startswith("forbid: heavy is loaded. (")
    assert "pkg/left.py:1" in drawn
    assert "import heavy.core" in drawn
    assert check(project, "pkg.clean", forbid=("heavy",)).is_kept
    assert check(project, "pkg.clean:x", forbid=("heavy",)).is_kept


def test_a_native_library(project: Path) -> None:
    name = Path(__import__("_ctypes").__file__ or "").name
    if not name or name == "<frozen>":
        pytest.skip("ctypes is built into this Python")
    outcome = check(project, "ctypes", forbid_native=("libffi*", "libcasa_*"))
    if outcome.is_kept:
        pytest.skip("ctypes brings its own libffi")
    (breach,) = outcome.breaches
    assert breach.key == "forbid-native"
    assert "libffi" in breach.message
    assert breach.roads[0].chain[-1].module == "_ctypes"


def test_the_number_of_modules(project: Path) -> None:
    assert check(project, "pkg.many", max_modules=7).is_kept
    outcome = check(project, "pkg.many", max_modules=6)
    (breach,) = outcome.breaches
    assert breach.key == "max-modules"
    assert breach.message == "7 modules are loaded, 6 at most are agreed: 4 of heavy, 3 of pkg."
    (road,) = breach.roads
    assert (road.forbidden, Path(road.chain[-1].file or "").name, road.chain[-1].line) == ("heavy", "many.py", 1)
    alone = check(project, "heavy", max_modules=0)
    assert (alone.breaches[0].roads, len(alone.breaches)) == ((), 1)


def test_the_time_beside_a_bare_interpreter(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "MOST_ROUNDS", timing.FEWEST_ROUNDS)
    assert check(project, "pkg.clean", max_time_ratio=5.0).is_kept
    outcome = check(project, "pkg.slow", max_time_ratio=1.5)
    (breach,) = outcome.breaches
    assert breach.key == "max-time-ratio"
    assert "a bare interpreter, 1.5 times at most is agreed" in breach.message
    assert Path(breach.roads[0].chain[-1].file or "").name == "slow.py"
    assert breach.roads[0].forbidden == "sleepy"


def test_time_is_measured_with_bytecode_whatever_the_environment_says(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    seen: list[tuple[str, ...]] = []
    noting = "import sys, os\nopen(os.environ['NOTES'], 'a').write(f'{__cached__ and os.path.exists(__cached__)}\\n')\n"
    (project / "noting.py").write_text(noting)
    monkeypatch.setenv("NOTES", str(project / "notes"))
    environment = dict(__import__("os").environ)
    timing.measure_ratio(
        "import noting", python=sys.executable, cwd=project, env=environment, timeout=20, limit=float("inf")
    )
    seen = (project / "notes").read_text().split()  # type: ignore[assignment]
    assert seen[1:] == ["True"] * timing.FEWEST_ROUNDS
    assert not list(project.rglob("__pycache__"))


def test_a_run_that_does_not_end_takes_forever(project: Path) -> None:
    ratio = timing.measure_ratio("import pkg.hangs", python=sys.executable, cwd=project, env={}, timeout=0.5, limit=2)
    assert ratio == float("inf")


@pytest.mark.skipif(sys.platform != "linux", reason="some effects are read from /proc")
@pytest.mark.parametrize("name", EFFECTS)
def test_side_effects(name: str, project: Path) -> None:
    source, says = EFFECTS[name]
    (project / "pkg" / "effect.py").write_text(source)
    (breach,) = check(project, "pkg.effect", no_side_effects=True).breaches
    assert breach.key == "no-side-effects"
    assert says in breach.message
    assert check(project, "pkg.effect").is_kept


@pytest.mark.parametrize(
    ("target", "verdict"),
    [("pkg.raises", "raised"), ("pkg.broken", "raised"), ("pkg.broken_name", "raised"), ("pkg.leaves", "exited")],
)
def test_an_import_that_comes_to_no_good_end_breaks_every_contract(target: str, verdict: str, project: Path) -> None:
    outcome = check(project, target)
    assert [breach.key for breach in outcome.breaches] == ["import"]
    assert outcome.examination is not None
    assert outcome.examination.verdict == verdict
    drawn = draw(draw_breaches, outcome)
    assert drawn.split("\n")[0] == outcome.breaches[0].message
    assert f"pkg/{target.partition('.')[2]}.py:" in drawn or verdict == "exited"


def test_one_that_hangs(project: Path) -> None:
    contract = Contract("pkg.hangs", file=str(project / "pyproject.toml"))
    outcome = check_contract(contract, timeout=1)
    assert outcome.breaches[0].message.startswith("Hung")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("pkg.clean:y", "pkg.clean has no y"),
        ("pkg.absent", "there is no module pkg.absent"),
        ("pkg.absent.deeper:x", "there is no module pkg.absent"),
        ("nowhere", "there is no module nowhere"),
        ("sleepy.x", "there is no module sleepy.x"),
    ],
)
def test_a_name_that_does_not_exist(target: str, says: str, project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(f"\n[[tool.import-doctor.contract]]\nforbid = ['heavy']\nimport = '{target}'\n")
    (contract,) = read_contracts(file)
    with pytest.raises(BadContractError) as caught:
        check_contract(contract)
    assert caught.value.message.startswith(f"{file}:4: a contract is about {target}, but {says}")


# ---------------------------------------------------------------------- the command
ALL = """\
[[tool.import-doctor.contract]]
import = "pkg.clean"
forbid = ["heavy"]
max-modules = 2
no-side-effects = true

[[tool.import-doctor.contract]]
import = "pkg.left"
forbid = ["heavy"]
max-modules = 2

[[tool.import-doctor.contract]]
import = "pkg.absent"
"""


def test_the_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "pyproject.toml"
    parts = ALL.split("\n\n")
    file.write_text(parts[0])
    assert print_check(project) == 0
    captured = capsys.readouterr()
    assert captured.out.split("\n")[1:] == ["Contracts: 1 kept, 0 broken.", ""]
    assert captured.out.startswith("kept  pkg.clean  ")
    assert captured.err == ""
    file.write_text("\n\n".join(parts[:2]))
    assert print_check(file) == 1
    out = capsys.readouterr().out
    assert "\nbroken  pkg.left  " in out
    assert "\nforbid: heavy is loaded. (" in out
    assert out.count("The road to heavy") == 1  # both keys are broken by the same road
    assert "\nmax-modules: 4 modules are loaded, 2 at most are agreed" in out
    assert out.endswith("\nContracts: 1 kept, 1 broken.\n")
    file.write_text(ALL)
    assert print_check(file) == 2
    captured = capsys.readouterr()
    assert captured.out.endswith("\nContracts: 1 kept, 1 broken, 1 not checked.\n")
    assert captured.err.startswith(f"Error: {file}:13: a contract is about pkg.absent")


def test_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "pyproject.toml"
    file.write_text(ALL)
    assert print_check(file, as_json=True) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    kept, broken, unchecked = told["contracts"]
    assert (kept["import"], kept["is_kept"], kept["breaches"], kept["examination"]) == ("pkg.clean", True, [], None)
    assert (broken["file"], broken["line"], broken["is_kept"]) == (str(file), 7, False)
    assert [(breach["key"], breach["line"]) for breach in broken["breaches"]] == [("forbid", 9), ("max-modules", 10)]
    hop = broken["breaches"][0]["roads"][0]["chain"][-1]
    assert (hop["module"], hop["file"], hop["line"]) == ("heavy", str(project / "pkg" / "left.py"), 1)
    assert broken["examination"]["verdict"] == "forbidden"
    assert unchecked["error"].startswith(f"{file}:13: ")


def test_a_project_without_contracts_guards_nothing(project: Path) -> None:
    (project / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(BadContractError, match="no contracts") as caught:
        print_check(project)
    assert "[[tool.import-doctor.contract]]" in caught.value.hint


def test_an_interpreter_that_is_none(project: Path) -> None:
    (project / "pyproject.toml").write_text(ALL)
    with pytest.raises(BadInterpreterError):
        print_check(project, python="no-such-python")


def test_variables_for_the_child(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / "only_there.py").write_text("")
    (project / "pyproject.toml").write_text(
        "[[tool.import-doctor.contract]]\nimport = 'only_there'\nmax-time-ratio = 50\n"
    )
    assert print_check(project) == 2
    assert print_check(project, env={"PYTHONPATH": str(project / "elsewhere")}) == 0
    assert capsys.readouterr().out.startswith("Contracts: 0 kept, 0 broken, 1 not checked.\nkept  only_there  ")


def test_a_door_that_lost_its_laziness_is_one_road(project: Path) -> None:
    door = "def __getattr__(name):\n    if name != 'x':\n        raise AttributeError(name)\n    from .clean import x\n"
    (project / "pkg" / "__init__.py").write_text(f"{door}    return x\n\nimport heavy\n")
    (breach,) = check(project, "pkg:x", forbid=("heavy",)).breaches
    # `from .clean import x` stands in the package itself, so that it is no second road to the package.
    assert [[(hop.module, hop.line) for hop in road.chain] for road in breach.roads] == [[("pkg", 1), ("heavy", 7)]]
