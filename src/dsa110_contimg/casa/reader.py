"""Read a table: what is checked before a native library is asked, here or in a worker.

The guards against what these libraries do not survive stand here, below everything else, so that nobody can go
around them: cells of different shape never reach a read of several rows.
"""

from __future__ import annotations

from collections import Counter

from dsa110_contimg.casa.memory import available_memory
from dsa110_contimg.casa.readings import Reading, choose_part
from dsa110_contimg.casa.refusals import missing_column, ragged_column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.casa.native.protocol import NativeTable
    from dsa110_contimg.casa.recipes import Recipe
    from dsa110_contimg.casa.tables import ColumnDescription, Shape

_MOST_VALUES = 2**29 - 1
"""The most values one native read may return: https://github.com/casacore/python-casacore/issues/130"""

_LITTLE = 2**26
"""An answer of so many bytes is never refused for want of memory; to ask for that takes longer than many a read."""

_SHAPES_AT_ONCE = 100_000
"""How many rows are asked for their shapes in one go; each is a Python string for a moment."""


class TableReader:
    """Read a table.

    Arguments and results are numpy arrays and plain values; nothing is ever written. Axes are in numpy's order.
    Columns, rows and parts of cells that a call names must exist, or it raises a ColumnNotFoundError or an IndexError.

    Parameters
    ----------
    table : NativeTable
        The open table.
    recipe : Recipe
        How it was opened and its rows were selected.
    """

    def __init__(self, table: NativeTable, recipe: Recipe) -> None:
        self._table = table
        self.recipe = recipe
        """How to come to a reader of the same rows, also in another process."""
        self._uniform: dict[str, Shape | None] = {}

    @property
    def path(self) -> str:
        """The absolute path of the table."""
        return self._table.path

    @property
    def nrows(self) -> int:
        """The number of rows."""
        return self._table.nrows

    @property
    def columns(self) -> Mapping[str, ColumnDescription]:
        """The description of each column, by name, in the table's order."""
        return self._table.columns

    @property
    def keywords(self) -> Mapping[str, object]:
        """The table's keywords; a subtable is a `SubtableReference`, a record a dict."""
        return self._table.keywords

    @property
    def info(self) -> Mapping[str, str]:
        """The table's ``type``, ``subType`` and ``readme``."""
        return self._table.info

    def column_keywords(self, column: str) -> Mapping[str, object]:
        """Read the keywords of a column.

        Parameters
        ----------
        column : str
            The column's name.

        Returns
        -------
        mapping
            The keywords; a subtable is a `SubtableReference`, a record a dict.
        """
        self._describe(column)
        return self._table.column_keywords(column)

    def known_shape(self, column: str) -> Shape | None:
        """Find the one shape of all cells of a column, if it is known without asking every row (2 µs each).

        Parameters
        ----------
        column : str
            The column's name.

        Returns
        -------
        tuple of int or None
            The shape, ``()`` for single values; None if only the rows themselves can tell.
        """
        described = self._describe(column)
        if described.shape is not None:
            return described.shape
        if column not in self._uniform:
            self._uniform[column] = self._table.find_shape(column)
        return self._uniform[column]

    def cell_shapes(self, column: str, rows: range | None = None) -> dict[Shape | None, int]:
        """Count the shapes of cells.

        Parameters
        ----------
        column : str
            The column's name.
        rows : range, optional
            The rows, all unless given.

        Returns
        -------
        dict
            How many cells have each shape; None counts the cells without a value.
        """
        rows = self._check_rows(rows)
        if (known := self.known_shape(column)) is not None:
            return {known: len(rows)} if rows else {}
        shapes: Counter[Shape | None] = Counter()
        for part in self._ask_shapes(column, rows):
            shapes.update(part)
        if len(rows) == self.nrows and len(shapes) == 1:
            self._uniform[column] = next(iter(shapes))
        return dict(shapes)

    def list_shapes(self, column: str, rows: range | None = None) -> list[Shape | None]:
        """List the shapes of cells.

        Parameters
        ----------
        column : str
            The column's name.
        rows : range, optional
            The rows, all unless given.

        Returns
        -------
        list
            The shape of each cell; None for a cell without a value.
        """
        rows = self._check_rows(rows)
        if (known := self.known_shape(column)) is not None:
            return [known] * len(rows)
        return [shape for part in self._ask_shapes(column, rows) for shape in part]

    def _ask_shapes(self, column: str, rows: range) -> Iterator[list[Shape | None]]:
        for first in range(0, len(rows), _SHAPES_AT_ONCE):
            yield self._table.list_shapes(column, rows[first : first + _SHAPES_AT_ONCE])

    def plan(self, column: str, rows: range | None = None, cell: tuple[slice, ...] | None = None) -> Reading:
        """Check what is to be read, and lay it down.

        Parameters
        ----------
        column : str
            The column's name.
        rows : range, optional
            The rows, all unless given.
        cell : tuple of slice, optional
            One for each cell axis; the cells whole unless given.

        Returns
        -------
        Reading
            What a read will give.

        Raises
        ------
        ColumnNotFoundError
            When there is no such column.
        RaggedColumnError
            When the cells make no array.
        IndexError
            When the rows or the part do not exist.
        """
        described = self._describe(column)
        rows = self._check_rows(rows)
        shape = self._common_shape(column, rows)
        box = tuple(range(length) for length in shape) if cell is None else choose_part(column, cell, shape)
        return Reading(column, rows, box, shape, described.dtype)

    def fill(self, reading: Reading, out: NDArray[Any]) -> None:
        """Read what was laid down.

        Parameters
        ----------
        reading : Reading
            From `plan`.
        out : numpy.ndarray
            The array that takes the values, of the reading's shape and type.
        """
        if not out.size:
            return
        for place, part in reading.split(_MOST_VALUES):
            self._table.fill(part, out[place])

    def read(
        self,
        column: str,
        rows: range | None = None,
        cell: tuple[slice, ...] | None = None,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Read the cells of rows, or the same part of each, as one array.

        Parameters
        ----------
        column : str
            The column's name.
        rows : range, optional
            The rows, all unless given.
        cell : tuple of slice, optional
            One for each cell axis: only that part of the cells is read from disk. The cells whole unless given.
        out : numpy.ndarray, optional
            The array that takes the values, of the answer's shape and type.

        Returns
        -------
        numpy.ndarray
            `out`, or a new array: shape (len(rows), *cell), in the column's unit.

        Raises
        ------
        RaggedColumnError
            When the cells make no array.
        TableTooLargeError
            When a new array would take more memory than it may.
        ValueError
            When `out` does not fit.
        IndexError
            When the rows or the part do not exist.
        """
        reading = self.plan(column, rows, cell)
        out = reading.prepare(out, self.path, self._most_bytes(reading))
        self.fill(reading, out)
        return out

    def read_cell(self, column: str, row: int) -> Any:
        """Read one cell.

        Parameters
        ----------
        column : str
            The column's name.
        row : int
            The row.

        Returns
        -------
        object
            An array, a numpy scalar, a str, or a dict for a record.
        """
        return self.read(column, range(row, row + 1))[0]

    def query(self, taql: str) -> TableReader:
        """Select the rows for which a TaQL expression is true.

        Parameters
        ----------
        taql : str
            The expression.

        Returns
        -------
        TableReader
            A reader of these rows.

        Raises
        ------
        BadQueryError
            When it does not parse, names an unknown column, or would write.
        """
        return TableReader(self._table.query(taql), self.recipe.query(taql))

    def select(self, rows: NDArray[np.intp]) -> TableReader:
        """Select rows by number.

        Parameters
        ----------
        rows : numpy.ndarray of int, shape (n,)
            The numbers.

        Returns
        -------
        TableReader
            A reader of these rows, in the order given.

        Raises
        ------
        IndexError
            When a row does not exist.
        """
        if rows.size and (rows.min() < 0 or rows.max() >= self.nrows):
            raise IndexError(f"rows {rows.min()} to {rows.max()} are not all in a table of {self.nrows} rows")
        return TableReader(self._table.select(rows), self.recipe.select(rows))

    def close(self) -> None:
        """Let go of the table's files."""
        self._table.close()

    def _most_bytes(self, reading: Reading) -> int | None:
        limits = [self.recipe.memory_limit, available_memory() if reading.nbytes > _LITTLE else None]
        return min((limit for limit in limits if limit is not None), default=None)

    def _describe(self, column: str) -> ColumnDescription:
        if column not in self.columns:
            raise missing_column(column, self.columns, self.path)
        return self.columns[column]

    def _check_rows(self, rows: range | None) -> range:
        if rows is None:
            return range(self.nrows)
        if rows.step < 1 or (rows and (rows[0] < 0 or rows[-1] >= self.nrows)):
            raise IndexError(f"{rows} is not in a table of {self.nrows} rows")
        return rows

    def _common_shape(self, column: str, rows: range) -> Shape:
        """Find the one shape of the cells, or refuse.

        ``getcol`` on cells of different shape returns nonsense and corrupts the heap.
        """
        if (known := self.known_shape(column)) is not None:
            return known
        shapes = self.cell_shapes(column, rows) or self.cell_shapes(column)
        if len(shapes) == 1 and (shape := next(iter(shapes))) is not None:
            return shape
        if not rows:
            return (0,) * (self.columns[column].ndim or 1)
        raise ragged_column(column, self.path, shapes, "DATA_DESC_ID" in self.columns)
