"""A column of a table, read when it is indexed."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.casa.refusals import missing_column
from dsa110_contimg.qa.visualization.indexing import assign_axes, list_rows, plan_box, plan_rows, split_index
from dsa110_contimg.qa.visualization.rows import choose_rows, cut_rows, group_rows, pick_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    import pyarrow
    from dask.array import Array
    from numpy.typing import DTypeLike, NDArray

    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.casa.tables import ColumnDescription, Shape


class Column:
    """Read a column of a table as if it were a numpy array.

    Indexing has numpy's meaning over rows and cell axes, and reads from disk no more rows and no larger part of
    the cells than the answer spans. A column whose cells differ in shape can be indexed wherever the chosen rows
    agree.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    name : str
        The column's name.

    Raises
    ------
    ColumnNotFoundError
        When the table has no such column.

    Notes
    -----
    Axes are in numpy's order: DATA of a Measurement Set is (row, channel, correlation). Strings come as arrays of
    Python objects.
    """

    def __init__(self, reader: TableReader, name: str) -> None:
        if name not in reader.columns:
            raise missing_column(name, reader.columns, reader.path)
        self._reader = reader
        self.name = name
        """The column's name."""

    @property
    def description(self) -> ColumnDescription:
        """What the table says about the column."""
        return self._reader.columns[self.name]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numpy type of the values; strings are objects."""
        return self.description.dtype

    @property
    def unit(self) -> str | None:
        """The unit of the values; None if the table names none."""
        return self.description.unit

    @property
    def keywords(self) -> Mapping[str, object]:
        """The column's keywords."""
        return self._reader.column_keywords(self.name)

    @property
    def shape(self) -> Shape | None:
        """The shape of the column as an array, rows first; None if its cells make no array."""
        if self._reader.nrows == 0:
            return (0, *self._cell_shape(self._reader, range(0)))
        shapes = list(self._reader.cell_shapes(self.name))
        return (self._reader.nrows, *shapes[0]) if len(shapes) == 1 and shapes[0] is not None else None

    @property
    def ndim(self) -> int | None:
        """The number of axes, rows included; None if the cells make no array and the table does not tell."""
        if self.description.ndim is not None:
            return 1 + self.description.ndim
        return None if self.shape is None else len(self.shape)

    @property
    def is_ragged(self) -> bool:
        """Whether the cells make no array, because their shapes differ or some have no value."""
        return self.shape is None

    def cell_shapes(self, rows: slice | Sequence[int] | NDArray[Any] | None = None) -> list[Shape | None]:
        """List the shapes of cells, without reading them.

        Parameters
        ----------
        rows : slice, sequence of int or numpy.ndarray, optional
            Row numbers, in any order, or a mask with one value for each row; all rows unless given.

        Returns
        -------
        list
            For each row the shape of its cell, ``()`` for a single value, and None for a cell without a value.

        Raises
        ------
        IndexError
            When a row does not exist.
        """
        source, wanted = choose_rows(self._reader, list_rows(rows, len(self)))
        return source.list_shapes(self.name, wanted)

    def __len__(self) -> int:
        return self._reader.nrows

    def __iter__(self) -> Iterator[Any]:
        for rows, values in self.chunks():
            yield from values if values is not None else (None for _ in rows)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError(f"{self.name} is on disk: an array of it is always a copy")
        return np.asarray(self[:], dtype=dtype)

    def __getitem__(self, key: Any) -> Any:
        parts = split_index(key)
        asked, _ = assign_axes(parts, self._count_axes() if any(part is Ellipsis for part in parts) else None)
        rows, row_pick = plan_rows(asked.get(0), len(self))
        source, rows = choose_rows(self._reader, rows)
        cell = self._cell_shape(source, rows)
        asked, template = assign_axes(parts, 1 + len(cell))
        boxes = [plan_box(asked.get(axis), length, axis) for axis, length in enumerate(cell, start=1)]
        picks = [row_pick, *(pick for _, pick in boxes)]
        is_whole = all(box == range(length) for (box, _), length in zip(boxes, cell, strict=True))
        box = None if is_whole else tuple(slice(box.start, box.stop, box.step) for box, _ in boxes)
        values = self._read(source, rows, box)
        return values[tuple(picks[part] if isinstance(part, int) else part for part in template)]

    def __repr__(self) -> str:
        described = self.description
        cells = "" if described.is_scalar else f", cells {_describe_cells(described)}"
        return f"<{type(self).__name__} {self.name}: {len(self)} rows, {described.value_type}{cells}>"

    def _repr_html_(self) -> str:
        from dsa110_contimg.errors import CasaError, TableError
        from dsa110_contimg.qa.visualization.html import draw_column, draw_note
        from dsa110_contimg.qa.visualization.summary import detail_column

        try:
            details = detail_column(self._reader, self.name, self._read)
        except (TableError, CasaError) as error:  # damaged, or the table was closed: a traceback would be no picture
            return draw_note(f"<{type(self).__name__} {self.name}>", error)
        return draw_column(details, type(self).__name__)

    def read(
        self, rows: slice | Sequence[int] | NDArray[Any] | None = None, *, out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Read rows, into an array of yours if you give one.

        Parameters
        ----------
        rows : slice, sequence of int or numpy.ndarray, optional
            Row numbers, in any order, or a mask with one value for each row; all rows unless given.
        out : numpy.ndarray, optional
            The array that takes the values: of the shape of the answer and the column's type. A large array that
            is used again and again saves most of the time of a read.

        Returns
        -------
        numpy.ndarray
            `out`, or a new array: shape (number of rows, *cell), in the column's unit.

        Raises
        ------
        RaggedColumnError
            When the cells make no array.
        ValueError
            When `out` has another shape or type, or is read-only.
        TypeError
            When `out` is no numpy array, or one that is masked.
        IndexError
            When a row does not exist.
        """
        source, wanted = choose_rows(self._reader, list_rows(rows, len(self)))
        return self._read(source, wanted, out=out)

    def cells(self, rows: slice | Sequence[int] | NDArray[Any] | None = None) -> list[Any]:
        """Read the cells of rows one by one, whatever their shapes.

        Parameters
        ----------
        rows : slice, sequence of int or numpy.ndarray, optional
            Row numbers, in any order, or a mask with one value for each row; all rows unless given.

        Returns
        -------
        list
            For each row its cell, in the column's unit: an array of its own shape, a single value or a str, a dict
            for a record, and None for a cell without a value.

        Raises
        ------
        IndexError
            When a row does not exist.

        Notes
        -----
        All cells of one shape are read at once, and are parts of one array: to keep a few of many, copy them.
        """
        source, wanted = choose_rows(self._reader, list_rows(rows, len(self)))
        cells: list[Any] = [None] * len(wanted)
        for alike in group_rows(source, self.name, wanted):
            values = self._read(*choose_rows(source, pick_rows(wanted, alike)))
            for place, value in zip(alike, values, strict=True):
                cells[place] = value
        return cells

    def chunks(self, rows_per_chunk: int | None = None) -> Iterator[tuple[range, NDArray[Any] | None]]:
        """Read the column in chunks, from the first row to the last.

        No more than two chunks are in memory, if you keep none: the one you have, and the next one while it is read.
        A column whose cells differ in shape is cut wherever the shape changes, so that each chunk is an array.

        Parameters
        ----------
        rows_per_chunk : int, optional
            The most rows in a chunk; as many as fill 64 MiB unless given, where a string counts as 64 bytes.

        Yields
        ------
        rows : range
            The rows of the chunk; ``table.FLAG.read(rows)`` are the flags of the same rows.
        values : numpy.ndarray or None
            Their cells, shape (len(rows), *cell), in the column's unit; None for rows whose cells have no value.

        Raises
        ------
        ValueError
            When `rows_per_chunk` is less than 1.
        """
        chunks = cut_rows(self._reader, self.name, rows_per_chunk)
        return ((rows, None if shape is None else self._read(self._reader, rows)) for rows, shape in chunks)

    def to_dask(self, rows_per_chunk: int | None = None) -> Array:
        """Make a dask array of the column, without reading it.

        Parameters
        ----------
        rows_per_chunk : int, optional
            The most rows in a chunk; as many as fill 64 MiB unless given, where a string counts as 64 bytes.

        Returns
        -------
        dask.array.Array
            Shape (number of rows, *cell), in the column's unit. Each chunk of rows is one task, which opens the table
            and selects its rows again in the process that runs it. A recent dask reads no more than is sliced from it.

        Raises
        ------
        RaggedColumnError
            When the cells make no array.
        ValueError
            When `rows_per_chunk` is less than 1.
        MissingDependencyError
            When dask is not installed.
        """
        from dsa110_contimg.qa.visualization.lazy_arrays import StoredColumn, make_dask_array

        shape = (len(self), *self._cell_shape(self._reader, range(len(self))))
        stored = StoredColumn(self._reader.recipe, self.name, type(self), shape, self.dtype)
        empty = self._read(self._reader, range(0), tuple(slice(0) for _ in shape[1:]))
        return make_dask_array(stored, empty, rows_per_chunk)

    def to_arrow(self) -> pyarrow.Array:
        """Read the column as an Arrow array, with a value for each row.

        Returns
        -------
        pyarrow.Array
            Single values are Arrow's own, strings are ``string``. Arrays of one shape are ``fixed_size_list``, one
            inside another for each axis of a cell, in numpy's order; arrays of different shapes are ``list``. A complex
            value is a ``fixed_size_list`` of its real and imaginary part. A cell without a value is null, and so is a
            value that is masked by flags. The unit is left behind: it is `unit`.

        Raises
        ------
        RaggedColumnError
            When the cells differ in their number of axes.
        ValueError
            When the cells are records.
        MissingDependencyError
            When pyarrow is not installed.
        """
        from dsa110_contimg.qa.visualization.arrow_arrays import make_arrow_array

        return make_arrow_array(self, self._reader.list_shapes(self.name))

    def _count_axes(self) -> int:
        ndim = self.description.ndim
        return 1 + (len(self._cell_shape(self._reader, range(len(self)))) if ndim is None else ndim)

    def _cell_shape(self, source: TableReader, rows: range) -> Shape:
        shapes = list(source.cell_shapes(self.name, rows))
        if len(shapes) == 1 and shapes[0] is not None:
            return shapes[0]
        # No rows, which has a shape nevertheless, or cells that make no array: the reader refuses, and says why.
        return source.read(self.name, rows).shape[1:]

    def _read(
        self,
        source: TableReader,
        rows: range,
        part: tuple[slice, ...] | None = None,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Read the cells of rows, or the same part of each, as one array."""
        if isinstance(out, np.ma.MaskedArray):
            raise TypeError(f"out is a masked array, and {self.name} has no mask: give out.data, or read {self.name}_F")
        if out is not None and not isinstance(out, np.ndarray):
            raise TypeError(f"out is a {type(out).__name__}, and no numpy array")
        return source.read(self.name, rows, part, out)


def _describe_cells(description: ColumnDescription) -> str:
    """Say in words what the table lays down about the cells."""
    if description.shape is not None:
        return str(description.shape)
    return "of any shape" if description.ndim is None else f"of any shape with {description.ndim} axes"
