"""Which sources of a catalogue have others near them."""

from __future__ import annotations

import math

import numpy as np

from dsa110_contimg.images.projections import unit_vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray


def find_isolated(ra_deg: NDArray[np.float64], dec_deg: NDArray[np.float64], distance_deg: float) -> NDArray[np.bool_]:
    """Find the sources that have no other one near them.

    Parameters
    ----------
    ra_deg, dec_deg : ndarray
        Positions in degrees, shape (n,).
    distance_deg : float
        How far away, on the sky, the next source must be, in degrees.

    Returns
    -------
    ndarray
        Whether each source stands alone, shape (n,).

    Examples
    --------
    >>> find_isolated(np.array([0.0, 359.999, 180.0]), np.array([0.0, 0.0, 89.0]), 0.01)
    array([False, False,  True])
    """
    order = np.argsort(dec_deg)
    dec, vectors = dec_deg[order], unit_vectors(ra_deg, dec_deg)[:, order]
    chord = 2.0 * math.sin(math.radians(min(distance_deg, 180.0)) / 2.0)
    crowded = np.zeros(dec.size, bool)
    # In the order of declination, each source is held against the next one, the one after it, and so on, until all
    # are too far north: as often as there are sources in a strip of that height, and not once for every pair.
    for step in range(1, dec.size):
        if not (dec[step:] - dec[:-step] <= distance_deg).any():
            break
        near = np.sum((vectors[:, step:] - vectors[:, :-step]) ** 2, axis=0) <= chord**2
        crowded[step:] |= near
        crowded[:-step] |= near
    isolated = np.empty(dec.size, bool)
    isolated[order] = ~crowded
    return isolated
