"""Count amplitudes in fine logarithmic levels, so that no second pass is needed to know where the data are.

The level of an amplitude is the upper end of its bits as a 32-bit float: its exponent and the first bits of its
fraction. That is a logarithm, in steps of 1.6 to 3.1 per cent, for the price of a shift.
"""

from __future__ import annotations

import math

import numpy as np

from dsa110_contimg.qa.measurement_sets.buffers import Buffer
from dsa110_contimg.qa.measurement_sets.quality import Histogram

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.tables import Shape

_SHIFT = 18
"""How many of the 23 bits of the fraction are cut off; the other five make 32 levels an octave."""
_BEYOND = int(np.array([np.inf], np.float32).view(np.uint32)[0]) >> _SHIFT
"""The level of infinity; what is not a number lies at it or above, and all finite amplitudes below."""
_MOST_BINS = 512
"""The most amplitude bins of a finished histogram: more than a picture has room for."""


class LevelMeter:
    """Turn visibilities into levels of amplitude, and count those that have none."""

    def __init__(self) -> None:
        self._amplitudes, self._levels = Buffer(np.float32), Buffer(np.int64)
        self.total = 0
        """How many values were measured."""
        self.unflagged = 0
        """How many of them are not flagged."""
        self.zero = 0
        """How many are exactly zero."""
        self.zero_unflagged = 0
        """How many unflagged ones are exactly zero."""
        self.nonfinite = 0
        """How many are NaN or infinite."""
        self.nonfinite_unflagged = 0
        """How many unflagged ones are NaN or infinite."""

    def measure(self, values: NDArray[Any], hidden: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """Measure levels.

        Parameters
        ----------
        values : numpy.ndarray
            Visibilities, of any shape, real or complex.
        hidden : numpy.ndarray or None
            Which of them are flagged, in the same shape; None if none is.

        Returns
        -------
        numpy.ndarray
            Their levels in the same shape, 0 where a value is flagged, zero or not finite. They hold until the next
            call.
        """
        amplitudes, levels = self._amplitudes.lend(values.shape), self._levels.lend(values.shape)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if values.dtype == np.complex64 or values.dtype == np.float32:
                np.abs(values, out=amplitudes)
            else:
                amplitudes[...] = np.abs(values)
        np.right_shift(amplitudes.view(np.uint32), _SHIFT, out=levels)
        self.total += values.size
        self.unflagged += values.size - (0 if hidden is None else int(np.count_nonzero(hidden)))
        if levels.min() < 1 or levels.max() >= _BEYOND:
            self._sort_out(values, hidden, levels)
        if hidden is not None:
            np.multiply(levels, ~hidden, out=levels)
        return levels

    def _sort_out(self, values: NDArray[Any], hidden: NDArray[np.bool_] | None, levels: NDArray[np.int64]) -> None:
        """Tell zeros and infinities from amplitudes that are merely too small or too large for the levels."""
        with np.errstate(invalid="ignore"):  # some NaN complain when they are compared
            zero, nonfinite = values == 0, ~np.isfinite(values)
        np.clip(levels, 1, _BEYOND - 1, out=levels)
        levels[zero | nonfinite] = 0
        self.zero += int(np.count_nonzero(zero))
        self.nonfinite += int(np.count_nonzero(nonfinite))
        if hidden is not None:
            zero &= ~hidden
            nonfinite &= ~hidden
        self.zero_unflagged += int(np.count_nonzero(zero))
        self.nonfinite_unflagged += int(np.count_nonzero(nonfinite))


class LevelTable:
    """Count levels along some x.

    Parameters
    ----------
    n_x : int
        The number of bins along x.
    """

    def __init__(self, n_x: int) -> None:
        self.nowhere = n_x
        """The place of what has no place along x, and is not counted."""
        # Most of this memory is never touched, and so never taken: data lie in a few octaves.
        self._counts = np.zeros((n_x + 1, _BEYOND), np.int64)
        self._index = Buffer(np.intp)

    def add(self, levels: NDArray[np.int64], places: NDArray[np.intp]) -> None:
        """Count levels.

        Parameters
        ----------
        levels : numpy.ndarray
            From a `LevelMeter`; level 0 is not counted.
        places : numpy.ndarray
            The bin of each along x, in a shape that broadcasts to that of the levels.
        """
        index = np.add(levels, places * _BEYOND, out=self._index.lend(levels.shape))
        np.add.at(self._counts.reshape(-1), index.reshape(-1), 1)

    def finish(self, x_name: str, x_unit: str, x_edges: NDArray[np.float64], unit: str) -> Histogram:
        """Make a histogram of all that was counted.

        Parameters
        ----------
        x_name, x_unit : str
            What lies along x, and its unit.
        x_edges : numpy.ndarray
            The borders of the bins along x, shape (n_x + 1,).
        unit : str
            The unit of the amplitudes.

        Returns
        -------
        Histogram
            Trimmed to the amplitudes that there are, in at most 512 bins.
        """
        low, counts = self._trim()
        return _make_histogram(x_name, x_unit, x_edges, unit, low, counts)

    def finish_parts(self, x_name: str, parts: list[tuple[int, NDArray[np.float64]]], unit: str) -> list[Histogram]:
        """Make a histogram of each part of x, all in the same amplitude bins.

        Parameters
        ----------
        x_name : str
            What lies along x.
        parts : list of tuple
            For each part its first bin, and the borders of its bins.
        unit : str
            The unit of the amplitudes.

        Returns
        -------
        list of Histogram
            One for each part.
        """
        low, counts = self._trim()
        return [
            _make_histogram(x_name, "", edges, unit, low, counts[first : first + len(edges) - 1])
            for first, edges in parts
        ]

    def _trim(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cut off levels that nothing has, and join neighbours until there are few enough; also the levels' borders."""
        counts = self._counts[: self.nowhere, 1:]
        used = np.flatnonzero(counts.any(axis=0))
        if not used.size:
            return np.array([1]), counts[:, :0]
        joined = 1
        while used[-1] // joined - used[0] // joined >= _MOST_BINS:
            joined *= 2
        borders = np.arange(used[0] // joined, used[-1] // joined + 2) * joined
        starts = np.clip(borders, 0, counts.shape[1])
        summed = np.add.reduceat(counts[:, : starts[-1]], starts[:-1], axis=1)
        return borders + 1, summed


def _make_histogram(
    x_name: str,
    x_unit: str,
    x_edges: NDArray[np.float64],
    unit: str,
    levels: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> Histogram:
    bits = np.clip(levels, 1, _BEYOND) << _SHIFT
    amplitudes = bits.astype(np.uint32).view(np.float32).astype(np.float64)
    amplitudes[~np.isfinite(amplitudes)] = np.finfo(np.float32).max
    counts = counts.copy()
    for array in (x_edges, amplitudes, counts):
        array.flags.writeable = False
    return Histogram(x_name, x_unit, x_edges, unit, amplitudes, counts)


class Ruler:
    """Find the bin of a value among bins of equal width.

    Parameters
    ----------
    low, high : float
        The outer borders.
    n_bins : int
        The number of bins.
    """

    def __init__(self, low: float, high: float, n_bins: int) -> None:
        self.edges = np.linspace(low, high, n_bins + 1)
        """The borders of the bins, shape (n_bins + 1,)."""
        self._low, self._width = low, (high - low) / n_bins

    def place(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """Find the bins.

        Parameters
        ----------
        values : numpy.ndarray
            Values. The outer borders belong to the bins beside them.

        Returns
        -------
        numpy.ndarray
            The bin of each, in the same shape; `n_bins` for those that are outside or no number.
        """
        n_bins = len(self.edges) - 1
        inside = (values >= self.edges[0]) & (values <= self.edges[-1])
        places = ((np.where(inside, values, self._low) - self._low) / self._width).astype(np.intp)
        return np.where(inside, np.clip(places, 0, n_bins - 1), n_bins)


def count_block_rows(shape: Shape, most: int) -> int:
    """Decide how many rows of an array hold at most so many values.

    Parameters
    ----------
    shape : tuple of int
        The shape of the array, rows first.
    most : int
        The most values.

    Returns
    -------
    int
        The number of rows, at least 1.
    """
    return max(1, most // max(1, math.prod(shape[1:])))
