"""Catalogues in every form, and files that are none."""

from __future__ import annotations

import contextlib
import gzip
import warnings
from typing import TYPE_CHECKING

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.errors import (
    CatalogueError,
    CatalogueNotFoundError,
    ContimgWarning,
    NoPositionColumnsError,
    UnreadableCatalogueError,
)
from dsa110_contimg.qa.catalogues import name_files, read_catalogue
from support import shared_data

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = Table({"name": ["3C 48", "b", "b"], "ra": [24.422, 150.0, 359.9], "dec": [33.16, -30.0, 0.0]})


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("c.csv", "ascii.csv"),
        ("c.ecsv", "ascii.ecsv"),
        ("c.txt", "ascii"),
        ("c.tsv", "ascii.tab"),
        ("c.vot", "votable"),
        ("c.fits", "fits"),
        ("c.fits.gz", "fits"),
        ("no_ending", "fits"),
        ("misleading.csv", "votable"),
    ],
)
def test_every_form_gives_the_same(tmp_path: Path, file: str, form: str) -> None:
    SOURCES.write(tmp_path / file, format=form)
    catalogue = read_catalogue(tmp_path / file)
    assert catalogue.names == ("3C 48", "b", "b")
    assert len(catalogue) == 3
    np.testing.assert_array_equal(catalogue.ra_deg, SOURCES["ra"])
    np.testing.assert_array_equal(catalogue.dec_deg, SOURCES["dec"])
    assert not catalogue.ra_deg.flags.writeable
    assert not catalogue.dec_deg.flags.writeable


def test_selavy_catalogue_of_real_format() -> None:
    catalogue = read_catalogue(shared_data("images/vast_epochs/epoch01.selavy.components.csv"))
    assert catalogue.names[:2] == ("J222253-452721", "J095956-295840")
    assert catalogue.ra_deg[2] == 150.020532
    assert catalogue.dec_deg[2] == -30.016111


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        ("ra", "dec"),
        ("RA", "DEC"),
        ("Ra_Deg", "Dec_Deg"),
        ("RAJ2000", "DEJ2000"),
        ("RAJ2000", "DECJ2000"),
        ("_RAJ2000", "_DEJ2000"),
        ("RA_ICRS", "DE_ICRS"),
        ("ALPHA_J2000", "DELTA_J2000"),
        ("wavg_ra", "wavg_dec"),
    ],
)
def test_usual_names_of_columns(tmp_path: Path, ra: str, dec: str) -> None:
    (tmp_path / "c.csv").write_text(f"flux,{dec},{ra}\n3,-30,150\n")
    catalogue = read_catalogue(tmp_path / "c.csv")
    assert (catalogue.ra_deg[0], catalogue.dec_deg[0]) == (150.0, -30.0)


@pytest.mark.parametrize("name", ["name", "Source_Name", "component_name", "Source_ID", "id"])
def test_usual_names_of_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "c.csv").write_text(f"ra,dec,{name}\n150,-30,17\n")
    assert read_catalogue(tmp_path / "c.csv").names == ("17",)


