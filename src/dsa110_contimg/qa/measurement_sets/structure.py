"""What a Measurement Set says about itself: its columns, subtables, antennas, fields and spectral windows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dsa110_contimg.errors import CasaError, TableError, UnreadableTableError
from dsa110_contimg.qa.visualization.casatable import CasaTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DATA_COLUMNS = ("DATA", "CORRECTED_DATA", "FLOAT_DATA")
"""Where visibilities may be, the first that there is being taken."""

_ROW_COLUMNS = {
    "TIME": ("f", 1),
    "ANTENNA1": ("i", 1),
    "ANTENNA2": ("i", 1),
    "FIELD_ID": ("i", 1),
    "DATA_DESC_ID": ("i", 1),
    "FLAG_ROW": ("b", 1),
    "UVW": ("f", 2),
}
"""The columns that describe a row, with numpy's kind of their values and their number of axes. All are required."""

_SUBTABLES = ("ANTENNA", "DATA_DESCRIPTION", "FIELD", "POLARIZATION", "SPECTRAL_WINDOW")
"""The subtables without which the numbers in the main table have no meaning."""

_STOKES = (
    *("unknown", "I", "Q", "U", "V", "RR", "RL", "LR", "LL", "XX", "XY", "YX", "YY", "RX", "RY", "LX", "LY"),
    *("XR", "XL", "YR", "YL", "PP", "PQ", "QP", "QQ"),
)
"""The names of casacore's codes of correlations, from 0 on: ``casacore/measures/Stokes.h``."""


@dataclass(frozen=True, eq=False)
class WindowDescription:
    """A row of SPECTRAL_WINDOW."""

    name: str
    """Its name."""
    frequencies_hz: NDArray[np.float64]
    """The frequency of each channel in Hz, shape (n_channels,)."""


@dataclass(eq=False)
class Structure:
    """What a Measurement Set says about itself; what could not be read is empty."""

    columns: tuple[str, ...]
    """The names of its columns."""
    row_columns: tuple[str, ...]
    """Those that describe a row and can be read."""
    data_column: str | None
    """The column with the visibilities."""
    has_flags: bool
    """Whether there is a column FLAG."""
    missing_columns: tuple[str, ...]
    """The required columns that are absent, make no array, or hold values of another kind."""
    subtables: tuple[str, ...] = ()
    """The subtables that the table names."""
    missing_subtables: tuple[str, ...] = ()
    """The required subtables that the table does not name."""
    dangling_subtables: tuple[str, ...] = ()
    """The subtables that it names and that are not there."""
    unreadable_subtables: list[str] = field(default_factory=list)
    """The subtables that are there and cannot be read."""
    antennas: list[str] = field(default_factory=list)
    """The names of the antennas."""
    fields: list[str] = field(default_factory=list)
    """The names of the fields."""
    windows: list[WindowDescription] = field(default_factory=list)
    """The spectral windows."""
    polarizations: list[list[int]] = field(default_factory=list)
    """The codes of the correlations of each row of POLARIZATION."""
    data_descriptions: list[tuple[int, int]] = field(default_factory=list)
    """The spectral window and the polarization of each DATA_DESC_ID."""

    def find_window(self, data_description: int) -> int:
        """Find the spectral window of a DATA_DESC_ID; -1 if there is none."""
        if 0 <= data_description < len(self.data_descriptions):
            window = self.data_descriptions[data_description][0]
            return window if 0 <= window < len(self.windows) else -1
        return -1

    def name_correlations(self, data_description: int, n_correlations: int) -> list[tuple[int, str]]:
        """Find the code and the name of each correlation of a DATA_DESC_ID; code 0 where it is unknown."""
        codes: list[int] = []
        if 0 <= data_description < len(self.data_descriptions):
            polarization = self.data_descriptions[data_description][1]
            if 0 <= polarization < len(self.polarizations):
                codes = self.polarizations[polarization]
        codes = [*codes, *[0] * n_correlations][:n_correlations]
        return [
            (code, _STOKES[code] if 0 < code < len(_STOKES) else f"correlation {place}")
            for place, code in enumerate(codes)
        ]


