"""What is measured of an image, against known truth, and what every gate says, on both sides of its threshold."""

from __future__ import annotations

import dataclasses
import math
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dsa110_contimg.errors import AmbiguousPlaneError, ImageNotFoundError, UnreadableImageError
from dsa110_contimg.images import Beam
from dsa110_contimg.qa import ImageQuality, measure_image
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import Source, simulate_image
from support import sky_header, write_image

if TYPE_CHECKING:
    from dsa110_contimg.qa.gates import Gate

BEAM = {"BMAJ": 8 / 3600, "BMIN": 6 / 3600, "BPA": 20.0}
GATES = [
    *("coverage", "zero pixels", "equal pixels", "noise (Jy/beam)", "noise against expected", "dynamic range"),
    *("beam", "beam's minor axis (px)", "beam's semi-major axis (px)", "beam's elongation"),
    *("residual noise ratio", "residual negatives"),
]


def gate(quality: ImageQuality, name: str) -> Gate:
    return next(found for found in quality.gates if found.name == name)


def said(quality: ImageQuality, name: str) -> tuple[str, float | None, str]:
    found = gate(quality, name)
    return str(found.verdict), found.value, found.reason


def not_passed(quality: ImageQuality) -> dict[str, str]:
    return {found.name: str(found.verdict) for found in quality.gates if found.verdict in ("WARN", "FAIL")}


def noise(rms: float = 1e-3, shape: tuple[int, int] = (64, 48), peak: float = 1.0) -> np.ndarray:
    """Draw noise, its brightest pixel at (40, 30) and its deepest at (10, 20)."""
    pixels = np.random.default_rng(1).normal(0, rms, shape).astype("f4")
    pixels[40, 30], pixels[10, 20] = peak, -peak / 50
    return pixels


def measure(folder: Path, pixels: np.ndarray, cards: dict[str, Any] | None = None, **options: Any) -> ImageQuality:
    header = sky_header(pixels.shape, **(BEAM | (cards or {})))
    return measure_image(write_image(folder / "a.fits", pixels, header), **options)


# ---------------------------------------------------------------- known truth


def test_a_simulated_image(tmp_path: Path) -> None:
    sources = [Source(180.0, 37.0, 0.5), Source(180.05, 37.03, 0.1)]
    truth = simulate_image(tmp_path / "a.fits", sources, 2e-3, shape=(512, 400), mjd=60123.25, nan_corners=60, seed=2)
    quality = measure_image(truth.path, expected_rms=2e-3)
    assert quality.path == str(truth.path)
    assert (quality.shape, quality.n_pixels, quality.unit, quality.mjd) == ((512, 400), 204800, "Jy/beam", 60123.25)
    assert quality.plane == {"stokes": "I", "channel": 0}
    assert quality.beam is not None
    assert quality.beam.major_deg == pytest.approx(truth.beam.major_deg)
    assert quality.n_finite == 204800 - 4 * 60 * 61 // 2
    assert quality.coverage == quality.n_finite / 204800
    assert quality.rms == pytest.approx(2e-3, rel=0.02)
    assert quality.clipped_rms == pytest.approx(2e-3, rel=0.03)
    assert quality.median == pytest.approx(0, abs=1e-4)
    assert quality.peak_pixel == (256, 200)
    assert quality.peak == pytest.approx(0.5, abs=0.01)
    assert quality.dynamic_range == quality.peak / quality.rms
    assert quality.negative_ratio == -quality.minimum / quality.peak
    assert quality.beam_area_pixels == pytest.approx(math.pi / (4 * math.log(2)) * 15 * 10 / 2.5**2)
    assert quality.beam_minor_pixels == pytest.approx(4)
    assert gate(quality, "noise against expected").value == quality.rms / 2e-3
    assert (quality.verdict, not_passed(quality)) == ("PASS", {})


