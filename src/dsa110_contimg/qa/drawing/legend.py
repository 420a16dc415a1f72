"""What a sheet says below its panels: one colour bar, and what every mark means."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from dsa110_contimg.qa.drawing.colour_maps import MARK, create_cubehelix, draw_hatch
from dsa110_contimg.qa.drawing.overlays import choose_scale, draw_beam, draw_compass, draw_target, outline_beam
from dsa110_contimg.qa.drawing.text import draw_text, measure_text, shorten_text
from dsa110_contimg.qa.notation import choose_unit, format_angle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.qa.drawing.overlays import Matrix
    from dsa110_contimg.qa.drawing.stretch import Stretch

    Painter = Callable[[Image.Image, float, float], None]

INK = (33, 37, 41)
_TEXT, _BAR_HEIGHT, _LONGEST_BAR = 13, 14, 620
_LINE = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the legend: a symbol and what it means."""

    paint: Painter
    """Paints the symbol into a picture, its left end at x and its middle at y."""
    width: int
    """Of the symbol, in pixels."""
    text: str
    """What it means."""


def draw_colour_bar(width: int, stretch: Stretch, base: str) -> Image.Image:
    """Draw the colour bar with its values and their unit.

    Parameters
    ----------
    width : int
        Of the picture, in pixels; the bar itself may be shorter.
    stretch : Stretch
        Of all panels.
    base : str
        Unit of the stretch, without prefix.

    Returns
    -------
    PIL.Image.Image
        On white.
    """
    factor, unit = choose_unit(max(abs(stretch.low), abs(stretch.high)), stretch.softening, base)
    picture = Image.new("RGB", (width, _BAR_HEIGHT + 26), "white")
    pen = ImageDraw.Draw(picture)
    unit = shorten_text(unit, _TEXT, width // 2)
    left = 12  # half the width of a value under the very end of the bar
    length = min(width - 2 * left - math.ceil(measure_text(unit, _TEXT)) - 10, _LONGEST_BAR)
    colours = create_cubehelix()[np.linspace(0, 255, length).astype(np.uint8)]
    picture.paste(Image.fromarray(np.repeat(colours[None], _BAR_HEIGHT, axis=0)), (left, 2))
    pen.rectangle([left - 1, 1, left + length, _BAR_HEIGHT + 2], outline=INK)
    draw_text(pen, (left + length + 10, 2 + _BAR_HEIGHT / 2), unit, _TEXT, INK, "lm")
    free = -math.inf
    for value in stretch.ticks(max(length // 70, 2)):
        x, label = left + stretch.position(value) * (length - 1), f"{value * factor:.6g}"
        half = measure_text(label, _TEXT) / 2
        if x - half < free:
            continue
        pen.line([x, _BAR_HEIGHT + 3, x, _BAR_HEIGHT + 7], INK)
        draw_text(pen, (max(x, half), _BAR_HEIGHT + 9), label, _TEXT, INK, "ma")
        free = x + half + 6
    return picture


def draw_legend(width: int, entries: Sequence[Entry]) -> Image.Image:
    """Draw the entries one after the other, in as many lines as they need.

    Parameters
    ----------
    width : int
        Of the picture, in pixels.
    entries : sequence of Entry
        What to draw.

    Returns
    -------
    PIL.Image.Image
        On white.
    """
    places, x, line = [], 0, 0
    for entry in entries:
        needed = entry.width + 8 + math.ceil(measure_text(entry.text, _TEXT))
        if x and x + needed > width:
            x, line = 0, line + 1
        places.append((x, line * _LINE + _LINE // 2))
        x += needed + 20
    picture = Image.new("RGB", (width, (line + 1) * _LINE), "white")
    pen = ImageDraw.Draw(picture)
    for entry, (left, middle) in zip(entries, places, strict=True):
        entry.paint(picture, left, middle)
        draw_text(pen, (left + entry.width + 8, middle), entry.text, _TEXT, INK, "lm")
    return picture


def explain_target() -> Entry:
    """Explain the mark on the target."""
    return Entry(lambda picture, x, y: draw_target(picture, (x + 11, y), 4, 7, MARK), 22, "target")


def explain_no_data() -> Entry:
    """Explain the hatch."""

    def paint(picture: Image.Image, x: float, y: float) -> None:
        picture_x, top = round(x), round(y) - 9
        picture.paste(Image.fromarray(draw_hatch(18)), (picture_x, top))

    return Entry(paint, 18, "no data")


def explain_beam(beams: Iterable[Beam | None], sky: Matrix) -> Entry:
    """Explain the ellipse in the corner, by its size and angle where all panels have the same.

    Parameters
    ----------
    beams : iterable of Beam or None
        One a panel.
    sky : ndarray
        Pixels of the picture per degree, in the first panel.
    """
    known = list(dict.fromkeys(beams))
    beam = next((beam for beam in known if beam is not None), None)
    if beam is None:
        return Entry(lambda picture, x, y: None, 0, "beam not given")  # noqa: ARG005 - nothing to paint
    sizes = f'{beam.major_deg * 3600:.3g}" x {beam.minor_deg * 3600:.3g}", PA {beam.pa_deg:.0f}°'
    text = f"beam {sizes}" if len(known) == 1 else "beam (differs between panels)"
    outline = outline_beam(beam, sky)
    outline *= 20 / (outline.max(axis=0) - outline.min(axis=0)).max()  # of the symbol only
    return Entry(lambda picture, x, y: draw_beam(picture, (x + 11, y), outline, MARK), 22, text)


def explain_scale(side: int, sky: Matrix) -> Entry:
    """Explain the scale of the panels by a bar of a round angle.

    Parameters
    ----------
    side : int
        Of a panel, in pixels.
    sky : ndarray
        Pixels of the picture per degree.
    """
    per_degree = math.sqrt(abs(np.linalg.det(sky)))
    angle = choose_scale(min(0.4 * side, 100) / per_degree)
    width = round(angle * per_degree)

    def paint(picture: Image.Image, x: float, y: float) -> None:
        pen = ImageDraw.Draw(picture)
        pen.line([x, y, x + width, y], INK, 2)
        for end in (x, x + width):
            pen.line([end, y - 5, end, y + 5], INK, 2)

    return Entry(paint, width + 2, format_angle(angle))


def explain_directions(sky: Matrix) -> Entry:
    """Explain where north and east are."""
    return Entry(lambda picture, x, y: draw_compass(picture, (x + 14, y), 14, sky, INK), 28, "")