def read_structure(table: CasaTable) -> Structure:
    """Read what a Measurement Set says about itself.

    Parameters
    ----------
    table : CasaTable
        Its main table.

    Returns
    -------
    Structure
        All that could be read.

    Raises
    ------
    UnreadableTableError
        When the table is of another kind.
    """
    _refuse_other_tables(table)
    row_columns = tuple(name for name, (kind, ndim) in _ROW_COLUMNS.items() if _is_array(table, name, kind, ndim))
    data_column = next((name for name in DATA_COLUMNS if _has_kind(table, name, "fc")), None)
    has_flags = _has_kind(table, "FLAG", "b")
    missing = [name for name in _ROW_COLUMNS if name not in row_columns]
    missing += [] if has_flags else ["FLAG"]
    missing += [] if data_column else ["DATA"]
    subtables = table.subtables
    structure = Structure(
        columns=tuple(table.columns),
        row_columns=row_columns,
        data_column=data_column,
        has_flags=has_flags,
        missing_columns=tuple(missing),
        subtables=tuple(subtables),
        missing_subtables=tuple(name for name in _SUBTABLES if name not in subtables),
        dangling_subtables=tuple(name for name, subtable in subtables.items() if not subtable.exists),
    )
    read = {
        "ANTENNA": _read_antennas,
        "FIELD": _read_fields,
        "SPECTRAL_WINDOW": _read_windows,
        "POLARIZATION": _read_polarizations,
        "DATA_DESCRIPTION": _read_data_descriptions,
    }
    for name, subtable in subtables.items():
        if subtable.exists:
            _read_subtable(structure, name, subtable.path, read.get(name, _look_at))
    return structure


def _has_kind(table: CasaTable, name: str, kinds: str) -> bool:
    return name in table.columns and table[name].dtype.kind in kinds


def _is_array(table: CasaTable, name: str, kind: str, ndim: int) -> bool:
    return _has_kind(table, name, kind) and len(table[name].shape or ()) == ndim


def _read_subtable(structure: Structure, name: str, path: str, read: Callable[[Structure, CasaTable], None]) -> None:
    try:
        with CasaTable(path) as subtable:
            read(structure, subtable)
    except (TableError, CasaError):  # one subtable that is damaged must not hide all the rest: a gate names it
        structure.unreadable_subtables.append(name)


def _look_at(structure: Structure, subtable: CasaTable) -> None:
    """See that the table opens and describes itself."""
    del structure
    _ = subtable.columns, subtable.nrows


def _read_antennas(structure: Structure, subtable: CasaTable) -> None:
    structure.antennas = _read_names(subtable)


def _read_fields(structure: Structure, subtable: CasaTable) -> None:
    structure.fields = _read_names(subtable)


def _read_names(subtable: CasaTable) -> list[str]:
    return [str(name) for name in subtable["NAME"][:]]


def _read_windows(structure: Structure, subtable: CasaTable) -> None:
    # Windows differ in their number of channels, so that each cell is read on its own.
    frequencies = subtable["CHAN_FREQ"]
    names = _read_names(subtable)
    structure.windows = [
        WindowDescription(name, np.asarray(frequencies[row], np.float64).ravel()) for row, name in enumerate(names)
    ]


def _read_polarizations(structure: Structure, subtable: CasaTable) -> None:
    codes = subtable["CORR_TYPE"]
    structure.polarizations = [np.ravel(codes[row]).tolist() for row in range(len(codes))]


def _read_data_descriptions(structure: Structure, subtable: CasaTable) -> None:
    pairs = zip(subtable["SPECTRAL_WINDOW_ID"][:].tolist(), subtable["POLARIZATION_ID"][:].tolist(), strict=True)
    structure.data_descriptions = list(pairs)


def _refuse_other_tables(table: CasaTable) -> None:
    kind = table.info.get("type", "")
    if "MS_VERSION" in table.keywords or kind == "Measurement Set" or {"DATA_DESC_ID", "ANTENNA1"} <= {*table.columns}:
        return
    if "VisCal" in table.keywords:
        raise UnreadableTableError(
            f"{table.path} is no Measurement Set but a caltable ({table.keywords['VisCal']}).",
            hint=f"Measure it: dsa110-qa caltable {table.path}",
        )
    raise UnreadableTableError(
        f"{table.path} is no Measurement Set but a table of type {kind!r}: it has no MS_VERSION.",
        hint=f"Look what is in it: dsa110-qa table {table.path}",
    )
