"""What the verbs share: exit codes, talk to standard error, a progress bar, JSON to standard output."""

from __future__ import annotations

import json
import sys
import warnings
from contextlib import contextmanager

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO, TypeVar

    from rich.progress import Task

    Item = TypeVar("Item")


EXIT_FINDING, EXIT_USAGE, EXIT_MISSING, EXIT_UNREADABLE = 1, 2, 3, 4
"""What a verb ends with; 0 is fine."""

EXIT_STOPPED = 130
"""What a verb ends with when the person pressed Ctrl-C, as at every shell."""


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


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items while a progress bar shows on standard error, if it is a terminal: count, rate, time left."""
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
        yield from progress.track(items, total=total, description=description)
