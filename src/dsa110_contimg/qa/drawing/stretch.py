"""From brightness to the length of a colour map, and the ticks that say so."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

_LOWEST, _ONE_SIGMA_BELOW = 0.005, 0.15866
_SAME = 1e-12  # differences in the last digits, which ticks could not tell apart
_SOFTENING, _LEAST_SOFTENING = 2.0, 1e-4


@dataclass(frozen=True, slots=True)
class Stretch:
    """An inverse hyperbolic sine: linear within the noise, logarithmic above.

    A source of 5 sigma and one of 10 000 sigma are both seen, each against its noise, whatever their units.
    """

    low: float
    """The value at the beginning of the colour map; fainter pixels have its colour too."""
    high: float
    """The value at the end of the colour map."""
    centre: float
    """The value about which the stretch is linear: the background."""
    softening: float
    """How far from the centre it stays linear: twice the noise."""

    def positions(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Place values along the colour map.

        Parameters
        ----------
        values : ndarray
            Brightness, any shape.

        Returns
        -------
        ndarray
            From 0 at `low` to 1 at `high`, same shape; NaN stays NaN.
        """
        start, end = self._bend(self.low), self._bend(self.high)
        bent = np.arcsinh((values - self.centre) / self.softening)
        placed: npt.NDArray[np.floating] = np.clip((bent - start) / (end - start), 0.0, 1.0)
        return placed

    def position(self, value: float) -> float:
        """Place one value along the colour map, without clipping."""
        start, end = self._bend(self.low), self._bend(self.high)
        return (self._bend(value) - start) / (end - start)

    def value(self, position: float) -> float:
        """Return the brightness at a position along the colour map."""
        start, end = self._bend(self.low), self._bend(self.high)
        return self.centre + self.softening * math.sinh(start + position * (end - start))

    def ticks(self, count: int) -> list[float]:
        """Choose round values, spread evenly along the colour map.

        Parameters
        ----------
        count : int
            About how many.

        Returns
        -------
        list of float
            Rising values between `low` and `high`.
        """
        values = [self.value(i / count) for i in range(count + 1)]
        ticks = set()
        for before, here, after in zip([values[0], *values], values, [*values[1:], values[-1]], strict=False):
            step = _round_down(min(gap for gap in (here - before, after - here) if gap > 0))
            tick = float(f"{round(here / step) * step:.12g}") + 0.0  # no minus zero
            if self.low <= tick <= self.high:
                ticks.add(tick)
        return sorted(ticks)

    def _bend(self, value: float) -> float:
        return math.asinh((value - self.centre) / self.softening)


def fit_stretch(arrays: Iterable[npt.NDArray[np.floating]]) -> Stretch | None:
    """Fit one stretch to the pixels of all arrays.

    Parameters
    ----------
    arrays : iterable of ndarray
        Brightness in one unit, any shapes; NaN and infinite pixels do not count.

    Returns
    -------
    Stretch or None
        From the 0.5th percentile to the brightest pixel, linear within the noise; None where no pixel is finite.

    Notes
    -----
    The noise is the distance from the median to the 16th percentile: sources lie above the median, so that they hardly
    widen it. All four numbers come from one partition.
    """
    finite = [array[np.isfinite(array)] for array in arrays]
    pixels = np.concatenate(finite) if finite else np.empty(0)
    last = pixels.size - 1
    if last < 0:
        return None
    ranks = [int(_LOWEST * last), int(_ONE_SIGMA_BELOW * last), last // 2, last]
    low, below, centre, high = (float(value) for value in np.partition(pixels, ranks)[ranks])
    if high - low <= _SAME * abs(low):  # every pixel the same: give the colour map some length, so that it can be drawn
        low, high = low - (abs(low) or 1.0), low + (abs(low) or 1.0)
    return Stretch(low, high, centre, max(_SOFTENING * (centre - below), _LEAST_SOFTENING * (high - low)))


def _round_down(step: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is no larger than the step."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(digit for digit in (5.0, 2.0, 1.0) if digit * power <= step * (1 + 1e-9) or digit == 1.0) * power
