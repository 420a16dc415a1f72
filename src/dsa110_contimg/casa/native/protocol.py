"""What a native library, or a worker that holds one, must be able to do with a table."""

from __future__ import annotations

from typing import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.casa.readings import Reading
    from dsa110_contimg.casa.tables import ColumnDescription, Shape


class NativeTable(Protocol):
    """A table as a native library has it open. Nothing is checked here any more, and errors are already ours."""

    @property
    def path(self) -> str:
        """The absolute path of the table."""

    @property
    def nrows(self) -> int:
        """The number of rows."""

    @property
    def columns(self) -> Mapping[str, ColumnDescription]:
        """The description of each column, by name, in the table's order."""

    @property
    def keywords(self) -> Mapping[str, object]:
        """The table's keywords; a subtable is a `SubtableReference`, a record a dict."""

    @property
    def info(self) -> Mapping[str, str]:
        """The table's ``type``, ``subType`` and ``readme``."""

    def column_keywords(self, column: str) -> Mapping[str, object]:
        """Read the keywords of a column."""

    def find_shape(self, column: str) -> Shape | None:
        """Find the one shape of all cells that the storage lays down; None if only the rows themselves can tell."""

    def list_shapes(self, column: str, rows: range) -> list[Shape | None]:
        """Ask rows for the shapes of their cells; None is a cell without a value."""

    def fill(self, reading: Reading, out: NDArray[Any]) -> None:
        """Read into an array of the reading's shape and type, which is not empty."""

    def query(self, taql: str) -> NativeTable:
        """Select the rows for which a TaQL expression is true."""

    def select(self, rows: NDArray[np.intp]) -> NativeTable:
        """Select rows by number, in the order given."""

    def close(self) -> None:
        """Let go of the table's files."""
