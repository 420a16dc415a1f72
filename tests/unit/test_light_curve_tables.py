"""Light curves as tables and files, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from dsa110_contimg.errors import MissingDependencyError, OutputExistsError, UnwritableOutputError
from dsa110_contimg.qa import LightCurves, measure_light_curves
from dsa110_contimg.simulate import Source, simulate_image

COLUMNS = [
    *("name", "ra_deg", "dec_deg", "image", "mjd", "peak", "flux", "flux_error", "local_rms", "snr", "upper_limit"),
    *("flags", "flag_names"),
]
FLUXES = ("peak", "flux", "flux_error", "local_rms", "upper_limit")


@pytest.fixture
def curves(tmp_path: Path) -> LightCurves:
    """Measure a source, a blend with it, and one off the image, in two images of which one has no date."""
    for k in range(2):
        path = tmp_path / f"{k}.fits"
        simulate_image(path, [Source(180.0, 37.0, flux_jy=0.02)], 2e-4, shape=(150, 150), mjd=60000.0, seed=k)
    with fits.open(tmp_path / "1.fits", mode="update") as hdus:
        del hdus[0].header["MJD-OBS"], hdus[0].header["DATE-OBS"]
    names = ["α Cen", 'a "quoted", name', "off"]
    paths = [tmp_path / "0.fits", tmp_path / "1.fits"]
    return measure_light_curves(paths, [180.0, 180.004, 0.0], [37.0, 37.0, -60.0], names=names)


def check(table: Table, curves: LightCurves) -> None:
    assert table.colnames == COLUMNS
    assert list(table["name"]) == [name for name in curves.names for _ in range(2)]
    assert list(table["image"]) == list(curves.images) * 3
    np.testing.assert_array_equal(table["mjd"], np.tile(curves.mjd, 3))
    np.testing.assert_array_equal(table["ra_deg"], np.repeat(curves.ra_deg, 2))
    for name in (*FLUXES, "snr", "flags"):
        np.testing.assert_array_equal(
            np.ma.filled(table[name], np.nan if name != "flags" else 0), getattr(curves, name).ravel()
        )


def check_units(table: Table) -> None:
    assert {table[name].unit for name in FLUXES} == {u.Jy / u.beam}
    assert (table["ra_deg"].unit, table["dec_deg"].unit, table["mjd"].unit) == (u.deg, u.deg, u.day)
    assert table["snr"].unit is None
    assert all(table[name].description for name in COLUMNS)
    assert "1 BLENDED" in table["flags"].description
    assert "128 OFFSET" in table["flags"].description


def test_a_row_for_each_source_and_epoch(curves: LightCurves) -> None:
    table = curves.to_table()
    check(table, curves)
    check_units(table)
    assert list(table["flag_names"]) == ["BLENDED"] * 4 + ["OFF_IMAGE"] * 2
    assert table["flags"].dtype == np.uint16
    assert table.meta["remarks"] == list(curves.remarks)


def test_a_row_for_each_source(curves: LightCurves) -> None:
    table = curves.to_source_table()
    assert len(table) == 3
    assert table.colnames[:3] == COLUMNS[:3]
    for name in table.colnames[3:]:
        np.testing.assert_array_equal(table[name], getattr(curves.variability, name))
    assert table["mean_flux"].unit == u.Jy / u.beam
    assert all(table[name].description for name in table.colnames)


def test_ecsv_keeps_everything(curves: LightCurves, tmp_path: Path) -> None:
    curves.write(tmp_path / "curves.ecsv")
    table = Table.read(tmp_path / "curves.ecsv")
    check(table, curves)
    check_units(table)
    assert table.meta["remarks"] == list(curves.remarks)
    assert table["flags"].dtype == np.uint16


def test_csv_keeps_every_number(curves: LightCurves, tmp_path: Path) -> None:
    curves.write(str(tmp_path / "curves.CSV"))
    table = Table.read(tmp_path / "curves.CSV", format="ascii.csv")
    check(table, curves)
    import pandas as pd

    frame = pd.read_csv(tmp_path / "curves.CSV", keep_default_na=False, na_values=["nan"])
    assert list(frame.columns) == COLUMNS
    assert list(frame["flag_names"]) == ["BLENDED"] * 4 + ["OFF_IMAGE"] * 2
    np.testing.assert_allclose(frame["flux"], curves.flux.ravel(), rtol=1e-12)  # pandas reads fast, and not to the bit


def test_parquet_keeps_units_and_descriptions(curves: LightCurves, tmp_path: Path) -> None:
    path = tmp_path / "curves.parquet"
    curves.write(path)
    schema = pq.read_schema(path)
    assert schema.names == COLUMNS
    assert {schema.field(name).metadata[b"unit"] for name in FLUXES} == {b"Jy / beam"}
    assert schema.field("mjd").metadata[b"unit"] == b"d"
    assert b"unit" not in schema.field("snr").metadata
    assert all(schema.field(name).metadata[b"description"] for name in COLUMNS)
    table = Table.read(path)
    check(table, curves)
    check_units(table)
    frame = pq.read_table(path).to_pandas()
    assert frame["name"][0] == "α Cen"
    np.testing.assert_array_equal(frame["flux"], curves.flux.ravel())
    assert frame["flags"].dtype == np.uint16
    assert pq.read_table(path)["flag_names"].to_pylist()[0] == "BLENDED"


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".ecsv"])
def test_what_was_there_is_replaced_and_nothing_else_is_left(curves: LightCurves, tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / f"curves{ending}").write_text("old")
    curves.write(folder / f"curves{ending}")
    assert [path.name for path in folder.iterdir()] == [f"curves{ending}"]
    assert (folder / f"curves{ending}").read_bytes() != b"old"


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".ecsv"])
def test_a_write_that_fails_leaves_what_was_there(
    curves: LightCurves, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / f"curves{ending}").write_text("old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Table, "write", fail)
    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(UnwritableOutputError, match="No space left"):
        curves.write(folder / f"curves{ending}")
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(f"curves{ending}", "old")]


@pytest.mark.parametrize("name", ["curves.txt", "curves", "curves.fits", "curves.parquet.gz"])
def test_another_ending_is_refused(curves: LightCurves, tmp_path: Path, name: str) -> None:
    with pytest.raises(UnwritableOutputError, match="ends in") as caught:
        curves.write(tmp_path / name)
    assert ".ecsv" in caught.value.hint
    assert not (tmp_path / name).exists()


def test_places_that_cannot_be_written_to(curves: LightCurves, tmp_path: Path) -> None:
    with pytest.raises(UnwritableOutputError):
        curves.write(tmp_path / "absent" / "curves.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputExistsError):
        curves.write(tmp_path / "folder.csv")


def test_without_pyarrow_the_extra_is_named(
    curves: LightCurves, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"dsa110-contimg\[parquet\]"):
        curves.write(tmp_path / "curves.parquet")
    assert not (tmp_path / "curves.parquet").exists()


def test_units_that_nobody_knows_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    simulate_image(path, [], 1e-3, shape=(120, 120))
    with fits.open(path, mode="update") as hdus:
        hdus[0].header["BUNIT"] = "WU/furlong"
    curves = measure_light_curves(path, [180.0], [37.0])
    assert curves.flags[0, 0] == 0
    for ending in (".ecsv", ".parquet", ".csv"):
        curves.write(tmp_path / f"curves{ending}")
    assert pq.read_schema(tmp_path / "curves.parquet").field("flux").metadata[b"unit"] == b"WU/furlong"
