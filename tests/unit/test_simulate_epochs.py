"""The truth that simulated epochs claim, measured from their files."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from dsa110_contimg.errors import BadSimulationError, OutputExistsError, UnwritableOutputError
from dsa110_contimg.simulate import SimulatedEpochs, simulate_epochs
from dsa110_contimg.simulate.light_curves import LIGHT_CURVES, VARIABLE_KINDS

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"n_epochs": 4, "n_sources": 12, "shape": (300, 300)}


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> SimulatedEpochs:
    return simulate_epochs(tmp_path_factory.mktemp("field"), bad_epoch=2, seed=7, **SMALL)


def test_every_source_has_its_flux_at_its_place_in_every_good_epoch(field: SimulatedEpochs) -> None:
    sky = SkyCoord([s.ra_deg for s in field.sources], [s.dec_deg for s in field.sources], unit="deg")
    for epoch in (0, 1, 3):
        with fits.open(field.images[epoch]) as hdus:
            plane, wcs = hdus[0].data.squeeze(), WCS(hdus[0].header).celestial
            assert hdus[0].header["MJD-OBS"] == field.mjd[epoch]
        x, y = wcs.world_to_pixel(sky)
        beam = plane[np.round(y).astype(int), np.round(x).astype(int)]
        # Half a pixel off its peak, a beam of 6 by 4 pixels has lost at most 9 % of it.
        off = field.fluxes_jy[epoch] - beam
        assert np.all(off < 0.1 * field.fluxes_jy[epoch] + 5 * 2e-4)
        assert np.all(off > -5 * 2e-4)


def test_sources_keep_their_distance(field: SimulatedEpochs) -> None:
    sky = SkyCoord([s.ra_deg for s in field.sources], [s.dec_deg for s in field.sources], unit="deg")
    separations = sky[:, np.newaxis].separation(sky).arcsec + 1e9 * np.eye(len(sky))
    assert separations.min() > 5 * 15 * 0.999


def test_three_sources_vary_and_the_rest_do_not(field: SimulatedEpochs) -> None:
    assert field.variables == (0, 1, 2)
    assert field.kinds[:4] == ("flare", "sinusoid", "transient", "static")
    spread = np.ptp(field.fluxes_jy, axis=0)
    assert np.all(spread[:3] > 20 * 2e-4)
    assert np.all(spread[3:] == 0)
    assert not field.fluxes_jy.flags.writeable
    assert field.fluxes_jy.shape == (4, 12)


@pytest.mark.parametrize("kind", VARIABLE_KINDS)
def test_variables_vary_however_few_the_epochs(kind: str) -> None:
    for n_epochs in range(2, 60):
        curve = LIGHT_CURVES[kind](np.linspace(0, 1, n_epochs))
        assert curve.min() > 0
        assert np.ptp(curve) > 0.5 * curve.mean()


def test_the_bad_epoch_is_bad_and_only_that(field: SimulatedEpochs) -> None:
    noise = []
    for path in field.images:
        data = fits.getdata(path)
        noise.append(1.4826 * np.median(np.abs(data - np.median(data))))
    np.testing.assert_allclose(np.delete(noise, 2), 2e-4, rtol=0.15)
    assert noise[2] > 8 * 2e-4
    np.testing.assert_allclose(field.noise_jy_per_beam, [2e-4, 2e-4, 2e-3, 2e-4])


def test_catalogue_and_truth_say_the_same(field: SimulatedEpochs) -> None:
    with field.catalogue.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "ra_deg", "dec_deg", "flux_jy"]
    truth = json.loads(field.truth.read_text())
    assert [row["name"] for row in rows] == [s["name"] for s in truth["sources"]] == [s.name for s in field.sources]
    assert [float(row["ra_deg"]) for row in rows] == [s["ra_deg"] for s in truth["sources"]]
    assert [(s.ra_deg, s.dec_deg) for s in field.sources] == [(s["ra_deg"], s["dec_deg"]) for s in truth["sources"]]
    np.testing.assert_array_equal(np.array([s["fluxes_jy"] for s in truth["sources"]]).T, field.fluxes_jy)
    np.testing.assert_allclose([float(r["flux_jy"]) for r in rows], field.fluxes_jy.mean(axis=0), rtol=1e-8)
    assert [epoch["bad"] for epoch in truth["epochs"]] == [False, False, True, False]
    assert [epoch["image"] for epoch in truth["epochs"]] == [path.name for path in field.images]
    assert len({row["name"] for row in rows}) == 12


def test_the_same_seed_gives_the_same_bytes_and_another_one_another_sky(tmp_path: Path) -> None:
    fields = [simulate_epochs(tmp_path / name, seed=seed, **SMALL) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    contents = [[path.read_bytes() for path in sorted(field.folder.iterdir())] for field in fields]
    assert contents[0] == contents[1]
    assert all(one != other for one, other in zip(contents[0], contents[2], strict=True))


def test_progress_sees_every_epoch(tmp_path: Path) -> None:
    seen: list[int] = []
    simulate_epochs(
        tmp_path,
        3,
        2,
        n_variables=0,
        shape=(200, 200),
        progress=lambda epochs: (seen.append(e) or e for e in epochs),
    )
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"n_variables": 13}, "13 of 12 sources were to vary"),
        ({"n_variables": -1}, "n_variables is -1"),
        ({"n_epochs": 1}, "3 sources were to vary in a single epoch"),
        ({"n_epochs": 0}, "n_epochs is 0"),
        ({"n_sources": 0}, "n_sources is 0"),
        ({"n_sources": 400}, "only [0-9]+ fit"),
        ({"shape": (20, 20)}, "only 0 fit"),
        ({"shape": (0, 20)}, "ny is 0"),
        ({"bad_epoch": 4}, "Epoch 4 of 4"),
        ({"ra_deg": float("nan")}, "is no position"),
        ({"seed": -3}, "seed is -3"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(tmp_path: Path, wrong: dict[str, object], says: str) -> None:
    with pytest.raises(BadSimulationError, match=says):
        simulate_epochs(tmp_path / "field", **(SMALL | wrong))
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"truth\.json"):
        simulate_epochs(tmp_path, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["truth.json"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableOutputError, match="field"):
        simulate_epochs(tmp_path / "file" / "field", **SMALL)
