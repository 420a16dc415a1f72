"""Bad input gets an error that says what was asked, what was found and what to do."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from dsa110_contimg import errors
from dsa110_contimg.qa import create_cutout
from support import ramp, shared_data, sky_header, write_image


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_image(tmp_path / "good.fits", ramp(64, 64), sky_header())


def test_a_missing_file(tmp_path: Path, image: Path) -> None:
    with pytest.raises(errors.ImageNotFoundError, match=r"absent\.fits") as caught:
        create_cutout(tmp_path / "absent.fits", 150.0, 30.0)
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(errors.ImageNotFoundError):
        create_cutout(image / "below.fits", 150.0, 30.0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"SIMPLE  =", "truncated"),
        (b"hello, this is text\n" * 100, "no FITS file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (b"BZh9" + bytes(100), "bzip2"),
        (b"\x1f\x8b\x08" + bytes(100), "decompressed"),
        (b"SIMPLE  =                    T".ljust(2880), "no END"),
    ],
    ids=["empty", "nine bytes", "text", "png", "bzip2", "broken gzip", "no end"],
)
def test_a_file_that_is_no_image(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(content)
    with pytest.raises(errors.UnreadableImageError, match=says) as caught:
        create_cutout(path, 150.0, 30.0)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "link")
    for path, says in ((tmp_path / "pipe", "pipe"), (tmp_path / "link", "symbolic links"), ("x" * 5000, "too long")):
        with pytest.raises(errors.UnreadableImageError, match=says):
            create_cutout(path, 150.0, 30.0)


def test_a_fits_file_without_an_image(tmp_path: Path) -> None:
    path = tmp_path / "table.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns([fits.Column("A", "J", array=[1])])]).writeto(path)
    with pytest.raises(errors.UnreadableImageError, match=r"no image of the sky.*HDU 1 BINTABLE"):
        create_cutout(path, 150.0, 30.0)
    path = write_image(
        tmp_path / "spectrum.fits", np.zeros((5, 5), "f4"), fits.Header({"CTYPE1": "FREQ", "CTYPE2": "TIME"})
    )
    with pytest.raises(errors.UnreadableImageError, match="no two axes of sky"):
        create_cutout(path, 150.0, 30.0)


@pytest.mark.parametrize(
    ("cards", "says"),
    [
        ({"CRVAL1": "abc"}, "CRVAL1"),
        ({"CDELT1": 0.0}, "no size"),
        ({"CTYPE1": "RA---XYZ", "CTYPE2": "DEC--XYZ"}, "not understood"),
        ({"CTYPE1": "RA---SIN", "CTYPE2": "DEC--TAN"}, "not understood"),
        ({"RADESYS": "GAPPT"}, "GAPPT"),
        ({"CUNIT1": "furlong"}, "furlong"),
        ({"PC1_3": 0.1}, "mixes"),
        ({"CPDIS1": "LOOKUP"}, "distortion"),
        ({"BMAJ": "wide"}, "BMAJ"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_coordinates_that_cannot_be_understood(tmp_path: Path, cards: dict[str, object], says: str) -> None:
    path = write_image(tmp_path / "a.fits", ramp(64, 64), sky_header(**cards))
    with pytest.raises(errors.UnreadableImageError, match=says) as caught:
        create_cutout(path, 150.0, 30.0, 0.2)
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    ("ra_deg", "dec_deg", "size", "says"),
    [
        (math.nan, 30.0, 1.0, "no position"),
        (150.0, math.inf, 1.0, "no position"),
        (150.0, 90.5, 1.0, "beyond the pole"),
        (150.0, -91.0, 1.0, "beyond the pole"),
        (150.0, 30.0, 0.0, "size of 0"),
        (150.0, 30.0, -1.0, "size of -1"),
        (150.0, 30.0, math.nan, "size of nan"),
        (150.0, 30.0, 0.01, "0 × 0 pixels"),
        (150.0, 30.0, 2.2, "66 × 66 pixels.*64 × 64"),
    ],
)
def test_an_impossible_position_or_size(image: Path, ra_deg: float, dec_deg: float, size: float, says: str) -> None:
    with pytest.raises(errors.BadPositionError, match=says) as caught:
        create_cutout(image, ra_deg, dec_deg, size)
    assert isinstance(caught.value, ValueError)
    assert caught.value.hint


def test_a_position_off_the_image(image: Path) -> None:
    with pytest.raises(errors.NoOverlapError, match="64×64"):
        create_cutout(image, 151.0, 30.0)
    with pytest.raises(errors.NoOverlapError, match="far side"):
        create_cutout(image, 330.0, -30.0)


def test_a_folder_that_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(errors.UnreadableImageError, match=str(tmp_path)):
        create_cutout(tmp_path, 150.0, 30.0)


@pytest.mark.parametrize(
    "relative",
    ["caltables_sma/sma.ms.bcal", "oddities/1090008640_birli.ms", "casa_images/floatarray_NOT_AN_IMAGE.image"],
)
def test_a_table_as_image(relative: str) -> None:
    with pytest.raises(errors.UnreadableImageError, match=r"no CASA image|no image|no CASA table|cannot be") as caught:
        create_cutout(shared_data(f"tables/{relative}"), 150.0, 30.0)
    assert caught.value.hint


def test_a_file_inside_a_table_as_image() -> None:
    with pytest.raises(errors.UnreadableImageError, match="CASA table; the image is the folder"):
        create_cutout(shared_data("tables/casa_images/M17_SWex_unit.image") / "table.dat", 150.0, 30.0)
