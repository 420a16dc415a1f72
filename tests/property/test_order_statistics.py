"""What is read off sorted pixels, held against numpy and astropy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy.stats import mad_std, sigma_clipped_stats
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsa110_contimg.qa.whole_images import order_statistics
from dsa110_contimg.qa.whole_images.extremes import find_extremes
from dsa110_contimg.qa.whole_images.order_statistics import OrderStatistics

ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0]
TIED = [-2.5, 1.0, 1.5, 3.0]


def floats(dtype: str) -> st.SearchStrategy[float]:
    """Return numbers of all sizes, many of them equal, and what is none."""
    width = 8 * np.dtype(dtype).itemsize
    return st.one_of(
        st.sampled_from(ODD + TIED),
        st.floats(-(2.0**100), 2.0**100, width=width),
        st.floats(-10, 10, width=width),
    )


@st.composite
def pixels(draw: st.DrawFn, most: int = 60) -> np.ndarray:
    dtype = draw(st.sampled_from(["f4", "f8"]))
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, most // 6)))
    return draw(npst.arrays(dtype, shape, elements=floats(dtype)))


@st.composite
def noises(draw: st.DrawFn) -> np.ndarray:
    """Return noise with sources, holes and a background, which clipping needs several steps for."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 3000))
    values = random.normal(draw(st.floats(-1e3, 1e3)), draw(st.floats(1e-3, 1e3)), n)
    values[random.random(n) < draw(st.floats(0, 0.3))] *= draw(st.floats(1, 1e4))
    values[random.random(n) < draw(st.floats(0, 0.9))] = np.nan
    return values.astype(draw(st.sampled_from(["f4", "f8"])))


def finite(values: np.ndarray) -> np.ndarray:
    """Return what counts, in 64 bits."""
    return values[np.isfinite(values)].astype(np.float64)


@given(values=pixels(), centre=st.sampled_from([0.0, 1.0, -3e4]))
def test_medians_are_those_of_numpy(values: np.ndarray, centre: float) -> None:
    plain = finite(values)
    found = OrderStatistics(values.flatten())
    assert found.n == plain.size
    if not plain.size:
        assert np.isnan([found.find_median(), found.find_deviation(0.0), found.clip(3, 10)]).all()
        return
    assert (found[0], found[-1]) == (plain.min(), plain.max())
    median = found.find_median()
    assert median == pytest.approx(np.median(plain), rel=1e-15, abs=0)
    assert found.find_deviation(centre) == pytest.approx(np.median(np.abs(plain - centre)), rel=1e-15, abs=0)
    assert found.find_deviation(median) == pytest.approx(np.median(np.abs(plain - median)), rel=1e-15, abs=0)
    assert found.find_sigma(median) == pytest.approx(mad_std(plain), rel=1e-12, abs=1e-300)
    for value in (*plain[:3].tolist(), 0.0, 0.1, median):
        assert found.count_equal(value) == (plain == value).sum()
        assert found.count_below(value) == (plain < value).sum()


def clip(values: np.ndarray, iterations: int) -> np.ndarray:
    """Clip as one would write it down; the test is left where a value lies on the limit, but for rounding."""
    for _ in range(iterations):
        distance, limit = np.abs(values - np.median(values)), 3 * values.std()
        assume(not (np.abs(distance - limit) <= 1e-9 * limit).any() or limit == 0)
        kept = values[distance <= limit]
        if kept.size == values.size:
            break
        values = kept
    return values


@given(
    values=st.one_of(noises(), pixels()), iterations=st.sampled_from([0, 1, 3, 10]), block=st.sampled_from([7, 1 << 16])
)
def test_the_clipped_deviation_is_that_of_astropy(values: np.ndarray, iterations: int, block: int) -> None:
    plain = finite(values)
    assume(plain.size)
    kept = clip(plain, iterations)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_statistics, "_BLOCK", block)
        found = OrderStatistics(values.flatten()).clip(3.0, iterations)
    rounding = 1e-13 * np.abs(kept).max()  # in numpy's answer: six times 1.1 have a deviation of 2e-16
    assert found == pytest.approx(kept.std(), rel=1e-7, abs=rounding)
    if iterations:
        theirs = sigma_clipped_stats(plain, sigma=3, maxiters=iterations, cenfunc="median", stdfunc="std")[2]
        assert found == pytest.approx(float(theirs), rel=1e-7, abs=rounding)


@given(values=pixels(), block=st.sampled_from([1, 8, 1 << 17]))
def test_extremes_are_where_numpy_finds_them(values: np.ndarray, block: int) -> None:
    from dsa110_contimg.qa.whole_images import extremes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extremes, "_BLOCK", block)
        found = find_extremes(values)
    is_finite = np.isfinite(values)
    if not is_finite.any():
        assert found is None
        return
    peak = np.unravel_index(np.where(is_finite, values, -np.inf).argmax(), values.shape)
    deepest = np.unravel_index(np.where(is_finite, values, np.inf).argmin(), values.shape)
    assert found == (peak, deepest)


def test_numbers_too_large_to_be_squared() -> None:
    found = OrderStatistics(np.array([-1e200, 0.0, 1e200, 3e200]))
    assert found.find_median() == 5e199
    assert not np.isfinite(found.clip(3.0, 10))
