"""Medians, deviations and clipped sums of many pixels, all from one sort."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

import numpy as np

from dsa110_contimg.qa.stamps.statistics import SIGMA_PER_MAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

_BLOCK = 1 << 16
"""Pixels that are summed at once: in 64 bits they still fit the processor's cache."""


class OrderStatistics:
    """What sorted pixels tell.

    Parameters
    ----------
    pixels : numpy.ndarray, shape (n,)
        The pixels, 32-bit or 64-bit floats; sorted here, in place. NaN and infinities do not count.

    Notes
    -----
    numpy sorts floats with the processor's vector instructions, in half the time of one `numpy.median`. After that
    a median is a look at the middle; the pixels that are nearest to a value stand side by side, so that a median
    deviation is found by bisection; and what clipping keeps is a slice. Everything is computed in 64 bits.
    """

    def __init__(self, pixels: Floats) -> None:
        pixels.sort()
        # NaN stand last. A float of the pixels' own type, else all of them would be converted for the search.
        infinity = pixels.dtype.type(np.inf)
        first, stop = np.searchsorted(pixels, -infinity, "right"), np.searchsorted(pixels, infinity, "left")
        self._sorted = pixels[first:stop]
        self.n = self._sorted.size
        """The number of finite pixels."""

    def __getitem__(self, place: int) -> float:
        return float(self._sorted[place])

    def __len__(self) -> int:
        return self.n

    def count_below(self, value: float) -> int:
        """Count the pixels that are smaller than a value."""
        return bisect_left(self, value)

    def count_equal(self, value: float) -> int:
        """Count the pixels that are a value."""
        return bisect_right(self, value) - bisect_left(self, value)

    def find_median(self, first: int = 0, stop: int | None = None) -> float:
        """Find the median of the pixels from one place to behind another; NaN of nothing."""
        stop = self.n if stop is None else stop
        if first == stop:
            return math.nan
        low, high = self[(first + stop - 1) // 2], self[(first + stop) // 2]
        return low if low == high else 0.5 * low + 0.5 * high

    def find_deviation(self, centre: float) -> float:
        """Find the median distance of the pixels from a value; NaN of nothing."""
        if not self.n:
            return math.nan
        low, high = (self._find_distance(centre, count) for count in ((self.n + 1) // 2, self.n // 2 + 1))
        return low if low == high else 0.5 * low + 0.5 * high

    def _find_distance(self, centre: float, count: int) -> float:
        """Find the distance from a value of the farthest of so many pixels that are nearest to it."""
        low, high = 0, self.n - count  # where the run of them may begin
        while low < high:
            middle = (low + high) // 2
            if centre - self[middle] > self[middle + count] - centre:
                low = middle + 1
            else:
                high = middle
        return max(centre - self[low], self[low + count - 1] - centre)

    def find_sigma(self, centre: float) -> float:
        """Find 1.4826 times the median distance from a value, the sigma of normal noise about it; NaN of nothing."""
        return SIGMA_PER_MAD * self.find_deviation(centre)

    def clip(self, n_sigma: float, iterations: int) -> float:
        """Find the standard deviation of what is near the median.

        Parameters
        ----------
        n_sigma : float
            What lies further from the median than so many standard deviations is left out.
        iterations : int
            How many times, at most; before that when nothing is left out any more.

        Returns
        -------
        float
            The standard deviation, about the mean, of what is left; NaN of nothing.
        """
        if not self.n:
            return math.nan
        with np.errstate(over="ignore", invalid="ignore"):  # numbers above 1e154 have no square; the answer is NaN
            return self._clip(n_sigma, iterations)

    def _clip(self, n_sigma: float, iterations: int) -> float:
        sums = _Sums(self._sorted, self.find_median())
        first, stop = 0, self.n
        sigma = sums.find_standard_deviation(first, stop)
        for _ in range(iterations):
            median = self.find_median(first, stop)
            low = bisect_left(self, median - n_sigma * sigma, first, stop)
            high = bisect_right(self, median + n_sigma * sigma, first, stop)
            if (low, high) == (first, stop):
                break
            first, stop = low, high
            sigma = sums.find_standard_deviation(first, stop)
        return sigma


class _Sums:
    """Sums over slices, from sums over blocks that are made once."""

    def __init__(self, pixels: Floats, shift: float) -> None:
        # Relative to the median, so that nothing cancels where the noise is small beside a background.
        self._pixels, self._shift = pixels, shift
        self._blocks = np.array([self._add(start, start + _BLOCK) for start in range(0, pixels.size, _BLOCK)])

    def find_standard_deviation(self, first: int, stop: int) -> float:
        """Return the standard deviation of the pixels from one place to behind another."""
        whole, end = -(-first // _BLOCK), stop // _BLOCK
        if whole >= end:
            total, squares = self._add(first, stop)
        else:
            parts = [self._add(first, whole * _BLOCK), self._add(end * _BLOCK, stop), *self._blocks[whole:end]]
            total, squares = np.sum(parts, axis=0).tolist()
        mean = total / (stop - first)
        return math.sqrt(max(squares / (stop - first) - mean * mean, 0.0))

    def _add(self, first: int, stop: int) -> tuple[float, float]:
        differences = self._pixels[first:stop].astype(np.float64)
        differences -= self._shift
        total = float(differences.sum())
        # Not `np.dot`, which wakes the threads of OpenBLAS for this, and waits for them where processors are busy.
        return total, float(np.square(differences, out=differences).sum())
