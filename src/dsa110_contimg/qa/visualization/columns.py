"""A column of a table, read when it is indexed."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.casa.describe import missing_column
from dsa110_contimg.errors import ColumnNotFoundError
from dsa110_contimg.qa.visualization.indexing import assign_axes, plan_box, plan_rows, split_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from numpy.typing import DTypeLike, NDArray

    from dsa110_contimg.casa.tables import ColumnDescription, Shape, TableReader


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

    def __len__(self) -> int:
        return self._reader.nrows

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(len(self)))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError(f"{self.name} is on disk: an array of it is always a copy")
        return np.asarray(self[:], dtype=dtype)

    def __getitem__(self, key: Any) -> Any:
        parts = split_index(key)
        asked, _ = assign_axes(parts, self._count_axes() if any(part is Ellipsis for part in parts) else None)
        rows, row_pick = plan_rows(asked.get(0), len(self))
        source = self._reader
        if not isinstance(rows, range):
            source, rows = source.select(rows), range(len(rows))
        cell = self._cell_shape(source, rows)
        asked, template = assign_axes(parts, 1 + len(cell))
        boxes = [plan_box(asked.get(axis), length, axis) for axis, length in enumerate(cell, start=1)]
        picks = [row_pick, *(pick for _, pick in boxes)]
        values = self._read(source, rows, tuple(box for box, _ in boxes), cell)
        return values[tuple(picks[part] if isinstance(part, int) else part for part in template)]

    def __repr__(self) -> str:
        described = self.description
        cells = "" if described.is_scalar else f", cells {describe_cells(described)}"
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
            When `out` does not fit.
        IndexError
            When a row does not exist.
        """
        chosen = np.arange(len(self))[slice(None) if rows is None else rows]
        if chosen.ndim != 1:
            raise IndexError("rows are a slice, a list of integers, or a mask with one value for each row")
        steps = np.diff(chosen)
        if not chosen.size:
            return self._reader.read(self.name, range(0), out=out)
        if (steps > 0).all() and (steps == steps[:1]).all():
            step = int(steps[0]) if steps.size else 1
            return self._reader.read(self.name, range(int(chosen[0]), int(chosen[-1]) + 1, step), out=out)
        return self._reader.select(chosen).read(self.name, out=out)

    def _count_axes(self) -> int:
        ndim = self.description.ndim
        return 1 + (len(self._cell_shape(self._reader, range(len(self)))) if ndim is None else ndim)

    def _cell_shape(self, source: TableReader, rows: range) -> Shape:
        shapes = list(source.cell_shapes(self.name, rows))
        if len(shapes) == 1 and shapes[0] is not None:
            return shapes[0]
        # No rows, which has a shape nevertheless, or cells that make no array: the reader refuses, and says why.
        return source.read(self.name, rows).shape[1:]

    def _read(self, source: TableReader, rows: range, boxes: tuple[range, ...], cell: Shape) -> NDArray[Any]:
        """Read a box of the column: an array of shape (len(rows), *(len(box) for box in boxes))."""
        return _read_box(source, self.name, rows, boxes, cell)


class FlaggedColumn(Column):
    """Read a column as a masked array: masked where it is flagged.

    A value is masked by FLAG where the cells of FLAG have the shape of the column's own, and by FLAG_ROW always.
    So WEIGHT, whose cells are shorter than those of FLAG, is masked by FLAG_ROW alone.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    name : str
        The column's name, without the ``_F``.

    Raises
    ------
    ColumnNotFoundError
        When the table has no such column, or neither FLAG nor FLAG_ROW.
    """

    def __init__(self, reader: TableReader, name: str) -> None:
        super().__init__(reader, name)
        if not {"FLAG", "FLAG_ROW"} & set(reader.columns):
            raise ColumnNotFoundError(
                f"There is no {name}_F in {reader.path}: the table has neither FLAG nor FLAG_ROW.",
                hint=f"Read {name}, which is not masked.",
            )

    def _read(self, source: TableReader, rows: range, boxes: tuple[range, ...], cell: Shape) -> NDArray[Any]:
        values = super()._read(source, rows, boxes, cell)
        mask = np.zeros(values.shape, bool)
        flag_shapes = source.cell_shapes("FLAG", rows) if "FLAG" in source.columns else {}
        if list(flag_shapes) == [cell]:
            mask |= _read_box(source, "FLAG", rows, boxes, cell)
        elif cell in flag_shapes:  # only some rows have fitting flags, and these must not be lost
            for place, row in enumerate(rows):
                if list(source.cell_shapes("FLAG", range(row, row + 1))) == [cell]:
                    mask[place] |= _read_box(source, "FLAG", range(row, row + 1), boxes, cell)[0]
        if "FLAG_ROW" in source.columns:
            flagged = source.read("FLAG_ROW", rows)
            mask |= flagged.reshape(-1, *(1 for _ in boxes))
        return np.ma.MaskedArray(values, mask)


def describe_cells(description: ColumnDescription) -> str:
    """Say in words what the table lays down about the cells of a column.

    Parameters
    ----------
    description : ColumnDescription
        The column.

    Returns
    -------
    str
        The shape, or the number of axes, or neither.
    """
    if description.shape is not None:
        return str(description.shape)
    return "of any shape" if description.ndim is None else f"of any shape with {description.ndim} axes"


def _read_box(source: TableReader, name: str, rows: range, boxes: tuple[range, ...], cell: Shape) -> NDArray[Any]:
    if boxes == tuple(range(length) for length in cell):
        return source.read(name, rows)
    part = tuple(slice(box.start, box.stop, box.step) for box in boxes)
    return source.read(name, rows, part)
