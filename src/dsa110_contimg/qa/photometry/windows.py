"""Windows around sources, read from one image in blocks of bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.images.gathering import FULL
from dsa110_contimg.images.windows import find_origins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images.radio_images import RadioImage

    Floats = NDArray[np.floating[Any]]
    Doubles = NDArray[np.float64]

_BLOCK_BYTES = 8 * 1024**2
"""Small enough to stay in the processor's cache while everything about the sources is measured."""
_LAST_DIGITS = 1e-6
"""Pixels within which two ways to compute a position may differ."""


@dataclass(frozen=True, eq=False, slots=True)
class Windows:
    """Windows around some of the sources."""

    part: NDArray[np.intp]
    """Which sources, shape (m,)."""
    pixels: Floats
    """Pixels (float32), shape (m, ny, nx); NaN where there is no sky, and beyond the edge."""
    origins: NDArray[np.int64]
    """Row and column (y0, x0) of the image that became pixel (0, 0), shape (m, 2)."""
    targets: Doubles
    """Where in the window the position is (y, x), shape (m, 2)."""
    is_whole: NDArray[np.bool_]
    """Which windows have a sky everywhere, shape (m,)."""

    def crop(self, reach: tuple[float, float]) -> tuple[tuple[int, int], Floats]:
        """Return the part of the windows that holds everything within reach of the positions.

        Parameters
        ----------
        reach : tuple of float
            How far it must reach along y and x, in pixels.

        Returns
        -------
        first : tuple of int
            The first row and column (y, x) of the part.
        pixels : numpy.ndarray, shape (m, ny, nx)
            Its pixels; at each end there may be a row or a column more than some source needs.
        """
        slices = []
        for length, far in zip(self.pixels.shape[1:], reach, strict=True):
            # Positions are above half the side - 1, and not above half the side.
            middle, rim = length // 2, math.floor(far)
            slices.append(slice(max(middle - 1 - rim, 0), middle + rim + 1))
        return (slices[0].start, slices[1].start), self.pixels[:, slices[0], slices[1]]

    def find_nearest(self) -> NDArray[np.intp]:
        """Return the pixels (y, x) of the windows that are nearest to the positions, shape (m, 2)."""
        # A position in the middle between two pixels must have the same one in every epoch, whatever its last digit is.
        return np.ceil(self.targets - 0.5 - _LAST_DIGITS).astype(np.intp)

    def take(self, middle: NDArray[np.intp], steps: NDArray[np.intp]) -> Floats:
        """Take a square out of each window.

        Parameters
        ----------
        middle : numpy.ndarray, shape (m, 2)
            Pixels (y, x) of the windows.
        steps : numpy.ndarray, shape (k,)
            Which rows and columns to take, counted from there.

        Returns
        -------
        numpy.ndarray, shape (m, k, k)
            The pixels.
        """
        rows, columns = (along[:, np.newaxis] + steps for along in middle.T)
        each = np.arange(len(middle))[:, np.newaxis, np.newaxis]
        taken: Floats = self.pixels[each, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]
        return taken

    def measure_nearest(self) -> tuple[Floats, Floats]:
        """Return the pixel at each position, and the brightest of the 3 × 3 around it, each of shape (m,); or NaN."""
        nearest = self.take(self.find_nearest(), np.arange(-1, 2))
        return nearest[:, 1, 1], np.fmax.reduce(nearest.reshape(-1, 9), axis=1)

    def find_blank_distances(self, scales_deg: tuple[float, float]) -> Doubles:
        """Measure how far the nearest pixel without sky is.

        Parameters
        ----------
        scales_deg : tuple of float
            Size (y, x) of a pixel in degrees.

        Returns
        -------
        numpy.ndarray, shape (m,)
            Degrees from the position to the near side of that pixel; infinite where the window has none.
        """
        found = np.full(self.part.size, np.inf)
        for k in np.flatnonzero(~self.is_whole):
            y, x = np.nonzero(np.isnan(self.pixels[k]))
            apart = np.maximum(np.abs(np.stack([y, x], axis=1) - self.targets[k]) - 0.5, 0.0) * scales_deg
            found[k] = np.hypot(*apart.T).min(initial=np.inf)
        return found


def find_on_image(image: RadioImage, positions: Doubles, margin: float = 0.0) -> NDArray[np.intp]:
    """Find which positions fall on pixels.

    Parameters
    ----------
    image : RadioImage
        The image.
    positions : ndarray
        Pixels (y, x), shape (n, 2); NaN where there is none.
    margin : float
        How many pixels beyond the edge count, too.

    Returns
    -------
    ndarray
        Their numbers.
    """
    low, high = -0.5 - margin, np.array(image.shape) - 0.5 + margin
    return np.flatnonzero(((positions >= low) & (positions < high)).all(axis=1))  # false for NaN


def read_windows(
    image: RadioImage, plane: tuple[int, ...], positions: Doubles, shape: tuple[int, int]
) -> Iterator[Windows]:
    """Read windows around sources.

    Parameters
    ----------
    image : RadioImage
        The image.
    plane : tuple of int
        Which plane of it.
    positions : numpy.ndarray, shape (n, 2)
        Pixels (y, x) of the sources.
    shape : tuple of int
        Shape (ny, nx) of a window, even numbers.

    Yields
    ------
    Windows
        Some of them, from the first row of the image to the last, so that few tiles are decoded more than once. The
        position is in the pixel (ny / 2 - 1, nx / 2 - 1) or less than one pixel above it. The next block takes the
        memory of this one.

    Raises
    ------
    UnreadableImageError
        If the pixels cannot be read.
    """
    part = np.argsort(positions[:, 0], kind="stable")
    step = max(_BLOCK_BYTES // (4 * shape[0] * shape[1]), 1)
    room = np.empty((min(step, part.size), *shape), np.float32)
    for start in range(0, part.size, step):
        some = part[start : start + step]
        origins = find_origins(positions[some], shape)
        pixels = room[: some.size]
        is_whole = image.gather(plane, origins, pixels, np.nan) == FULL
        is_whole &= ~_blank_patches(pixels)
        if not is_whole.all():
            pixels[np.isinf(pixels)] = np.nan
        yield Windows(some, pixels, origins, positions[some] - origins, is_whole)


def _blank_patches(pixels: Floats) -> NDArray[np.bool_]:
    """Make patches of zeros blank, and tell which windows have some.

    Some programs write zeros where there is no sky. A zero among others may be a real pixel of an image of integers;
    a square of 3 × 3 zeros is none.
    """
    is_zero, is_patched = pixels == 0, np.zeros(len(pixels), bool)
    if not is_zero.any():
        return is_patched
    for k in np.flatnonzero(is_zero.any(axis=(1, 2))):
        squares = np.lib.stride_tricks.sliding_window_view(is_zero[k], (3, 3)).all(axis=(2, 3))
        is_patched[k] = squares.any()
        for y in range(3):
            for x in range(3):
                pixels[k, y : y + squares.shape[0], x : x + squares.shape[1]][squares] = np.nan
    return is_patched
