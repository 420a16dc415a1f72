"""The native libraries that can read tables, and which of them is used."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from dsa110_contimg._lazy import INSTALL, needs
from dsa110_contimg.errors import ClashingLibrariesError, MissingDependencyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from dsa110_contimg.casa.native.protocol import NativeTable

BACKENDS = ("casacore", "arcae")
"""The libraries by the names of their modules, the preferred one first."""


def choose_backend(backend: str | None = None) -> str:
    """Choose the library that reads tables, without importing it.

    Parameters
    ----------
    backend : str, optional
        ``"casacore"`` or ``"arcae"``; the first of the two that is installed unless given.

    Returns
    -------
    str
        The name of the library's module.

    Raises
    ------
    ValueError
        When `backend` is another name.
    MissingDependencyError
        When none is given and none is installed.

    Examples
    --------
    >>> choose_backend("arcae")
    'arcae'
    """
    if backend is not None:
        if backend not in BACKENDS:
            raise ValueError(f"there is no backend {backend!r}; the backends are {' and '.join(map(repr, BACKENDS))}")
        return backend
    for name in BACKENDS:
        if find_spec(name) is not None:
            return name
    raise MissingDependencyError(
        "Neither python-casacore nor arcae is installed, and tables are read with one of them.",
        hint=f"Run: pip install {INSTALL['casa']}, or where it has no wheel: pip install {INSTALL['arcae']}",
    )


def import_backend(backend: str) -> None:
    """Import a library, which is when it dies if its installation is broken.

    Parameters
    ----------
    backend : str
        ``"casacore"`` or ``"arcae"``.

    Raises
    ------
    ClashingLibrariesError
        When casatools is loaded in this process.
    MissingDependencyError
        When the library is not installed.
    """
    if "casatools" in sys.modules:
        raise ClashingLibrariesError(
            f"casatools is loaded in this process, and {backend} must not be: each brings its own casacore, and the "
            "loader mixes the two.",
            hint="Let another process read, which is what happens without isolated=False.",
        )
    if backend == "arcae":
        with needs("arcae"):
            import arcae.lib.arrow_tables  # noqa: F401
    else:
        with needs("casa"):
            import casacore.tables  # noqa: F401


def open_native(folder: Path, backend: str) -> NativeTable:
    """Open a table whose folder was checked with one of the libraries.

    Parameters
    ----------
    folder : Path
        The table's absolute folder.
    backend : str
        ``"casacore"`` or ``"arcae"``.

    Returns
    -------
    NativeTable
        The open table.

    Raises
    ------
    UnreadableTableError
        When the library cannot open it.
    ClashingLibrariesError
        When casatools is loaded in this process.
    MissingDependencyError
        When the library is not installed.
    """
    import_backend(choose_backend(backend))
    if backend == "arcae":
        from dsa110_contimg.casa.native.arcae_table import open_with_arcae

        return open_with_arcae(folder)
    from dsa110_contimg.casa.native.casacore_table import open_with_casacore

    return open_with_casacore(folder)
