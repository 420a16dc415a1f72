"""What the solutions of a caltable come to: fractions, medians, and scatter in phase."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.qa.stamps.statistics import SIGMA_PER_MAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa.caltables.solutions import Solutions


@dataclass(frozen=True, eq=False, slots=True)
class Roster:
    """The antennas and spectral windows of a caltable, in the order of every array that is measured."""

    antennas: NDArray[np.int64]
    """Numbers of the antennas, as ANTENNA1 counts, ascending."""
    windows: NDArray[np.int64]
    """Numbers of the spectral windows, ascending."""

    def count(
        self, solutions: Sequence[Solutions], counted: Callable[[Solutions], NDArray[np.bool_]]
    ) -> NDArray[np.int64]:
        """Count solutions.

        Parameters
        ----------
        solutions : sequence of Solutions
            The solutions.
        counted : callable
            What tells which of them count, shape (n_rows, n_channels, n_receptors).

        Returns
        -------
        ndarray
            Their number, shape (n_windows, n_antennas + 1); the last antenna are the rows that name none.
        """
        counts = np.zeros((self.windows.size, self.antennas.size + 1), np.int64)
        for part in solutions:
            np.add.at(self._slot(counts, part), self.place(part.antennas), counted(part).sum(axis=(1, 2)))
        return counts

    def place(self, antennas: NDArray[np.int64]) -> NDArray[np.intp]:
        """Turn numbers of antennas into places among `antennas`; behind the last one for -1."""
        return np.where(antennas < 0, self.antennas.size, np.searchsorted(self.antennas, antennas))

    def add_phasors(self, solutions: Sequence[Solutions], n_receptors: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Add up the directions of the usable solutions.

        Parameters
        ----------
        solutions : sequence of Solutions
            Complex solutions. One that is exactly zero has no phase, and does not count.
        n_receptors : int
            The number of receptors.

        Returns
        -------
        tuple of ndarray
            The sums of z / |z|, and their numbers, both of shape (n_windows, n_antennas + 1, n_receptors).
        """
        shape = (self.windows.size, self.antennas.size + 1, n_receptors)
        sums, counts = np.zeros(shape, np.complex128), np.zeros(shape, np.int64)
        for part in solutions:
            values = np.zeros(part.flags.shape, np.complex128)
            np.copyto(values, part.numbers, where=part.usable)
            length = np.abs(values)
            has_phase = length > 0
            unit = np.divide(values, length, out=np.zeros_like(values), where=has_phase)
            receptors = np.s_[:, : unit.shape[-1]]
            places = self.place(part.antennas)
            np.add.at(self._slot(sums, part)[receptors], places, unit.sum(axis=1))
            np.add.at(self._slot(counts, part)[receptors], places, has_phase.sum(axis=1))
        return sums, counts

    def collect(
        self, solutions: Sequence[Solutions], pick: Callable[[Solutions], NDArray[Any]]
    ) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """Collect a real number of every usable solution.

        Parameters
        ----------
        solutions : sequence of Solutions
            The solutions.
        pick : callable
            The number, shape (n_rows, n_channels, n_receptors); what is NaN or infinite is left out.

        Returns
        -------
        tuple
            All numbers, and those of each antenna.
        """
        numbers, owners = [np.zeros(0)], [np.zeros(0, np.intp)]
        for part in solutions:
            found = pick(part).astype(np.float64)
            chosen = part.usable & np.isfinite(found)
            numbers.append(found[chosen])
            owners.append(np.repeat(self.place(part.antennas), chosen.sum(axis=(1, 2))))
        everything, owner = np.concatenate(numbers), np.concatenate(owners)
        order = np.argsort(owner, kind="stable")
        ends = np.cumsum(np.bincount(owner, minlength=self.antennas.size + 1))
        return everything, np.split(everything[order], ends[:-1])[: self.antennas.size]

    def _slot(self, table: NDArray[Any], part: Solutions) -> Any:
        return table[np.searchsorted(self.windows, part.window)]


def circular_scatter_deg(sums: NDArray[np.complex128], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute the circular standard deviation of phases.

    Parameters
    ----------
    sums : ndarray
        Sums of unit vectors exp(i·phase), of any shape.
    counts : ndarray
        How many vectors are in each sum, of the same shape.

    Returns
    -------
    ndarray
        √(−2 ln R) in degrees, with R the length of the mean vector, of the same shape; NaN where there are fewer
        than two. It is the standard deviation of a normal distribution that was wrapped around the circle, so that
        ±180° is no edge, and a common rotation changes nothing.

    References
    ----------
    Mardia & Jupp (2000), "Directional Statistics", eq. 2.3.14.

    Examples
    --------
    >>> phases = np.radians([[170.0, -170.0], [20.0, 0.0]])
    >>> np.round(circular_scatter_deg(np.exp(1j * phases).sum(axis=1), np.array([2, 2])), 2)
    array([10.03, 10.03])
    """
    several = counts > 1
    mean = np.divide(np.abs(sums), counts, out=np.full(counts.shape, np.nan), where=several)
    # Vectors that cancel to the last bit scatter without bound; rounding alone leaves 1e-16 of them.
    length = np.clip(mean, np.finfo(np.float64).tiny, 1.0)
    radians: NDArray[np.float64] = np.sqrt(-2.0 * np.log(length) + 0.0)  # + 0.0, else it could be -0
    return np.degrees(radians)


def median_along(values: NDArray[np.float64], axes: tuple[int, ...]) -> NDArray[np.float64]:
    """Take the median along axes of what is no NaN; NaN where all is, or where there is nothing."""
    kept = [axis for axis in range(values.ndim) if axis not in axes]
    shape = [values.shape[axis] for axis in kept]
    flat = values.transpose(*kept, *axes).reshape(*shape, math.prod(values.shape[axis] for axis in axes))
    medians = np.full(flat.shape[:-1], np.nan)
    is_known = ~np.isnan(flat).all(axis=-1)
    medians[is_known] = np.nanmedian(flat[is_known], axis=-1)
    return medians


def median(values: NDArray[np.float64]) -> float:
    """Take the median; NaN of nothing."""
    return float(np.median(values)) if values.size else float("nan")


def robust_deviation(values: NDArray[np.float64]) -> float:
    """Compute 1.4826 times the median absolute deviation about the median; NaN of nothing."""
    return SIGMA_PER_MAD * median(np.abs(values - median(values)))


def divide(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide counts; NaN where there is nothing to count."""
    fraction: NDArray[np.float64] = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return fraction
