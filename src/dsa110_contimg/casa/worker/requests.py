"""What a caller asks its worker."""

from __future__ import annotations

from typing import NamedTuple

Step = tuple[int, int | None, str, object]
"""How a table came about: its number, the number of the table it was selected from (None if it was opened), ``"open"``,
``"query"`` or ``"select"``, and the folder, the TaQL expression or the row numbers. Numbers are never used again."""


class Request(NamedTuple):
    """A question about a table."""

    key: int
    """The number of the table."""
    steps: tuple[Step, ...]
    """How to get there, as far as this worker does not know it yet."""
    gone: tuple[int, ...]
    """The numbers of tables that nobody will ask about any more."""
    memory_limit: int | None
    """How much memory an answer may take, in bytes; None for all there is."""
    ask: str
    """The name of an attribute or method of `NativeTable`."""
    arguments: tuple[object, ...]
    """What to call the method with; for ``"fill"`` the packed reading."""
