"""Every stamp of create_cutouts is create_cutout's bit for bit, with the compiled helper and without it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa110_contimg.errors import NoOverlapError
from dsa110_contimg.images import gathering, pixels
from dsa110_contimg.qa import create_cutout, create_cutouts, iter_cutouts
from support import ramp, sky_header, write_image

NY, NX, PIXEL = 37, 52, 2.0
KINDS = ("f4", "f8", "u1", "i2", "i4", "i8", "cube", "swapped", "blank")


def make_image(folder: Path, kind: str, projection: str, ra: float, dec: float) -> Path:
    header = sky_header((NY, NX), ra_deg=ra, dec_deg=dec, pixel_arcsec=PIXEL, projection=projection)
    data = ramp(NY, NX)
    data[5:9, 40:] = np.nan
    data[20, 20] = np.inf
    data[30:, :6] = 0
    if kind in {"u1", "i2", "i4", "i8"}:
        data = np.nan_to_num(ramp(NY, NX)).astype(kind)
        header["BSCALE"], header["BZERO"], header["BLANK"] = 0.25, -3.0, 17
    elif kind == "f8":
        data = data.astype("f8") / 3
    elif kind == "cube":
        data = np.stack([np.zeros_like(data), data])[np.newaxis, 1:]
        header["CTYPE3"], header["CTYPE4"] = "FREQ", "STOKES"
    elif kind == "swapped":  # latitude first
        data = np.ascontiguousarray(data.T)
        for keyword in ("CTYPE", "CRVAL", "CUNIT", "CDELT", "CRPIX"):
            header[f"{keyword}1"], header[f"{keyword}2"] = header[f"{keyword}2"], header[f"{keyword}1"]
    elif kind == "blank":
        data[:] = np.nan
    hdu = fits.PrimaryHDU(data, header)
    if "BLANK" in header:
        # astropy would scale the numbers; they are stored as they are.
        hdu = fits.PrimaryHDU(data, header, do_not_scale_image_data=True)
        hdu.header["BLANK"] = 17
    path = folder / f"{kind}{projection}{ra}{dec}.fits"
    hdu.writeto(path)
    return path


@pytest.fixture(scope="module")
def images() -> list[Path]:
    folder = Path(tempfile.mkdtemp())
    skies = [("SIN", 150.0, 30.0), ("TAN", 0.0, 0.0), ("ARC", 359.9999, -89.999), ("SIN", 12.3, 90.0)]
    return [make_image(folder, kind, *sky) for kind in KINDS for sky in skies]


@pytest.mark.parametrize("compiled", [True, False])
@given(
    image=st.integers(0, 4 * len(KINDS) - 1),
    places=st.lists(st.tuples(st.floats(-80, 130), st.floats(-80, 120)), min_size=1, max_size=12),
    size=st.integers(1, 36),
    beyond=st.booleans(),
)
@settings(max_examples=150)
def test_each_stamp_is_that_of_create_cutout(
    images: list[Path], compiled: bool, image: int, places: list[tuple[float, float]], size: int, beyond: bool
) -> None:
    path = images[image]
    with fits.open(path) as hdus:
        sky = WCS(hdus[0].header).celestial.pixel_to_world(*np.array(places).T).icrs
    ra, dec = np.atleast_1d(sky.ra.deg), np.atleast_1d(sky.dec.deg)
    if beyond:  # behind the tangent plane
        ra, dec = np.append(ra, (ra[0] + 180) % 360), np.append(dec, -dec[0])
    with pytest.MonkeyPatch.context() as patch:
        if not compiled:
            patch.setattr(pixels, "helper", None)
        stack = create_cutouts(path, ra, dec, size * PIXEL / 60, threads=1)
        stream = list(iter_cutouts(path, ra, dec, size * PIXEL / 60, threads=2))
    assert stack.data.dtype == np.float32
    assert stack.data.dtype.isnative
    assert not stack.data.flags.writeable
    for k, (one_ra, one_dec) in enumerate(zip(ra, dec, strict=True)):
        many = stack[0, k]
        try:
            one = create_cutout(path, one_ra, one_dec, size * PIXEL / 60)
        except NoOverlapError:
            assert stack.status[0, k] == many.status == stream[k].status == "off-image"
            assert np.isnan(many.data).all()
            continue
        assert many.data.tobytes() == one.data.astype("f4").tobytes()
        assert stream[k].data.tobytes() == one.data.tobytes()
        assert stream[k].data.dtype == one.data.dtype
        assert many.status == stream[k].status == one.status == stack.status[0, k]
        assert many.origin == one.origin == tuple(stack.origin[0, k])
        assert many.target == one.target == tuple(stack.target[0, k])
        assert many.wcs.wcs.compare(one.wcs.wcs)


def test_the_helper_was_built() -> None:
    # Here it has to be: without it the tests above would compare numpy with numpy.
    assert pixels.helper is not None


def test_a_window_larger_than_the_plane_and_every_corner() -> None:
    plane = ramp(4, 5)
    origins = np.array([[-1, -1], [-4, 0], [-3, -4], [3, 4], [4, 0], [0, 5], [0, -9], [1, 1]])
    out = np.empty((8, 6, 7), np.float32)
    statuses = gathering.gather_each(lambda y, x: plane[y, x], (4, 5), origins, out, -1.0)
    padded = np.full((40, 40), -1.0, np.float32)
    padded[15:19, 15:20] = plane
    for (y, x), window in zip(origins.tolist(), out, strict=True):
        np.testing.assert_array_equal(window, padded[15 + y : 21 + y, 15 + x : 22 + x])
    assert [gathering.STATUSES[code] for code in statuses] == [
        *("partial", "partial", "partial", "partial", "off-image", "off-image", "off-image", "partial")
    ]


def test_a_map_that_is_read_band_by_band(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_image(tmp_path / "a.fits", ramp(300, 200), sky_header((300, 200)))
    random = np.random.default_rng(1)
    ra, dec = 150 + random.uniform(-0.1, 0.1, 500), 30 + random.uniform(-0.1, 0.1, 500)
    dec[7] = -50.0  # far beyond the image, where there is no band
    whole = create_cutouts(path, ra, dec, 0.5)
    monkeypatch.setattr(pixels, "_LARGE", 1)
    monkeypatch.setattr(pixels, "_BAND_BYTES", 20 * 200 * 4)
    banded = create_cutouts(path, ra, dec, 0.5)
    assert banded.data.tobytes() == whole.data.tobytes()
    assert (banded.status == whole.status).all()
