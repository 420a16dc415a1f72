"""Offsets are those on the sky, wherever between the pixels, however turned, in whatever projection and frame."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa110_contimg.errors import BadSimulationError
from dsa110_contimg.images import Beam, open_image
from dsa110_contimg.images.projections import local_axes
from dsa110_contimg.qa import check_catalogue
from dsa110_contimg.simulate import Source, simulate_image

within = st.floats(-0.5, 0.5)
shifts = st.floats(-6.0, 6.0)
PLACES = np.array([[30.0, 34.0], [36.0, 92.0], [90.0, 31.0], [94.0, 97.0], [63.0, 61.0]])


@given(
    within_pixel=st.tuples(within, within),
    shift=st.tuples(shifts, shifts),
    ra_deg=st.one_of(st.just(0.0), st.floats(0, 359.9)),
    dec_deg=st.floats(-75, 75),
    rotation_deg=st.one_of(st.just(0.0), st.floats(-180, 180)),
    projection=st.sampled_from(["SIN", "TAN", "ARC", "ZEA", "CAR", "AIT", "SFL"]),
    frame=st.sampled_from(["icrs", "fk5", "galactic"]),
    pixel=st.tuples(st.floats(1.5, 4.0), st.floats(1.5, 4.0)),
    beam=st.tuples(st.floats(12, 20), st.floats(8, 12), st.floats(-90, 90)),
)
@settings(max_examples=60, deadline=None)
def test_any_offset_is_found_on_any_image(
    within_pixel: tuple[float, float],
    shift: tuple[float, float],
    ra_deg: float,
    dec_deg: float,
    rotation_deg: float,
    projection: str,
    frame: str,
    pixel: tuple[float, float],
    beam: tuple[float, float, float],
) -> None:
    major, minor, angle = beam
    with tempfile.TemporaryDirectory() as folder:
        geometry = {"ra_deg": ra_deg, "dec_deg": dec_deg, "projection": projection, "frame": frame, "shape": (128, 128)}
        geometry |= {
            "rotation_deg": rotation_deg,
            "pixel_arcsec": pixel,
            "beam": Beam(major / 3600, minor / 3600, angle),
        }
        empty = open_image(simulate_image(f"{folder}/empty.fits", [], 0.0, **geometry).path)
        world = empty.celestial.make_wcs((128, 128))
        sky = world.pixel_to_world(*(PLACES + within_pixel).T[::-1]).icrs
        sources = [Source(*at, flux_jy=1.0) for at in zip(sky.ra.deg % 360, sky.dec.deg, strict=True)]
        try:
            image = simulate_image(f"{folder}/a.fits", sources, 1e-7, **geometry)
        except BadSimulationError:  # the map is torn there
            return
        dec = sky.dec.deg - shift[1] / 3600
        ra = (sky.ra.deg - shift[0] / 3600 / np.cos(np.radians((dec + sky.dec.deg) / 2))) % 360
        check = check_catalogue(image.path, Table({"ra": ra, "dec": dec}))
        np.testing.assert_allclose(check.delta_ra_arcsec, shift[0], atol=5e-3)
        np.testing.assert_allclose(check.delta_dec_arcsec, shift[1], atol=5e-3)
        np.testing.assert_allclose(check.flux_jy, 1.0, rtol=1e-4)
        np.testing.assert_allclose(check.beam_ratio[4], 1.0, rtol=2e-3)
        assert check.is_used.all()


@pytest.mark.parametrize("projection", ["SIN", "AIT"])
def test_local_axes_of_many_are_those_of_each(projection: str, tmp_path: object) -> None:
    image = open_image(simulate_image(f"{tmp_path}/a.fits", projection=projection, ra_deg=0.0).path)
    ra, dec = np.array([[0.0, 359.9], [0.1, 0.05]]), np.array([[37.0, 37.1], [36.9, 36.95]])
    many = local_axes(image.projection, ra, dec)
    assert many.shape == (2, 2, 2, 2)
    for place in np.ndindex(2, 2):
        np.testing.assert_allclose(many[place], local_axes(image.projection, ra[place], dec[place]), rtol=1e-9)
    assert local_axes(image.projection, np.zeros(0), np.zeros(0)).shape == (0, 2, 2)
