"""What other programs get wrong with images, one test a trap."""

from __future__ import annotations

import gzip
import math
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from dsa110_contimg.errors import AmbiguousPlaneError, NoOverlapError, UnreadableImageError
from dsa110_contimg.images import Beam, open_image
from dsa110_contimg.qa import create_cutout
from support import ramp, shared_data, sky_header, write_image

CENTRE = (150.0, 30.0)
ARCMIN = 2 / 60  # the size of one pixel of `sky_header` in arcminutes


def cube_header(kinds: tuple[str, ...], shape: tuple[int, ...], **cards: object) -> fits.Header:
    """Make a header with axes in any order; `shape` is numpy's."""
    lengths = dict(zip(kinds, shape[::-1], strict=True))
    flat = sky_header((lengths["DEC"], lengths["RA"]))
    header = fits.Header({"RADESYS": "ICRS", "BUNIT": "Jy/beam"})
    rest = {
        "FREQ": ("FREQ", 1.4e9, 1e6, 1.0, "Hz"),
        "STOKES": ("STOKES", 1.0, 1.0, 1.0, ""),
        "TIME": ("TIME", 0.0, 1.0, 1.0, "s"),
    }
    for axis, kind in enumerate(kinds, start=1):
        of = {"RA": 1, "DEC": 2}.get(kind)
        values = [flat[f"{key}{of}"] for key in ("CTYPE", "CRVAL", "CDELT", "CRPIX", "CUNIT")] if of else rest[kind]
        for key, value in zip(("CTYPE", "CRVAL", "CDELT", "CRPIX", "CUNIT"), values, strict=True):
            header[f"{key}{axis}"] = value
    header.update(cards)
    return header


