"""An image against a reference catalogue: what was wrong in the simulation is what is said to be wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from dsa110_contimg.errors import (
    AmbiguousPlaneError,
    CatalogueNotFoundError,
    ImageNotFoundError,
    NoPositionColumnsError,
    UnreadableImageError,
)
from dsa110_contimg.images import Beam
from dsa110_contimg.qa import CatalogueCheck, check_catalogue
from dsa110_contimg.qa.catalogues import read_catalogue
from dsa110_contimg.qa.catalogues.neighbours import find_isolated
from dsa110_contimg.qa.gates import Verdict
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import Source, simulate_epochs, simulate_image
from dsa110_contimg.simulate.fields import find_sky
from support import ramp, shared_data, sky_header, write_image

if TYPE_CHECKING:
    from pathlib import Path

    from dsa110_contimg.simulate import SimulatedEpochs

OFFSET, FLUX, COMPLETENESS = range(3)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> SimulatedEpochs:
    return simulate_epochs(tmp_path_factory.mktemp("field"), n_epochs=1, n_variables=0, seed=3)


@pytest.fixture
def reference(field: SimulatedEpochs) -> Table:
    return Table.read(field.catalogue)


def verdicts(check: CatalogueCheck) -> list[str]:
    return [str(gate.verdict) for gate in check.gates]


def scatter_sources(n: int, flux_jy: float, shape: tuple[int, int] = (512, 512)) -> list[Source]:
    """Put sources on a grid, at other places between the pixels each."""
    side = int(np.ceil(np.sqrt(n)))
    grid = np.stack(np.unravel_index(np.arange(n), (side, side)), axis=1)
    places = 45.13 + grid * (np.array(shape) - 90.0) / (side - 1) + 0.37 * grid[:, ::-1]
    return [Source(*at, flux_jy=flux_jy) for at in zip(*find_sky(places, shape, 180.0, 37.0, 2.5), strict=True)]


def table_of(sources: list[Source], **columns: Any) -> Table:
    return Table(
        {
            "name": [source.name for source in sources],
            "ra": [source.ra_deg for source in sources],
            "dec": [source.dec_deg for source in sources],
            "flux_jy": [source.flux_jy for source in sources],
        }
        | columns
    )


def test_an_image_that_agrees(field: SimulatedEpochs) -> None:
    check = check_catalogue(field.images[0], field.catalogue)
    assert verdicts(check) == ["PASS"] * 3
    assert check.verdict == "PASS"
    assert (check.path, check.reference) == (str(field.images[0]), str(field.catalogue))
    assert (check.n_catalogue, len(check.names), check.is_used.sum()) == (40, 40, 40)
    assert check.names == tuple(source.name for source in field.sources)
    assert check.offset_arcsec < 0.1
    assert check.median_flux_ratio == pytest.approx(1.0, abs=0.02)
    assert check.completeness == 1.0
    assert (check.frequency_hz, check.unit, check.beam) == (1.4e9, "Jy/beam", field.beam)
    np.testing.assert_allclose(check.local_rms, field.noise_jy_per_beam[0], rtol=0.25)
    np.testing.assert_allclose(check.beam_ratio, 1.0, atol=0.25)
    np.testing.assert_allclose(check.snr, check.flux_jy / check.local_rms)
    # 2.5 arcsec a pixel; noise moves the faintest source, of 20 sigma, by 0.13 pixels (rms) along the major axis
    assert np.hypot(check.delta_ra_arcsec, check.delta_dec_arcsec).max() < 0.4 * 2.5
    assert np.median(np.hypot(check.delta_ra_arcsec, check.delta_dec_arcsec)) < 0.1 * 2.5
    for name, value in vars(check).items():
        assert not isinstance(value, np.ndarray) or not value.flags.writeable, name


@pytest.mark.parametrize("seed", range(5))
def test_over_seeds(seed: int, tmp_path: Path) -> None:
    made = simulate_epochs(tmp_path, n_epochs=1, n_variables=0, seed=100 + seed)
    check = check_catalogue(made.images[0], made.catalogue)
    assert check.median_flux_ratio == pytest.approx(1.0, abs=0.02)
    assert check.offset_arcsec < 0.25
    assert check.completeness == 1.0


@pytest.mark.parametrize(("east", "north"), [(3.0, 0.0), (0.0, -3.0), (-2.0, 2.5), (7.0, 6.0)])
def test_an_offset_is_measured_and_warned_of(
    field: SimulatedEpochs, reference: Table, east: float, north: float
) -> None:
    reference["ra_deg"] -= east / 3600 / np.cos(np.radians(reference["dec_deg"]))
    reference["dec_deg"] -= north / 3600
    check = check_catalogue(field.images[0], reference)
    assert check.median_delta_ra_arcsec == pytest.approx(east, abs=0.15)
    assert check.median_delta_dec_arcsec == pytest.approx(north, abs=0.15)
    assert max(check.delta_ra_mad_arcsec, check.delta_dec_mad_arcsec) < 0.5
    assert verdicts(check)[:2] == ["WARN", "PASS"]
    gate = check.gates[OFFSET]
    assert gate.value == check.offset_arcsec == pytest.approx(np.hypot(east, north), abs=0.15)
    assert gate.n_samples == check.is_used.sum()
    assert ("west" in gate.reason) == (check.median_delta_ra_arcsec < 0)
    assert ("south" in gate.reason) == (check.median_delta_dec_arcsec < 0)


def test_one_source_that_moved_is_no_offset(field: SimulatedEpochs, reference: Table) -> None:
    reference["dec_deg"][:15] += 9 / 3600
    check = check_catalogue(field.images[0], reference)
    assert np.nanmax(np.abs(check.delta_dec_arcsec)) > 8.5
    assert check.offset_arcsec < 0.3  # a median, and neither a maximum nor a mean
    assert check.gates[OFFSET].verdict == "PASS"


@pytest.mark.parametrize(
    ("scale", "verdict"), [(1.0, "PASS"), (0.95, "PASS"), (0.85, "WARN"), (0.7, "FAIL"), (1.15, "WARN"), (1.3, "FAIL")]
)
def test_a_wrong_flux_scale(field: SimulatedEpochs, reference: Table, scale: float, verdict: str) -> None:
    reference["flux_jy"] /= scale
    check = check_catalogue(field.images[0], reference)
    assert check.median_flux_ratio == pytest.approx(scale, rel=0.02)
    assert check.gates[FLUX].value == check.median_flux_ratio
    assert [check.gates[FLUX].verdict, check.gates[OFFSET].verdict] == [verdict, "PASS"]


def test_a_few_wrong_fluxes_change_nothing(field: SimulatedEpochs, reference: Table) -> None:
    reference["flux_jy"][::4] *= 10
    check = check_catalogue(field.images[0], reference)
    assert check.gates[FLUX].verdict == "PASS"


def test_sources_that_are_absent(field: SimulatedEpochs, reference: Table, tmp_path: Path) -> None:
    image = simulate_image(tmp_path / "half.fits", field.sources[::2], 2e-4, shape=(512, 512), seed=4)
    check = check_catalogue(image.path, reference)
    assert check.completeness == 0.5
    assert check.is_shown.tolist() == [True, False] * 20
    gate = check.gates[COMPLETENESS]
    assert (gate.verdict, gate.value, gate.n_samples) == ("FAIL", 0.5, 40)
    assert gate.reason.startswith(f"20 of 40 sources of the catalogue are not shown: {field.sources[1].name}, ")
    assert gate.reason.endswith("and 10 more.")
    assert not check.is_used[1::2].any()
    assert check.gates[FLUX].verdict == "PASS"


@pytest.mark.parametrize("flux_over_noise", [4.0, 5.0, 6.5])
def test_completeness_is_as_injected(flux_over_noise: float, tmp_path: Path) -> None:
    sources = scatter_sources(225, flux_over_noise * 1e-3)
    image = simulate_image(tmp_path / "a.fits", sources, 1e-3, shape=(512, 512), seed=7)
    check = check_catalogue(image.path, table_of(sources))
    data = fits.getdata(image.path)[0, 0]
    shown = [data[y - 1 : y + 2, x - 1 : x + 2].max() > 5e-3 for y, x in np.floor(image.positions + 0.5).astype(int)]
    # The noise that is measured differs from what was injected by a few per cent, here and there.
    assert check.completeness == pytest.approx(np.mean(shown), abs=0.08)
    assert {4.0: 0.0, 5.0: 0.3, 6.5: 0.85}[flux_over_noise] < check.completeness <= 1.0


def test_the_local_noise_decides(tmp_path: Path) -> None:
    """Half of the image has eight times the noise, so that the sources there are not shown."""
    sources = scatter_sources(36, 0.01)
    path = simulate_image(tmp_path / "a.fits", sources, 5e-4, shape=(512, 512), seed=1).path
    noise = fits.getdata(simulate_image(tmp_path / "n.fits", [], 4e-3, shape=(512, 512), seed=2).path)
    with fits.open(path, mode="update") as hdus:
        hdus[0].data[..., 256:, :] += noise[..., 256:, :]
    check = check_catalogue(path, table_of(sources))
    is_south = check.dec_deg < 37.0 - 30 / 3600
    is_north = check.dec_deg > 37.0 + 70 / 3600
    assert check.is_shown[is_south].all()
    assert check.is_shown[is_north].mean() < 0.2
    assert check.completeness < 0.6
    assert check.gates[COMPLETENESS].verdict == "FAIL"


# ------------------------------------------------------------------ which sources count


def test_sources_near_others_do_not_count(tmp_path: Path) -> None:
    sources = scatter_sources(25, 0.05)
    near = [replace(source, dec_deg=source.dec_deg + 20 / 3600, name="") for source in sources[:10]]
    image = simulate_image(tmp_path / "a.fits", [*sources, *near], 1e-4, shape=(512, 512))
    check = check_catalogue(image.path, table_of([*sources, *near]))
    assert check.is_isolated.tolist() == [False] * 10 + [True] * 15 + [False] * 10
    assert check.is_used.sum() == check.gates[FLUX].n_samples == 15
    assert check.completeness == 1.0  # where all count


def test_what_is_farther_away_than_a_beam_is_another_source(tmp_path: Path) -> None:
    sources = scatter_sources(16, 0.05)
    # 18.4 arcsec to the north-east, in nobody's catalogue, and bright; the beam is 15 arcsec.
    other = replace(sources[5], ra_deg=sources[5].ra_deg + 13 / 3600 / 0.799, dec_deg=sources[5].dec_deg + 13 / 3600)
    image = simulate_image(tmp_path / "a.fits", [*sources, replace(other, flux_jy=0.5)], 1e-4, shape=(512, 512))
    check = check_catalogue(image.path, table_of(sources))
    assert np.isnan([check.delta_ra_arcsec[5], check.delta_dec_arcsec[5], check.flux_jy[5]]).all()
    assert check.is_used.tolist() == [True] * 5 + [False] + [True] * 10


def test_extended_sources_do_not_count(tmp_path: Path) -> None:
    points, others = scatter_sources(25, 0.05)[:15], scatter_sources(25, 0.05)[15:]
    path = simulate_image(tmp_path / "a.fits", points, 1e-4, shape=(512, 512)).path
    wide = Beam(24 / 3600, 20 / 3600, 0.0)
    with fits.open(path, mode="update") as hdus:
        hdus[0].data += 0.5 * fits.getdata(
            simulate_image(tmp_path / "b.fits", others, 0.0, shape=(512, 512), beam=wide).path
        )
    check = check_catalogue(path, table_of([*points, *others]))
    np.testing.assert_allclose(check.beam_ratio[15:], 24 * 20 / 150, rtol=0.05)
    np.testing.assert_allclose(check.flux_ratio[15:], 0.5, rtol=0.05)
    assert check.is_used.tolist() == [True] * 15 + [False] * 10
    assert check.median_flux_ratio == pytest.approx(1.0, abs=0.01)


def test_where_all_sources_are_extended_nothing_is_said(tmp_path: Path) -> None:
    sources = scatter_sources(16, 0.05)
    wide = Beam(40 / 3600, 20 / 3600, 0.0)
    path = simulate_image(tmp_path / "b.fits", sources, 1e-4, shape=(512, 512), beam=wide).path
    fits.setval(path, "BMAJ", value=15 / 3600)
    fits.setval(path, "BMIN", value=10 / 3600)
    check = check_catalogue(path, table_of(sources))
    assert verdicts(check) == ["SKIP", "SKIP", "PASS"]
    for gate in check.gates[:2]:
        assert gate.value is None
        assert "16 of these have 10 times the noise, 0 of these are no wider than a point" in gate.reason
        assert gate.reason.endswith("3 are needed.")


def test_an_image_out_of_focus_does_not_hide_its_lost_flux(tmp_path: Path) -> None:
    sources = scatter_sources(16, 0.05)
    blurred = Beam(17.5 / 3600, 12.5 / 3600, 30.0)
    path = simulate_image(
        tmp_path / "b.fits",
        [replace(s, flux_jy=s.flux_jy * 150 / (17.5 * 12.5)) for s in sources],
        1e-4,
        shape=(512, 512),
        beam=blurred,
    ).path
    fits.setval(path, "BMAJ", value=15 / 3600)
    fits.setval(path, "BMIN", value=10 / 3600)
    check = check_catalogue(path, table_of(sources))
    assert check.is_used.all()
    assert check.median_flux_ratio == pytest.approx(150 / (17.5 * 12.5), rel=0.01)
    assert check.gates[FLUX].verdict == "FAIL"
    assert "Sources are 1.46 times as large as the beam" in check.remarks[-1]


def test_faint_sources_do_not_count(tmp_path: Path) -> None:
    bright, faint = scatter_sources(25, 0.02)[:15], [replace(s, flux_jy=0.005) for s in scatter_sources(25, 0.02)[15:]]
    image = simulate_image(tmp_path / "a.fits", [*bright, *faint], 1e-3, shape=(512, 512))
    check = check_catalogue(image.path, table_of([*bright, *faint]))
    assert check.is_used.tolist() == [True] * 15 + [False] * 10


def test_sources_off_the_image_and_on_blank_pixels_are_left_out(tmp_path: Path) -> None:
    sources = scatter_sources(25, 0.05)
    path = simulate_image(tmp_path / "a.fits", sources, 1e-3, shape=(512, 512)).path
    with fits.open(path, mode="update") as hdus:
        hdus[0].data[..., :200, :] = np.nan
        hdus[0].data[..., :, :200] = 0.0  # as some programs write what is blank
    far = [Source(190.0, 37.0, flux_jy=1.0), Source(0.0, -37.0, flux_jy=1.0)]
    check = check_catalogue(path, table_of([*sources, *far]))
    assert check.n_catalogue == 27
    assert len(check.names) == 9
    assert check.completeness == 1.0
    assert verdicts(check) == ["PASS"] * 3


def test_a_neighbour_beyond_the_edge_still_is_one(tmp_path: Path) -> None:
    sources = scatter_sources(9, 0.05)
    image = simulate_image(tmp_path / "a.fits", sources, 1e-4, shape=(512, 512))
    ra, dec = find_sky(np.array([[45.0, -5.0], [45.0, 4.0]]), (512, 512), 180.0, 37.0, 2.5)
    edge = [Source(*at, flux_jy=0.05) for at in zip(ra, dec, strict=True)]
    check = check_catalogue(image.path, table_of([*sources, *edge]))
    assert len(check.names) == 10
    assert not check.is_isolated[-1]


@pytest.mark.parametrize("distance", [0.001, 0.05, 1.0, 30.0, 200.0])
def test_isolation_is_that_of_every_pair(distance: float) -> None:
    random = np.random.default_rng(5)
    ra = np.concatenate([random.uniform(0, 360, 100), [0.0, 359.9999, 12.0, 240.0]])
    dec = np.concatenate([np.degrees(np.arcsin(random.uniform(-1, 1, 100))), [10.0, 10.0, 89.9999, 89.9999]])
    at = np.radians(np.array([ra, dec]))
    vectors = np.array([np.cos(at[1]) * np.cos(at[0]), np.cos(at[1]) * np.sin(at[0]), np.sin(at[1])])
    apart = np.degrees(np.arccos(np.clip(vectors.T @ vectors, -1, 1)))
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_array_equal(find_isolated(ra, dec, distance), apart.min(axis=1) > min(distance, 180.0))
    assert find_isolated(np.zeros(0), np.zeros(0), 1.0).size == 0


# ------------------------------------------------------------------ frequencies


def test_fluxes_are_scaled_to_the_frequency_of_the_image(field: SimulatedEpochs, reference: Table) -> None:
    reference["flux_jy"] *= (150e6 / 1.4e9) ** -0.7
    unscaled = check_catalogue(field.images[0], reference)
    assert unscaled.gates[FLUX].verdict == "FAIL"
    assert "tells no frequency; it is taken to be that of the image, 1400 MHz" in unscaled.remarks[-1]
    given = check_catalogue(field.images[0], reference, reference_frequency_hz=150e6)
    reference["freq_mhz"] = 150.0
    told = check_catalogue(field.images[0], reference)
    for check in (given, told):
        assert check.median_flux_ratio == pytest.approx(1.0, abs=0.02)
        assert set(check.reference_frequency_hz) == {150e6}
        assert check.remarks[-1] == (
            "Fluxes of the catalogue are scaled from 150 MHz to the 1400 MHz of the image "
            "with a spectral index of -0.7."
        )
    other = check_catalogue(field.images[0], reference, reference_frequency_hz=1.4e9)
    assert other.median_flux_ratio == pytest.approx(unscaled.median_flux_ratio)
    flat = check_catalogue(field.images[0], reference, spectral_index=0.0)
    assert flat.median_flux_ratio == pytest.approx(unscaled.median_flux_ratio)


def test_frequencies_of_some_sources_only(field: SimulatedEpochs, reference: Table) -> None:
    reference["freq_ghz"] = np.where(np.arange(40) < 30, 1.4, np.nan)
    check = check_catalogue(field.images[0], reference)
    assert check.remarks[-1].startswith("10 sources of the catalogue tell no frequency")
    assert check.median_flux_ratio == pytest.approx(1.0, abs=0.02)


def test_an_image_without_a_frequency(field: SimulatedEpochs, reference: Table, tmp_path: Path) -> None:
    sources = field.sources
    path = simulate_image(tmp_path / "a.fits", sources, 2e-4, shape=(512, 512), axes=2).path
    fits.delval(path, "RESTFRQ")
    check = check_catalogue(path, reference, reference_frequency_hz=150e6)
    assert check.frequency_hz is None
    assert check.median_flux_ratio == pytest.approx(1.0, abs=0.02)
    assert check.remarks[-1] == "The image tells no frequency; it is taken to be that of the catalogue."


@pytest.mark.parametrize("frequency", [0.0, -1.0, np.nan, np.inf])
def test_frequencies_that_are_none(field: SimulatedEpochs, frequency: float) -> None:
    with pytest.raises(ValueError, match="reference_frequency_hz"):
        check_catalogue(field.images[0], field.catalogue, reference_frequency_hz=frequency)
    with pytest.raises(ValueError, match="spectral_index"):
        check_catalogue(field.images[0], field.catalogue, spectral_index=np.nan)


# ------------------------------------------------------------------ real images


@pytest.mark.parametrize(("epoch", "east"), [(1, 0.0), (2, 0.0), (3, 0.0), (4, 0.94)])
def test_the_vast_epochs_and_their_selavy_catalogue(epoch: int, east: float) -> None:
    folder = shared_data("images/vast_epochs")
    selavy = folder / "epoch01.selavy.components.csv"
    check = check_catalogue(folder / f"epoch0{epoch}.fits", selavy, reference_frequency_hz=888e6)
    assert verdicts(check) == ["PASS", "PASS", "SKIP"]
    assert len(check.names) == 4  # the fifth is in another part of the sky
    assert check.median_delta_ra_arcsec == pytest.approx(
        east, abs=0.05
    )  # epoch 4 was simulated 0.94 arcsec further east
    assert check.median_delta_dec_arcsec == pytest.approx(0.0, abs=0.05)
    assert check.median_flux_ratio == pytest.approx(1.0, abs=2e-3)
    assert check.gates[COMPLETENESS].reason == "The image has 4 sources of the catalogue; 5 are needed."
    # By the frequency in the file, 179.7 MHz, the catalogue is no reference for these images.
    told = check_catalogue(folder / f"epoch0{epoch}.fits", selavy)
    assert told.median_flux_ratio == pytest.approx((888 / 179.7) ** 0.7, abs=2e-2)
    assert told.gates[FLUX].verdict == "FAIL"


def test_fornax_a_says_nothing_of_points() -> None:
    at = Table({"name": ["west", "core", "east"], "ra": [50.38, 50.674, 50.97], "dec": [-37.22, -37.208, -37.27]})
    check = check_catalogue(shared_data("images/fornax_a/Fornaxa_vla.FITS"), at)
    assert verdicts(check) == ["SKIP"] * 3
    assert "no fluxes" in check.gates[FLUX].reason
    assert check.frequency_hz == 1.51e9


# ------------------------------------------------------------------ bad input


def test_a_field_somewhere_else(field: SimulatedEpochs) -> None:
    check = check_catalogue(field.images[0], Table({"ra": [10.0, 11.0], "dec": [-30.0, 5.0], "flux_jy": [1.0, 1.0]}))
    assert verdicts(check) == ["SKIP"] * 3
    assert check.verdict == Verdict.SKIP
    for gate in check.gates:
        assert gate.reason == "None of the 2 sources of the catalogue lies where the image has sky."
    assert np.isnan([check.completeness, check.offset_arcsec, check.median_flux_ratio]).all()
    assert (check.names, check.ra_deg.shape, check.is_used.shape) == ((), (0,), (0,))


@pytest.mark.parametrize("pixels", [np.nan, 0.0, np.inf])
def test_images_without_sky(pixels: float, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", np.full((64, 64), pixels, "f4"), sky_header(BMAJ=6 / 3600, BMIN=5 / 3600))
    check = check_catalogue(path, Table({"ra": [150.0], "dec": [30.0], "flux_jy": [1.0]}))
    assert verdicts(check) == ["SKIP"] * 3
    assert check.names == ()


def test_an_image_without_noise(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", np.full((64, 64), 3.0, "f4"), sky_header(BMAJ=6 / 3600, BMIN=5 / 3600))
    check = check_catalogue(path, Table({"ra": [150.0], "dec": [30.0], "flux_jy": [1.0]}))
    assert verdicts(check) == ["SKIP"] * 3
    assert (
        "The image has 0 sources of the catalogue; the noise around 1 more is zero or unknown" in check.gates[2].reason
    )
    assert np.isnan(check.local_rms).all()
    assert not check.is_shown.any()


def test_an_image_without_a_beam(field: SimulatedEpochs, tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(field.images[0].read_bytes())
    fits.delval(path, "BMAJ")
    fits.delval(path, "BMIN")
    check = check_catalogue(path, field.catalogue)
    assert verdicts(check) == ["SKIP", "SKIP", "PASS"]
    assert check.gates[OFFSET].reason == check.gates[FLUX].reason == "The image names no beam, or one that cannot be."
    assert check.completeness == 1.0
    assert check.beam is None


@pytest.mark.parametrize(("major", "minor"), [(15.0, 10.0), (15.0, 10 / 3600), (1e-6, 1e-6)])
def test_a_beam_in_the_wrong_unit(field: SimulatedEpochs, major: float, minor: float, tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(field.images[0].read_bytes())
    fits.setval(path, "BMAJ", value=major)  # arcsec, or radians, by somebody who did not know that it is degrees
    fits.setval(path, "BMIN", value=minor)
    check = check_catalogue(path, field.catalogue)
    assert verdicts(check) == ["SKIP", "SKIP", "PASS"]
    assert 'which cannot be: a pixel is 2.5" wide, and the image 512 pixels' in check.remarks[-1]
    assert check.beam is None


@pytest.mark.parametrize(
    ("unit", "said"), [("K", "in K, not in Jy/beam"), ("", "names no unit"), ("Jy/pixel", "Jy/pix")]
)
def test_an_image_in_another_unit(field: SimulatedEpochs, unit: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(field.images[0].read_bytes())
    fits.setval(path, "BUNIT", value=unit)
    check = check_catalogue(path, field.catalogue)
    assert verdicts(check) == ["PASS", "SKIP", "PASS"]
    assert said in check.gates[FLUX].reason
    assert np.isnan(check.flux_jy).all()


def test_an_image_in_millijansky(field: SimulatedEpochs, tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(field.images[0].read_bytes())
    with fits.open(path, mode="update") as hdus:
        hdus[0].header["BUNIT"] = "mJy/beam"
        hdus[0].data *= 1000
    check = check_catalogue(path, field.catalogue)
    assert check.median_flux_ratio == pytest.approx(1.0, abs=0.02)
    assert np.nanmedian(check.peak / check.flux_jy) == pytest.approx(1000, rel=0.1)


def test_a_catalogue_without_fluxes_or_with_none_that_are_any(field: SimulatedEpochs, reference: Table) -> None:
    reference.rename_column("flux_jy", "flux")
    check = check_catalogue(field.images[0], reference)
    assert verdicts(check) == ["PASS", "SKIP", "PASS"]
    assert check.gates[FLUX].reason == (
        "The catalogue has no fluxes. The column flux has no unit, and none is guessed."
    )
    assert not any("frequency" in remark for remark in check.remarks)
    reference["flux"].unit = u.mJy
    reference["flux"] *= np.where(np.arange(40) < 38, -1.0, 1000.0)
    check = check_catalogue(field.images[0], reference)
    assert check.gates[FLUX].verdict == "SKIP"
    assert check.gates[FLUX].n_samples == 2
    assert "2 of these have a flux in the catalogue; 3 are needed" in check.gates[FLUX].reason


def test_the_least_numbers_of_sources(field: SimulatedEpochs, reference: Table) -> None:
    for n, expected in {2: ["SKIP"] * 3, 3: ["PASS", "PASS", "SKIP"], 5: ["PASS"] * 3}.items():
        check = check_catalogue(field.images[0], reference[:n])
        assert verdicts(check) == expected
        assert all(gate.reason for gate in check.gates if gate.verdict == "SKIP")


def test_thresholds_are_those_that_were_given(field: SimulatedEpochs, reference: Table) -> None:
    strict = Thresholds(position_offset_arcsec=1e-6, flux_ratio_warn=1e-6, completeness_snr=1e4)
    assert verdicts(check_catalogue(field.images[0], reference, thresholds=strict)) == ["WARN", "WARN", "FAIL"]


def test_other_names_of_columns(field: SimulatedEpochs, reference: Table, tmp_path: Path) -> None:
    other = Table({"RAJ2000": reference["ra_deg"], "DEJ2000": reference["dec_deg"], "S1.4": reference["flux_jy"] * 1e3})
    other["S1.4"].unit = "mJy"
    other.write(tmp_path / "nvss.vot", format="votable")
    check = check_catalogue(field.images[0], tmp_path / "nvss.vot")
    assert verdicts(check) == ["PASS"] * 3
    assert check.names[0].startswith("J1")
    assert set(check.reference_frequency_hz) == {1.4e9}
    assert verdicts(check_catalogue(field.images[0], read_catalogue(tmp_path / "nvss.vot"))) == ["PASS"] * 3
    with pytest.raises(NoPositionColumnsError, match="It has: x, y"):
        check_catalogue(field.images[0], Table({"x": [1.0], "y": [2.0]}))


def test_what_cannot_be_read_is_an_error(field: SimulatedEpochs, tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError):
        check_catalogue(tmp_path / "absent.fits", field.catalogue)
    with pytest.raises(CatalogueNotFoundError):
        check_catalogue(field.images[0], tmp_path / "absent.csv")
    with pytest.raises(TypeError, match="no catalogue"):
        check_catalogue(field.images[0], 3)
    (tmp_path / "no.fits").write_text("no")
    with pytest.raises(UnreadableImageError):
        check_catalogue(tmp_path / "no.fits", field.catalogue)


def test_a_plane_of_a_cube(field: SimulatedEpochs, tmp_path: Path) -> None:
    path = simulate_image(tmp_path / "a.fits", field.sources, 2e-4, shape=(512, 512), n_channels=2).path
    with pytest.raises(AmbiguousPlaneError):
        check_catalogue(path, field.catalogue)
    check = check_catalogue(path, field.catalogue, channel=1, stokes="I")
    assert (check.plane, check.frequency_hz) == ({"stokes": "I", "channel": 1}, 1.4e9 + 62.5e6)
    assert verdicts(check) == ["PASS"] * 3


def test_an_image_smaller_than_the_window(tmp_path: Path) -> None:
    header = sky_header((9, 9), BMAJ=6 / 3600, BMIN=5 / 3600)
    check = check_catalogue(write_image(tmp_path / "a.fits", ramp(9, 9), header), Table({"ra": [150.0], "dec": [30.0]}))
    assert len(check.names) == 1
    assert verdicts(check) == ["SKIP"] * 3


def test_where_the_map_is_torn_there_are_no_offsets(tmp_path: Path) -> None:
    """At the pole of a cylindrical projection east is no direction."""
    header = sky_header((64, 64), ra_deg=0.0, dec_deg=0.0, projection="CAR", BMAJ=15 / 3600, BMIN=10 / 3600)
    header["CRPIX2"] = 33 - 90 * 3600 / 2.0  # the pole is in the middle of the image
    y, x = np.mgrid[:64, :64]
    data = np.random.default_rng(1).normal(0, 0.01, (64, 64)) + np.exp(-((x - 32) ** 2 + (y - 32) ** 2) / 20)
    path = write_image(tmp_path / "a.fits", data.astype("f4"), header)
    check = check_catalogue(path, Table({"ra": [0.0], "dec": [90.0], "flux_jy": [1.0]}))
    assert len(check.names) == 1
    assert not check.is_used.any()
    assert verdicts(check) == ["SKIP"] * 3
