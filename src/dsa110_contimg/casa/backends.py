"""The libraries that can read a table, and which of them does."""

from __future__ import annotations

from importlib.util import find_spec

from dsa110_contimg._lazy import needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from dsa110_contimg.casa.in_place import NativeTable

BACKENDS = ("casacore", "arcae")
"""The packages that read tables, the one that is preferred first."""


def choose_backend(backend: str | None) -> str:
    if backend is not None:
        return backend
    return next((name for name in BACKENDS if find_spec(name) is not None), BACKENDS[0])


def import_backend(backend: str) -> None:
    with needs("casa"):
        import casacore.tables  # noqa: F401


def open_native(folder: Path, backend: str) -> NativeTable:
    from dsa110_contimg.casa.casacore_table import open_with_casacore

    return open_with_casacore(folder)
