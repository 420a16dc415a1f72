"""Bad input gets a clear error, and where something cannot be seen the answer says so."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from doctor_cases import NATIVE
from dsa110_contimg.doctor import DoctorError, child, examine, examiner
from dsa110_contimg.doctor.errors import (
    BadInterpreterError,
    BadTargetError,
    ScriptNotFoundError,
    UnwritableFolderError,
)
from victims.build import build_victims


@pytest.mark.parametrize("target", ["", "  ", "import", "from x import", "1 +", "a b c", "import x\0y", "(" * 300])
def test_a_target_that_is_not_python(target: str) -> None:
    with pytest.raises(BadTargetError, match="target") as caught:
        examine(target)
    assert "Name a module" in caught.value.hint


@pytest.mark.parametrize("target", ["missing.py", "folder/missing.py", "./missing"])
def test_a_script_that_is_missing(target: str, tmp_path: Path) -> None:
    with pytest.raises(ScriptNotFoundError, match="there is no such file"):
        examine(target, cwd=tmp_path)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "1"])
def test_a_timeout_that_makes_no_sense(timeout: float) -> None:
    with pytest.raises(BadTargetError, match="timeout"):
        examine("import json", timeout=timeout)


@pytest.mark.parametrize("forbid", ["heavy", [""], [3]])
def test_what_cannot_be_forbidden(forbid: list[str]) -> None:
    with pytest.raises(BadTargetError, match="forbidden"):
        examine("import json", forbid=forbid)


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadTargetError, match="does not exist"):
        examine("import json", cwd=tmp_path / "nowhere")


def write_program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_interpreters_that_are_none(tmp_path: Path) -> None:
    old = "#!/bin/sh\nprintf 'import-doctor\\n/usr/bin/python\\n3.7.9 (x)\\ncpython'"
    other = "#!/bin/sh\nprintf 'import-doctor\\n/usr/bin/pypy\\n3.10.1\\npypy'"
    for program, says in [
        ("no-such-python", "there is no such program"),
        (tmp_path / "nowhere" / "python", "there is no such program"),
        ("/bin/true", "does not answer as a Python"),
        (write_program(tmp_path / "broken", "#!/nowhere/python\n"), "does not run"),
        (write_program(tmp_path / "old", old.replace(" (x)", "")), "too old"),
        (write_program(tmp_path / "other", other), "no CPython"),
    ]:
        with pytest.raises(BadInterpreterError, match=says) as caught:
            examine("import json", python=program)
        assert "--python" in caught.value.hint


@pytest.mark.skipif(not shutil.which("python2.7"), reason="there is no Python 2.7")
def test_python_2() -> None:
    with pytest.raises(BadInterpreterError):
        examine("import json", python="python2.7")


def test_no_folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UnwritableFolderError, match="temporary files") as caught:
        examine("import json")
    assert "TMPDIR" in caught.value.hint


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    examine("import os; os.abort()")
    with pytest.raises(DoctorError):
        examine("import")
    assert list(tmp_path.iterdir()) == []
    assert not [path for path in Path.cwd().iterdir() if path.name.startswith("core")]


def test_a_process_that_the_target_started_ends_with_it(tmp_path: Path) -> None:
    sleep = "[sys.executable, '-c', 'import time; time.sleep(60)']"
    source = f"import subprocess, sys; print(subprocess.Popen({sleep}).pid)"
    found = examine(source, cwd=tmp_path)
    assert found.verdict == "healthy"
    pid = int(found.stdout)
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] in "ZX"


# ---------------------------------------------------------------------- where something cannot be seen
linux = pytest.mark.skipif(sys.platform != "linux", reason="the recorder is for Linux")


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (shutil.which("cc") and shutil.which("c++")):
        pytest.skip("there is no C and C++ compiler")
    return build_victims(tmp_path_factory.mktemp("victims"))


DEADLY = [case for case in NATIVE if case.verdict in ("crashed", "exited", "killed") and case.name != "allocates"]


@linux
@pytest.mark.parametrize("case", DEADLY, ids=lambda case: case.target or case.name)
def test_without_the_recorder_verdict_and_module_are_still_right(
    case: object, victims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(victims))
    monkeypatch.setattr(child, "find_recorder", lambda: None)
    found = case.examine(tmp_path, sys.executable)  # type: ignore[attr-defined]
    assert (found.verdict, [hop.module for hop in found.chain]) == (case.verdict, case.chain)  # type: ignore[attr-defined]
    assert (found.exit.signal, found.exit.address, found.native_frames) == (case.signal, None, ())  # type: ignore[attr-defined]
    assert "No recorder was at hand" in found.confidence["recorder"]
    if case.verdict == "crashed" and case.name not in ("resets_handlers", "closes_files", "dies_in_thread"):  # type: ignore[attr-defined]
        assert found.culprit is not None
        assert found.culprit.python_line == case.line[1]  # type: ignore[attr-defined]


@linux
def test_through_ctypes_the_recorder_sees_as_much(
    victims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(victims))
    monkeypatch.setattr(examiner, "WAYS", ("ctypes",))
    for case in NATIVE:
        if case.name in (
            "null_write",
            "constructor",
            "exec_slot",
            "endless_loop",
            "closes_files",
            "only_after_harmless",
        ):
            found = case.examine(tmp_path, sys.executable)
            case.check(found)
            assert "loaded by ctypes" in found.confidence["recorder"]


@linux
def test_a_library_without_symbols_is_not_given_any(
    victims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("strip"):
        pytest.skip("there is no strip")
    stripped = tmp_path / "lib"
    stripped.mkdir()
    shutil.copy(victims / "stack_overflow.so", stripped)
    assert os.spawnlp(os.P_WAIT, "strip", "strip", "-s", str(stripped / "stack_overflow.so")) == 0
    monkeypatch.setenv("PYTHONPATH", str(stripped))
    found = examine("import stack_overflow", cwd=tmp_path)
    assert (found.verdict, found.chain[-1].module) == ("crashed", "stack_overflow")
    assert found.culprit is not None
    assert found.culprit.symbol is None
    assert found.native_frames[0].symbol is None
    assert found.native_frames[0].library == str(stripped / "stack_overflow.so")
    assert "no symbol" in found.confidence["native_frames"]
