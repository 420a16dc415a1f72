"""Windows: which pixels of an image a stamp takes."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.errors import BadPositionError

_LAST_DIGITS = 1e-6
"""Pixels within which two ways to compute a position may differ."""
_FARTHEST = 2.0**40
"""Pixels beyond which there is no image."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.images.radio_images import RadioImage


def count_pixels(image: RadioImage, size_arcmin: float) -> tuple[int, int]:
    """Count the pixels of a stamp.

    Parameters
    ----------
    image : RadioImage
        The image it is cut from.
    size_arcmin : float
        Length of a side in arcminutes.

    Returns
    -------
    tuple of int
        Shape (ny, nx), each from its own axis' pixel size at the reference point.

    Raises
    ------
    BadPositionError
        If that is less than a pixel, or more than the image.
    """
    ny, nx = (round(size_arcmin / 60 / scale) for scale in image.pixel_scales_deg)
    height, width = image.shape
    if ny < 1 or nx < 1:
        raise BadPositionError(
            f"A size of {size_arcmin:g} arcmin is {ny} × {nx} pixels (height × width) of {image.path}.",
            hint=f"Give at least {max(image.pixel_scales_deg) * 60:.3g} arcmin, the size of one pixel.",
        )
    if ny > height or nx > width:
        whole = min(n * scale * 60 for n, scale in zip(image.shape, image.pixel_scales_deg, strict=True))
        raise BadPositionError(
            f"A size of {size_arcmin:g} arcmin is {ny} × {nx} pixels (height × width); "
            f"{image.path} has {height} × {width}.",
            hint=f"Give at most {whole:.4g} arcmin, or open the whole image.",
        )
    return ny, nx


def find_origins(positions: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int64]:
    """Find the first pixel of each stamp, so that its position is in its central pixel.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n, 2)
        The positions (y, x) in pixels, counted from zero; NaN where there is none.
    shape : tuple of int
        Shape (ny, nx) of the stamps.

    Returns
    -------
    numpy.ndarray, shape (n, 2)
        Row and column (y0, x0) of the first pixel; negative where the stamp reaches beyond the image. Where there is no
        position, or one that no image reaches, the stamp lies just beyond the image's corner.
    """
    # A position in the middle of a pixel must give the same stamp in every epoch, whatever its last digit is.
    first = np.ceil(positions - np.array(shape) / 2 - _LAST_DIGITS)
    somewhere = (np.abs(first) < _FARTHEST).all(axis=1, keepdims=True)
    return np.where(somewhere, first, np.negative(shape)).astype(np.int64)
