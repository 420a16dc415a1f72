"""A reader tells how it came about, so that another process comes to the same rows."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from casa_tables import make_table
from dsa110_contimg import errors
from dsa110_contimg.casa import open_table
from dsa110_contimg.casa.reader import TableReader


@pytest.fixture
def reader(tmp_path: Path) -> TableReader:
    return open_table(make_table(tmp_path / "t", {"A": np.arange(10), "B": np.arange(10) % 3}))


def select_in_many_ways(reader: TableReader) -> list[TableReader]:
    chosen = reader.select(np.array([7, 2, 2, 9, 4]))
    asked = reader.query("B > 0")
    return [
        reader,
        chosen,
        chosen.select(np.array([3, 0])),
        asked,
        asked.query("A < 8"),
        chosen.query("A > 2").select(np.array([1])),
        asked.select(np.array([5, 1])).query("B == 2"),
        reader.select(np.array([], np.intp)),
    ]


def test_a_recipe_leads_to_the_same_rows_after_a_journey(reader: TableReader) -> None:
    for way in select_in_many_ways(reader):
        again = pickle.loads(pickle.dumps(way.recipe)).open()
        assert again.read("A").tolist() == way.read("A").tolist()
        assert again.recipe.path == way.path


def test_rows_of_rows_are_one_step_and_keep_their_numbers(reader: TableReader) -> None:
    rows = np.array([7, 2, 9])
    recipe = reader.select(rows).select(np.array([2, 0])).recipe
    rows[:] = 0
    ((kind, numbers),) = recipe.steps
    assert (kind, numbers.tolist()) == ("select", [9, 7])
    with pytest.raises(ValueError, match="read-only"):
        numbers[0] = 1
    assert [kind for kind, _ in reader.query("B > 0").select(rows[:1]).select(rows[:1]).recipe.steps] == [
        "query",
        "select",
    ]


def test_a_table_that_is_gone_says_so(reader: TableReader, tmp_path: Path) -> None:
    recipe = reader.query("A > 2").recipe
    (tmp_path / "t").rename(tmp_path / "moved")
    with pytest.raises(errors.TableNotFoundError, match="There is no table at"):
        recipe.open()


def test_shapes_are_listed_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsa110_contimg.casa.reader._SHAPES_AT_ONCE", 2)
    cells = [np.ones((2, 2)), np.ones((4, 2)), np.ones((4, 2)), None, np.ones((2, 2))]
    reader = open_table(make_table(tmp_path / "r", {"DATA": cells, "UVW": np.ones((5, 3))}))
    shapes = [(2, 2), (4, 2), (4, 2), None, (2, 2)]
    assert reader.list_shapes("DATA") == shapes
    assert reader.list_shapes("DATA", range(0, 5, 2)) == shapes[::2]
    assert reader.list_shapes("DATA", range(2, 2)) == []
    assert reader.select(np.array([4, 3, 1])).list_shapes("DATA") == [(2, 2), None, (4, 2)]
    assert reader.list_shapes("UVW", range(1, 3)) == [(3,), (3,)]
    with pytest.raises(IndexError):
        reader.list_shapes("DATA", range(4, 6))
    with pytest.raises(errors.ColumnNotFoundError):
        reader.list_shapes("DATE")
