"""The noise around a position: a robust rms of its neighbourhood, without the source itself."""

from __future__ import annotations

import math

import numpy as np

from dsa110_contimg.images.native import helper
from dsa110_contimg.qa.stamps.statistics import SIGMA_PER_MAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]
    Doubles = NDArray[np.float64]

_SIDE_PIXELS = 50
_SIDE_BEAMS = 5.0
_HOLE_FRACTION = 5
"""The masked centre is so many times smaller than the window."""
_FEWEST_PIXELS = 100
"""With fewer pixels left there is no rms."""


def choose_window(major_pixels: tuple[float, float] | None) -> tuple[int, int]:
    """Choose how large the neighbourhood is.

    Parameters
    ----------
    major_pixels : tuple of float or None
        How many pixels the major axis of the beam (FWHM) is long along y and along x; None if there is no beam.

    Returns
    -------
    tuple of int
        Shape (ny, nx): 50 × 50 pixels, or five major axes of the beam where that is more. Even numbers.

    Examples
    --------
    >>> choose_window((6.0, 6.0)), choose_window((20.0, 6.0))
    ((50, 50), (100, 50))
    """
    ny, nx = (max(_SIDE_PIXELS, 2 * math.ceil(_SIDE_BEAMS / 2 * pixels)) for pixels in major_pixels or (0.0, 0.0))
    return ny, nx


def measure_noise(windows: Singles) -> tuple[Doubles, Doubles]:
    """Measure the median and the robust rms around each source.

    Parameters
    ----------
    windows : numpy.ndarray, shape (n, ny, nx)
        Pixels around each source (float32), as many as `choose_window` says, the position in the centre; NaN where
        there is no sky.

    Returns
    -------
    medians, rms : numpy.ndarray, shape (n,)
        In the unit of the pixels; NaN where fewer than 100 pixels are left.

    Notes
    -----
    The rms is 1.4826 times the median absolute deviation about the median, of all pixels but those of the masked
    centre, which is a fifth as wide as the window: 10 × 10 of 50 × 50 pixels.
    """
    n, *shape = windows.shape
    top, left = ((side - 2 * round(side / (2 * _HOLE_FRACTION))) // 2 for side in shape)
    medians, deviations = np.empty((2, n), np.float32)
    if helper is None:
        for k, frame in enumerate(_take_frames(windows, top, left)):
            medians[k], deviations[k] = _find_medians(frame[np.isfinite(frame)])
    else:
        room = np.empty(2 * shape[0] * shape[1], np.float32)
        helper.find_medians(windows, tuple(shape), (top, left), _FEWEST_PIXELS, room, medians, deviations)
    return medians.astype(np.float64), SIGMA_PER_MAD * deviations.astype(np.float64)


def _take_frames(windows: Singles, top: int, left: int) -> Singles:
    """Copy the pixels that are not in the masked centre, shape (n, m)."""
    n, ny, nx = windows.shape
    rows, columns = slice(top, ny - top), slice(nx - left, nx)
    pieces = (windows[:, :top], windows[:, rows, :left], windows[:, rows, columns], windows[:, ny - top :])
    return np.concatenate([piece.reshape(n, -1) for piece in pieces], axis=1)


def _find_medians(pixels: Singles) -> tuple[float, float]:
    """Return the median of some pixels, and that of their distances from it, as the compiled helper does."""
    if pixels.size < _FEWEST_PIXELS:
        return math.nan, math.nan
    median = np.median(pixels)
    return float(median), float(np.median(np.abs(pixels - median)))
