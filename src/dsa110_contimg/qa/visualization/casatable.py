"""Browse a CASA table.

Importing this module loads neither casacore nor numpy, which would start threads: its functions import what they need.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from xarray import Dataset

    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.casa.tables import SubtableReference
    from dsa110_contimg.qa.visualization.columns import Column
    from dsa110_contimg.qa.visualization.summary import TableSummary


class CasaTable:
    """Browse a CASA table: its columns, keywords, subtables and rows.

    Columns are ``table["DATA"]`` or ``table.DATA``, and masked by the flags ``table.DATA_F``. Subtables are
    ``table.ANTENNA``. Rows are ``table[10:20]``, again a table. Nothing is read before it is asked for, and nothing
    is ever written.

    Parameters
    ----------
    path : str or os.PathLike
        The table's folder; ``~`` is the home folder.
    isolated : bool
        Whether another process reads, so that a crash in native code is an exception here. It is a fresh interpreter,
        started when a table is first opened, which serves all tables of this process.
    backend : {"casacore", "arcae"}, optional
        The library that reads; unless given python-casacore, or arcae where only that is installed.
    timeout : float or None
        How long, in seconds, the other process may give no sign before it is ended; None for ever. A long read gives
        a sign with every two megabytes.
    memory_limit : int, optional
        How much memory an answer may take, in bytes; unless given, as much as there is.

    Raises
    ------
    TableNotFoundError
        When nothing is there.
    UnreadableTableError
        When it is no table, or a damaged one.
    MissingDependencyError
        When the library that reads is not installed.
    ValueError
        When there is no such library, or a limit is not positive.
    CasaCrashError
        When the process that reads died, here or at any later read. The next read starts a new one.
    CasaTimeoutError
        When it gave no sign for too long, here or at any later read.

    Notes
    -----
    Where a column and a method or a subtable have the same name, ``table["NAME"]`` is the column.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_measurement_set
    >>> folder = tempfile.TemporaryDirectory()
    >>> truth = simulate_measurement_set(f"{folder.name}/field.ms", n_antennas=4, n_times=2, seed=1)
    >>> with CasaTable(truth.path) as table:
    ...     amplitude = abs(table.query("ANTENNA1 == 0").DATA_F[:, 10:20])
    >>> amplitude.shape
    (6, 10, 2)
    >>> folder.cleanup()
    """

    _is_closed = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        isolated: bool = True,
        backend: str | None = None,
        timeout: float | None = 60.0,
        memory_limit: int | None = None,
    ) -> None:
        from dsa110_contimg.casa.tables import open_table

        self._reader = open_table(path, isolated=isolated, backend=backend, timeout=timeout, memory_limit=memory_limit)

    @classmethod
    def _of(cls, reader: TableReader) -> CasaTable:
        table = cls.__new__(cls)
        table._reader = reader  # noqa: SLF001 - a CasaTable of our own making
        return table

    @property
    def path(self) -> str:
        """The absolute path of the table; for a selection of rows, of the table they were selected from."""
        return self._reader.path

    @property
    def nrows(self) -> int:
        """The number of rows."""
        return self._reader.nrows

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in the table's order."""
        return list(self._reader.columns)

    @property
    def info(self) -> Mapping[str, str]:
        """The table's ``type``, ``subType`` and ``readme``, as far as it tells them."""
        return self._reader.info

    @property
    def keywords(self) -> Mapping[str, object]:
        """The table's keywords, by name; a reference to a subtable says its path and whether it exists."""
        return self._reader.keywords

    @property
    def subtables(self) -> dict[str, SubtableReference]:
        """The subtables, by name. One whose ``exists`` is False dangles: the table names it, and it is absent."""
        from dsa110_contimg.casa.tables import SubtableReference

        return {name: value for name, value in self.keywords.items() if isinstance(value, SubtableReference)}

    def query(self, taql: str) -> CasaTable:
        """Select the rows for which an expression is true.

        Parameters
        ----------
        taql : str
            One TaQL expression that is true or false for each row: what stands after ``where`` in a query.

        Returns
        -------
        CasaTable
            The rows, in the table's order.

        Raises
        ------
        BadQueryError
            When the expression does not parse or names an unknown column; the parser's message is kept, and its
            position counts in the expression. Also when it would write a table.
        """
        return CasaTable._of(self._reader.query(taql))

    def select(self, **values: Any) -> CasaTable:
        """Select the rows in which columns have given values.

        Parameters
        ----------
        **values : int, float, str or sequence of these
            For each column of single values, by its name in capitals or small letters, the value or the values that
            it may have: ``data_desc_id=0``, ``field_id=[1, 3]``. A row must fit all of them.

        Returns
        -------
        CasaTable
            The rows, in the table's order; none if no row fits.

        Raises
        ------
        ColumnNotFoundError
            When there is no such column.
        ValueError
            When a column holds arrays.
        """
        import numpy as np

        fits = np.ones(self.nrows, bool)
        for name, wanted in values.items():
            column = self._column(name if name in self.columns else name.upper())
            if not column.description.is_scalar:
                raise ValueError(f"the cells of {column.name} are arrays: rows are selected by single values")
            fits &= np.isin(column[:], wanted)
        return CasaTable._of(self._reader.select(np.flatnonzero(fits)))

    def summarise(self) -> TableSummary:
        """Sum up the table for a person, as the notebook and the command line show it.

        Returns
        -------
        TableSummary
            Its columns with their shapes, units and first values, its keywords and its subtables.
        """
        from dsa110_contimg.qa.visualization.summary import summarise

        return summarise(self._reader)

    def to_xarray(self) -> Dataset:
        """Make an xarray Dataset of the table: lazily where dask is installed, else by reading it.

        Returns
        -------
        xarray.Dataset
            A variable for each column, over the dimension ``row``. The axes of cells of the shape that FLAG has are
            ``chan`` and ``corr``, that of UVW is ``uvw``, any other is named after its column and number, as in
            ``LABEL_axis1``. A variable's attributes are its ``units``, its ``comment`` and the column's keywords, those
            of the Dataset the table's keywords, with the path of each subtable.

        Raises
        ------
        MissingDependencyError
            When xarray is not installed.

        Warns
        -----
        ContimgWarning
            When columns are left out because their cells make no array: they are the attribute ``ragged_columns``.
            Columns in which nothing was ever written are the attribute ``columns_without_values``.
        """
        from dsa110_contimg.qa.visualization.datasets import make_dataset

        return make_dataset(self._reader)

    def close(self) -> None:
        """Let go of the table's files; its columns can no longer be read, but rows selected from it can."""
        self._reader.close()
        self._is_closed = True

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._column(key)
        import numpy as np

        rows = np.atleast_1d(np.arange(self.nrows)[key])
        if rows.ndim != 1 or isinstance(key, bool):
            raise IndexError("rows are an integer, a slice, a list of integers, or a mask with one value for each row")
        return CasaTable._of(self._reader.select(rows))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # not ours: Python and notebooks ask for many such names
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name not in self.columns and name in self.subtables:
            return CasaTable._of(self._reader.recipe.elsewhere(self.subtables[name].path).open())
        return self._column(name)

    def _column(self, name: str) -> Column:
        from dsa110_contimg.qa.visualization.columns import Column
        from dsa110_contimg.qa.visualization.flagged import FlaggedColumn

        if name not in self.columns and name.endswith("_F") and name.removesuffix("_F") in self.columns:
            return FlaggedColumn(self._reader, name.removesuffix("_F"))
        return Column(self._reader, name)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return self.nrows

    def __dir__(self) -> list[str]:
        # A dangling subtable is no attribute: what walks over dir() would fall over it.
        present = [name for name, subtable in self.subtables.items() if subtable.exists]
        measured = [
            column for column in self._reader.columns.values() if column.dtype.kind in "fc" and column.ndim != 0
        ]
        flagged = [f"{column.name}_F" for column in measured if "FLAG" in self.columns]
        return [*super().__dir__(), *self.columns, *flagged, *present]

    def __enter__(self) -> CasaTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._is_closed:  # debuggers and tracebacks ask then, too
            return f"<CasaTable {self.path}: closed>"
        return f"<CasaTable {self.path}: {self.nrows} rows, {len(self.columns)} columns>"

    def _repr_html_(self) -> str:
        from dsa110_contimg.errors import CasaError, TableError
        from dsa110_contimg.qa.visualization.html import MOST_SUBTABLES, draw_note, draw_table
        from dsa110_contimg.qa.visualization.subtables import summarise_subtables

        if self._is_closed:  # a traceback would be no picture
            return draw_note(repr(self))
        try:
            summary = self.summarise()
        except (TableError, CasaError) as error:
            return draw_note(f"<CasaTable {self.path}>", error)
        return draw_table(summary, summarise_subtables(self._reader, MOST_SUBTABLES))