def test_every_number_of_a_small_image(tmp_path: Path) -> None:
    pixels = np.array([[1, 2, 3, 4], [0, -4, np.nan, np.inf]], "f8")
    quality = measure(tmp_path, pixels, {"CDELT1": -3 / 3600})
    assert (quality.n_finite, quality.n_zero, quality.n_equal) == (6, 1, 0)
    assert (quality.median, quality.peak, quality.minimum) == (1.5, 4, -4)
    assert quality.rms == pytest.approx(1.4826022 * 1.5)  # 0.5, 0.5, 1.5, 1.5, 2.5 and 5.5 from the median
    assert quality.clipped_rms == np.std([1, 2, 3, 4, 0, -4])
    assert (quality.peak_pixel, quality.minimum_pixel) == ((0, 3), (1, 1))
    assert (quality.negative_ratio, quality.coverage) == (1, 0.75)
    assert quality.pixel_scales_deg == pytest.approx((2 / 3600, 3 / 3600))
    assert quality.beam_minor_pixels == pytest.approx(2)  # of the longer side
    assert quality.beam_area_pixels == pytest.approx(1.1330900 * 8 * 6 / 6)
    assert (quality.expected_rms, quality.residual, quality.thresholds) == (None, None, Thresholds())


def test_the_gates_are_always_the_same(tmp_path: Path) -> None:
    for pixels in (noise(), np.full((3, 3), np.nan, "f4"), np.zeros((1, 1), "i2")):
        quality = measure(tmp_path, pixels)
        assert [found.name for found in quality.gates] == GATES
        for found in quality.gates:
            assert found.threshold
            assert (found.value is None) == (found.verdict == "SKIP")
            assert (found.reason == "") == (found.verdict == "PASS")
            assert found.value is None or math.isfinite(found.value)


def test_a_result_is_frozen_and_can_be_sent_elsewhere(tmp_path: Path) -> None:
    quality = measure(tmp_path, noise())
    with pytest.raises(dataclasses.FrozenInstanceError):
        quality.rms = 0.0
    assert vars(pickle.loads(pickle.dumps(quality))) == vars(quality)


# ---------------------------------------------------------------- pixels


def test_a_blank_image_is_measured(tmp_path: Path) -> None:
    for pixels in (np.full((8, 8), np.nan, "f4"), np.full((8, 8), np.inf), np.full((1, 1), -np.inf)):
        quality = measure(tmp_path, pixels, expected_rms=1.0)
        numbers = (quality.median, quality.rms, quality.clipped_rms, quality.peak, quality.minimum)
        assert np.isnan([*numbers, quality.dynamic_range, quality.negative_ratio]).all()
        assert (quality.n_finite, quality.peak_pixel, quality.minimum_pixel) == (0, None, None)
        assert said(quality, "coverage") == ("FAIL", 0.0, "The image is blank: no pixel is finite.")
        assert not_passed(quality) == {"coverage": "FAIL"}
        for name in GATES[1:6]:
            assert said(quality, name) == ("SKIP", None, "No pixel is finite.")


def test_coverage(tmp_path: Path) -> None:
    pixels = noise(shape=(64, 64))
    pixels[:32] = np.nan
    pixels[50, 50] = 1.0
    half = measure(tmp_path, pixels)
    assert said(half, "coverage") == ("PASS", 0.5, "")
    pixels[63, 63] = np.inf
    less = measure(tmp_path, pixels)
    assert said(less, "coverage") == ("FAIL", 2047 / 4096, "Too few pixels are finite.")
    assert gate(less, "coverage").n_samples == 4096
    assert gate(less, "dynamic range").n_samples == 2047


def test_zeros(tmp_path: Path) -> None:
    pixels = noise(shape=(100, 100))
    pixels[:5] = 0
    assert said(measure(tmp_path, pixels), "zero pixels") == ("PASS", 0.05, "")
    pixels[5, 0] = -0.0
    some = measure(tmp_path, pixels)
    assert said(some, "zero pixels") == ("WARN", 0.0501, "Exact zeros count as pixels, and make the noise too low.")
    pixels[:51] = 0
    many = measure(tmp_path, pixels)
    assert not_passed(many) == {"zero pixels": "FAIL", "equal pixels": "FAIL"}
    assert many.rms == 0
    assert math.isnan(many.dynamic_range)
    for name in ("noise (Jy/beam)", "dynamic range"):
        assert said(many, name) == ("SKIP", None, "The noise is exactly zero.")
    assert gate(many, "equal pixels").reason == "Most finite pixels are 0. The noise cannot be measured."


