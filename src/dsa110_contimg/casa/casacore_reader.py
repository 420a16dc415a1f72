"""Read a table with python-casacore, in this process.

The guards against what casacore does not survive stand here, below everything else, so that nobody can go
around them: cells of different shape never reach ``getcol``.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from functools import cached_property

import numpy as np

from dsa110_contimg._lazy import needs
from dsa110_contimg.casa.describe import describe_columns, hypercube_shape, missing_column, plain_keywords
from dsa110_contimg.casa.entrance import Entrance
from dsa110_contimg.casa.parents import check_parts
from dsa110_contimg.errors import BadQueryError, RaggedColumnError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.tables import ColumnDescription, Shape

_MOST_ELEMENTS = 2**29 - 1
"""The most elements one native read may return: https://github.com/casacore/python-casacore/issues/130"""

_SHAPES_AT_ONCE = 100_000
"""How many rows are asked for their shapes in one go; each is a Python string for a moment."""

_IN_PLACE = frozenset(["boolean", "int", "float", "double", "complex", "dcomplex"])
"""The types that python-casacore reads into an array of ours, which is faster and takes half the memory."""

_SELECT = "using style Python select from $1 where (\n"
_WRITING = re.compile(r"\b(alter|copy|create|delete|drop|giving|insert|into|update)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
"""A text in TaQL. It ends on its line: a lone quote in a comment is none, and hides no words on the next line."""


def open_with_casacore(folder: Path) -> CasacoreReader:
    """Open a table whose folder was checked.

    Parameters
    ----------
    folder : Path
        The table's absolute folder.

    Returns
    -------
    CasacoreReader
        Its reader.

    Raises
    ------
    UnreadableTableError
        When casacore cannot open it.
    """
    with needs("casa"):
        from casacore.tables import table

    entrance = Entrance(folder)
    hint = "Copy the table again from its source."
    if not os.environ.get("HOME"):  # as in a cron job or a service
        hint = "Set HOME to a folder, any will do: casacore, which looks there for settings, works only with one."
    with entrance.translate(f"{folder} cannot be opened as a CASA table", hint):
        # No read lock: another process that writes would make us wait without end.
        opened = table(str(entrance.folder), ack=False, lockoptions="usernoread")
        parts = opened.partnames(recursive=True)
        if len(parts) > 1:
            descriptions = {part: table(part, ack=False, lockoptions="usernoread").getdesc() for part in parts}
            check_parts({entrance.outside(part): found for part, found in descriptions.items()})
        return CasacoreReader(opened, entrance)


class CasacoreReader:
    """Read a table with python-casacore; see `TableReader`.

    Parameters
    ----------
    table : casacore.tables.table
        The open table.
    entrance : Entrance
        Where it is.
    whole_nrows : int, optional
        The number of rows of the table on disk, if these are a selection.
    """

    def __init__(self, table: Any, entrance: Entrance, whole_nrows: int | None = None) -> None:
        self._table = table
        self._entrance = entrance
        self._uniform: dict[str, Shape | None] = {}
        self.path = str(entrance.path)
        """The absolute path of the table."""
        self.nrows = int(table.nrows())
        """The number of rows."""
        self._whole_nrows = self.nrows if whole_nrows is None else whole_nrows

    @cached_property
    def columns(self) -> Mapping[str, ColumnDescription]:
        """The description of each column, by name, in the table's order."""
        with self._translate("Its columns"):
            return describe_columns(self._table.colnames(), self._table.getdesc(), self._table.isscalarcol)

    @cached_property
    def keywords(self) -> Mapping[str, object]:
        """The table's keywords; a subtable is a `SubtableReference`, a record a dict."""
        with self._translate("Its keywords"):
            return plain_keywords(self._table.getkeywords(), self._entrance.outside)

    @cached_property
    def info(self) -> Mapping[str, str]:
        """The table's ``type``, ``subType`` and ``readme``."""
        with self._translate("Its table.info"):
            return dict(self._table.info())

    def column_keywords(self, column: str) -> Mapping[str, object]:
        """Read the keywords of a column."""
        self._describe(column)
        with self._translate(f"The keywords of {column}"):
            return plain_keywords(self._table.getcolkeywords(column), self._entrance.outside)

    def cell_shapes(
        self, column: str, start: int = 0, nrow: int | None = None, step: int = 1
    ) -> dict[Shape | None, int]:
        """Count the shapes of cells; None counts the cells without a value."""
        description = self._describe(column)
        nrow = self._check_rows(start, nrow, step)
        if (known := self._known_shape(description)) is not None:
            return {known: nrow} if nrow else {}
        shapes: Counter[Shape | None] = Counter()
        rows = range(start, start + nrow * step, step)
        for first in range(0, nrow, _SHAPES_AT_ONCE):
            shapes.update(self._chunk_shapes(column, rows[first : first + _SHAPES_AT_ONCE]))
        if nrow == self.nrows:
            self._uniform[column] = next(iter(shapes), None) if len(shapes) == 1 else None
        return dict(shapes)

    def read(self, column: str, start: int = 0, nrow: int | None = None, step: int = 1) -> NDArray[Any]:
        """Read the cells of rows as one array, shape (nrow, ...); RaggedColumnError if they are none."""
        return self._read(column, start, self._check_rows(start, nrow, step), step, None)

    def read_slice(self, column: str, start: int, nrow: int, step: int, cell: tuple[slice, ...]) -> NDArray[Any]:
        """Read the same part of the cells of rows, one slice for each cell axis: only that is read from disk."""
        return self._read(column, start, self._check_rows(start, nrow, step), step, cell)

    def read_cell(self, column: str, row: int) -> Any:
        """Read one cell: an array, a numpy scalar, a str, or a dict for a record."""
        description = self._describe(column)
        if description.value_type == "record":
            self._check_rows(row, 1, 1)
            with self._translate(f"{column} in row {row}"):
                return plain_keywords(self._table.getcell(column, row), self._entrance.outside)
        return self.read(column, row, 1)[0]

    def read_cell_slice(self, column: str, row: int, start: Shape, stop: Shape) -> NDArray[Any]:
        """Read a part of one cell, from start to stop along each of its axes."""
        cell = tuple(slice(first, last) for first, last in zip(start, stop, strict=True))
        part: NDArray[Any] = self.read_slice(column, row, 1, 1, cell)[0]
        return part

    def query(self, taql: str) -> CasacoreReader:
        """Select the rows for which a TaQL expression is true."""
        hint = "Give one expression that is true or false for a row, such as: ANTENNA1 == 0 && SCAN_NUMBER > 2"
        # A pattern after ~ and a name with \ may hold a lone quote: then only the parser knows what is quoted.
        if writing := _WRITING.search(taql if {"~", "\\"} & set(taql) else _QUOTED.sub("", taql)):
            raise BadQueryError(f"The query {taql!r} contains {writing[0]!r}, and tables are only read.", hint=hint)
        with needs("casa"):
            from casacore.tables import table
        with self._entrance.translate(f"The query {taql!r} on {self.path} failed", hint, BadQueryError):
            try:
                # Not casacore.tables.taql, which evaluates $name and $(anything) in the query as Python.
                rows = table(f"{_SELECT}{taql}\n)", [self._table], _oper=2)
            except RuntimeError as error:
                raise RuntimeError(_without_wrapping(str(error), taql)) from error
        return CasacoreReader(rows, self._entrance, self._whole_nrows)

    def select(self, rows: NDArray[np.intp]) -> CasacoreReader:
        """Select rows by number, in the order given."""
        if rows.size and (rows.min() < 0 or rows.max() >= self.nrows):
            raise IndexError(f"rows {rows.min()} to {rows.max()} are not all in a table of {self.nrows} rows")
        with self._translate("The selection"):
            return CasacoreReader(self._table.selectrows(rows.tolist()), self._entrance, self._whole_nrows)

    def close(self) -> None:
        """Let go of the table's files."""
        self._table.close()

    def _translate(self, asked: str) -> Any:
        hint = "If it was closed, open it again. Otherwise the table is damaged: copy it again from its source."
        return self._entrance.translate(f"{asked} of {self.path} cannot be read", hint)

    def _describe(self, column: str) -> ColumnDescription:
        if column not in self.columns:
            raise missing_column(column, self.columns, self.path)
        return self.columns[column]

    def _check_rows(self, start: int, nrow: int | None, step: int) -> int:
        nrow = len(range(start, self.nrows, step)) if nrow is None else nrow
        if step < 1 or nrow < 0 or start < 0 or (nrow and start + (nrow - 1) * step >= self.nrows):
            raise IndexError(f"{nrow} rows from row {start} in steps of {step}, in a table of {self.nrows} rows")
        return nrow

    def _known_shape(self, description: ColumnDescription) -> Shape | None:
        """Find the one shape of all cells, if it is known without asking every row (2 µs each)."""
        column = description.name
        if description.shape is not None:
            return description.shape
        if column not in self._uniform:
            with self._translate(f"The storage of {column}"):
                self._uniform[column] = hypercube_shape(self._table.getdminfo(column), self._whole_nrows)
        return self._uniform[column]

    def _chunk_shapes(self, column: str, rows: range) -> list[Shape | None]:
        shape_of = self._table.getcolshapestring
        try:
            # Asked in steps, casacore 3.8.1 leaves the later rows empty: ask for the span, and step ourselves.
            return [_parse_shape(text) for text in shape_of(column, rows[0], rows[-1] - rows[0] + 1)[:: rows.step]]
        except RuntimeError:
            pass  # a cell without a value somewhere among them: ask one by one
        with self._translate(f"The cell shapes of {column}"):
            has_value = self._table.iscelldefined
            return [_parse_shape(shape_of(column, row, 1)[0]) if has_value(column, row) else None for row in rows]

    def _common_shape(self, description: ColumnDescription, start: int, nrow: int, step: int) -> Shape:
        """Find the one shape of the cells, or refuse.

        ``getcol`` on cells of different shape returns nonsense and corrupts the heap.
        """
        if (known := self._known_shape(description)) is not None:
            return known
        column = description.name
        shapes = self.cell_shapes(column, start, nrow, step) or self.cell_shapes(column)
        if len(shapes) == 1 and (shape := next(iter(shapes))) is not None:
            return shape
        if not nrow:
            return (0,) * (description.ndim or 1)
        raise _ragged(column, self.path, shapes, "DATA_DESC_ID" in self.columns)

    def _read(self, column: str, start: int, nrow: int, step: int, cell: tuple[slice, ...] | None) -> NDArray[Any]:
        description = self._describe(column)
        shape = self._common_shape(description, start, nrow, step)
        box = None if cell is None else _check_box(column, cell, shape)
        if box is not None:
            shape = tuple(len(axis) for axis in box)
        values = np.empty((nrow, *shape), description.dtype)
        if not values.size:
            return values
        rows = max(1, _MOST_ELEMENTS // math.prod(shape))
        if description.value_type == "string" and description.storage_manager == "IncrementalStMan":
            # A whole column of these can crash casacore 3.8.1, a part of it does not: ephemerides/Sources in its wheel.
            rows = max(1, min(rows, self.nrows - 1))
        with self._translate(column):
            for first in range(0, nrow, rows):
                part = values[first : first + rows]
                self._fill(description, part, box, (start + first * step, len(part), step))
        return values

    def _fill(
        self, description: ColumnDescription, part: NDArray[Any], box: list[range] | None, rows: tuple[int, int, int]
    ) -> None:
        column = description.name
        if description.value_type == "record":
            part[:] = [self._table.getcell(column, row) for row in range(rows[0], rows[0] + rows[1] * rows[2], rows[2])]
            return
        where: tuple[Any, ...] = rows
        name = "getcol"
        if box is not None:
            name = "getcolslice"
            where = ([axis[0] for axis in box], [axis[-1] for axis in box], [axis.step for axis in box], *rows)
        if description.value_type in _IN_PLACE:
            getattr(self._table, f"{name}np")(column, part, *where)
            return
        found = getattr(self._table, name)(column, *where)
        if isinstance(found, dict):  # how casacore hands over arrays of strings
            found = np.array(found["array"], dtype=object).reshape(part.shape)
        part[:] = found


def _parse_shape(text: str) -> Shape:
    return tuple(int(number) for number in re.findall(r"\d+", text))


def _check_box(column: str, cell: tuple[slice, ...], shape: Shape) -> list[range]:
    """Turn slices into ranges inside the cell; casacore reads a negative corner as something else."""
    if len(cell) == len(shape):
        sizes = zip(cell, shape, strict=True)
        box = [range(part.start or 0, n if part.stop is None else part.stop, part.step or 1) for part, n in sizes]
        if all(part.step > 0 and part.start >= 0 and part.stop <= n for part, n in zip(box, shape, strict=True)):
            return box
    raise IndexError(f"{cell} is not inside the cells of {column}, whose shape is {shape}")


def _ragged(column: str, path: str, shapes: dict[Shape | None, int], has_data_desc_id: bool) -> RaggedColumnError:
    counts = [
        f"{count} {'without a value' if shape is None else f'of shape {shape}'}" for shape, count in shapes.items()
    ]
    shown = ", ".join(counts[:5]) + (", ..." if len(counts) > 5 else "")
    how = f'table.query("DATA_DESC_ID == 0").{column}[:]' if has_data_desc_id else f"table.{column}[i]"
    hint = f"Select rows whose cells agree: {how}" + (f", or one cell: table.{column}[i]" if has_data_desc_id else "")
    if set(shapes) == {None}:
        hint = f"Nothing was ever written there. Look at another column of {path}."
    return RaggedColumnError(f"The cells of {column} in {path} make no array: {shown}.", hint=hint)


def _without_wrapping(message: str, taql: str) -> str:
    """Take our own words out of the parser's message, so that its position counts in what the person wrote."""
    message = message.replace(f"{_SELECT}{taql}\n)", taql)
    return re.sub(r"(?<=position )\d+", lambda found: str(max(0, int(found[0]) - len(_SELECT))), message)
