"""Photometry against formulas as they stand: forced fluxes, medians, V, η and pairs."""

from __future__ import annotations

import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dsa110_contimg.images import Beam
from dsa110_contimg.images.native import helper
from dsa110_contimg.qa import measure_light_curves
from dsa110_contimg.qa.light_curves import Flag
from dsa110_contimg.qa.photometry import local_noise
from dsa110_contimg.qa.photometry.variability import measure_variability
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import Source, simulate_image

ALLOWED = Flag.NO_NOISE | Flag.NEAR_EDGE | Flag.OFFSET
"""There is no noise; zeros around the source are no sky, and what is left around it are its own wings."""


@given(
    fraction=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
    scale=st.tuples(st.floats(1.0, 3.0), st.floats(1.0, 3.0)),
    minor=st.floats(2.0, 6.0),
    elongation=st.floats(1.0, 3.0),
    pa_deg=st.floats(-180.0, 180.0),
    rotation_deg=st.floats(-180.0, 180.0),
    projection=st.sampled_from(["SIN", "TAN", "ARC", "ZEA", "CAR", "AIT"]),
    frame=st.sampled_from(["icrs", "fk5", "galactic"]),
)
@settings(max_examples=80)
def test_the_flux_of_a_point_source_without_noise_is_found(
    fraction: tuple[float, float],
    scale: tuple[float, float],
    minor: float,
    elongation: float,
    pa_deg: float,
    rotation_deg: float,
    projection: str,
    frame: str,
) -> None:
    minor_deg = minor * max(scale) / 3600
    beam = Beam(minor_deg * elongation, minor_deg, pa_deg)
    # At the reference pixel, where a whole plane has the scale and the north of its reference in any projection.
    ra, dec = 180.0 + fraction[1] * scale[1] / 3600, fraction[0] * scale[0] / 3600
    how = {"pixel_arcsec": scale, "rotation_deg": rotation_deg, "projection": projection, "frame": frame}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.fits"
        simulate_image(path, [Source(ra, dec, flux_jy=1.0)], 0.0, shape=(150, 150), dec_deg=0.0, beam=beam, **how)
        curves = measure_light_curves(path, [ra], [dec])
    assert not curves.flags[0, 0] & ~ALLOWED
    assert curves.flux[0, 0] == pytest.approx(1.0, abs=1e-4)
    assert curves.peak[0, 0] <= 1.0


@pytest.mark.parametrize("lonpole", [180.0, 0.0, 75.0])
@pytest.mark.parametrize("dec", [37.0, 90.0, -90.0])
@pytest.mark.parametrize("projection", ["SIN", "TAN"])
def test_the_beam_is_turned_as_north_is_where_the_y_axis_is_not(
    tmp_path: Path, projection: str, dec: float, lonpole: float
) -> None:
    """Draw the beam from positions on the sky, along great circles at the reference point."""
    header = fits.Header(
        {"CTYPE1": f"RA---{projection}", "CTYPE2": f"DEC--{projection}", "CRVAL1": 40.0, "CRVAL2": dec}
    )
    header.update({"CDELT1": -2e-3, "CDELT2": 2e-3, "CRPIX1": 75.0, "CRPIX2": 75.0, "LONPOLE": lonpole})
    header.update({"BMAJ": 14e-3, "BMIN": 6e-3, "BPA": 25.0, "BUNIT": "Jy/beam", "RADESYS": "ICRS"})
    y, x = np.mgrid[0:150, 0:150]
    ra, offset = np.radians(WCS(header).all_pix2world(x.ravel(), y.ravel(), 0))
    at_ra, at_dec = np.radians([40.0, dec])
    # Components along east and north of the reference point; at a pole, north is away from the reference's meridian.
    east = np.cos(offset) * np.sin(ra - at_ra)
    north = np.sin(offset) * np.cos(at_dec) - np.cos(offset) * np.sin(at_dec) * np.cos(ra - at_ra)
    angle = np.radians(25.0)
    along, across = east * np.sin(angle) + north * np.cos(angle), east * np.cos(angle) - north * np.sin(angle)
    widths = np.radians([14e-3, 6e-3]) / np.sqrt(8 * np.log(2))
    data = np.exp(-0.5 * ((along / widths[0]) ** 2 + (across / widths[1]) ** 2)).reshape(150, 150)
    fits.PrimaryHDU(data.astype(np.float32), header).writeto(tmp_path / "a.fits")
    curves = measure_light_curves(tmp_path / "a.fits", [40.0], [dec])
    assert curves.flux[0, 0] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("projection", ["CAR", "AIT", "MER"])
