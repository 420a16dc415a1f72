"""What casacore says about a table, in plain words and values."""

from __future__ import annotations

from dsa110_contimg.casa.tables import ColumnDescription, SubtableReference, is_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from dsa110_contimg.casa.tables import Shape

CELLS_APART = "TiledCellStMan"
"""The storage whose cells casacore 3.8.1 reads one by one only: several of a selection are an error there."""

_TABLE = "Table: "
"""How python-casacore writes a keyword that points at a table."""


def describe_columns(
    names: Iterable[str],
    description: Mapping[str, Any],
    is_scalar: Callable[[str], bool],
    managers: Iterable[Mapping[str, Any]] = (),
) -> dict[str, ColumnDescription]:
    """Describe columns from casacore's table description.

    Parameters
    ----------
    names : iterable of str
        The columns, in the table's order.
    description : mapping
        What ``getdesc`` returns.
    is_scalar : callable
        Tells for a column's name whether its cells are single values.
    managers : iterable of mapping, optional
        The storage managers, as ``getdminfo`` tells them, of a table that stands on others: there the description
        says how its maker wanted a column to be stored, and not how it is.

    Returns
    -------
    dict
        The description of each column, by name.
    """
    stored = {column: manager["TYPE"] for manager in managers for column in manager["COLUMNS"]}
    return {name: _describe_column(name, description[name], is_scalar(name), stored.get(name)) for name in names}


def _describe_column(
    name: str, description: Mapping[str, Any], is_scalar: bool, storage_manager: str | None
) -> ColumnDescription:
    ndim = description.get("ndim", -1)
    shape = tuple(int(n) for n in description["shape"]) if "shape" in description else None
    return ColumnDescription(
        name=name,
        value_type=description["valueType"],
        is_scalar=is_scalar,
        shape=() if is_scalar else shape,
        ndim=0 if is_scalar else int(ndim) if ndim >= 0 else None,
        unit=_unit(description["keywords"]),
        comment=description["comment"],
        storage_manager=storage_manager or description["dataManagerType"],
    )


def _unit(keywords: Mapping[str, Any]) -> str | None:
    """Find the unit: QuantumUnits, one for each value or one for all, or the older UNIT."""
    found = keywords.get("QuantumUnits", keywords.get("UNIT"))
    units = [str(unit) for unit in ([found] if isinstance(found, str) else [] if found is None else found)]
    return ", ".join(units if len(set(units)) > 1 else units[:1]) or None


def hypercube_shape(storage: Mapping[str, Any], nrows: int) -> Shape | None:
    """Learn the shape of all cells from the storage manager, without asking every row.

    Parameters
    ----------
    storage : mapping
        What ``getdminfo`` returns for the column.
    nrows : int
        The number of rows of the table.

    Returns
    -------
    tuple of int or None
        The shape, if one hypercube holds every row; None where only the rows themselves can tell.
    """
    cubes = list(storage["SPEC"].get("HYPERCUBES", {}).values()) if storage["TYPE"] == "TiledShapeStMan" else []
    if len(cubes) != 1 or cubes[0]["CubeShape"][-1] != nrows:
        return None
    return tuple(int(n) for n in cubes[0]["CellShape"][::-1])


def plain_keywords(keywords: Mapping[str, Any], outside: Callable[[str], str]) -> dict[str, object]:
    """Turn casacore's keywords into plain values.

    Parameters
    ----------
    keywords : mapping
        What ``getkeywords`` returns.
    outside : callable
        Turns a path as casacore sees it into the one that the person knows.

    Returns
    -------
    dict
        The same, with a `SubtableReference` for each table.
    """
    return {name: _plain(value, outside) for name, value in keywords.items()}


def _plain(value: Any, outside: Callable[[str], str]) -> object:
    if isinstance(value, dict):
        return plain_keywords(value, outside)
    if isinstance(value, str) and value.startswith(_TABLE):
        path = outside(value.removeprefix(_TABLE))
        return SubtableReference(path, is_table(path))
    return value
