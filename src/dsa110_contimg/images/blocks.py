"""Windows that are filled block by block, from tiles or bands of rows: each is fetched once for all windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsa110_contimg.images.gathering import OFF_IMAGE, judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of a plane, and its pixels."""

    row: int
    column: int
    pixels: Floats


class Windows:
    """Windows of one plane, sorted by where they begin.

    Parameters
    ----------
    origins : numpy.ndarray, shape (n, 2)
        Row and column (y0, x0) of each window's first pixel; may be negative.
    lengths : tuple of int
        Number of rows and columns (ny, nx) of every window.
    shape : tuple of int
        Number of rows and columns (ny, nx) of the plane.
    """

    def __init__(self, origins: NDArray[np.int64], lengths: tuple[int, int], shape: tuple[int, int]) -> None:
        self._lengths = lengths
        first, stop = np.clip(origins, 0, shape), np.clip(origins + lengths, 0, shape)
        self._is_on = (stop > first).all(axis=1)
        on = np.flatnonzero(self._is_on)
        self._order = on[np.argsort(origins[on, 0], kind="stable")]
        self._origins, self._first, self._stop = (each[self._order] for each in (origins, first, stop))

    def find_needed(self, shape: tuple[int, int], tile: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which tiles the windows touch: one entry for each row and column of tiles."""
        needed = np.zeros([-(-length // side) for length, side in zip(shape, tile, strict=True)], bool)
        begin, end = self._first // tile, -(-self._stop // tile)
        for (top, left), (bottom, right) in zip(begin.tolist(), end.tolist(), strict=True):
            needed[top:bottom, left:right] = True
        return needed

    def find_bounds(self, rows: slice, columns: slice) -> tuple[slice, slice]:
        """Return the smallest rectangle that holds all that the windows need of a rectangle that they touch."""
        touching = self._find_touching(rows, columns)
        low, high = (rows.start, columns.start), (rows.stop, columns.stop)
        top, left = np.maximum(self._first[touching].min(axis=0), low).tolist()
        bottom, right = np.minimum(self._stop[touching].max(axis=0), high).tolist()
        return slice(top, bottom), slice(left, right)

    def fill(self, blocks: Iterable[Block], out: Floats, fill_value: float) -> NDArray[np.uint8]:
        """Fill windows (n, ny, nx) from the blocks that they touch, and return their statuses; see `gather_each`."""
        out[:] = fill_value
        for block in blocks:
            self._paste(block, out)
        statuses = np.full(len(out), OFF_IMAGE, np.uint8)
        inside = zip(self._order.tolist(), *(each.tolist() for each in (self._origins, self._first, self._stop)))  # noqa: B905 - one selection
        for k, (y0, x0), (top, left), (bottom, right) in inside:
            there = out[k, top - y0 : bottom - y0, left - x0 : right - x0]
            statuses[k] = judge(there, there.shape == self._lengths)
        return statuses

    def _find_touching(self, rows: slice, columns: slice) -> NDArray[np.intp]:
        # All windows are equally high, so their ends are sorted as their beginnings are.
        begin = int(np.searchsorted(self._stop[:, 0], rows.start, side="right"))
        end = int(np.searchsorted(self._first[:, 0], rows.stop, side="left"))
        left, right = self._first[begin:end, 1], self._stop[begin:end, 1]
        return begin + np.flatnonzero((left < columns.stop) & (right > columns.start))

    def _paste(self, block: Block, out: Floats) -> None:
        low = np.array((block.row, block.column))
        high = low + block.pixels.shape
        touching = self._find_touching(slice(low[0], high[0]), slice(low[1], high[1]))
        first, stop = np.maximum(self._first[touching], low), np.minimum(self._stop[touching], high)
        inside, there = np.stack([first - low, stop - low]), np.stack([first, stop]) - self._origins[touching]
        bounds = np.concatenate([inside, there]).transpose(1, 0, 2).reshape(-1, 8).tolist()
        for k, (top, left, bottom, right, y, x, y_stop, x_stop) in zip(
            self._order[touching].tolist(), bounds, strict=True
        ):
            out[k, y:y_stop, x:x_stop] = block.pixels[top:bottom, left:right]


def find_runs(needed: NDArray[np.bool_]) -> Iterator[slice]:
    """Yield every run of True, from its first to behind its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], needed, [False]]).astype(np.int8)))
    for begin, end in edges.reshape(-1, 2).tolist():
        yield slice(begin, end)


def find_bands(needed: NDArray[np.bool_], most: int) -> Iterator[slice]:
    """Yield runs of at most so many rows of tiles of which the same columns are needed, and at least one is."""
    begin = 0
    for row in range(1, len(needed) + 1):
        if row == len(needed) or row - begin == most or not np.array_equal(needed[row], needed[begin]):
            if needed[begin].any():
                yield slice(begin, row)
            begin = row