# ---------------------------------------------------------------------- axes
@pytest.mark.parametrize(
    "kinds",
    [
        ("RA", "DEC"),
        ("RA", "DEC", "FREQ"),
        ("RA", "DEC", "STOKES", "FREQ"),
        ("RA", "DEC", "FREQ", "STOKES", "TIME"),
        ("FREQ", "RA", "DEC"),
        ("STOKES", "RA", "FREQ", "DEC"),
        ("DEC", "RA"),
        ("DEC", "STOKES", "RA"),
    ],
    ids="-".join,
)
def test_axes_in_any_order_and_degenerate_ones_dropped(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    plane = ramp(20, 30)
    lengths = {"RA": 30, "DEC": 20}
    shape = tuple(lengths.get(kind, 1) for kind in kinds[::-1])
    order = [kind for kind in kinds[::-1] if kind in lengths]
    data = (plane if order == ["DEC", "RA"] else plane.T).reshape(shape)
    path = write_image(tmp_path / "a.fits", data, cube_header(kinds, shape))
    stamp = create_cutout(path, *CENTRE, 5 * ARCMIN)
    np.testing.assert_array_equal(stamp.data, plane[8:13, 13:18])
    assert stamp.target == pytest.approx((2, 2), abs=1e-6)
    assert stamp.origin == (8, 13)
    assert stamp.wcs.naxis == 2


def test_a_cube_without_a_chosen_plane_is_an_error(tmp_path: Path) -> None:
    shape = (3, 4, 20, 30)
    data = ramp(*shape)
    path = write_image(tmp_path / "a.fits", data, cube_header(("RA", "DEC", "STOKES", "FREQ"), shape))
    with pytest.raises(AmbiguousPlaneError, match="I, Q, U, V"):
        create_cutout(path, *CENTRE, 0.1)
    with pytest.raises(AmbiguousPlaneError, match="3 channels"):
        create_cutout(path, *CENTRE, 0.1, stokes="Q")
    with pytest.raises(AmbiguousPlaneError, match="XX"):
        create_cutout(path, *CENTRE, 0.1, stokes="XX", channel=0)
    for channel in (3, -1):
        with pytest.raises(AmbiguousPlaneError, match="Channel"):
            create_cutout(path, *CENTRE, 0.1, stokes="Q", channel=channel)
    stamp = create_cutout(path, *CENTRE, 5 * ARCMIN, stokes="u", channel=2)
    np.testing.assert_array_equal(stamp.data, data[2, 2, 8:13, 13:18])
    assert stamp.plane == {"stokes": "U", "channel": 2}


def test_correlations_are_named_from_the_negative_codes(tmp_path: Path) -> None:
    shape = (4, 20, 30)
    header = cube_header(("RA", "DEC", "STOKES"), shape, CRVAL3=-5.0, CDELT3=-1.0)
    path = write_image(tmp_path / "a.fits", ramp(*shape), header)
    assert open_image(path).axes.stokes_names == ("XX", "YY", "XY", "YX")
    assert create_cutout(path, *CENTRE, 0.1, stokes="XY").data[0, 0] > 1200


def test_an_axis_that_nothing_can_choose_is_an_error(tmp_path: Path) -> None:
    shape = (2, 3, 20, 30)
    path = write_image(tmp_path / "a.fits", ramp(*shape), cube_header(("RA", "DEC", "FREQ", "TIME"), shape))
    with pytest.raises(AmbiguousPlaneError, match="Axis 4"):
        create_cutout(path, *CENTRE, 0.1, channel=0)


# ---------------------------------------------------------------------- containers
def test_image_in_an_extension(tmp_path: Path) -> None:
    first, second = ramp(20, 30), ramp(20, 30) * 2
    hdus = [
        fits.PrimaryHDU(),
        fits.ImageHDU(np.zeros((5, 5)), name="WEIGHTS"),
        fits.BinTableHDU.from_columns([fits.Column("A", "J", array=[1])]),
        fits.ImageHDU(first, sky_header((20, 30)), name="SCI"),
        fits.ImageHDU(second, sky_header((20, 30)), name="MODEL"),
    ]
    path = tmp_path / "a.fits"
    fits.HDUList(hdus).writeto(path)
    np.testing.assert_array_equal(create_cutout(path, *CENTRE, 5 * ARCMIN).data, first[8:13, 13:18])
    for hdu in ("model", 4):
        np.testing.assert_array_equal(create_cutout(path, *CENTRE, 5 * ARCMIN, hdu=hdu).data, second[8:13, 13:18])
    with pytest.raises(UnreadableImageError, match=r"WEIGHTS.*no two axes of sky"):
        create_cutout(path, *CENTRE, hdu="WEIGHTS")
    with pytest.raises(UnreadableImageError, match="'MODEL'"):
        create_cutout(path, *CENTRE, hdu=9)


@pytest.mark.parametrize("name", ["a.fits.gz", "gzipped_without_saying_so.fits"])
def test_gzipped(tmp_path: Path, name: str) -> None:
    plain = write_image(tmp_path / "plain.fits", ramp(20, 30), sky_header((20, 30)))
    path = tmp_path / name
    path.write_bytes(gzip.compress(plain.read_bytes()))
    np.testing.assert_array_equal(create_cutout(path, *CENTRE, 0.2).data, create_cutout(plain, *CENTRE, 0.2).data)


@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"])
@pytest.mark.parametrize("shape", [(60, 70), (1, 1, 60, 70)], ids=str)
def test_compressed_by_tiles(tmp_path: Path, compression: str, shape: tuple[int, ...]) -> None:
    data = np.random.default_rng(1).normal(size=shape).astype("f4")
    if compression != "HCOMPRESS_1":
        data[..., 30, 35] = np.nan  # kept as ZBLANK, which other readers return as a number
    header = cube_header(("RA", "DEC", "STOKES", "FREQ")[: len(shape)], shape, BMAJ=0.001)
    path = tmp_path / "a.fits.fz"
    tile = (1,) * (len(shape) - 2) + (20, 20)
    fits.CompImageHDU(data, header, compression_type=compression, tile_shape=tile).writeto(path)
    stamp = create_cutout(path, *CENTRE, 9 * ARCMIN)
    with fits.open(path) as hdus:
        expected = hdus[1].data.reshape(60, 70)[26:35, 31:40]
    np.testing.assert_array_equal(stamp.data, expected)
    assert np.isnan(stamp.data[4, 4]) == (compression != "HCOMPRESS_1")
    assert stamp.data.dtype == np.dtype("f4")
    assert stamp.beam == Beam(0.001, 0.001, 0.0)


def test_real_compressed_image_equals_the_plain_one() -> None:
    plain, packed = (
        create_cutout(shared_data(f"images/{name}"), 50.67, -37.21, 3.0)
        for name in ("fornax_a/Fornaxa_vla.FITS", "compressed/fornaxa_vla_gzip_lossless.fits.fz")
    )
    np.testing.assert_array_equal(plain.data, packed.data)
    assert (plain.beam, plain.mjd, plain.unit) == (packed.beam, packed.mjd, packed.unit)


# ---------------------------------------------------------------------- geometry
def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    header = sky_header((90, 90), CDELT1=-1 / 3600, CDELT2=3 / 3600)
    path = write_image(tmp_path / "a.fits", ramp(90, 90), header)
    assert create_cutout(path, *CENTRE, 1.0).data.shape == (20, 60)


@pytest.mark.parametrize(("y", "x"), [(0, 0), (0, 29), (19, 0), (19, 29), (10, 0), (0, 15), (-2, 15), (21, 31)])
def test_at_the_edge_the_target_stays_in_the_central_pixel(tmp_path: Path, y: int, x: int) -> None:
    data = ramp(20, 30)
    path = write_image(tmp_path / "a.fits", data, sky_header((20, 30)))
    sky = WCS(sky_header((20, 30))).pixel_to_world(x, y)
    stamp = create_cutout(path, sky.ra.deg, sky.dec.deg, 7 * ARCMIN)
    assert stamp.data.shape == (7, 7)
    assert stamp.target == pytest.approx((3, 3), abs=1e-6)
    assert stamp.origin == (y - 3, x - 3)
    padded = np.pad(data, 10, constant_values=np.nan)
    np.testing.assert_array_equal(stamp.data, padded[y + 7 : y + 14, x + 7 : x + 14])
    assert stamp.status == "partial"


def test_fill_value(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", ramp(20, 30), sky_header((20, 30)))
    sky = WCS(sky_header((20, 30))).pixel_to_world(0, 0)
    stamp = create_cutout(path, sky.ra.deg, sky.dec.deg, 5 * ARCMIN, fill_value=-1)
    assert (stamp.data[:2] == -1).all()
    assert (stamp.data[2:, 2:] > 0).all()
    assert stamp.status == "partial"


@pytest.mark.parametrize("projection", ["SIN", "TAN", "ARC", "ZEA", "STG"])
@pytest.mark.parametrize(
    ("ra_deg", "dec_deg"), [(150.5, 30.0), (330.0, -30.0), (330.0, 30.0), (330.0, -30.1), (60.0, 0.0), (150.0, -75.0)]
)
def test_off_the_image_behind_the_tangent_plane_and_at_the_antipode(
    tmp_path: Path, projection: str, ra_deg: float, dec_deg: float
) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header(projection=projection))
    with pytest.raises(NoOverlapError):
        create_cutout(path, ra_deg, dec_deg, 0.2)


@pytest.mark.parametrize(
    ("ra_deg", "offset"), [(0.0, 0.01), (0.0, -0.01), (359.999, 0.01), (-0.001, -0.01), (720.0, 0.01)]
)
def test_right_ascension_zero(tmp_path: Path, ra_deg: float, offset: float) -> None:
    data = ramp(64, 64)
    path = write_image(tmp_path / "a.fits", data, sky_header(ra_deg=ra_deg % 360, dec_deg=0.0))
    stamp = create_cutout(path, ra_deg + offset, 0.0, 3 * ARCMIN)
    column = 32 - round(offset * 1800)
    np.testing.assert_array_equal(stamp.data, data[31:34, column - 1 : column + 2])


@pytest.mark.parametrize("dec_deg", [90.0, -90.0])
@pytest.mark.parametrize("ra_deg", [0.0, 123.0, 359.0])
def test_poles(tmp_path: Path, dec_deg: float, ra_deg: float) -> None:
    header = sky_header(dec_deg=dec_deg)
    path = write_image(tmp_path / "a.fits", ramp(64, 64), header)
    stamp = create_cutout(path, ra_deg, dec_deg, 5 * ARCMIN)
    assert stamp.target == pytest.approx((2, 2), abs=1e-6)
    near = SkyCoord(ra_deg, dec_deg - math.copysign(0.005, dec_deg), unit="deg")
    x, y = map(float, WCS(header).world_to_pixel(near))
    stamp = create_cutout(path, near.ra.deg, near.dec.deg, 5 * ARCMIN)
    assert (stamp.target[0] + stamp.origin[0], stamp.target[1] + stamp.origin[1]) == pytest.approx((y, x), abs=1e-6)


@pytest.mark.parametrize(
    ("cards", "frame"),
    [
        ({"RADESYS": "FK4", "EQUINOX": 1950.0}, "fk4"),
        ({"RADESYS": "FK5", "EQUINOX": 2000.0}, "fk5"),
        ({"CTYPE1": "GLON-SIN", "CTYPE2": "GLAT-SIN"}, "galactic"),
    ],
    ids=["fk4", "fk5", "galactic"],
)
def test_the_frame_of_the_image_is_honoured(tmp_path: Path, cards: dict[str, object], frame: str) -> None:
    data = ramp(64, 64)
    path = write_image(tmp_path / "a.fits", data, sky_header(**cards))
    options = {"equinox": "B1950"} if frame == "fk4" else {}
    icrs = SkyCoord(150.0, 30.0, unit="deg", frame=frame, **options).icrs
    stamp = create_cutout(path, icrs.ra.deg, icrs.dec.deg, 3 * ARCMIN)
    assert stamp.target == pytest.approx((1, 1), abs=1e-6)
    np.testing.assert_array_equal(stamp.data, data[31:34, 31:34])
    assert stamp.wcs.pixel_to_world(1, 1).icrs.separation(icrs).mas < 1e-3


@pytest.mark.parametrize(
    ("cards", "frame"),
    [
        ({"EQUINOX": "J2000.0"}, "fk5"),
        ({"EQUINOX": "B1950"}, "fk4"),
        ({"EPOCH": "J2000"}, "fk5"),
        ({"EQUINOX": "2000.0"}, "fk5"),
        ({"EQUINOX": ""}, "icrs"),
        ({"EPOCH": 0.0}, "icrs"),  # AIPS, where it knows none
        ({"EQUINOX": 0.0, "RADESYS": "FK5"}, "fk5"),
    ],
)
def test_an_equinox_in_words_and_one_that_is_not_known(tmp_path: Path, cards: dict[str, object], frame: str) -> None:
    header = sky_header()
    del header["RADESYS"]
    header.update(cards)
    path = write_image(tmp_path / "a.fits", ramp(64, 64), header)
    options = {"equinox": "B1950"} if frame == "fk4" else {}
    icrs = SkyCoord(150.0, 30.0, unit="deg", frame=frame, **options).icrs
    assert create_cutout(path, icrs.ra.deg, icrs.dec.deg, 3 * ARCMIN).target == pytest.approx((1, 1), abs=1e-6)


SIP = {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-4, "B_0_2": -2e-4, "A_1_1": 3e-5, "AP_ORDER": 2, "BP_ORDER": 2}


@pytest.mark.parametrize(
    "cards",
    [
        {"CDELT1": 1.0, "CDELT2": 1.0, "CD1_1": -4e-4, "CD1_2": 2e-4, "CD2_1": 2e-4, "CD2_2": 4e-4},
        {"PC1_1": 0.8, "PC1_2": -0.6, "PC2_1": 0.6, "PC2_2": 0.8},
        {"CROTA2": 30.0},
        {"PC001001": 0.8, "PC001002": -0.6, "PC002001": 0.6, "PC002002": 0.8},
        {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", **SIP},
        {"CROTA1": 30.0},
        {"LONPOLE": 150.0},
        {"LONPOLE": 180.0, "PV1_3": 150.0},
        {"PV2_1": 0.01, "PV2_2": -0.02},
        {"CTYPE1": "RA---ZPN", "CTYPE2": "DEC--ZPN", "PV2_1": 1.0, "PV2_3": 0.1},
        {"CUNIT1": "arcsec", "CUNIT2": "arcsec", "CDELT1": -2.0, "CDELT2": 2.0, "CRVAL1": 540000.0, "CRVAL2": 108000.0},
        {"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV", "PV1_1": 1.0, "PV1_3": 0.01, "PV1_4": 0.1, "PV2_1": 1.0},
    ],
    ids=["CD", "PC", "CROTA", "old-PC", "SIP", "CROTA1", "LONPOLE", "PV1_3", "slant", "ZPN", "arcsec", "TPV"],
)
@pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning")
def test_every_form_of_wcs_is_read_and_one_is_written(tmp_path: Path, cards: dict[str, object]) -> None:
    header = sky_header(**cards)
    path = write_image(tmp_path / "a.fits", ramp(64, 64), header)
    theirs = WCS(fits.getheader(path))
    sky = theirs.pixel_to_world(40, 25)
    stamp = create_cutout(path, sky.ra.deg, sky.dec.deg, 9 * ARCMIN)
    y, x = (stamp.target[i] + stamp.origin[i] for i in (0, 1))
    assert (y, x) == pytest.approx((25, 40), abs=1e-5)
    assert stamp.wcs.pixel_to_world(*stamp.target[::-1]).separation(sky).mas < 0.1
    stamp.write(tmp_path / "stamp.fits")
    written = fits.getheader(tmp_path / "stamp.fits")
    assert not [key for key in written if key.startswith(("CD1", "CD2", "CROTA", "PC00"))]
    assert WCS(written).pixel_to_world(*stamp.target[::-1]).separation(sky).mas < 0.1


def test_a_stamp_of_a_cube_has_two_axes_and_keeps_what_matters(tmp_path: Path) -> None:
    shape = (3, 1, 20, 30)
    header = cube_header(("RA", "DEC", "STOKES", "FREQ"), shape, OBJECT="3C48", BMAJ=0.002, BMIN=0.001, BPA=30.0)
    header["HISTORY"] = "made for a test"
    header["DATE-OBS"] = "2025-01-02T03:04:05"
    path = write_image(tmp_path / "cube with a space.fits", ramp(*shape), header)
    stamp = create_cutout(path, *CENTRE, 5 * ARCMIN, channel=1)
    stamp.write(tmp_path / "stamp.fits")
    with fits.open(tmp_path / "stamp.fits") as hdus:
        hdus.verify("exception")
        written = hdus[0].header
        np.testing.assert_array_equal(hdus[0].data, stamp.data)
    assert written["NAXIS"] == 2
    assert not [
        key
        for key in written
        if key.endswith(("3", "4")) and key[:-1] in {"NAXIS", "CTYPE", "CRVAL", "CDELT", "CRPIX", "CUNIT"}
    ]
    assert (written["BMAJ"], written["BMIN"], written["BPA"]) == (0.002, 0.001, 30.0)
    assert (written["OBJECT"], written["BUNIT"], written["DATE-OBS"]) == ("3C48", "Jy/beam", "2025-01-02T03:04:05")
    assert (written["LTV1"], written["LTV2"], written["CHANNEL"]) == (-13, -8, 1)
    assert "made for a test" in str(written["HISTORY"])
    assert path.name in str(written["HISTORY"]).replace("\n", "")


def test_a_header_that_breaks_the_standard_is_written_in_standard_form(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header())
    odd = [
        b"WEIRD   = abc def",
        b"lower   = 3",
        b"NOVAL   =",
        b"HIERARCH FOO bar = 3",
        b"HISTORY caf\xe9",
        b"OBJECT  = 'caf\xe9'",
    ]
    odd += [b"LONG    = '" + b"a" * 66 + b"&'", b"CONTINUE  'bbb'", b"A.B     = 1", b"END"]
    content = bytearray(path.read_bytes())
    at, cards = content.index(b"END".ljust(80)), b"".join(card.ljust(80) for card in odd)
    content[at : at + len(cards)] = cards
    path.write_bytes(bytes(content))
    create_cutout(path, *CENTRE, 0.2).write(tmp_path / "stamp.fits")
    with fits.open(tmp_path / "stamp.fits") as hdus:
        hdus.verify("exception")
        written = hdus[0].header
    assert (written["WEIRD"], written["LOWER"], written["FOO BAR"]) == ("abc def", 3, 3)
    assert written["LONG"] == "a" * 66 + "bbb"
    assert written["OBJECT"] == "caf\\xe9"


# ---------------------------------------------------------------------- pixels
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8"])
def test_scaled_integers_with_blank(tmp_path: Path, dtype: str) -> None:
    stored = (np.arange(600) % 200).reshape(20, 30).astype(dtype)
    hdu = fits.PrimaryHDU(stored, sky_header((20, 30)))
    blob = tmp_path / "a.fits"
    hdu.writeto(blob)
    with fits.open(blob, mode="update", do_not_scale_image_data=True) as hdus:
        hdus[0].header.update({"BSCALE": 0.5, "BZERO": -10.0, "BLANK": int(stored[10, 15])})
    stamp = create_cutout(blob, *CENTRE, 5 * ARCMIN)
    with fits.open(blob) as hdus:
        expected = hdus[0].data[8:13, 13:18]
    np.testing.assert_array_equal(stamp.data, expected)
    assert np.isnan(stamp.data[2, 2])
    assert np.isnan(stamp.data).sum() == 1
    assert stamp.data.dtype == expected.dtype.newbyteorder("=")


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
def test_native_owned_and_read_only(tmp_path: Path, dtype: str) -> None:
    path = write_image(tmp_path / "a.fits", ramp(20, 30, dtype=dtype), sky_header((20, 30)))
    data = create_cutout(path, *CENTRE, 0.1).data
    assert data.dtype.isnative
    assert data.dtype.kind == "f"
    assert data.flags.owndata
    assert data.flags.c_contiguous
    assert data.base is None
    with pytest.raises(ValueError, match="read-only"):
        data[0, 0] = 0


@pytest.mark.parametrize("missing", [1, 100, 2880, 3000])
def test_a_truncated_file_is_a_clear_error(tmp_path: Path, missing: int) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header())
    size = path.stat().st_size
    needed = len(fits.getheader(path).tostring()) + 64 * 64 * 4
    os.truncate(path, min(size, needed) - missing)
    with pytest.raises(UnreadableImageError, match="truncated"):
        create_cutout(path, *CENTRE, 0.1)


def test_padding_at_the_end_of_a_file_may_be_absent(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header())
    os.truncate(path, len(fits.getheader(path).tostring()) + 64 * 64 * 4)
    assert create_cutout(path, *CENTRE, 0.1).status == "full"


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_blank_stamps_are_returned_and_marked(tmp_path: Path, value: float) -> None:
    path = write_image(tmp_path / "a.fits", np.full((20, 30), value, "f4"), sky_header((20, 30)))
    assert create_cutout(path, *CENTRE, 0.1).status == "blank"


def test_pixels_without_sky_make_a_stamp_partial(tmp_path: Path) -> None:
    data = ramp(20, 30)
    data[10, 15] = np.nan
    path = write_image(tmp_path / "a.fits", data, sky_header((20, 30)))
    assert create_cutout(path, *CENTRE, 5 * ARCMIN).status == "partial"


def test_a_file_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", ramp(20, 30), sky_header((20, 30)))
    before = create_cutout(path, *CENTRE, 0.1)
    status = path.stat()
    other = write_image(tmp_path / "b.fits", ramp(20, 30) * 2, sky_header((20, 30)))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))  # same size, same time: only the inode tells
    other.replace(path)
    after = create_cutout(path, *CENTRE, 0.1)
    np.testing.assert_array_equal(after.data, before.data * 2)


