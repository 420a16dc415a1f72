"""Whatever rows are asked for, and however a column is handed over, its values are numpy's."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from casa_tables import make_table
from dsa110_contimg.errors import RaggedColumnError
from dsa110_contimg.qa.visualization import CasaTable

ROWS = 9
RNG = np.random.default_rng(5)
FIXED: dict[str, np.ndarray] = {
    "TIME": RNG.normal(size=ROWS),
    "FLAG_ROW": RNG.random(ROWS) < 0.4,
    "NAME": np.array([f"ant {row}" for row in range(ROWS)], dtype=object),
    "COUNT": RNG.integers(0, 255, (ROWS, 3)).astype(np.uint8),
    "DATA": (RNG.normal(size=(ROWS, 4, 2)) + 1j * RNG.normal(size=(ROWS, 4, 2))).astype(np.complex64),
    "GAIN": RNG.normal(size=(ROWS, 2)) + 1j,
    "FLAG": RNG.random((ROWS, 4, 2)) < 0.3,
    "OPEN": RNG.normal(size=(ROWS, 4, 2)).astype(np.float32),
    "LABEL": RNG.choice(np.array(["XX", "a longer one", ""], dtype=object), (ROWS, 2, 2)),
}
MASK = FIXED["FLAG"] | FIXED["FLAG_ROW"][:, None, None]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> CasaTable:
    return CasaTable(make_table(tmp_path_factory.mktemp("columns") / "t", FIXED, open_shape=("OPEN",)))


def choices_of_rows(length: int) -> st.SearchStrategy[Any]:
    """Rows as a person names them."""
    ends = st.none() | st.integers(-length - 2, length + 2)
    number = st.integers(-length, length - 1) if length else st.nothing()
    return st.one_of(
        st.none(),
        st.builds(slice, ends, ends, st.none() | st.integers(-3, 3).filter(bool)),
        st.lists(number, max_size=6),
        st.lists(number, max_size=6).map(tuple),
        st.lists(number, min_size=1, max_size=6).map(np.array) if length else st.nothing(),
        hnp.arrays(bool, length),
        st.builds(range, st.integers(0, length), st.integers(0, length)),
        st.builds(lambda last, step: range(last, -1, -step), st.integers(-1, length - 1), st.integers(1, 3)),
    )


def take(length: int, rows: Any) -> np.ndarray:
    rows = slice(None) if rows is None else rows
    return np.arange(length)[rows if isinstance(rows, slice) else np.asarray(rows, None if len(rows) else int)]


def same(found: Any, expected: Any) -> bool:
    if expected is None or found is None:
        return found is expected
    if np.ma.isMaskedArray(expected):
        assert np.array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(expected))
        found, expected = np.ma.filled(found, 0), np.ma.filled(expected, 0)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    return np.shape(found) == np.shape(expected) and np.array_equal(found, expected)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=choices_of_rows(ROWS), backwards=st.booleans())
@pytest.mark.parametrize("name", FIXED)
def test_read_takes_the_rows_numpy_would_take(table: CasaTable, name: str, rows: Any, backwards: bool) -> None:
    expected = FIXED[name][take(ROWS, rows)]
    assert same(table[name].read(rows), expected)
    assert same(np.array(table[name].cells(rows), expected.dtype).reshape(expected.shape), expected)
    out = np.zeros_like(expected)
    out = out[::-1] if backwards else out  # which no native library fills by itself
    assert table[name].read(rows, out=out) is out
    assert same(out, expected)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=choices_of_rows(ROWS), is_masked=st.booleans(), is_hard=st.booleans())
def test_what_is_read_with_flags_is_masked_by_them(table: CasaTable, rows: Any, is_masked: bool, is_hard: bool) -> None:
    wanted = take(ROWS, rows)
    expected = np.ma.MaskedArray(FIXED["DATA"][wanted], MASK[wanted])
    assert same(table.DATA_F.read(rows), expected)
    for cell, one in zip(table.DATA_F.cells(rows), expected, strict=True):
        assert same(cell, one)
    out = np.ma.MaskedArray(np.zeros_like(expected.data), np.ones_like(expected.mask) if is_masked else np.ma.nomask)
    out = out.harden_mask() if is_hard else out
    assert table.DATA_F.read(rows, out=out) is out
    assert same(out, expected)


SHAPES = st.sampled_from([None, (2, 2), (4, 2), (4, 2), (1, 3), (0, 2)])
KINDS = st.sampled_from(["bool", "int32", "float32", "complex64", "complex128", "object"])


@st.composite
def ragged(draw: st.DrawFn) -> list[Any]:
    """Cells of which neighbours often agree, of one type."""
    kind = draw(KINDS)
    shapes = [
        shape for shape, count in draw(st.lists(st.tuples(SHAPES, st.integers(1, 4)), max_size=5)) for _ in range(count)
    ]
    if not any(shape is not None for shape in shapes):
        shapes = [*shapes, (2, 2)]  # make_table wants one cell to learn the type from
    numbers = itertools.count(1)
    return [
        None
        if shape is None
        else np.array([next(numbers) % 7 for _ in range(np.prod(shape))])
        .astype(str if kind == "object" else kind)
        .astype(kind)
        .reshape(shape)
        for shape in shapes
    ]


@settings(max_examples=60)
@given(data=st.data(), cells=ragged(), rows_per_chunk=st.none() | st.integers(1, 5))
def test_cells_of_any_shape_are_read(data: st.DataObject, cells: list[Any], rows_per_chunk: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder, CasaTable(make_table(Path(folder) / "t", {"DATA": cells})) as table:
        column = table.DATA
        rows = data.draw(choices_of_rows(len(cells)))
        found = column.cells(rows)
        assert all(map(same, found, [cells[row] for row in take(len(cells), rows)]))
        assert len(found) == len(take(len(cells), rows))
        assert all(map(same, column, cells))

        chunks = list(column.chunks(rows_per_chunk))
        assert [row for rows, _ in chunks for row in rows] == list(range(len(cells)))
        for rows, values in chunks:
            assert len(rows) <= (rows_per_chunk or len(cells))
            if values is None:
                assert all(cells[row] is None for row in rows)
            else:
                assert same(values, np.array([cells[row] for row in rows]))
        for (rows, values), (_, after) in itertools.pairwise(chunks):  # no cut without need
            assert (
                len(rows) == rows_per_chunk
                or np.shape(values)[1:] != np.shape(after)[1:]
                or values is not after is None
            )

        shapes = {None if cell is None else cell.shape for cell in cells}
        if len(shapes) == 1:
            assert same(column[:], np.array(cells))
        else:
            with pytest.raises(RaggedColumnError):
                column[:]


@settings(max_examples=60)
@given(cells=ragged())
def test_arrow_holds_cells_of_any_shape(cells: list[Any]) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with tempfile.TemporaryDirectory() as folder, CasaTable(make_table(Path(folder) / "t", {"DATA": cells})) as table:
        found = table.DATA.to_arrow()
    found.validate(full=True)
    assert found.to_pylist() == [as_arrow_lists(cell) for cell in cells]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=choices_of_rows(ROWS))
@pytest.mark.parametrize("name", FIXED)
def test_arrow_holds_cells_of_one_shape(table: CasaTable, name: str, rows: Any) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    wanted = take(ROWS, rows)
    found = table[wanted][name].to_arrow()
    found.validate(full=True)
    assert found.to_pylist() == [as_arrow_lists(cell) for cell in FIXED[name][wanted]]


def as_arrow_lists(cell: Any) -> Any:
    if cell is None or isinstance(cell, str):
        return cell
    if np.iscomplexobj(cell):
        return np.stack([np.real(cell), np.imag(cell)], axis=-1).tolist()
    return cell.tolist()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=choices_of_rows(ROWS), rows_per_chunk=st.integers(1, 5), data=st.data())
@pytest.mark.parametrize("name", [*FIXED, "DATA_F"])
def test_dask_computes_what_numpy_would(
    table: CasaTable, name: str, rows: Any, rows_per_chunk: int, data: st.DataObject
) -> None:
    pytest.importorskip("dask.array", reason="dask is not installed")
    wanted = take(ROWS, rows)
    whole = np.ma.MaskedArray(FIXED["DATA"], MASK) if name == "DATA_F" else FIXED[name]
    expected = whole[wanted]
    lazy = table[wanted][name].to_dask(rows_per_chunk)
    if name == "OPEN" and not len(wanted):  # of which only rows can tell the shape
        expected = np.zeros((0, 0, 0), expected.dtype)
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    assert max(lazy.chunks[0]) <= rows_per_chunk
    assert same(lazy.compute(scheduler="sync"), expected)
    if len(wanted):
        key = data.draw(hnp.basic_indices(expected.shape, min_dims=1, allow_ellipsis=False))
        assert same(lazy[key].compute(scheduler="sync"), expected[key])
