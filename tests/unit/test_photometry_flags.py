"""Blends, edges, blanks, offsets: flagged, never silently wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from dsa110_contimg.images import Beam
from dsa110_contimg.qa import LightCurves, measure_light_curves
from dsa110_contimg.qa.light_curves import Flag
from dsa110_contimg.qa.photometry.flags import name_flags
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import Source, simulate_image

PIXEL, NOISE, SIDE = 2.5, 2e-4, 160
ROUND = Beam(15 / 3600, 15 / 3600, 0.0)
MIDDLE = SIDE // 2
"""The reference pixel of a simulated image, at declination 0: there pixels are steps in right ascension."""


def place(y: float, x: float) -> tuple[float, float]:
    """Return right ascension and declination of a pixel (y, x), good to 1e-5 pixels near the reference."""
    return 180.0 - (x - MIDDLE) * PIXEL / 3600, (y - MIDDLE) * PIXEL / 3600


def draw(path: Path, *sources: tuple[float, float, float], **more: object) -> Path:
    """Simulate sources (y, x, flux)."""
    found = [Source(*place(y, x), flux_jy=flux) for y, x, flux in sources]
    how = {"shape": (SIDE, SIDE), "dec_deg": 0.0, "beam": ROUND, "seed": 1} | more
    simulate_image(path, found, NOISE, **how)
    return path


def measure(path: Path, *pixels: tuple[float, float], **more: object) -> LightCurves:
    ra, dec = zip(*(place(*pixel) for pixel in pixels), strict=True)
    return measure_light_curves(path, ra, dec, **more)


def change(path: Path, rows: slice, columns: slice, value: float) -> None:
    with fits.open(path, mode="update") as hdus:
        hdus[0].data[..., rows, columns] = value


def test_names_of_flags() -> None:
    assert name_flags(0) == ""
    assert name_flags(np.uint16(Flag.BLANK | Flag.BLENDED)) == "BLENDED BLANK"
    assert len({flag.value for flag in Flag}) == 8


# ------------------------------------------------------------------------------------------------------------- edges
def test_sources_near_the_edge_are_flagged(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits")
    limit = 1.2 * 6 - 0.5  # the edge is half a pixel beyond the centre of the first one
    near, far = limit - 0.1, limit + 0.1
    last = SIDE - 1
    close = [(near, 30), (30, near), (last - near, 30), (30, last - near)]
    away = [(far, 110), (110, far), (last - far, 110), (110, last - far)]
    curves = measure(path, *close, *away)
    assert curves.flags[:, 0].tolist() == [Flag.NEAR_EDGE] * 4 + [0] * 4
    assert np.isfinite(curves.flux).all()
    assert curves.variability.n_epochs.tolist() == [0] * 4 + [1] * 4
    wide = measure(path, (far, 80), (60, 60), (62, 62), thresholds=Thresholds(edge_beams=10.2))
    assert wide.flags[:, 0].tolist() == [Flag.NEAR_EDGE, Flag.NEAR_EDGE | Flag.BLENDED, Flag.BLENDED]


def test_the_flux_near_the_edge_is_that_of_the_pixels_that_are_there(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits", (2.3, 80.2, 1.0))
    curves = measure(path, (2.3, 80.2))
    assert curves.flags[0, 0] == Flag.NEAR_EDGE
    assert curves.flux[0, 0] == pytest.approx(1.0, abs=1e-3)


def test_positions_off_the_image_are_not_measured(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits", (0.0, 80.0, 1.0))
    curves = measure(path, (-0.6, 80.0), (-0.4, 80.0), (80.0, SIDE - 0.6), (80.0, SIDE - 0.4))
    assert [bool(flag & Flag.OFF_IMAGE) for flag in curves.flags[:, 0]] == [True, False, False, True]
    assert np.isnan(curves.peak[[0, 3]]).all()
    assert np.isfinite(curves.peak[[1, 2]]).all()
    assert [int(flag) for flag in curves.flags[[1, 2], 0]] == [
        Flag.BLANK | Flag.NEAR_EDGE
    ] * 2  # half the beam is missing


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_a_border_without_sky_is_an_edge(tmp_path: Path, value: float) -> None:
    path = draw(tmp_path / "a.fits", (80.0, 80.0, 0.05))
    change(path, slice(0, 74), slice(None), value)  # the first pixel with sky is 6 pixels away
    change(path, slice(None), slice(0, 60), value)
    curves = measure(path, (80.0, 80.0), (82.0, 110.0), (100.0, 66.0), (130.0, 68.0))
    assert curves.flags[:, 0].tolist() == [Flag.NEAR_EDGE, 0, Flag.NEAR_EDGE, 0]
    assert curves.flux[0, 0] == pytest.approx(0.05, abs=1e-3)
    assert curves.local_rms[:, 0] == pytest.approx(NOISE, rel=0.5)  # zeros that counted would make it far less


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_a_position_without_sky_has_no_flux(tmp_path: Path, value: float) -> None:
    path = draw(tmp_path / "a.fits", (80.0, 80.0, 1.0))
    change(path, slice(0, 90), slice(None), value)
    curves = measure(path, (80.0, 80.0), (89.0, 100.0))
    assert ((curves.flags & Flag.BLANK) > 0).all()
    assert np.isnan(curves.flux).all()
    assert np.isnan(curves.flux_error).all()
    assert np.isnan(curves.peak[0, 0])
    assert np.isfinite(curves.peak[1, 0])  # from the row above


def test_a_blank_pixel_within_the_half_maximum_leaves_no_flux(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits", (80.0, 80.0, 1.0))
    change(path, slice(82, 83), slice(80, 81), np.nan)  # at a third of the beam
    curves = measure(path, (80.0, 80.0))
    assert curves.flags[0, 0] == Flag.BLANK | Flag.NEAR_EDGE
    assert np.isnan(curves.flux[0, 0])
    change(path, slice(82, 83), slice(80, 81), 0.9)
    change(path, slice(84, 85), slice(80, 81), np.nan)  # and beyond
    assert measure(path, (80.0, 80.0)).flags[0, 0] == Flag.NEAR_EDGE


def test_a_single_pixel_of_zero_is_a_pixel(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits", (80.0, 80.0, 1.0))
    change(path, slice(86, 88), slice(80, 82), 0.0)
    assert measure(path, (80.0, 80.0)).flags[0, 0] == 0


def test_an_image_without_any_sky(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits")
    change(path, slice(None), slice(None), np.nan)
    curves = measure(path, (80.0, 80.0))
    assert curves.flags[0, 0] == Flag.BLANK | Flag.NEAR_EDGE | Flag.NO_NOISE
    assert all(np.isnan(getattr(curves, name)).all() for name in ("peak", "flux", "flux_error", "local_rms", "snr"))


def test_an_image_without_noise_has_no_errors(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits")
    change(path, slice(None), slice(None), 1.0)
    curves = measure(path, (80.0, 80.0))
    assert curves.flags[0, 0] == Flag.NO_NOISE
    assert curves.local_rms[0, 0] == 0.0
    assert np.isfinite(curves.flux[0, 0])
    assert np.isnan(curves.flux_error[0, 0])
    assert np.isnan(curves.upper_limit[0, 0])
    assert curves.variability.n_epochs[0] == 0


# ------------------------------------------------------------------------------------------------------------ blends
@pytest.mark.parametrize("beams", [1.0, 1.6, 2.0, 3.0])
def test_what_a_neighbour_adds_is_what_the_formula_says(tmp_path: Path, beams: float) -> None:
    path = draw(tmp_path / "a.fits", (80.0, 80.0 + 6 * beams, 1.0))
    alone = measure(path, (80.0, 80.0))
    assert not alone.flags.any()  # nobody said that there is another one
    assert alone.flux[0, 0] == pytest.approx(np.exp(-((2.3548 * beams) ** 2) / 4), abs=5e-4)


@pytest.mark.parametrize(
    ("beams", "flux", "is_blended"),
    [
        (1.45, 0.0, True),  # too near, whatever it is
        (1.55, 0.0, False),
        (1.55, 0.02, True),  # adds 3.5 % of 100 times the noise
        (2.0, 0.02, False),  # 0.4 %
        (2.0, 0.2, True),  # 0.4 % of 1000 times the noise
        (2.5, 0.2, False),
        (2.5, 10.0, True),  # 0.02 % of 50 000 times the noise
        (3.3, 10.0, False),
    ],
)
def test_blends_are_found_by_what_the_neighbour_adds(
    tmp_path: Path, beams: float, flux: float, is_blended: bool
) -> None:
    path = draw(tmp_path / "a.fits", (80.0, 80.0, 0.004), (80.0, 80.0 + 6 * beams, flux))
    curves = measure(path, (80.0, 80.0), (80.0, 80.0 + 6 * beams))
    assert bool(curves.flags[0, 0] & Flag.BLENDED) == is_blended
    pull = (curves.flux[0, 0] - 0.004) / curves.flux_error[0, 0]
    assert is_blended or abs(pull) < 3


def test_a_blend_is_judged_along_the_line_between_the_two(tmp_path: Path) -> None:
    long = Beam(30 / 3600, 10 / 3600, 90.0)  # twelve pixels by four, along x
    path = draw(tmp_path / "a.fits", (80.0, 80.0, 0.01), beam=long)
    along = measure(path, (80.0, 80.0), (80.0, 96.0))  # 1.33 beams
    across = measure(path, (80.0, 80.0), (96.0, 80.0))  # 4 beams
    assert along.flags[:, 0].tolist() == [Flag.BLENDED] * 2
    assert across.flags[:, 0].tolist() == [0, 0]


def test_the_same_source_twice_is_a_blend(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits", (80.0, 80.0, 0.01))
    curves = measure(path, (80.0, 80.0), (40.0, 40.0), (80.0, 80.0))
    assert curves.flags[:, 0].tolist() == [Flag.BLENDED, 0, Flag.BLENDED]
    assert curves.remarks == ()
    twice = measure_light_curves([path, path], curves.ra_deg, curves.dec_deg)
    assert twice.variability.n_epochs.tolist() == [0, 2, 0]
    assert twice.remarks == (
        "2 of 3 sources have fewer than two fluxes without a flag; whether they vary is not known.",
    )


def test_pairs_are_found_among_many_sources_as_if_all_were_compared() -> None:
    from dsa110_contimg.qa.photometry import blends

    random = np.random.default_rng(5)
    positions = random.uniform(0, 300, (400, 2))
    shapes = np.array([[0.2, 0.03, 0.1]])
    fluxes, errors = random.exponential(0.1, 400), np.full(400, 1e-4)
    y, x = (positions[:, np.newaxis] - positions).transpose(2, 0, 1)
    squares = 0.2 * x**2 + 0.06 * x * y + 0.1 * y**2
    np.fill_diagonal(squares, np.inf)
    added = np.where(squares < (3.2 * 2.35482) ** 2, np.exp(-squares / 4), 0) @ fluxes
    expected = (squares.min(axis=1) < (1.5 * 2.35482) ** 2) | (added > 0.5 * errors)
    assert 20 < expected.sum() < 380
    # Pairs beyond the reach of 3.2 beams add next to nothing, and may be counted or not.
    far = np.where((squares >= (3.2 * 2.35482) ** 2) & np.isfinite(squares), np.exp(-squares / 4), 0) @ fluxes
    assert far.max() < 0.05 * errors[0]
    for at_once in (1_000_000, 7):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blends, "_AT_ONCE", at_once)
            found = blends.find_blends(positions, shapes, fluxes, errors)
        np.testing.assert_array_equal(found, expected)


# ----------------------------------------------------------------------------------------------------------- offsets
def test_a_source_on_a_pedestal_is_flagged(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.fits", (80.0, 80.0, 0.01))
    plain = measure(path, (80.0, 80.0))
    for offset, is_flagged in ((0.3 * NOISE, False), (0.9 * NOISE, True), (-0.9 * NOISE, True)):
        with fits.open(path, mode="update") as hdus:
            hdus[0].data += np.float32(offset)
        curves = measure(path, (80.0, 80.0))
        assert curves.flags[0, 0] == (Flag.OFFSET if is_flagged else 0)
        # A constant shifts the flux by twice itself, 4πσ²/2πσ²... of a Gaussian over that of its square.
        assert curves.flux[0, 0] - plain.flux[0, 0] == pytest.approx(2 * offset, rel=0.01)
        with fits.open(path, mode="update") as hdus:
            hdus[0].data -= np.float32(offset)