def test_far_from_the_reference_a_projection_that_stretches_the_sky_stretches_the_beam(
    tmp_path: Path, projection: str
) -> None:
    header = fits.Header(
        {"CTYPE1": f"RA---{projection}", "CTYPE2": f"DEC--{projection}", "CRVAL1": 40.0, "CRVAL2": 0.0}
    )
    header.update({"CDELT1": -2e-3, "CDELT2": 2e-3, "CRPIX1": 75.0, "CRPIX2": 75.0, "RADESYS": "ICRS"})
    header.update({"BMAJ": 14e-3, "BMIN": 8e-3, "BPA": 25.0, "BUNIT": "Jy/beam"})
    wcs = WCS(header)
    x0, y0 = wcs.all_world2pix([[42.0, 60.0]], 0)[0]
    header.update({"CRPIX1": 75.0 - np.round(x0) + 75, "CRPIX2": 75.0 - np.round(y0) + 75})
    y, x = np.mgrid[0:150, 0:150]
    ra, dec = np.radians(WCS(header).all_pix2world(x.ravel(), y.ravel(), 0))
    at_ra, at_dec = np.radians([42.0, 60.0])
    east = np.cos(dec) * np.sin(ra - at_ra)
    north = np.sin(dec) * np.cos(at_dec) - np.cos(dec) * np.sin(at_dec) * np.cos(ra - at_ra)
    angle = np.radians(25.0)
    along, across = east * np.sin(angle) + north * np.cos(angle), east * np.cos(angle) - north * np.sin(angle)
    widths = np.radians([14e-3, 8e-3]) / np.sqrt(8 * np.log(2))
    data = np.exp(-0.5 * ((along / widths[0]) ** 2 + (across / widths[1]) ** 2)).reshape(150, 150)
    fits.PrimaryHDU(data.astype(np.float32), header).writeto(tmp_path / "a.fits")
    curves = measure_light_curves(tmp_path / "a.fits", [42.0, 42.01], [60.0, 60.01])
    assert curves.flux[0, 0] == pytest.approx(1.0, abs=3e-4)


# ----------------------------------------------------------------------------------------------------------- medians
def frames() -> st.SearchStrategy[np.ndarray]:
    values = st.one_of(
        st.floats(-(2.0**100), 2.0**100, width=32),
        st.sampled_from([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf, 1e-45]),
        st.integers(-3, 3).map(float),
    )
    shapes = st.tuples(st.integers(1, 4), st.integers(10, 24), st.integers(10, 24))
    return shapes.flatmap(lambda shape: arrays(np.float32, shape, elements=values, fill=st.just(np.float32(0.5))))


def compare(windows: np.ndarray, fewest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_noise, "_FEWEST_PIXELS", fewest)
        compiled = local_noise.measure_noise(windows)
        patch.setattr(local_noise, "helper", None)
        plain = local_noise.measure_noise(windows)
    np.testing.assert_array_equal(compiled, plain)


@given(windows=frames(), fewest=st.sampled_from([1, 2, 100]))
@settings(max_examples=300)
def test_the_compiled_medians_are_those_of_numpy(windows: np.ndarray, fewest: int) -> None:
    if helper is None:
        pytest.skip("the helper was not compiled")
    compare(windows, fewest)


@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from(["normal", "cauchy", "steps", "few", "tiny"]),
    odd=st.booleans(),
    peak=st.floats(0, 1e6),
)
@settings(max_examples=200)
def test_the_compiled_medians_of_real_windows(seed: int, spread: str, odd: bool, peak: float) -> None:
    if helper is None:
        pytest.skip("the helper was not compiled")
    random = np.random.default_rng(seed)
    shape = (3, 50, 50)
    windows = {
        "normal": lambda: random.standard_normal(shape),
        "cauchy": lambda: random.standard_cauchy(shape),
        "steps": lambda: np.round(random.standard_normal(shape) * 2),
        "few": lambda: random.choice([0.0, 1e-3, 5.0], shape),
        "tiny": lambda: random.standard_normal(shape) * 1e-42,
    }[spread]().astype(np.float32)
    windows[:, 20:33, 18:33] += np.float32(peak)
    windows[1, 0, : 1 + odd] = np.nan
    compare(windows, 100)


# -------------------------------------------------------------------------------------------------------- variability
@st.composite
def light_curves(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 9)))
    flux = draw(arrays(np.float64, shape, elements=st.floats(-10, 1000).map(lambda value: round(value, 6))))
    error = draw(arrays(np.float64, shape, elements=st.floats(0.01, 10)))
    usable = draw(arrays(np.bool_, shape))
    return flux, error, usable


@given(curves=light_curves())
@settings(max_examples=300)
def test_v_eta_and_pairs_are_what_their_formulas_say(curves: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    flux, error, usable = curves
    found = measure_variability(flux, error, usable, Thresholds())
    for k in range(len(flux)):
        s, sigma = flux[k, usable[k]], error[k, usable[k]]
        n = s.size
        assert found.n_epochs[k] == n
        if n:
            assert found.mean_flux[k] == pytest.approx(s.mean(), rel=1e-9, abs=1e-12)
        if n < 2:
            assert np.isnan([found.v[k], found.eta[k], found.pair_significance[k], found.pair_modulation[k]]).all()
            continue
        if abs(s.mean()) > 1e-6:
            assert found.v[k] == pytest.approx(s.std(ddof=1) / s.mean(), rel=1e-6, abs=1e-9)
        w = sigma**-2
        eta = n / (n - 1) * (np.mean(w * s**2) - np.mean(w * s) ** 2 / np.mean(w))
        assert found.eta[k] == pytest.approx(eta, rel=1e-6, abs=1e-8 * np.max(w * s**2, initial=1))
        pairs = [
            (abs(s[i] - s[j]) / np.hypot(sigma[i], sigma[j]), abs(2 * (s[i] - s[j])), abs(s[i] + s[j]))
            for i, j in combinations(range(n), 2)
        ]
        most = max(pairs)[0]
        assert found.pair_significance[k] == pytest.approx(most, rel=1e-9, abs=1e-12)
        alike = [pair for pair in pairs if pair[0] >= most * (1 - 1e-9)]
        assert any(
            found.pair_modulation[k] == pytest.approx(difference / total, rel=1e-6, abs=1e-12)
            for _, difference, total in alike
            if total > 0
        ) or any(total == 0 for *_, total in alike)
