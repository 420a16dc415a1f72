"""A plan as a diff, and as files written."""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
from pathlib import Path

from dsa110_contimg.doctor.errors import StaleEditError, UnwritableFolderError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.doctor.edits.plan import Edit, Plan


def write_diff(plan: Plan) -> str:
    r"""Write a plan as a unified diff, which ``git apply`` and ``patch -p1`` take in the folder ``plan.root``.

    Parameters
    ----------
    plan : Plan
        The plan.

    Returns
    -------
    str
        The diff; empty where there is nothing to edit. Bytes that are no UTF-8 are lone surrogates (as of
        ``errors="surrogateescape"``), so that it can be written byte for byte.

    Examples
    --------
    >>> from dsa110_contimg.doctor.edits.plan import Edit, Plan
    >>> edit = Edit("/src/tools.py", "tools", b"import heavy\nx = 1\n", b"x = 1\n", ("move",))
    >>> print(write_diff(Plan("/src", (edit,))))
    --- a/tools.py
    +++ b/tools.py
    @@ -1,2 +1 @@
    -import heavy
     x = 1
    <BLANKLINE>
    """
    return "".join(line for edit in plan.edits for line in _write_one(edit, plan.root))


def _write_one(edit: Edit, root: str) -> list[str]:
    path = os.path.relpath(edit.file, root).replace(os.sep, "/")
    before, after = (_split(data.decode("utf-8", "surrogateescape")) for data in (edit.before, edit.after))
    lines = list(difflib.unified_diff(before, after, f"a/{path}", f"b/{path}"))
    # difflib says nothing of a file's last line that has no end, and so joins two lines of the diff.
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]


def _split(text: str) -> list[str]:
    """Split at newlines alone, as diff and patch do."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + [lines[-1]] * bool(lines[-1])


def apply_plan(plan: Plan) -> None:
    """Write the files of a plan: all of them, or none.

    Parameters
    ----------
    plan : Plan
        The plan.

    Raises
    ------
    StaleEditError
        When a file is no longer what it was when the edit was planned.
    UnwritableFolderError
        When a file cannot be written.
    """
    written: list[tuple[Path, Path, Edit]] = []
    done: list[Path] = []
    try:
        for edit in plan.edits:
            home = Path(os.path.realpath(edit.file))  # a link stays a link
            _check(edit, home)
            written.append((_write_beside(edit.after, home), home, edit))
        for new, home, edit in written:
            _check(edit, home)
            new.replace(home)
            done.append(home)
    except OSError as error:
        for _, home, former in written:
            if home in done:
                _write_beside(former.before, home).replace(home)
        raise UnwritableFolderError(
            f"{edit.file} was to be edited, and cannot be written: {error.strerror}. Nothing was changed.",
            hint="Make its folder writable, or take the diff and apply it where the source is kept.",
        ) from error
    finally:
        for new, _, _ in written:
            new.unlink(missing_ok=True)


def _check(edit: Edit, home: Path) -> None:
    try:
        is_same = home.read_bytes() == edit.before
    except FileNotFoundError:
        is_same = False
    if not is_same:
        raise StaleEditError(
            f"{edit.file} was to be edited; it has changed since it was read.", hint="Plan the edit again."
        )


def _write_beside(data: bytes, home: Path) -> Path:
    """Write bytes next to a file, with the file's own permissions."""
    if not os.access(home, os.W_OK):
        raise PermissionError(13, "it is read-only", str(home))
    descriptor, name = tempfile.mkstemp(dir=home.parent, prefix=f".{home.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copymode(home, name)
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)
