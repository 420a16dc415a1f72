"""What a read will give, known before it starts, and how a large one is cut into parts."""

from __future__ import annotations

import itertools
import math
import sys
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.errors import TableTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from dsa110_contimg.casa.tables import Shape

    Place = tuple[slice, ...]
    """Where in the whole answer a part of it stands."""
    Packed = tuple[str, tuple[tuple[int, int, int], ...], Shape, str]
    """A reading as plain values."""


@dataclass(frozen=True)
class Reading:
    """The cells of a column, or the same part of each, over some rows.

    A reader makes it after it has checked that there is such a column, that the rows and the part exist, and that
    the cells make one array.
    """

    column: str
    """The column's name."""
    rows: range
    """The rows, in a positive step."""
    cell: tuple[range, ...]
    """Which places along each axis of a cell, in a positive step."""
    cell_shape: Shape
    """The shape of the whole cells."""
    dtype: np.dtype[Any]
    """The numpy type of the values; strings and records are Python objects."""

    @property
    def shape(self) -> Shape:
        """The shape of the answer: rows first, then the axes of the cells."""
        return (len(self.rows), *(len(axis) for axis in self.cell))

    @property
    def nbytes(self) -> int:
        """The size of the answer in bytes; of strings and records only the references to them count."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def is_whole(self) -> bool:
        """Whether it takes the cells whole."""
        return self.cell == tuple(range(length) for length in self.cell_shape)

    def pack(self) -> Packed:
        """Take it apart into plain values, which cross the border of a process faster."""
        axes = tuple((axis.start, axis.stop, axis.step) for axis in (self.rows, *self.cell))
        return self.column, axes, self.cell_shape, self.dtype.str

    @classmethod
    def unpack(cls, packed: Packed) -> Reading:
        """Put it together again."""
        column, axes, cell_shape, dtype = packed
        rows, *cell = (range(*axis) for axis in axes)
        return cls(column, rows, tuple(cell), cell_shape, np.dtype(dtype))

    def split(self, most: int) -> Iterator[tuple[Place, Reading]]:
        """Cut it into parts of at most so many values, along as few axes as possible.

        Parameters
        ----------
        most : int
            The most values a part may hold, at least 1.

        Yields
        ------
        tuple
            Where in the answer the part stands, and the part, in the order of the answer.
        """
        if math.prod(self.shape) <= most:
            yield tuple(slice(None) for _ in self.shape), self
            return
        axes = (self.rows, *self.cell)
        below = [math.prod(len(axis) for axis in axes[level + 1 :]) for level in range(len(axes))]
        cut = next(level for level, size in enumerate(below) if size <= most)  # below the last axis there is 1
        steps = [1] * cut + [max(1, most // max(1, below[cut]))] + [max(1, len(axis)) for axis in axes[cut + 1 :]]
        starts = (range(0, len(axis), step) for axis, step in zip(axes, steps, strict=True))
        for corner in itertools.product(*starts):
            place = tuple(slice(first, first + step) for first, step in zip(corner, steps, strict=True))
            rows, *cell = (axis[part] for axis, part in zip(axes, place, strict=True))
            yield place, Reading(self.column, rows, tuple(cell), self.cell_shape, self.dtype)

    def prepare(self, out: np.ndarray[Any, Any] | None, path: str, most_bytes: int | None) -> np.ndarray[Any, Any]:
        """Find the array that takes the answer.

        Parameters
        ----------
        out : numpy.ndarray or None
            The array that the caller wants it in; None for a new one.
        path : str
            The path of the table, for the message.
        most_bytes : int or None
            The most bytes that a new array may take; None for no limit.

        Returns
        -------
        numpy.ndarray
            `out`, or a new array.

        Raises
        ------
        ValueError
            When `out` has another shape or type, or is read-only.
        TableTooLargeError
            When a new array would take more than it may.
        """
        if out is not None:
            if out.shape != self.shape or out.dtype != self.dtype or not out.flags.writeable:
                found = f"shape {out.shape}, {out.dtype}{'' if out.flags.writeable else ', read-only'}"
                raise ValueError(f"out has {found}; {self.column} needs shape {self.shape}, {self.dtype}")
            return out
        # numpy refuses a shape like (0, 2**62), too, as a damaged table may have it.
        extent = math.prod(max(1, length) for length in self.shape) * self.dtype.itemsize
        most = min(sys.maxsize if most_bytes is None else max(0, most_bytes), sys.maxsize)
        if self.nbytes > most or extent > sys.maxsize:
            raise TableTooLargeError(
                f"{self.column} in {path} would take {_in_words(extent)} (shape {self.shape}, {self.dtype}), "
                f"and {_in_words(most)} may be used.",
                hint=f"Read it in parts: for rows, values in table.{self.column}.chunks(): ...",
            )
        return np.empty(self.shape, self.dtype)


def choose_part(column: str, cell: tuple[slice, ...], shape: Shape) -> tuple[range, ...]:
    """Turn slices into ranges inside the cells; casacore reads a negative corner as something else.

    Parameters
    ----------
    column : str
        The column's name, for the message.
    cell : tuple of slice
        One for each cell axis.
    shape : tuple of int
        The shape of the cells.

    Returns
    -------
    tuple of range
        The places along each axis.

    Raises
    ------
    IndexError
        When they are not all inside.
    """
    if len(cell) == len(shape):
        sizes = zip(cell, shape, strict=True)
        box = tuple(range(part.start or 0, n if part.stop is None else part.stop, part.step or 1) for part, n in sizes)
        if all(part.step > 0 and part.start >= 0 and part.stop <= n for part, n in zip(box, shape, strict=True)):
            return box
    raise IndexError(f"{cell} is not inside the cells of {column}, whose shape is {shape}")


def _in_words(nbytes: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if nbytes >= size:
            return f"{nbytes / size:.1f} {unit}"
    return f"{nbytes} bytes"
