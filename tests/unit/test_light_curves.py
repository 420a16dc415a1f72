"""Light curves as a whole: order, units, what is left out and why."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from dsa110_contimg.errors import (
    AmbiguousPlaneError,
    BadPositionError,
    ImageNotFoundError,
    MixedUnitsError,
    UnreadableImageError,
)
from dsa110_contimg.images import Beam
from dsa110_contimg.qa import LightCurves, measure_light_curves
from dsa110_contimg.qa.light_curves import Flag
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import SimulatedEpochs, Source, simulate_epochs, simulate_image

NOISE = 2e-4


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> SimulatedEpochs:
    return simulate_epochs(tmp_path_factory.mktemp("field"), 5, 12, n_variables=2, shape=(320, 320), seed=4)


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Write three images of two sources, of 20 and 0 mJy."""
    for k in range(3):
        sources = [Source(180.0, 37.0, flux_jy=0.02)]
        simulate_image(tmp_path / f"{k}.fits", sources, NOISE, shape=(160, 160), mjd=60000.0 + k, seed=k)
    return [tmp_path / f"{k}.fits" for k in range(3)]


def measure(images: object, **more: object) -> LightCurves:
    return measure_light_curves(images, [180.0, 180.05], [37.0, 37.0], **more)


def edit(path: Path, factor: float = 1.0, **cards: object) -> None:
    """Change cards of an image, and remove those that are None."""
    with fits.open(path, mode="update") as hdus:
        hdus[0].data *= np.float32(factor)
        for keyword, value in cards.items():
            if value is None:
                hdus[0].header.remove(keyword.replace("_", "-"))
            else:
                hdus[0].header[keyword.replace("_", "-")] = value


def test_fluxes_are_those_that_were_simulated_and_what_varies_is_told(field: SimulatedEpochs) -> None:
    curves = measure_light_curves(field.images, field.catalogue)
    pulls = (curves.flux - field.fluxes_jy.T) / curves.flux_error
    assert np.abs(pulls).max() < 4.5
    assert not curves.flags.any()
    assert np.flatnonzero(curves.variability.is_variable).tolist() == list(field.variables)
    assert curves.unit == "Jy/beam"
    assert curves.names == tuple(source.name for source in field.sources)
    np.testing.assert_array_equal(curves.mjd, field.mjd)
    np.testing.assert_allclose(curves.flux_error, curves.local_rms * 2 / np.sqrt(3), rtol=1e-12)
    np.testing.assert_array_equal(curves.snr, curves.flux / curves.flux_error)
    # The brightest pixel is brighter than the beam's height by the noise alone, or fainter as it is off the peak.
    assert np.all(np.abs(curves.peak / curves.flux - 1) < 0.2)
    assert repr(curves) == "<LightCurves of 12 sources in 5 images, 2 variable>"
    assert curves.remarks == ()


def test_results_are_read_only_and_what_was_given_is_not(field: SimulatedEpochs) -> None:
    ra, dec = (np.array([getattr(source, axis) for source in field.sources]) for axis in ("ra_deg", "dec_deg"))
    curves = measure_light_curves(field.images[:2], ra, dec)
    arrays = {name: value for name, value in vars(curves).items() if isinstance(value, np.ndarray)}
    arrays |= {name: value for name, value in vars(curves.variability).items() if isinstance(value, np.ndarray)}
    assert len(arrays) == 10 + 8
    for name, array in arrays.items():
        assert not array.flags.writeable, name
    ra[0] = dec[0] = 0.0
    assert curves.ra_deg[0] != 0.0
    with pytest.raises(AttributeError):
        curves.unit = "K"  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(curves))
    np.testing.assert_array_equal(again.flux, curves.flux)