@pytest.mark.parametrize(
    ("ra_deg", "dec_deg"), [(10.0, 90.0), (330.0, 0.0)], ids=["pole of a cylinder", "seam of the map"]
)
def test_where_the_map_is_torn_its_directions_are_those_of_the_reference(
    tmp_path: Path, ra_deg: float, dec_deg: float
) -> None:
    header = sky_header((90, 90), dec_deg=0.0, projection="CAR", CRPIX1=45.5, CRPIX2=45.0)
    header["CDELT1"], header["CDELT2"] = -4.0, 2.0
    path = write_image(tmp_path / "a.fits", ramp(90, 90), header)
    stamp = create_cutout(path, ra_deg, dec_deg, 900.0)
    np.testing.assert_allclose(stamp.sky_axes, [[-0.25, 0], [0, 0.5]], atol=1e-9)
    assert stamp._repr_png_().startswith(b"\x89PNG")


def test_scale_far_from_the_centre_is_that_of_the_reference_point(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header(CRPIX1=9000.0))
    sky = WCS(sky_header(CRPIX1=9000.0)).pixel_to_world(32, 32)
    assert create_cutout(path, sky.ra.deg, sky.dec.deg, 20 * ARCMIN).data.shape == (20, 20)


# ---------------------------------------------------------------------- beams
def image_with(tmp_path: Path, *history: str, **cards: object) -> Path:
    header = sky_header((20, 30), **cards)
    for line in history:
        header["HISTORY"] = line
    return write_image(tmp_path / "a.fits", ramp(20, 30), header)


