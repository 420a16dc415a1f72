"""A table as python-casacore has it open."""

from __future__ import annotations

import math
import re
from functools import cache, cached_property

import numpy as np

from dsa110_contimg._lazy import needs
from dsa110_contimg.casa.native.describe import CELLS_APART, describe_columns, hypercube_shape, plain_keywords
from dsa110_contimg.casa.native.entrance import Entrance, advise_opening
from dsa110_contimg.casa.native.parents import check_parts
from dsa110_contimg.casa.native.taql import QUERY_HINT, Condition
from dsa110_contimg.errors import BadQueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.readings import Reading
    from dsa110_contimg.casa.tables import ColumnDescription, Shape

_IN_PLACE = frozenset(["boolean", "int", "float", "double", "complex", "dcomplex"])
"""The types that python-casacore reads into an array of ours, which is faster and takes half the memory."""

_NEAR = 4
"""The step up to which asking all rows between for their shapes is faster than asking row by row."""


def open_with_casacore(folder: Path) -> CasacoreTable:
    """Open a table whose folder was checked.

    Parameters
    ----------
    folder : Path
        The table's absolute folder.

    Returns
    -------
    CasacoreTable
        The open table.

    Raises
    ------
    UnreadableTableError
        When casacore cannot open it.
    """
    with needs("casa"):
        from casacore.tables import table

    entrance = Entrance(folder)
    with entrance.translate(f"{folder} cannot be opened as a CASA table", advise_opening()):
        # No read lock: another process that writes would make us wait without end.
        opened = table(str(entrance.folder), ack=False, lockoptions="usernoread")
        if len(entrance.parts) > 1:
            check_parts(
                {
                    str(part.path): table(str(part.folder), ack=False, lockoptions="usernoread").getdesc()
                    for part in entrance.parts
                }
            )
        return CasacoreTable(opened, entrance)