def test_an_image_that_is_all_zero(tmp_path: Path) -> None:
    pixels = np.zeros((9, 9), "f4")
    pixels[0] = np.nan
    quality = measure(tmp_path, pixels, expected_rms=1e-3)
    assert not_passed(quality) == {"zero pixels": "FAIL", "equal pixels": "FAIL"}
    assert said(quality, "zero pixels") == ("FAIL", 1.0, "All finite pixels are zero.")
    assert said(quality, "noise against expected") == ("SKIP", None, "The noise is exactly zero.")
    assert (quality.rms, quality.clipped_rms, quality.peak, quality.peak_pixel) == (0, 0, 0, (1, 0))


@pytest.mark.parametrize("shape", [(1, 1), (5, 7)])
def test_a_constant_image(tmp_path: Path, shape: tuple[int, int]) -> None:
    quality = measure(tmp_path, np.full(shape, -2.5, "f4"))
    assert not_passed(quality) == {"equal pixels": "FAIL"}
    assert said(quality, "equal pixels") == ("FAIL", 1.0, "All finite pixels are -2.5. The noise cannot be measured.")
    assert (quality.median, quality.rms, quality.clipped_rms) == (-2.5, 0, 0)


@pytest.mark.parametrize("equal", [50, 51, 52])
def test_the_noise_is_zero_if_most_pixels_are_equal_and_only_then(tmp_path: Path, equal: int) -> None:
    for n in (100, 101):
        pixels = np.linspace(1, 2, n)
        pixels[np.argsort(np.abs(pixels - 1.5))[:equal]] = 1.5
        quality = measure(tmp_path, pixels.reshape(1, n))
        assert quality.n_equal == equal
        assert (quality.rms == 0) == (2 * equal > n) == (gate(quality, "equal pixels").verdict == "FAIL")


# ---------------------------------------------------------------- noise


@pytest.mark.parametrize("factor", [1.0, 1e3, 1e6])
def test_the_limit_of_the_noise_is_in_jy_per_beam(tmp_path: Path, factor: float) -> None:
    unit = {1.0: "JY/BEAM", 1e3: "mJy/beam", 1e6: "uJy beam-1"}[factor]
    quiet = measure(tmp_path, noise(0.0180 * factor, peak=100 * factor), {"BUNIT": unit})
    assert gate(quiet, "noise (Jy/beam)").verdict == "PASS"
    assert gate(quiet, "noise (Jy/beam)").value == pytest.approx(0.0180, rel=0.05)
    loud = measure(tmp_path, noise(0.0200 * factor, peak=100 * factor), {"BUNIT": unit})
    assert said(loud, "noise (Jy/beam)")[::2] == ("FAIL", "The image is too noisy.")
    assert gate(loud, "noise (Jy/beam)").threshold == "FAIL above 0.0186"
    lenient = measure(tmp_path, noise(0.02), {"BUNIT": "Jy/beam"}, thresholds=Thresholds(rms_jy_per_beam=0.03))
    assert gate(lenient, "noise (Jy/beam)").verdict == "PASS"


def test_noise_in_another_unit_is_not_held_against_the_limit(tmp_path: Path) -> None:
    kelvin = measure(tmp_path, noise(10.0, peak=1e4), {"BUNIT": "K"})
    assert said(kelvin, "noise (Jy/beam)") == ("SKIP", None, "The unit is K, not Jy/beam.")
    pixel = measure(tmp_path, noise(10.0, peak=1e4), {"BUNIT": "Jy/pixel"})
    assert said(pixel, "noise (Jy/beam)") == ("SKIP", None, "The unit is Jy/pixel, not Jy/beam.")
    nothing = measure(tmp_path, noise(10.0, peak=1e4), {"BUNIT": ""})
    assert said(nothing, "noise (Jy/beam)") == ("SKIP", None, "The image names no unit.")
    assert (nothing.unit, kelvin.verdict) == (None, "PASS")


