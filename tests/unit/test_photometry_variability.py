"""What is called variable: from the sources themselves, with a floor from theory."""

from __future__ import annotations

import numpy as np
import pytest

from dsa110_contimg.qa.photometry.variability import Variability, measure_variability
from dsa110_contimg.qa.thresholds import Thresholds

ERROR = 1e-3


def constant(n_sources: int, n_epochs: int, seed: int = 0) -> np.ndarray:
    """Draw sources of 10 to 1000 times their errors, with errors of 1."""
    random = np.random.default_rng(seed)
    brightness = 10 ** random.uniform(1, 3, (n_sources, 1))
    return brightness + random.standard_normal((n_sources, n_epochs))


def measure(flux: np.ndarray, error: object = 1.0, usable: object = True, **limits: float) -> Variability:
    is_usable = np.broadcast_to(np.asarray(usable), flux.shape)
    return measure_variability(flux, np.broadcast_to(error, flux.shape), is_usable, Thresholds(**limits))


def test_by_hand() -> None:
    found = measure(np.array([[1.0, 3.0, 2.0]]), np.array([[0.1, 0.2, 0.1]]))
    assert found.n_epochs.tolist() == [3]
    assert found.mean_flux[0] == 2.0
    assert found.v[0] == 0.5
    # Weights 100, 25, 100; weighted mean 375/225 = 5/3.
    assert found.eta[0] == pytest.approx((100 * (2 / 3) ** 2 + 25 * (4 / 3) ** 2 + 100 * (1 / 3) ** 2) / 2)
    assert found.pair_significance[0] == pytest.approx(2 / np.hypot(0.1, 0.2))
    assert found.pair_modulation[0] == 1.0
    assert found.is_variable.tolist() == [True]


def test_what_does_not_count_does_not_count() -> None:
    flux, usable = constant(4, 8), np.ones((4, 8), bool)
    usable[1, 2:], usable[2, 1:], usable[3] = False, False, False
    found = measure(np.where(usable, flux, 1e9), np.where(usable, 1.0, np.nan), usable)
    for name in ("v", "eta", "pair_significance", "pair_modulation", "mean_flux"):
        values = getattr(found, name)
        assert values[0] == getattr(measure(flux[:1]), name)[0]
        assert values[1] == getattr(measure(flux[1:2, :2]), name)[0]
        assert np.isnan(values[3])
        assert np.isnan(values[2]) == (name != "mean_flux")
    assert found.n_epochs.tolist() == [8, 2, 1, 0]
    assert not found.is_variable.any()
    assert np.isnan(found.eta_limit).tolist() == [False, False, True, True]


def test_no_sources_and_no_epochs() -> None:
    assert measure(np.empty((0, 5))).eta.shape == (0,)
    assert np.isnan(measure(np.empty((3, 0))).eta).all()
    assert measure(np.ones((3, 1))).n_epochs.tolist() == [1, 1, 1]


@pytest.mark.parametrize("n_epochs", [2, 3, 5, 12, 60])
def test_constant_sources_are_hardly_ever_above_the_limit_of_theory(n_epochs: int) -> None:
    above = n = 0
    for seed in range(20):
        found = measure(constant(1000, n_epochs, seed))
        above += np.count_nonzero(found.eta > found.eta_limit)
        n += 1000
        assert not found.is_variable.any()
        assert found.systematic_fraction < 0.01
    assert above <= 12  # 1 in 30 000, twice as many for χ² of one degree of freedom


def test_a_single_source_is_judged_by_theory() -> None:
    flux = constant(1, 10)
    assert not measure(flux).is_variable[0]
    flux[0, 3] *= 2
    assert measure(flux).is_variable[0]
    assert measure(flux).systematic_fraction == 0.0


@pytest.mark.parametrize("n_sources", [3, 9, 10, 12, 40, 300])
@pytest.mark.parametrize("n_epochs", [2, 3, 12])
def test_variables_are_found_in_lists_of_any_length(n_sources: int, n_epochs: int) -> None:
    flux = constant(n_sources, n_epochs)
    flux[1, 0] *= 3.0
    assert np.flatnonzero(measure(flux).is_variable).tolist() == [1]


def test_a_small_change_is_none_however_significant() -> None:
    flux = constant(40, 12)
    flux[0] = 1000.0
    flux[0, 0] = 1250.0
    found = measure(flux)
    assert found.pair_significance[0] > 100
    assert found.eta[0] > found.eta_limit[0]
    assert not found.is_variable[0]
    assert measure(flux, pair_modulation=0.2).is_variable[0]


def test_a_large_change_is_none_if_it_is_not_significant() -> None:
    flux = constant(40, 12)
    flux[0] = np.resize([1.0, 6.0], 12)
    found = measure(flux)
    assert found.pair_modulation[0] > 1
    assert found.eta[0] > found.eta_limit[0]
    assert not found.is_variable[0]
    assert measure(flux, pair_significance=3.5).is_variable[0]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("fraction", [0.02, 0.05, 0.1])
def test_calibration_that_differs_is_taken_for_what_it_is(fraction: float, together: bool) -> None:
    for seed in range(10):
        random = np.random.default_rng(100 + seed)
        flux = constant(60, 12, seed)
        flux[0, 4] *= 4.0
        gains = 1 + fraction * random.standard_normal(12 if together else flux.shape)
        found = measure(flux * gains, gains)
        assert np.flatnonzero(found.is_variable).tolist() == [0]
        assert found.systematic_fraction == pytest.approx(fraction, rel=0.7 if together else 0.2)
    assert np.nanmedian(found.eta) > 3  # which a cut at a few would have called variable


def test_a_pair_must_differ_by_more_than_calibration_may_do() -> None:
    gains = 1 + 0.1 * np.random.default_rng(7).standard_normal((40, 60))
    flux = constant(40, 60) * gains
    flux[0] = np.resize([850.0, 1150.0], 60)
    found = measure(flux, gains)
    assert found.eta[0] > found.eta_limit[0]
    assert found.pair_significance[0] > 100
    assert found.pair_modulation[0] > 0.26
    assert not found.is_variable[0]


def test_an_epoch_with_large_errors_hides_and_makes_no_variable() -> None:
    for seed in range(10):
        flux, error = constant(40, 12, seed), np.ones((40, 12))
        flux[0, 6] *= 4.0
        error[:, 5] = 12.0
        flux[:, 5] += 11.0 * np.random.default_rng(seed).standard_normal(40)
        assert np.flatnonzero(measure(flux, error).is_variable).tolist() == [0]


def test_negative_fluxes_and_means_of_zero() -> None:
    flux = np.array([[-5.0, 5.0], [-40.0, -80.0], [0.0, 0.0]])
    found = measure(flux)
    assert np.isinf(found.v[0])
    assert np.isinf(found.pair_modulation[0])
    assert found.pair_modulation[1] == pytest.approx(2 / 3)
    assert found.is_variable.tolist() == [True, True, False]
    assert np.isnan(found.v[2])


def test_limits_used_are_told() -> None:
    found = measure(constant(3, 4), pair_significance=5.0, pair_modulation=0.5)
    assert (found.pair_significance_limit, found.pair_modulation_limit) == (5.0, 0.5)
