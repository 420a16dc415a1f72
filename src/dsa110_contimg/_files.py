"""Results that nobody ever sees half of, under a hidden name first, then renamed; and temporary folders."""

from __future__ import annotations

import os
import re
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path

from dsa110_contimg.errors import ContimgError, OutputExistsError, UnwritableOutputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_HIDDEN = re.compile(r"\.[0-9a-f]{8}\.")


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Offer a hidden name to write a file to; at the end it takes the place of what is at the path.

    Parameters
    ----------
    path : path-like
        Where the file shall stand. Its folder must exist.

    Yields
    ------
    Path
        A name in the same folder, with the same ending. If the block raises, it is removed.

    Raises
    ------
    OutputExistsError
        When a folder, a device or a pipe stands there.
    UnwritableOutputError
        When the folder is absent or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(f"{folder}/a.txt") as hidden:
    ...         _ = hidden.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    place = _find_place(path)
    hidden = _hide(place)
    try:
        os.close(os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise _unwritable(place.name, place.parent, error) from error
    try:
        yield hidden
        hidden.replace(place)
    except ContimgError:
        raise
    except OSError as error:  # such as a full disk
        raise _unwritable(place.name, place.parent, error) from error
    finally:
        hidden.unlink(missing_ok=True)


def _find_place(path: str | os.PathLike[str]) -> Path:
    """Find what a new file shall replace: a link stays, and what it leads to is replaced."""
    place = Path(path).absolute()
    try:
        mode = place.lstat().st_mode
        if stat.S_ISLNK(mode):
            place = place.resolve()
            mode = place.stat().st_mode
    except OSError:  # not there, which is as it should be; or out of reach, which writing will tell
        return place
    if not stat.S_ISREG(mode):
        raise OutputExistsError(
            f"{place} was to be written, and what stands there is no file but a folder, a device or a pipe.",
            hint="Name a file.",
        )
    return place


@contextmanager
def staged(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Offer a hidden folder to write into; what is there at the end moves to its place in one step each.

    Parameters
    ----------
    folder : Path
        Where the results shall stand. It must exist.
    names : sequence of str
        The names of the results: files or folders.

    Yields
    ------
    Path
        The hidden folder, a sibling of the results, so that moving them is renaming them.

    Raises
    ------
    OutputExistsError
        When one of the names is taken.
    UnwritableOutputError
        When the folder is absent or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with staged(Path(folder), ["a.txt"]) as hidden:
    ...         _ = (hidden / "a.txt").write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    refuse_existing(folder, names)
    hidden = _hide(folder / names[0])
    try:
        hidden.mkdir()
    except OSError as error:
        raise _unwritable(names[0], folder, error) from error
    try:
        yield hidden
        for name in names:
            (hidden / name).replace(folder / name)
    finally:
        shutil.rmtree(hidden)


def refuse_existing(folder: Path, names: Sequence[str]) -> None:
    """Raise `OutputExistsError` if one of the names is taken in the folder."""
    for path in (folder / name for name in names):
        if path.exists() or path.is_symlink():
            raise OutputExistsError(
                f"{path} was to be written, and something stands there already; it was left as it is.",
                hint="Name another place, or move what is there.",
            )


def make_folder(folder: Path) -> None:
    """Make a folder and those around it, unless it is there; raise `UnwritableOutputError` if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutputError(
            f"The folder {folder} could not be made: {error.strerror}.", hint="Name a folder that you may write to."
        ) from error


def remove_own(folder: str | os.PathLike[str], maker: int) -> None:
    """Remove a temporary folder if this process made it; a forked child leaves what its parent still uses."""
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def claimed(folder: Path, below: Sequence[str] = ()) -> Iterator[None]:
    """Keep others from writing results to a folder at the same time, and remove what a killed run left half-written.

    Parameters
    ----------
    folder : Path
        The folder. It must exist. The claim ends with the process, however it ends.
    below : sequence of str
        Which folders below it are written to as well, as patterns such as ``"fits/*"``; others are not touched.

    Raises
    ------
    OutputExistsError
        When another process has claimed it.
    UnwritableOutputError
        When nothing can be written to it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     _ = (folder / ".0a1b2c3d.sheet.png").write_text("half of")
    ...     with claimed(folder):
    ...         sorted(path.name for path in folder.iterdir())
    ['.lock']
    """
    import fcntl

    try:
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise _unwritable(".lock", folder, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputExistsError(
                f"Another run is writing to {folder}.", hint="Wait until it ends, or name another folder."
            ) from error
        except OSError as error:  # some file systems of clusters cannot lock
            raise _unwritable(".lock", folder, error) from error
        _remove_hidden(folder, below)
        yield


def _remove_hidden(folder: Path, below: Sequence[str]) -> None:
    for pattern in (".*", *(f"{part}/.*" for part in below)):
        for path in folder.glob(pattern):
            if _HIDDEN.match(path.name) and path.is_file():
                path.unlink()


def _hide(place: Path) -> Path:
    return place.with_name(f".{os.urandom(4).hex()}.{place.name}")


def _unwritable(name: str, folder: Path, error: OSError) -> UnwritableOutputError:
    return UnwritableOutputError(
        f"{name} was to be written to {folder}: {error.strerror}.",
        hint="Name a folder that exists, that you may write to, and that has room.",
    )
