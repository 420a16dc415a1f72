"""A table as arcae has it open."""

from __future__ import annotations

import dataclasses
import json
import math
import tempfile
from functools import cached_property
from pathlib import Path

import numpy as np

from dsa110_contimg._lazy import needs
from dsa110_contimg.casa.native.describe import CELLS_APART, describe_columns, hypercube_shape, plain_keywords
from dsa110_contimg.casa.native.entrance import Entrance, advise_opening
from dsa110_contimg.casa.native.parents import check_parts
from dsa110_contimg.casa.native.row_selections import write_selection
from dsa110_contimg.casa.native.stored_keywords import read_keywords
from dsa110_contimg.casa.native.taql import QUERY_HINT, Condition
from dsa110_contimg.errors import BadQueryError, UnreadableTableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.native.stored_keywords import StoredKeywords
    from dsa110_contimg.casa.readings import Reading
    from dsa110_contimg.casa.tables import ColumnDescription, Shape

_FAR_APART = 16
"""Places along an axis of cells that are further apart are read each by itself, nearer ones with what lies between:
arcae would ask casacore for each."""

_VALUES_AT_ONCE = 2**22
"""About how many values are read at once where more is read than is wanted."""

_NUMBER = "dsa110_contimg_row"
"""What a query calls the number of a row: a name that no column has."""


def open_with_arcae(folder: Path) -> ArcaeTable:
    """Open a table whose folder was checked.

    Parameters
    ----------
    folder : Path
        The table's absolute folder.

    Returns
    -------
    ArcaeTable
        The open table.

    Raises
    ------
    UnreadableTableError
        When casacore cannot open it.
    """
    entrance = Entrance(folder)
    with entrance.translate(f"{folder} cannot be opened as a CASA table", advise_opening(), raised=_raised()):
        opened = _open(entrance.folder)
        if len(entrance.parts) > 1:
            check_parts({str(part.path): _open(part.folder).tabledesc() for part in entrance.parts})
        return ArcaeTable(opened, entrance)


