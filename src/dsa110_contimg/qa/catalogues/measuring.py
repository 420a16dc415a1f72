"""What an image has where a catalogue has its sources: noise, peaks, positions, fluxes."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from dsa110_contimg.images.projections import local_axes
from dsa110_contimg.qa.photometry.kernels import project_beam
from dsa110_contimg.qa.photometry.local_noise import choose_window, measure_noise
from dsa110_contimg.qa.photometry.peak_fits import fit_peaks
from dsa110_contimg.qa.photometry.windows import read_windows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.images.radio_images import RadioImage
    from dsa110_contimg.qa.photometry.windows import Windows

    Doubles = NDArray[np.float64]

SEARCH_BEAMS = 1.0
"""How far from its position in the catalogue a source is looked for, in major axes of the beam (FWHM)."""
_LEAST_PIXEL, _LARGEST_PIXEL = 1e-5, 1e5
"""The area of a pixel over that at the reference point, beyond which the map is torn and has no directions."""


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """What was measured at positions; NaN where nothing was."""

    centre: Doubles
    """The pixel that the position is in, shape (n,), in the unit of the image; NaN where there is no sky."""
    peak: Doubles
    """The brightest of the 3×3 pixels around it, shape (n,), in the unit of the image."""
    local_rms: Doubles
    """The noise around it, shape (n,), in the unit of the image."""
    offset_deg: Doubles
    """How far east and north of the position the brightest peak within one beam is, shape (n, 2), in degrees."""
    height: Doubles
    """How high that is between the pixels, shape (n,), in the unit of the image."""
    beam_ratio: Doubles
    """Its area over that of the beam, shape (n,)."""

    def select(self, chosen: NDArray[np.bool_]) -> Measured:
        """Return what was measured at some of the positions, shape (n,) of booleans."""
        return Measured(*(getattr(self, field.name)[chosen] for field in fields(self)))


def measure(
    image: RadioImage, plane: tuple[int, ...], beam: Beam | None, ra_deg: Doubles, dec_deg: Doubles, positions: Doubles
) -> Measured:
    """Measure an image at positions.

    Parameters
    ----------
    image : RadioImage
        The image.
    plane : tuple of int
        Which plane of it.
    beam : Beam or None
        Its beam; without one there are only pixels and noise.
    ra_deg, dec_deg : ndarray
        Positions on the image (ICRS), in degrees, shape (n,).
    positions : ndarray
        The same in pixels (y, x), shape (n, 2).

    Returns
    -------
    Measured
        What was found.

    Raises
    ------
    UnreadableImageError
        If the pixels cannot be read.
    """
    n = ra_deg.size
    centre, peak, rms, height, area = (np.full(n, np.nan) for _ in range(5))
    offset = np.full((n, 2), np.nan)
    sky_axes, kernels = _find_sky_axes(image, ra_deg, dec_deg), None
    if beam is not None:
        kernels = project_beam(image, beam, positions)
    shape = choose_window(None if kernels is None else kernels.major_pixels)
    for some in read_windows(image, plane, positions, shape):
        part = some.part
        centre[part], peak[part] = some.measure_nearest()
        rms[part] = measure_noise(some.pixels)[1]
        if beam is not None:
            summit = _find_brightest(some, sky_axes[part], SEARCH_BEAMS * beam.major_deg)
            fits = fit_peaks(some.take(summit, np.arange(-1, 2)))
            away = (summit + fits.offset - some.targets)[:, ::-1, np.newaxis]  # (x, y)
            offset[part] = np.linalg.solve(sky_axes[part], away)[:, :, 0]
            height[part], area[part] = fits.height, fits.area
    if kernels is not None:
        xx, xy, yy = kernels.shapes.T
        area *= np.sqrt(xx * yy - xy**2) / (2.0 * math.pi)
    return Measured(centre, peak, rms, offset, height, area)


def _find_sky_axes(image: RadioImage, ra_deg: Doubles, dec_deg: Doubles) -> Doubles:
    """Find how east and north lie on the pixels, shape (n, 2, 2), as `local_axes`; NaN where the map is torn."""
    axes = local_axes(image.projection, ra_deg, dec_deg)
    area = np.abs(axes[:, 0, 0] * axes[:, 1, 1] - axes[:, 0, 1] * axes[:, 1, 0]) * math.prod(image.pixel_scales_deg)
    is_map = (area > _LEAST_PIXEL) & (area < _LARGEST_PIXEL)  # false for NaN
    return np.where(is_map[:, np.newaxis, np.newaxis], axes, np.nan)


def _find_brightest(windows: Windows, sky_axes: Doubles, reach_deg: float) -> NDArray[np.intp]:
    """Find the brightest pixel of each window near its target, shape (n, 2), (y, x); any where there is none."""
    # The half sides of the ellipses that are so far on the sky; the neighbours of each pixel must be in the window.
    widest = np.nan_to_num(np.linalg.norm(sky_axes, axis=2)).max(initial=0.0) * reach_deg
    half = min(math.ceil(widest), min(windows.pixels.shape[1:]) // 2 - 2)
    steps, middle = np.arange(-half, half + 1), windows.find_nearest()
    pixels = windows.take(middle, steps)
    y, x = (middle - windows.targets).T[:, :, np.newaxis] + steps
    degrees = np.linalg.inv(sky_axes)[:, :, :, np.newaxis, np.newaxis]
    east, north = (degrees[:, k, 0] * x[:, np.newaxis, :] + degrees[:, k, 1] * y[:, :, np.newaxis] for k in (0, 1))
    is_near = (np.hypot(east, north) <= reach_deg) & np.isfinite(pixels)
    place = np.where(is_near, pixels, -np.inf).reshape(len(pixels), -1).argmax(axis=1)
    summit: NDArray[np.intp] = middle + np.stack(np.unravel_index(place, pixels.shape[1:]), axis=1) - half
    return summit
