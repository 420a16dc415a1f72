"""``import-doctor``: examine an import from a shell."""

from __future__ import annotations

import math
import os
import sys

import click

from dsa110_contimg.doctor.errors import DoctorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


EXIT_USAGE, EXIT_STOPPED = 2, 130
"""What the command ends with beside an action's own code: could not be done, stopped with Ctrl-C."""


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
@click.argument("target", metavar="TARGET", required=False)
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
@click.option("--static", "is_static", is_flag=True, help="Read the source instead of running the target.")
@click.option("--fix", "is_fix", is_flag=True, help="Print the edits that cure it as a diff, proven in a copy.")
@click.option("--apply", "is_applied", is_flag=True, help="With --fix: write the edits, too.")
@click.option(
    "--editable",
    metavar="PATH",
    multiple=True,
    type=click.Path(exists=True),
    help="With --fix or --static: file or folder that may be edited; repeat.  [default: the target's own package]",
)
@click.option("--check", "is_check", is_flag=True, help="Hold imports against the contracts in TARGET/pyproject.toml.")
@click.option("--environment", "is_survey", is_flag=True, help="Look for what may clash in the interpreter's packages.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="Write the report as a page, too.")
@click.version_option(package_name="dsa110-contimg", prog_name="import-doctor")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    target: str | None,
    args: tuple[str, ...],
    html: str | None,
    **options: Any,
) -> None:
    """Find out why an import crashes, hangs, exits or raises, and cure it.

    TARGET is a statement in quotes, the name of a module, or the path of a script. It runs in a child of its own, with
    all that it does; whatever becomes of it, you get the chain of imports to where it ended, and why. What follows --
    goes to a script as its arguments.

    \b
    Examples:
      import-doctor "from mypackage.qa import create_cutout"
      import-doctor mypackage --forbid numpy --html report.html
      import-doctor mypackage --forbid numpy --static       reads the source, runs nothing
      import-doctor mypackage --forbid numpy --fix          prints the edit that keeps numpy out
      import-doctor --check                                 the contracts of the project in this folder
      import-doctor --environment                           what may clash, before it does

    Exit codes: 0 healthy, 1 any other verdict, 2 it could not be examined, 130 stopped with Ctrl-C.
    """  # noqa: D301 - click reads the backslash
    from dsa110_contimg.doctor.actions import Asked, choose_action

    asked = Asked(target, args, html, **options)
    ctx.exit(choose_action(asked)(asked))


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
