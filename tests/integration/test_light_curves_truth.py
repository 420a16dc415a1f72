"""Light curves of simulated fields against the simulator's truth; many seeds in the slow battery."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from dsa110_contimg.qa import LightCurves, measure_light_curves
from dsa110_contimg.qa.light_curves import Flag
from dsa110_contimg.simulate import SimulatedEpochs, simulate_epochs

FEW = [0, 1, 2]
MANY = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 20)]
SEEDS = [*FEW, *MANY]
BAD = 5


def measure(folder: Path, seed: int, n_epochs: int = 12, **more: object) -> tuple[SimulatedEpochs, LightCurves]:
    field = simulate_epochs(folder, n_epochs, 40, n_variables=3, seed=seed, **more)
    return field, measure_light_curves(field.images, field.catalogue)


def static(field: SimulatedEpochs) -> np.ndarray:
    return np.array([kind == "static" for kind in field.kinds])


def check_variables(field: SimulatedEpochs, curves: LightCurves) -> None:
    assert np.flatnonzero(curves.variability.is_variable).tolist() == list(field.variables)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_variables_are_found_and_nothing_else(tmp_path: Path, seed: int) -> None:
    field, curves = measure(tmp_path, seed)
    check_variables(field, curves)
    assert not curves.flags.any()
    ratios = curves.flux / field.fluxes_jy.T
    assert np.mean(ratios[static(field)]) == pytest.approx(1.0, abs=0.02)
    assert np.median(ratios) == pytest.approx(1.0, abs=0.01)
    assert curves.variability.eta[static(field)].max() < 8
    assert np.median(curves.variability.eta[static(field)]) == pytest.approx(0.94, abs=0.25)
    assert curves.variability.systematic_fraction < 0.03
    pulls = (curves.flux - field.fluxes_jy.T) / curves.flux_error
    assert pulls.std() == pytest.approx(1.0, abs=0.12)  # of 40 sources; see below for many
    assert abs(pulls.mean()) < 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_one_bad_epoch_changes_nothing(tmp_path: Path, seed: int) -> None:
    field, curves = measure(tmp_path, seed, bad_epoch=BAD)
    check_variables(field, curves)
    assert curves.variability.eta[static(field)].max() < 8
    # The rms rises with the noise and with what of the stripes is within 50 pixels.
    assert np.median(curves.local_rms[:, BAD]) > 8 * np.median(curves.local_rms[:, 0])
    pulls = ((curves.flux - field.fluxes_jy.T) / curves.flux_error)[:, BAD]
    assert 0.8 < pulls.std() < 1.8


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bad_epoch", [None, BAD])
def test_gains_that_differ_by_5_percent_change_nothing(tmp_path: Path, seed: int, bad_epoch: int | None) -> None:
    field = simulate_epochs(tmp_path, 12, 40, n_variables=3, seed=seed, bad_epoch=bad_epoch)
    gains = 1 + 0.05 * np.random.default_rng(seed).standard_normal(12)
    for path, gain in zip(field.images, gains, strict=True):
        with fits.open(path, mode="update") as hdus:
            hdus[0].data *= np.float32(gain)
    curves = measure_light_curves(field.images, field.catalogue)
    check_variables(field, curves)
    assert 0.02 < curves.variability.systematic_fraction < 0.12


def test_stripes_wider_than_the_neighbourhood_are_flagged_where_they_shift_fluxes(tmp_path: Path) -> None:
    pulls, flagged = [], []
    for seed in FEW:
        field, curves = measure(tmp_path / str(seed), seed, BAD + 1, bad_epoch=BAD, shape=(1600, 1600))
        check_variables(field, curves)
        assert not (np.delete(curves.flags, BAD, axis=1) & Flag.OFFSET).any()
        flagged.append((curves.flags[:, BAD] & Flag.OFFSET) > 0)
        pulls.append(((curves.flux - field.fluxes_jy.T) / curves.flux_error)[:, BAD])
    shifted, others = (np.concatenate(pulls)[np.concatenate(flagged) == there] for there in (True, False))
    assert 20 < shifted.size < 100
    assert shifted.std() > 1.15 * others.std()


def test_errors_are_those_that_fluxes_have(tmp_path: Path) -> None:
    """The factor 2/√3, over many constant sources far from each other: pulls scatter by 1.00 ± 0.03."""
    pulls = []
    for seed in range(6):
        field = simulate_epochs(tmp_path / str(seed), 4, 150, n_variables=0, shape=(1000, 1000), seed=100 + seed)
        curves = measure_light_curves(field.images, field.catalogue)
        assert not curves.flags.any()
        pulls.append((curves.flux - field.fluxes_jy.T) / curves.flux_error)
    together = np.concatenate(pulls)
    assert together.size == 3600
    assert together.std() == pytest.approx(1.0, abs=0.03)
    assert abs(together.mean()) < 0.05
