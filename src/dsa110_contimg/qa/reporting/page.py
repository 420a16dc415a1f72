"""The page: one file that a browser opens from disk, with everything in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dsa110_contimg.qa.gates import Verdict, find_troubles
from dsa110_contimg.qa.notation import format_angle, format_number
from dsa110_contimg.qa.reporting import image_table, source_table
from dsa110_contimg.qa.reporting.highlights import find_highlights
from dsa110_contimg.qa.reporting.table_summaries import summarise_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dsa110_contimg.qa.reporting.findings import Findings
    from dsa110_contimg.qa.reporting.source_table import Section
    from dsa110_contimg.qa.reporting.strips import Strip

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a report came about."""

    command: str
    """What makes it again."""
    made: str
    """When it was made, UTC."""
    versions: tuple[tuple[str, str], ...]
    """Names and versions of what took part."""


def write_page(
    path: Path, findings: Findings, strips: Iterable[Strip | None], provenance: Provenance, *, size_arcmin: float
) -> None:
    """Write the page.

    Parameters
    ----------
    path : Path
        The file.
    findings : Findings
        What was found.
    strips : iterable of Strip or None
        The stamps of each source, in the order of `source_table.order_sources`; drawn while the page is written, so
        that they are never all in memory.
    provenance : Provenance
        How the report came about.
    size_arcmin : float
        Length of a stamp's side in arcminutes.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": format_number, "troubles": find_troubles}
    template = environment.from_string(_read("page.html.jinja"))
    curves = findings.light_curves
    stream = template.stream(
        style=_read("page.css"),
        script=_read("page.js"),
        findings=findings,
        highlights=find_highlights(findings),
        verdicts=list(Verdict),
        image_columns=image_table.list_columns(findings.images),
        image_rows=list(image_table.list_rows(findings.images)),
        noise_plot=image_table.plot_noise(findings.images),
        source_columns=source_table.COLUMNS,
        source_rows=[] if curves is None else list(source_table.list_rows(curves)),
        sections=_make_sections(findings, strips),
        variables=findings.variables,
        tables=[summarise_table(table) for table in findings.tables],
        size=format_angle(size_arcmin / 60),
        provenance=provenance,
    )
    stream.enable_buffering(64)
    stream.dump(str(path), encoding="utf-8")


def _make_sections(findings: Findings, strips: Iterable[Strip | None]) -> Iterator[Section]:
    curves = findings.light_curves
    if curves is None:
        return
    for k, strip in zip(source_table.order_sources(curves).tolist(), strips, strict=True):
        yield source_table.make_section(curves, k, strip)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
