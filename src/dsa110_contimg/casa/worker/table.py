"""A table as a worker has it open."""

from __future__ import annotations

import itertools
import weakref
from contextlib import contextmanager
from functools import cached_property
from typing import cast

from dsa110_contimg.casa.worker.deaths import Question
from dsa110_contimg.casa.worker.pool import current_pool
from dsa110_contimg.casa.worker.requests import Request
from dsa110_contimg.errors import UnreadableTableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.casa.readings import Reading
    from dsa110_contimg.casa.recipes import Recipe
    from dsa110_contimg.casa.tables import ColumnDescription, Shape
    from dsa110_contimg.casa.worker.process import Worker
    from dsa110_contimg.casa.worker.requests import Step

_keys = itertools.count(1)
"""The numbers of tables. A forked process goes on counting, since it has inherited tables."""

_OBJECTS_AT_ONCE = 2**16
"""How many strings or records a message holds."""


class TableInWorker:
    """A table as a worker has it open; see `NativeTable`.

    The table is not bound to one worker. Any worker can open it, and select the same rows, when it is asked about it
    for the first time: after another one died, or while another one is busy for another thread.

    Parameters
    ----------
    recipe : Recipe
        How to come to it.
    keys : tuple of int, optional
        The numbers of the tables on the way to it: of the whole table, and of what each step but the last selected.

    Raises
    ------
    UnreadableTableError
        When it cannot be opened.
    BadQueryError
        When the last step is a query that cannot be answered.
    MissingDependencyError
        When the package that reads it is not installed.
    CasaCrashError
        When the worker died.
    CasaTimeoutError
        When it stood still.
    """

    def __init__(self, recipe: Recipe, keys: tuple[int, ...] = ()) -> None:
        self.path = recipe.path
        """The absolute path of the table."""
        self._recipe = recipe
        self._keys = (*keys, next(_keys))
        self._is_closed = False
        weakref.finalize(self, current_pool().forget, self._keys[-1]).atexit = False
        self.nrows = -1
        """The number of rows."""
        with self._borrow("The table"):
            pass  # now it is open

    @cached_property
    def columns(self) -> Mapping[str, ColumnDescription]:
        """The description of each column, by name, in the table's order."""
        return cast("dict[str, ColumnDescription]", self._ask("the columns", "columns"))

    @cached_property
    def keywords(self) -> Mapping[str, object]:
        """The table's keywords; a subtable is a `SubtableReference`, a record a dict."""
        return cast("dict[str, object]", self._ask("the keywords", "keywords"))

    @cached_property
    def info(self) -> Mapping[str, str]:
        """The table's ``type``, ``subType`` and ``readme``."""
        return cast("dict[str, str]", self._ask("table.info", "info"))

    def column_keywords(self, column: str) -> Mapping[str, object]:
        """Read the keywords of a column."""
        found = self._ask(f"the keywords of {column}", "column_keywords", column, column=column)
        return cast("dict[str, object]", found)

    def find_shape(self, column: str) -> Shape | None:
        """Find the one shape of all cells that the storage lays down; None if only the rows themselves can tell."""
        return cast("Shape | None", self._ask(f"the storage of {column}", "find_shape", column, column=column))

    def list_shapes(self, column: str, rows: range) -> list[Shape | None]:
        """Ask rows for the shapes of their cells; None is a cell without a value."""
        what = f"the cell shapes of {column}, {_name_rows(rows)},"
        found = self._ask(what, "list_shapes", column, rows, column=column, rows=rows)
        return cast("list[Shape | None]", found)

    def fill(self, reading: Reading, out: NDArray[Any]) -> None:
        """Read into an array of the reading's shape and type, which is not empty."""
        if not reading.dtype.hasobject:
            self._fill(reading, out)
            return
        for place, part in reading.split(_OBJECTS_AT_ONCE):
            self._fill(part, out[place])

    def query(self, taql: str) -> TableInWorker:
        """Select the rows for which a TaQL expression is true."""
        return TableInWorker(self._recipe.query(taql), self._keys)

    def select(self, rows: NDArray[np.intp]) -> TableInWorker:
        """Select rows by number, in the order given."""
        recipe = self._recipe.select(rows)
        return TableInWorker(recipe, self._keys[: len(recipe.steps)])  # rows of selected rows are one step

    def close(self) -> None:
        """Let go of the table's files."""
        self._is_closed = True
        current_pool().forget(self._keys[-1])

    def _ask(
        self, what: str, ask: str, *arguments: object, column: str | None = None, rows: range | None = None
    ) -> object:
        question = Question(what, self.path, column, rows)
        with self._borrow(what) as worker:
            return worker.ask(self._request(worker, ask, arguments), question, self._recipe.timeout)

    def _fill(self, reading: Reading, out: NDArray[Any]) -> None:
        what = f"{reading.column}, {_name_rows(reading.rows)},"
        question = Question(what, self.path, reading.column, reading.rows)
        with self._borrow(what) as worker:
            request = self._request(worker, "fill", (reading.pack(),))
            worker.fill(request, question, self._recipe.timeout, reading, out)

    @contextmanager
    def _borrow(self, what: str) -> Iterator[Worker]:
        """Have a worker that has the table open."""
        if self._is_closed:
            raise UnreadableTableError(
                f"{what[0].upper()}{what[1:]} of {self.path} cannot be read: the table was closed.",
                hint="Open it again.",
            )
        with current_pool().borrow(self._recipe.backend, self._keys, self._recipe.timeout) as worker:
            if self._keys[-1] not in worker.opened:
                self._open_in(worker)
            yield worker

    def _open_in(self, worker: Worker) -> None:
        how = self._recipe.steps[-1][0] if self._recipe.steps else "open"
        question = Question({"open": "the beginning", "query": "a query", "select": "a selection"}[how], self.path)
        request = self._request(worker, "nrows", ())
        nrows = cast("int", worker.ask(request, question, self._recipe.timeout))
        worker.opened.update(key for key, *_ in request.steps)
        if self.nrows not in {-1, nrows}:
            raise UnreadableTableError(
                f"{self.path} was changed while it was open: there were {self.nrows} rows, and now there are {nrows}.",
                hint="Open it again.",
            )
        self.nrows = nrows

    def _unknown_to(self, worker: Worker) -> tuple[Step, ...]:
        """List the steps to this table, from the last one that the worker has open."""
        if self._keys[-1] in worker.opened:
            return ()
        known = max((place for place, key in enumerate(self._keys) if key in worker.opened), default=-1)
        ways = (("open", self.path), *self._recipe.steps)
        parents = (None, *self._keys)
        return tuple((self._keys[at], parents[at], *ways[at]) for at in range(known + 1, len(self._keys)))

    def _request(self, worker: Worker, ask: str, arguments: tuple[object, ...]) -> Request:
        gone = []
        while worker.gone:  # the garbage collector may add one at any moment, also after this
            gone.append(worker.gone.pop())
        worker.opened.difference_update(gone)
        return Request(self._keys[-1], self._unknown_to(worker), tuple(gone), self._recipe.memory_limit, ask, arguments)


def _name_rows(rows: range) -> str:
    if len(rows) == 1:
        return f"row {rows[0]}"
    return f"rows {rows[0]} to {rows[-1]}" + (f" in steps of {rows.step}" if rows.step > 1 else "")
