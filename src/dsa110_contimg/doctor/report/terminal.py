"""What the terminal can show."""

from __future__ import annotations

import os
import sys

from dsa110_contimg.doctor.errors import UnwritableFolderError
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


def print_text(text: str | bytes) -> None:
    """Print a report to standard output.

    Parameters
    ----------
    text : str or bytes
        The report, with a line end at its end; bytes go out as they are, whatever the terminal's encoding.

    Raises
    ------
    UnwritableFolderError
        When there is no room for it. Where whoever reads has seen enough, nothing happens.
    """
    import click

    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except OSError as error:
        # Python would try to write the rest at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UnwritableFolderError(
                f"The report cannot be written to standard output: {error.strerror}.",
                hint="Make room, or send it elsewhere.",
            ) from error


def can_show(stream: TextIO) -> bool:
    """Return whether a stream takes the marks of a report."""
    try:
        _MARKS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
