"""Two bindings to casacore, each in a worker of its own, say the same about every table there is."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from casa_tables import make_table, snapshot
from dsa110_contimg import errors
from dsa110_contimg.casa import open_table
from dsa110_contimg.simulate import simulate_measurement_set
from support import SHARED, package_folder, shared_data, unpack

if find_spec("arcae") is None:
    pytest.skip("arcae is not installed", allow_module_level=True)
from casacore.tables import makearrcoldesc, makescacoldesc, maketabdesc, table

Questions = list[tuple[Any, ...]]

ABOUT_THE_TABLE: Questions = [("nrows",), ("columns",), ("keywords",), ("info",)]
ABOUT_A_COLUMN = ("column_keywords", "known_shape", "cell_shapes", "read")


BACKENDS = ("casacore", "arcae")


class Told(NamedTuple):
    """An error as an answer."""

    kind: str
    message: str
    hint: str


def ask_one(backend: str, path: Path, questions: list[tuple[Any, ...]]) -> list[Any]:
    """Ask a reader for attributes and methods by name; "query" and "select" go on with the selection."""
    answers: list[Any] = []
    reader: Any = None
    for name, *arguments in [("open",), *questions]:
        try:
            if name == "open":
                reader = open_table(path, backend=backend)
                answer: Any = reader.path
            elif name in {"query", "select"}:
                reader = getattr(reader, name)(*arguments)
                answer = reader.nrows
            else:
                answer = getattr(reader, name)
                answer = answer(*arguments) if callable(answer) else answer
        except errors.ContimgError as error:
            answer = Told(type(error).__name__, error.message, error.hint)
            if name == "open":
                return [answer]
        answers.append(answer)
    return answers


def ask(path: Path, *questions: tuple[Any, ...]) -> list[Any]:
    """Ask both, assert that they agree, and return the answers."""
    one, other = (ask_one(backend, path, list(questions)) for backend in BACKENDS)
    for question, expected, found in zip([("open",), *questions], one, other, strict=True):
        assert are_same(expected, found), f"{question} of {path}:\ncasacore {expected!r}\narcae {found!r}"
    return one


def compare(path: Path, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Ask everything about a table, and parts of each column by chance."""
    _, nrows, columns, *_ = ask(path, *ABOUT_THE_TABLE)
    whole: dict[str, np.ndarray] = {}
    for name in columns:
        *_, values = ask(path, *((word, name) for word in ABOUT_A_COLUMN))
        if isinstance(values, np.ndarray):
            whole[name] = values
    parts: Questions = []
    for name, values in whole.items():
        for _ in range(3):
            rows, *cell = (draw_range(rng, length) for length in values.shape)
            parts.append(("read", name, rows, tuple(slice(axis.start, axis.stop, axis.step) for axis in cell)))
    _, *answers = ask(path, *parts)
    for (_, name, rows, cell), found in zip(parts, answers, strict=True):
        assert are_same(whole[name][(slice(rows.start, rows.stop, rows.step), *cell)], found)
    if nrows:
        numbers = rng.integers(0, nrows, rng.integers(1, 6))
        _, _, *answers = ask(path, ("select", numbers), *(("read", name) for name in whole))
        for values, found in zip(whole.values(), answers, strict=True):
            assert are_same(values[numbers], found)
    return whole


