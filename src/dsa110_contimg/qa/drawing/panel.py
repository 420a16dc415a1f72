"""One panel of a sheet: the pixels of a stamp and the marks over them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from dsa110_contimg.qa.drawing.colour_maps import MARK, NO_DATA, create_cubehelix, draw_hatch
from dsa110_contimg.qa.drawing.overlays import draw_beam, draw_target, outline_beam
from dsa110_contimg.qa.drawing.text import draw_text, measure_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from dsa110_contimg.qa.drawing.overlays import Matrix
    from dsa110_contimg.qa.drawing.stretch import Stretch
    from dsa110_contimg.qa.stamps.cutout import Cutout

    Floats = npt.NDArray[np.floating]

_SHEET_WIDTH = 1200
_SMALLEST, _LARGEST = 96, 420
_REASON_INK = (73, 80, 87)


def choose_side(shapes: Iterable[tuple[int, int]], columns: int) -> int:
    """Choose how wide and high the panels are, in pixels of the picture.

    Parameters
    ----------
    shapes : iterable of tuple of int
        Shapes (ny, nx) of the stamps.
    columns : int
        Panels in a row.

    Returns
    -------
    int
        A whole multiple of the largest stamp; less than its size only where stamps are far larger than panels.
    """
    wanted = min(max(_SHEET_WIDTH // columns, _SMALLEST), _LARGEST)
    pixels = max((max(shape) for shape in shapes), default=wanted)
    if pixels > 2 * wanted:
        return -(-pixels // -(-pixels // (2 * wanted)))
    times = max(round(wanted / pixels), 1)
    return pixels * (times if pixels * times >= _SMALLEST else times + 1)


def find_sky_axes(cutout: Cutout, side: int) -> Matrix:
    """Find how east and north run in the panel.

    Parameters
    ----------
    cutout : Cutout
        Its ``sky_axes`` are in its own pixels, y upwards.
    side : int
        Of the panel.

    Returns
    -------
    ndarray
        ``[[dx/dE, dx/dN], [dy/dE, dy/dN]]`` in pixels of the panel per degree, y downwards.
    """
    ny, nx = cutout.data.shape
    sky: Matrix = np.array([[side / nx], [-side / ny]]) * cutout.sky_axes
    return sky


def find_target(cutout: Cutout, side: int) -> tuple[float, float]:
    """Find the target in the panel: (x, y) in its pixels from the top left corner, y downwards."""
    (ny, nx), (y, x) = cutout.data.shape, cutout.target
    return (x + 0.5) * side / nx, side - (y + 0.5) * side / ny


def colour_pixels(values: Floats, stretch: Stretch, side: int) -> npt.NDArray[np.uint8]:
    """Colour the pixels of a stamp and enlarge them to a panel.

    Parameters
    ----------
    values : ndarray
        Brightness, shape (ny, nx), row 0 at the bottom.
    stretch : Stretch
        From brightness to colour.
    side : int
        Of the panel.

    Returns
    -------
    ndarray of uint8
        Red, green and blue, shape (side, side, 3), row 0 at the top. Each pixel of the stamp is a block of one
        colour; pixels that are not finite are hatched. Stamps larger than the panel are averaged in blocks first.
    """
    values = _average_blocks(values, -(-max(values.shape) // side))
    table = create_cubehelix()
    finite = np.isfinite(values)
    levels = (stretch.positions(np.where(finite, values, stretch.low)) * (len(table) - 1) + 0.5).astype(np.uint8)
    ny, nx = values.shape
    blocks = np.ix_((side - 1 - np.arange(side)) * ny // side, np.arange(side) * nx // side)
    picture: npt.NDArray[np.uint8] = np.take(table, levels[blocks], axis=0)
    if not finite.all():
        empty = ~finite[blocks]
        picture[empty] = draw_hatch(side)[empty]
    return picture


def draw_panel(cutout: Cutout, values: Floats, stretch: Stretch, side: int) -> Image.Image:
    """Draw a stamp with its beam and a mark on its target.

    Parameters
    ----------
    cutout : Cutout
        What is drawn.
    values : ndarray
        Its pixels in the unit of the stretch, shape (ny, nx).
    stretch : Stretch
        From brightness to colour.
    side : int
        Of the panel, in pixels.

    Returns
    -------
    PIL.Image.Image
        ``side`` by ``side`` pixels.
    """
    picture = Image.fromarray(colour_pixels(values, stretch, side))
    gap = 0.08 * side
    if cutout.beam is not None:
        outline = outline_beam(cutout.beam, find_sky_axes(cutout, side))
        size = outline.max(axis=0) - outline.min(axis=0)
        gap = min(max(0.8 * size.max(), 5.0), 0.25 * side)
        if size.max() < 0.9 * side:  # a larger one would hide everything; the legend gives its size
            edge = 0.03 * side
            centre = (edge - outline[:, 0].min(), side - edge - outline[:, 1].max())
            draw_beam(picture, centre, outline, MARK)
    draw_target(picture, find_target(cutout, side), gap, 0.08 * side, MARK)
    return picture


def draw_empty_panel(reason: str, side: int) -> Image.Image:
    """Draw a panel without a stamp: the hatch of missing sky, and why."""
    picture = Image.fromarray(draw_hatch(side))
    pen, size = ImageDraw.Draw(picture), 14 if side > 120 else 12
    width = measure_text(reason, size) / 2 + 6
    pen.rectangle([side / 2 - width, side / 2 - size, side / 2 + width, side / 2 + size], NO_DATA)
    draw_text(pen, (side / 2, side / 2), reason, size, _REASON_INK, "mm")
    return picture


def _average_blocks(values: Floats, block: int) -> Floats:
    """Average the finite pixels in squares of `block` pixels; a square without any is NaN."""
    if block == 1:
        return values
    finite = np.isfinite(values)
    total, count = np.where(finite, values, 0.0), finite.astype(values.dtype)
    for axis, length in enumerate(values.shape):
        starts = np.arange(0, length, block)
        total, count = np.add.reduceat(total, starts, axis), np.add.reduceat(count, starts, axis)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
