"""Which rows are read together."""

from __future__ import annotations

import math
import operator
from collections import defaultdict

import numpy as np

from dsa110_contimg.qa.visualization.indexing import join_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.casa.tables import Shape

_CHUNK_BYTES = 64 * 2**20
_STRING_BYTES = 64
"""What a short Python string takes, and the reference to it."""

_ROWS_AT_ONCE = 100_000
"""How many rows are asked for their shapes in one go."""


def choose_rows(reader: TableReader, rows: range | NDArray[np.intp]) -> tuple[TableReader, range]:
    """Find what reads rows in their order.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    rows : range or numpy.ndarray
        The rows.

    Returns
    -------
    reader : TableReader
        The same, or one of a selection.
    rows : range
        Where the rows are in it.
    """
    return (reader, rows) if isinstance(rows, range) else (reader.select(rows), range(len(rows)))


def pick_rows(rows: range, places: Sequence[int]) -> range | NDArray[np.intp]:
    """Pick some of the rows of a range.

    Parameters
    ----------
    rows : range
        The rows.
    places : sequence of int
        Which of them.

    Returns
    -------
    range or numpy.ndarray
        A range where they make one, else their numbers.
    """
    return join_rows(rows.start + rows.step * np.asarray(places, np.intp))


def group_rows(reader: TableReader, column: str, rows: range) -> list[list[int]]:
    """Group rows whose cells agree in shape, wherever they are.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    column : str
        The column's name.
    rows : range
        The rows.

    Returns
    -------
    list of list of int
        For each shape the places in `rows` where it is. Rows whose cells have no value are in none.
    """
    places: defaultdict[Shape | None, list[int]] = defaultdict(list)
    for place, shape in enumerate(reader.list_shapes(column, rows)):
        places[shape].append(place)
    return [found for shape, found in places.items() if shape is not None]


def count_chunk_rows(
    shape: Shape, dtype: np.dtype[Any], rows_per_chunk: int | None, *, memory_limit: int | None = None
) -> int:
    """Count the rows of a chunk.

    Parameters
    ----------
    shape : tuple of int
        The shape of a cell.
    dtype : numpy.dtype
        The type of its values.
    rows_per_chunk : int or None
        What the person wants; None for as many as fill 64 MiB.
    memory_limit : int, optional
        The most bytes that a read may take, if that is less than 64 MiB.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        When the person wants less than 1.
    """
    if rows_per_chunk is None:
        value_bytes = _STRING_BYTES if dtype.hasobject else dtype.itemsize
        most = _CHUNK_BYTES if memory_limit is None else min(memory_limit, _CHUNK_BYTES)
        return max(1, most // max(1, math.prod(shape) * value_bytes))
    if operator.index(rows_per_chunk) < 1:
        raise ValueError(f"rows_per_chunk is {rows_per_chunk}, and a chunk has at least 1 row")
    return rows_per_chunk


def cut_rows(reader: TableReader, column: str, rows_per_chunk: int | None) -> Iterator[tuple[range, Shape | None]]:
    """Cut a column into chunks whose cells agree.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    column : str
        The column's name.
    rows_per_chunk : int or None
        The most rows of a chunk; None for as many as fill 64 MiB.

    Returns
    -------
    iterator of tuple
        The rows of each chunk, and the shape of their cells; None for cells without a value.

    Raises
    ------
    ValueError
        When `rows_per_chunk` is less than 1.
    """
    dtype, limit = reader.columns[column].dtype, reader.recipe.memory_limit
    count_chunk_rows((), dtype, rows_per_chunk)  # refuse now, not when the first chunk is asked for
    return (
        (rows[first : first + step], shape)
        for rows, shape in _find_runs(reader, column)
        for step in [count_chunk_rows(shape or (), dtype, rows_per_chunk, memory_limit=limit)]
        for first in range(0, len(rows), step)
    )


def _find_runs(reader: TableReader, column: str) -> Iterator[tuple[range, Shape | None]]:
    """Find rows one after another whose cells agree in shape."""
    start, shape = 0, None
    for first in range(0, reader.nrows, _ROWS_AT_ONCE):
        rows = range(first, min(first + _ROWS_AT_ONCE, reader.nrows))
        for row, found in zip(rows, reader.list_shapes(column, rows), strict=True):
            if found != shape:
                if row > start:
                    yield range(start, row), shape
                start, shape = row, found
    if reader.nrows > start:
        yield range(start, reader.nrows), shape
