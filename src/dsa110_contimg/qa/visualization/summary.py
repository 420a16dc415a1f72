"""Sum up a table for a person: what the terminal and the notebook show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsa110_contimg.casa.tables import SubtableReference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsa110_contimg.casa.tables import Shape, TableReader

_ROWS_LOOKED_AT = 10_000
"""How many rows are asked for the shape of their cells; more would make a person wait."""

_LONGEST = 60
_LONGEST_KEYWORD = 100


@dataclass(frozen=True)
class ColumnSummary:
    """What there is to say about a column; every field is meant to be read by a person."""

    name: str
    """The column's name."""
    value_type: str
    """CASA's name of the type."""
    cell: str
    """The shape of the cells: ``"scalar"``, ``"(64, 4)"``, ``"(64, 4) or (128, 4)"``, ``"no values"``."""
    unit: str
    """The unit, or an empty text."""
    comment: str
    """What the writer of the table said about the column."""
    first: tuple[str, ...]
    """The beginning of its first cells."""


@dataclass(frozen=True)
class TableSummary:
    """What there is to say about a table."""

    path: str
    """Where it is."""
    kind: str
    """Its type and subtype, or an empty text."""
    nrows: int
    """The number of rows."""
    columns: tuple[ColumnSummary, ...]
    """Its columns, in the table's order."""
    keywords: Mapping[str, str]
    """Its keywords other than subtables, as short texts."""
    subtables: Mapping[str, SubtableReference]
    """Its subtables; those that do not exist dangle."""


def summarise(reader: TableReader, rows: int = 3) -> TableSummary:
    """Sum up a table.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    rows : int
        How many of its first rows to show.

    Returns
    -------
    TableSummary
        The summary. Of every cell shown only a corner is read, so that a cell of gigabytes costs nothing.
    """
    keywords = reader.keywords
    return TableSummary(
        path=reader.path,
        kind=" / ".join(text for text in (reader.info.get("type"), reader.info.get("subType")) if text),
        nrows=reader.nrows,
        columns=tuple(_summarise_column(reader, name, min(rows, reader.nrows)) for name in reader.columns),
        keywords={
            name: shorten(str(value), _LONGEST_KEYWORD)
            for name, value in keywords.items()
            if not isinstance(value, SubtableReference)
        },
        subtables={name: value for name, value in keywords.items() if isinstance(value, SubtableReference)},
    )


def shorten(text: str, longest: int = _LONGEST) -> str:
    """Put a text on one line and cut it to a length.

    Parameters
    ----------
    text : str
        The text.
    longest : int
        The most characters to keep.

    Returns
    -------
    str
        The text, with an ellipsis where something is missing.
    """
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def count_subtables(summary: TableSummary) -> str:
    """Count the subtables in words.

    Parameters
    ----------
    summary : TableSummary
        The summary.

    Returns
    -------
    str
        Their number, and how many of them dangle.
    """
    dangling = sum(not subtable.exists for subtable in summary.subtables.values())
    return f"{len(summary.subtables)}" + (f", of which {dangling} dangling" if dangling else "")


def _summarise_column(reader: TableReader, name: str, rows: int) -> ColumnSummary:
    described = reader.columns[name]
    shapes: dict[Shape | None, int] = {}
    if not described.is_scalar:
        shapes = reader.cell_shapes(name, range(min(reader.nrows, _ROWS_LOOKED_AT)))
    return ColumnSummary(
        name=name,
        value_type=described.value_type,
        cell="scalar" if described.is_scalar else _name_shapes(shapes, reader.nrows > _ROWS_LOOKED_AT),
        unit=described.unit or "",
        comment=described.comment,
        first=tuple(_draw_cell(reader, name, row) for row in range(rows)),
    )


def _name_shapes(shapes: Mapping[Shape | None, int], there_are_more: bool) -> str:
    names = [str(shape) for shape in shapes if shape is not None]
    if not names:
        return "no values"
    if len(names) > 3:
        names[3:] = ["..."]
    some_are_empty = [" or none"] if None in shapes else []
    some_are_unseen = [f" in the first {_ROWS_LOOKED_AT} rows"] if there_are_more and len(shapes) > 1 else []
    return "".join([" or ".join(names), *some_are_empty, *some_are_unseen])


def _draw_cell(reader: TableReader, name: str, row: int) -> str:
    if reader.columns[name].is_scalar:
        return shorten(str(reader.read_cell(name, row)))
    shape = next(iter(reader.cell_shapes(name, range(row, row + 1))))
    if shape is None:
        return ""
    corner = reader.read(
        name,
        range(row, row + 1),
        (*(slice(0, min(1, n)) for n in shape[:-1]), slice(0, min(3, shape[-1]))),
    )
    values = [f"{value:.6g}" if corner.dtype.kind in "fc" else str(value) for value in corner.ravel()]
    more = ["…"] if corner.size < np.prod(shape) else []
    return shorten(f"[{', '.join(values + more)}]")
