"""Index like numpy into something that is not in memory.

An index is split in two: the box that has to be read, which is one range along each axis, and the index that then
picks the answer from the box. numpy does the picking, so that its rules hold without being written down again.
"""

from __future__ import annotations

import operator

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray


class _Axis:
    """What an index says about one axis."""

    def __init__(self, item: Any, length: int | None = None) -> None:
        self.item = item
        """An int, a slice, or an array of integers."""
        self.length = length
        """The length that the axis must have, if a boolean mask laid it down."""


def split_index(key: Any) -> list[Any]:
    """Take an index apart.

    Parameters
    ----------
    key : object
        What stood between the brackets.

    Returns
    -------
    list
        Its parts: None, Ellipsis, or what is asked of one axis. A boolean mask is turned into the integers it means.

    Raises
    ------
    IndexError
        When numpy would not take the index either.
    """
    parts = [part for item in (key if isinstance(key, tuple) else (key,)) for part in _split_item(item)]
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    return parts


def _split_item(item: Any) -> Iterator[Any]:
    if item is None or item is Ellipsis:
        yield item
    elif isinstance(item, slice):
        yield _Axis(item)
    elif isinstance(item, bool | np.bool_):
        raise IndexError("a single True or False is no index of a column; use a mask with one value for each row")
    elif hasattr(item, "__index__") and np.ndim(item) == 0:
        yield _Axis(operator.index(item))
    else:
        yield from _split_array(np.asarray(item))


def _split_array(array: NDArray[Any]) -> Iterator[Any]:
    if array.size == 0 and array.dtype != bool:
        array = array.astype(np.intp)  # as numpy reads an empty list
    if array.ndim == 0 or array.dtype.kind not in "biu":
        raise IndexError("only integers, slices, ellipsis and arrays of integers or booleans are valid indices")
    if array.dtype == bool:
        yield from (_Axis(found, length) for found, length in zip(array.nonzero(), array.shape, strict=True))
    else:
        yield _Axis(array.astype(np.intp))


def assign_axes(parts: list[Any], ndim: int | None) -> tuple[dict[int, Any], list[Any]]:
    """Say which part of an index speaks of which axis.

    Parameters
    ----------
    parts : list
        From `split_index`.
    ndim : int or None
        The number of axes there are; None if it does not matter, because there is no Ellipsis.

    Returns
    -------
    tuple
        The part for each axis that is spoken of, and the index with the number of the axis in the place of its part.

    Raises
    ------
    IndexError
        When there are more parts than axes.
    """
    used = sum(isinstance(part, _Axis) for part in parts)
    if ndim is not None and used > ndim:
        raise IndexError(f"too many indices: the column has {ndim} axes, but {used} were indexed")
    asked: dict[int, Any] = {}
    template: list[Any] = []
    axis = 0
    for part in parts:
        if isinstance(part, _Axis):
            asked[axis] = part
            template.append(axis)
            axis += 1
        else:
            template.append(part)
            axis += (ndim or used) - used if part is Ellipsis else 0
    return asked, template


def plan_rows(part: Any, length: int) -> tuple[range | NDArray[np.intp], Any]:
    """Decide which rows to read, and what to pick from them.

    Parameters
    ----------
    part : object
        What `assign_axes` found for the rows; None for all.
    length : int
        The number of rows.

    Returns
    -------
    tuple
        A range with a positive step or row numbers that ascend without repeats, and the index into what these give.

    Raises
    ------
    IndexError
        When the index is out of bounds.
    """
    if part is None or isinstance(part.item, slice):
        return plan_box(part, length, 0)
    wanted, places = np.unique(_numbers(part, length, 0), return_inverse=True)
    places = places.reshape(np.shape(part.item))
    if not wanted.size:
        return range(0), places
    if wanted[-1] - wanted[0] + 1 == wanted.size:
        return range(int(wanted[0]), int(wanted[-1]) + 1), places
    return wanted, places


def list_rows(rows: Any, length: int) -> range | NDArray[np.intp]:
    """List the rows that somebody names, in the order in which they are named.

    Parameters
    ----------
    rows : slice, sequence of int, numpy.ndarray or None
        Row numbers, of which negative ones count from the end, or a mask with one value for each row; None for all.
    length : int
        The number of rows there are.

    Returns
    -------
    range or numpy.ndarray
        A range with a positive step where the rows make one, else their numbers.

    Raises
    ------
    IndexError
        When a row does not exist, or the mask has another length.
    """
    if rows is None or isinstance(rows, slice):
        found = range(length)[slice(None) if rows is None else rows]
        return found if found.step > 0 else join_rows(np.arange(found.start, found.stop, found.step))
    parts = [*_split_item(rows)]
    if len(parts) != 1 or not isinstance(parts[0], _Axis) or np.ndim(parts[0].item) != 1:
        raise IndexError("rows are a slice, a list of integers, or a mask with one value for each row")
    return join_rows(_numbers(parts[0], length, 0))


def join_rows(numbers: NDArray[np.intp]) -> range | NDArray[np.intp]:
    """Make a range of row numbers, if they ascend in equal steps.

    Parameters
    ----------
    numbers : numpy.ndarray
        The row numbers.

    Returns
    -------
    range or numpy.ndarray
        The range, or `numbers` themselves.
    """
    if not numbers.size:
        return range(0)
    steps = np.diff(numbers)
    step = int(steps[0]) if steps.size else 1
    return range(int(numbers[0]), int(numbers[-1]) + 1, step) if step > 0 and (steps == step).all() else numbers


def plan_box(part: Any, length: int, axis: int) -> tuple[range, Any]:
    """Decide which range of an axis to read, and what to pick from it.

    Parameters
    ----------
    part : object
        What `assign_axes` found for the axis; None for all.
    length : int
        The axis' length.
    axis : int
        The axis' number, for the message.

    Returns
    -------
    tuple
        A range with a positive step, and the index into what it gives.

    Raises
    ------
    IndexError
        When the index is out of bounds.
    """
    if part is None:
        return range(length), slice(None)
    if not isinstance(part.item, slice):
        numbers = _numbers(part, length, axis)
        if not numbers.size:
            return range(0), numbers
        first = int(numbers.min())
        return range(first, int(numbers.max()) + 1), numbers - first
    wanted = range(length)[part.item]
    if not wanted:
        return range(0), slice(None)
    backwards = wanted.step < 0
    low, high = (wanted[-1], wanted[0]) if backwards else (wanted[0], wanted[-1])
    return range(low, high + 1, abs(wanted.step)), slice(None, None, -1 if backwards else None)


def _numbers(part: _Axis, length: int, axis: int) -> NDArray[np.intp]:
    """Check integers against the axis, and count the negative ones from its end."""
    if part.length is not None and part.length != length:
        raise IndexError(
            f"boolean index did not match the column along axis {axis}: "
            f"the axis has {length} places, the mask {part.length}"
        )
    numbers = np.asarray(part.item, dtype=np.intp)
    if numbers.size and (numbers.min() < -length or numbers.max() >= length):
        wrong = numbers.min() if numbers.min() < -length else numbers.max()
        raise IndexError(f"index {wrong} is out of bounds for axis {axis} with size {length}")
    return np.where(numbers < 0, numbers + length, numbers)
