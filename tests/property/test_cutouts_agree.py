"""A stamp has the pixels of astropy's Cutout2D wherever that is right."""

from __future__ import annotations

import tempfile
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.nddata import Cutout2D
from astropy.nddata import NoOverlapError as NoOverlap
from astropy.wcs import WCS
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsa110_contimg.errors import NoOverlapError
from dsa110_contimg.qa import create_cutout
from support import ramp, sky_header, write_image

NY, NX, PIXEL = 37, 52, 2.0


@pytest.fixture(scope="module")
def images() -> dict[tuple[str, float, float], Path]:
    folder = Path(tempfile.mkdtemp())
    made = {}
    for projection in ("SIN", "TAN", "ARC"):
        for ra, dec in ((150.0, 30.0), (0.0, 0.0), (359.9999, -89.999), (12.3, 90.0)):
            header = sky_header((NY, NX), ra_deg=ra, dec_deg=dec, pixel_arcsec=PIXEL, projection=projection)
            made[projection, ra, dec] = write_image(folder / f"{projection}{ra}{dec}.fits", ramp(NY, NX), header)
    return made


@given(
    field=st.integers(0, 11),
    x=st.floats(-80, 130),
    y=st.floats(-80, 120),
    # Never half a pixel: two ways to compute a pixel's size may then round apart.
    size=st.integers(1, 36).flatmap(lambda n: st.floats(n - 0.49, n + 0.49)),
)
@settings(max_examples=400)
def test_same_pixels_as_cutout2d(
    images: dict[tuple[str, float, float], Path], field: int, x: float, y: float, size: float
) -> None:
    path = list(images.values())[field]
    with fits.open(path) as hdus:
        data, wcs = hdus[0].data.copy(), WCS(hdus[0].header)
    sky = wcs.pixel_to_world(x, y).icrs
    x, y = wcs.world_to_pixel(sky)
    half = round(size) / 2
    # On the border between two origins the last digit decides, in astropy.
    assume(min(abs(y - half - round(y - half)), abs(x - half - round(x - half))) > 1e-5)
    try:
        theirs = Cutout2D(data, sky, size * PIXEL * u.arcsec, wcs=wcs, mode="partial", fill_value=np.nan)
    except NoOverlap:
        with pytest.raises(NoOverlapError):
            create_cutout(path, sky.ra.deg, sky.dec.deg, size * PIXEL / 60)
        return
    ours = create_cutout(path, sky.ra.deg, sky.dec.deg, size * PIXEL / 60)
    np.testing.assert_array_equal(ours.data, theirs.data)
    assert ours.wcs.wcs.crpix == pytest.approx(wcs.wcs.crpix - np.array(ours.origin[::-1]))
    target = ours.target
    assert all(
        abs(position - (length - 1) / 2) <= 0.5 + 1e-6 for position, length in zip(target, ours.data.shape, strict=True)
    )
    back = ours.wcs.pixel_to_world(target[1], target[0])
    assert back.separation(sky).arcsec < 1e-5
    inside = theirs.data[np.isfinite(theirs.data)]
    assert ours.status == ("full" if inside.size == ours.data.size else "partial")
