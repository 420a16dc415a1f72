"""Windows that are filled block by block, from tiles or bands of rows: each is fetched once for all windows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

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
    """Its first row on the plane."""
    column: int
    """Its first column on the plane."""
    pixels: Floats
    """Shape (rows, columns)."""


class _Part(NamedTuple):
    """The part of a window that is on the plane; a named tuple, because the inner loop makes and reads nothing else."""

    window: int
    y0: int
    x0: int
    top: int
    left: int
    bottom: int
    right: int

    def select(self, out: Floats, top: int, left: int, bottom: int, right: int) -> Floats:
        """Return the pixels of the window that show a rectangle of the plane."""
        return out[self.window, top - self.y0 : bottom - self.y0, left - self.x0 : right - self.x0]


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
        on = np.flatnonzero((stop > first).all(axis=1))
        on = on[np.argsort(origins[on, 0], kind="stable")]
        # Lists, because few windows touch a row, and there are many rows.
        self._parts = [_Part(*numbers) for numbers in np.column_stack([on, origins[on], first[on], stop[on]]).tolist()]
        self._tops, self._bottoms = first[on, 0].tolist(), stop[on, 0].tolist()

    def find_needed(self, shape: tuple[int, int], tile: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which tiles the windows touch: one entry for each row and column of tiles."""
        needed = np.zeros([-(-length // side) for length, side in zip(shape, tile, strict=True)], bool)
        height, width = tile
        for part in self._parts:
            needed[part.top // height : -(-part.bottom // height), part.left // width : -(-part.right // width)] = True
        return needed

    def find_bounds(self, rows: slice, columns: slice) -> tuple[slice, slice]:
        """Return the smallest rectangle that holds all that the windows need of a rectangle that they touch."""
        touching = self._find_touching(rows, columns)
        top, left = min(part.top for part in touching), min(part.left for part in touching)
        bottom, right = max(part.bottom for part in touching), max(part.right for part in touching)
        return (
            slice(max(top, rows.start), min(bottom, rows.stop)),
            slice(max(left, columns.start), min(right, columns.stop)),
        )

    def fill(self, blocks: Iterable[Block], out: Floats, fill_value: float) -> NDArray[np.uint8]:
        """Fill windows (n, ny, nx) from the blocks that they touch, and return their statuses; see `gather_each`."""
        out[:] = fill_value
        for block in blocks:
            self._paste(block, out)
        statuses = np.full(len(out), OFF_IMAGE, np.uint8)
        for part in self._parts:
            there = part.select(out, part.top, part.left, part.bottom, part.right)
            statuses[part.window] = judge(there, there.shape == self._lengths)
        return statuses

    def _find_touching(self, rows: slice, columns: slice) -> list[_Part]:
        # All windows are equally high, so their ends are sorted as their beginnings are.
        parts = self._parts[bisect_right(self._bottoms, rows.start) : bisect_left(self._tops, rows.stop)]
        return [part for part in parts if part.left < columns.stop and part.right > columns.start]

    def _paste(self, block: Block, out: Floats) -> None:
        row, column, pixels = block.row, block.column, block.pixels
        end_row, end_column = row + pixels.shape[0], column + pixels.shape[1]
        for part in self._find_touching(slice(row, end_row), slice(column, end_column)):
            top, left = max(part.top, row), max(part.left, column)
            bottom, right = min(part.bottom, end_row), min(part.right, end_column)
            there = part.select(out, top, left, bottom, right)
            there[:] = pixels[top - row : bottom - row, left - column : right - column]


def find_runs(needed: NDArray[np.bool_]) -> Iterator[slice]:
    """Yield every run of True, from its first to behind its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], needed, [False]]).astype(np.int8)))
    for begin, end in edges.reshape(-1, 2).tolist():
        yield slice(begin, end)


def find_bands(needed: NDArray[np.bool_], most: int) -> Iterator[slice]:
    """Yield runs of at most so many rows of tiles of which the same columns are needed, and at least one is."""
    changes = np.flatnonzero((needed[1:] != needed[:-1]).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(needed)]
    for begin, end in pairwise(edges):
        if needed[begin].any():
            yield from (slice(row, min(row + most, end)) for row in range(begin, end, most))
