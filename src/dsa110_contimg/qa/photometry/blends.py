"""Sources that stand so near to each other that the flux of one is partly that of the other."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.qa.photometry.kernels import FWHM_PER_SIGMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

_NEAR_BEAMS = 1.5
_FAR_BEAMS = 3.2
_SHIFT = 0.5
_AT_ONCE = 1_000_000
"""Pairs that are looked at at once, so that memory does not grow with the square of the number of sources."""


def find_blends(positions: Doubles, shapes: Doubles, fluxes: Doubles, errors: Doubles) -> NDArray[np.bool_]:
    """Find the sources whose flux another source of the list changes.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n, 2)
        Pixels (y, x).
    shapes : numpy.ndarray, shape (n, 3) or (1, 3)
        Inverse covariances of the beam; see `PixelBeam`.
    fluxes, errors : numpy.ndarray, shape (n,)
        Forced fluxes of isolated sources and their errors, in one unit; NaN where there is none.

    Returns
    -------
    numpy.ndarray, shape (n,)
        True where another source is nearer than 1.5 beams (FWHM, along the line between the two), or where the others
        together shift the flux by more than half its error.

    Notes
    -----
    At a distance of x standard deviations of the beam, a neighbour of flux S adds S Σk(i)k(i-x)/Σk² = S exp(-x²/4) to
    the flux. That is 25 % of S at one beam, 4.4 % at 1.5, 0.4 % at two, and 0.0003 % at three. So a neighbour as bright
    as the source can be forgotten at two beams, but one of S/N 1000 cannot. What it is bright is measured in the same
    image. Where two sources are nearer than 1.5 beams, that itself is too uncertain to be used.
    """
    shapes = np.broadcast_to(shapes, (len(positions), 3))
    is_blended = np.zeros(len(positions), bool)
    shifts = np.zeros(len(positions))
    for first, second in _find_pairs(positions, shapes):
        y, x = (positions[second] - positions[first]).T
        for one, other in ((first, second), (second, first)):
            xx, xy, yy = shapes[one].T
            squares = xx * x**2 + 2 * xy * x * y + yy * y**2
            is_blended[one[squares < (_NEAR_BEAMS * FWHM_PER_SIGMA) ** 2]] = True
            added = np.abs(fluxes[other]) * np.exp(-squares / 4)
            np.add.at(shifts, one, np.where(np.isfinite(added), added, 0.0))
    with np.errstate(invalid="ignore"):
        return is_blended | (shifts > _SHIFT * errors)


def _find_pairs(positions: Doubles, shapes: Doubles) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield all pairs of sources that may be nearer than `_FAR_BEAMS`, each pair once."""
    xx, xy, yy = shapes.T
    reach = _FAR_BEAMS * FWHM_PER_SIGMA * np.sqrt(np.stack([xx, yy]) / (xx * yy - xy**2)).max(axis=1, initial=0.0)
    order = np.argsort(positions[:, 0], kind="stable")
    y, x = positions[order].T
    # In the order of y, the neighbours of a source stand right behind it.
    counts = np.searchsorted(y, y + reach[0], side="right") - np.arange(1, y.size + 1)
    before = np.cumsum(counts) - counts
    for some in np.split(np.arange(y.size), np.searchsorted(before, np.arange(_AT_ONCE, counts.sum(), _AT_ONCE))):
        first = np.repeat(some, counts[some])
        second = first + 1 + np.arange(first.size) - np.repeat(before[some] - before[some[:1]], counts[some])
        near = np.abs(x[second] - x[first]) <= reach[1]
        yield order[first[near]], order[second[near]]
