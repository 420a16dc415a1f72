"""What a stamp measures: its noise and its peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.qa.stamps.cutout import Cutout

SIGMA_PER_MAD = 1.482602218505602
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class StampStatistics:
    """Noise and peak of a stamp."""

    peak: float
    """The brightest pixel, in the unit of the stamp."""
    rms: float
    """Noise from the median absolute deviation, in the unit of the stamp."""
    peak_east_arcsec: float
    """How far the brightest pixel lies east of the target, on the sky."""
    peak_north_arcsec: float
    """How far the brightest pixel lies north of the target, on the sky."""


def measure_stamp(cutout: Cutout) -> StampStatistics | None:
    """Measure the noise and the peak of a stamp.

    Parameters
    ----------
    cutout : Cutout
        Pixels that are not finite do not count.

    Returns
    -------
    StampStatistics or None
        None where no pixel is finite.

    Notes
    -----
    The noise is 1.4826 times the median absolute deviation about the median: sources hardly widen it as long as they
    fill less than a quarter of the stamp. Neighbouring pixels are correlated by the beam, which it does not mind.
    """
    finite = np.isfinite(cutout.data)
    if not finite.any():
        return None
    pixels = cutout.data[finite]
    rms = SIGMA_PER_MAD * float(np.median(np.abs(pixels - np.median(pixels))))
    place = int(np.argmax(np.where(finite, cutout.data, -np.inf)))
    y, x = np.unravel_index(place, cutout.data.shape)
    east, north = np.linalg.solve(cutout.sky_axes, [x - cutout.target[1], y - cutout.target[0]]) * 3600.0
    return StampStatistics(float(cutout.data[y, x]), rms, float(east), float(north))
