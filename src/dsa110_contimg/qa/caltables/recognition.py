"""Tell a caltable from other tables."""

from __future__ import annotations

import shlex

from dsa110_contimg.errors import UnreadableTableError, WrongTableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.qa.visualization import CasaTable

_SCALARS = {"ANTENNA1": "i", "SPECTRAL_WINDOW_ID": "i", "TIME": "f"}
_SOLUTIONS = {"CPARAM": "c", "FPARAM": "f"}
_TYPES = _SCALARS | _SOLUTIONS | {"FLAG": "b", "SNR": "f"}
"""The columns that are measured, and numpy's letter for the kind of their values."""


def read_viscal(table: CasaTable) -> str:
    """Read what CASA calls the kind of a caltable.

    Parameters
    ----------
    table : CasaTable
        The caltable.

    Returns
    -------
    str
        The keyword ``VisCal``, or else the subtype of table.info, which is all that the older tables of GSPLINE and
        BPOLY have; an empty text if neither is there. Never the name of the folder, which anybody may choose.
    """
    viscal = table.keywords.get("VisCal", "")
    return str(viscal if isinstance(viscal, str) and viscal.strip() else table.info.get("subType", "")).strip()


def require_caltable(table: CasaTable) -> None:
    """Refuse a table that is no caltable, and say what measures it.

    Parameters
    ----------
    table : CasaTable
        The table.

    Raises
    ------
    WrongTableError
        When it is another kind of table: neither its keywords nor its table.info say that it holds calibration,
        and it has no column of solutions.
    UnreadableTableError
        When its columns hold what no caltable can.
    """
    path = shlex.quote(table.path)
    kind = table.info.get("type", "").strip()
    # A Measurement Set of which table.info was lost is known by its columns.
    if kind == "Measurement Set" or {"DATA_DESC_ID", "UVW"} <= set(table.columns):
        raise WrongTableError(
            f"{table.path} is a Measurement Set, and no caltable.", hint=f"Measure it: dsa110-qa ms {path}"
        )
    if kind == "Image" or {"coords", "imageinfo"} <= set(table.keywords):
        raise WrongTableError(
            f"{table.path} is a CASA image, and no caltable.",
            hint=f"Cut a stamp from it: dsa110-qa cutout {path} RA DEC",
        )
    is_told = kind == "Calibration" or "VisCal" in table.keywords
    if not is_told and not _SOLUTIONS.keys() & set(table.columns):
        what = f"a CASA table of type {kind!r}" if kind else "a CASA table"
        raise WrongTableError(
            f"{table.path} is {what}, and no caltable: it has no keyword VisCal, and neither CPARAM nor FPARAM.",
            hint=f"Look into it: dsa110-qa table {path}",
        )
    _check_columns(table)


def _check_columns(table: CasaTable) -> None:
    for column in (table[name] for name in _TYPES if name in table):
        is_scalar = column.description.is_scalar
        if column.dtype.kind not in _TYPES[column.name] or is_scalar != (column.name in _SCALARS):
            cell = f"{'one' if is_scalar else 'an array of'} {column.description.value_type}"
            raise UnreadableTableError(
                f"{table.path} is no readable caltable: a cell of {column.name} is {cell}.",
                hint=f"Look into it: dsa110-qa table {shlex.quote(table.path)}",
            )
