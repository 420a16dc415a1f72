"""``dsa110-qa report``: images, tables and sources on one page, with a verdict."""

from __future__ import annotations

import shlex

import click

from dsa110_contimg.cli.console import EXIT_FINDING, EXIT_UNREADABLE, open_console, talk, talk_warnings, track
from dsa110_contimg.cli.parameters import night_options, plane_options, size_option
from dsa110_contimg.cli.verdicts import STYLES, count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Any

    from rich.console import Console

    from dsa110_contimg.qa.report import Report
    from dsa110_contimg.qa.reporting.findings import Findings
    from dsa110_contimg.qa.reporting.measuring import Known


@click.command("report", short_help="Put images, tables and sources on one page.")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@night_options
@size_option
@plane_options
@click.pass_context
def command(ctx: click.Context, /, images: tuple[str, ...], folder: Path, **options: Any) -> None:
    """Measure every IMAGE, what else was given, and what the sources did, and write a page about it.

    DIR gets index.html, which a browser opens from disk, report.json with every number, and light_curves.parquet. The
    verdict, and where the page is, go to standard output.

    Exit codes: 0 nothing failed, 1 a gate says FAIL, or a source is on no image, 2 usage, 3 missing dependency, 4 some
    image or table, or a catalogue, is unreadable. What is unreadable does not stop the others.
    """
    report = make_report(images, folder, options)
    ctx.exit(tell_report(report))


def make_report(
    images: Sequence[str], folder: Path, options: dict[str, Any], known: dict[str, Known] | None = None
) -> Report:
    """Make a report as a verb was asked to, and show how it goes on."""
    from dsa110_contimg.qa.reporting.measuring import list_night
    from dsa110_contimg.qa.reporting.writing import write_report

    with talk_warnings():
        night = list_night(images, **options)
        return write_report(night, folder, _write_command(list(night.addresses), folder, options), _track, known)


def tell_report(report: Report) -> int:
    """Print the verdict, what led to it, and where the page is; return the exit code."""
    console = open_console()
    _draw(console, report.findings)
    console.print(str(report.page), soft_wrap=True)
    for one in report.findings.left_out:
        talk(f"Left out: {one.what}: {one.why}")
    for remark in report.findings.remarks:
        talk(remark)
    if report.findings.left_out:
        return EXIT_UNREADABLE
    return EXIT_FINDING if report.verdict == "FAIL" or report.findings.lost_sources else 0


def _draw(console: Console, findings: Findings) -> None:
    from rich.text import Text

    from dsa110_contimg.qa.notation import format_number, list_names
    from dsa110_contimg.qa.reporting.highlights import find_highlights

    counted = [count(len(findings.images), "image")]
    if findings.tables:
        counted.append(count(len(findings.tables), "table"))
    curves = findings.light_curves
    if curves is not None:
        counted.append(count(len(curves.names), "source"))
    console.print(Text(f"{findings.verdict}  ", STYLES[findings.verdict]) + Text(", ".join(counted), "bold"))
    for one in find_highlights(findings):
        value = f" {one.value} ({one.threshold})" if one.value else ""
        reason = f". {one.reason}" if one.reason else ""
        told = f"  {one.verdict}  {one.gate}{value}: {one.whom}{reason}"
        console.print(Text(told, STYLES[one.verdict]), soft_wrap=True)
    if curves is not None:
        eta = curves.variability.eta
        named = [f"{curves.names[k]} (η {format_number(float(eta[k]))})" for k in findings.variables]
        listed = f": {list_names(named)}" if named else ""
        console.print(Text(f"  {len(findings.variables)} of {len(curves.names)} sources vary{listed}"), soft_wrap=True)


def _track(things: Sequence[str], called: str) -> Iterable[str]:
    return track(things, called, total=len(things))


def _write_command(images: Sequence[str], folder: Path, options: dict[str, Any]) -> str:
    named = {
        "measurement_sets": "--ms",
        "caltables": "--caltable",
        "sources": "--sources",
        "reference": "--reference",
        "size_arcmin": "--size",
        "hdu": "--hdu",
        "stokes": "--stokes",
        "channel": "--channel",
    }
    told = ["dsa110-qa", "report", *images]
    for key, option in named.items():
        value = options[key]
        if key == "size_arcmin":
            told += [] if value == 2.0 else [option, f"{value:g}arcmin"]
        elif isinstance(value, tuple):
            told += [word for one in value for word in (option, one)]
        elif value is not None:
            told += [option, str(value)]
    return shlex.join([*told, "-o", str(folder)])
