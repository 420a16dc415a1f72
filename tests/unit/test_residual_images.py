"""What a residual image shows: its regions, its three numbers, and its gates."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dsa110_contimg.qa import measure_image
from dsa110_contimg.qa.image_quality import ResidualQuality
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import simulate_image
from support import sky_header, write_image

BEAM = {"BMAJ": 60 / 3600, "BMIN": 60 / 3600, "BPA": 0.0}
AREA = math.pi / (4 * math.log(2)) * 3 * 3
"""Pixels of 20 arcsec in that beam."""


def write(path: Path, pixels: np.ndarray, pixel_arcsec: float = 20.0, **cards: Any) -> Path:
    return write_image(path, pixels, sky_header(pixels.shape, pixel_arcsec=pixel_arcsec, **cards))


def measure(folder: Path, pixels: np.ndarray, **cards: Any) -> ResidualQuality:
    path = write(folder / "residual.fits", pixels, **(BEAM | cards))
    residual = measure_image(path, residual=path).residual
    assert residual is not None
    return residual


def noise(shape: tuple[int, int] = (540, 450)) -> np.ndarray:
    """Draw white noise; such an image of such pixels is 3 by 2.5 degrees, and half a degree are 90 pixels."""
    return np.random.default_rng(1).normal(0, 1.0, shape).astype("f4")


def centre(pixels: np.ndarray, side: int = 90) -> np.ndarray:
    """Return a view of the middle of an image."""
    rows, columns = (slice((n - side) // 2, (n + side) // 2) for n in pixels.shape)
    return pixels[rows, columns]


def verdicts(folder: Path, pixels: np.ndarray, cards: dict[str, Any] | None = None, **thresholds: Any) -> list[str]:
    path = write(folder / "residual.fits", pixels, **(BEAM if cards is None else cards))
    quality = measure_image(path, residual=path, thresholds=Thresholds(**thresholds))
    return [str(found.verdict) for found in quality.gates[-2:]]


def reasons(folder: Path, pixels: np.ndarray, cards: dict[str, Any] | None = None, **thresholds: Any) -> list[str]:
    path = write(folder / "residual.fits", pixels, **(BEAM if cards is None else cards))
    quality = measure_image(path, residual=path, thresholds=Thresholds(**thresholds))
    return [found.reason for found in quality.gates[-2:]]


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("shape", [(540, 450), (401, 366), (360, 361), (359, 500), (100, 80), (33, 20), (1, 1), (2, 7)])
@pytest.mark.parametrize("stretch", [1.0, 1.5])
def test_regions_and_numbers(tmp_path: Path, shape: tuple[int, int], stretch: float) -> None:
    pixels = noise(shape)
    pixels[::7, ::3] = np.nan
    found = measure(tmp_path, pixels, CDELT1=-20 * stretch / 3600)
    dy, dx = (np.abs(np.arange(n) - (n - 1) / 2) for n in shape)
    dy, dx = dy[:, None] / 180, dx * stretch / 180  # degrees
    height, width = shape[0] / 180, shape[1] * stretch / 180
    assert found.is_scaled == (min(height, width) < 2)
    if found.is_scaled:
        inner = (dy <= height / 4 + 1e-9) & (dx <= width / 4 + 1e-9)
        outer = (dy > height * math.sqrt(0.75) / 2) | (dx > width * math.sqrt(0.75) / 2)
        assert found.inner_size_deg == pytest.approx((height / 2, width / 2))
        assert np.prod(found.outer_size_deg) == pytest.approx(0.75 * height * width)
    else:
        inner = (dy <= 0.25 + 1e-9) & (dx <= 0.25 + 1e-9)
        outer = np.hypot(dy, dx) > 1
        assert (found.inner_size_deg, found.outer_size_deg) == ((0.5, 0.5), (2.0, 2.0))
    ours, theirs = (pixels[region & np.isfinite(pixels)].astype("f8") for region in (inner, outer))
    assert (found.n_inner, found.n_outer) == (ours.size, theirs.size)
    area = AREA / stretch
    assert found.beam_area_pixels == pytest.approx(area)
    assert (found.inner_beams, found.outer_beams) == pytest.approx((ours.size / area, theirs.size / area))
    if min(ours.size, theirs.size) < 10 * area + 1:
        return
    sigma_in, sigma_out = (1.482602218505602 * np.median(np.abs(values)) for values in (ours, theirs))
    assert (found.inner_rms, found.outer_rms, found.ratio) == pytest.approx((sigma_in, sigma_out, sigma_in / sigma_out))
    below = (ours < -2 * sigma_out).sum()
    assert found.excess_beams == pytest.approx((below - 0.02275013194817921 * ours.size) / area)
    assert found.largest_negative == pytest.approx(np.sort(ours)[round(10 * area)] / sigma_out)


def test_what_apertif_expects_of_normal_noise(tmp_path: Path) -> None:
    """Ex-2 = 0 and MaxNeg = -3.2 are what they name; this is the area of 14 500 of their beams."""
    found = measure(tmp_path, noise((1100, 1100)), pixel_arcsec=8.0, BMAJ=13.9 / 3600, BMIN=14.1 / 3600)
    assert found.inner_beams == pytest.approx(14_586, rel=0.01)
    assert found.largest_negative == pytest.approx(-3.2, abs=0.1)
    assert found.ratio == pytest.approx(1, abs=0.01)
    assert abs(found.excess_beams) < 30


def test_noise_is_about_zero_and_not_about_the_median(tmp_path: Path) -> None:
    pixels = noise()
    centre(pixels)[:] += 1
    assert measure(tmp_path, pixels).ratio == pytest.approx(
        1.595, abs=0.05
    )  # the median of |N(1, 1)| by that of |N(0, 1)|


def test_the_beam_is_the_images_where_the_residual_names_none(tmp_path: Path) -> None:
    image = write(tmp_path / "image.fits", noise(), **BEAM)
    residual = write(tmp_path / "residual.fits", noise())
    own = write(tmp_path / "own.fits", noise(), **(BEAM | {"BMAJ": 120 / 3600}))
    areas = [measure_image(image, residual=path).residual.beam_area_pixels for path in (residual, own)]
    assert areas == pytest.approx([AREA, 2 * AREA])


def test_a_residual_is_opened_as_the_image_is(tmp_path: Path) -> None:
    truth = simulate_image(tmp_path / "a.fits", (), 1e-3, n_channels=2, shape=(300, 300), seed=1)
    quality = measure_image(truth.path, channel=1, residual=truth.path)
    assert quality.residual.path == str(truth.path)
    assert quality.residual.inner_rms == pytest.approx(1e-3, rel=0.05)
    assert quality.residual.is_scaled
    assert [str(found.verdict) for found in quality.gates[-2:]] == ["PASS", "PASS"]


# ---------------------------------------------------------------- gates


@pytest.mark.parametrize(
    ("times", "verdict"), [(1.0, "PASS"), (1.13, "PASS"), (1.17, "WARN"), (1.21, "WARN"), (1.24, "FAIL")]
)
def test_noise_at_the_centre(tmp_path: Path, times: float, verdict: str) -> None:
    pixels = noise()
    edge = measure(tmp_path, pixels)
    centre(pixels)[:] *= times / edge.ratio
    found = measure(tmp_path, pixels)
    assert found.ratio == pytest.approx(times)
    assert verdicts(tmp_path, pixels) == [verdict, "PASS"]
    reason = "" if verdict == "PASS" else "The residual image has more noise at its centre than at its edge."
    assert reasons(tmp_path, pixels) == [reason, ""]


def test_negative_artifacts(tmp_path: Path) -> None:
    pixels = noise((1200, 1200))
    middle = centre(pixels, 600)  # the inner quarter of an image of 1.67 degrees
    middle[::7, :] = -5  # a seventh of it, which widens the median of the absolute values by 1.2
    cards = {"BMAJ": 15 / 3600, "BMIN": 15 / 3600, "pixel_arcsec": 5.0}
    found = measure(tmp_path, pixels, **cards)
    assert found.is_scaled
    assert 1.15 < found.ratio < 1.225
    assert found.largest_negative < -4.5
    assert found.excess_beams > 400
    assert verdicts(tmp_path, pixels, cards) == ["WARN", "FAIL"]
    told = f"The noise ratio is {found.ratio:.3g}, and {found.excess_beams:.0f} beams too many lie below"
    assert reasons(tmp_path, pixels, cards)[1] == f"{told} -2 times the noise."
    # Each of the three conditions alone makes it pass.
    assert verdicts(tmp_path, pixels, cards, residual_ratio_warn=1.225) == ["PASS", "PASS"]
    assert verdicts(tmp_path, pixels, cards, residual_negative=-6.0) == ["WARN", "PASS"]
    assert verdicts(tmp_path, pixels, cards, residual_excess_beams=1e5) == ["WARN", "PASS"]


def test_positive_artifacts_are_left_to_the_noise(tmp_path: Path) -> None:
    pixels = noise()
    centre(pixels)[::9, :] = 50
    found = measure(tmp_path, pixels)
    assert found.largest_negative > -3
    assert found.excess_beams < 0  # of what is not there the ninth part


def test_nothing_is_said_without_a_residual(tmp_path: Path) -> None:
    quality = measure_image(write(tmp_path / "a.fits", noise(), **BEAM))
    assert quality.residual is None
    for found in quality.gates[-2:]:
        assert (found.verdict, found.value, found.reason) == ("SKIP", None, "No residual image was given.")


def test_nothing_is_said_without_a_beam(tmp_path: Path) -> None:
    why = "Neither the residual image nor the image names a beam."
    assert reasons(tmp_path, noise(), {}) == [why, why]
    assert verdicts(tmp_path, noise(), {}) == ["SKIP", "SKIP"]
    path = write(tmp_path / "a.fits", noise())
    found = measure_image(path, residual=path).residual
    assert found.ratio == pytest.approx(1, abs=0.05)
    assert (found.inner_beams, found.outer_beams) == (None, None)
    assert math.isnan(found.excess_beams)
    assert math.isnan(found.largest_negative)


def test_nothing_is_said_of_few_beams(tmp_path: Path) -> None:
    few = noise((120, 120))
    why = "The centre has 353 beams, the edge 351; each needs 500."
    assert reasons(tmp_path, few) == [why, why]
    assert verdicts(tmp_path, few) == ["SKIP", "SKIP"]
    assert verdicts(tmp_path, few, residual_beams=300) == ["PASS", "PASS"]
    blank = np.full((540, 450), np.nan, "f4")
    assert reasons(tmp_path, blank)[0] == "The centre has 0 beams, the edge 0; each needs 500."
    round_one = noise((540, 450))
    y, x = np.ogrid[-269.5:270, -224.5:225]
    round_one[np.hypot(y, x) > 180] = np.nan  # nothing beyond a degree
    assert reasons(tmp_path, round_one)[0] == "The centre has 794 beams, the edge 0; each needs 500."


@pytest.mark.parametrize("region", ["centre", "edge"])
def test_nothing_is_said_where_there_is_no_noise(tmp_path: Path, region: str) -> None:
    pixels = noise()
    kept = centre(pixels).copy()
    if region == "edge":
        pixels[:] = 0
    centre(pixels)[:] = 0 if region == "centre" else kept
    why = "The noise of a region is exactly zero."
    assert reasons(tmp_path, pixels) == [why, why]
    found = measure(tmp_path, pixels)
    assert 0 in (found.inner_rms, found.outer_rms)
    assert math.isnan(found.ratio) == (region == "edge")
