"""CasaTable: what a person types."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from casa_tables import make_table, snapshot
from dsa110_contimg import errors
from dsa110_contimg.qa.visualization import CasaTable
from dsa110_contimg.qa.visualization.columns import Column

if TYPE_CHECKING:
    from pathlib import Path

DATA = (np.arange(5 * 3 * 2).reshape(5, 3, 2) * (1 + 2j)).astype(np.complex64)
FLAG = np.zeros((5, 3, 2), bool)
FLAG[1, 2, 0] = True
FLAG_ROW = np.array([False, False, False, True, False])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    antenna = make_table(tmp_path / "set.ms" / "ANTENNA", {"NAME": np.array(["ea01", "ea02"], dtype=object)})
    return make_table(
        tmp_path / "set.ms" / "main",
        {
            "DATA": DATA,
            "FLAG": FLAG,
            "FLAG_ROW": FLAG_ROW,
            "WEIGHT": np.ones((5, 2), np.float32),
            "TIME": np.arange(5.0),
            "ANTENNA1": np.array([0, 0, 1, 1, 0], np.int32),
            "OPEN": [np.ones((2, 2)), np.ones((4, 2)), np.ones((4, 2)), np.ones((4, 2)), np.ones((4, 2))],
        },
        units={"TIME": "s"},
        keywords={"ANTENNA": f"Table: {antenna}", "GONE": f"Table: {tmp_path / 'gone'}", "MS_VERSION": 2.0},
    )


@pytest.fixture
def table(path: Path) -> CasaTable:
    return CasaTable(path)


def test_it_tells_what_it_is(table: CasaTable, path: Path) -> None:
    assert (table.nrows, len(table), table.path) == (5, 5, str(path))
    assert table.columns == ["DATA", "FLAG", "FLAG_ROW", "WEIGHT", "TIME", "ANTENNA1", "OPEN"]
    assert table.keywords["MS_VERSION"] == 2.0
    assert repr(table) == f"<CasaTable {path}: 5 rows, 7 columns>"
    assert "TIME" in table
    assert "GONE" not in table


def test_a_column_is_an_item_and_an_attribute(table: CasaTable) -> None:
    for column in (table["DATA"], table.DATA):
        assert isinstance(column, Column)
        assert (column.name, column.shape, column.ndim, column.is_ragged) == ("DATA", (5, 3, 2), 3, False)
        assert column.dtype == np.complex64
        assert np.array_equal(np.asarray(column), DATA)
    assert (table.TIME.unit, table.DATA.unit) == ("s", None)
    assert table.TIME.keywords == {"QuantumUnits": ["s"]}
    assert np.asarray(table.TIME, dtype=np.int16).dtype == np.int16


def test_iterating_a_column_ends(table: CasaTable) -> None:
    assert list(table.TIME) == [0, 1, 2, 3, 4]
    assert [cell.shape for cell in table.OPEN] == [(2, 2)] + [(4, 2)] * 4


def test_an_array_without_a_copy_is_refused(table: CasaTable) -> None:
    with pytest.raises(ValueError, match="always a copy"):
        np.array(table.TIME, copy=False)


def test_flags_mask_where_they_fit(table: CasaTable) -> None:
    expected = FLAG | FLAG_ROW[:, None, None]
    masked = table.DATA_F[:]
    assert np.array_equal(masked.mask, expected)
    assert np.array_equal(masked.data, DATA)
    assert np.array_equal(table["DATA_F"][1, :, 0].mask, expected[1, :, 0])
    assert table.DATA_F[3, 0, 0] is np.ma.masked
    # The cells of WEIGHT are not those of FLAG: only FLAG_ROW speaks of them.
    assert np.array_equal(np.ma.getmaskarray(table.WEIGHT_F[:]), np.repeat(FLAG_ROW[:, None], 2, axis=1))
    assert np.array_equal(np.ma.getmaskarray(table.TIME_F[::-1]), FLAG_ROW[::-1])


def test_a_table_without_flags_has_no_masked_columns(tmp_path: Path) -> None:
    table = CasaTable(make_table(tmp_path / "t", {"A": np.arange(3)}))
    with pytest.raises(errors.ColumnNotFoundError, match="neither FLAG nor FLAG_ROW"):
        table.A_F  # noqa: B018


def test_a_column_that_ends_in_f_is_itself(tmp_path: Path) -> None:
    table = CasaTable(
        make_table(tmp_path / "t", {"A": np.arange(3), "A_F": np.arange(3) * 2, "FLAG_ROW": FLAG_ROW[:3]})
    )
    assert table.A_F[:].tolist() == [0, 2, 4]


def test_a_ragged_column_is_read_where_its_cells_agree(table: CasaTable) -> None:
    assert table.OPEN.is_ragged
    assert table.OPEN.shape is None
    assert table.OPEN.ndim == 3
    assert table.OPEN[0].shape == (2, 2)
    assert table.OPEN[1:].shape == (4, 4, 2)
    assert table.OPEN[[4, 1], ..., 0].shape == (2, 4)
    assert table.OPEN[0:0].shape == (0, 0, 0)
    for ask in (lambda: table.OPEN[:], lambda: np.asarray(table.OPEN), lambda: table.OPEN[[0, 4]]):
        with pytest.raises(errors.RaggedColumnError, match="make no array"):
            ask()


def test_the_shapes_of_cells_are_listed(table: CasaTable) -> None:
    assert table.OPEN.cell_shapes() == [(2, 2), (4, 2), (4, 2), (4, 2), (4, 2)]
    assert table.OPEN.cell_shapes(slice(1, None, -1)) == table.OPEN.cell_shapes([1, 0]) == [(4, 2), (2, 2)]
    assert table.OPEN.cell_shapes(np.arange(5) > 2) == [(4, 2), (4, 2)]
    assert table.OPEN.cell_shapes(slice(0, 0)) == []
    assert table.TIME.cell_shapes([0, -1]) == [(), ()]
    with pytest.raises(IndexError):
        table.OPEN.cell_shapes([5])


def test_the_hint_for_a_ragged_measurement_set_works(tmp_path: Path) -> None:
    cells = [np.ones((2, 2)), np.ones((4, 2)), np.ones((2, 2))]
    table = CasaTable(make_table(tmp_path / "t", {"DATA": cells, "DATA_DESC_ID": np.array([0, 1, 0])}))
    with pytest.raises(errors.RaggedColumnError) as caught:
        table.DATA[:]
    assert "table.select(data_desc_id=0).DATA[:]" in caught.value.hint
    assert table.select(data_desc_id=0).DATA[:].shape == (2, 2, 2)


def test_rows_are_a_table(table: CasaTable) -> None:
    assert table[1:3].TIME[:].tolist() == [1, 2]
    assert table[::-2].TIME[:].tolist() == [4, 2, 0]
    assert table[[3, 3, -5]].TIME[:].tolist() == [3, 3, 0]
    assert table[FLAG_ROW].TIME[:].tolist() == [3]
    assert table[-1].TIME[:].tolist() == [4]
    assert table[1:][1:].query("ANTENNA1 == 1").DATA_F[:].mask.tolist() == [[[False] * 2] * 3, [[True] * 2] * 3]
    assert (len(table[0:0]), table[0:0].DATA.shape, table[0:0].DATA[:].shape) == (0, (0, 3, 2), (0, 3, 2))
    for wrong in (5, [0, 5], [True], True, 1.5, (0, 0), [[0, 1]]):
        with pytest.raises(IndexError):
            table[wrong]


def test_rows_outlive_the_table_they_came_from(path: Path) -> None:
    with CasaTable(path) as table:
        rows = table[1:3]
    assert rows.TIME[:].tolist() == [1, 2]
    with pytest.raises(errors.UnreadableTableError):
        table.TIME[:]


def test_a_query_selects(table: CasaTable) -> None:
    selected = table.query("ANTENNA1 == 0 && TIME > 0")
    assert selected.TIME[:].tolist() == [1, 4]
    assert selected.ANTENNA.NAME[1] == "ea02"
    with pytest.raises(errors.BadQueryError, match="unknown column"):
        table.query("NOPE == 1")


def test_subtables(table: CasaTable, tmp_path: Path) -> None:
    assert table.ANTENNA.NAME[:].tolist() == ["ea01", "ea02"]
    assert {name: found.exists for name, found in table.subtables.items()} == {"ANTENNA": True, "GONE": False}
    assert CasaTable(table.subtables["ANTENNA"]).nrows == 2
    with pytest.raises(errors.TableNotFoundError, match=str(tmp_path / "gone")):
        table.GONE  # noqa: B018


def test_a_name_that_is_nearly_right(table: CasaTable) -> None:
    with pytest.raises(KeyError) as caught:
        table["DTAA"]
    assert isinstance(caught.value, errors.ColumnNotFoundError)
    assert "DATA" in caught.value.hint
    assert not hasattr(table, "time")
    with pytest.raises(AttributeError, match="Did you mean TIME"):
        table.time  # noqa: B018
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_tab_completion_offers_what_can_be_opened(table: CasaTable) -> None:
    offered = dir(table)
    assert {"DATA", "DATA_F", "WEIGHT_F", "ANTENNA", "query", "nrows"} <= set(offered)
    assert not {"GONE", "TIME_F", "FLAG_F"} & set(offered)
    for name in offered:
        getattr(table, name)


@pytest.mark.parametrize(
    "key", [1.0, "0", [0.5], (0, 0, 0, 0), (..., ...), 5, -6, (0, 3), [[5]], slice(0, 1, 0), np.ones(4, bool)]
)
def test_an_index_that_numpy_refuses_is_refused(table: CasaTable, key: object) -> None:
    with pytest.raises((IndexError, ValueError)):
        DATA[key]
    with pytest.raises((IndexError, ValueError)):
        table.DATA[key]


@pytest.mark.parametrize("key", [True, np.True_, (0, False)])
def test_a_lone_truth_is_refused(table: CasaTable, key: object) -> None:
    with pytest.raises(IndexError, match="a single True or False"):
        table.DATA[key]


def test_only_what_is_asked_for_is_read(table: CasaTable) -> None:
    reads = []
    reader = table._reader

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(reader, name)

        def read(self, column: str, rows: range, cell: tuple[slice, ...] | None, out: np.ndarray | None) -> object:
            found = reader.read(column, rows, cell, out)
            reads.append((len(rows), found.shape[1:]))
            return found

    column = Column(Counting(), "DATA")
    assert np.array_equal(column[::-2, 1], DATA[::-2, 1])
    assert np.array_equal(column[1:3], DATA[1:3])
    assert np.array_equal(column[4, ::2, [0]], DATA[4, ::2, [0]])
    assert reads == [(3, (1, 2)), (2, (3, 2)), (1, (2, 1))]


def test_looking_leaves_no_trace(table: CasaTable, path: Path) -> None:
    before = snapshot(path)
    table._repr_html_()
    table.DATA_F[::2, 1]
    table.query("TIME > 1")[0].DATA[:]
    assert snapshot(path) == before


def test_an_empty_table(tmp_path: Path) -> None:
    table = CasaTable(make_table(tmp_path / "t", {"A": np.arange(2)}))[0:0]
    assert table.A[:].dtype == np.int64
    assert "0 rows" in table._repr_html_()


def test_a_closed_table_can_still_be_named(path: Path) -> None:
    with CasaTable(path) as table:
        rows = table[:2]
    assert repr(table) == f"<CasaTable {path}: closed>"
    assert "2 rows" in repr(rows)


def test_flags_mask_where_other_rows_have_none(tmp_path: Path) -> None:
    flags = [np.array([True, False]), None, np.array([False, True])]
    table = CasaTable(make_table(tmp_path / "t", {"DATA": np.ones((3, 2)), "FLAG": flags}))
    assert table.DATA_F[:].mask.tolist() == [[True, False], [False, False], [False, True]]
    assert table.DATA_F[::-2, 1].mask.tolist() == [True, False]
