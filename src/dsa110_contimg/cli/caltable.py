"""``dsa110-qa caltable``: how good a caltable is."""

from __future__ import annotations

from pathlib import Path

import click

from dsa110_contimg.cli.console import EXIT_FINDING, draw_grid, open_console, print_json
from dsa110_contimg.cli.verdicts import STYLES, count, draw_gates, draw_paths, draw_verdict
from dsa110_contimg.qa.notation import format_date, format_number
from dsa110_contimg.qa.plain_values import make_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa import CaltableQuality


@click.command("caltable", short_help="Measure how good a caltable is.")
@click.argument("path", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print every number as JSON; what was not measured is null.")
@click.option(
    "--plots",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for pictures of what was measured of each antenna, made if absent; needs matplotlib.",
)
@click.pass_context
def command(ctx: click.Context, path: str, as_json: bool, plots: Path | None) -> None:
    """Measure the CASA caltable PATH: dead antennas, flags, scatter of phase, amplitudes, SNR, delays.

    Exit code 1 means that a gate failed: every antenna is dead. A warning is no failure.
    """
    from dsa110_contimg.qa import measure_caltable
    from dsa110_contimg.qa.drawing.figures import prepare_pictures

    if plots is not None:
        prepare_pictures(plots)
    quality = measure_caltable(path)
    pictures = [] if plots is None else quality.write_pictures(plots)
    if as_json:
        from dataclasses import asdict

        print_json(make_plain({"verdict": quality.verdict, **asdict(quality), "pictures": pictures}))
    else:
        _draw(quality, pictures)
    if quality.verdict == "FAIL":
        ctx.exit(EXIT_FINDING)


def _draw(quality: CaltableQuality, pictures: list[Path]) -> None:
    console = open_console()
    draw_verdict(console, quality.verdict, quality.path, quality.gates)
    for line in _describe(quality):
        console.print(line)
    console.print()
    draw_gates(console, quality.gates)
    head, rows = _list_antennas(quality)
    styles = [STYLES["WARN"] if row[0].startswith("!") else "" for row in rows]
    console.print(draw_grid(head, rows, styles=styles, numbers=head[1:-1]))
    if quality.absent_antennas:
        console.print(f"\nWithout any solution: {', '.join(_list_absent(quality))}")
    draw_paths(console, pictures)


def _describe(quality: CaltableQuality) -> Iterator[str]:
    named = f" ({quality.viscal})" if quality.viscal else ""
    source = f", solved from {quality.measurement_set}" if quality.measurement_set else ""
    yield f"{quality.kind.capitalize()}{named}{source}"
    channels = sorted(set(quality.n_channels))
    counts = [
        count(quality.n_rows, "row"),
        count(len(quality.antenna_ids), "antenna"),
        count(len(quality.spectral_windows), "spectral window")
        + (f" of {count(channels[-1], 'channel')}" if len(channels) == 1 else ""),
        count(quality.n_receptors, "receptor"),
    ]
    if len(channels) > 1:
        counts[2] += f" of {channels[0]} to {channels[-1]} channels"
    yield ", ".join(counts)
    if quality.n_rows_without_value:
        yield f"Not measured: {count(quality.n_rows_without_value, 'row')} without a value or fitting flags"
    if quality.start_mjd == quality.start_mjd:
        times = dict.fromkeys(format_date(mjd, "seconds") for mjd in (quality.start_mjd, quality.end_mjd))
        yield f"{' to '.join(times)} UTC"


def _list_antennas(quality: CaltableQuality) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """List what was measured of each antenna, in columns of which none is empty throughout."""
    from dsa110_contimg.qa.caltables.gates import label

    delays, largest = quality.delay_by_antenna_ns, quality.largest_delay_by_antenna_ns
    columns: dict[str, tuple[NDArray[Any], float | None, Callable[[Any], str]]] = {
        "Flagged": (quality.flag_fraction_by_antenna, quality.flag_fraction, _percent),
        "Phase ± (°)": (quality.phase_scatter_deg, None, _tell_angles),
        "Amplitude": (quality.amplitude_by_antenna, quality.amplitude, format_number),
        "SNR": (quality.snr_by_antenna, quality.snr, format_number),
        "Delay (ns)": (delays, quality.delay_ns, format_number),
        "Largest (ns)": (largest, quality.largest_delay_ns, format_number),
    }
    shown = {title: column for title, column in columns.items() if _are_known(column[0])}
    if _are_known(delays):
        shown.pop("SNR", None)  # nothing is said of it for delays
    rows = []
    for place, number in enumerate(quality.antenna_ids.tolist()):
        if number in quality.absent_antennas:
            continue
        remarks = [*quality.remarks[place], *(["reference"] if number in quality.reference_antennas else [])]
        mark = "! " if quality.remarks[place] else "  "
        cells = (tell(values[place].tolist()) for values, _, tell in shown.values())
        rows.append((mark + label(quality, place), str(number), *cells, ", ".join(remarks)))
    if rows:
        rows.append(("  all", "", *("" if whole is None else tell(whole) for _, whole, tell in shown.values()), ""))
    return ("  Antenna", "#", *shown, ""), rows


def _list_absent(quality: CaltableQuality) -> list[str]:
    from dsa110_contimg.qa.caltables.gates import label

    ids = quality.antenna_ids.tolist()
    return [label(quality, ids.index(number)) for number in quality.absent_antennas]


def _are_known(values: NDArray[Any]) -> bool:
    return bool((values == values).any())


def _tell_angles(angles: list[float]) -> str:
    return " / ".join("–" if degrees != degrees else f"{degrees:.1f}" for degrees in angles)


def _percent(fraction: float) -> str:
    return "–" if fraction != fraction else f"{100 * fraction:.1f} %"
