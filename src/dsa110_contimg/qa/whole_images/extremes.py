"""Where the brightest and the deepest pixel of a plane are."""

from __future__ import annotations

import math

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Pixel = tuple[int, int]

_BLOCK = 1 << 17
"""Pixels that are looked at at once, so that they are in the processor's cache when they are looked at again."""


def find_extremes(plane: NDArray[np.floating[Any]]) -> tuple[Pixel, Pixel] | None:
    """Find the brightest and the deepest of the finite pixels.

    Parameters
    ----------
    plane : numpy.ndarray, shape (ny, nx)
        The pixels.

    Returns
    -------
    tuple or None
        Where (y, x) the largest and the smallest value are, the first of equals; None where no pixel is finite.
    """
    highest, lowest = -math.inf, math.inf
    peak: Pixel = (0, 0)
    deepest: Pixel = (0, 0)
    rows = max(_BLOCK // plane.shape[1], 1)
    for start in range(0, plane.shape[0], rows):
        block = upper = lower = plane[start : start + rows]
        high, low = block.max(), block.min()
        if not (np.isfinite(high) and np.isfinite(low)):  # NaN, if there is one
            finite = np.isfinite(block)
            upper, lower = np.where(finite, block, -math.inf), np.where(finite, block, math.inf)
            high, low = upper.max(), lower.min()
        if high > highest:
            highest, peak = high, _place(upper.argmax(), start, plane.shape[1])
        if low < lowest:
            lowest, deepest = low, _place(lower.argmin(), start, plane.shape[1])
    return None if highest < lowest else (peak, deepest)


def _place(number: np.intp, start: int, nx: int) -> Pixel:
    row, column = divmod(int(number), nx)
    return start + row, column
