"""A sheet of stamps: all epochs of one source in one picture, and one stamp alone.

Pillow draws it all, 60 times and more faster than panels with WCS axes, and without loading matplotlib or astropy.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from dsa110_contimg.qa.drawing import legend
from dsa110_contimg.qa.drawing.colour_maps import MARK
from dsa110_contimg.qa.drawing.overlays import draw_compass, point_alike
from dsa110_contimg.qa.drawing.panel import choose_side, draw_empty_panel, draw_panel, find_sky_axes
from dsa110_contimg.qa.drawing.stretch import fit_stretch
from dsa110_contimg.qa.drawing.text import draw_text, measure_text, shorten_text
from dsa110_contimg.qa.notation import format_angle, format_date, format_position, split_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from dsa110_contimg.qa.drawing.stretch import Stretch
    from dsa110_contimg.qa.stamps.cutout import Cutout

_MARGIN, _GAP, _LABEL = 20, 10, 18
_NARROWEST = 440
_TITLE, _SUBTITLE = 24, 14
_EMPTY = {"off-image": "off the image", "unreadable": "unreadable"}
"""What an empty panel says, by the status of its stamp."""
_GREY, _FRAME = (90, 98, 104), (60, 64, 68)


def draw_sheet(panels: Sequence[Cutout], *, title: str) -> Image.Image:
    """Draw all stamps of one source in one stretch.

    Parameters
    ----------
    panels : sequence of Cutout
        One an epoch, all of one position and size. They are put in the order of their dates; those without a date
        come last. Those that are off the image or unreadable, as in a stack, give empty panels that say so.
    title : str
        Name of the source.

    Returns
    -------
    PIL.Image.Image
        A panel is labelled with its date, or with its file's name where it has no date or shares it with another.

    Raises
    ------
    ValueError
        When there is no panel.

    Notes
    -----
    The same colour is the same brightness in every panel: prefixes of units are taken into account, and what the
    colours mean stands once, below. Pixels are enlarged as they are, without smoothing. The stretch is linear within
    the noise and logarithmic above (`Stretch`), the colour map is cubehelix, and what is orange was drawn over it.

    The beam is drawn at its true size and angle, from north through east on the sky of that very image.
    """
    if not panels:
        raise ValueError("A sheet needs at least one panel.")
    panels = sorted(panels, key=lambda panel: (panel.mjd is None, panel.mjd or 0.0, panel.image))
    stamps = [panel for panel in panels if panel.status not in _EMPTY]
    stretch = fit_stretch(scale_pixels(stamp) for stamp in stamps)
    columns = _choose_columns(len(panels))
    side = choose_side([stamp.data.shape for stamp in stamps], columns)
    grid = _draw_grid(panels, stretch, columns, side)
    width = max(grid.width, _NARROWEST)
    parts = [_draw_heading(width, title, panels), grid]
    if stretch is not None:
        bases = dict.fromkeys(split_unit(stamp.unit)[1] for stamp in stamps)
        parts.append(legend.draw_colour_bar(width, stretch, " and ".join(base or "no unit" for base in bases)))
    if stamps:
        parts.append(legend.draw_legend(width, _explain(stamps, len(stamps) < len(panels), side)))
    return _stack(parts, width)


def draw_stamp(cutout: Cutout, *, title: str | None = None) -> Image.Image:
    """Draw one stamp: a sheet with one panel.

    Parameters
    ----------
    cutout : Cutout
        What to draw.
    title : str, optional
        The name of the image's file unless given.

    Returns
    -------
    PIL.Image.Image
        The stamp with colour bar, beam, target and scale.
    """
    return draw_sheet([cutout], title=title or Path(cutout.image).name)


def _choose_columns(count: int) -> int:
    """Choose the number of columns, at least as many as rows, that leaves the fewest places empty."""
    fewest = math.isqrt(count - 1) + 1
    return min(range(fewest, max(fewest, int(1.5 * math.sqrt(count))) + 1), key=lambda columns: (-count) % columns)


def scale_pixels(stamp: Cutout) -> npt.NDArray[np.floating]:
    """Return the pixels in their unit without its prefix, so that epochs in mJy and in Jy compare.

    Parameters
    ----------
    stamp : Cutout
        Any.

    Returns
    -------
    ndarray
        Shape (ny, nx).
    """
    factor, _ = split_unit(stamp.unit)
    pixels: npt.NDArray[np.floating] = stamp.data if factor == 1.0 else stamp.data * factor
    return pixels


def _draw_grid(panels: Sequence[Cutout], stretch: Stretch | None, columns: int, side: int) -> Image.Image:
    size = 13 if side >= 120 else 11
    step_x, step_y = side + _GAP, side + _GAP + _LABEL
    rows = -(-len(panels) // columns)
    picture = Image.new("RGB", (columns * step_x - _GAP + 2, rows * step_y - _GAP + 2), "white")
    pen = ImageDraw.Draw(picture)
    turned = not are_turned_alike(panels, side)
    for place, (panel, label) in enumerate(zip(panels, _label(panels), strict=True)):
        left, top = place % columns * step_x + 1, place // columns * step_y + _LABEL
        picture.paste(draw_one(panel, stretch, side, compass=turned), (left, top))
        pen.rectangle([left - 1, top - 1, left + side, top + side], outline=_FRAME)
        draw_text(pen, (left, top - 5), shorten_text(label, size, side), size, legend.INK, "ls")
    return picture


def draw_one(panel: Cutout, stretch: Stretch | None, side: int, *, compass: bool) -> Image.Image:
    """Draw one stamp of several that share a stretch, or say why there is none.

    Parameters
    ----------
    panel : Cutout
        The stamp, whatever its status.
    stretch : Stretch or None
        That of all of them; None if none has a pixel.
    side : int
        Width and height of the picture, in pixels.
    compass : bool
        Whether to show where north and east are.

    Returns
    -------
    PIL.Image.Image
        The picture.
    """
    if stretch is None or panel.status in _EMPTY or panel.status == "blank":
        return draw_empty_panel(_EMPTY.get(panel.status, "blank"), side)
    drawn = draw_panel(panel, scale_pixels(panel), stretch, side)
    if compass:
        reach = min(max(0.07 * side, 9), 18)
        draw_compass(drawn, (side - 2 * reach, 2 * reach), reach, find_sky_axes(panel, side), MARK)
    return drawn


def are_turned_alike(panels: Sequence[Cutout], side: int) -> bool:
    """Tell whether north and east are where they are in all of the stamps that have a sky; see `point_alike`."""
    return point_alike([find_sky_axes(panel, side) for panel in panels if panel.status not in _EMPTY])


def _label(panels: Sequence[Cutout]) -> list[str]:
    """Name each panel by its date; by its file where there is no date, or where two would have the same name."""
    dates = [None if panel.mjd is None else format_date(panel.mjd) for panel in panels]
    shared = Counter(dates)
    return [
        Path(panel.image).name if date is None or shared[date] > 1 else date
        for panel, date in zip(panels, dates, strict=True)
    ]


def _draw_heading(width: int, title: str, panels: Sequence[Cutout]) -> Image.Image:
    facts = [f"{len(panels)} epoch{'s' * (len(panels) != 1)}"]
    dates = [format_date(panel.mjd)[:10] for panel in panels if panel.mjd is not None]
    if dates:
        facts.append(dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}")
    size = format_angle(panels[0].size_arcmin / 60)
    facts = [format_position(panels[0].ra_deg, panels[0].dec_deg), f"{size} x {size}", *facts]
    lines = _wrap(facts, width)
    picture = Image.new("RGB", (width, _TITLE + 10 + len(lines) * (_SUBTITLE + 6)), "white")
    pen = ImageDraw.Draw(picture)
    draw_text(pen, (0, 0), shorten_text(title, _TITLE, width), _TITLE, legend.INK)
    for number, line in enumerate(lines):
        draw_text(pen, (0, _TITLE + 10 + number * (_SUBTITLE + 6)), line, _SUBTITLE, _GREY)
    return picture


def _wrap(facts: Sequence[str], width: int) -> list[str]:
    """Put facts one after the other, in lines no wider than given."""
    lines = [facts[0]]
    for fact in facts[1:]:
        longer = f"{lines[-1]}   ·   {fact}"
        if measure_text(longer, _SUBTITLE) <= width:
            lines[-1] = longer
        else:
            lines.append(fact)
    return lines


def _explain(stamps: Sequence[Cutout], some_missing: bool, side: int) -> list[legend.Entry]:
    sky = find_sky_axes(stamps[0], side)
    entries = [
        legend.explain_target(),
        legend.explain_beam([stamp.beam for stamp in stamps], sky),
        legend.explain_scale(side, sky),
    ]
    if some_missing or not all(np.isfinite(stamp.data).all() for stamp in stamps):
        entries.append(legend.explain_no_data())
    if are_turned_alike(stamps, side):
        entries.append(legend.explain_directions(sky))
    return entries


def _stack(parts: Sequence[Image.Image], width: int) -> Image.Image:
    """Put the parts below each other, with a margin around all."""
    height = sum(part.height for part in parts) + (len(parts) - 1) * _GAP
    picture = Image.new("RGB", (width + 2 * _MARGIN, height + 2 * _MARGIN), "white")
    top = _MARGIN
    for part in parts:
        picture.paste(part, (_MARGIN, top))
        top += part.height + _GAP
    return picture
