"""Windows: which pixels of an image a stamp takes, and the pixels themselves."""

from __future__ import annotations

import math

import numpy as np

from dsa110_contimg.errors import BadPositionError

_LAST_DIGITS = 1e-6
"""Pixels within which two ways to compute a position may differ."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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


def find_origin(position: float, length: int) -> int:
    """Find the first pixel of a stamp along one axis, so that the position is in its central pixel.

    Parameters
    ----------
    position : float
        The position along the axis in pixels, counted from zero.
    length : int
        Number of pixels of the stamp along the axis.

    Returns
    -------
    int
        The first pixel; negative where the stamp reaches beyond the image.
    """
    # A position in the middle of a pixel must give the same stamp in every epoch, whatever its last digit is.
    return math.ceil(position - length / 2 - _LAST_DIGITS)


def cut_window(
    image: RadioImage, plane: tuple[int, ...], origin: tuple[int, int], shape: tuple[int, int], fill_value: float
) -> tuple[NDArray[np.floating[Any]], str] | None:
    """Cut a window that may reach beyond the image.

    Parameters
    ----------
    image : RadioImage
        The image.
    plane : tuple of int
        Which plane of it; from `Axes.choose_plane`.
    origin : tuple of int
        Row and column (y0, x0) of the window's first pixel; may be negative.
    shape : tuple of int
        Shape (ny, nx) of the window.
    fill_value : float
        What stands beyond the edge of the image.

    Returns
    -------
    tuple or None
        The pixels, shape (ny, nx), native and read-only, and their status: ``"full"``; ``"partial"`` where some have
        no sky; ``"blank"`` where all are without sky or zero. None where the window does not touch the image.

    Raises
    ------
    UnreadableImageError
        If the pixels cannot be read.
    """
    (y0, x0), (ny, nx) = origin, shape
    rows = slice(max(y0, 0), min(y0 + ny, image.shape[0]))
    columns = slice(max(x0, 0), min(x0 + nx, image.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    pixels = image.read(plane, rows, columns)
    has_sky = np.isfinite(pixels)
    is_whole = has_sky.all()
    if not (pixels.any() if is_whole else pixels[has_sky].any()):
        status = "blank"
    else:
        status = "full" if is_whole and pixels.shape == shape else "partial"
    if pixels.shape != shape:
        padded = np.full(shape, fill_value, pixels.dtype)
        padded[rows.start - y0 : rows.stop - y0, columns.start - x0 : columns.stop - x0] = pixels
        pixels = padded
    pixels.flags.writeable = False
    return pixels, status
