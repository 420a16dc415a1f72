"""Pixels far away: only the blocks of the file that the windows touch are fetched, and each of them once."""

from __future__ import annotations

import math

import numpy as np

from dsa110_contimg.images.gathering import find_overlap, gather_each
from dsa110_contimg.images.pixels import read_encoding
from dsa110_contimg.images.remote import merge_ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images.header import Header
    from dsa110_contimg.images.pixels import Index, Plane
    from dsa110_contimg.images.remote import RemoteFile

_BLOCK = 576
"""Bytes of a block; a fifth of a FITS block, so that no pixel is in two."""
_GAP = 8 * 1024 // _BLOCK
"""Blocks between two others that are fetched with them, because another request would cost more."""
_BATCH = 64 * 1024**2 // _BLOCK
"""Blocks that are held at once, and those that the next windows share with them."""


class RemotePixels:
    """Uncompressed FITS pixels of a file far away.

    Parameters
    ----------
    file : RemoteFile
        The file.
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

    held_bytes = 0

    def __init__(self, file: RemoteFile, offset: int, lengths: tuple[int, ...], header: Header) -> None:
        self._file, self._offset, self._shape = file, offset, lengths[::-1]
        self._encoding = read_encoding(header)
        self._per_block = _BLOCK // self._encoding.stored_type.itemsize
        self._strides = tuple(math.prod(self._shape[axis + 1 :]) for axis in range(len(self._shape)))
        self.dtype = self._encoding.dtype

    def read(self, index: Index) -> NDArray[np.floating[Any]]:
        """Fetch the pixels at an index; see `Pixels`."""
        return self._take(self._fetch(self._find_blocks(index)), index)

    def gather(
        self, plane: Plane, origins: NDArray[np.int64], out: NDArray[np.floating[Any]], fill_value: float
    ) -> NDArray[np.uint8]:
        """Fill windows; see `Pixels`."""
        statuses = np.empty(len(out), np.uint8)
        held = _Blocks(np.empty(0, np.int64), np.empty((0, self._per_block), self._encoding.stored_type))

        def read(rows: slice, columns: slice) -> NDArray[np.floating[Any]]:
            return plane.turn(self._take(held, plane.select(rows, columns)))

        for windows, needed in self._make_batches(plane, origins, out.shape[1:]):
            # Windows come in the order of the file: no later one asks for what is before the first line of this one.
            kept = held.since(self._find_first_block(plane, origins[windows[0]]))
            held = kept.join(self._fetch(np.setdiff1d(needed, kept.numbers, assume_unique=True)))
            for k in windows:
                statuses[k] = gather_each(read, plane.shape, origins[k : k + 1], out[k : k + 1], fill_value)[0]
        return statuses

    def _make_batches(
        self, plane: Plane, origins: NDArray[np.int64], shape: tuple[int, ...]
    ) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
        """Yield the numbers of windows, and the blocks that they touch, in the order of the file."""
        slow = 0 if plane.row_axis < plane.column_axis else 1
        windows: list[int] = []
        blocks: list[NDArray[np.int64]] = []
        count = 0
        for k in np.argsort(origins[:, slow], kind="stable").tolist():
            along = zip(origins[k].tolist(), shape, plane.shape, strict=True)
            found = self._find_blocks(plane.select(*(find_overlap(*one) for one in along)))
            if windows and count + len(found) > _BATCH:
                yield windows, np.unique(np.concatenate(blocks))
                windows, blocks, count = [], [], 0
            windows.append(k)
            blocks.append(found)
            count += len(found)
        if windows:
            yield windows, np.unique(np.concatenate(blocks))

    def _find_first_block(self, plane: Plane, origin: NDArray[np.int64]) -> int:
        """Find the block where the first line of a window begins, at the edge of the plane."""
        axis, along = min((plane.row_axis, 0), (plane.column_axis, 1))
        line = min(max(int(origin[along]), 0), plane.shape[along] - 1)
        pixel = sum(i * stride for i, stride in zip(plane.index, self._strides, strict=True))
        return (pixel + line * self._strides[axis]) // self._per_block

    def _find_lines(self, index: Index) -> tuple[NDArray[np.int64], int, int, tuple[int, ...]]:
        """Find the lines of pixels along the fastest axis that has several.

        Returns
        -------
        tuple
            The pixel of the file, counted from the first that is stored, where each line begins; the pixels of a line
            and the step between them; and the shape of what the index selects.
        """
        starts, step, length = np.zeros(1, np.int64), 1, 1
        slices = [axis for axis, part in enumerate(index) if isinstance(part, slice)]
        shape: list[int] = []
        for axis, (part, stride) in enumerate(zip(index, self._strides, strict=True)):
            if isinstance(part, int):
                starts = starts + part * stride
                continue
            first, stop, _ = part.indices(self._shape[axis])
            shape.append(stop - first)
            if axis == slices[-1]:
                starts, step, length = starts + first * stride, stride, stop - first
            else:
                starts = (starts[:, None] + np.arange(first, stop) * stride).ravel()
        return starts, length, step, tuple(shape)

    def _find_blocks(self, index: Index) -> NDArray[np.int64]:
        starts, length, step, _ = self._find_lines(index)
        if length == 0:
            return np.empty(0, np.int64)
        first, last = starts // self._per_block, (starts + (length - 1) * step) // self._per_block
        numbers = first[:, None] + np.arange(int((last - first).max(initial=0)) + 1)
        return np.unique(numbers[numbers <= last[:, None]])

    def _fetch(self, numbers: NDArray[np.int64]) -> _Blocks:
        """Fetch blocks, and with them those in short gaps between them."""
        runs = merge_ranges([(number, number + 1) for number in numbers.tolist()], _GAP)
        end = self._offset + math.prod(self._shape) * self._encoding.stored_type.itemsize
        ranges = [(self._offset + first * _BLOCK, min(self._offset + stop * _BLOCK, end)) for first, stop in runs]
        fetched = np.concatenate([np.arange(first, stop) for first, stop in [(0, 0), *runs]])
        content = b"".join(self._file.fetch(ranges)).ljust(len(fetched) * _BLOCK, b"\0")
        return _Blocks(fetched, np.frombuffer(content, self._encoding.stored_type).reshape(-1, self._per_block))

    def _take(self, held: _Blocks, index: Index) -> NDArray[np.floating[Any]]:
        starts, length, step, shape = self._find_lines(index)
        # The blocks of a line are held all, and so stand one after the other.
        places = np.searchsorted(held.numbers, starts // self._per_block) * self._per_block + starts % self._per_block
        pixels, span = held.pixels.reshape(-1), (length - 1) * step + 1
        lines = [pixels[place : place + span : step] for place in places.tolist()]
        return self._encoding.decode(np.concatenate(lines).reshape(shape))


class _Blocks:
    """Blocks of a file, sorted by their number, counted from where the pixels begin."""

    def __init__(self, numbers: NDArray[np.int64], pixels: NDArray[Any]) -> None:
        self.numbers, self.pixels = numbers, pixels

    def since(self, number: int) -> _Blocks:
        """Return the blocks from a number on."""
        first = int(np.searchsorted(self.numbers, number))
        return _Blocks(self.numbers[first:], self.pixels[first:])

    def join(self, others: _Blocks) -> _Blocks:
        """Return these blocks and others; what is in both is there once."""
        if not self.numbers.size:
            return others
        numbers, which = np.unique(np.concatenate([self.numbers, others.numbers]), return_index=True)
        return _Blocks(numbers, np.concatenate([self.pixels, others.pixels])[which])
