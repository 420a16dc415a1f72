"""Peaks between the pixels: exact for Gaussians, and as good as the noise allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.images import Beam
from dsa110_contimg.qa.photometry.peak_fits import fit_peaks
from dsa110_contimg.simulate import Source, simulate_image
from dsa110_contimg.simulate.fields import find_sky

if TYPE_CHECKING:
    from pathlib import Path

STEPS = np.arange(-1, 2)


def draw(y: float, x: float, height: float, covariance: np.ndarray) -> np.ndarray:
    inverse = np.linalg.inv(covariance)
    dy, dx = STEPS[:, np.newaxis] - y, STEPS - x
    return height * np.exp(-0.5 * (inverse[0, 0] * dx**2 + 2 * inverse[0, 1] * dx * dy + inverse[1, 1] * dy**2))


inside = st.floats(-0.5, 0.5)
widths = st.floats(0.5, 30.0)


@given(inside, inside, st.floats(1e-6, 1e3), widths, widths, st.floats(-0.9, 0.9))
def test_any_gaussian_is_found_again(y: float, x: float, height: float, wide: float, narrow: float, r: float) -> None:
    covariance = np.array([[wide**2, r * wide * narrow], [r * wide * narrow, narrow**2]])
    pixels = draw(y, x, height, covariance)
    if pixels.max() > pixels[1, 1]:  # a slanted one may be brighter beside the pixel in which it peaks
        return
    found = fit_peaks(pixels[np.newaxis])
    np.testing.assert_allclose(found.offset[0], [y, x], atol=1e-8)
    np.testing.assert_allclose(found.height[0], height, rtol=1e-9)
    np.testing.assert_allclose(found.area[0], 2 * np.pi * np.sqrt(np.linalg.det(covariance)), rtol=1e-7)


GOOD = draw(0.1, -0.2, 2.0, np.eye(2))


@pytest.mark.parametrize(
    ("place", "value"), [((0, 0), 0.0), ((2, 1), -1.0), ((1, 1), np.nan), ((0, 2), np.inf), ((0, 1), 3.0)]
)
def test_pixels_that_are_no_peak(place: tuple[int, int], value: float) -> None:
    bad = GOOD.copy()
    bad[place] = value
    found = fit_peaks(np.stack([bad, GOOD]))
    assert np.isnan(found.offset[0]).all()
    assert np.isnan([found.height[0], found.area[0]]).all()
    np.testing.assert_allclose(found.offset[1], [0.1, -0.2])


@pytest.mark.parametrize(
    "pixels",
    [
        *(np.ones((3, 3)), np.full((3, 3), np.nan), np.exp(0.1 * STEPS**2) * np.ones((3, 1))),
        *(np.exp(-(STEPS**2) * 1e-9), np.exp(-((STEPS - 0.4) ** 2))),
    ],
    ids=["flat", "NaN", "valley", "flat ridge", "ridge"],
)
def test_surfaces_without_a_summit(pixels: np.ndarray) -> None:
    found = fit_peaks(np.broadcast_to(pixels, (1, 3, 3)))
    # A ridge is straight but for rounding: whatever summit that gives is far away, or as wide as the sky.
    assert np.isnan(found.height[0]) or found.area[0] > 1e3


def test_a_summit_elsewhere_is_none() -> None:
    """The pixel in the middle is the brightest, and the parabola peaks six pixels away."""
    logs = np.array([[-1.333, -1.0, -0.1], [-1.333, 0.0, -0.1], [-1.333, -1.0, -0.1]])
    assert np.isnan(fit_peaks(np.exp(logs)[np.newaxis]).height[0])


def test_nothing_to_fit() -> None:
    found = fit_peaks(np.empty((0, 3, 3)))
    assert (found.offset.shape, found.height.shape, found.area.shape) == ((0, 2), (0,), (0,))


def test_errors_are_those_of_the_theory(tmp_path: Path) -> None:
    """Position, height and area scatter as the Notes of `fit_peaks` say, in noise that has the beam for its shape."""
    snr, pixel = 15.0, 2.5
    places = np.array([(y + 0.37, x + 0.21) for y in range(40, 480, 36) for x in range(40, 480, 36)])
    offsets, heights, areas = [], [], []
    beam = Beam(15 / 3600, 10 / 3600, 0.0)
    for seed in range(3):
        ra, dec = find_sky(places, (520, 520), 180.0, 37.0, pixel)
        sources = [Source(*at, flux_jy=snr * 1e-3) for at in zip(ra, dec, strict=True)]
        image = simulate_image(tmp_path / f"{seed}.fits", sources, 1e-3, shape=(520, 520), beam=beam, seed=seed)
        data = fits.getdata(image.path)[0, 0]
        boxes, summits = [], []
        for y, x in np.round(image.positions).astype(int):
            box = data[y - 4 : y + 5, x - 4 : x + 5]
            row, column = np.unravel_index(box.argmax(), box.shape) + np.array([y - 4, x - 4])
            summits.append((row, column))
            boxes.append(data[row - 1 : row + 2, column - 1 : column + 2])
        found = fit_peaks(np.array(boxes))
        offsets.append(found.offset + summits - image.positions)
        heights.append(found.height / (snr * 1e-3))
        areas.append(found.area / (2 * np.pi * 6 * 4 / (8 * np.log(2))))
    offset, height, area = np.concatenate(offsets), np.concatenate(heights), np.concatenate(areas)
    assert len(height) > 400
    np.testing.assert_allclose(offset.std(axis=0), np.array([6.0, 4.0]) / 2.355 / snr, rtol=0.15)
    np.testing.assert_allclose(offset.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose([height.std(), np.log(area).std()], 1 / snr, rtol=0.15)
    assert height.mean() == pytest.approx(1 + 1 / snr**2, abs=0.01)
