"""Tables that nobody here wrote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from casa_tables import snapshot
from dsa110_contimg import errors
from dsa110_contimg.casa import open_table
from dsa110_contimg.qa.visualization import CasaTable
from support import package_folder, run_python, shared_data, unpack

CALTABLES = ["sma.ms.bcal", "sma.ms.dcal", "sma.ms.pha.gcal"]
ODDITIES = ["1090008640_birli.ms", "test_adp4_0_00300673800807520000_58342_05_00_14.ms"]


def look_at_everything(path: Path) -> CasaTable:
    """Read each column that is an array and draw the table, leaving no trace."""
    before = snapshot(path)
    table = CasaTable(path)
    for name in table.columns:
        column = table[name]
        if column.is_ragged:
            with pytest.raises(errors.RaggedColumnError):
                column[:]
        else:
            values = column[:]
            assert (values.shape, values.dtype) == (column.shape, column.dtype)
    assert all(name in table._repr_html_() for name in table.columns)
    assert snapshot(path) == before
    return table


@pytest.mark.parametrize("name", CALTABLES)
def test_a_caltable(name: str) -> None:
    path = shared_data(f"tables/caltables_sma/{name}")
    expected = json.loads(shared_data("reference/caltables.json").read_text())[name]
    table = look_at_everything(path)
    assert table.keywords["VisCal"] == table.info["subType"] == expected["viscal"]
    assert table.nrows == expected["rows"]
    assert np.mean(table.FLAG[:]) == pytest.approx(expected["flag_fraction"])
    assert len(table.ANTENNA) == expected["n_ant"]
    assert all(found.exists for found in table.subtables.values())


@pytest.mark.parametrize("name", ODDITIES)
def test_an_odd_measurement_set(name: str) -> None:
    expected = json.loads(shared_data("reference/ms_flags.json").read_text())
    known = next(found for key, found in expected.items() if key in name or name in key)
    table = look_at_everything(shared_data(f"tables/oddities/{name}"))
    assert table.nrows == known["rows"]
    assert len(table.subtables) == known["n_subtables"]
    assert np.count_nonzero(table.FLAG[:]) == known["flagged"]
    assert table.DATA_F[:].mask.sum() >= known["flagged"]
    assert np.count_nonzero(~np.isfinite(table.DATA[:])) == known["nonfinite_data"]
    for subtable in table.subtables.values():
        look_at_everything(Path(subtable.path))


def test_a_dangling_subtable(tmp_path: Path) -> None:
    name = "X5707_1spw_1scan_10chan_1time_1bl_noatm.ms"
    unpack(shared_data(f"tables/oddities/{name}.tar.gz"), tmp_path)
    expected = json.loads(shared_data("reference/ms_flags.json").read_text())[name]
    path = next(tmp_path.rglob("*.ms"))
    table = look_at_everything(path)
    broken = [name for name, found in table.subtables.items() if not found.exists]
    assert (table.nrows, len(table.subtables), broken) == (
        expected["rows"],
        expected["n_subtables"],
        expected["broken_subtables"],
    )
    assert broken[0] not in dir(table)
    with pytest.raises(errors.TableNotFoundError, match=broken[0]):
        getattr(table, broken[0])
    assert "of which 1 dangling" in table._repr_html_()


@pytest.mark.parametrize(
    ("name", "shape"), [("M17_SWex_unit.image", (1, 5, 6, 6)), ("NGC0925.bima.mmom0.image", (1, 1, 1, 1))]
)
def test_an_image_is_a_table_with_one_cell(name: str, shape: tuple[int, ...]) -> None:
    path = shared_data(f"tables/casa_images/{name}")
    table = look_at_everything(path)
    whole = table["map"][0]
    assert whole.shape == shape
    corner = open_table(path).read("map", range(1), tuple(slice(0, n) for n in shape))[0]
    assert np.array_equal(corner, whole, equal_nan=True)
    assert {"coords", "units", "imageinfo"} <= set(table.keywords)


def test_the_mask_of_an_image_is_a_table_too() -> None:
    image = CasaTable(shared_data("tables/casa_images/M17_SWex_unit.image"))
    mask = CasaTable(image.keywords["masks"]["mask0"]["mask"])
    assert (mask.nrows, mask[mask.columns[0]].dtype) == (1, bool)


def test_a_part_of_an_image_is_the_part() -> None:
    reader = open_table(shared_data("tables/casa_images/M17_SWex_unit.image"))
    whole = reader.read_cell("map", 0)
    part = reader.read("map", range(1), (slice(0, 1), slice(1, 4), slice(2, 5), slice(3, 6)))[0]
    assert np.count_nonzero(part)
    assert np.array_equal(part, whole[0:1, 1:4, 2:5, 3:6])


def test_a_folder_that_is_called_an_image_and_is_none() -> None:
    path = shared_data("tables/casa_images/floatarray_NOT_AN_IMAGE.image")
    before = snapshot(path)
    with pytest.raises(errors.UnreadableTableError, match=r"table\.f0") as caught:
        CasaTable(path)
    assert str(path) in caught.value.message
    assert snapshot(path) == before


def test_a_fits_image_is_no_table() -> None:
    with pytest.raises(errors.UnreadableTableError, match="FITS") as caught:
        CasaTable(shared_data("images/fornax_a/Fornaxa_vla.FITS"))
    assert "dsa110-qa cutout" in caught.value.hint


def test_every_table_of_the_casacore_wheel_in_a_process_of_its_own() -> None:
    """A string column of ephemerides/Sources, read whole, is a segmentation fault in casacore 3.8.1."""
    folders = [str(found.parent) for found in package_folder("casacore").rglob("table.dat")]
    if not folders:
        pytest.skip("this python-casacore brings no tables")
    child = run_python(WHEEL, *folders)
    assert (child.returncode, child.stderr) == (0, "")
    told = json.loads(child.stdout)
    assert list(told) == folders
    assert sum(map(bool, told.values())) > 10
    for folder, types in told.items():
        if folder.endswith("ephemerides/Sources"):
            assert types["Type"] == [1139, "ICRS", "ICRS"]


WHEEL = """
import json, sys
from dsa110_contimg.qa.visualization import CasaTable

