"""Where results are written: all of them or none, and never over something that is there."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from dsa110_contimg.errors import OutputExistsError, UnwritableOutputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with staged(Path(folder), ["a.txt"]) as hidden:
    ...         _ = (hidden / "a.txt").write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    refuse_existing(folder, names)
    try:
        hidden = Path(tempfile.mkdtemp(prefix=f".{names[0]}.", dir=folder))
    except OSError as error:
        raise UnwritableOutputError(
            f"{names[0]} was to be written to {folder}: {error.strerror}.",
            hint="Name a folder that exists and that you may write to.",
        ) from error
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