def test_noise_against_what_is_expected(tmp_path: Path) -> None:
    rms = measure(tmp_path, noise()).rms
    verdicts = {}
    for times in (1.49, 1.51, 2.99, 3.01):
        quality = measure(tmp_path, noise(), expected_rms=rms / times)
        verdicts[times], value, reason = said(quality, "noise against expected")
        assert value == pytest.approx(times)
        assert quality.expected_rms == rms / times
    assert verdicts == {1.49: "PASS", 1.51: "WARN", 2.99: "WARN", 3.01: "FAIL"}
    assert reason == f"The noise is {rms:.3g}, and {rms / 3.01:.3g} is expected."
    assert said(measure(tmp_path, noise()), "noise against expected") == ("SKIP", None, "No noise was expected.")


@pytest.mark.parametrize("expected", [0.0, -1e-3, math.nan, math.inf])
def test_an_expectation_that_cannot_be(tmp_path: Path, expected: float) -> None:
    quality = measure(tmp_path, noise(), expected_rms=expected)
    reason = f"The noise that is expected, {expected:g}, is no positive number."
    assert said(quality, "noise against expected") == ("SKIP", None, reason)


def test_dynamic_range(tmp_path: Path) -> None:
    rms = measure(tmp_path, noise()).rms
    for times, verdict in ((101, "PASS"), (99, "WARN"), (31, "WARN"), (29, "FAIL")):
        quality = measure(tmp_path, noise(peak=times * rms))
        assert gate(quality, "dynamic range").verdict == verdict
        assert quality.dynamic_range == pytest.approx(times, rel=0.01)
    assert gate(quality, "dynamic range").reason == f"The peak is {quality.peak:.3g}, the noise {rms:.3g}."


def test_an_image_without_a_positive_pixel(tmp_path: Path) -> None:
    quality = measure(tmp_path, -1 - np.abs(noise()))
    assert quality.peak < 0
    assert quality.dynamic_range < 0
    assert math.isnan(quality.negative_ratio)
    assert gate(quality, "dynamic range").verdict == "FAIL"


def test_an_image_without_a_negative_pixel(tmp_path: Path) -> None:
    quality = measure(tmp_path, np.abs(noise()) + 1)
    assert quality.minimum > 0
    assert quality.negative_ratio == 0


# ---------------------------------------------------------------- beam


@pytest.mark.parametrize("cards", [{"BMAJ": 0.0, "BMIN": 0.0}, {"BMAJ": -1.0}, {"BMAJ": 1e-3, "BMIN": 0.0}])
def test_a_beam_of_zero_is_missing(tmp_path: Path, cards: dict[str, float]) -> None:
    quality = measure(tmp_path, noise(), cards)
    assert (quality.beam, quality.beam_area_pixels, quality.beam_minor_pixels) == (None, None, None)
    assert said(quality, "beam") == ("WARN", 0.0, "The image names no beam.")
    for name in GATES[7:10]:
        assert said(quality, name) == ("SKIP", None, "The image names no beam.")
    assert not_passed(quality) == {"beam": "WARN"}


def test_a_beam_in_the_history_counts(tmp_path: Path) -> None:
    header = sky_header((64, 48), HISTORY="AIPS   CLEAN BMAJ=  2.2222E-03 BMIN=  1.6667E-03 BPA=  20.00")
    quality = measure_image(write_image(tmp_path / "a.fits", noise(), header))
    assert quality.beam == Beam(2.2222e-3, 1.6667e-3, 20.0)
    assert said(quality, "beam") == ("PASS", 1.0, "")


