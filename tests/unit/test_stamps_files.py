"""Stamps as FITS files: astropy, which had no part in writing them, reads what was meant."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.errors import UnreadableImageError, UnwritableOutputError
from dsa110_contimg.images import Beam, open_image
from dsa110_contimg.images.header import CARD, Header, format_card, format_commentary
from dsa110_contimg.qa import create_cutout
from dsa110_contimg.qa.stamps.cutout import Cutout
from dsa110_contimg.qa.stamps.files import write_fits, write_fits_series
from support import SHARED, ramp, run_python, shared_data, sky_header, write_image

CENTRE = (150.0, 30.0)
FILES = sorted(str(path.relative_to(SHARED)) for path in SHARED.glob("images/*/*.[fF]*"))
NO_IMAGE = {"m33_beams_bintable.fits.gz", "ngc0925_na.fits.gz"}  # headers without pixels
# Layout, coordinates, beam and what FITS itself means by a keyword: a stamp has its own.
OWN = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|[PG]COUNT|BSCALE|BZERO|BLANK|DATAM..|EXTNAME|CHECKSUM|DATASUM|WCSAXES|SPECSYS"
    r"|(CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA)\d[A-Z]?|WCSNAME[A-Z]?|(PC|CD|PV)\d+_\d+|PC\d{6}|LONPOLE|LATPOLE|EQUINOX|EPOCH|RADESYS|VELREF"
    r"|ALTRVAL|ALTRPIX|BMAJ|BMIN|BPA|CASAMBM|COMMENT|HISTORY|"
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Invalid 'BLANK' keyword"),
    pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning"),
]


def read(path: Path) -> tuple[fits.Header, np.ndarray]:
    """Read a primary HDU, strictly."""
    assert path.stat().st_size % 2880 == 0
    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert len(hdus) == 1
        return hdus[0].header, np.array(hdus[0].data)


def assert_same_sky(header: fits.Header, cutout: Cutout) -> None:
    """Compare sky coordinates at the corners with those that astropy was given without a file."""
    ny, nx = cutout.data.shape
    corners = np.array([(x, y) for x in (0, nx - 1) for y in (0, ny - 1)], float)
    ours = WCS(header)
    assert ours.naxis == 2
    np.testing.assert_allclose(ours.all_pix2world(corners, 0), cutout.wcs.all_pix2world(corners, 0), rtol=0, atol=1e-9)
    assert ours.pixel_to_world(0, 0).frame.is_equivalent_frame(cutout.wcs.pixel_to_world(0, 0).frame)


# ---------------------------------------------------------------------- cards
VALUES = st.one_of(
    st.booleans(),
    st.none(),
    st.integers(-(10**40), 10**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.complex_numbers(allow_nan=False, allow_infinity=False),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
)


# What astropy does not even read as it wrote it, https://github.com/astropy/astropy/issues/18831 and 14581: our own
# reader alone is asked.
MISREAD = re.compile("''|' */")


@given(VALUES, st.sampled_from(["A", "KEYWORD8", "ESO INS MODE", "LONGER_THAN_8"]))
def test_astropy_reads_the_value_that_was_written(value: object, keyword: str) -> None:
    text = format_card(keyword, value)  # type: ignore[arg-type]
    assert len(text) % CARD == 0
    expected = value.rstrip() if isinstance(value, str) else value
    assert Header(text)[keyword] == expected
    if isinstance(value, str) and MISREAD.search(value):
        return
    card = fits.Card.fromstring(text)
    card.verify("exception")
    theirs = None if isinstance(card.value, fits.card.Undefined) else card.value
    assert (card.keyword, theirs) == (keyword, expected)
    assert type(theirs) is type(expected)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=69, max_size=300))
def test_long_strings(value: str) -> None:
    for keyword in ("OBJECT", "ESO INS MODE"):
        text = format_card(keyword, value)
        assert len(text) % CARD == 0
        assert Header(text)[keyword] == value.rstrip()
        if not MISREAD.search(value):
            assert fits.Header.fromstring(text)[keyword] == value.rstrip()


def test_a_quote_is_never_parted_from_its_double() -> None:
    for blanks in range(60, 70):
        value = "a" * blanks + "'" + "b" * 20
        assert fits.Header.fromstring(format_card("OBJECT", value))["OBJECT"] == value


def test_no_blank_is_lost_where_commentary_is_broken() -> None:
    for letters in range(66, 76):
        text = "x" * letters + "  y" + " z" * 80
        cards = format_commentary("HISTORY", text)
        assert "".join(fits.Header.fromstring(cards)["HISTORY"]) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [(1e-9, "1.0E-09"), (1e16, "1.0E+16"), (2.5e-300, "2.5E-300"), (3.0, "3.0"), (-0.0, "-0.0"), (7, "7"), (True, "T")],
)
def test_numbers_end_in_column_thirty(value: float, written: str) -> None:
    assert format_card("A", value) == f"A       = {written:>20}".ljust(CARD)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        format_card("A" * 65, 1234567890)
    assert len(format_card("A" * 65, 12)) == CARD
    assert format_commentary("HISTORY", "x" * 73) == f"HISTORY {'x' * 72}HISTORY x".ljust(160)


# ---------------------------------------------------------------------- one stamp
SIP = {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-4, "B_0_2": -2e-4, "A_1_1": 3e-5, "AP_ORDER": 2, "BP_ORDER": 2}


@pytest.mark.parametrize(
    "cards",
    [
        {},
        {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"},
        {"CTYPE1": "RA---ARC", "CTYPE2": "DEC--ARC", "LONPOLE": 150.0},
        {"CTYPE1": "RA---AIT", "CTYPE2": "DEC--AIT", "CRVAL2": 0.0, "CRPIX2": -53967.0},
        {"CDELT1": 1.0, "CDELT2": 1.0, "CD1_1": -4e-4, "CD1_2": 2e-4, "CD2_1": 2e-4, "CD2_2": 4e-4},
        {"PC1_1": 0.8, "PC1_2": -0.6, "PC2_1": 0.6, "PC2_2": 0.8},
        {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", **SIP},
        {"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV", "PV1_1": 1.0, "PV1_3": 0.01, "PV1_4": 0.1, "PV2_1": 1.0},
        {"PV2_1": 0.01, "PV2_2": -0.02},
        {"RADESYS": "FK4", "EQUINOX": 1950.0, "DATE-OBS": "1980-02-03"},
        {"RADESYS": "FK5", "EQUINOX": 2000.0, "MJD-OBS": 59000.5},
        {"CTYPE1": "GLON-SIN", "CTYPE2": "GLAT-SIN"},
    ],
    ids=["SIN", "TAN", "ARC", "AIT", "CD", "PC", "SIP", "TPV", "slant", "FK4", "FK5", "galactic"],
)
def test_the_sky_of_the_file_is_that_of_the_stamp(tmp_path: Path, cards: dict[str, object]) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header(**cards))
    sky = open_image(path).celestial.make_wcs((64, 64)).pixel_to_world(40, 20).icrs
    stamp = create_cutout(path, sky.ra.deg, sky.dec.deg, 0.4)
    stamp.write(tmp_path / "stamp.fits")
    header, pixels = read(tmp_path / "stamp.fits")
    np.testing.assert_array_equal(pixels, stamp.data)
    assert_same_sky(header, stamp)
    for keyword in ("DATE-OBS", "MJD-OBS"):
        assert header.get(keyword) == cards.get(keyword)


def test_the_parents_cards_are_kept(tmp_path: Path) -> None:
    kept = {
        "OBJECT": "O'Neill's ''star''",
        "FLAG": True,
        "COUNT": 12,
        "TINY": 1.25e-200,
        "PHASE": 1.5 - 2j,
        "NOTHING": None,
        "COMMAND": "it's " * 40,
        "ESO INS MODE": "wide",
    }
    header = sky_header(BMAJ=0.002, BMIN=0.001, BPA=30.0, EXTNAME="THEIRS", BLANK=3)
    for keyword, value in kept.items():
        header[keyword if len(keyword) <= 8 else f"HIERARCH {keyword}"] = value
    header["HISTORY"] = "h" * 100
    header["COMMENT"] = "about the card above"
    path = write_image(tmp_path / "a.fits", ramp(64, 64, dtype="f8"), header)
    create_cutout(path, *CENTRE, 0.2).write(tmp_path / "stamp.fits")
    written, pixels = read(tmp_path / "stamp.fits")
    for keyword, value in kept.items():
        theirs = written[keyword]
        assert (None if isinstance(theirs, fits.card.Undefined) else theirs) == (
            value.rstrip() if isinstance(value, str) else value
        )
    assert (written["BITPIX"], pixels.dtype) == (-64, np.dtype(">f8"))
    assert (written["BMAJ"], written["BMIN"], written["BPA"], written["BUNIT"]) == (0.002, 0.001, 30.0, "Jy/beam")
    assert not {"EXTNAME", "BLANK", "COMMENT"} & set(written)
    assert list(written["HISTORY"])[:2] == ["h" * 72, "h" * 28]
    assert len(set(written)) == len([card for card in written.cards if card.keyword != "HISTORY"]) + 1


def test_each_stamp_of_a_parent_says_where_it_was_cut(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header())
    for shift, size in ((0.0, 0.2), (0.005, 0.2), (-0.005, 0.3)):
        stamp = create_cutout(path, 150.0, 30.0 + shift, size)
        stamp.write(tmp_path / "stamp.fits")
        header, pixels = read(tmp_path / "stamp.fits")
        y0, x0 = stamp.origin
        np.testing.assert_array_equal(pixels, stamp.data)
        assert (header["LTV1"], header["LTV2"], header["LTM1_1"], header["LTM2_2"]) == (-x0, -y0, 1, 1)
        assert f"rows {y0}:{y0 + len(pixels)}, columns {x0}:{x0 + len(pixels)} of" in str(header["HISTORY"])
        assert str(path) == "".join(list(header["HISTORY"])[1:])
        assert_same_sky(header, stamp)


def test_two_parents_do_not_lend_each_other_their_cards(tmp_path: Path) -> None:
    for name in ("a", "b", "a"):
        image = write_image(tmp_path / f"{name}.fits", ramp(64, 64), sky_header(OBJECT=name))
        create_cutout(image, *CENTRE, 0.2).write(tmp_path / "stamp.fits")
        assert read(tmp_path / "stamp.fits")[0]["OBJECT"] == name
    stamp = create_cutout(tmp_path / "a.fits", *CENTRE, 0.2)
    dataclasses.replace(stamp, header={"OBJECT": "c"}).write(tmp_path / "stamp.fits")
    assert read(tmp_path / "stamp.fits")[0]["OBJECT"] == "c"
    for changed in ({"unit": "K"}, {"beam": Beam(0.1, 0.1, 0.0)}, {"plane": {"stokes": "V"}}):
        dataclasses.replace(stamp, **changed).write(tmp_path / "stamp.fits")
        header = read(tmp_path / "stamp.fits")[0]
        assert (header["BUNIT"] == "K", "BMAJ" in header, header.get("STOKES") == "V") == tuple(
            word in changed for word in ("unit", "beam", "plane")
        )


def test_what_fits_has_no_form_for_is_left_out(tmp_path: Path) -> None:
    stamp = create_cutout(write_image(tmp_path / "a.fits", ramp(64, 64), sky_header()), *CENTRE, 0.2)
    header = {"BAD": math.nan, "WORSE": -math.inf, "WORST": complex(1, math.nan), "end": 1, "é": 2, "K" * 70: 12345}
    odd = dataclasses.replace(
        stamp, header={**header, "GOOD": 1, "UNIT": "µJy\n"}, beam=Beam(0.1, 0.1, math.nan), image="/tmp/é.fits"
    )
    odd.write(tmp_path / "stamp.fits")
    written, _ = read(tmp_path / "stamp.fits")
    assert not {"BAD", "WORSE", "WORST", "BPA", "END"} & set(written)
    assert (written["GOOD"], written["UNIT"], written["BMAJ"]) == (1, "\\xb5Jy", 0.1)


@pytest.mark.parametrize("relative", FILES)
def test_real_images(tmp_path: Path, relative: str) -> None:
    path = shared_data(relative)
    if path.name in NO_IMAGE:
        pytest.skip("has no pixels")
    image = open_image(path)
    parent = image.header
    ny, nx = image.shape
    sky = image.celestial.make_wcs(image.shape).pixel_to_world(nx // 2, ny // 2).icrs
    cube = len(image.axes.lengths) == 3 and image.axes.lengths[2] > 1
    stamp = create_cutout(
        path, sky.ra.deg, sky.dec.deg, 11 * image.celestial.pixel_scales_deg[0] * 60, channel=1 if cube else None
    )
    stamp.write(tmp_path / "stamp.fits")
    header, pixels = read(tmp_path / "stamp.fits")
    np.testing.assert_array_equal(pixels, stamp.data)
    assert_same_sky(header, stamp)
    kept = {k for k in parent if not OWN.fullmatch(k) and not re.match(r"Z|TTYPE|TFORM|TFIELDS|EXTVER|INHERIT", k)}
    for keyword in kept:
        value = header[keyword]
        assert (None if isinstance(value, fits.card.Undefined) else value) == parent[keyword], keyword
    assert stamp.beam is None or header["BMAJ"] == stamp.beam.major_deg


# ---------------------------------------------------------------------- files
def test_writing_loads_no_astropy(tmp_path: Path) -> None:
    image = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header())
    code = (
        "import sys; from dsa110_contimg.qa import create_cutout\n"
        "create_cutout(sys.argv[1], 150.0, 30.0, 0.2).write(sys.argv[2])\n"
        "assert 'astropy' not in sys.modules"
    )
    done = run_python(code, str(image), str(tmp_path / "stamp.fits"))
    assert (done.returncode, done.stderr) == (0, "")
    read(tmp_path / "stamp.fits")


def test_an_old_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    stamp = create_cutout(write_image(tmp_path / "a.fits", ramp(64, 64), sky_header()), *CENTRE, 0.2)
    (tmp_path / "stamp.fits").write_bytes(b"x" * 100_000)
    write_fits(stamp, tmp_path / "stamp.fits")
    read(tmp_path / "stamp.fits")
    with pytest.raises(UnwritableOutputError):
        write_fits(stamp, tmp_path / "absent" / "stamp.fits")
    unreadable = dataclasses.replace(stamp, parent_celestial=None, status="unreadable")
    with pytest.raises(UnreadableImageError):
        write_fits(unreadable, tmp_path / "none.fits")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fits", "stamp.fits"]


# ---------------------------------------------------------------------- a series
def epochs(folder: Path) -> list[Cutout]:
    """Cut one source out of three images, two of which have the same name."""
    images = [folder / "night1" / "field.fits.gz", folder / "night2" / "Field.fits", folder / "other.fits"]
    for number, image in enumerate(images):
        image.parent.mkdir(exist_ok=True)
        write_image(image, ramp(64, 64) * (number + 1), sky_header(OBJECT=f"epoch {number}", PC1_2=0.1 * number))
    return [create_cutout(image, *CENTRE, 0.2 + 0.1 * k) for k, image in enumerate(images)]


def test_a_series_has_an_extension_for_each_epoch(tmp_path: Path) -> None:
    stamps = epochs(tmp_path)
    gone = dataclasses.replace(stamps[0], status="unreadable", parent_celestial=None)
    off = dataclasses.replace(stamps[0], status="off-image")
    write_fits_series(iter([gone, stamps[0], off, *stamps[1:]]), tmp_path / "series.fits", name="3C 48é")
    with fits.open(tmp_path / "series.fits") as hdus:
        hdus.verify("exception")
        primary = hdus[0].header
        assert hdus[0].data is None
        assert (primary["OBJECT"], primary["RA_TARG"], primary["DEC_TARG"]) == ("3C 48\\xe9", 150.0, 30.0)
        assert [(hdu.name, hdu.ver) for hdu in hdus[1:]] == [("field", 1), ("Field", 2), ("other", 1)]
        for stamp, hdu in zip(stamps, hdus[1:], strict=True):
            write_fits(stamp, tmp_path / "single.fits")
            single, pixels = read(tmp_path / "single.fits")
            np.testing.assert_array_equal(hdu.data, pixels)
            layout = {"SIMPLE", "XTENSION", "PCOUNT", "GCOUNT", "EXTNAME", "EXTVER"}
            ours, theirs = ([c.image for c in h.cards if c.keyword not in layout] for h in (hdu.header, single))
            assert ours == theirs
            assert_same_sky(hdu.header, stamp)


def test_a_series_that_fails_leaves_nothing(tmp_path: Path) -> None:
    stamps = epochs(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    broken = dataclasses.replace(stamps[0], parent_celestial=None)  # and yet it says that it is full
    with pytest.raises(UnreadableImageError):
        write_fits_series([*stamps, broken], tmp_path / "series.fits")
    with pytest.raises(ValueError, match="no stamps"):
        write_fits_series([], tmp_path / "series.fits")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_series_without_any_readable_epoch_still_names_the_source(tmp_path: Path) -> None:
    off = dataclasses.replace(epochs(tmp_path)[0], status="off-image")
    write_fits_series([off], tmp_path / "series.fits", name="gone")
    with fits.open(tmp_path / "series.fits") as hdus:
        hdus.verify("exception")
        assert (len(hdus), hdus[0].header["OBJECT"]) == (1, "gone")
