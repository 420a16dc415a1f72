"""Noise maps: images of the noise, on the pixels of the image that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsa110_contimg.errors import ContimgError, NoiseMapError
from dsa110_contimg.images.opening import open_image
from dsa110_contimg.qa.notation import split_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.images.radio_images import RadioImage

    Doubles = NDArray[np.float64]

_SAME_PLACE_PIXELS = 0.1


@dataclass(frozen=True, eq=False, slots=True)
class NoiseMap:
    """A noise map that fits its image."""

    image: RadioImage
    """The map."""
    plane: tuple[int, ...]
    """Which plane of it."""
    factor: float
    """What to multiply it by to have it in the unit of its image."""

    def read(self, origins: NDArray[np.int64], shape: tuple[int, int]) -> Doubles:
        """Read windows.

        Parameters
        ----------
        origins : numpy.ndarray, shape (m, 2)
            Row and column (y0, x0) of each window's first pixel.
        shape : tuple of int
            Shape (ny, nx) of a window.

        Returns
        -------
        numpy.ndarray, shape (m, ny, nx)
            The noise in the unit of the image; NaN where it is not above zero, not finite, or beyond the edge.

        Raises
        ------
        NoiseMapError
            If the pixels cannot be read.
        """
        pixels = np.empty((len(origins), *shape))
        try:
            self.image.gather(self.plane, origins, pixels, np.nan)
        except ContimgError as error:
            raise NoiseMapError(error.message, hint=error.hint) from error
        pixels *= self.factor
        pixels[~(pixels > 0) | np.isinf(pixels)] = np.nan
        return pixels


def open_noise_map(
    path: str, image: RadioImage, positions: Doubles, sky: tuple[Doubles, Doubles], **how: str | int | None
) -> NoiseMap:
    """Open the noise map of an image.

    Parameters
    ----------
    path : str
        The map.
    image : RadioImage
        Its image.
    positions : numpy.ndarray, shape (n, 2)
        Where some positions are on the image, in pixels (y, x).
    sky : tuple of numpy.ndarray, shape (n,)
        The same positions: right ascensions and declinations in degrees.
    **how
        ``stokes`` and ``channel`` of the image. A map without such an axis holds for all of its planes.

    Returns
    -------
    NoiseMap
        The map.

    Raises
    ------
    NoiseMapError
        If it is not there, cannot be read, or differs from the image in shape, in its coordinates or in its unit.
    """
    hint = "Give the map that belongs to this image, on the same pixels, or none."
    try:
        opened = open_image(path)
        axes = opened.axes
        plane = axes.choose_plane(
            path,
            stokes=how["stokes"] if len(axes.stokes_names) > 1 else None,  # type: ignore[arg-type]
            channel=how["channel"] if axes.spectral is not None and axes.lengths[axes.spectral] > 1 else None,  # type: ignore[arg-type]
        )
        there = opened.find_pixels(*sky)
    except ContimgError as error:
        raise NoiseMapError(error.message, hint=error.hint) from error
    if opened.shape != image.shape:
        (ny, nx), (height, width) = opened.shape, image.shape
        raise NoiseMapError(f"The noise map {path} has {ny}×{nx} pixels; {image.path} has {height}×{width}.", hint=hint)
    if not np.allclose(there, positions, rtol=0, atol=_SAME_PLACE_PIXELS, equal_nan=True):
        raise NoiseMapError(
            f"The noise map {path} has other coordinates than {image.path}: the same position is on another pixel.",
            hint=hint,
        )
    (factor, unit), (image_factor, image_unit) = split_unit(opened.unit), split_unit(image.unit)
    # Few programs give their maps a unit, and those have that of the image.
    if not opened.unit:
        return NoiseMap(opened, plane, 1.0)
    if unit != image_unit:
        raise NoiseMapError(
            f"The noise map {path} is in {opened.unit}; {image.path} is in {image.unit or 'no unit'}.", hint=hint
        )
    return NoiseMap(opened, plane, factor / image_factor)
