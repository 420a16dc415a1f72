"""``dsa110-qa watch``: a report that grows as images arrive."""

from __future__ import annotations

import time
from pathlib import Path

import click

from dsa110_contimg.cli.console import talk
from dsa110_contimg.cli.parameters import night_options, plane_options, size_option
from dsa110_contimg.cli.report import make_report, tell_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.qa.reporting.measuring import Known


@click.command("watch", short_help="Make a report that grows as images arrive.")
@click.argument("arriving", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@night_options
@size_option
@plane_options
@click.option(
    "--every",
    "seconds",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="How long to wait between two looks.",
)
def command(arriving: Path, folder: Path, seconds: float, **options: Any) -> None:
    """Report on the images in DIR, and again each time one has arrived, has changed or is gone, until Ctrl-C.

    An image counts once it has stood still from one look to the next and can be opened; a FITS file that is shorter
    than its header says is being written. What is reported is what is in DIR: stopped and started again, nothing is
    lost.
    """
    from dsa110_contimg.qa.catalogues import read_catalogue
    from dsa110_contimg.qa.reporting.watching import Arrivals

    for catalogue in (options["sources"], options["reference"]):
        if catalogue is not None:
            read_catalogue(catalogue)  # a wrong name shall be told now, and not when the first image is there
    arrivals, told, known = Arrivals(arriving), dict[str, str](), dict[str, "Known"]()
    talk(f"Watching {arriving}. Ctrl-C ends it.")
    while True:
        is_new = arrivals.look()
        for path, why in arrivals.waiting.items():
            if told.get(path) != why:
                talk(f"Not complete: {path}: {why}")
        told = dict(arrivals.waiting)
        if is_new and arrivals.complete:
            tell_report(make_report(arrivals.complete, folder, options, known))
        time.sleep(seconds)