def test_where_nothing_is_detected_there_is_an_upper_limit(three: list[Path]) -> None:
    curves = measure(three)
    assert np.isnan(curves.upper_limit[0]).all()
    np.testing.assert_array_equal(curves.upper_limit[1], 3 * curves.flux_error[1])
    strict = measure(three, thresholds=Thresholds(detection_snr=1000.0))
    np.testing.assert_array_equal(strict.upper_limit, 1000 * curves.flux_error)


def test_epochs_stand_in_the_order_of_time_and_those_without_a_date_last(three: list[Path]) -> None:
    edit(three[0], MJD_OBS=None, DATE_OBS=None)
    edit(three[2], MJD_OBS=59000.0)
    curves = measure([three[0], three[1], three[2]])
    assert curves.images == (str(three[2]), str(three[1]), str(three[0]))
    np.testing.assert_array_equal(curves.mjd, [59000.0, 60001.0, np.nan])
    told = "1 of 3 images has no date; what has none stands last, in the order of names: 0.fits."
    assert curves.remarks == (told,)
    alone = measure([three[0]])
    np.testing.assert_array_equal(curves.flux[:, 2], alone.flux[:, 0])


def test_images_without_a_date_stand_in_the_order_of_their_names(three: list[Path]) -> None:
    for path in three:
        edit(path, MJD_OBS=None, DATE_OBS=None)
    curves = measure(reversed(three))
    assert curves.images == tuple(map(str, three))
    assert np.isnan(curves.mjd).all()
    assert "3 of 3 images have no date" in curves.remarks[0]


def test_dates_of_a_table_count_more_than_those_of_headers(three: list[Path]) -> None:
    table = Table({"image": [str(path) for path in three], "mjd": [3.0, 2.0, 1.0]})
    curves = measure(table)
    assert curves.images == tuple(map(str, reversed(three)))
    np.testing.assert_array_equal(curves.mjd, [1.0, 2.0, 3.0])


def test_prefixes_of_units_are_taken_into_account(three: list[Path]) -> None:
    before = measure(three)
    edit(three[1], 1e3, BUNIT="mJy/beam")
    after = measure(three)
    assert after.unit == "Jy/beam"
    for name in ("peak", "flux", "flux_error", "local_rms", "snr", "upper_limit"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-5, err_msg=name)
    for path in (three[0], three[2]):
        edit(path, 1e3, BUNIT="mJy/beam")
    np.testing.assert_allclose(measure(three).flux, before.flux, rtol=1e-5)


@pytest.mark.parametrize(("unit", "told"), [("K", "in K"), (None, "without a unit")])
def test_an_image_with_another_unit_than_most_is_left_out(three: list[Path], unit: str | None, told: str) -> None:
    edit(three[1], BUNIT=unit)
    curves = measure(three)
    assert curves.unit == "Jy/beam"
    assert isinstance(curves.unreadable[str(three[1])], MixedUnitsError)
    assert f"is {told}; 2 of 3 images are in Jy/beam" in curves.unreadable[str(three[1])].message
    assert (curves.flags[:, 1] == Flag.UNREADABLE).all()
    assert np.isnan(curves.flux[:, 1]).all()
    np.testing.assert_array_equal(curves.variability.n_epochs, [2, 2])
    assert curves.mjd[1] == 60001.0


def test_images_without_a_unit_are_measured_and_it_is_said(three: list[Path]) -> None:
    for path in three:
        edit(path, BUNIT=None)
    curves = measure(three)
    assert curves.unit is None
    assert not curves.unreadable
    assert "name no unit" in curves.remarks[0]
    assert curves.to_table()["flux"].unit is None


