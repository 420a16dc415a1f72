"""How a table was opened and its rows selected, so that it can be done again elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray

    from dsa110_contimg.casa.reader import TableReader

    Step = tuple[Literal["query"], str] | tuple[Literal["select"], NDArray[np.intp]]


@dataclass(frozen=True, eq=False)
class Recipe:
    """Say how to come to a reader of the same rows, in another process or after a death.

    It is made of plain values, so that it crosses the border of a process.
    """

    path: str
    """The absolute path of the table."""
    backend: str
    """The package that reads."""
    isolated: bool = True
    """Whether a worker process reads."""
    timeout: float | None = 60.0
    """How long, in seconds, the worker may give no sign; None for ever."""
    memory_limit: int | None = None
    """How much memory an answer may take, in bytes; None for as much as there is."""
    steps: tuple[Step, ...] = ()
    """How the rows were selected: ``("query", taql)`` or ``("select", row numbers)``, each from the one before."""

    def query(self, taql: str) -> Recipe:
        """Go on by selecting the rows for which a TaQL expression is true.

        Parameters
        ----------
        taql : str
            The expression.

        Returns
        -------
        Recipe
            With this step more.
        """
        return replace(self, steps=(*self.steps, ("query", taql)))

    def select(self, rows: NDArray[np.intp]) -> Recipe:
        """Go on by selecting rows by number.

        Parameters
        ----------
        rows : numpy.ndarray
            Numbers among the rows that were selected so far, in any order.

        Returns
        -------
        Recipe
            With this step more; row numbers of row numbers become one step.
        """
        steps = self.steps
        if steps and steps[-1][0] == "select":
            numbers, steps = steps[-1][1][rows], steps[:-1]
        else:
            numbers = np.array(rows, np.intp)  # a copy, which the caller cannot change
        numbers.flags.writeable = False
        return replace(self, steps=(*steps, ("select", numbers)))

    def elsewhere(self, path: str) -> Recipe:
        """Say how to read another table in the same way.

        Parameters
        ----------
        path : str
            The absolute path of the other table.

        Returns
        -------
        Recipe
            For all its rows.
        """
        return replace(self, path=path, steps=())

    def open(self) -> TableReader:
        """Open the table, and select its rows.

        Returns
        -------
        TableReader
            A reader of its own.

        Raises
        ------
        TableError
            When the table is no longer what it was.
        IndexError
            When it has fewer rows than were selected.
        """
        from dsa110_contimg.casa.tables import open_table

        reader = open_table(
            self.path,
            isolated=self.isolated,
            backend=self.backend,
            timeout=self.timeout,
            memory_limit=self.memory_limit,
        )
        for step in self.steps:
            reader = reader.query(step[1]) if step[0] == "query" else reader.select(step[1])
        return reader
