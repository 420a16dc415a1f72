"""From brightness to the colour map and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.qa.drawing.stretch import Stretch, fit_stretch

NOISE = np.random.default_rng(0).normal(0.0, 1.0, (4, 100, 100))


@pytest.mark.parametrize(("peak", "apart"), [(5.0, 0.3), (100.0, 0.2), (1e4, 0.1)])
def test_five_sigma_stands_out_beside_any_source(peak: float, apart: float) -> None:
    pixels = NOISE.copy()
    pixels[0, 50, 50] = peak
    stretch = fit_stretch(pixels)
    assert stretch is not None
    assert stretch.position(5.0) - stretch.position(1.0) > apart
    assert stretch.position(peak) > 0.9


def test_bad_pixels_do_not_count() -> None:
    torn = NOISE.copy()
    torn[0, :50], torn[1, :3], torn[2, 0] = np.nan, np.inf, -np.inf
    assert fit_stretch(torn) == fit_stretch([torn[np.isfinite(torn)]])


def test_range_is_from_the_faint_percentile_to_the_peak() -> None:
    stretch = fit_stretch(NOISE)
    assert stretch is not None
    assert stretch.low == pytest.approx(np.percentile(NOISE, 0.5), abs=0.01)
    assert stretch.high == NOISE.max()
    assert stretch.softening == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("arrays", [[], [np.full((3, 3), np.nan)], [np.empty((0, 4))]])
def test_nothing_to_fit(arrays: list[np.ndarray]) -> None:
    assert fit_stretch(arrays) is None


STRETCHES = st.builds(
    lambda low, span, share, softness: Stretch(low, low + span, low + share * span, softness * span),
    st.floats(-1e3, 1e3),
    st.floats(1.0, 1e4),
    st.floats(0, 1),
    st.floats(1e-4, 1),
)


@given(STRETCHES, st.floats(0, 1))
def test_value_and_position_are_inverse(stretch: Stretch, position: float) -> None:
    assert stretch.position(stretch.value(position)) == pytest.approx(position, abs=1e-6)


@given(STRETCHES, st.integers(2, 10))
def test_ticks_are_rising_and_within(stretch: Stretch, count: int) -> None:
    ticks = stretch.ticks(count)
    assert ticks == sorted(set(ticks))
    assert all(stretch.low <= tick <= stretch.high for tick in ticks)
    assert len(ticks) >= count // 2


def test_arrays_are_placed_like_single_values() -> None:
    stretch = Stretch(-1.0, 50.0, 0.0, 0.5)
    values = np.array([-5.0, -1.0, 0.0, 7.0, 50.0, 80.0, np.nan])
    placed = stretch.positions(values)
    assert placed[[0, 5]].tolist() == [0.0, 1.0]
    assert placed[1:5] == pytest.approx([stretch.position(value) for value in values[1:5]])
    assert np.isnan(placed[6])