def test_one_corrupt_image_among_many_is_left_out(three: list[Path]) -> None:
    whole = measure([three[0], three[2]])
    three[1].write_bytes(three[1].read_bytes()[:5000])
    missing = three[0].with_name("missing.fits")
    curves = measure([three[0], three[1], missing, three[2]])
    assert set(curves.unreadable) == {str(three[1]), str(missing)}
    assert isinstance(curves.unreadable[str(three[1])], UnreadableImageError)
    assert isinstance(curves.unreadable[str(missing)], ImageNotFoundError)
    assert curves.images == (str(three[0]), str(three[2]), str(three[1]), str(missing))
    np.testing.assert_array_equal(curves.flux[:, :2], whole.flux)
    assert (curves.flags[:, 2:] == Flag.UNREADABLE).all()
    np.testing.assert_array_equal(curves.variability.eta, whole.variability.eta)


def test_if_no_image_can_be_read_the_first_error_is_raised(three: list[Path]) -> None:
    three[1].write_bytes(b"nothing")
    with pytest.raises(ImageNotFoundError, match="missing"):
        measure([three[0].with_name("missing.fits"), three[1]])
    with pytest.raises(UnreadableImageError):
        measure([three[1], three[0].with_name("missing.fits")])


def test_images_of_different_fields(three: list[Path], tmp_path: Path) -> None:
    simulate_image(tmp_path / "far.fits", [], NOISE, shape=(160, 160), ra_deg=20.0, mjd=60010.0)
    curves = measure([*three, tmp_path / "far.fits"])
    assert (curves.flags[:, 3] == Flag.OFF_IMAGE).all()
    assert np.isnan(curves.peak[:, 3]).all()
    assert np.isnan(curves.local_rms[:, 3]).all()
    assert not curves.flags[:, :3].any()
    np.testing.assert_array_equal(curves.variability.n_epochs, [3, 3])
    assert not curves.remarks


def test_sources_that_are_nowhere(three: list[Path]) -> None:
    curves = measure_light_curves(three, [0.0, 180.0, 10.0], [-80.0, 37.0, 20.0])
    assert (curves.flags == np.array([[Flag.OFF_IMAGE], [0], [Flag.OFF_IMAGE]])).all()
    assert curves.variability.n_epochs.tolist() == [0, 3, 0]
    assert np.isnan(curves.variability.mean_flux[[0, 2]]).all()
    assert curves.remarks == ("2 of 3 sources are on none of the images.",)
    nowhere = measure_light_curves(three, [0.0], [-80.0])
    assert nowhere.unit == "Jy/beam"
    assert len(nowhere.to_table()) == 3


def test_an_image_without_a_beam_has_peaks_and_noise(three: list[Path]) -> None:
    with_beam = measure(three)
    edit(three[1], BMAJ=None, BMIN=None, BPA=None)
    curves = measure(three)
    assert (curves.flags[:, 1] == Flag.NO_BEAM).all()
    np.testing.assert_array_equal(curves.peak, with_beam.peak)
    np.testing.assert_array_equal(curves.local_rms, with_beam.local_rms)
    for name in ("flux", "flux_error", "snr", "upper_limit"):
        assert np.isnan(getattr(curves, name)[:, 1]).all(), name
    assert curves.remarks == ("1 of 3 images has no beam that can be, and so no forced fluxes: 1.fits.",)


@pytest.mark.parametrize("factor", [1e-6, 3600.0], ids=["arcseconds taken for degrees", "in thousandths"])
def test_a_beam_that_cannot_be_is_none(three: list[Path], factor: float) -> None:
    edit(three[1], BMAJ=15 / 3600 * factor, BMIN=10 / 3600 * factor)
    curves = measure(three)
    assert (curves.flags[:, 1] == Flag.NO_BEAM).all()
    assert np.isfinite(curves.peak).all()


