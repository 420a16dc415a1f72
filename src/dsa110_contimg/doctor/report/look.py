"""What a terminal, or whatever stands in its place, can show."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from dsa110_contimg.doctor.report.sheet import Sheet

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


def make_sheet() -> Sheet:
    """Make a sheet for standard output, as wide and as colourful as that is."""
    from dsa110_contimg.doctor.report.sheet import Sheet

    look = find_look(sys.stdout)
    return Sheet(look.width, colour=look.colour, is_ascii=look.is_ascii)


def _can_show(stream: TextIO) -> bool:
    try:
        _MARKS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
