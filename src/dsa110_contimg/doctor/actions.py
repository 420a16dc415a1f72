"""What ``import-doctor`` can be asked to do; each prints its answer and returns an exit code."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import click

from dsa110_contimg.doctor.errors import BadTargetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_HEALTHY, EXIT_FINDING = 0, 1
"""What an examination ends with: healthy, any other verdict."""


@dataclass(frozen=True)
class Asked:
    """What was asked at the shell."""

    target: str | None
    """What to examine; the folder of a project for its contracts."""
    args: tuple[str, ...] = ()
    """Arguments of a script."""
    html: str | None = None
    """The file for a page."""
    python: str | None = None
    """The interpreter."""
    forbid: tuple[str, ...] = ()
    """What must not be loaded."""
    timeout: float = 60.0
    """Seconds after which a run is taken to hang."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables for the target."""
    is_static: bool = False
    """Whether nothing may be run."""
    is_fix: bool = False
    """Whether to print the edits that cure."""
    is_applied: bool = False
    """Whether to write them."""
    editable: tuple[str, ...] = ()
    """What may be edited."""
    is_check: bool = False
    """Whether to hold the contracts of a project."""
    is_survey: bool = False
    """Whether to look at the packages of an interpreter."""
    as_json: bool = False
    """Whether to print JSON."""

    @property
    def interpreter(self) -> str:
        """The interpreter, this one unless another was named."""
        return self.python or sys.executable


def choose_action(asked: Asked) -> Callable[[Asked], int]:
    """Find what is to be done, and refuse what does not go together.

    Parameters
    ----------
    asked : Asked
        What was asked.

    Returns
    -------
    callable
        Does it.

    Raises
    ------
    BadTargetError
        When options contradict each other, or the target is missing.
    """
    modes = {"--check": asked.is_check, "--environment": asked.is_survey, "--fix": asked.is_fix}
    chosen = [name for name, is_chosen in modes.items() if is_chosen]
    if len(chosen) > 1:
        raise BadTargetError(f"{' and '.join(chosen)} were asked for at once.", hint="Ask for one after the other.")
    if asked.is_applied and not asked.is_fix:
        raise BadTargetError("--apply writes what --fix finds, which was not asked for.", hint="Add --fix.")
    if asked.html is not None and (chosen or asked.is_static):
        raise BadTargetError("--html is for the report of an examination.", hint="Leave --html out.")
    if asked.is_survey:
        return look_around
    if asked.is_check:
        return check_contracts
    if not asked.target:
        raise BadTargetError(
            "Nothing was named to be examined.",
            hint='Name a module (numpy.linalg), a statement ("from package import name") or a script (run.py).',
        )
    if asked.args and asked.target in ("from", "import"):
        statement = " ".join([asked.target, *asked.args])
        raise BadTargetError(
            f"The statement was not in quotes: {statement}", hint=f'Write: import-doctor "{statement}"'
        )
    if asked.is_fix:
        return cure_import
    return read_source if asked.is_static else examine_target


def examine_target(asked: Asked) -> int:
    """Run the target in a child, and report what became of it."""
    from dsa110_contimg.doctor.examiner import examine
    from dsa110_contimg.doctor.report.terminal import make_sheet, print_text
    from dsa110_contimg.doctor.report.text import draw_examination

    with _say_that_it_runs(asked):
        found = examine(
            asked.target or "",
            python=asked.interpreter,
            forbid=asked.forbid,
            timeout=asked.timeout,
            env=dict(asked.env),
            args=asked.args,
        )
    if asked.html is not None:
        from dsa110_contimg.doctor.report.page import write_page

        write_page(found, asked.html)
        click.echo(f"The page is {asked.html}", err=True)
    if asked.as_json:
        print_text(json.dumps(found.to_json(), indent=2, allow_nan=False) + "\n")
    else:
        sheet = make_sheet()
        draw_examination(sheet, found)
        print_text(sheet.finish())
    return EXIT_HEALTHY if found.verdict == "healthy" else EXIT_FINDING


def read_source(asked: Asked) -> int:
    """Read from source which roads lead to what is forbidden, and which statements to move."""
    from dsa110_contimg.doctor.imports.command import print_static

    return print_static(
        asked.target or "",
        forbid=asked.forbid,
        editable=asked.editable,
        python=asked.interpreter,
        env=dict(asked.env),
        as_json=asked.as_json,
    )


def cure_import(asked: Asked) -> int:
    """Print the edit that cures an import, and write it if that is wanted."""
    from dsa110_contimg.doctor.curing import cure

    return cure(
        asked.target or "",
        forbid=asked.forbid,
        editable=asked.editable,
        python=asked.interpreter,
        timeout=asked.timeout,
        env=dict(asked.env),
        args=asked.args,
        apply=asked.is_applied,
    )


def check_contracts(asked: Asked) -> int:
    """Hold imports against the contracts of a project."""
    from dsa110_contimg.doctor.guard.command import print_check, print_static_check

    project = asked.target or "."
    if asked.is_static:
        return print_static_check(project, python=asked.interpreter, as_json=asked.as_json)
    return print_check(
        project, python=asked.interpreter, timeout=asked.timeout, as_json=asked.as_json, env=dict(asked.env)
    )


def look_around(asked: Asked) -> int:
    """Look for what may clash in the packages of an interpreter."""
    from dsa110_contimg.doctor.environment.command import print_environment

    return print_environment(python=asked.interpreter, as_json=asked.as_json)


@contextmanager
def _say_that_it_runs(asked: Asked) -> Iterator[None]:
    """Show on standard error that something goes on, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.text import Text

    from dsa110_contimg.doctor.report.wording import clean

    told = f"Examining {clean(asked.target or '')} (at most {asked.timeout:g} s a run)"
    with Console(stderr=True).status(Text(told, overflow="ellipsis", no_wrap=True)):
        yield