def are_same(one: Any, other: Any) -> bool:
    """Compare values and their types, down to the bits; NaN is NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Told):
        # The words of the two libraries differ, those of ours do not.
        return one.kind == other.kind and (one.kind != "RaggedColumnError" or one == other)
    if isinstance(one, np.ndarray):
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            return False
        return are_same(one.ravel().tolist(), other.ravel().tolist()) if one.dtype == object else exactly(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(are_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(are_same, one, other))
    return bool(one == other or (one != one and other != other))


def exactly(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(one.tobytes() == other.tobytes())


def draw_range(rng: np.random.Generator, length: int) -> range:
    start, stop = sorted(rng.integers(0, length + 1, 2).tolist())
    return range(start, stop, int(rng.integers(1, 4)))


def tables_below(folder: Path) -> list[Path]:
    return [found.parent for found in sorted(folder.rglob("table.dat"))]


def test_on_real_tables(tmp_path: Path) -> None:
    for archive in shared_data("tables").rglob("*.tar.gz"):
        unpack(archive, tmp_path)
    rng = np.random.default_rng(1)
    found = [*tables_below(SHARED / "tables"), *tables_below(tmp_path)]
    assert len(found) > 70
    before = snapshot(SHARED / "tables")
    assert sum(len(compare(path, rng)) for path in found if "NOT_AN_IMAGE" not in str(path)) > 500
    assert snapshot(SHARED / "tables") == before
    (refused,) = ask(SHARED / "tables/casa_images/floatarray_NOT_AN_IMAGE.image")
    assert refused.kind == "UnreadableTableError"


@pytest.mark.parametrize(
    ("package", "folder", "tables", "columns"),
    [("casacore", ".", 10, 50), ("casa_formats_io", "casa_low_level_io/tests/data/simple.ms", 18, 150)],
)
def test_on_the_tables_in_wheels(package: str, folder: str, tables: int, columns: int) -> None:
    """Among them a string column that kills casacore when it is read whole, and a ragged one that getcol cannot."""
    found = tables_below(package_folder(package) / folder)
    if not found:
        pytest.skip(f"this {package} brings no tables")
    rng = np.random.default_rng(2)
    assert len(found) >= tables
    assert sum(len(compare(path, rng)) for path in found) >= columns


@pytest.mark.parametrize(
    "choices",
    [
        {"n_channels": 32, "n_correlations": 4, "flag_fraction": 0.2},
        {"n_channels": (2, 4), "flag_fraction": 0.2},
        {"n_channels": (2, 4), "storage": "standard"},
        {"n_channels": 16, "storage": "dysco"},
    ],
)
def test_on_simulated_sets(tmp_path: Path, choices: dict[str, Any]) -> None:
    truth = simulate_measurement_set(tmp_path / "night.ms", 6, 3, **choices)
    rng = np.random.default_rng(3)
    for path in tables_below(truth.path):
        compare(path, rng)
    for window, channels in enumerate(np.atleast_1d(choices["n_channels"]).tolist()):
        far_apart = (slice(0, channels, 17), slice(0, 2, 1))
        asked = f"DATA_DESC_ID == {window} && ANTENNA1 > 0"
        _, nrows, shapes, data, some, again, part = ask(
            truth.path,
            ("query", asked),
            ("cell_shapes", "DATA"),
            ("read", "DATA"),
            ("read", "DATA", None, far_apart),
            ("query", "rownumber() < 5 and ANTENNA2 != 3"),
            ("read", "FLAG"),
        )
        assert shapes == {data.shape[1:]: nrows}
        assert are_same(data[:, ::17, :2].copy(), some)
        assert 0 < again == len(part) < nrows


def test_on_tables_that_stand_on_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    values = {"A": np.arange(5), "F": rng.random((5, 2, 3)), "S": np.array(list("abcde"), dtype=object)}
    folder = make_table(tmp_path / "whole", values, keywords={"VERSION": np.float32(2).item(), "W": np.ones(2, "f4")})
    other = make_table(tmp_path / "other", {name: column[:3] for name, column in values.items()})
    with table(str(folder), ack=False, readonly=False) as whole:
        whole.putcolkeyword("F", "RANGE", np.arange(2, dtype=np.int16))
        renamed = whole.selectrows([4, 0, 0])
        renamed.renamecol("F", "G")
        renamed.copy(str(tmp_path / "reference"))
        with table([str(folder), str(other)], ack=False) as both:
            both.rename(str(tmp_path / "both"))
    with table(str(tmp_path / "both"), ack=False) as both:
        both.selectrows([7, 1]).copy(str(tmp_path / "part"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/link").symlink_to(tmp_path / "reference")
    paths = [tmp_path / name for name in ("reference", "both", "part", "elsewhere/link")]
    for with_locks in (True, False):
        before = {path: snapshot(path) for path in (folder, other, *paths)}
        found = {path.name: compare(path, rng) for path in paths}
        assert {path: snapshot(path) for path in before} == before
        assert found["link"]["G"].shape == (3, 2, 3)
        assert found["both"]["A"].tolist() == [0, 1, 2, 3, 4, 0, 1, 2]
        assert found["part"]["S"].tolist() == ["c", "b"]
        assert ask(tmp_path / "reference", ("column_keywords", "G"))[1]["RANGE"].dtype == np.int16
        if with_locks:
            for lock in tmp_path.rglob("table.lock"):
                lock.unlink()


def test_on_parts_that_lay_down_different_shapes(tmp_path: Path) -> None:
    paths = [make_table(tmp_path / f"t{n}", {"F": np.ones((2, n))}) for n in (2, 3)]
    descriptions = [(tmp_path / f"t{n}/table.dat").read_bytes() for n in (2, 3)]
    (tmp_path / "t3/table.dat").write_bytes(descriptions[0])
    with table([str(path) for path in paths], ack=False) as both:
        both.rename(str(tmp_path / "both"))
    (tmp_path / "t3/table.dat").write_bytes(descriptions[1])
    (refused,) = ask(tmp_path / "both")
    assert refused.kind == "UnreadableTableError"
    assert "they cannot be read as one table" in refused.message


def test_on_cells_of_every_kind(tmp_path: Path) -> None:
    """Without a value, of several numbers of axes, without pixels; names that TaQL does not take."""
    description = maketabdesc(
        [
            makearrcoldesc("IN", 0.0, ndim=-1),
            makearrcoldesc("all of them open", 0.0),
            makearrcoldesc("süß", "", ndim=-1),
            makearrcoldesc("empty", 0, ndim=2),
            makescacoldesc("select", 0),
            makearrcoldesc("deep", 0.0, ndim=6),
        ]
    )
    path = tmp_path / "t"
    with table(str(path), description, nrow=6, ack=False) as made:
        for row, cell in enumerate([np.ones(3), np.ones((2, 3)), None, np.ones((2, 3)), np.zeros((0, 3))]):
            if cell is not None:
                made.putcell("IN", row, cell)
        made.putcell("süß", 1, ["a", "ÿ"])
        made.putcell("süß", 4, {"shape": [1, 2], "array": ["", "x"]})
        for row in range(6):
            made.putcell("empty", row, np.zeros((row % 2, 0), np.int32))
            made.putcell("deep", row, np.full((2, 1, 2, 1, 3, 1), row))
        made.putinfo({"type": "Odd = thing", "subType": "", "readme": "one\ntwo\n\nlast"})
    whole = compare(path, np.random.default_rng(5))
    assert list(whole) == ["select", "deep"]
    _, shapes, part = ask(path, ("cell_shapes", "IN"), ("cell_shapes", "IN", range(1, 6, 2)))
    assert shapes == {(3,): 1, (2, 3): 2, None: 2, (0, 3): 1}
    assert part == {(2, 3): 2, None: 1}
    assert ask(path, ("cell_shapes", "all of them open"))[1] == {None: 6}


@pytest.mark.parametrize(
    "storage",
    [
        *("StandardStMan", "IncrementalStMan", "StManAipsIO"),
        *("TiledShapeStMan", "TiledColumnStMan", "TiledCellStMan"),
    ],
)
def test_on_every_storage(tmp_path: Path, storage: str) -> None:
    rng = np.random.default_rng(7)
    values = {
        "DATA": (rng.random((9, 5, 4)) + 1j).astype("c8"),
        "FLAG": rng.random((9, 5, 4)) < 0.5,
        "LOW": np.arange(9 * 20, dtype="i2").reshape(9, 5, 4),
    }
    described = []
    for name, value in values.items():
        shape = {"ndim": 2} if storage in {"TiledShapeStMan", "TiledCellStMan"} else {"shape": [5, 4]}
        example = value.ravel()[0].item()
        kinds = {"datamanagertype": storage, "datamanagergroup": name}
        valuetype = {"c8": "complex", "b1": "boolean", "i2": "short"}[value.dtype.str[1:]]
        described.append(makearrcoldesc(name, example, valuetype=valuetype, **shape, **kinds))
    tiles = {"SPEC": {"DEFAULTTILESHAPE": [2, 3, 4][: 2 if storage == "TiledCellStMan" else 3]}}
    info = {f"*{n}": {"TYPE": storage, "NAME": name, "COLUMNS": [name]} | tiles for n, name in enumerate(values)}
    with table(str(tmp_path / "t"), maketabdesc(described), 9, ack=False, dminfo=info) as made:
        for name, value in values.items():
            for row, cell in enumerate(value):
                made.putcell(name, row, cell)
    for _ in range(5):
        whole = compare(tmp_path / "t", rng)
    assert all(are_same(values[name], whole[name]) for name in values)
    _, found = ask(tmp_path / "t", ("columns",))
    assert {column.storage_manager for column in found.values()} == {storage}


def test_on_an_empty_table(tmp_path: Path) -> None:
    columns = [makescacoldesc("A", 0.0), makearrcoldesc("B", 0.0, shape=[2, 3]), makearrcoldesc("C", "", ndim=2)]
    table(str(tmp_path / "t"), maketabdesc(columns), ack=False).close()
    assert list(compare(tmp_path / "t", np.random.default_rng(6))) == ["A", "B", "C"]
    assert ask(tmp_path / "t", ("query", "A > 0"), ("select", np.array([], int)), ("read", "B"))[1:3] == [0, 0]


def test_on_keywords_of_every_type(tmp_path: Path) -> None:
    other = make_table(tmp_path / "OTHER", {"A": np.arange(1)})
    types = ["u1", "i2", "u4", "i4", "i8", "f4", "f8", "c8", "c16"]
    keywords: dict[str, Any] = {
        **{name: np.arange(6).astype(name).reshape(2, 3) for name in types},
        "bools": np.arange(20) % 3 == 0,
        "grid": np.eye(3, 2, dtype=bool),
        "nothing": np.zeros(0),
        "scalars": {"a": True, "b": -7, "c": 2**40, "d": 0.1, "e": 1 - 2j, "f": 'ü"\\\n\t\x01', "g": ""},
        "not finite": {"one": float("nan"), "many": np.array([np.inf, -np.inf, np.nan, -0.0])},
        "texts": ["a", "", "ü"],
        "text grid": {"shape": [2, 2], "array": ["a", "b", "c", "d"]},
        "OTHER": f"Table: {other}",
        "GONE": f"Table: {tmp_path / 'gone'}",
        "deep": {"OTHER": f"Table: {other}", "empty": {}, "deeper": {"x": np.ones(2, "f4")}},
    }
    description = maketabdesc([makescacoldesc("R", {}, valuetype="record"), makescacoldesc("I", 1)])
    with table(str(tmp_path / "t"), description, nrow=2, ack=False) as made:
        made.putkeywords(keywords)
        made.putcolkeywords("I", {name: value for name, value in keywords.items() if name != "OTHER"})
    _, found, of_column = ask(tmp_path / "t", ("keywords",), ("column_keywords", "I"))
    assert list(found) == list(keywords)
    assert of_column["f4"].dtype == np.float32


def test_but_for_records_which_arcae_cannot_read(tmp_path: Path) -> None:
    description = maketabdesc([makescacoldesc("R", {}, valuetype="record")])
    with table(str(tmp_path / "t"), description, nrow=1, ack=False) as made:
        made.putcell("R", 0, {"a": 1})
    _, values = ask_one("casacore", tmp_path / "t", [("read", "R")])
    _, refused = ask_one("arcae", tmp_path / "t", [("read", "R")])
    assert values.tolist() == [{"a": 1}]
    assert refused.kind == "UnreadableTableError"
    assert "records, which arcae cannot read" in refused.message


@pytest.mark.parametrize(
    ("taql", "message"),
    [
        ("A > ", "parse error at or near position 6"),
        ("A > 0 &&& B", "parse error at or near position 9"),
        ("NOPE > 3", "NOPE is an unknown column"),
        ("A in [update x set A=1]", "contains 'update', and tables are only read"),
        ("A > 0) giving stolen", "contains 'giving', and tables are only read"),
    ],
)
def test_on_queries_that_fail(tmp_path: Path, taql: str, message: str) -> None:
    path = make_table(tmp_path / "t", {"A": np.arange(5)})
    one, other = (ask_one(backend, path, [("query", taql)])[1] for backend in BACKENDS)
    assert one == other
    assert one.kind == "BadQueryError"
    assert message in one.message


CELLS = st.sampled_from(["bool", "uint8", "int16", "int32", "uint32", "int64", "float32", "float64", "complex64"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@st.composite
def columns(draw: st.DrawFn, nrows: int) -> Any:
    """A column of fixed shape, or a list of cells of free shape, some without a value."""
    name = draw(CELLS | st.just("object"))
    elements = TEXTS if name == "object" else None
    shapes = hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)
    if draw(st.booleans()):
        shape = draw(st.just(()) | shapes)
        return draw(hnp.arrays(name, (nrows, *shape), elements=elements))
    ndim = draw(st.integers(1, 3))
    few = draw(st.lists(hnp.array_shapes(min_dims=ndim, max_dims=ndim, max_side=4), min_size=1, max_size=2))
    cells = [draw(hnp.arrays(name, draw(st.sampled_from(few)), elements=elements)) for _ in range(nrows)]
    empty = draw(st.sets(st.integers(1, nrows - 1)))
    return [None if row in empty else cell for row, cell in enumerate(cells)]


@settings(max_examples=50)
@given(data=st.data())
def test_on_any_table(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    nrows = data.draw(st.integers(2, 7))
    chosen = {f"C{number}": data.draw(columns(nrows)) for number in range(data.draw(st.integers(1, 4)))}
    folder = tmp_path_factory.mktemp("drawn")
    try:
        path = make_table(folder / "t", chosen)
        whole = compare(path, np.random.default_rng(data.draw(st.integers(0, 1000))))
        for name, values in whole.items():
            assert are_same(np.asarray(chosen[name], dtype=values.dtype), values)
    finally:
        shutil.rmtree(folder)