class ArcaeTable:
    """A table as arcae has it open; see `NativeTable`.

    It gives what `CasacoreTable` gives, but for columns of records, which arcae cannot read: those are an
    UnreadableTableError.

    Parameters
    ----------
    table : arcae.lib.arrow_tables.Table
        The open table.
    entrance : Entrance
        Where it is.
    origin : ArcaeTable, optional
        The table of which these are rows, if they are a selection.
    rows : numpy.ndarray of int, shape (n,), optional
        Their numbers in the table on disk, if they are a selection.
    """

    def __init__(
        self,
        table: Any,
        entrance: Entrance,
        origin: ArcaeTable | None = None,
        rows: NDArray[np.intp] | None = None,
    ) -> None:
        self._table = table
        self._entrance = entrance
        self.path = str(entrance.path)
        """The absolute path of the table."""
        self.nrows = int(table.nrow())
        """The number of rows."""
        self._rows = rows
        self.whole_nrows: int = self.nrows if origin is None else origin.whole_nrows
        """The number of rows of the table on disk."""
        if origin is not None:
            self.columns = origin.columns

    @cached_property
    def columns(self) -> Mapping[str, ColumnDescription]:
        """The description of each column, by name, in the table's order."""
        with self._translate("Its columns"):
            description = self._table.tabledesc()
            managers = self._table.getdminfo().values() if self._entrance.stands_on_others else ()
            names = self._table.columns()
            return describe_columns(names, description, lambda name: "ndim" not in description[name], managers)

    @cached_property
    def keywords(self) -> Mapping[str, object]:
        """The table's keywords; a subtable is a `SubtableReference`, a record a dict."""
        with self._translate("Its keywords"):
            return plain_keywords(self._stored_keywords.table, self._entrance.outside)

    @cached_property
    def info(self) -> Mapping[str, str]:
        """The table's ``type``, ``subType`` and ``readme``."""
        with self._translate("Its table.info"):
            return _read_info(self._entrance.folder / "table.info")

    def column_keywords(self, column: str) -> Mapping[str, object]:
        """Read the keywords of a column."""
        with self._translate(f"The keywords of {column}"):
            return plain_keywords(self._stored_keywords.columns[column], self._entrance.outside)

    def find_shape(self, column: str) -> Shape | None:
        """Find the one shape of all cells that the storage lays down; None if only the rows themselves can tell."""
        with self._translate(f"The storage of {column}"):
            managers = [found for found in self._table.getdminfo().values() if column in found["COLUMNS"]]
            return hypercube_shape(managers[0], self.whole_nrows) if len(managers) == 1 else None

    def list_shapes(self, column: str, rows: range) -> list[Shape | None]:
        """Ask rows for the shapes of their cells; None is a cell without a value."""
        with self._translate(f"The cell shapes of {column}"):
            try:
                return self._ask_shapes(column, _choose(rows))
            except _raised():
                pass  # none of the cells has a value, or they differ in their number of axes: ask each kind by itself
            shapes: list[Shape | None] = [None] * len(rows)
            ndims = self._ask_ndims(column, rows)
            for ndim in set(ndims[ndims >= 0].tolist()):
                places = np.flatnonzero(ndims == ndim)
                for place, shape in zip(places, self._ask_shapes(column, np.asarray(rows)[places]), strict=True):
                    shapes[place] = shape
            return shapes

    def fill(self, reading: Reading, out: NDArray[Any]) -> None:
        """Read into an array of the reading's shape and type, which is not empty."""
        described = self.columns[reading.column]
        if described.value_type == "record":
            raise UnreadableTableError(
                f"{reading.column} of {self.path} holds records, which arcae cannot read.",
                hint="Read it with python-casacore.",
            )
        with self._translate(reading.column):
            if described.storage_manager == CELLS_APART:
                for place, part in reading.split(math.prod(reading.shape[1:])):
                    self._fill(part, out[place])
            else:
                self._fill(reading, out)

    def query(self, taql: str) -> ArcaeTable:
        """Select the rows for which a TaQL expression is true."""
        condition = Condition(taql, f"rownumber() as {_NUMBER}")
        with self._entrance.translate(
            f"The query {taql!r} on {self.path} failed", QUERY_HINT, BadQueryError, raised=_raised()
        ):
            try:
                rows = _table_class().from_taql(condition.command, self._table).getcol(_NUMBER)
            except _raised() as error:
                raise RuntimeError(condition.unwrap(str(error))) from error
        return self.select(rows)

    def select(self, rows: NDArray[np.intp]) -> ArcaeTable:
        """Select rows by number, in the order given."""
        with self._translate("The selection"):
            shown = self._show(rows, {name: name for name in self._table.columns()})
            return ArcaeTable(shown, self._entrance, self, self._number(rows))

    def close(self) -> None:
        """Let go of the table's files."""
        with self._translate("Its end"):
            self._table.close()

    @cached_property
    def _stored_keywords(self) -> StoredKeywords:
        return read_keywords(self._entrance.path)

    def _fill(self, reading: Reading, out: NDArray[Any]) -> None:
        steps = [axis.step if len(axis) > 1 else 1 for axis in reading.cell]
        if 1 < max(steps, default=1) <= _FAR_APART:
            for place, part in reading.split(max(1, _VALUES_AT_ONCE // math.prod(steps))):
                spans = tuple(range(axis[0], axis[-1] + 1) for axis in part.cell)
                found = self._read(dataclasses.replace(part, cell=spans))
                out[place] = found[:, *(slice(None, None, axis.step) for axis in part.cell)]
        else:
            self._read(reading, out)

    def _read(self, reading: Reading, out: NDArray[Any] | None = None) -> NDArray[Any]:
        if out is None:
            out = np.empty(reading.shape, reading.dtype)
        index = [_choose(reading.rows)]
        if not reading.is_whole:
            index += [_choose(axis) for axis in reading.cell]
        if out.dtype != object and out.flags.c_contiguous:
            # arcae knows no bool; to look at it as bytes costs nothing.
            target = out.view(np.uint8) if out.dtype == bool else out
            self._table.getcol(reading.column, index=index, result=target)
        else:
            out[:] = self._table.getcol(reading.column, index=index)
        return out

    def _ask_shapes(self, column: str, rows: slice | NDArray[np.int64]) -> list[Shape | None]:
        found = self._table.row_shapes(column, index=(rows,)).to_pylist()
        return [None if shape is None else tuple(shape) for shape in found]

    def _ask_ndims(self, column: str, rows: range) -> NDArray[np.int64]:
        """Ask rows for the number of axes of their cells; -1 is a cell without a value."""
        told = _table_class().from_taql(
            "using style Python select isdefined(cells) as has_value, ndim(cells) as axes from $1",
            self._show(np.asarray(rows), {"cells": column}),  # the column's own name may be none in TaQL
        )
        return np.where(told.getcol("has_value"), told.getcol("axes"), -1)

    def _number(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Say which rows of the table on disk these are."""
        return rows if self._rows is None else self._rows[rows]

    def _show(self, rows: NDArray[np.intp], columns: Mapping[str, str]) -> Any:
        """Open rows and columns of this table as a table; for each column its name there and here."""
        with tempfile.TemporaryDirectory(prefix="dsa110-contimg-") as scratch:  # wanted only while it is opened
            folder = Path(scratch)
            write_selection(folder, self._entrance.folder, columns, self.whole_nrows, self._number(rows))
            return _open(folder)

    def _translate(self, asked: str) -> Any:
        hint = "If it was closed, open it again. Otherwise the table is damaged: copy it again from its source."
        return self._entrance.translate(f"{asked} of {self.path} cannot be read", hint, raised=_raised())


def _open(folder: Path) -> Any:
    # No read lock: another process that writes would make us wait without end.
    return _table_class().from_filename(str(folder), readonly=True, lockoptions="usernoread")


def _table_class() -> Any:
    with needs("arcae"):
        from arcae.lib.arrow_tables import Table
    return Table


def _raised() -> tuple[type[Exception], ...]:
    """Name what arcae raises."""
    with needs("arcae"):
        import pyarrow as pa
    return pa.ArrowException, RuntimeError, OSError, json.JSONDecodeError


def _choose(axis: range) -> slice | NDArray[np.int64]:
    """Say which places along an axis to read; arcae takes slices only in steps of 1."""
    return slice(axis.start, axis.stop) if axis.step == 1 else np.arange(axis.start, axis.stop, axis.step)


def _read_info(path: Path) -> dict[str, str]:
    """Read ``table.info`` as ``TableInfo`` of casacore does: two lines, an empty one, and the rest."""
    text = path.read_text("utf-8") if path.exists() else ""
    kind, subtype, _, readme = (text.split("\n", 3) + [""] * 4)[:4]
    return {"type": kind.removeprefix("Type = "), "subType": subtype.removeprefix("SubType = "), "readme": readme}
