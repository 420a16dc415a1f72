"""Forced fluxes: the beam fitted at known positions, with nothing free but its height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.qa.photometry.kernels import PixelBeam
    from dsa110_contimg.qa.photometry.noise_maps import NoiseMap
    from dsa110_contimg.qa.photometry.windows import Windows

    Doubles = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_HALF_MAXIMUM = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class ForcedFluxes:
    """Forced fluxes of some sources; arrays have the shape (m,)."""

    flux: Doubles
    """The flux, in the unit of the image; NaN where no pixel counts."""
    noise: Doubles
    """The noise of a pixel at the position, from the noise map; NaN where there is none."""
    error_factor: Doubles | float
    """The error of the flux over the noise of a pixel."""
    leverage: Doubles
    """By how much the flux grows if all pixels grow by 1."""
    is_blank: Flags
    """Where a pixel within the half maximum of the beam has no sky."""


def fit_beams(windows: Windows, beam: PixelBeam, noise_map: NoiseMap | None) -> ForcedFluxes:
    """Measure forced fluxes.

    Parameters
    ----------
    windows : Windows
        Pixels around the sources.
    beam : PixelBeam
        The beam of the image.
    noise_map : NoiseMap or None
        Its noise; None if it is the same for all pixels of a source.

    Returns
    -------
    ForcedFluxes
        The fluxes.

    Raises
    ------
    NoiseMapError
        If the noise map cannot be read.

    Notes
    -----
    With the kernel k (the beam, with a peak of 1 at the position) and the noise n of each pixel d, least squares give
    F = Σ(dk/n²) / Σ(k²/n²). A noise that is the same everywhere cancels out. Pixels without sky or without noise do not
    count; where one of the latter lies within the half maximum of the beam, there is no noise, and all pixels weigh
    the same. The noise at the position is the mean of the map with the weights k/n², as in forced_phot.
    """
    first, pixels = windows.crop(beam.reach)
    m, ny, nx = pixels.shape
    kernels = beam.draw(windows.part, first, (ny, nx), windows.targets)
    factor = beam.find_error_factors(windows.part, kernels)
    d, k = pixels.reshape(m, -1).astype(np.float64), kernels.reshape(m, -1)
    noise, is_blank = np.full(m, np.nan), np.zeros(m, bool)
    if noise_map is None and windows.is_whole.all():  # the usual case, in a third of the time
        squares = np.vecdot(k, k)
        return ForcedFluxes(np.vecdot(d, k) / squares, noise, factor, k.sum(axis=1) / squares, is_blank)
    has_sky, is_core = np.isfinite(d), k >= _HALF_MAXIMUM
    is_blank |= (is_core & ~has_sky).any(axis=1)
    weights = has_sky.astype(np.float64)
    if noise_map is not None:
        n = noise_map.read(windows.origins + np.array(first), (ny, nx)).reshape(m, -1)
        has_noise = np.isfinite(n)
        is_known = ~(is_core & has_sky & ~has_noise).any(axis=1)
        weights[is_known] = np.where(has_sky & has_noise, n, np.inf)[is_known] ** -2.0
        found = _divide(np.vecdot(weights * k, np.where(has_noise, n, 0.0)), np.vecdot(weights, k))
        noise[is_known] = found[is_known]
    weighted = weights * k
    squares = np.vecdot(weighted, k)
    flux = _divide(np.vecdot(weighted, np.where(has_sky, d, 0.0)), squares)
    return ForcedFluxes(flux, noise, factor, _divide(weighted.sum(axis=1), squares), is_blank)


def _divide(numerator: Doubles, denominator: Doubles) -> Doubles:
    """Divide; NaN where there is nothing."""
    quotient: Doubles = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
    return quotient
