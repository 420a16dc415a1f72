"""What the verbs share: exit codes, talk to standard error, a progress bar, JSON and reports to standard output."""

from __future__ import annotations

import json
import sys
import warnings
from contextlib import contextmanager

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TextIO, TypeVar

    from rich.console import Console
    from rich.progress import Task

    Item = TypeVar("Item")


EXIT_FINDING, EXIT_USAGE, EXIT_MISSING, EXIT_UNREADABLE = 1, 2, 3, 4
"""What a verb ends with; 0 is fine."""

EXIT_STOPPED = 130
"""What a verb ends with when the person pressed Ctrl-C, as at every shell."""

_WIDTH_WHEN_PIPED = 160


def talk(message: str) -> None:
    """Say something to the person, on standard error."""
    click.echo(message, err=True)


@contextmanager
def talk_warnings() -> Iterator[None]:
    """Say our own warnings like everything else, once each, without the place in the code that Python would add."""
    from dsa110_contimg.errors import ContimgWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", ContimgWarning)
        show, said = warnings.showwarning, set[str]()

        def say(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, ContimgWarning):
                show(message, category, filename, lineno, file, line)
            elif str(message) not in said:
                said.add(str(message))
                talk(f"Warning: {message}")

        warnings.showwarning = say
        yield


def print_json(result: object) -> None:
    """Print a result as JSON on standard output, in ASCII, which every terminal and every file name survives."""
    click.echo(json.dumps(result, indent=2, allow_nan=False))


def open_console() -> Console:
    """Open the terminal for a report on standard output; where it is none, there is room for 160 columns."""
    from rich.console import Console

    # Texts from data are never read as rich's markup, and nothing is coloured by guessing what it is.
    return Console(width=None if sys.stdout.isatty() else _WIDTH_WHEN_PIPED, markup=False, highlight=False)


def draw_grid(
    head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, styles: Sequence[str] = (), numbers: tuple[str, ...] = ()
) -> Any:
    """Draw rows of texts below their titles; styles are one for each row, `numbers` the titles of what stands right."""
    from itertools import zip_longest

    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, title in enumerate(head):
        is_number = title in numbers
        grid.add_column(
            title, no_wrap=index == 0 or is_number, overflow="fold", justify="right" if is_number else "left"
        )
    for row, style in zip_longest(rows, styles[: len(rows)], fillvalue=""):
        grid.add_row(*(Text(text) for text in row), style=str(style))
    return grid


def track(
    items: Iterable[Item],
    description: str,
    total: int | None = None,
    weigh: Callable[[Item], int] | None = None,
) -> Iterator[Item]:
    """Yield the items while a progress bar shows on standard error, if it is a terminal: count, rate, time left.

    An item counts as one, or as much as it weighs.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(TextColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.3g}/s")

    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(Rate(""), TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(description, total=total)
        for item in items:
            yield item
            progress.advance(task, 1 if weigh is None else weigh(item))
