"""What a terminal, or whatever stands in its place, can show."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from dsa110_contimg.doctor.errors import UnwritableFolderError

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


def _can_show(stream: TextIO) -> bool:
    try:
        _MARKS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
