"""Where pixels come from: a source gives the pixels at an index, or many windows at once, as native floats."""

from __future__ import annotations

import math
import mmap
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.images.gathering import gather_each
from dsa110_contimg.images.native import helper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from numpy.typing import NDArray

    from dsa110_contimg.images.header import Header

    Index = tuple[int | slice, ...]

    class Pixels(Protocol):
        """The pixels of one image, axes in numpy order (the slowest first)."""

        held_bytes: int
        """Memory that this source holds by itself; a map holds none."""
        dtype: np.dtype[Any]
        """Type of the pixels that it gives: float32 or float64."""

        def read(self, index: Index) -> NDArray[np.floating[Any]]:
            """Return the pixels at an index, one entry an axis in numpy order.

            They are native floats that the caller owns; blank and masked pixels are NaN.
            """
            ...

        def gather(
            self, plane: Plane, origins: NDArray[np.int64], out: NDArray[np.floating[Any]], fill_value: float
        ) -> NDArray[np.uint8]:
            """Fill windows (n, ny, nx) of a plane, and return the status of each; see `gather_each`.

            Every pixel that is compressed or far away is fetched once, however many windows it is in.
            """
            ...


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane of sky among the axes of an image, in numpy order (the slowest first)."""

    index: tuple[int, ...]
    """Which pixel along each axis; zero along the two axes of sky."""
    row_axis: int
    """The axis of the rows (y)."""
    column_axis: int
    """The axis of the columns (x)."""
    shape: tuple[int, int]
    """Number of rows and columns (ny, nx)."""

    def select(self, rows: slice, columns: slice) -> Index:
        """Return the index of a rectangle of this plane."""
        index: list[int | slice] = list(self.index)
        index[self.row_axis], index[self.column_axis] = rows, columns
        return tuple(index)

    def read(self, pixels: Pixels, rows: slice, columns: slice) -> NDArray[np.floating[Any]]:
        """Read a rectangle of this plane, rows first however the axes stand."""
        return self.turn(pixels.read(self.select(rows, columns)))

    def turn(self, pixels: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Put the rows of what `select` selected first, however the axes stand."""
        return pixels if self.row_axis < self.column_axis else pixels.T


_BAND_BYTES = 16 * 1024**2
_LARGE = 64 * 1024**2
"""Bytes of windows from which on a map is read band by band, so that little of it is in memory."""

_TYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How pixels stand in a FITS file."""

    bitpix: int
    """The type, as FITS numbers it."""
    scale: float
    """``BSCALE``."""
    zero: float
    """``BZERO``."""
    blank: int | None
    """``BLANK``; None for floats, and where there is none."""

    @property
    def stored_type(self) -> np.dtype[Any]:
        """Type of the pixels in the file."""
        return np.dtype(_TYPES[self.bitpix])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the decoded pixels; as astropy does: integers of 8 and 16 bits fit float32, longer ones do not."""
        return np.dtype("f4" if self.bitpix in {8, 16, -32} else "f8")

    def decode(self, stored: NDArray[Any]) -> NDArray[np.floating[Any]]:
        """Copy stored pixels to native floats, scaled, NaN where they are blank."""
        pixels: NDArray[np.floating[Any]] = stored.astype(self.dtype)
        if self.scale != 1.0:
            pixels *= self.scale
        if self.zero != 0.0:
            pixels += self.zero
        if self.blank is not None:
            pixels[stored == self.blank] = math.nan
        return pixels


def read_encoding(header: Header) -> Encoding:
    """Read ``BITPIX``, ``BSCALE``, ``BZERO`` and ``BLANK``; a ValueError where the type is none that FITS knows."""
    bitpix = header.number("BITPIX")
    if bitpix not in _TYPES:
        raise ValueError(f"BITPIX = {bitpix} is no type of pixel")
    blank = header.number("BLANK") if bitpix > 0 else None
    scale, zero = header.number("BSCALE", 1.0), header.number("BZERO", 0.0)
    # No integer of 64 bits equals a larger one.
    return Encoding(int(bitpix), scale, zero, None if blank is None or abs(blank) >= 2.0**63 else int(blank))


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
        self._encoding, self._buffer, self._offset = read_encoding(header), buffer, offset
        self._stored: NDArray[Any] = np.ndarray(lengths[::-1], self._encoding.stored_type, buffer, offset)
        self.dtype = self._encoding.dtype
        self.held_bytes = len(buffer) if isinstance(buffer, bytes) else 0

    def read(self, index: Index) -> NDArray[np.floating[Any]]:
        """Copy the pixels at an index out of the map, scaled; see `Pixels`."""
        return self._encoding.decode(self._stored[index])

    def gather(
        self, plane: Plane, origins: NDArray[np.int64], out: NDArray[np.floating[Any]], fill_value: float
    ) -> NDArray[np.uint8]:
        """Fill windows from the map; see `Pixels`. An EOFError says that the file has become shorter."""
        if helper is None:
            return gather_each(lambda *at: plane.read(self, *at), plane.shape, origins, out, fill_value)
        strides, encoding = self._stored.strides, self._encoding
        offset = self._offset + sum(i * stride for i, stride in zip(plane.index, strides, strict=True))
        row_stride, statuses = strides[plane.row_axis], np.empty(len(out), np.uint8)
        origins = np.ascontiguousarray(origins, np.int64)
        for order in self._divide(origins[:, 0], out.nbytes, row_stride):
            helper.gather(
                *(self._buffer, offset),
                (encoding.bitpix, encoding.scale, encoding.zero, encoding.blank is not None, encoding.blank or 0),
                (row_stride, strides[plane.column_axis], *plane.shape),
                *(origins, order, out, out.dtype == np.float64, statuses),
                (*out.shape[1:], fill_value),
            )
            if order.size < len(out):
                self._forget()
        return statuses

    def _divide(self, rows: NDArray[np.int64], wanted_bytes: int, row_stride: int) -> list[NDArray[np.int64]]:
        """Order windows by their first row, so that neighbours share pages, in parts between which pages are forgotten.

        Where few are wanted the whole map stays: the next call then finds its pages in place, which is most of its
        speed. Where windows lie close enough to cover the map, each page serves many of them, and fetching it anew
        costs little; so the map does not fill the memory.
        """
        order = np.argsort(rows, kind="stable").astype(np.int64, copy=False)
        if wanted_bytes < min(self._stored.nbytes, _LARGE) or row_stride == 0:
            return [order]
        last = min(int(rows[order[-1]]), self._stored.nbytes // row_stride)  # a window may lie far beyond the image
        bands = np.arange(0, last, max(_BAND_BYTES // row_stride, 1))[1:]
        return np.split(order, np.searchsorted(rows[order], bands))

    def _forget(self) -> None:
        """Let go of the pages of the map; they stay in the system's cache."""
        if not isinstance(self._buffer, bytes) and hasattr(mmap, "MADV_DONTNEED"):
            self._buffer.madvise(mmap.MADV_DONTNEED)
