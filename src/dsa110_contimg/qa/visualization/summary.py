"""Sum up a table for a person: what the terminal and the notebook show."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np

from dsa110_contimg.casa.tables import SubtableReference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.casa.tables import Shape

    ReadPart = Callable[[TableReader, range, tuple[slice, ...]], NDArray[Any]]
    """Reads the same part of the cells of rows, whose shapes agree, as one array."""

_ROWS_LOOKED_AT = 10_000
"""How many rows are asked for the shape of their cells; more would make a person wait."""

_FIRST, _LAST = 3, 2
"""How many cells are shown of the beginning of a column, and of its end."""

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
    """The beginning of its first cells; ``"no value"`` where a cell has none."""


@dataclass(frozen=True)
class ColumnDetails:
    """What there is to say about a column that is looked at alone."""

    path: str
    """Where its table is."""
    nrows: int
    """The number of rows."""
    column: ColumnSummary
    """What the summary of the table says about it."""
    storage_manager: str
    """CASA's name of the storage."""
    last: tuple[str, ...]
    """The beginning of its last cells, as far as they are not among the first."""
    keywords: Mapping[str, str]
    """Its keywords as short texts; what stands in a record has both names, as in ``MEASINFO.Ref``."""


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


def summarise(reader: TableReader, rows_looked_at: int = _ROWS_LOOKED_AT) -> TableSummary:
    """Sum up a table.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    rows_looked_at : int
        How many rows are asked for the shape of their cells, where only the rows can tell.

    Returns
    -------
    TableSummary
        The summary. Of every cell shown only a corner is read, and once, so that a cell of gigabytes costs nothing.
    """
    keywords = reader.keywords
    return TableSummary(
        path=reader.path,
        kind=" / ".join(text for text in (reader.info.get("type"), reader.info.get("subType")) if text),
        nrows=reader.nrows,
        columns=tuple(_summarise_column(reader, name, rows_looked_at) for name in reader.columns),
        keywords={
            name: shorten(str(value), _LONGEST_KEYWORD)
            for name, value in keywords.items()
            if not isinstance(value, SubtableReference)
        },
        subtables={name: value for name, value in keywords.items() if isinstance(value, SubtableReference)},
    )


def detail_column(reader: TableReader, name: str, read: ReadPart) -> ColumnDetails:
    """Sum up one column, with its keywords and the end of it.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    name : str
        The column's name.
    read : callable
        Reads a part of its cells, masked or not.

    Returns
    -------
    ColumnDetails
        The details. Of every cell shown only a corner is read, and once.
    """
    end = range(max(min(reader.nrows, _FIRST), reader.nrows - _LAST), reader.nrows)
    return ColumnDetails(
        path=reader.path,
        nrows=reader.nrows,
        column=_summarise_column(reader, name, _ROWS_LOOKED_AT, read),
        storage_manager=reader.columns[name].storage_manager,
        last=_draw_cells(reader, name, end, read),
        keywords=_spread(reader.column_keywords(name)),
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


def _summarise_column(
    reader: TableReader, name: str, rows_looked_at: int, read: ReadPart | None = None
) -> ColumnSummary:
    described = reader.columns[name]
    looked_at = range(min(reader.nrows, rows_looked_at))
    shapes = {} if described.is_scalar else reader.cell_shapes(name, looked_at)
    return ColumnSummary(
        name=name,
        value_type=described.value_type,
        cell="scalar" if described.is_scalar else _name_shapes(shapes, looked_at, reader.nrows),
        unit=described.unit or "",
        comment=described.comment,
        first=_draw_cells(
            reader, name, looked_at[:_FIRST], read or (lambda source, rows, part: source.read(name, rows, part))
        ),
    )


def _name_shapes(shapes: Mapping[Shape | None, int], looked_at: range, nrows: int) -> str:
    names = [str(shape) for shape in shapes if shape is not None]
    if not names:
        return "no values"
    if len(names) > 3:
        names[3:] = ["..."]
    some_are_empty = [" or none"] if None in shapes else []
    some_are_unseen = [f" in the first {len(looked_at)} rows"] if nrows > len(looked_at) and len(shapes) > 1 else []
    return "".join([" or ".join(names), *some_are_empty, *some_are_unseen])


def _draw_cells(reader: TableReader, name: str, rows: range, read: ReadPart) -> tuple[str, ...]:
    """Draw the corner of each cell; neighbours of one shape are read in one go."""
    cells: list[str] = []
    for shape, group in groupby(zip(reader.list_shapes(name, rows), rows, strict=True), key=itemgetter(0)):
        numbers = [row for _, row in group]
        if shape is None:
            cells += ["no value"] * len(numbers)
            continue
        corner = (*(slice(0, min(1, n)) for n in shape[:-1]), *(slice(0, min(3, n)) for n in shape[-1:]))
        corners = read(reader, range(numbers[0], numbers[-1] + 1), corner)
        cells += [_draw_corner(corner, shape) for corner in corners]
    return tuple(cells)


def _draw_corner(corner: Any, shape: Shape) -> str:
    if shape == ():
        return "flagged" if corner is np.ma.masked else shorten(str(corner))
    values = [_draw_value(value, corner.dtype.kind) for value in corner.ravel()]
    more = ["…"] if corner.size < np.prod(shape) else []
    return shorten(f"[{', '.join(values + more)}]")


def _draw_value(value: Any, kind: str) -> str:
    if value is np.ma.masked:
        return "flagged"
    return f"{value:.6g}" if kind in "fc" else str(value)


def _spread(keywords: Mapping[str, object], within: str = "") -> dict[str, str]:
    """Write keywords as texts, and those in records beside the others."""
    texts: dict[str, str] = {}
    for name, value in keywords.items():
        if isinstance(value, dict) and value:
            texts |= _spread(value, f"{within}{name}.")
        else:
            texts[within + name] = shorten(str(value), _LONGEST_KEYWORD)
    return texts
