"""Where between the pixels a source peaks, how high, and how wide it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

_FARTHEST = 1.5
"""Pixels from the middle, along y or x, beyond which a summit is not on these nine pixels."""


@dataclass(frozen=True, eq=False, slots=True)
class PeakFits:
    """What was fitted to the peaks of sources; NaN where there is no peak."""

    offset: NDArray[np.float64]
    """Where each peaks, in pixels from the middle one, shape (n, 2), in the order (y, x)."""
    height: NDArray[np.float64]
    """How high each peaks, in the unit of the pixels, shape (n,)."""
    area: NDArray[np.float64]
    """The volume of each over its height, in pixels, shape (n,): 2π√det C, with C the covariance of the Gaussian."""


def fit_peaks(pixels: NDArray[np.floating[Any]]) -> PeakFits:
    """Fit a Gaussian to the nine pixels around each peak.

    Parameters
    ----------
    pixels : ndarray
        The brightest pixel of each source in the middle of its neighbours, shape (n, 3, 3), (y, x).

    Returns
    -------
    PeakFits
        The fits. There is none where a pixel is zero, negative, NaN or infinite, where a neighbour is brighter, or
        where the surface has no summit among the nine pixels.

    Notes
    -----
    The logarithm of a Gaussian is a parabola of six numbers, which are fitted by least squares: exact for any Gaussian,
    whatever its widths, its angle and its place between the pixels. Where the autocorrelation of the noise is the beam,
    as in an image from an interferometer, no larger area tells more: the summit of the image is where the likelihood
    of a point source is largest. Noise moves it by FWHM / (2.35 S/N) along each axis, raises its height by
    1 / (S/N)² on average, and changes the logarithm of its area by 1 / (S/N) (all rms, for a beam of several pixels).

    References
    ----------
    J. J. Condon, 1997, PASP 109, 166 (errors of Gaussian fits).

    Examples
    --------
    >>> y, x = np.mgrid[-1:2, -1:2]
    >>> fits = fit_peaks(3.0 * np.exp(-((x - 0.25) ** 2 + (y + 0.4) ** 2) / 8.0)[np.newaxis])
    >>> fits.offset.round(6), fits.height.round(6), (fits.area / (2 * np.pi)).round(6)
    (array([[-0.4 ,  0.25]]), array([3.]), array([4.]))
    """
    pixels = np.asarray(pixels, np.float64)
    good = np.isfinite(pixels).all(axis=(1, 2)) & (pixels > 0).all(axis=(1, 2))
    good &= pixels[:, 1, 1] >= pixels.max(axis=(1, 2), initial=-np.inf, where=np.isfinite(pixels))
    logs = np.log(np.where(good[:, np.newaxis, np.newaxis], pixels, 1.0))
    steps = np.array([-1.0, 0.0, 1.0])
    rows, columns = logs.sum(axis=2), logs.sum(axis=1)
    mean = logs.mean(axis=(1, 2))
    # The parabola a + b·x + c·y + d·x² + e·xy + f·y²; its least squares over nine points, solved once for all.
    b, c = columns @ steps / 6.0, rows @ steps / 6.0
    d, f = columns @ steps**2 / 2.0 - 3.0 * mean, rows @ steps**2 / 2.0 - 3.0 * mean
    e = np.einsum("nyx,y,x->n", logs, steps, steps) / 4.0
    a = mean - (d + f) * 2.0 / 3.0
    determinant = 4.0 * d * f - e**2
    good &= (determinant > 0) & (d < 0)
    determinant = np.where(good, determinant, np.nan)
    x, y = (e * c - 2.0 * f * b) / determinant, (e * b - 2.0 * d * c) / determinant
    good &= np.maximum(np.abs(y), np.abs(x)) <= _FARTHEST
    fitted = np.stack([y, x, np.exp(a + (b * x + c * y) / 2.0), 2.0 * np.pi / np.sqrt(determinant)])
    fitted[:, ~good] = np.nan
    return PeakFits(fitted[:2].T, fitted[2], fitted[3])
