"""A sheet of text as wide as the terminal, drawn through rich."""

from __future__ import annotations

import io
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

LEAST_WIDTH = 30
"""Below it words are cut, whatever one does."""
_IN_ASCII = str.maketrans({"…": "...", "↓": "v", "✗": "x", "◀": "<-", "•": "-", "×": "x", "–": "-", "’": "'"})


class Sheet:
    """Collect a report, and write out no line wider than the terminal.

    Parameters
    ----------
    width : int
        Columns.
    colour : bool
        Whether to use colours.
    is_ascii : bool
        Whether only ASCII can be shown.
    """

    def __init__(self, width: int, *, colour: bool, is_ascii: bool) -> None:
        from rich.console import Console

        self.width = max(width, LEAST_WIDTH)
        """Columns."""
        self._is_ascii = is_ascii
        self._stream = io.StringIO()
        self._console = Console(
            file=self._stream,
            width=self.width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            no_color=not colour,
            legacy_windows=False,
            markup=False,
            highlight=False,
            emoji=False,
        )

    def text(self, words: str, style: str = "") -> Text:
        """Make text that rich does not read as markup."""
        from rich.text import Text

        if self._is_ascii:
            words = words.translate(_IN_ASCII).encode("ascii", "backslashreplace").decode("ascii")
        return Text(words, style=style, overflow="fold")

    def headline(self, words: str, *, is_good: bool) -> None:
        """Write the verdict."""
        self._put(self.text(words, "bold green" if is_good else "bold red"), 0)

    def heading(self, words: str) -> None:
        """Write a heading, after an empty line."""
        self._console.print()
        self._put(self.text(words, "bold"), 0)

    def prose(self, words: str, style: str = "") -> None:
        """Write sentences, wrapped between words; code between backquotes stands out."""
        self._put(self._mark_code(words, style), 2)

    def item(self, words: str) -> None:
        """Write one of several reasons."""
        self._grid([(self.text("•"), self._mark_code(words))], gap=1)

    def line(self, words: str | Text, indent: int = 2, style: str = "") -> None:
        """Write a line, which goes on below only if it is too long."""
        self._put(self.text(words, style) if isinstance(words, str) else words, indent)

    def numbered(self, sentences: Iterable[str]) -> None:
        """Write sentences with numbers before them."""
        self._grid(
            [(self.text(f"{number}."), self._mark_code(words)) for number, words in enumerate(sentences, start=1)]
        )

    def pairs(self, rows: Iterable[tuple[str, str]], style: str = "") -> None:
        """Write names and values in two columns."""
        self._grid([(self.text(name, "dim"), self.text(value, style)) for name, value in rows])

    def measure(self, words: str) -> int:
        """Return how many columns a text takes."""
        return self.text(words).cell_len

    def finish(self) -> str:
        """Return what was written, without blanks at the ends of lines."""
        lines = [re.sub(r"[ ]+((\x1b\[[0-9;]*m)*)$", r"\1", line) for line in self._stream.getvalue().split("\n")]
        return "\n".join(lines)

    def _mark_code(self, words: str, style: str = "") -> Text:
        text = self.text(words, style)
        text.highlight_regex(r"`[^`]+`", "cyan")
        return text

    def _grid(self, rows: Iterable[tuple[Text, Text]], gap: int = 2) -> None:
        from rich.padding import Padding
        from rich.table import Table

        grid = Table.grid(padding=(0, gap, 0, 0), pad_edge=False)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for row in rows:
            grid.add_row(*row)
        self._console.print(Padding(grid, (0, 0, 0, 2)))

    def _put(self, text: Text, indent: int) -> None:
        from rich.padding import Padding

        self._console.print(Padding(text, (0, 0, 0, indent), expand=False))
