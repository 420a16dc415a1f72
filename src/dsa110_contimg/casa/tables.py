"""Open a CASA table for reading, and the plain values that describe one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsa110_contimg.errors import TableNotFoundError, UnreadableTableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.casa.reader import TableReader

Shape = tuple[int, ...]
"""The shape of a cell in numpy's axis order, which is the reverse of casacore's own."""

_DTYPES = {
    "boolean": np.bool_,
    "uchar": np.uint8,
    "short": np.int16,
    "ushort": np.uint16,
    "int": np.int32,
    "uint": np.uint32,
    "int64": np.int64,
    "float": np.float32,
    "double": np.float64,
    "complex": np.complex64,
    "dcomplex": np.complex128,
}

_MAGIC = b"\xbe\xbe\xbe\xbe"


@dataclass(frozen=True)
class ColumnDescription:
    """What a table says about one of its columns.

    The fields are plain values, so that a description crosses the border of a process.
    """

    name: str
    """The column's name."""
    value_type: str
    """CASA's name of the type: ``"boolean"``, ``"int"``, ``"float"``, ``"complex"``, ``"string"``, ``"record"``, ..."""
    is_scalar: bool
    """Whether a cell is one value and no array."""
    shape: Shape | None
    """The shape of every cell, ``()`` for scalars; None where the description leaves it open."""
    ndim: int | None
    """The number of axes of a cell; None where the description leaves it open."""
    unit: str | None
    """The unit of the values, or several separated by commas where they differ along a cell; None if there is none."""
    comment: str
    """What the writer of the table said about the column."""
    storage_manager: str
    """CASA's name of the storage: ``"StandardStMan"``, ``"TiledShapeStMan"``, ..."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Tell the numpy type of the values; strings and records are Python objects."""
        return np.dtype(_DTYPES.get(self.value_type, object))


@dataclass(frozen=True)
class SubtableReference:
    """A keyword that points at another table."""

    path: str
    """Where the other table should be."""
    exists: bool
    """Whether a table is there; if not, the reference dangles."""

    def __fspath__(self) -> str:
        return self.path


def open_table(
    path: str | os.PathLike[str],
    *,
    isolated: bool = True,
    backend: str | None = None,
    timeout: float | None = 60.0,
    memory_limit: int | None = None,
) -> TableReader:
    """Open a CASA table for reading.

    Parameters
    ----------
    path : str or os.PathLike
        The table's folder; ``~`` is the home folder.
    isolated : bool
        Whether another process reads, so that a crash in native code is an error here.
    backend : {"casacore", "arcae"}, optional
        The library that reads; unless given python-casacore, or arcae where only that is installed.
    timeout : float or None
        How long, in seconds, the other process may give no sign before it is ended; None for ever.
    memory_limit : int, optional
        How much memory an answer may take, in bytes; unless given, as much as there is.

    Returns
    -------
    TableReader
        A reader of the table. It writes nothing into the table's folder, not even a lock file.

    Raises
    ------
    TableNotFoundError
        When nothing is there.
    UnreadableTableError
        When it is no table, or a damaged one.
    MissingDependencyError
        When the library is not installed.
    CasaCrashError
        When the other process died.
    CasaTimeoutError
        When it stood still.
    ValueError
        When there is no such library, or a limit is not positive.
    """
    for name, limit in (("timeout", timeout), ("memory_limit", memory_limit)):
        if limit is not None and not limit > 0:
            raise ValueError(f"{name} is {limit}, and it must be more than 0; None is no limit")
    # Not Path.expanduser, which takes ./~name for a person's home.
    folder = Path(os.path.expanduser(path)).absolute()  # noqa: PTH111
    _check_folder(folder)
    from dsa110_contimg.casa.native.backends import choose_backend, open_native
    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.casa.recipes import Recipe

    chosen = choose_backend(backend)
    recipe = Recipe(str(folder), chosen, isolated=isolated, timeout=timeout, memory_limit=memory_limit)
    if not isolated:
        return TableReader(open_native(folder, chosen), recipe)
    from dsa110_contimg.casa.worker.table import TableInWorker

    return TableReader(TableInWorker(recipe), recipe)


def is_table(path: str | os.PathLike[str]) -> bool:
    """Tell whether a folder looks like a CASA table, without opening it.

    Parameters
    ----------
    path : str or os.PathLike
        The folder.

    Returns
    -------
    bool
        Whether it has a ``table.dat``.
    """
    # Not Path.is_file, which raises where one may not look: a table may name a subtable in another person's home.
    return os.path.isfile(Path(path) / "table.dat")  # noqa: PTH113


def _check_folder(folder: Path) -> None:
    """Refuse what is no table before native code, which is less patient, sees it."""
    try:
        folder.stat()
    except PermissionError as error:
        raise UnreadableTableError(
            f"{folder} cannot be read: no permission to look there.", hint="Ask its owner for read permission."
        ) from error
    except (OSError, ValueError) as error:  # absent, a loop of links, too long a name, or a name with a zero byte
        raise TableNotFoundError(f"There is no table at {folder}.", hint="Check the path.") from error
    if folder.is_file():
        raise _not_a_folder(folder)
    if "$" in str(folder.resolve()):
        raise UnreadableTableError(
            f"{folder} cannot be opened: casacore takes the $ in its path for a variable.", hint="Rename the folder."
        )
    if not is_table(folder):
        raise UnreadableTableError(
            f"{folder} is no CASA table: the folder has no table.dat.",
            hint="Name the folder that holds table.dat, for example the .ms folder itself.",
        )
    try:
        with (folder / "table.dat").open("rb") as file:
            head = file.read(len(_MAGIC))
    except PermissionError as error:
        raise UnreadableTableError(
            f"{folder} cannot be read: no permission for its table.dat.", hint="Ask its owner for read permission."
        ) from error
    if head != _MAGIC:
        found = "is empty" if not head else f"begins with {head!r}, not with a table's mark"
        raise UnreadableTableError(
            f"{folder} is no readable CASA table: its table.dat {found}.", hint="Copy the table again from its source."
        )


def _not_a_folder(path: Path) -> UnreadableTableError:
    with path.open("rb") as file:
        is_fits = file.read(6) == b"SIMPLE"
    if is_fits:
        return UnreadableTableError(
            f"{path} is a FITS file, and no CASA table.", hint=f"Cut a stamp from it: dsa110-qa cutout {path} RA DEC"
        )
    return UnreadableTableError(
        f"{path} is a file, and a CASA table is a folder.", hint="If it is an archive, unpack it first."
    )
