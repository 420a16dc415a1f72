"""What the terminal can show."""

from __future__ import annotations

import os
import sys

from dsa110_contimg.doctor.report.sheet import Sheet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_WIDTH_WHEN_PIPED, _WIDEST = 100, 120
_MARKS = "…↓✗◀•"


def make_sheet() -> Sheet:
    """Make a sheet for standard output, as wide and as colourful as that is."""
    is_terminal = sys.stdout.isatty()
    width = _WIDTH_WHEN_PIPED
    if is_terminal:
        import shutil

        width = min(shutil.get_terminal_size().columns, _WIDEST)
    colour = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Sheet(width, colour=colour, is_ascii=not can_show(sys.stdout))


def can_show(stream: TextIO) -> bool:
    """Return whether a stream takes the marks of a report."""
    try:
        _MARKS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
