"""Tell a caltable from other tables."""

from __future__ import annotations

import shlex

from dsa110_contimg.errors import UnreadableTableError, WrongTableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.qa.visualization import CasaTable

_SOLUTIONS = ("CPARAM", "FPARAM")
_SCALARS = ("ANTENNA1", "SPECTRAL_WINDOW_ID", "TIME")


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
            f"{table.path} is a CASA image, and no caltable.", hint=f"Cut a stamp from it: dsa110-qa cutout {path} RA DEC"
        )
    is_told = kind == "Calibration" or "VisCal" in table.keywords
    if not is_told and not set(_SOLUTIONS) & set(table.columns):
        what = f"a CASA table of type {kind!r}" if kind else "a CASA table"
        raise WrongTableError(
            f"{table.path} is {what}, and no caltable: it has no keyword VisCal, and neither CPARAM nor FPARAM.",
            hint=f"Look into it: dsa110-qa table {path}",
        )
    _check_columns(table)


def _check_columns(table: CasaTable) -> None:
    numbers = [name for name in (*_SOLUTIONS, "SNR", *_SCALARS) if name in table and table[name].dtype.kind not in "iufc"]
    numbers += [name for name in _SCALARS if name in table and not table[name].description.is_scalar]
    numbers += ["FLAG"] if "FLAG" in table and table.FLAG.dtype.kind != "b" else []
    if numbers:
        column = table[numbers[0]]
        raise UnreadableTableError(
            f"{table.path} is no readable caltable: the cells of {column.name} are {column.description.value_type}"
            f"{'' if column.description.is_scalar else ' arrays'}.",
            hint=f"Look into it: dsa110-qa table {shlex.quote(table.path)}",
        )
