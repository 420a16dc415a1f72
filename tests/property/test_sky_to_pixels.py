"""Positions fall where wcslib and astropy put them, whatever form the header uses."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa110_contimg.images.celestial import read_celestial
from dsa110_contimg.images.header import Header
from dsa110_contimg.images.projections import Wcslib, Zenithal, local_axes, make_projection, unit_vectors

angles = st.floats(0, 360, exclude_max=True)
declinations = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 0.0, 90.0]))
offsets = st.floats(-3, 3)


@st.composite
def headers(draw: st.DrawFn) -> fits.Header:
    """Draw a zenithal header in one of the forms that are around."""
    projection = draw(st.sampled_from(["SIN", "TAN"]))
    header = fits.Header()
    header["CTYPE1"], header["CTYPE2"] = f"RA---{projection}", f"DEC--{projection}"
    header["CRVAL1"], header["CRVAL2"] = draw(angles), draw(declinations)
    header["CRPIX1"], header["CRPIX2"] = draw(st.floats(-500, 500)), draw(st.floats(-500, 500))
    sx, sy = draw(st.sampled_from([-1, 1])) * draw(st.floats(1e-4, 1e-2)), draw(st.floats(1e-4, 1e-2))
    angle = np.radians(draw(st.one_of(st.just(0.0), st.floats(-180, 180))))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    form = draw(st.sampled_from(["CDELT", "CROTA", "PC", "CD"]))
    if form == "CD":
        matrix = np.diag([sx, sy]) @ turn
        for (i, j), value in np.ndenumerate(matrix):
            header[f"CD{i + 1}_{j + 1}"] = value
    else:
        header["CDELT1"], header["CDELT2"] = sx, sy
        if form == "CROTA":
            header["CROTA2"] = np.degrees(angle)
        if form == "PC":
            for (i, j), value in np.ndenumerate(turn):
                header[f"PC{i + 1}_{j + 1}"] = value
    if draw(st.booleans()):
        header["LONPOLE"] = draw(st.sampled_from([180.0, 0.0, 90.0, 123.4]))
    frame = draw(st.sampled_from([{}, {"RADESYS": "ICRS"}, {"RADESYS": "FK5", "EQUINOX": 2000.0}, {"EPOCH": 2000.0}]))
    header.update(frame)
    return header


@given(headers(), offsets, offsets)
@settings(max_examples=300)
def test_zenithal_agrees_with_astropy(header: fits.Header, east: float, north: float) -> None:
    celestial = read_celestial(Header(header.tostring(endcard=False, padding=False)), 0, 1)
    projection = make_projection(celestial)
    assert isinstance(projection, Zenithal)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        theirs = WCS(header)
    x, y = np.linalg.solve(np.array(celestial.matrix), [east, north]) + np.array(celestial.crpix) - 1
    sky = theirs.pixel_to_world(x, y).icrs
    ours = projection.project(unit_vectors(sky.ra.deg, sky.dec.deg))[:, 0]
    np.testing.assert_allclose(ours, [x, y], atol=2e-6)
    np.testing.assert_allclose(ours, sky.to_pixel(theirs), atol=2e-6)


@given(headers(), offsets, offsets)
@settings(max_examples=100)
def test_own_wcs_agrees_with_the_header(header: fits.Header, east: float, north: float) -> None:
    celestial = read_celestial(Header(header.tostring(endcard=False, padding=False)), 0, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        theirs = WCS(header)
    ours = celestial.make_wcs((100, 100))
    x, y = np.linalg.solve(np.array(celestial.matrix), [east, north]) + np.array(celestial.crpix) - 1
    mine, other = ours.pixel_to_world(x, y), theirs.pixel_to_world(x, y)
    assert mine.frame.name == other.frame.name
    assert mine.separation(other).arcsec < 1e-6
    shifted = celestial.shift(7, -11).make_wcs((10, 10))
    assert shifted.pixel_to_world(x + 11, y - 7).separation(other).arcsec < 1e-6


@given(headers(), angles, declinations)
@settings(max_examples=100)
def test_the_far_side_has_no_pixel(header: fits.Header, ra_deg: float, dec_deg: float) -> None:
    header["RADESYS"] = "ICRS"
    celestial = read_celestial(Header(header.tostring(endcard=False, padding=False)), 0, 1)
    here, there = unit_vectors(*celestial.crval), unit_vectors(ra_deg, dec_deg)
    cosine = float((here * there).sum())
    pixel = make_projection(celestial).project(there)
    if abs(cosine) > 1e-9:
        assert np.isnan(pixel).all() == (cosine < 0)


CODES = ["SIN", "TAN", "ARC", "STG", "ZEA", "AIT", "MOL", "CAR", "SFL", "CEA", "MER", "HPX", "NCP", "GLS"]
FRAMES = [
    {"RADESYS": "ICRS"},
    {"RADESYS": "FK5", "EQUINOX": 1975.0},
    {"RADESYS": "FK4", "EQUINOX": 1950.0},
    {"EQUINOX": 1950.0},
    {"RADESYS": "FK4-NO-E", "EQUINOX": 1950.0},
]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: "-".join(map(str, frame.values())))
def test_every_projection_and_frame_agrees_with_astropy(code: str, frame: dict[str, object]) -> None:
    header = fits.Header({"CTYPE1": f"RA---{code}", "CTYPE2": f"DEC--{code}", "CRVAL1": 40.0, "CRVAL2": 35.0} | frame)
    header.update({"CDELT1": -0.01, "CDELT2": 0.01, "CRPIX1": 50.0, "CRPIX2": 60.0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        theirs = WCS(header)
    pixels = np.array([[10.0, 49.0, 90.0], [20.0, 59.0, 100.0]])
    sky = theirs.pixel_to_world(*pixels).icrs
    projection = make_projection(read_celestial(Header(header.tostring(endcard=False, padding=False)), 0, 1))
    np.testing.assert_allclose(projection.project(unit_vectors(sky.ra.deg, sky.dec.deg)), pixels, atol=1e-4)


@pytest.mark.parametrize(
    ("longitude", "latitude", "frame"), [("GLON", "GLAT", "galactic"), ("ELON", "ELAT", "barycentricmeanecliptic")]
)
def test_galactic_and_ecliptic_frames(longitude: str, latitude: str, frame: str) -> None:
    header = fits.Header({"CTYPE1": f"{longitude}-CAR", "CTYPE2": f"{latitude}-CAR", "CRVAL1": 30.0, "CRVAL2": 0.0})
    header.update({"CDELT1": -0.1, "CDELT2": 0.1, "CRPIX1": 1.0, "CRPIX2": 1.0})
    projection = make_projection(read_celestial(Header(header.tostring(endcard=False, padding=False)), 0, 1))
    sky = SkyCoord(29.0, 2.0, unit="deg", frame=frame).icrs
    np.testing.assert_allclose(projection.project(unit_vectors(sky.ra.deg, sky.dec.deg))[:, 0], [10.0, 20.0], atol=1e-6)


def test_one_bad_position_does_not_spoil_the_others() -> None:
    header = fits.Header({"CTYPE1": "RA---ARC", "CTYPE2": "DEC--ARC", "CRVAL1": 0.0, "CRVAL2": 0.0, "RADESYS": "ICRS"})
    header.update({"CDELT1": -1.0, "CDELT2": 1.0, "CTYPE1": "RA---STG", "CTYPE2": "DEC--STG"})
    projection = make_projection(read_celestial(Header(header.tostring(endcard=False, padding=False)), 0, 1))
    assert isinstance(projection, Wcslib)
    pixels = projection.project(unit_vectors([0.0, 180.0, 1.0], [0.0, 0.0, 0.0]))
    assert np.isnan(pixels[:, 1]).all()
    assert np.isfinite(pixels[:, [0, 2]]).all()


@given(headers())
@settings(max_examples=100)
def test_local_axes_are_the_inverse_of_the_pixel_matrix_at_the_reference_point(header: fits.Header) -> None:
    header["LONPOLE"], header["RADESYS"] = (0.0 if header["CRVAL2"] >= 90 else 180.0), "ICRS"
    celestial = read_celestial(Header(header.tostring(endcard=False, padding=False)), 0, 1)
    axes = local_axes(make_projection(celestial), *celestial.crval)
    expected = np.linalg.inv(np.array(celestial.matrix)) * (-1 if celestial.crval[1] >= 90 else 1)
    np.testing.assert_allclose(axes, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
