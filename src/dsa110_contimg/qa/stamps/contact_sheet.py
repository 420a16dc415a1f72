"""The contact sheet: every source on one page that a browser opens from disk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import quote

from dsa110_contimg._files import replacing
from dsa110_contimg.images.gathering import STATUSES
from dsa110_contimg.qa.notation import format_angle, format_date, format_position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.qa.stamps.records import SourceRecord

_TEMPLATE = Path(__file__).with_name("contact_sheet.html.jinja")
_SHOWN_FILES = 3


def write_contact_sheet(sources: Sequence[SourceRecord], path: Path, *, size_arcmin: float) -> None:
    """Write the page.

    Parameters
    ----------
    sources : sequence of SourceRecord
        In the order of the catalogue.
    path : Path
        The page; its links lead to the files beside it.
    size_arcmin : float
        Length of a stamp's side in arcminutes.

    Raises
    ------
    UnwritableOutputError
        If it cannot be written.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        cards=[_describe(source) for source in sources],
        images=len(sources[0].stamps) if sources else 0,
        dates=_tell_dates(sources),
        size=format_angle(size_arcmin / 60),
        counts=_count(sources),
    )
    with replacing(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8")


def _describe(source: SourceRecord) -> dict[str, object]:
    found = Counter(stamp.status for stamp in source.stamps)
    fits = sorted({stamp.fits for stamp in source.stamps if stamp.fits is not None})
    best = source.best_snr
    return {
        "name": source.name,
        "position": format_position(source.ra_deg, source.dec_deg),
        "degrees": f"{source.ra_deg:.6f} {source.dec_deg:+.6f}",
        "sheet": source.sheet and quote(source.sheet),
        "width": source.sheet_pixels[0],
        "height": source.sheet_pixels[1],
        "best": best,
        "snr": None if best is None else f"{best:.1f}",
        "epochs": sum(found[status] for status in ("full", "partial")),
        "statuses": [(status, found[status]) for status in STATUSES if found[status]],
        "fits": [(quote(file), Path(file).name) for file in fits[:_SHOWN_FILES]],
        "folder": quote(str(Path(fits[0]).parent)) if len(fits) > _SHOWN_FILES else None,
        "n_fits": len(fits),
    }


def _count(sources: Sequence[SourceRecord]) -> list[tuple[str, int]]:
    found = Counter(stamp.status for source in sources for stamp in source.stamps)
    return [(status, found[status]) for status in STATUSES if found[status]]


def _tell_dates(sources: Sequence[SourceRecord]) -> str:
    dates = [stamp.mjd for source in sources for stamp in source.stamps if stamp.mjd is not None]
    if not dates:
        return ""
    first, last = (format_date(day)[:10] for day in (min(dates), max(dates)))
    return first if first == last else f"{first} to {last}"
