"""How far a residual image is from normal noise: the tests of Apertif's first data release."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from dsa110_contimg.images import open_image
from dsa110_contimg.qa.whole_images.order_statistics import OrderStatistics
from dsa110_contimg.qa.whole_images.quality import ResidualQuality

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images import Beam

    Floats = NDArray[np.floating[Any]]
    Size = tuple[float, float]

_INNER_DEG, _OUTER_DEG = 0.5, 2.0
"""Sides of the centre, and the diameter of what the edge lies outside of."""
_INNER_PART, _OUTER_PART = 0.5, math.sqrt(0.75)
"""The same as parts of the image's height and width: a quarter of its area each."""
_LOW = -2.0
_NEGATIVE_BEAMS = 10.0


def measure_residual(
    path: str, image_beam: Beam | None, *, hdu: int | str | None, stokes: str | None, channel: int | None
) -> ResidualQuality:
    """Measure a residual image.

    Parameters
    ----------
    path : str
        Path or address of the residual image.
    image_beam : Beam or None
        The beam of the image that it belongs to, for a residual image that names none.
    hdu, stokes, channel : optional
        Which image of the file and which plane of a cube.

    Returns
    -------
    ResidualQuality
        What was measured.
    """
    image = open_image(path, hdu)
    plane = image.axes.choose_plane(image.path, stokes=stokes, channel=channel)
    scales = image.pixel_scales_deg
    is_scaled, inner_deg, outer_deg = _choose_regions(image.shape, scales)
    pixels = image.read_plane(plane)
    inner = OrderStatistics(_cut_centre(pixels, (inner_deg[0] / scales[0], inner_deg[1] / scales[1])))
    outer_pixels = outer_deg[0] / scales[0], outer_deg[1] / scales[1]
    outer = OrderStatistics(_keep_edge(pixels, _find_widths(image.shape[0], outer_pixels, is_round=not is_scaled)))
    sigma_in, sigma_out = inner.find_sigma(0.0), outer.find_sigma(0.0)
    beam = image.find_beam(plane) or image_beam
    area = None if beam is None else beam.area_deg2 / (scales[0] * scales[1])
    excess = largest = math.nan
    if area is not None and sigma_out > 0:
        excess = (inner.count_below(_LOW * sigma_out) - NormalDist().cdf(_LOW) * inner.n) / area
        n_below = round(_NEGATIVE_BEAMS * area)
        largest = inner[n_below] / sigma_out if n_below < inner.n else math.nan
    return ResidualQuality(
        path=image.path if "://" in path else path,
        is_scaled=is_scaled,
        inner_size_deg=inner_deg,
        outer_size_deg=outer_deg,
        n_inner=inner.n,
        n_outer=outer.n,
        beam_area_pixels=area,
        inner_rms=sigma_in,
        outer_rms=sigma_out,
        ratio=sigma_in / sigma_out if sigma_out > 0 else math.nan,
        excess_beams=excess,
        largest_negative=largest,
    )


def _choose_regions(shape: tuple[int, int], scales: Size) -> tuple[bool, Size, Size]:
    """Return whether they are scaled to the image, and the height and width, in degrees, of centre and edge."""
    height, width = shape[0] * scales[0], shape[1] * scales[1]
    if min(height, width) >= _OUTER_DEG:
        return False, (_INNER_DEG, _INNER_DEG), (_OUTER_DEG, _OUTER_DEG)
    inner, outer = ((part * height, part * width) for part in (_INNER_PART, _OUTER_PART))
    return True, inner, outer


def _cut_centre(pixels: Floats, size: Size) -> Floats:
    """Copy the rectangle of such a height and width in pixels in the middle."""
    rows, columns = (_find_middle(n, length / 2) for n, length in zip(pixels.shape, size, strict=True))
    return pixels[rows, columns].flatten()


def _find_middle(n: int, reach: float) -> slice:
    """Return which of n pixels lie no further than `reach` from the middle."""
    middle = (n - 1) / 2
    return slice(max(math.ceil(middle - reach), 0), min(math.floor(middle + reach) + 1, n))


def _find_widths(n_rows: int, size: Size, *, is_round: bool) -> NDArray[np.float64]:
    """Return how wide an ellipse or a rectangle is in each row, in pixels; negative where it is not."""
    height, width = size[0] / 2, size[1] / 2
    across = np.abs(np.arange(n_rows) - (n_rows - 1) / 2) / height
    if is_round:
        across[across > 1] = math.inf
        widths = width * np.sqrt(np.maximum(1 - across**2, 0))
    else:
        widths = np.full(n_rows, width)
    return np.where(across > 1, -1.0, widths)


def _keep_edge(pixels: Floats, widths: NDArray[np.float64]) -> Floats:
    """Move the pixels that are further from the middle of their row to the front, in place, and return them."""
    n = pixels.shape[1]
    everything = pixels.reshape(-1)
    count = 0
    for row, width in zip(pixels, widths.tolist(), strict=True):
        middle = _find_middle(n, width) if width >= 0 else slice(n, n)
        for part in (row[: middle.start], row[middle.stop :]):
            everything[count : count + part.size] = part
            count += part.size
    return everything[:count]
