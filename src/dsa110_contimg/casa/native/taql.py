"""Conditions in TaQL, casacore's query language, which a person gives and any backend asks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsa110_contimg.errors import BadQueryError

QUERY_HINT = "Give one expression that is true or false for a row, such as: ANTENNA1 == 0 && SCAN_NUMBER > 2"
"""What to do about a query that fails."""

_WRITING = re.compile(r"\b(alter|copy|create|delete|drop|giving|insert|into|update)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
"""A text in TaQL. It ends on its line: a lone quote in a comment is none, and hides no words on the next line."""


@dataclass(frozen=True)
class Condition:
    """What is asked of each row of a table, as a command that casacore understands.

    Raises
    ------
    BadQueryError
        When it would write.
    """

    taql: str
    """The expression, as the person wrote it."""
    wanted: str = ""
    """What to select of the rows for which it is true: expressions, or nothing for the rows themselves."""

    def __post_init__(self) -> None:
        # A pattern after ~ and a name with \ may hold a lone quote: then only the parser knows what is quoted.
        seen = self.taql if {"~", "\\"} & set(self.taql) else _QUOTED.sub("", self.taql)
        if writing := _WRITING.search(seen):
            raise BadQueryError(
                f"The query {self.taql!r} contains {writing[0]!r}, and tables are only read.", hint=QUERY_HINT
            )

    @property
    def command(self) -> str:
        """The whole command, about the table ``$1``."""
        return f"{self._before}{self.taql}\n)"

    def unwrap(self, message: str) -> str:
        """Take our own words out of the parser's message, so that its position counts in what the person wrote.

        Parameters
        ----------
        message : str
            The message, about `command`.

        Returns
        -------
        str
            The same about `taql`.
        """
        message = message.replace(self.command, self.taql)
        return re.sub(r"(?<=position )\d+", lambda found: str(max(0, int(found[0]) - len(self._before))), message)

    @property
    def _before(self) -> str:
        return f"using style Python select {self.wanted}{' ' if self.wanted else ''}from $1 where (\n"
