"""What a terminal, or whatever stands in its place, can show."""

from __future__ import annotations

import os
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_WIDTH_WHEN_PIPED, _WIDEST = 100, 120
_MARKS = "…↓✗◀•"


@dataclass(frozen=True)
class Look:
    """How a report is drawn."""

    width: int = _WIDTH_WHEN_PIPED
    """Columns."""
    colour: bool = False
    """Whether to use colours."""
    is_ascii: bool = False
    """Whether only ASCII can be shown."""


def find_look(stream: TextIO) -> Look:
    """Find how to draw a report for whoever reads a stream."""
    is_terminal = stream.isatty()
    width = _WIDTH_WHEN_PIPED
    if is_terminal:
        import shutil

        width = min(shutil.get_terminal_size().columns, _WIDEST)
    colour = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(width, colour, not _can_show(stream))


def _can_show(stream: TextIO) -> bool:
    try:
        _MARKS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
