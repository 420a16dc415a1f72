"""The noise of a pixel: from the neighbourhood, or from a noise map; and the error of a flux that follows from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from dsa110_contimg.errors import NoiseMapError
from dsa110_contimg.images import Beam, open_image
from dsa110_contimg.qa import LightCurves, measure_light_curves
from dsa110_contimg.qa.light_curves import Flag
from dsa110_contimg.qa.photometry.kernels import PixelBeam, project_beam
from dsa110_contimg.qa.photometry.local_noise import choose_window, measure_noise
from dsa110_contimg.simulate import Source, simulate_image

NOISE, SHAPE = 2e-4, (180, 150)
RA, DEC = [180.0, 180.03, 179.96], [37.0, 37.02, 36.97]
FWHM = np.sqrt(8 * np.log(2))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    sources = [Source(ra, dec, flux_jy=0.01) for ra, dec in zip(RA, DEC, strict=True)]
    simulate_image(tmp_path / "image.fits", sources, NOISE, shape=SHAPE, seed=6)
    return tmp_path / "image.fits"


def pixels_of(path: Path) -> np.ndarray:
    with fits.open(path) as hdus:
        return hdus[0].data.squeeze().astype(np.float64)


def write_map(image: Path, noise: np.ndarray, **cards: object) -> Path:
    """Write a noise map on the pixels of an image."""
    path = image.with_name("noise.fits")
    with fits.open(image) as hdus:
        hdus[0].data = np.broadcast_to(noise, hdus[0].data.shape[:-2] + noise.shape).astype(np.float32)
        hdus[0].header.update(cards)
        if cards.get("BUNIT") == "":
            del hdus[0].header["BUNIT"]
        hdus.writeto(path, overwrite=True)
    return path


def measure(image: object, noise_maps: object = None) -> LightCurves:
    return measure_light_curves(image, RA, DEC, noise_maps=noise_maps)


# ------------------------------------------------------------------------------------------------- the neighbourhood
def test_the_local_rms_is_that_of_50_pixels_around_without_10_in_the_middle(image: Path) -> None:
    data, curves = pixels_of(image), measure(image)
    for k, (y, x) in enumerate(open_image(image).find_pixels(RA, DEC)):
        y0, x0 = int(np.ceil(y - 25)), int(np.ceil(x - 25))  # the position is in pixel 24 or just above
        around = data[y0 : y0 + 50, x0 : x0 + 50].copy()
        around[20:30, 20:30] = np.nan
        median = np.nanmedian(around)
        expected = 1.4826022 * np.nanmedian(np.abs(around - median))
        assert curves.local_rms[k, 0] == pytest.approx(expected, rel=1e-6)


def test_the_neighbourhood_grows_with_a_large_beam() -> None:
    assert choose_window(None) == choose_window((10.0, 2.0)) == (50, 50)
    assert choose_window((10.1, 20.0)) == (52, 100)
    window = np.full((1, 100, 60), 5.0, np.float32)
    window[0, 40:60, 24:36] = 1e6
    window[0, 0] += np.linspace(-1, 1, 60, dtype=np.float32)
    medians, rms = measure_noise(window)
    assert (medians[0], rms[0]) == (5.0, 0.0)
    window[0, 39, 30] = np.nan  # blank pixels do not count
    window[0, :, :] = np.where(np.arange(60) % 2, 4.0, 6.0)
    medians, rms = measure_noise(window)
    assert (medians[0], rms[0]) == (5.0, pytest.approx(1.4826022, rel=1e-6))


@pytest.mark.parametrize("compiled", [True, False])
def test_too_few_pixels_make_no_noise(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled:
        monkeypatch.setattr("dsa110_contimg.qa.photometry.local_noise.helper", None)
    window = np.full((2, 50, 50), np.nan, np.float32)
    window[:, 0, :] = np.arange(50)
    window[:, 1, :49] = np.arange(50, 99)
    window[1, 1, 49] = 99
    medians, rms = measure_noise(window)
    np.testing.assert_array_equal(medians, [np.nan, 49.5])
    np.testing.assert_allclose(rms, [np.nan, 25 * 1.482602218505602])


def test_the_compiled_helper_refuses_buffers_that_do_not_fit() -> None:
    from dsa110_contimg.images.native import helper

    if helper is None:
        pytest.skip("the helper was not compiled")
    windows, room, few = np.zeros((2, 10, 12), np.float32), np.zeros(240, np.float32), np.zeros(2, np.float32)
    helper.find_medians(windows, (10, 12), (4, 5), 1, room, few, few.copy())
    for wrong in (
        (windows[:1], (10, 12), (4, 5), 1, room, few, few.copy()),
        (windows, (10, 13), (4, 5), 1, room, few, few.copy()),
        (windows, (10, 12), (6, 5), 1, room, few, few.copy()),
        (windows, (10, 12), (4, -1), 1, room, few, few.copy()),
        (windows, (10, 12), (4, 5), 0, room, few, few.copy()),
        (windows, (10, 12), (4, 5), 1, room[:-1], few, few.copy()),
        (windows, (10, 12), (4, 5), 1, room, few, few[:1].copy()),
    ):
        with pytest.raises(ValueError, match="fit"):
            helper.find_medians(*wrong)


# ----------------------------------------------------------------------------------------------------------- errors
def beam_of(major: float, minor: float, pa_deg: float = 30.0) -> PixelBeam:
    """Return a beam by its axes in pixels."""
    angle = np.radians(pa_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    (xx, xy), (_, yy) = turn @ np.diag([(FWHM / major) ** 2, (FWHM / minor) ** 2]) @ turn.T
    return PixelBeam(np.array([[xx, xy, yy]]), (major, major), minor)


def sum_errors(beam: PixelBeam, target: tuple[float, float]) -> float:
    """Sum over all pairs of pixels what they have in common."""
    half = int(np.ceil(beam.reach[0])) + 1
    y, x = (axis.ravel() for axis in np.mgrid[-half : half + 1, -half : half + 1])
    xx, xy, yy = beam.shapes[0]

    def shape(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.exp(-0.5 * (xx * x**2 + 2 * xy * x * y + yy * y**2))

    inside = (np.abs(y - target[0]) <= beam.reach[0]) & (np.abs(x - target[1]) <= beam.reach[1])
    kernel = shape(y - target[0], x - target[1]) * inside
    correlation = shape(np.subtract.outer(y, y), np.subtract.outer(x, x))
    return float(np.sqrt(kernel @ correlation @ kernel) / (kernel @ kernel))


@pytest.mark.parametrize(("major", "minor"), [(6.0, 4.0), (8.0, 2.5), (3.0, 3.0), (2.0, 2.0), (4.0, 1.6), (1.5, 1.1)])
@pytest.mark.parametrize("target", [(0.0, 0.0), (0.5, 0.5), (-0.2, 0.37)])
def test_the_error_of_a_flux_in_correlated_noise(major: float, minor: float, target: tuple[float, float]) -> None:
    beam, half = beam_of(major, minor), int(np.floor(1.5 * major + 0.5)) + 1
    shape = (2 * half, 2 * half)
    first, targets = (20 - half, 20 - half), np.array([target]) + 19.5
    kernels = beam.draw(np.array([0]), first, shape, targets)
    found = float(np.ravel(beam.find_error_factors(np.array([0]), kernels))[0])
    fraction = tuple(targets[0] - np.round(targets[0]))
    assert found == pytest.approx(sum_errors(beam, fraction), rel=3.2e-3 if minor >= 2 else 1e-9)
    if minor >= 2:
        assert found == 2 / np.sqrt(3)


def test_errors_of_a_beam_of_about_a_pixel_depend_on_where_the_source_is(tmp_path: Path) -> None:
    beam = Beam(1.2 * 2.5 / 3600, 1.2 * 2.5 / 3600, 0.0)
    simulate_image(tmp_path / "a.fits", [], NOISE, shape=(1400, 1400), beam=beam, noise_is_correlated=False, seed=8)
    random = np.random.default_rng(9)
    ra, dec = 180 + random.uniform(-0.5, 0.5, 1500), 37 + random.uniform(-0.4, 0.4, 1500)
    curves = measure_light_curves(tmp_path / "a.fits", ra, dec)
    good = curves.flags == 0
    assert good.sum() > 1200
    assert curves.flux_error[good].max() / curves.flux_error[good].min() > 1.3
    # Neighbours would have 15 % in common if this noise were as wide as the beam, and have nothing.
    assert curves.snr[good].std() == pytest.approx(0.95, abs=0.08)


# ------------------------------------------------------------------------------------------------------- noise maps
def naive(data: np.ndarray, noise: np.ndarray, image: Path, k: int) -> tuple[float, float]:
    """Compute the forced flux and the noise at the position as their formulas stand, over the whole image."""
    opened = open_image(image)
    (y, x), beam = opened.find_pixels(RA, DEC)[k], opened.find_beam((0,) * len(opened.axes.lengths))
    assert beam is not None
    xx, xy, yy = project_beam(opened, beam, np.array([[y, x]])).shapes[0]
    rows, columns = (axis.astype(float) for axis in np.indices(data.shape))
    dy, dx = rows - y, columns - x
    half = 1.5 * 15 / 2.5
    inside = (rows >= np.round(y - half)) & (rows <= np.round(y + half))
    inside &= (columns >= np.round(x - half)) & (columns <= np.round(x + half))
    kernel = np.exp(-0.5 * (xx * dx**2 + 2 * xy * dx * dy + yy * dy**2)) * inside
    usable = (noise > 0) & np.isfinite(data)
    d, k, n = data[usable], kernel[usable], noise[usable]
    return np.sum(d * k / n**2) / np.sum(k**2 / n**2), np.sum(n * k / n**2) / np.sum(k / n**2)


def test_a_noise_map_weighs_the_pixels(image: Path) -> None:
    random = np.random.default_rng(3)
    noise = random.uniform(1e-4, 1e-3, SHAPE).astype(np.float32)
    curves = measure(image, write_map(image, noise))
    for k in range(3):
        flux, rms = naive(pixels_of(image), noise.astype(float), image, k)
        assert curves.flux[k, 0] == pytest.approx(flux, rel=1e-10)
        assert curves.local_rms[k, 0] == pytest.approx(rms, rel=1e-10)
        assert curves.flux_error[k, 0] == pytest.approx(rms * 2 / np.sqrt(3), rel=1e-10)
    assert not curves.flags.any()
    without = measure(image)
    assert np.all(np.abs(curves.flux - without.flux) > 1e-9)
    for k in range(3):
        assert without.flux[k, 0] == pytest.approx(naive(pixels_of(image), np.ones(SHAPE), image, k)[0], rel=1e-10)


def test_a_constant_noise_map_cancels_out(image: Path) -> None:
    curves = measure(image, write_map(image, np.full(SHAPE, 5e-4)))
    np.testing.assert_allclose(curves.flux, measure(image).flux, rtol=1e-6)
    np.testing.assert_allclose(curves.local_rms, 5e-4, rtol=1e-6)


@pytest.mark.parametrize(("unit", "factor"), [("mJy/beam", 1e3), ("", 1.0), ("JY/BEAM", 1.0)])
def test_a_noise_map_may_have_another_prefix_or_no_unit(image: Path, unit: str, factor: float) -> None:
    plain = measure(image, write_map(image, np.full(SHAPE, 5e-4)))
    other = measure(image, write_map(image, np.full(SHAPE, 5e-4 * factor), BUNIT=unit))
    np.testing.assert_allclose(other.flux_error, plain.flux_error, rtol=1e-6)
    assert not other.unreadable


def check_unusable(curves: LightCurves, path: Path, told: str) -> None:
    assert (curves.flags == Flag.NO_NOISE).all()
    assert list(curves.unreadable) == [str(path)]
    assert isinstance(curves.unreadable[str(path)], NoiseMapError)
    assert told in curves.unreadable[str(path)].message
    assert curves.remarks[0].startswith("image.fits has no noise, and no errors of its fluxes: ")
    assert np.isfinite(curves.flux).all()
    for name in ("flux_error", "local_rms", "snr", "upper_limit"):
        assert np.isnan(getattr(curves, name)).all(), name
    assert not curves.variability.n_epochs.any()


@pytest.mark.parametrize("value", [0.0, -1e-4, np.nan, np.inf])
def test_a_noise_map_without_noise_is_told(image: Path, value: float) -> None:
    path = write_map(image, np.full(SHAPE, value))
    check_unusable(measure(image, path), path, "zero, negative or blank at every source")


def test_a_missing_noise_map_is_told(image: Path) -> None:
    path = image.with_name("none.fits")
    curves = measure(image, path)
    check_unusable(curves, path, "no image")
    np.testing.assert_array_equal(curves.flux, measure(image).flux)


def test_a_noise_map_of_another_shape_is_told(image: Path) -> None:
    path = write_map(image, np.full((180, 151), 1e-4))
    check_unusable(measure(image, path), path, "has 180×151 pixels")


def test_a_noise_map_of_another_place_is_told(image: Path) -> None:
    path = write_map(image, np.full(SHAPE, 1e-4), CRVAL2=37.001)
    check_unusable(measure(image, path), path, "other coordinates")


def test_a_noise_map_in_another_unit_is_told(image: Path) -> None:
    path = write_map(image, np.full(SHAPE, 1e-4), BUNIT="K")
    check_unusable(measure(image, path), path, "is in K")


def test_a_noise_map_that_is_cut_off_is_told(image: Path) -> None:
    path = write_map(image, np.full(SHAPE, 1e-4))
    path.write_bytes(path.read_bytes()[:20_000])
    check_unusable(measure(image, path), path, str(path))


def test_a_hole_in_a_noise_map_is_the_source_s_alone(image: Path) -> None:
    noise = np.full(SHAPE, 1e-4)
    (y, x), *_ = np.round(open_image(image).find_pixels(RA, DEC)).astype(int)
    noise[y + 1, x] = 0.0
    curves = measure(image, write_map(image, noise))
    assert curves.flags[:, 0].tolist() == [Flag.NO_NOISE, 0, 0]
    assert np.isnan(curves.flux_error[:, 0]).tolist() == [True, False, False]
    np.testing.assert_allclose(curves.flux, measure(image).flux, rtol=1e-6)
    noise[y + 1, x], noise[y + 8, x] = 1e-4, np.nan  # far from the middle: that pixel does not count
    curves = measure(image, write_map(image, noise))
    assert not curves.flags.any()
    assert curves.flux[0, 0] == pytest.approx(naive(pixels_of(image), np.nan_to_num(noise), image, 0)[0], rel=1e-6)


def test_as_many_noise_maps_as_images_are_needed(image: Path) -> None:
    path = write_map(image, np.full(SHAPE, 1e-4))
    with pytest.raises(NoiseMapError, match="1 images and 2 noise maps"):
        measure([image], [path, path])


def test_each_image_has_its_own_noise_map(image: Path, tmp_path: Path) -> None:
    simulate_image(tmp_path / "early.fits", [], NOISE, shape=SHAPE, mjd=50000.0)
    quiet = write_map(image, np.full(SHAPE, 1e-4)).rename(tmp_path / "quiet.fits")
    loud = write_map(image, np.full(SHAPE, 9e-4))
    curves = measure([image, tmp_path / "early.fits"], [loud, quiet])
    np.testing.assert_allclose(curves.local_rms, [[1e-4, 9e-4]] * 3, rtol=1e-6)


def test_a_noise_map_without_the_axes_of_its_image_holds_for_every_plane(tmp_path: Path) -> None:
    simulate_image(tmp_path / "image.fits", [], NOISE, shape=SHAPE, axes=4, n_channels=2, seed=1)
    simulate_image(tmp_path / "flat.fits", [], NOISE, shape=SHAPE, axes=2)
    path = write_map(tmp_path / "flat.fits", np.full(SHAPE, 7e-4))
    curves = measure_light_curves(tmp_path / "image.fits", RA, DEC, noise_maps=path, channel=1, stokes="I")
    assert not curves.unreadable
    np.testing.assert_allclose(curves.local_rms, 7e-4, rtol=1e-6)


def test_without_a_beam_the_noise_is_that_of_the_map_at_the_nearest_pixel(image: Path) -> None:
    noise = np.random.default_rng(2).uniform(1e-4, 2e-4, SHAPE).astype(np.float32)
    path = write_map(image, noise)
    with fits.open(image, mode="update") as hdus:
        for keyword in ("BMAJ", "BMIN", "BPA"):
            del hdus[0].header[keyword]
    curves = measure(image, path)
    y, x = np.round(open_image(image).find_pixels(RA, DEC)).astype(int).T
    np.testing.assert_allclose(curves.local_rms[:, 0], noise[y, x], rtol=1e-6)
    assert (curves.flags == Flag.NO_BEAM).all()
