"""How a column is read: how often the table is asked, in how much memory, and what is refused."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from casa_tables import make_table
from dsa110_contimg.casa import reader as checked
from dsa110_contimg.casa.native import casacore_table
from dsa110_contimg.casa.readings import Reading
from dsa110_contimg.errors import RaggedColumnError, TableTooLargeError
from dsa110_contimg.qa.visualization import CasaTable, rows

DATA = np.arange(8 * 6.0).reshape(8, 3, 2)
FLAG = DATA % 3 == 0


@pytest.fixture
def table(tmp_path: Path) -> CasaTable:
    columns = {"DATA": DATA, "FLAG": FLAG, "NAME": DATA.astype(str).astype(object), "TIME": np.arange(8.0)}
    return CasaTable(make_table(tmp_path / "t", columns), isolated=False)


@pytest.fixture
def native_reads(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """What the native library is asked to read."""
    readings: list[Reading] = []
    fill = casacore_table.CasacoreTable.fill

    def spy(self: casacore_table.CasacoreTable, reading: Reading, out: np.ndarray) -> None:
        readings.append(reading)
        fill(self, reading, out)

    monkeypatch.setattr(casacore_table.CasacoreTable, "fill", spy)
    return readings


def alternating(*counts: int) -> list[np.ndarray]:
    """Cells of two shapes, in runs."""
    kinds = [(2, 2), (4, 2)]
    return [np.full(kinds[run % 2], float(run)) for run, count in enumerate(counts) for _ in range(count)]


@pytest.mark.parametrize("counts", [(40, 40, 40), (1,) * 60, (3, 1, 4, 1, 5)])
def test_cells_of_one_shape_are_read_in_one_go(
    tmp_path: Path, native_reads: list[Reading], counts: tuple[int, ...]
) -> None:
    truth = alternating(*counts)
    found = CasaTable(make_table(tmp_path / "t", {"DATA": truth}), isolated=False).DATA.cells()
    assert len(found) == len(truth)
    assert all(map(np.array_equal, found, truth))
    assert len(native_reads) == 2


def test_chunks_are_cut_where_the_shape_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_ROWS_AT_ONCE", 4)  # runs are longer than what is asked for at once
    truth = [*alternating(6, 5), None, None, np.zeros((2, 2))]
    column = CasaTable(make_table(tmp_path / "t", {"DATA": truth})).DATA
    assert [(rows, np.shape(values)) for rows, values in column.chunks()] == [
        (range(6), (6, 2, 2)),
        (range(6, 11), (5, 4, 2)),
        (range(11, 13), ()),
        (range(13, 14), (1, 2, 2)),
    ]
    assert [rows for rows, _ in column.chunks(4)] == [
        *(range(4), range(4, 6)),
        *(range(6, 10), range(10, 11)),
        *(range(11, 13), range(13, 14)),
    ]


def test_a_chunk_fills_64_mib_and_has_a_row_at_least(table: CasaTable, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows.count_chunk_rows((1024, 4), np.dtype(np.complex64), None) == 2048
    assert rows.count_chunk_rows((), np.dtype(object), None) == 2**20
    assert rows.count_chunk_rows((2**15, 2**15), np.dtype(float), None) == 1
    assert rows.count_chunk_rows((0, 2), np.dtype(float), None) > 1
    assert rows.count_chunk_rows((1024, 4), np.dtype(np.complex64), None, memory_limit=2**20) == 32
    monkeypatch.setattr(rows, "_CHUNK_BYTES", 2 * 48 + 1)
    assert [rows for rows, _ in table.DATA.chunks()] == [range(2), range(2, 4), range(4, 6), range(6, 8)]


def test_chunks_are_no_larger_than_a_read_may_be(tmp_path: Path) -> None:
    table = CasaTable(make_table(tmp_path / "t", {"DATA": DATA}), memory_limit=100)
    with pytest.raises(TableTooLargeError, match="would take 384 bytes"):
        table.DATA[:]
    assert np.array_equal(np.concatenate([values for _, values in table.DATA.chunks()]), DATA)


@pytest.mark.parametrize("wrong", [0, -1])
@pytest.mark.parametrize("method", ["chunks", "to_dask"])
def test_a_chunk_without_rows_is_refused_at_once(table: CasaTable, method: str, wrong: int) -> None:
    with pytest.raises(ValueError, match=f"rows_per_chunk is {wrong}"):
        getattr(table.DATA, method)(wrong)


def test_chunks_with_flags_are_masked_and_rows_lead_to_other_columns(table: CasaTable) -> None:
    for rows_, values in table.DATA_F.chunks(3):
        assert np.array_equal(values.mask, FLAG[rows_])
        assert np.array_equal(table.FLAG.read(rows_), FLAG[rows_])
        assert np.array_equal(table.FLAG[rows_], FLAG[rows_])


@pytest.mark.parametrize(
    "go", [lambda column: list(map(len, column)), lambda column: [len(v) for _, v in column.chunks(8)]]
)
def test_a_large_column_is_gone_through_in_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go: Callable[[Any], object]
) -> None:
    chunk = 8 * 2**18
    monkeypatch.setattr(rows, "_CHUNK_BYTES", chunk)
    column = CasaTable(make_table(tmp_path / "t", {"DATA": np.ones((96, 2**15))})).DATA  # 12 chunks
    column.shape  # noqa: B018 - what is kept of the column is made now
    gc.collect()
    tracemalloc.start()
    try:
        go(column)
        assert chunk < tracemalloc.get_traced_memory()[1] < 2.2 * chunk
    finally:
        tracemalloc.stop()


def test_no_native_read_gives_more_values_than_it_may(
    table: CasaTable, native_reads: list[Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked, "_MOST_VALUES", 5)  # less than a cell
    pytest.importorskip("dask.array", reason="dask is not installed")
    out, masked = np.zeros_like(DATA), np.ma.masked_all(DATA.shape)
    ways: dict[str, Callable[[], Any]] = {
        "index": lambda: table.DATA[:],
        "read": lambda: table.DATA.read(out=out),
        "masked": lambda: table.DATA_F.read(out=masked).data,
        "cells": lambda: np.array(table.DATA.cells()),
        "chunks": lambda: np.concatenate([values for _, values in table.DATA.chunks()]),
        "rows": lambda: np.array(list(table.DATA)),
        "select": lambda: table.DATA.read(range(7, -1, -1))[::-1],
        "query": lambda: table.query("TIME >= 0").DATA[:],
        "dask": lambda: table.DATA.to_dask().compute(scheduler="sync"),
        "names": lambda: table.NAME[:].astype(float),
        "summary": lambda: table.summarise() and DATA,
    }
    for name, way in ways.items():
        del native_reads[:]
        assert np.array_equal(way(), DATA), name
        assert native_reads, name
        assert max(np.prod(reading.shape) for reading in native_reads) <= 5, name


@pytest.mark.parametrize(
    ("out", "error", "said"),
    [
        (np.empty((8, 3)), ValueError, r"shape \(8, 3\).*needs shape \(8, 3, 2\)"),
        (np.empty((7, 3, 2)), ValueError, r"shape \(7, 3, 2\)"),
        (np.empty((8, 3, 2), np.float32), ValueError, "float32.*float64"),
        (np.empty((8, 3, 2), ">f8"), ValueError, "needs"),
        (np.broadcast_to(0.0, (8, 3, 2)), ValueError, "read-only"),
        (np.ma.masked_all((8, 3, 2)), TypeError, "DATA_F"),
        (DATA.tolist(), TypeError, "list"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(table: CasaTable, out: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        table.DATA.read(out=out)


def test_a_read_with_flags_fills_masked_arrays_only(table: CasaTable) -> None:
    with pytest.raises(TypeError, match=r"DATA_F needs one: numpy\.ma\.masked_all"):
        table.DATA_F.read(out=np.empty_like(DATA))
    large = np.ma.masked_all((10, 3, 2))
    table.DATA_F.read(out=large[1:9])
    assert np.array_equal(large.mask[1:9], FLAG)
    assert np.array_equal(large[1:9].data, DATA)
    assert large.mask[[0, 9]].all()


@pytest.mark.parametrize("wrong", [3, "DATA", True, [[1]], [0.5], [8], [-9], np.zeros(7, bool), (slice(3), 1), ...])
@pytest.mark.parametrize("method", ["read", "cells"])
def test_rows_that_are_none_are_refused(table: CasaTable, method: str, wrong: Any) -> None:
    with pytest.raises(IndexError):
        getattr(table.DATA, method)(wrong)


def test_cells_of_flags_that_fit_in_some_rows_mask_there(tmp_path: Path) -> None:
    data = [np.ones((2, 2)), np.ones((4, 2)), np.ones((2, 2)), np.ones((2, 2)), None]
    flag = [np.eye(2) > 0, np.ones((4, 2), bool), np.zeros(2) > 0, np.ones((2, 2), bool), None]
    flag[2] = np.ones((1, 2), bool)
    table = CasaTable(make_table(tmp_path / "t", {"DATA": data, "FLAG": flag}))
    found = table.DATA_F.cells()
    assert found[4] is None
    assert [cell.mask.tolist() for cell in found[:4]] == [
        flag[0].tolist(),
        flag[1].tolist(),
        np.zeros((2, 2), bool).tolist(),
        flag[3].tolist(),
    ]
    assert np.array_equal(table.DATA_F.read([3, 0, 2]).mask, [flag[3], flag[0], np.zeros((2, 2))])


def test_records_and_strings_are_cells(table: CasaTable) -> None:
    assert table.NAME.cells([1])[0].tolist() == DATA[1].astype(str).tolist()
    assert table.TIME.cells([2, 0]) == [2.0, 0.0]
    assert list(table.TIME) == list(range(8))


def test_read_says_which_cells_make_no_array(tmp_path: Path) -> None:
    table = CasaTable(make_table(tmp_path / "t", {"DATA": [*alternating(2, 1), None]}))
    for rows_ in (None, [0, 2], [3], [3, 3]):
        with pytest.raises(RaggedColumnError, match="make no array"):
            table.DATA.read(rows_)
    assert table.DATA.read([1, 1]).shape == (2, 2, 2)
    assert table.DATA.cells([3, 2, 3])[::2] == [None, None]
