"""Fluxes of catalogues: the column that is one, its unit, and the frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, QTable, Table

from dsa110_contimg.qa.catalogues import Catalogue, find_catalogue, read_catalogue
from support import shared_data

if TYPE_CHECKING:
    from pathlib import Path


def catalogue_of(**columns: Any) -> Catalogue:
    return find_catalogue(Table({"ra": [150.0, 151.0], "dec": [-30.0, -31.0]} | columns))


@pytest.mark.parametrize(
    ("name", "unit", "factor"),
    [
        *(("flux_jy", None, 1.0), ("flux_mJy", None, 1e-3), ("flux_ujy", None, 1e-6), ("Flux (mJy)", None, 1e-3)),
        *(("peak_flux_mjy_beam", None, 1e-3), ("flux_jy_per_beam", None, 1.0), ("flux_µJy", None, 1e-6)),
        *(("Total_flux", "Jy", 1.0), ("Peak_flux", "mJy/beam", 1e-3), ("flux", "mJy beam-1", 1e-3)),
        *(("int_flux", "uJy", 1e-6), ("Int flux", "mJy", 1e-3), ("Fint", "mJy", 1e-3), ("Sp", "mJy", 1e-3)),
        *(("S1.4", "mJy", 1e-3), ("S_int", "JY", 1.0), ("Ftot", "mJy", 1e-3), ("S150MHz_mJy", None, 1e-3)),
        ("flux_jy", "mJy", 1e-3),  # what the column says counts more than its name
    ],
)
def test_usual_columns_and_their_units(name: str, unit: str | None, factor: float) -> None:
    table = Table({"ra": [150.0], "dec": [-30.0], name: [3.0]})
    table[name].unit = unit
    found = find_catalogue(table)
    assert found.flux_jy is not None
    np.testing.assert_allclose(found.flux_jy, [3.0 * factor])
    assert f"column {name} (" in found.remarks[0]
    assert not found.flux_jy.flags.writeable


def test_total_fluxes_come_before_peaks_and_before_those_that_do_not_tell() -> None:
    found = catalogue_of(peak_flux_jy=[1.0, 1.0], flux_jy=[2.0, 2.0], total_flux_jy=[3.0, 3.0], s1=[4.0, 4.0])
    assert found.flux_jy.tolist() == [3.0, 3.0]
    assert "total, in Jy" in found.remarks[0]
    found = catalogue_of(peak_flux_jy=[1.0, 1.0], flux_jy=[2.0, 2.0])
    assert found.flux_jy.tolist() == [2.0, 2.0]
    found = catalogue_of(peak_flux_jy=[1.0, 1.0])
    assert "peak, in Jy" in found.remarks[0]


def test_a_column_without_a_unit_gives_way_to_one_that_has_one() -> None:
    found = catalogue_of(flux=[1.0, 2.0], flux_mjy=[1000.0, 2000.0], total_flux=[7.0, 7.0])
    assert found.flux_jy.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"flux": [1.0, 2.0]}, "column flux has no unit"),
        ({"brightness": [1.0, 2.0]}, "No column is known to be a flux. There are: ra, dec, brightness."),
        ({"flux": [1.0, 2.0] * u.K}, "column flux is in K, which is no flux density"),
        ({"flux_jy": ["bright", "faint"]}, "column flux_jy is not numbers"),
        ({"flux_jy": [[1.0, 2.0], [3.0, 4.0]]}, "column flux_jy is not numbers: a cell of it holds (2,) values"),
    ],
)
def test_no_flux_is_guessed(columns: dict[str, Any], said: str) -> None:
    found = catalogue_of(**columns)
    assert (found.flux_jy, found.frequency_hz) == (None, None)
    assert said in found.remarks[0]
    assert "name their column flux_jy" in found.remarks[-1]


def test_masked_and_textual_fluxes_and_rows_without_a_position() -> None:
    table = Table(
        {
            "ra": [1.0, np.nan, 3.0],
            "dec": [1.0, 2.0, 3.0],
            "flux_jy": MaskedColumn([1.0, 2.0, 3.0], mask=[True, False, False]),
            "frequency_ghz": ["", "2", "3"],
        }
    )
    with pytest.warns(UserWarning, match="rows 2"):
        found = find_catalogue(table)
    np.testing.assert_array_equal(found.flux_jy, [np.nan, 3.0])
    np.testing.assert_array_equal(found.frequency_hz, [np.nan, 3e9])


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        *(("freq", "MHz", 887.5e6), ("Frequency", "GHz", 887.5e9), ("freq_mhz", None, 887.5e6)),
        *(("ref_freq", "Hz", 887.5), ("frequency_hz", None, 887.5), ("Freq (MHz)", None, 887.5e6)),
        ("freq", None, None),
        ("freq", "m", None),
    ],
)
def test_frequencies_of_a_column(name: str, unit: str | None, expected: float | None) -> None:
    table = Table({"ra": [150.0], "dec": [-30.0], "flux_jy": [3.0], name: [887.5]})
    table[name].unit = unit
    found = find_catalogue(table)
    if expected is None:
        assert found.frequency_hz is None
        assert f"column {name} has no unit, so that" in found.remarks[-1]
    else:
        assert found.frequency_hz.tolist() == [pytest.approx(expected)]
        assert len(found.remarks) == 1


@pytest.mark.parametrize(
    ("flux", "expected"),
    [("S1.4", 1.4e9), ("s4.85", 4.85e9), ("S150MHz", 150e6), ("flux_3ghz", 3e9), ("S843", None)],
)
def test_frequencies_that_the_name_of_the_flux_tells(flux: str, expected: float | None) -> None:
    found = catalogue_of(**{flux: [1.0, 2.0] * u.mJy})
    assert found.flux_jy.tolist() == [1e-3, 2e-3]
    assert found.frequency_hz is None if expected is None else found.frequency_hz == pytest.approx(expected)


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        *(({"FREQ": "1.4 GHz"}, 1.4e9), ({"frequency": 888 * u.MHz}, 888e6), ({"frequency_mhz": 150}, 150e6)),
        *(({"RESTFRQ": 1.4e9}, 1.4e9), ({"FREQ": 1.4}, None), ({"frequency_hz": "unknown"}, None)),
        *(({"frequency_hz": -1.0}, None), ({"title": "1.4 GHz"}, None)),
    ],
)
def test_frequencies_of_the_metadata(meta: dict[str, Any], expected: float | None) -> None:
    table = Table({"ra": [150.0], "dec": [-30.0], "flux_jy": [3.0]}, meta=meta)
    found = find_catalogue(table)
    assert found.frequency_hz is None if expected is None else found.frequency_hz == pytest.approx(expected)


def test_frequencies_that_are_none_are_nan() -> None:
    found = catalogue_of(flux_jy=[1.0, 2.0], freq_hz=[0.0, 1.4e9])
    np.testing.assert_array_equal(found.frequency_hz, [np.nan, 1.4e9])


def test_selavys_units_are_known() -> None:
    found = read_catalogue(shared_data("images/vast_epochs/epoch01.selavy.components.csv"))
    np.testing.assert_allclose(found.flux_jy[[0, 1, 4]], [0.116161, 2.001231634, 0.994944043])
    np.testing.assert_allclose(found.frequency_hz, np.array([887.5, 179.7, 179.7, 179.7, 179.7]) * 1e6)
    assert found.remarks == ("Fluxes are those of the column flux_int (total, in mJy).",)


def test_units_survive_fits_and_votable(tmp_path: Path) -> None:
    table = Table({"ra": [150.0], "dec": [-30.0], "Peak_flux": [3.0] * u.mJy / u.beam}, meta={"RESTFRQ": 1.4e9})
    table.write(tmp_path / "c.fits")
    found = read_catalogue(tmp_path / "c.fits")
    assert (found.flux_jy.tolist(), found.frequency_hz.tolist()) == ([3e-3], [1.4e9])
    table.write(tmp_path / "c.vot", format="votable")
    assert read_catalogue(tmp_path / "c.vot").flux_jy.tolist() == [3e-3]
    with fits.open(tmp_path / "c.fits", mode="update") as hdus:
        hdus[1].header["TUNIT3"] = "JY/BEAM"  # no unit of the standard, and in half of all files
    assert read_catalogue(tmp_path / "c.fits").flux_jy.tolist() == [3.0]


def test_what_a_catalogue_may_be_given_as(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["a"], "ra": [150.0], "dec": [-30.0], "flux_mjy": [3.0]})
    frame.to_csv(tmp_path / "c.csv", index=False)
    quantities = QTable({"ra": [150.0] * u.deg, "dec": [-0.5235987755982988] * u.rad, "flux": [3.0] * u.mJy})
    read = read_catalogue(tmp_path / "c.csv")
    for given in (read, tmp_path / "c.csv", str(tmp_path / "c.csv"), frame, Table.from_pandas(frame), quantities):
        found = find_catalogue(given)
        np.testing.assert_allclose([found.ra_deg[0], found.dec_deg[0], found.flux_jy[0]], [150.0, -30.0, 3e-3])
    assert find_catalogue(read) is read
    assert quantities.colnames == ["ra", "dec", "flux"]
    with pytest.raises(TypeError, match="ndarray is no catalogue"):
        find_catalogue(np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        *(("RA (deg)", "Dec (deg)"), ("RA(2000)", "DEC(2000)"), ("RAdeg", "DEdeg"), ("RAdeg", "DECdeg")),
        *(("ra", "decl"), ("wm_ra", "wm_decl"), ("_RA", "_DE"), ("s_ra", "s_dec"), ("raMean", "decMean")),
        *(("RAJD", "DECJD"), ("RA_ICRS", "DEC_ICRS"), ("ra_mean", "dec_mean")),
    ],
)
def test_more_names_of_positions(ra: str, dec: str) -> None:
    found = find_catalogue(Table({ra: [150.0], dec: [-30.0]}))
    assert (found.ra_deg[0], found.dec_deg[0]) == (150.0, -30.0)