def test_planes_of_a_cube(tmp_path: Path) -> None:
    sources = [Source(180.0, 37.0, flux_jy=0.05)]
    cube, plane = tmp_path / "cube.fits", tmp_path / "plane.fits"
    simulate_image(cube, sources, NOISE, shape=(128, 128), axes=4, n_channels=3, seed=1)
    with pytest.raises(AmbiguousPlaneError):
        measure_light_curves([cube], [180.0], [37.0])
    curves = measure_light_curves([cube], [180.0], [37.0], channel=2, stokes="I", hdu=0)
    with fits.open(cube) as hdus:
        header = hdus[0].header.copy()
        fits.PrimaryHDU(hdus[0].data[2:], header).writeto(plane)
    np.testing.assert_array_equal(curves.flux, measure_light_curves([plane], [180.0], [37.0]).flux)
    other = measure_light_curves([cube], [180.0], [37.0], channel=0)
    assert other.flux != curves.flux


def test_one_source_in_one_image(three: list[Path]) -> None:
    curves = measure_light_curves(three[0], [180.0], [37.0], names=["the one"])
    assert curves.flux.shape == (1, 1)
    assert curves.names == ("the one",)
    assert curves.variability.n_epochs.tolist() == [1]
    assert np.isnan(curves.variability.eta).all()
    assert not curves.variability.is_variable.any()
    assert not curves.remarks


@pytest.mark.parametrize("projection", ["SIN", "CAR"])
def test_no_source_at_all(tmp_path: Path, projection: str) -> None:
    simulate_image(tmp_path / "a.fits", [], NOISE, shape=(100, 100), projection=projection)
    curves = measure_light_curves([tmp_path / "a.fits"] * 2, [], [])
    assert curves.flux.shape == (0, 2)
    assert len(curves.to_table()) == len(curves.to_source_table()) == 0
    curves.write(tmp_path / "a.parquet")
    nowhere = measure_light_curves(tmp_path / "a.fits", [0.0], [-37.0])
    assert nowhere.flags.tolist() == [[Flag.OFF_IMAGE]]


@pytest.mark.parametrize(("ra", "dec"), [(np.nan, 0.0), (0.0, 90.1)])
def test_impossible_positions_are_refused(three: list[Path], ra: float, dec: float) -> None:
    with pytest.raises(BadPositionError):
        measure_light_curves(three, [180.0, ra], [37.0, dec])


def test_a_pattern_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError, match="pattern"):
        measure_light_curves(f"{tmp_path}/*.fits", [180.0], [37.0])


def test_a_source_is_the_same_whichever_others_are_measured(field: SimulatedEpochs) -> None:
    whole = measure_light_curves(field.images[:1], field.catalogue)
    one = measure_light_curves(field.images[:1], whole.ra_deg[3:4], whole.dec_deg[3:4])
    np.testing.assert_allclose(one.flux[0], whole.flux[3], rtol=1e-12)
    np.testing.assert_array_equal(one.peak[0], whole.peak[3])
    np.testing.assert_array_equal(one.local_rms[0], whole.local_rms[3])


def test_blocks_of_sources_are_as_good_as_all_at_once(field: SimulatedEpochs, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measure_light_curves(field.images, field.catalogue)
    monkeypatch.setattr("dsa110_contimg.qa.photometry.windows._BLOCK_BYTES", 3 * 4 * 50 * 50)
    apart = measure_light_curves(field.images, field.catalogue)
    np.testing.assert_allclose(apart.flux, whole.flux, rtol=1e-12)
    np.testing.assert_array_equal(apart.local_rms, whole.local_rms)


def test_compressed_and_gzipped_images(tmp_path: Path) -> None:
    sources, beam = [Source(180.01, 37.01, flux_jy=0.05)], Beam(20 / 3600, 12 / 3600, -40.0)
    for name, how in (("a.fits", {}), ("b.fits.gz", {}), ("c.fits", {"compression": "GZIP_2"})):
        simulate_image(tmp_path / name, sources, NOISE, shape=(200, 180), beam=beam, seed=3, **how)
    curves = measure_light_curves([tmp_path / name for name in ("a.fits", "b.fits.gz", "c.fits")], [180.01], [37.01])
    np.testing.assert_array_equal(curves.flux[:, 1:], curves.flux[:, :1].repeat(2, axis=1))
