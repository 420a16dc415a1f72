"""A plan as a diff that other tools apply, and as files written: all of them or none, byte for byte."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from dsa110_contimg.doctor.edits import application
from dsa110_contimg.doctor.edits.application import apply_plan, write_diff
from dsa110_contimg.doctor.edits.plan import Edit, Plan
from dsa110_contimg.doctor.errors import StaleEditError, UnwritableFolderError
from edited import plan

CONTENTS = {
    "plain": b"import heavy\n\n\ndef f():\n    return heavy\n",
    "no newline at the end": b"import heavy\n\n\ndef f(): return heavy",
    "crlf": b"import heavy\r\n\r\n\r\ndef f():\r\n    return heavy\r\n",
    "mark": b"\xef\xbb\xbfimport heavy\ndef f():\n    return heavy\n",
    "latin-1": b"# coding: latin-1\nimport heavy  # \xe9\ndef f():\n    return heavy  # \xff\n",
    "form feed": b"import heavy\n\x0c\ndef f():\n    return heavy  # \xc2\x85\n",
}


def git(folder: Path, *args: str, **more: object) -> None:
    subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, **more)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", CONTENTS)
def test_git_applies_the_diff_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    file = project / "src" / "tools.py"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENTS[name])
    git(project, "init", "-q")
    made = plan(project / "src", "tools", "import heavy")
    assert made.root == str(project)
    diff = write_diff(made)
    assert diff.startswith("--- a/src/tools.py\n+++ b/src/tools.py\n")
    git(project, "apply", "-", input=diff.encode("utf-8", "surrogateescape"))
    assert file.read_bytes() == made.edits[0].after
    file.write_bytes(CONTENTS[name])
    apply_plan(made)
    assert file.read_bytes() == made.edits[0].after


def edits(folder: Path, *names: str) -> Plan:
    for name in names:
        (folder / name).write_bytes(b"old")
    return Plan(str(folder), tuple(Edit(str(folder / name), name, b"old", b"new", ("move",)) for name in names))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_file_that_changed_keeps_all_as_they_are(tmp_path: Path) -> None:
    made = edits(tmp_path, "a.py", "b.py")
    (tmp_path / "b.py").write_bytes(b"other")
    with pytest.raises(StaleEditError, match=r"b\.py was to be edited; it has changed"):
        apply_plan(made)
    assert contents(tmp_path) == {"a.py": b"old", "b.py": b"other"}
    (tmp_path / "b.py").unlink()
    with pytest.raises(StaleEditError):
        apply_plan(made)
    assert contents(tmp_path) == {"a.py": b"old"}


def test_a_plan_is_written_once(tmp_path: Path) -> None:
    made = edits(tmp_path, "a.py")
    apply_plan(made)
    with pytest.raises(StaleEditError):
        apply_plan(made)
    assert contents(tmp_path) == {"a.py": b"new"}


def test_a_file_that_is_read_only_keeps_all_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = edits(tmp_path, "a.py", "b.py")
    # Root may write anywhere, so the system's answer is given for it.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "b.py")
    with pytest.raises(UnwritableFolderError, match=r"b\.py was to be edited, and cannot be written: it is read-only"):
        apply_plan(made)
    assert contents(tmp_path) == {"a.py": b"old", "b.py": b"old"}


def test_a_folder_that_gives_no_room_keeps_all_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = edits(tmp_path, "a.py", "b.py")
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if target.name == "b.py":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(application.Path, "replace", fail)
    with pytest.raises(UnwritableFolderError, match="No space left"):
        apply_plan(made)
    assert contents(tmp_path) == {"a.py": b"old", "b.py": b"old"}


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    made = edits(tmp_path, "a.py")
    real = tmp_path / "real.py"
    (tmp_path / "a.py").rename(real)
    (tmp_path / "a.py").symlink_to(real)
    real.chmod(0o751)
    apply_plan(made)
    assert (tmp_path / "a.py").is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o751
