"""From the shell: the road is found in the source, the cure is printed and proven, and written when asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

TARGET = "from contimg.qa import create_cutout"


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """Build the package of the original crash."""
    folder = tmp_path / "original"
    subprocess.run([sys.executable, ROOT / "tests" / "victims" / "build.py", "original", folder], check=True)
    return folder


def doctor(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dsa110_contimg.doctor", *arguments]
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


def read_all(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.py"))}


def test_the_road_is_found_without_running_anything(original: Path) -> None:
    found = doctor(original, TARGET, "--static", "--forbid", "casacore")
    assert (found.returncode, found.stderr) == (1, "")
    assert "contimg/qa/visualization/casatable.py:3" in found.stdout
    assert "Move `from .visualization import CasaTable` (contimg/qa/__init__.py:4)" in found.stdout
    told = json.loads(doctor(original, TARGET, "--static", "--forbid", "casacore", "--json").stdout)
    assert [hop["line"] for hop in told["roads"][0]["chain"]] == [1, 4, 3, 3]
    assert [row["file"].rpartition("/contimg/")[2] for row in told["remedies"]["near_target"]] == ["qa/__init__.py"]
    assert doctor(original, TARGET, "--static", "--forbid", "numpy").returncode == 0


@pytest.mark.parametrize("editable", [(), ("contimg/qa/visualization/casatable.py",)])
def test_the_cure_is_printed_and_cures_when_it_is_written(original: Path, editable: tuple[str, ...]) -> None:
    before = read_all(original)
    only = [word for path in editable for word in ("--editable", path)]
    printed = doctor(original, TARGET, "--fix", "--forbid", "casacore", *only)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith("--- a/")
    assert "Proven in a copy" in printed.stderr
    assert read_all(original) == before
    assert doctor(original, TARGET).returncode == 1

    written = doctor(original, TARGET, "--fix", "--forbid", "casacore", "--apply", *only)
    assert (written.returncode, written.stdout) == (0, printed.stdout)
    changed = {name for name, text in read_all(original).items() if text != before[name]}
    assert changed == set(editable or ("contimg/qa/__init__.py",))
    cured = doctor(original, TARGET, "--forbid", "casacore")
    assert cured.returncode == 0, cured.stdout
    again = doctor(original, TARGET, "--fix", "--forbid", "casacore")
    assert (again.returncode, again.stdout) == (0, "")
    assert "Nothing to cure" in again.stderr


def test_what_crashes_is_kept_out_when_nothing_is_named(original: Path) -> None:
    found = doctor(original, TARGET, "--fix")
    assert found.returncode == 0, found.stderr
    assert "It crashed while importing casacore._measures: casacore is to be kept out." in found.stderr
    assert "__getattr__" in found.stdout


def test_where_no_edit_helps_that_is_said(original: Path) -> None:
    (original / "uses.py").write_text("from casacore.tables import table\n\n\nclass Mine(table):\n    pass\n")
    before = read_all(original)
    found = doctor(original, "uses", "--fix", "--apply", "--forbid", "casacore")
    assert (found.returncode, found.stdout) == (1, "")
    assert "uses.py:4" in found.stderr
    assert read_all(original) == before


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def test_a_statement_that_cannot_be_moved_makes_way_for_another(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/above.py": "import pkg.between\n\nNAME = pkg.between.__name__\n",
        "pkg/between.py": "import pkg.below\n\n\ndef read(path):\n    return pkg.below.Reader(path)\n",
        "pkg/below.py": "import wave\n\n\nclass Reader(wave.Wave_read):\n    pass\n",
    }
    write(tmp_path, files)
    found = doctor(tmp_path, "pkg.above", "--fix", "--forbid", "wave")
    assert found.returncode == 0, found.stderr
    assert [line for line in found.stdout.splitlines() if line.startswith("+++")] == ["+++ b/pkg/between.py"]
    for place in ("above.py:3", "below.py:4"):  # where it is used at import
        assert found.stderr.count(f"pkg/{place}: ") == 1, found.stderr


def test_an_edit_that_is_no_cure_is_tried_once_and_not_offered(tmp_path: Path) -> None:
    sly = "import sys\nimport wave\n\n\ndef read(path):\n    return wave.open(path)\n\n\n"
    write(tmp_path, {"sly.py": f'{sly}if "wave" not in sys.modules:\n    __import__("wa" + "ve")\n'})
    before = read_all(tmp_path)
    found = doctor(tmp_path, "sly", "--fix", "--apply", "--forbid", "wave")
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.count("These edits are no cure") == 1
    assert found.stderr.endswith("No edit was found that cures it.\n")
    assert read_all(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Nothing was named to be examined"),
        (("--fix", "--check"), "--check and --fix were asked for at once"),
        (("json", "--apply"), "--apply writes what --fix finds"),
        (("json", "--static", "--html", "x.html"), "--html is for the report of an examination"),
        (("json", "--fix"), "What is to be kept out of json was not said, and it is healthy"),
        (("no_such_module", "--static"), "no_such_module"),
        (("--check", "."), "There are no contracts"),
    ],
)
def test_what_makes_no_sense_is_told_without_a_traceback(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    found = doctor(tmp_path / "work", *arguments)
    assert found.returncode == 2
    assert message in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_the_environment_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    found = doctor(tmp_path / "work", "--environment", "--json")
    assert found.returncode in {0, 1}, found.stderr
    assert json.loads(found.stdout)
