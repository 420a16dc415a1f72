"""A column is indexed as numpy indexes the whole array, whatever the index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from casa_tables import make_table
from dsa110_contimg.qa.visualization import CasaTable

ROWS = 7
RNG = np.random.default_rng(110)
TRUTH: dict[str, np.ndarray] = {
    "TIME": RNG.normal(size=ROWS),
    "ANTENNA1": np.arange(ROWS, dtype=np.int32),
    "FLAG_ROW": RNG.random(ROWS) < 0.4,
    "NAME": np.array([f"ant {row}" for row in range(ROWS)], dtype=object),
    "COUNT": RNG.integers(0, 255, (ROWS, 3)).astype(np.uint8),
    "UVW": RNG.normal(size=(ROWS, 3)),
    "DATA": (RNG.normal(size=(ROWS, 4, 2)) + 1j * RNG.normal(size=(ROWS, 4, 2))).astype(np.complex64),
    "FLAG": RNG.random((ROWS, 4, 2)) < 0.3,
    "OPEN": RNG.normal(size=(ROWS, 4, 2)).astype(np.float32),
    "LABEL": RNG.choice(np.array(["XX", "a longer one", ""], dtype=object), (ROWS, 2, 2)),
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> CasaTable:
    return CasaTable(make_table(tmp_path_factory.mktemp("columns") / "t", TRUTH, open_shape=("OPEN",)))


def part_of_axis(length: int) -> st.SearchStrategy[Any]:
    """One axis' part of an index, now and then beyond its end."""
    integers = st.integers(-length - 1, length)
    inside = st.integers(-length, length - 1)
    ends = st.none() | st.integers(-length - 2, length + 2)
    return st.one_of(
        integers,
        st.builds(slice, ends, ends, st.none() | st.integers(-3, 3).filter(bool)),
        st.lists(inside, max_size=5),
        st.lists(inside, min_size=2, max_size=2).map(np.array),
        hnp.arrays(bool, length),
        st.integers(-length, length - 1).map(np.int16),
    )


@st.composite
def indices(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    ways = [
        hnp.basic_indices(shape, allow_newaxis=True),
        hnp.integer_array_indices(shape),
        hnp.arrays(bool, shape[: draw(st.integers(1, len(shape)))]),
        st.tuples(*(part_of_axis(length) for length in shape[: draw(st.integers(1, len(shape)))])),
        st.tuples(st.just(...), part_of_axis(shape[-1])),
        st.tuples(part_of_axis(shape[0]), st.just(...), st.none()),
        part_of_axis(shape[0]),
    ]
    return draw(st.one_of(ways))


def outcome(array: Any, key: Any) -> Any:
    try:
        return array[key]
    except IndexError:
        return IndexError


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("name", TRUTH)
def test_a_column_answers_as_the_whole_array_would(table: CasaTable, name: str, data: st.DataObject) -> None:
    whole = TRUTH[name]
    key = data.draw(indices(whole.shape))
    expected = outcome(whole, key)
    found = outcome(table[name], key)
    assert type(found) is type(expected)
    if expected is not IndexError:
        assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)
        assert np.shape(found) == np.shape(expected)
        assert np.array_equal(found, expected)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flagged_column_is_masked_as_the_whole_array_would_be(table: CasaTable, data: st.DataObject) -> None:
    mask = TRUTH["FLAG"] | TRUTH["FLAG_ROW"][:, None, None]
    whole = np.ma.MaskedArray(TRUTH["DATA"], mask)
    key = data.draw(indices(whole.shape))
    expected, found = outcome(whole, key), outcome(table.DATA_F, key)
    assert type(found) is type(expected)
    if expected is not IndexError:
        assert np.array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(expected))
        assert np.array_equal(np.ma.filled(found, 0), np.ma.filled(expected, 0))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=part_of_axis(ROWS))
def test_rows_of_a_table_are_those_numpy_would_take(table: CasaTable, key: Any) -> None:
    expected = outcome(np.arange(ROWS), key)
    found = outcome(table, key)
    if expected is IndexError:
        assert found is IndexError
    else:
        assert np.array_equal(found.ANTENNA1[:], np.atleast_1d(expected))
        assert np.array_equal(found.DATA[:], TRUTH["DATA"][np.atleast_1d(expected)])