class CasacoreTable:
    """A table as python-casacore has it open; see `NativeTable`.

    Parameters
    ----------
    table : casacore.tables.table
        The open table.
    entrance : Entrance
        Where it is.
    origin : CasacoreTable, optional
        The table of which these are rows, if they are a selection.
    """

    def __init__(self, table: Any, entrance: Entrance, origin: CasacoreTable | None = None) -> None:
        self._table = table
        self._entrance = entrance
        self.path = str(entrance.path)
        """The absolute path of the table."""
        self.nrows = int(table.nrows())
        """The number of rows."""
        self.whole_nrows: int = self.nrows if origin is None else origin.whole_nrows
        """The number of rows of the table on disk."""
        if origin is not None:
            self.columns = origin.columns

    @cached_property
    def columns(self) -> Mapping[str, ColumnDescription]:
        """The description of each column, by name, in the table's order."""
        with self._translate("Its columns"):
            managers = self._table.getdminfo().values() if self._entrance.stands_on_others else ()
            return describe_columns(self._table.colnames(), self._table.getdesc(), self._table.isscalarcol, managers)

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
        with self._translate(f"The keywords of {column}"):
            return plain_keywords(self._table.getcolkeywords(column), self._entrance.outside)

    def find_shape(self, column: str) -> Shape | None:
        """Find the one shape of all cells that the storage lays down; None if only the rows themselves can tell."""
        with self._translate(f"The storage of {column}"):
            return hypercube_shape(self._table.getdminfo(column), self.whole_nrows)

    def list_shapes(self, column: str, rows: range) -> list[Shape | None]:
        """Ask rows for the shapes of their cells; None is a cell without a value."""
        shape_of = self._table.getcolshapestring
        # Asked in steps, casacore 3.8.1 leaves the later rows empty: ask for the span, or for each row where these are
        # far apart.
        spans = [(rows[0], rows[-1] - rows[0] + 1)] if rows.step <= _NEAR else [(row, 1) for row in rows]
        with self._translate(f"The cell shapes of {column}"):
            try:
                return [_parse_shape(text) for span in spans for text in shape_of(column, *span)[:: rows.step]]
            except RuntimeError:
                pass  # a cell without a value somewhere among them: ask one by one
            has_value = self._table.iscelldefined
            return [_parse_shape(shape_of(column, row, 1)[0]) if has_value(column, row) else None for row in rows]

    def fill(self, reading: Reading, out: NDArray[Any]) -> None:
        """Read into an array of the reading's shape and type, which is not empty."""
        described = self.columns[reading.column]
        with self._translate(reading.column):
            if described.value_type == "record":
                out[:] = [self._read_record(reading.column, row) for row in reading.rows]
            elif described.value_type == "string" and described.storage_manager == "IncrementalStMan":
                # All rows of these can crash casacore 3.8.1, fewer do not: ephemerides/Sources in its own wheel.
                most = math.prod(reading.shape[1:]) * max(1, self.nrows - 1)
                for place, part in reading.split(most):
                    self._fill(part, out[place])
            elif described.storage_manager == CELLS_APART:
                for number, row in enumerate(reading.rows):
                    out[number] = self._read_cell(reading, row)
            else:
                self._fill(reading, out)

    def query(self, taql: str) -> CasacoreTable:
        """Select the rows for which a TaQL expression is true."""
        condition = Condition(taql)
        with needs("casa"):
            from casacore.tables import table
        with self._entrance.translate(f"The query {taql!r} on {self.path} failed", QUERY_HINT, BadQueryError):
            try:
                # Not casacore.tables.taql, which evaluates $name and $(anything) in the query as Python.
                rows = table(condition.command, [self._table], _oper=2)
            except RuntimeError as error:
                raise RuntimeError(condition.unwrap(str(error))) from error
        return CasacoreTable(rows, self._entrance, self)

    def select(self, rows: NDArray[np.intp]) -> CasacoreTable:
        """Select rows by number, in the order given."""
        with self._translate("The selection"):
            return CasacoreTable(self._table.selectrows(rows.tolist()), self._entrance, self)

    def close(self) -> None:
        """Let go of the table's files."""
        self._table.close()

    def _translate(self, asked: str) -> Any:
        hint = "If it was closed, open it again. Otherwise the table is damaged: copy it again from its source."
        return self._entrance.translate(f"{asked} of {self.path} cannot be read", hint)

    def _read_record(self, column: str, row: int) -> dict[str, object]:
        return plain_keywords(self._table.getcell(column, row), self._entrance.outside)

    def _read_cell(self, reading: Reading, row: int) -> Any:
        if reading.is_whole:
            return self._table.getcell(reading.column, row)
        return self._table.getcellslice(reading.column, row, *_corners(reading))

    def _fill(self, reading: Reading, out: NDArray[Any]) -> None:
        rows = reading.rows
        where: tuple[Any, ...] = (rows.start, len(rows), rows.step)
        name = "getcol"
        if not reading.is_whole:
            where = (*_corners(reading), *where)
            name = "getcolslice"
        if self.columns[reading.column].value_type in _IN_PLACE and out.flags.c_contiguous:
            getattr(self._table, f"{name}np")(reading.column, out, *where)
            return
        found = getattr(self._table, name)(reading.column, *where)
        if isinstance(found, dict):  # how casacore hands over arrays of strings
            found = np.array(found["array"], dtype=object).reshape(out.shape)
        out[:] = found


def _corners(reading: Reading) -> tuple[list[int], list[int], list[int]]:
    """Name a part of a cell as casacore does: its first and last places, both inside, and the steps."""
    axes = reading.cell
    return [axis[0] for axis in axes], [axis[-1] for axis in axes], [axis.step for axis in axes]


@cache  # a column has few shapes and many rows
def _parse_shape(text: str) -> Shape:
    return tuple(int(number) for number in re.findall(r"\d+", text))