@pytest.mark.parametrize(
    ("major", "minor", "warned"),
    [
        (8, 6, None),
        (4, 2, "beam's minor axis (px)"),  # just one pixel
        (3.8, 2.02, None),
        (119, 110, None),
        (121, 110, "beam's semi-major axis (px)"),
        (8, 4, None),  # just twice as long
        (8.1, 4, "beam's elongation"),
    ],
)
def test_beams(tmp_path: Path, major: float, minor: float, warned: str | None) -> None:
    quality = measure(tmp_path, noise(), {"BMAJ": major / 3600, "BMIN": minor / 3600})
    assert not_passed(quality) == ({warned: "WARN"} if warned else {})
    values = [gate(quality, name).value for name in GATES[6:10]]
    assert values == pytest.approx([1, minor / 2, major / 2 / 2, major / minor])


def test_beams_where_pixels_are_not_square(tmp_path: Path) -> None:
    cards = {"CDELT1": -8 / 3600, "BMAJ": 10 / 3600, "BMIN": 7 / 3600}
    quality = measure(tmp_path, noise(), cards)  # 8 by 2 arcsec
    assert said(quality, "beam's minor axis (px)") == ("WARN", pytest.approx(7 / 8), "The beam is undersampled.")
    assert gate(quality, "beam's semi-major axis (px)").value == pytest.approx(10 / 2 / 2)


def test_a_beam_whose_axes_are_exchanged(tmp_path: Path) -> None:
    quality = measure(tmp_path, noise(), {"BMAJ": 4 / 3600, "BMIN": 9 / 3600})
    assert [gate(quality, name).value for name in GATES[6:10]] == [1, 2, 2.25, 2.25]


def test_thresholds_are_those_that_were_given(tmp_path: Path) -> None:
    own = Thresholds(
        coverage=2.0, zero_pixels=-1.0, rms_jy_per_beam=0, dynamic_range_fail=1e9, beam_pixels_low=9, beam_pixels_high=1
    )
    quality = measure(tmp_path, noise(), thresholds=own)
    assert quality.thresholds is own
    fails = ("coverage", "noise (Jy/beam)", "dynamic range")
    warnings = ("zero pixels", "beam's minor axis (px)", "beam's semi-major axis (px)")
    assert not_passed(quality) == dict.fromkeys(fails, "FAIL") | dict.fromkeys(warnings, "WARN")


# ---------------------------------------------------------------- bad input


def test_a_cube_needs_a_choice(tmp_path: Path) -> None:
    cube = np.stack([noise(rms) for rms in (1e-3, 2e-3, 3e-3, 4e-3)]).reshape(2, 2, 64, 48)
    cards = {"CTYPE3": "STOKES", "CRVAL3": 1.0, "CDELT3": 3.0, "CRPIX3": 1.0, "CTYPE4": "FREQ", "CRVAL4": 1.4e9}
    path = write_image(tmp_path / "a.fits", cube.astype("f4"), sky_header((2, 2, 64, 48), **cards))
    for chosen in ({}, {"stokes": "V"}, {"channel": 1}, {"stokes": "V", "channel": 2}, {"stokes": "Q", "channel": 0}):
        with pytest.raises(AmbiguousPlaneError):
            measure_image(path, **chosen)
    quality = measure_image(path, stokes="V", channel=0)
    assert quality.plane == {"stokes": "V", "channel": 0}
    assert quality.rms == pytest.approx(2e-3, rel=0.1)


def test_errors_are_those_of_every_image(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError):
        measure_image(tmp_path / "no.fits")
    (tmp_path / "text.fits").write_text("no image")
    with pytest.raises(UnreadableImageError):
        measure_image(tmp_path / "text.fits")
    path = write_image(tmp_path / "a.fits", noise(), sky_header((64, 48)))
    with pytest.raises(UnreadableImageError, match="has no HDU 3"):
        measure_image(path, hdu=3)
    with pytest.raises(ImageNotFoundError):
        measure_image(path, residual=tmp_path / "no.fits")
