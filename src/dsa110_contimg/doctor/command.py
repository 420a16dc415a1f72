"""``import-doctor``: examine an import from a shell."""

from __future__ import annotations

import json
import math
import os
import sys
from contextlib import contextmanager

import click

from dsa110_contimg.doctor.errors import BadTargetError, DoctorError, UnwritableFolderError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from dsa110_contimg.doctor.examination import Examination

EXIT_HEALTHY, EXIT_FINDING, EXIT_USAGE, EXIT_STOPPED = 0, 1, 2, 130
"""What the command ends with: healthy, any other verdict, could not be examined, stopped with Ctrl-C."""
_WIDTH_WHEN_PIPED, _WIDEST = 100, 120
_MARKS = "…↓✗◀•"


class _Examine(click.Command):
    """A command whose errors are told without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except DoctorError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(EXIT_USAGE)
        except KeyboardInterrupt:
            # Else click would end with 1, which is a finding.
            click.echo("Stopped.", err=True)
            ctx.exit(EXIT_STOPPED)


def _read_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise click.BadParameter(f"{text!r} is no number of seconds above 0.")
    return seconds


def _read_variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals) or "\0" in text:
        raise click.BadParameter(f"{text!r} is no variable with its value, such as CASAPATH=/data.")
    return name, value


@click.command("import-doctor", cls=_Examine, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--python", metavar="EXE", help="Interpreter to examine under: CPython 3.8 or newer.  [default: this one]"
)
@click.option(
    "--forbid", metavar="NAME", multiple=True, help="Module or native library that must not be loaded; repeat."
)
@click.option(
    "--timeout",
    metavar="S",
    type=_read_seconds,
    default="60",
    show_default=True,
    help="Seconds after which it is taken to hang.",
)
@click.option("--env", metavar="K=V", multiple=True, type=_read_variable, help="Set a variable for the target; repeat.")
@click.option("--json", "as_json", is_flag=True, help="Print the examination as JSON.")
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="Write the report as a page, too.")
@click.version_option(package_name="dsa110-contimg", prog_name="import-doctor")
@click.pass_context
def command(
    ctx: click.Context,
    target: str,
    args: tuple[str, ...],
    python: str | None,
    forbid: tuple[str, ...],
    timeout: float,
    env: tuple[tuple[str, str], ...],
    as_json: bool,
    html: str | None,
) -> None:
    """Find out why an import crashes, hangs, exits or raises.

    TARGET is a statement in quotes, the name of a module, or the path of a script. It runs in a child of its own, with
    all that it does; whatever becomes of it, you get the chain of imports to where it ended, and why. What follows --
    goes to a script as its arguments.

    \b
    Examples:
      import-doctor "from mypackage.qa import create_cutout"
      import-doctor mypackage --forbid numpy --html report.html

    Exit codes: 0 healthy, 1 any other verdict, 2 it could not be examined, 130 stopped with Ctrl-C.
    """  # noqa: D301 - click reads the backslash
    if args and target in ("from", "import"):
        statement = " ".join([target, *args])
        raise BadTargetError(
            f"The statement was not in quotes: {statement}", hint=f'Write: import-doctor "{statement}"'
        )
    from dsa110_contimg.doctor.examiner import examine

    with _say_that_it_runs(target, timeout):
        found = examine(
            target, python=python or sys.executable, forbid=forbid, timeout=timeout, env=dict(env), args=args
        )
    if html is not None:
        from dsa110_contimg.doctor.report.page import write_page

        write_page(found, html)
        click.echo(f"The page is {html}", err=True)
    _print(json.dumps(found.to_json(), indent=2, allow_nan=False) + "\n" if as_json else _draw(found))
    ctx.exit(EXIT_HEALTHY if found.verdict == "healthy" else EXIT_FINDING)


@contextmanager
def _say_that_it_runs(target: str, timeout: float) -> Iterator[None]:
    """Show on standard error that something goes on, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.text import Text

    from dsa110_contimg.doctor.report.wording import clean

    said = Text(f"Examining {clean(target)} (at most {timeout:g} s a run)", overflow="ellipsis", no_wrap=True)
    with Console(stderr=True).status(said):
        yield


def _draw(found: Examination) -> str:
    from dsa110_contimg.doctor.report.text import draw_text

    is_terminal = sys.stdout.isatty()
    width = _WIDTH_WHEN_PIPED
    if is_terminal:
        import shutil

        width = min(shutil.get_terminal_size().columns, _WIDEST)
    colour = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return draw_text(found, width=width, colour=colour, is_ascii=not _can_show(sys.stdout))


def _can_show(stream: TextIO) -> bool:
    try:
        _MARKS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _print(text: str) -> None:
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except OSError as error:
        # Python would try to write the rest at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # there, whoever read has seen enough
            raise UnwritableFolderError(
                f"The report cannot be written to standard output: {error.strerror}.",
                hint="Make room, or send it elsewhere.",
            ) from error


def main() -> None:
    """Run ``import-doctor``."""
    import io

    if sys.stdout is None:  # closed by whoever called us; the exit code still tells
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - it stays open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Source lines may hold what the terminal cannot show, and file names bytes that are no text at all.
            stream.reconfigure(errors="backslashreplace")
    command(prog_name="import-doctor")
