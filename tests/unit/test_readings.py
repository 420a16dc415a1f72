"""What a read will give is known before it starts, and is cut into parts that fit together again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.casa.readings import Reading
from dsa110_contimg.errors import TableTooLargeError


def make_range(start: int, count: int, step: int) -> range:
    return range(start, start + count * step, step)


def axes(longest: int) -> st.SearchStrategy[range]:
    return st.builds(make_range, st.integers(0, 3), st.integers(0, longest), st.integers(1, 3))


@given(rows=axes(6), cell=st.lists(axes(5), max_size=3), most=st.integers(1, 40))
def test_the_parts_of_a_reading_are_the_whole(rows: range, cell: list[range], most: int) -> None:
    shape = tuple(20 for _ in cell)
    source = np.arange(20 ** (1 + len(cell))).reshape(20, *shape)
    reading = Reading("A", rows, tuple(cell), shape, np.dtype("i8"))
    assert Reading.unpack(reading.pack()) == reading
    out = np.full(reading.shape, -1)
    for place, part in reading.split(most):
        assert np.prod(part.shape) <= most
        assert part.shape == out[place].shape
        out[place] = source[np.ix_(part.rows, *part.cell)]
    assert np.array_equal(out, source[np.ix_(rows, *cell)])


@pytest.mark.parametrize("shape", [(0, 2**62), (2**31, 2**31), (2**40,)])
def test_what_no_array_can_hold_is_refused(shape: tuple[int, ...]) -> None:
    reading = Reading("A", range(3), tuple(map(range, shape)), shape, np.dtype("c16"))
    with pytest.raises(TableTooLargeError, match="would take"):
        reading.prepare(None, "/data/t", 2**33)


@pytest.mark.parametrize(
    "out", [np.empty((3, 2)), np.empty((2, 3), "f4"), np.broadcast_to(np.float64(0), (2, 3)), np.empty((2, 3, 1))]
)
def test_an_array_that_does_not_fit_is_refused(out: np.ndarray) -> None:
    reading = Reading("A", range(2), (range(3),), (3,), np.dtype("f8"))
    with pytest.raises(ValueError, match=r"A needs shape \(2, 3\), float64"):
        reading.prepare(out, "/data/t", None)
