"""The report as a page: one file that needs nothing else, to print or to send."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dsa110_contimg.doctor.errors import UnwritableFolderError
from dsa110_contimg.doctor.native.demangling import shorten_symbol
from dsa110_contimg.doctor.report.explanations import explain
from dsa110_contimg.doctor.report.passages import select_frames
from dsa110_contimg.doctor.report.picture import draw_picture
from dsa110_contimg.doctor.report.summaries import list_side_effects, sum_up_loaded
from dsa110_contimg.doctor.report.wording import (
    find_blamed,
    make_harmless,
    name_distribution,
    name_library,
    shorten,
    write_place,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from markupsafe import Markup

    from dsa110_contimg.doctor.examination import Examination

_TEMPLATE = "page.html.jinja"


def write_page(examination: Examination, path: str | os.PathLike[str]) -> None:
    """Write the report of an examination as a page of HTML.

    Parameters
    ----------
    examination : Examination
        What was found.
    path : str or os.PathLike
        The file to write; what stands there is replaced in one step.

    Raises
    ------
    UnwritableFolderError
        When the folder is absent or cannot be written to, or something that is no file stands at the path. What stood
        there is left as it was.
    """
    page = draw_page(examination)
    place = Path(os.path.realpath(path))  # a link stays, and what it leads to is replaced
    hidden = place.with_name(f".{os.urandom(4).hex()}.{place.name}")
    if place.exists() and not place.is_file():
        raise UnwritableFolderError(
            f"The page {place} was to be written, and what stands there is no file.", hint="Name a file."
        )
    try:
        try:
            with hidden.open("x", encoding="utf-8") as file:
                file.write(page)
            hidden.replace(place)
        finally:
            hidden.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # ValueError for a path with a NUL in it
        raise UnwritableFolderError(
            f"The page {place.name} was to be written to {place.parent}: {getattr(error, 'strerror', None) or error}.",
            hint="Name a folder that exists, that you may write to, and that has room.",
        ) from error


def draw_page(examination: Examination) -> str:
    """Draw the report of an examination as HTML.

    Parameters
    ----------
    examination : Examination
        What was found.

    Returns
    -------
    str
        A whole page. Every text that came from what was examined is escaped.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__ or "", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "code": _mark_code,
        "items_of": enumerate,
        "short": shorten,
        "library": name_library,
        "symbol": shorten_symbol,
    }
    found = make_harmless(examination)
    frames, left_out = select_frames(found.native_frames)
    template = environment.get_template(_TEMPLATE)
    return template.render(
        found=found,
        told=explain(found),
        picture=draw_picture(found),
        frames=frames,
        left_out=left_out,
        blamed=find_blamed(found.chain),
        side_effects=list_side_effects(found.side_effects),
        loaded=list(sum_up_loaded(found)),
        owner=name_distribution(found, found.culprit.distribution) if found.culprit else None,
        slowest=sorted(
            (one for one in found.loaded.modules if one.seconds is not None), key=lambda one: -(one.seconds or 0)
        )[:20],
        find_blamed=find_blamed,
        write_place=write_place,
        name_distribution=lambda name: name_distribution(found, name),
    )


def _mark_code(sentence: str) -> Markup:
    """Return a sentence as HTML in which code stands where the backquotes were."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))  # noqa: S704 - escaped just before
