"""The circular scatter of phases, held against what was drawn, and against the circle's own symmetries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.qa.caltables.statistics import circular_scatter_deg


def scatter(phases_deg: np.ndarray) -> float:
    phasors = np.exp(1j * np.radians(phases_deg))
    return float(circular_scatter_deg(phasors.sum(keepdims=True), np.array([phasors.size]))[0])


angles = st.lists(st.floats(-180, 180), min_size=2, max_size=50).map(np.array)


@given(sigma=st.floats(0.01, 100), centre=st.floats(-180, 180), seed=st.integers(0, 2**32 - 1))
def test_it_is_the_sigma_of_a_wrapped_normal_distribution(sigma: float, centre: float, seed: int) -> None:
    n = 20_000
    phases = np.random.default_rng(seed).normal(centre, sigma, n)
    wrapped = (phases + 180) % 360 - 180
    # R is known to 1/√(2n) at worst, and σ = √(−2 ln R), so that its error grows as R falls: six of them.
    length, error = np.exp(-(np.radians(sigma) ** 2) / 2), 6 / np.sqrt(2 * n)
    low, high = (
        np.degrees(np.sqrt(-2 * np.log(min(1.0, bound)))) for bound in (length + error, max(1e-9, length - error))
    )
    assert scatter(wrapped) == pytest.approx(sigma, rel=0.05) or low <= scatter(wrapped) <= high


@given(phases=angles, turn=st.floats(-720, 720))
def test_a_common_rotation_changes_nothing(phases: np.ndarray, turn: float) -> None:
    assert scatter(phases + turn) == pytest.approx(scatter(phases), rel=1e-6, abs=1e-4) or scatter(phases) > 300


@given(offsets=st.lists(st.floats(-20, 20), min_size=2, max_size=50).map(np.array))
def test_180_degrees_is_no_edge(offsets: np.ndarray) -> None:
    across = (offsets + 360) % 360 - 180
    assert scatter(across) == pytest.approx(scatter(offsets), rel=1e-6, abs=1e-4)
    # Small angles scatter as numbers do: the fourth power of 20° in radians is what differs.
    assert scatter(offsets) == pytest.approx(np.std(offsets), rel=0.02, abs=1e-4)


@given(phases=angles)
def test_it_is_a_number_that_is_not_negative(phases: np.ndarray) -> None:
    assert scatter(phases) >= 0
    assert not np.signbit(scatter(np.full(5, phases[0])))


def test_fewer_than_two_do_not_scatter() -> None:
    assert np.isnan(circular_scatter_deg(np.array([0j, 1 + 0j]), np.array([0, 1]))).all()
    assert np.isfinite(circular_scatter_deg(np.array([0j]), np.array([2]))).all()
