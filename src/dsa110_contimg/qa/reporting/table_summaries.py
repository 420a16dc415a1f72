"""What is told of Measurement Sets and caltables."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from dsa110_contimg.qa.measurement_sets.quality import MSQuality
from dsa110_contimg.qa.notation import format_date, format_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsa110_contimg.qa.caltable_quality import CaltableQuality
    from dsa110_contimg.qa.gates import Gate, Verdict
    from dsa110_contimg.qa.reporting.findings import TableFinding


@dataclass(frozen=True, slots=True)
class TableSummary:
    """One table."""

    kind: str
    """Measurement Set, or caltable."""
    path: str
    """Where it is."""
    verdict: Verdict
    """The worst of its gates."""
    facts: tuple[tuple[str, str], ...]
    """What is in it: a title and a value each."""
    gates: tuple[Gate, ...]
    """All of its gates."""
    pictures: tuple[tuple[str, str], ...]
    """Title of each picture, and the PNG file in base 64."""


def summarise_table(finding: TableFinding) -> TableSummary:
    """Gather what is told of a table.

    Parameters
    ----------
    finding : TableFinding
        What was found.

    Returns
    -------
    TableSummary
        What the page shows of it.
    """
    quality = finding.quality
    if quality is None:
        facts: Iterator[tuple[str, str]] = iter(())
    elif isinstance(quality, MSQuality):
        facts = _describe_measurement_set(quality)
    else:
        facts = _describe_caltable(quality)
    pictures = tuple((one.title, base64.b64encode(one.png).decode()) for one in finding.pictures)
    return TableSummary(finding.kind, finding.path, finding.verdict, tuple(facts), finding.gates, pictures)


def _describe_measurement_set(quality: MSQuality) -> Iterator[tuple[str, str]]:
    yield "Rows", f"{quality.n_rows:,}"
    yield "Integrations", f"{quality.n_integrations:,}"
    if quality.start_mjd is not None and quality.duration_s is not None:
        yield "Start", f"{format_date(quality.start_mjd, 'seconds')}, {quality.duration_s:.0f} s"
    yield "Antennas", f"{len(quality.antennas)}"
    yield "Dead antennas", ", ".join(quality.dead_antennas) or "none"
    yield "Antennas much flagged", ", ".join(quality.marked_antennas) or "none"
    yield "Fields", ", ".join(field.name or str(field.number) for field in quality.fields)
    n_channels = sum(window.total.size for window in quality.windows)
    yield "Spectral windows", f"{len(quality.windows)} with {n_channels} channels"
    yield "Flagged", _percent(quality.flag_fraction)
    yield "Unflagged and zero", _percent(quality.zero_fraction)
    yield "Unflagged and not finite", _percent(quality.nonfinite_fraction)


def _describe_caltable(quality: CaltableQuality) -> Iterator[tuple[str, str]]:
    from dsa110_contimg.qa.caltables.gates import label

    ids = quality.antenna_ids.tolist()
    yield "Kind", f"{quality.kind} ({quality.viscal})" if quality.viscal else quality.kind
    if quality.measurement_set:
        yield "Solved from", quality.measurement_set
    if quality.start_mjd == quality.start_mjd:
        yield "Start", format_date(quality.start_mjd, "seconds")
    yield "Antennas", f"{len(ids)}"
    yield "Dead antennas", ", ".join(label(quality, ids.index(number)) for number in quality.dead_antennas) or "none"
    yield "Solutions", f"{quality.n_solutions:,}, {quality.n_usable:,} usable"
    yield "Flagged", _percent(quality.flag_fraction)
    for title, value, unit in (
        ("Phase scatter of all", quality.total_phase_scatter_deg, "°"),
        ("Median amplitude", quality.amplitude, ""),
        ("Median SNR", quality.snr, ""),
        ("Median delay", quality.delay_ns, " ns"),
        ("Largest delay", quality.largest_delay_ns, " ns"),
    ):
        if value == value:
            yield title, f"{format_number(value)}{unit}"


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None or fraction != fraction else f"{100 * fraction:.2f} %"
