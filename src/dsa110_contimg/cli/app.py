"""``dsa110-qa``: the verbs together, and what every error means for the exit code."""

from __future__ import annotations

import io
import sys

import click

from dsa110_contimg import errors
from dsa110_contimg.cli.console import EXIT_FINDING, EXIT_MISSING, EXIT_STOPPED, EXIT_UNREADABLE, EXIT_USAGE

_EXIT_CODES: tuple[tuple[type[errors.ContimgError], int], ...] = (
    (errors.MissingDependencyError, EXIT_MISSING),
    (errors.NoOverlapError, EXIT_FINDING),
    (errors.AmbiguousPlaneError, EXIT_USAGE),
    (errors.BadPositionError, EXIT_USAGE),
    (errors.ColumnNotFoundError, EXIT_USAGE),
    (errors.RaggedColumnError, EXIT_USAGE),
    (errors.BadQueryError, EXIT_USAGE),
    (errors.OutputExistsError, EXIT_USAGE),
    (errors.UnwritableOutputError, EXIT_USAGE),
    (errors.BadSimulationError, EXIT_USAGE),
    (errors.ContimgError, EXIT_UNREADABLE),
)


class _Verbs(click.Group):
    """Verbs whose errors are told without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except errors.ContimgError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(next(code for kind, code in _EXIT_CODES if isinstance(error, kind)))
        except KeyboardInterrupt:
            # Else click would end with 1, which is a finding.
            click.echo("Stopped.", err=True)
            ctx.exit(EXIT_STOPPED)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dsa110-contimg", prog_name="dsa110-qa")
def verbs() -> None:
    """Look at radio images, CASA tables and Measurement Sets.

    Results go to standard output, talk goes to standard error.

    Exit codes: 0 fine, 1 a finding, 2 usage, 3 missing dependency, 4 unreadable data.
    """


def main() -> None:
    """Run ``dsa110-qa``."""
    # The verbs are imported here and not above, so that importing this module stays light.
    from dsa110_contimg.cli import caltable, casa, cutout, ms, report, simulate, stamps, table, watch

    for module in (report, watch, stamps, cutout, ms, caltable, table, casa, simulate):
        verbs.add_command(module.command)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Not every terminal knows µ and …, and file names may hold bytes that are no text at all.
            stream.reconfigure(errors="backslashreplace")
    verbs()
