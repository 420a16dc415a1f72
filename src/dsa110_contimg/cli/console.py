"""What the verbs share: exit codes, talk to standard error, a progress bar, tables and JSON to standard output."""

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
    from rich.table import Table
    from rich.text import Text

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
    """Open standard output for tables and colours, as wide as the terminal, or wide enough for a file."""
    from rich.console import Console

    # Texts from files are never read as rich's markup, and nothing is coloured by guessing what it is.
    return Console(width=None if sys.stdout.isatty() else _WIDTH_WHEN_PIPED, markup=False, highlight=False)


def make_grid(head: Sequence[str], rows: Iterable[Sequence[str | Text]], right: Sequence[int] = ()) -> Table:
    """Make a table of texts for rich; the first column is never broken, those named in `right` are numbers."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, title in enumerate(head):
        grid.add_column(
            title, no_wrap=index == 0 or index in right, overflow="fold", justify="right" if index in right else "left"
        )
    for row in rows:
        grid.add_row(*(Text(text) if isinstance(text, str) else text for text in row))
    return grid


def plain(value: Any) -> Any:
    """Turn values into what JSON can say: complex is [real, imaginary]; NaN, infinities and what is masked are null."""
    import numpy as np

    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is np.ma.masked:
        return None
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, complex):
        return None if value != value else [plain(value.real), plain(value.imag)]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    return value


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