def test_sources_without_a_name_are_named_by_position(tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("ra,dec\n150.020532,-30.016111\n")
    assert read_catalogue(tmp_path / "none.csv").names == ("J100004.93-300058.0",)
    (tmp_path / "some.csv").write_text("name,ra,dec\nA,1,2\n,150.020532,-30.016111\n")
    assert read_catalogue(tmp_path / "some.csv").names == ("A", "J100004.93-300058.0")


def test_sexagesimal_texts(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text('ra,dec\n10:00:00,-30:30:00\n"10h30m00s",-00d30m00s\n')
    catalogue = read_catalogue(tmp_path / "c.csv")
    np.testing.assert_allclose(catalogue.ra_deg, [150.0, 157.5])
    np.testing.assert_allclose(catalogue.dec_deg, [-30.5, -0.5])


@pytest.mark.parametrize(
    ("unit", "value", "form"),
    [
        ("h", 10.0, "fits"),
        ("h", 10.0, "votable"),
        (u.hourangle, 10.0, "ascii.ecsv"),
        ("rad", np.radians(150.0), "fits"),
    ],
)
def test_units_are_honoured(tmp_path: Path, unit: str, value: float, form: str) -> None:
    table = Table({"ra": [value] * u.Unit(unit), "dec": [np.radians(-30.0)] * u.rad})
    table.write(tmp_path / "c", format=form)
    catalogue = read_catalogue(tmp_path / "c")
    assert catalogue.ra_deg[0] == pytest.approx(150.0)
    assert catalogue.dec_deg[0] == pytest.approx(-30.0)


def test_a_unit_that_is_no_angle_is_an_error(tmp_path: Path) -> None:
    Table({"ra": [1.0] * u.Jy, "dec": [2.0] * u.deg}).write(tmp_path / "c.fits")
    with pytest.raises(UnreadableCatalogueError, match="ra is in Jy"):
        read_catalogue(tmp_path / "c.fits")


@pytest.mark.parametrize("form", ["ascii.ecsv", "fits"])
def test_columns_of_astropys_own_kinds(tmp_path: Path, form: str) -> None:
    at = SkyCoord([150.0, 151.0], [30.0, -0.5], unit="deg").galactic
    Table({"seen": Time([59000.0, 59001.0], format="mjd"), "at": at}).write(tmp_path / "c", format=form)
    catalogue = read_catalogue(tmp_path / "c")
    np.testing.assert_allclose(catalogue.ra_deg, [150.0, 151.0])
    np.testing.assert_allclose(catalogue.dec_deg, [30.0, -0.5])


def test_votable_columns_are_found_by_ucd(tmp_path: Path) -> None:
    table = Table({"a": [1.0], "lon": [150.0], "lat": [-30.0]})
    table["lon"].meta["ucd"], table["lat"].meta["ucd"] = "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"
    table.write(tmp_path / "c.vot", format="votable")
    assert read_catalogue(tmp_path / "c.vot").ra_deg[0] == 150.0


def test_rows_without_a_position_are_left_out_and_named(tmp_path: Path) -> None:
    table = Table(
        {
            "name": list("abcde"),
            "ra": MaskedColumn([1.0, 2.0, 3.0, np.nan, 5.0], mask=[0, 1, 0, 0, 0]),
            "dec": [1.0, 2.0, -99.0, 4.0, 5.0],
        }
    )
    table.write(tmp_path / "c.ecsv")
    with pytest.warns(ContimgWarning, match=r"3 of 5 rows of c\.ecsv .* rows 2, 3, 4\."):
        catalogue = read_catalogue(tmp_path / "c.ecsv")
    assert catalogue.names == ("a", "e")


def test_texts_that_are_no_position_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("name,ra,dec\na,10:00:00,1\nb,unknown,2\nc,,3\n")
    with pytest.warns(ContimgWarning, match="rows 2, 3"):
        assert read_catalogue(tmp_path / "c.csv").names == ("a",)


def test_the_table_is_found_behind_an_image(tmp_path: Path) -> None:
    hdus = [fits.PrimaryHDU(np.zeros((3, 3))), fits.CompImageHDU(np.zeros((9, 9), "f4")), fits.table_to_hdu(SOURCES)]
    fits.HDUList(hdus).writeto(tmp_path / "c.fits")
    assert len(read_catalogue(tmp_path / "c.fits")) == 3


def test_columns_found_are_listed(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("x,flux\n1,2\n")
    with pytest.raises(NoPositionColumnsError, match="x, flux") as caught:
        read_catalogue(tmp_path / "c.csv")
    assert isinstance(caught.value, ValueError)
    assert "ra and dec" in caught.value.hint


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogueNotFoundError) as caught:
        read_catalogue(tmp_path / "none.csv")
    assert isinstance(caught.value, FileNotFoundError)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"ra,dec\n",
        b"ra,dec\nnan,nan\n",
        b"ra,dec\n1,2,3,4\n5\n",
        b"name,ra,dec\nCh\xe2,1,2\n",
        bytes(range(256)),
        b"<?xml version='1.0'?><VOTABLE><broken",
        b"SIMPLE  =                    T",
        gzip.compress(b"\0neither", mtime=0),
    ],
    ids=["empty", "blank", "no rows", "no position", "uneven", "latin-1", "bytes", "XML", "FITS", "gzip"],
)
def test_files_that_are_no_catalogue(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableCatalogueError, match=r"c\.csv"):
        read_catalogue(path)


@pytest.mark.parametrize("size", [1000, 2880, 5800])
def test_truncated_fits_table(tmp_path: Path, size: int) -> None:
    SOURCES.write(tmp_path / "whole.fits")
    (tmp_path / "c.fits").write_bytes((tmp_path / "whole.fits").read_bytes()[:size])
    with pytest.raises(UnreadableCatalogueError):
        read_catalogue(tmp_path / "c.fits")


def test_a_folder_and_an_image_are_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCatalogueError):
        read_catalogue(tmp_path)
    fits.writeto(tmp_path / "image.fits", np.zeros((3, 3)))
    with pytest.raises(UnreadableCatalogueError, match="no table"):
        read_catalogue(tmp_path / "image.fits")


MAGIC = st.sampled_from(
    [b"", b"\x1f\x8b", b"\x1f\x9d", b"BZh", b"\xfd7zXZ\0", b"SIMPLE  =", b"<?xml", b"# %ECSV", b"ra,dec\n"]
)


@given(st.tuples(MAGIC, st.binary(max_size=200)).map(b"".join))
def test_any_bytes_give_a_catalogue_or_our_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    with warnings.catch_warnings(), contextlib.suppress(CatalogueError):
        warnings.simplefilter("ignore", ContimgWarning)
        assert len(read_catalogue(path)) > 0


def test_a_gzipped_table(tmp_path: Path) -> None:
    path = tmp_path / "c.csv.gz"
    path.write_bytes(gzip.compress(b"name,ra,dec\nA,150,-30\n"))
    assert read_catalogue(path).names == ("A",)


@given(st.lists(st.text(max_size=200), max_size=20))
def test_names_of_files_are_safe_and_unique(names: list[str]) -> None:
    files = name_files(names)
    assert len({file.lower() for file in files}) == len(names)
    for file in files:
        assert file.isascii()
        assert 0 < len(file) < 200
        assert file[0] not in ".-"
        assert set(file).isdisjoint("/\\ \0:*?\"'")


def test_numbers_do_not_collide_with_names_that_have_one() -> None:
    assert name_files(["a", "a-2", "a", "A"]) == ["a", "a-2", "a-3", "A-4"]
