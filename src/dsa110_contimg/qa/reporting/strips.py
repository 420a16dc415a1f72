"""Strips of stamps: all epochs of one source side by side in one stretch, as one small picture a source."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

from PIL import Image

from dsa110_contimg.qa.drawing.stretch import fit_stretch
from dsa110_contimg.qa.notation import split_unit
from dsa110_contimg.qa.postage_stamps import create_cutouts, split_by_scale
from dsa110_contimg.qa.reporting.cells import choose_shown_unit
from dsa110_contimg.qa.stamps.cutout import NOT_ON_IMAGE
from dsa110_contimg.qa.stamps.sheet import are_turned_alike, draw_one, scale_pixels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.qa.drawing.stretch import Stretch
    from dsa110_contimg.qa.light_curves import LightCurves
    from dsa110_contimg.qa.stamps.cutout import Cutout

_SMALLEST, _LARGEST = 64, 128
_MOST_PIXELS = 1e8
"""How many pixels the stamps of a report have together; they then take about 20 MB."""
_HELD_BYTES = 256 * 1024**2
_QUALITY = 75
_WIDEST = 16383
"""WebP knows no wider pictures."""


@dataclass(frozen=True, slots=True)
class Strip:
    """The stamps of one source in the order of its light curve, row by row."""

    webp: bytes
    """The picture as WebP."""
    columns: int
    """How many stamps stand in a row."""
    side: int
    """Width and height of each stamp in it, in pixels."""
    statuses: tuple[str, ...]
    """Status of each stamp: full, partial, blank, off-image, unreadable."""
    stretch: str
    """From which to which brightness the colours go, in words; an empty text if nothing was drawn."""


def choose_side(count: int) -> int:
    """Choose how wide and high stamps are, in pixels, so that all of a report stay within its size."""
    return int(min(max(math.sqrt(_MOST_PIXELS / max(count, 1)), _SMALLEST), _LARGEST))


def draw_strips(
    curves: LightCurves,
    order: NDArray[np.intp],
    size_arcmin: float,
    plane: dict[str, Any],
    addresses: Mapping[str, str],
) -> Iterator[Strip]:
    """Draw the stamps of each source.

    Parameters
    ----------
    curves : LightCurves
        Sources and images.
    order : ndarray, shape (n_sources,)
        In which order, each source counted from zero.
    size_arcmin : float
        Length of a stamp's side in arcminutes.
    plane : dict
        The arguments that choose a plane.
    addresses : mapping
        Where each image of the light curves is.

    Yields
    ------
    Strip
        One a source.

    Notes
    -----
    Sources are cut in parts, so that no more than 256 MiB of pixels are held, however many there are.
    """
    groups = split_by_scale([addresses[image] for image in curves.images], size_arcmin, hdu=plane["hdu"])
    one = next(_cut(groups, curves, order[:1], size_arcmin, plane))
    step = max(_HELD_BYTES // sum(stamp.data.nbytes for stamp in one), 1)
    side = choose_side(len(curves.images) * len(curves.names))
    for start in range(0, order.size, step):
        for stamps in _cut(groups, curves, order[start : start + step], size_arcmin, plane):
            yield draw_strip(stamps, side)


def draw_strip(stamps: Sequence[Cutout], side: int) -> Strip:
    """Draw the stamps of one source.

    Parameters
    ----------
    stamps : sequence of Cutout
        In the order of the epochs.
    side : int
        Width and height of each, in pixels.

    Returns
    -------
    Strip
        The picture.
    """
    there = [stamp for stamp in stamps if stamp.status not in NOT_ON_IMAGE]
    stretch = fit_stretch(scale_pixels(stamp) for stamp in there)
    compass = not are_turned_alike(stamps, side)
    columns = min(len(stamps), _WIDEST // side)
    picture = Image.new("RGB", (side * columns, side * -(-len(stamps) // columns)))
    for place, stamp in enumerate(stamps):
        row, column = divmod(place, columns)
        picture.paste(draw_one(stamp, stretch, side, compass=compass), (column * side, row * side))
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=_QUALITY, method=3)
    unit = next((split_unit(stamp.unit)[1] for stamp in there), "")
    statuses = tuple(stamp.status for stamp in stamps)
    return Strip(file.getvalue(), columns, side, statuses, "" if stretch is None else _tell(stretch, unit))


def _cut(
    groups: Sequence[Sequence[str]],
    curves: LightCurves,
    part: NDArray[np.intp],
    size_arcmin: float,
    plane: dict[str, Any],
) -> Iterator[list[Cutout]]:
    """Yield the stamps of each of some sources, one an image, in the order of the light curve."""
    ra, dec = curves.ra_deg[part], curves.dec_deg[part]
    stacks = [create_cutouts(group, ra, dec, size_arcmin, **plane) for group in groups]
    for k in range(ra.size):
        by_path = {stamp.image: stamp for stack in stacks for stamp in stack.of_source(k)}
        yield [by_path[path] for path in curves.images]


def _tell(stretch: Stretch, unit: str) -> str:
    factor, named = choose_shown_unit(stretch.high, stretch.softening, unit)
    return f"{stretch.low * factor:.3g} to {stretch.high * factor:.3g} {named}"
