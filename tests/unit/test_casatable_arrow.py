"""A column as an Arrow array: its type, and what has no value."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from casacore.tables import table as casacore_table

from casa_tables import make_table
from dsa110_contimg import errors
from dsa110_contimg.qa.visualization import CasaTable, arrow_arrays

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

COLUMNS = {
    "TIME": (np.arange(3.0), pa.float64()),
    "FLAG_ROW": (np.array([True, False, True]), pa.bool_()),
    "NAME": (np.array(["a", "", "čas"], dtype=object), pa.string()),
    "GAIN": (np.arange(3) + 1j, pa.list_(pa.float64(), 2)),
    "UVW": (np.arange(9.0).reshape(3, 3), pa.list_(pa.float64(), 3)),
    "COUNT": (np.arange(12, dtype=np.uint8).reshape(3, 2, 2), pa.list_(pa.list_(pa.uint8(), 2), 2)),
    "DATA": (np.ones((3, 4, 2), np.complex64), pa.list_(pa.list_(pa.list_(pa.float32(), 2), 2), 4)),
    "OPEN": ([np.ones((1, 2)), None, np.ones((3, 2))], pa.list_(pa.list_(pa.float64()))),
    "SOME": ([None, np.ones(2, np.int32), np.ones(2, np.int32)], pa.list_(pa.int32(), 2)),
    "LABEL": ([np.array(["x"], object), np.array(["y", "z"], object), None], pa.list_(pa.string())),
}


@pytest.fixture
def table(tmp_path: Path) -> CasaTable:
    return CasaTable(make_table(tmp_path / "t", {name: values for name, (values, _) in COLUMNS.items()}))


@pytest.mark.parametrize("name", COLUMNS)
def test_types_follow_from_the_cells_and_live_in_parquet(table: CasaTable, tmp_path: Path, name: str) -> None:
    from pyarrow import parquet

    found = table[name].to_arrow()
    assert found.type == COLUMNS[name][1]
    assert [value is None for value in found.to_pylist()] == [value is None for value in COLUMNS[name][0]]
    if name == "SOME" and int(pa.__version__.split(".")[0]) < 26:
        return  # older ones cannot read back a list of fixed size that is null
    parquet.write_table(pa.table({name: found}), tmp_path / "t.parquet")
    assert parquet.read_table(tmp_path / "t.parquet")[name].to_pylist() == found.to_pylist()


def test_masked_values_are_null(tmp_path: Path) -> None:
    data, flag = np.arange(8.0).reshape(2, 2, 2) + 1j, np.arange(8).reshape(2, 2, 2) % 3 == 0
    table = CasaTable(make_table(tmp_path / "t", {"DATA": data, "FLAG": flag, "W": data.real}))
    expected = [None if flag.flat[place] else float(place) for place in range(8)]
    found = table.W_F.to_arrow()
    assert found.flatten().flatten().to_pylist() == expected
    assert [value and value[0] for value in table.DATA_F.to_arrow().flatten().flatten().to_pylist()] == expected


def test_ragged_cells_with_flags_are_null_where_flagged(tmp_path: Path) -> None:
    data = [np.ones((1, 2)), np.ones((2, 2))]
    flag = [np.array([[True, False]]), np.array([[False, False], [False, True]])]
    table = CasaTable(make_table(tmp_path / "t", {"DATA": data, "FLAG": flag}))
    assert table.DATA_F.to_arrow().to_pylist() == [[[None, 1.0]], [[1.0, 1.0], [1.0, None]]]


def test_nothing_at_all_has_a_type(table: CasaTable) -> None:
    none = table[:0]
    assert none.OPEN.to_arrow().type == COLUMNS["OPEN"][1]
    assert none.DATA.to_arrow().type == COLUMNS["DATA"][1]
    assert none.GAIN.to_arrow().type == COLUMNS["GAIN"][1]
    assert {len(none[name].to_arrow()) for name in COLUMNS} == {0}
    unwritten = table[1:2].OPEN.to_arrow()
    assert (unwritten.type, unwritten.to_pylist()) == (COLUMNS["OPEN"][1], [None])


def test_many_values_are_counted_in_64_bits(table: CasaTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_arrays, "_MOST_IN_LIST", 3)
    found = table.OPEN.to_arrow()
    assert found.type == pa.large_list(pa.large_list(pa.float64()))
    assert found.to_pylist() == [[[1.0, 1.0]], None, [[1.0, 1.0]] * 3]


def test_cells_that_no_arrow_type_holds_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    description = {
        "ANY": {"valueType": "double", "ndim": -1, "dataManagerType": "StandardStMan", "dataManagerGroup": "s"},
        "RECORD": {"valueType": "record", "dataManagerType": "StandardStMan", "dataManagerGroup": "s"},
    }
    for column in description.values():
        column.update(option=0, maxlen=0, comment="", keywords={})
    with casacore_table(str(folder), description, nrow=3, ack=False) as made:
        made.putcell("ANY", 0, np.ones(2))
        made.putcell("ANY", 1, np.ones((2, 2)))
        for row in range(3):
            made.putcell("RECORD", row, {"a": row})
    table = CasaTable(folder)
    with pytest.raises(errors.RaggedColumnError, match=r"\(2,\) and \(2, 2\)\.\n.*table\.ANY\.cells\(\)"):
        table.ANY.to_arrow()
    with pytest.raises(ValueError, match="RECORD are records"):
        table.RECORD.to_arrow()
    assert [cell is None or cell.shape for cell in table.ANY.cells()] == [(2,), (2, 2), True]
    assert table.RECORD.cells([2, 0]) == [{"a": 2}, {"a": 0}]
    assert table[2:].ANY.to_arrow().to_pylist() == [None]


def test_without_pyarrow_the_pip_line_is_printed(table: CasaTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(errors.MissingDependencyError, match=r'pip install "dsa110-contimg\[parquet\]"'):
        table.UVW.to_arrow()