def test_beam_from_its_keywords_is_in_degrees(tmp_path: Path) -> None:
    path = image_with(tmp_path, BMAJ=15 / 3600, BMIN=10 / 3600, BPA=-30.0)
    assert create_cutout(path, *CENTRE, 0.1).beam == Beam(15 / 3600, 10 / 3600, -30.0)


@pytest.mark.parametrize("cards", [{}, {"BMAJ": 0.0, "BMIN": 0.0, "BPA": 0.0}, {"BMAJ": -1.0, "BMIN": -1.0}])
def test_a_zero_beam_is_a_missing_beam(tmp_path: Path, cards: dict[str, object]) -> None:
    assert create_cutout(image_with(tmp_path, **cards), *CENTRE, 0.1).beam is None


def test_beam_from_the_history_of_aips(tmp_path: Path) -> None:
    lines = [
        "AIPS   CLEAN BMAJ=  1.0000E-03 BMIN=  1.0000E-03 BPA=   0.00",
        "AIPS   CLEAN BMAJ=  3.8889E-03 BMIN=  2.5D-03 BPA= -12.50",
    ]
    assert create_cutout(image_with(tmp_path, *lines), *CENTRE, 0.1).beam == Beam(3.8889e-3, 2.5e-3, -12.5)
    kept = image_with(tmp_path, *lines, BMAJ=0.002)
    assert create_cutout(kept, *CENTRE, 0.1).beam == Beam(0.002, 0.002, 0.0)


