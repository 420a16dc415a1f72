"""A column as a dask array: nothing is read before it is computed, and any process can do it."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from casa_tables import make_table
from dsa110_contimg import errors
from dsa110_contimg.casa import open_table
from dsa110_contimg.casa.reader import TableReader
from dsa110_contimg.qa.visualization import CasaTable
from dsa110_contimg.qa.visualization.columns import Column
from dsa110_contimg.qa.visualization.flagged import FlaggedColumn
from dsa110_contimg.qa.visualization.lazy_arrays import StoredColumn
from dsa110_contimg.simulate import SimulatedMeasurementSet, simulate_measurement_set

dask = pytest.importorskip("dask", reason="dask is not installed")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> SimulatedMeasurementSet:
    return simulate_measurement_set(
        tmp_path_factory.mktemp("ms") / "a b.ms", n_antennas=5, n_times=4, n_channels=(8, 16), flag_fraction=0.2, seed=3
    )


@pytest.fixture
def table(truth: SimulatedMeasurementSet) -> CasaTable:
    return CasaTable(truth.path)


def test_nothing_is_read_before_it_is_computed(table: CasaTable, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    fill = TableReader.fill
    monkeypatch.setattr(
        TableReader, "fill", lambda self, reading, out: (reads.append(out.size), fill(self, reading, out))
    )
    window = table.query("DATA_DESC_ID == 1")
    lazy = window.DATA.to_dask(16)
    assert (lazy.shape, lazy.dtype, lazy.chunks[0]) == ((40, 16, 2), np.complex64, (16, 16, 8))
    assert len(dict(lazy.__dask_graph__())) == 3
    assert not any(reads)
    part = lazy[:20, 3:5].compute(scheduler="sync")
    if dask.__version__ >= "2026":  # older ones read the whole chunk, and take the part then
        assert sum(reads) == part.size
    assert np.array_equal(part, window.DATA[:20, 3:5])


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_each_task_opens_the_table_where_it_runs(table: CasaTable, scheduler: str) -> None:
    ways = [
        table.query("DATA_DESC_ID == 1"),
        table.select(data_desc_id=0)[::-3],
        table[40:].query("ANTENNA1 == 0").select(data_desc_id=1),
    ]
    lazy = [*(way.DATA_F.to_dask(5) for way in ways), table.UVW.to_dask(7).sum(axis=0)]
    *found, total = dask.compute(*lazy, scheduler=scheduler, num_workers=2)
    for way, values in zip(ways, found, strict=True):
        assert np.array_equal(values.data, way.DATA[:])
        assert np.array_equal(values.mask, way.DATA_F[:].mask)
        assert values.mask.any()
    assert np.allclose(total, table.UVW[:].sum(axis=0))


def test_a_graph_holds_plain_values_only(table: CasaTable) -> None:
    lazy = table[5:60].query("ANTENNA2 == 3").UVW.to_dask(4)
    expected = table[5:60].query("ANTENNA2 == 3").UVW[:]
    table.close()
    assert np.array_equal(pickle.loads(pickle.dumps(lazy)).compute(scheduler="sync"), expected)


def test_long_lists_of_rows_are_in_the_graph_once(table: CasaTable) -> None:
    lazy = table[list(range(79, -1, -1))].UVW.to_dask(1)
    assert len(pickle.dumps(lazy)) < len(pickle.dumps(table.UVW.to_dask(1))) + 80 * 8 + 1000
    assert len(dict(lazy.__dask_graph__())) == 80 + 1


def test_a_table_that_has_changed_is_read_again(tmp_path: Path) -> None:
    names = set()
    for number in (1.0, 2.0):
        folder = make_table(tmp_path / "t", {"A": np.full(3, number)})
        lazy = CasaTable(folder).A.to_dask()
        names.add(lazy.name)  # a cluster keeps results by name
        assert lazy.compute(scheduler="sync").tolist() == [number] * 3
        folder.rename(tmp_path / f"old {number}")
    assert len(names) == 2


def test_a_single_value_is_an_array_of_the_type_that_was_promised(tmp_path: Path) -> None:
    folder = make_table(
        tmp_path / "t", {"A": np.array(["x", "y"], object), "B": np.ones(2), "FLAG_ROW": np.eye(2)[0] > 0}
    )
    recipe = open_table(folder).recipe
    name = StoredColumn(recipe, "A", Column, (2,), np.dtype(object))[1,]
    assert (name.dtype, name.shape, name.item()) == (object, (), "y")
    masked, good = (StoredColumn(recipe, "B", FlaggedColumn, (2,), np.dtype(np.float32))[row,] for row in range(2))
    assert (masked.dtype, masked.shape, masked.mask.item(), good.item()) == (np.float32, (), True, 1.0)


def test_a_ragged_column_says_how_to_select(table: CasaTable) -> None:
    with pytest.raises(errors.RaggedColumnError, match=r"table\.select\(data_desc_id=0\)\.DATA"):
        table.DATA.to_dask()
    with pytest.raises(errors.RaggedColumnError, match="Nothing was ever written there"):
        table.FLAG_CATEGORY.to_dask()


def test_no_rows_are_an_array_too(table: CasaTable) -> None:
    lazy = table[:0].UVW.to_dask()
    assert (lazy.shape, lazy.dtype) == ((0, 3), np.float64)
    assert lazy.compute(scheduler="sync").shape == (0, 3)


def test_without_dask_the_pip_line_is_printed(table: CasaTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(errors.MissingDependencyError, match=r'pip install "dsa110-contimg\[dask\]"'):
        table.UVW.to_dask()