told = {}
for folder in sys.argv[1:]:
    table = CasaTable(folder)
    table._repr_html_()
    told[folder] = {name: [len(table), *map(str, table[name][:][[0, -1]])] for name in table.columns if len(table)}
print(json.dumps(told))
"""


def test_the_ragged_evla_set_in_a_process_of_its_own() -> None:
    """DATA has ten cells of (2, 2) and ten of (4, 2): getcol would corrupt the heap, so the exit status counts."""
    path = package_folder("casa_formats_io") / "casa_low_level_io/tests/data/simple.ms"
    child = run_python(EVLA, str(path))
    assert (child.returncode, child.stderr) == (0, "")
    told = json.loads(child.stdout)
    assert told["cells"] == [[2, 2]] * 10 + [[4, 2]] * 10
    assert told["by_ddid"] == {"0": [10, 2, 2], "1": [10, 4, 2]}
    assert told["refused"] == 400
    assert "select(data_desc_id=0).DATA[:]" in told["hint"]
    assert told["first"] == pytest.approx([0.1715953, 0.08812293])
    assert told["agree"]
    assert told["subtables"] == 17


EVLA = """
import gc, json, sys
import numpy as np
from casacore.tables import table as native
from dsa110_contimg.errors import RaggedColumnError
from dsa110_contimg.qa.visualization import CasaTable

table = CasaTable(sys.argv[1])
cells = [table.DATA[row] for row in range(len(table))]
refused = 0
for attempt in range(100):
    for ask in (
        lambda: table.DATA[:], lambda: np.asarray(table.DATA), lambda: table.DATA[5:15, 0], lambda: table.DATA_F[...]
    ):
        try:
            ask()
        except RaggedColumnError as error:
            hint = error.hint
            refused += 1
gc.collect()
truth = native(sys.argv[1], ack=False)
agree = all(np.array_equal(cell, truth.getcell("DATA", row)) for row, cell in enumerate(cells))
by_ddid = {}
for number in (0, 1):
    rows = table.query(f"DATA_DESC_ID == {number}")
    by_ddid[number] = rows.DATA[:].shape
    expected = [cells[row] for row in np.flatnonzero(table.DATA_DESC_ID[:] == number)]
    agree &= np.array_equal(rows.DATA[:], np.array(expected))
    agree &= np.array_equal(rows.DATA[::-1, -1], np.array(expected)[::-1, -1])
    agree &= rows.DATA_F[:].mask.sum() == 0
agree &= np.array_equal(table.DATA[12:18:2], np.array(cells[12:18:2]))
agree &= all(map(np.array_equal, table.DATA.cells(), cells)) and all(map(np.array_equal, table.DATA, cells))
agree &= [(list(rows), values.shape) for rows, values in table.DATA.chunks()] == [
    (list(range(10)), (10, 2, 2)), (list(range(10, 20)), (10, 4, 2))
]
print(json.dumps({
    "cells": [cell.shape for cell in cells], "by_ddid": by_ddid, "refused": refused, "hint": hint,
    "first": [float(cells[0][0, 0].real), float(cells[0][0, 0].imag)], "agree": bool(agree),
    "subtables": len(table.subtables),
}))
"""