@pytest.mark.filterwarnings("ignore:Invalid 'BLANK' keyword")
def test_real_beam_that_stands_only_in_the_history(tmp_path: Path) -> None:
    header = fits.getheader(shared_data("images/compressed/ngc0925_na.fits.gz"))
    assert "BMAJ" not in header
    for key in [key for key in header if key.startswith("NAXIS")]:
        del header[key]
    for axis, kind in enumerate(("RA---SIN", "DEC--SIN"), start=1):
        header.update({f"CTYPE{axis}": kind, f"CRPIX{axis}": 10.0, f"CRVAL{axis}": 30.0, f"CDELT{axis}": 4e-4})
    path = write_image(tmp_path / "a.fits", ramp(20, 30), header)
    beam = create_cutout(path, 30.0, 30.0, 0.1).beam
    assert beam is not None
    # Walter et al. 2008, AJ 136, 2563 (THINGS), table 2: NGC 925, natural weights.
    assert (beam.major_deg * 3600, beam.minor_deg * 3600) == pytest.approx((5.94, 5.71), abs=0.01)
    assert beam.pa_deg == pytest.approx(30.6, abs=0.1)


def test_beams_of_the_planes(tmp_path: Path) -> None:
    shape = (1178, 1, 4, 4)
    with fits.open(shared_data("images/compressed/m33_beams_bintable.fits.gz")) as hdus:
        table = fits.BinTableHDU(hdus["BEAMS"].data, hdus["BEAMS"].header)
        rows = hdus["BEAMS"].data
        expected = Beam(rows["BMAJ"][700] / 3600, rows["BMIN"][700] / 3600, float(rows["BPA"][700]))
        assert hdus["BEAMS"].columns["BMAJ"].unit == "arcsec"
    header = cube_header(("RA", "DEC", "STOKES", "FREQ"), shape, CASAMBM=True)
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(ramp(*shape), header), table]).writeto(path)
    beam = create_cutout(path, *CENTRE, 0.1, channel=700).beam
    assert beam is not None
    assert (beam.major_deg, beam.minor_deg, beam.pa_deg) == pytest.approx(
        (expected.major_deg, expected.minor_deg, expected.pa_deg)
    )


