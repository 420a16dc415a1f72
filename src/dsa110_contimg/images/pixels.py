"""Where pixels come from: a source gives the pixels at an index, as native floats that belong to the caller."""

from __future__ import annotations

import math

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from typing import Any, Protocol

    from numpy.typing import NDArray

    from dsa110_contimg.images.header import Header

    Index = tuple[int | slice, ...]

    class Pixels(Protocol):
        """The pixels of one image, axes in numpy order (the slowest first)."""

        held_bytes: int
        """Memory that this source holds by itself; a map holds none."""

        def read(self, index: Index) -> NDArray[np.floating[Any]]:
            """Return the pixels at an index, one entry an axis in numpy order.

            They are native floats that the caller owns; blank and masked pixels are NaN.
            """
            ...


_TYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


class MappedPixels:
    """Uncompressed FITS pixels in a buffer: a memory map of the file, or the content of a gzip file.

    Parameters
    ----------
    buffer : mmap.mmap or bytes
        The whole file.
    offset : int
        Where the pixels begin.
    lengths : tuple of int
        Number of pixels along each axis, in FITS order.
    header : Header
        Says type, ``BSCALE``, ``BZERO`` and ``BLANK``.

    Raises
    ------
    ValueError
        If the type is none that FITS knows.
    """

    def __init__(self, buffer: mmap.mmap | bytes, offset: int, lengths: tuple[int, ...], header: Header) -> None:
        bitpix = header.number("BITPIX")
        if bitpix not in _TYPES:
            raise ValueError(f"BITPIX = {bitpix} is no type of pixel")
        self._stored: NDArray[Any] = np.ndarray(lengths[::-1], _TYPES[int(bitpix)], buffer, offset)
        # As astropy does: integers of 8 and 16 bits fit float32, longer ones need float64.
        self._type = np.dtype("f4" if bitpix in {8, 16, -32} else "f8")
        self._scale = header.number("BSCALE", 1.0)
        self._zero = header.number("BZERO", 0.0)
        blank = header.number("BLANK") if bitpix > 0 else None
        self._blank = None if blank is None else int(blank)
        self.held_bytes = len(buffer) if isinstance(buffer, bytes) else 0

    def read(self, index: Index) -> NDArray[np.floating[Any]]:
        """Copy the pixels at an index out of the map, scaled; see `Pixels`."""
        stored = self._stored[index]
        pixels: NDArray[np.floating[Any]] = stored.astype(self._type)
        if self._scale != 1.0:
            pixels *= self._scale
        if self._zero != 0.0:
            pixels += self._zero
        if self._blank is not None:
            pixels[stored == self._blank] = math.nan
        return pixels
