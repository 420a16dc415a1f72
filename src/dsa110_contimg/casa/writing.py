"""Write Measurement Sets and caltables; what stands in them is decided elsewhere."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

from dsa110_contimg._lazy import needs
from dsa110_contimg.errors import MissingDependencyError, UnwritableOutputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from os import PathLike
    from typing import Any

    from numpy.typing import NDArray

    Cells = NDArray[Any] | Sequence[NDArray[Any]]

STORAGES = ("tiled", "standard", "dysco")
"""How visibilities lie on disk: in tiles, cell by cell, or in tiles that Dysco has compressed (with loss)."""

_VALUE_TYPES = {"complex64": "complex", "float32": "float", "bool": "boolean"}
_CALTABLE_NUMBERS = ("FIELD_ID", "SPECTRAL_WINDOW_ID", "ANTENNA1", "ANTENNA2", "SCAN_NUMBER", "OBSERVATION_ID")
_TILE_VALUES = 131_072
_DYSCO: dict[str, Any] = {
    "dataBitCount": 10,
    "weightBitCount": 12,
    "distribution": "TruncatedGaussian",
    "distributionTruncation": 2.5,
    "normalization": "AF",
    "studentTNu": 0.0,
}
"""The settings that LOFAR uses (Offringa 2016, A&A 595, A99); 10 bits keep the error below the noise."""


class TableWriter:
    """A table with subtables that is being written. `new_measurement_set` and `new_caltable` make one."""

    def __init__(self, main: Any, path: str) -> None:
        self._main = main
        self._path = path

    def append_rows(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Append rows to the main table.

        Parameters
        ----------
        columns : mapping of str to ndarray
            For each column its cells, shape (n_rows, *cell), all of one shape. In a Measurement Set TIME, ANTENNA1
            and ANTENNA2 come before the visibilities, because Dysco looks at them.
        """
        n_rows = len(next(iter(columns.values())))
        with _casacore_errors(self._path):
            start = self._main.nrows()
            self._main.addrows(n_rows)
            for name, cells in columns.items():
                self._main.putcol(name, cells, start, n_rows)

    def fill_subtable(self, name: str, columns: Mapping[str, Cells]) -> None:
        """Fill a subtable, which must be empty.

        Parameters
        ----------
        name : str
            Such as ``ANTENNA``.
        columns : mapping of str to ndarray or sequence of ndarray
            For each column its cells: an array of shape (n_rows, *cell), or one array for each row where their
            shapes differ.
        """
        with needs("casa"):
            from casacore.tables import table

        with _casacore_errors(self._path), table(f"{self._path}/{name}", readonly=False, ack=False) as subtable:
            subtable.addrows(len(next(iter(columns.values()))))
            for column, cells in columns.items():
                if isinstance(cells, np.ndarray):
                    subtable.putcol(column, cells)
                else:
                    for row, cell in enumerate(cells):
                        subtable.putcell(column, row, cell)


@contextmanager
def new_measurement_set(
    path: str | PathLike[str],
    spectra: Mapping[str, type[np.generic]],
    storage: str,
    *,
    cell_shape: tuple[int, int],
) -> Iterator[TableWriter]:
    """Open an empty Measurement Set for writing, and close it at the end of the block.

    Parameters
    ----------
    path : str or path-like
        Where to write. Nothing may stand there.
    spectra : mapping of str to type
        The columns whose cells have the shape (n_channels, n_correlations), beyond those that every Measurement
        Set has, and FLAG: ``{"DATA": np.complex64, "FLAG": np.bool_}``.
    storage : {"tiled", "standard", "dysco"}
        How they lie on disk. With dysco, FLAG is tiled.
    cell_shape : tuple of int
        The shape of their cells, (n_channels, n_correlations); the largest one where they differ,
        which Dysco cannot store.

    Yields
    ------
    TableWriter
        The main table, and with it the subtables.

    Raises
    ------
    MissingDependencyError
        When python-casacore is absent, or has no Dysco.
    UnwritableOutputError
        When casacore cannot write.

    Notes
    -----
    Links from the main table to its subtables are relative, so that the folder can be renamed. The columns of cells
    are of variable shape, as CASA writes them, but for those that Dysco stores.
    """
    with needs("casa"):
        from casacore.tables import default_ms, makearrcoldesc, maketabdesc

    managers = _choose_managers(list(spectra), storage, cell_shape)
    fixed = managers.get("*dysco", {}).get("COLUMNS", ())
    description = maketabdesc(
        [
            makearrcoldesc(
                name,
                None,
                valuetype=_VALUE_TYPES[np.dtype(kind).name],
                ndim=2,
                **({"shape": list(cell_shape), "options": 5} if name in fixed else {}),
            )
            for name, kind in spectra.items()
        ]
    )
    with _casacore_errors(str(path)):
        main = default_ms(str(path), description, managers)
    try:
        # casacore's own default is ITRF; CASA and everyone else write J2000.
        main.putcolkeyword("UVW", "MEASINFO", {"type": "uvw", "Ref": "J2000"})
        yield TableWriter(main, str(path))
    finally:
        with _casacore_errors(str(path)):
            main.close()


