"""The only two tricks: a package whose names arrive on first use, and an import that says what to install."""

import sys
from importlib import import_module

from dsa110_contimg.errors import MissingDependencyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


def door(package: str, **rooms: str) -> "tuple[Callable[[str], object], Callable[[], list[str]], list[str]]":
    """Make the lazy door of a package (PEP 562).

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    **rooms : str
        For each module of the package, the public names that live in it, separated by spaces.

    Returns
    -------
    tuple
        The package's ``__getattr__``, ``__dir__`` and ``__all__``.

    Notes
    -----
    A door is written in two branches, so that type checkers and import-linter see ordinary imports::

        if TYPE_CHECKING:
            from .postage_stamps import create_cutout as create_cutout
        else:
            __getattr__, __dir__, __all__ = door(__name__, postage_stamps="create_cutout")
    """
    room_of = {name: room for room, names in rooms.items() for name in names.split()}

    def getattr_(name: str) -> object:
        if name not in room_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{package}.{room_of[name]}"), name)
        setattr(sys.modules[package], name, value)  # the next access does not come through here
        return value

    return getattr_, lambda: sorted(room_of), sorted(room_of)


INSTALL = {
    "casa": '"python-casacore>=3.8.1"',
    "arcae": '"dsa110-contimg[arcae]"',
    "plot": '"dsa110-contimg[plot]"',
    "zarr": '"dsa110-contimg[zarr]"',
    "dask": '"dsa110-contimg[dask]"',
    "parquet": '"dsa110-contimg[parquet]"',
    "report": '"dsa110-contimg[report]"',
    "remote": '"dsa110-contimg[remote]"',
    "xarray": '"dsa110-contimg[xarray]"',
}
"""What to hand to pip for each group of libraries that may be absent."""


class needs:  # noqa: N801 - reads as a word: with needs("plot"): import matplotlib
    """Turn a failing import into an error that prints the pip line.

    Parameters
    ----------
    extra : str
        A key of `INSTALL`.

    Raises
    ------
    MissingDependencyError
        When an import inside the ``with`` block fails.

    Examples
    --------
    >>> with needs("plot"):
    ...     import matplotlib_that_is_not_there
    Traceback (most recent call last):
    dsa110_contimg.errors.MissingDependencyError: matplotlib_that_is_not_there is not installed.
    Run: pip install "dsa110-contimg[plot]"
    """

    def __init__(self, extra: str) -> None:
        self.install = f"pip install {INSTALL[extra]}"

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: "TracebackType | None"
    ) -> None:
        if isinstance(error, ModuleNotFoundError):
            raise MissingDependencyError(f"{error.name} is not installed.", hint=f"Run: {self.install}") from error
        if isinstance(error, ImportError):
            raise MissingDependencyError(
                f"{error.name or 'A library'} is installed, but it cannot be imported: {error}",
                hint=f"Its installation is damaged or does not fit this Python. Run: {self.install} --force-reinstall",
            ) from error
