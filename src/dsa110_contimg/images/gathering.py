"""Windows of many positions at once: filled from wherever pixels come, each with its status."""

from __future__ import annotations

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

STATUSES = ("full", "partial", "blank", "off-image", "unreadable")
"""What a status code means: all pixels have sky; some have none; none has, or all are zero; the window does not touch
the image; the image could not be read."""
FULL, PARTIAL, BLANK, OFF_IMAGE, UNREADABLE = range(len(STATUSES))


def gather_each(
    read: Callable[[slice, slice], Floats],
    shape: tuple[int, int],
    origins: NDArray[np.int64],
    out: Floats,
    fill_value: float,
) -> NDArray[np.uint8]:
    """Fill one window after the other.

    Parameters
    ----------
    read : callable
        Returns the pixels of rows and columns that lie on the plane.
    shape : tuple of int
        Shape (ny, nx) of the plane.
    origins : numpy.ndarray, shape (n, 2)
        Row and column (y0, x0) of each window's first pixel; may be negative.
    out : numpy.ndarray, shape (n, ny, nx)
        The windows, filled here.
    fill_value : float
        What stands beyond the edge of the plane.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Status of each window, as a number in `STATUSES`.
    """
    statuses = np.empty(len(out), np.uint8)
    for k, (y0, x0) in enumerate(origins.tolist()):
        statuses[k] = _fill(read, shape, (y0, x0), out[k], fill_value)
    return statuses


def find_overlap(start: int, length: int, total: int) -> slice:
    """Return the part of a window along one axis that is on the plane; empty where none is."""
    first = min(max(start, 0), total)
    return slice(first, max(min(start + length, total), first))


def _fill(
    read: Callable[[slice, slice], Floats],
    shape: tuple[int, int],
    origin: tuple[int, int],
    window: Floats,
    fill_value: float,
) -> int:
    rows, columns = (find_overlap(*along) for along in zip(origin, window.shape, shape, strict=True))
    if rows.start == rows.stop or columns.start == columns.stop:
        window[:] = fill_value
        return OFF_IMAGE
    whole = (rows.stop - rows.start, columns.stop - columns.start) == window.shape
    if not whole:
        window[:] = fill_value
    there = window[rows.start - origin[0] : rows.stop - origin[0], columns.start - origin[1] : columns.stop - origin[1]]
    there[:] = read(rows, columns)
    return judge(there, whole)


def judge(there: Floats, whole: bool) -> int:
    """Return the status of a window from its pixels on the plane, and whether these are all that it has."""
    has_sky = np.isfinite(there)
    all_sky = bool(has_sky.all())
    if not (there.any() if all_sky else there[has_sky].any()):
        return BLANK
    return FULL if whole and all_sky else PARTIAL