@contextmanager
def new_caltable(
    path: str | PathLike[str], viscal: str, columns: Mapping[str, type[np.generic]], subtables: Sequence[str]
) -> Iterator[TableWriter]:
    """Open an empty caltable for writing, and close it at the end of the block.

    Parameters
    ----------
    path : str or path-like
        Where to write. Nothing may stand there.
    viscal : str
        CASA's name of its kind: ``"B Jones"``.
    columns : mapping of str to type
        The columns beyond those that name the row: ``{"CPARAM": np.complex64, "FLAG": np.bool_}``. Their cells have the
        shape (n_channels, n_receptors), which may differ from row to row. A column that is not filled has no values.
    subtables : sequence of str
        Such as ``ANTENNA``.

    Yields
    ------
    TableWriter
        The main table, and with it the subtables.

    Raises
    ------
    MissingDependencyError
        When python-casacore is absent.
    UnwritableOutputError
        When casacore cannot write.
    """
    with needs("casa"):
        from casacore.tables import default_ms_subtable, makearrcoldesc, makescacoldesc, maketabdesc, table

    cells = [
        makearrcoldesc(name, None, valuetype=_VALUE_TYPES[np.dtype(kind).name], ndim=2)
        for name, kind in columns.items()
    ]
    times = [makescacoldesc(name, 0.0, valuetype="double") for name in ("TIME", "INTERVAL")]
    numbers = [makescacoldesc(name, 0, valuetype="int") for name in _CALTABLE_NUMBERS]
    with _casacore_errors(str(path)):
        main = table(str(path), maketabdesc([*times, *numbers, *cells]), ack=False)
    try:
        with _casacore_errors(str(path)):
            main.putinfo({"type": "Calibration", "subType": viscal, "readme": ""})
            main.putkeyword("ParType", "Complex" if "CPARAM" in columns else "Float")
            main.putkeyword("VisCal", viscal)
            main.putcolkeyword("TIME", "QuantumUnits", ["s"])
            main.putcolkeyword("TIME", "MEASINFO", {"type": "epoch", "Ref": "UTC"})
            for name in subtables:
                default_ms_subtable(name, f"{path}/{name}").close()
                main.putkeyword(name, f"Table: {path}/{name}")
        yield TableWriter(main, str(path))
    finally:
        with _casacore_errors(str(path)):
            main.close()


def _choose_managers(names: list[str], storage: str, cell_shape: tuple[int, int]) -> dict[str, Any]:
    """Return casacore's description of how the columns are stored."""
    n_channels, n_correlations = cell_shape
    channels = min(n_channels, 64)
    rows = max(1, _TILE_VALUES // (channels * n_correlations))
    tiled = [] if storage == "standard" else names
    managers: dict[str, Any] = {}
    if storage == "dysco":
        tiled = [name for name in names if name == "FLAG"]
        managers["*dysco"] = {
            "TYPE": "DyscoStMan",
            "NAME": "DyscoData",
            "COLUMNS": [name for name in names if name != "FLAG"],
            "SPEC": _DYSCO,
        }
    for name in tiled:
        managers[f"*{name}"] = {
            "TYPE": "TiledShapeStMan",
            "NAME": f"Tiled{name}",
            "COLUMNS": [name],
            "SPEC": {"DEFAULTTILESHAPE": [n_correlations, channels, rows]},
        }
    return managers


@contextmanager
def _casacore_errors(path: str) -> Iterator[None]:
    """Turn casacore's RuntimeError, its only error, into one of ours."""
    try:
        yield
    except RuntimeError as error:
        if "dyscostman not found" in str(error):
            raise MissingDependencyError(
                "This casacore cannot write Dysco: it has no dyscostman library.",
                hint='Choose storage="tiled", or install a python-casacore that has it: its own wheels do.',
            ) from error
        raise UnwritableOutputError(
            f"casacore could not write {path}: {str(error).splitlines()[0]}",
            hint="Look whether the disk is full, and whether you may write there.",
        ) from error