def test_beams_of_the_planes_after_a_change_of_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = cube_header(("RA", "DEC", "FREQ"), (2, 64, 64), CASAMBM=True)
    numbers = [("BMAJ", "E", [6.0, 5.0]), ("BMIN", "E", [4.0, 3.0]), ("BPA", "E", [0.0, 0.0])]
    planes = [("CHAN", "J", [0, 1]), ("POL", "J", [0, 0])]
    columns = [fits.Column(name, form, array=np.array(values)) for name, form, values in numbers + planes]
    table = fits.BinTableHDU.from_columns(columns, name="BEAMS")
    fits.HDUList([fits.PrimaryHDU(ramp(2, 64, 64), header), table]).writeto(tmp_path / "a.fits")
    monkeypatch.chdir(tmp_path)
    image = open_image("a.fits")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert image.find_beam((0, 0, 1)) == Beam(5.0, 3.0, 0.0)


# ---------------------------------------------------------------------- dates, pickles, bridge
@pytest.mark.parametrize(
    ("cards", "mjd"),
    [
        ({"MJD-OBS": 60000.5, "DATE-OBS": "2000-01-01"}, 60000.5),
        ({"DATE-OBS": "2025-01-02T12:00:00.0"}, 60677.5),
        ({"DATE-OBS": "2025-01-02"}, 60677.0),
        ({"DATE-OBS": "07/10/86"}, 46710.0),
        ({"DATE-OBS": "not a date"}, None),
        ({"DATE-OBS": "2025-02-30"}, None),
        ({}, None),
    ],
)
def test_date(tmp_path: Path, cards: dict[str, object], mjd: float | None) -> None:
    assert create_cutout(image_with(tmp_path, **cards), *CENTRE, 0.1).mjd == mjd


def test_the_old_form_of_three_values_unpacks(tmp_path: Path) -> None:
    stamp = create_cutout(image_with(tmp_path, BMAJ=0.002, BMIN=0.001, BPA=5.0), *CENTRE, 0.1)
    data, wcs, metadata = stamp
    assert data is stamp.data
    assert wcs is stamp.wcs
    assert (metadata["beam_major_deg"], metadata["beam_minor_deg"], metadata["beam_pa_deg"]) == (0.002, 0.001, 5.0)


def test_a_stamp_pickles(tmp_path: Path) -> None:
    stamp = create_cutout(image_with(tmp_path), *CENTRE, 0.1)
    again = pickle.loads(pickle.dumps(stamp))
    assert not again.data.flags.writeable
    np.testing.assert_array_equal(again.data, stamp.data)
    assert again.wcs.wcs.compare(stamp.wcs.wcs)
    assert (again.origin, again.beam, dict(again.header)) == (stamp.origin, stamp.beam, dict(stamp.header))
