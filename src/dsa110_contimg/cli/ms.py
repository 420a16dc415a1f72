"""``dsa110-qa ms``: whether a Measurement Set is good."""

from __future__ import annotations

from pathlib import Path

import click

from dsa110_contimg.cli.console import EXIT_FINDING, draw_grid, open_console, print_json, track
from dsa110_contimg.cli.verdicts import STYLES, count, draw_gates, draw_paths, draw_verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from rich.console import Console

    from dsa110_contimg.qa.measurement_sets.pieces import Piece
    from dsa110_contimg.qa.measurement_sets.quality import FlagCount, MSQuality

_GAP = 3


@click.command("ms", short_help="Tell whether a Measurement Set is good.")
@click.argument("path", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print every number as JSON; NaN is null.")
@click.option(
    "--plots",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for pictures of amplitudes and flags, made if absent; needs matplotlib.",
)
@click.pass_context
def command(ctx: click.Context, path: str, as_json: bool, plots: Path | None) -> None:
    """Measure what is in the Measurement Set PATH, what is flagged, and how loud it is.

    Exit codes: 0 nothing failed, 1 a gate says FAIL, 2 usage, 3 missing dependency, 4 unreadable table.
    """
    from dsa110_contimg.qa.drawing.figures import prepare_pictures
    from dsa110_contimg.qa.measurement_sets.description import describe_measurement_set
    from dsa110_contimg.qa.measurement_sets.measuring import measure
    from dsa110_contimg.qa.thresholds import Thresholds

    if plots is not None:
        prepare_pictures(plots)
    quality = measure(path, Thresholds(), _follow)
    pictures = [] if plots is None else quality.write_pictures(plots)
    if as_json:
        print_json(describe_measurement_set(quality) | {"pictures": [str(picture) for picture in pictures]})
    else:
        _report(quality, pictures)
    if quality.verdict == "FAIL":
        ctx.exit(EXIT_FINDING)


def _follow(pieces: Iterator[Piece], n_rows: int) -> Iterator[Piece]:
    return track(pieces, "Rows", n_rows, weigh=lambda piece: piece.n_rows)


def _report(quality: MSQuality, pictures: list[Path]) -> None:
    from rich.text import Text

    console = open_console()
    draw_verdict(console, quality.verdict, quality.path, quality.gates)
    for line in _introduce(quality):
        console.print(Text(line))
    console.print()
    draw_gates(console, quality.gates)
    if quality.antennas:
        limit = f"{100 * quality.thresholds.antenna_flag_fraction:g} %"
        console.print(Text(f"Flagged by antenna; HIGH is above {limit}", "bold"))
        _draw_antennas(console, quality)
        console.print()
    console.print(_draw_counts(quality))
    draw_paths(console, pictures)


def _introduce(quality: MSQuality) -> Iterator[str]:
    n_unused = len(quality.unused_antennas)
    n_channels = sum(window.total.size for window in quality.windows)
    parts = [
        count(quality.n_rows, "row"),
        count(len(quality.antennas), "antenna") + (f" ({n_unused} without data)" if n_unused else ""),
        count(quality.n_integrations, "integration"),
        count(len(quality.fields), "field"),
        count(len(quality.windows), "spectral window") + f" with {count(n_channels, 'channel')}",
        count(len(quality.subtables), "subtable"),
    ]
    yield ", ".join(parts)
    if quality.start_mjd is not None and quality.end_mjd is not None:
        scale = f" {quality.time_scale}" if quality.time_scale else ""
        yield f"MJD {quality.start_mjd:.6f} to {quality.end_mjd:.6f}{scale}, {quality.duration_s:.1f} s"
    if quality.data_column is None:
        yield "No visibilities"
        return
    yield (
        f"{count(quality.n_visibilities, 'visibility', 'visibilities')} in {quality.data_column}: "
        f"{quality.n_unflagged:,} unflagged, {quality.n_zero:,} zero, {quality.n_nonfinite:,} NaN or infinite"
    )


def _draw_antennas(console: Console, quality: MSQuality) -> None:
    """Draw as many antennas side by side as there is room for, running downwards."""
    from rich.text import Text

    styles = {"dead": STYLES["FAIL"], "high": STYLES["WARN"], "unused": "dim"}
    widest = max(len(antenna.name) for antenna in quality.antennas)
    cells = []
    for antenna in quality.antennas:
        mark = quality.mark(antenna)
        word = {"dead": "dead", "high": "HIGH"}.get(mark, "")
        cells.append(Text(f"{antenna.name:<{widest}} {_percent(antenna):>7} {word:<4}", styles.get(mark, "")))
    n_columns = max(1, (console.width + _GAP) // (widest + 13 + _GAP))
    n_lines = -(-len(cells) // n_columns)
    for line in range(n_lines):
        console.print(Text(" " * _GAP).join(cells[line::n_lines]), soft_wrap=True)


def _draw_counts(quality: MSQuality) -> Any:
    rows = [("all", "", _fraction(quality.flag_fraction), f"{quality.n_flags:,}")]
    for kind, counts in (
        ("field", quality.fields),
        ("correlation", quality.correlations),
        ("DATA_DESC_ID", quality.data_descriptions),
    ):
        for counted in counts:
            name = counted.name if kind == "correlation" else f"{counted.number} {counted.name}".rstrip()
            rows.append((kind, name, _percent(counted), f"{counted.total:,}"))
    for window in quality.windows:
        name = f"{window.number} {window.name}".rstrip() if window.number >= 0 else window.name
        rows.append(("window", name, _fraction(window.flag_fraction), f"{int(window.total.sum()):,}"))
    return draw_grid(("Flagged by", "Name", "Fraction", "Values"), rows, numbers=("Fraction", "Values"))


def _percent(counted: FlagCount) -> str:
    return _fraction(counted.flag_fraction)


def _fraction(fraction: float | None) -> str:
    """Write a fraction in percent: what is not quite nothing or all never looks as if it were."""
    if fraction is None:
        return "no data"
    if 0 < fraction < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= fraction < 1:
        return "> 99.9 %"
    return f"{100 * fraction:.1f} %"
