"""The reader: what it refuses before native code sees it, and that it leaves no trace."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from casacore.tables import table

from casa_tables import make_table, snapshot
from dsa110_contimg import errors
from dsa110_contimg.casa import open_table
from dsa110_contimg.casa import reader as checked
from dsa110_contimg.casa.native import casacore_table
from dsa110_contimg.casa.native.parents import rename_parents
from dsa110_contimg.casa.tables import SubtableReference
from support import run_python

RAGGED = [np.full((2, 2), 1.0), np.full((4, 2), 2.0), np.full((4, 2), 3.0), None]


@pytest.fixture
def ragged(tmp_path: Path) -> Path:
    return make_table(tmp_path / "ragged", {"DATA": RAGGED, "ROW": np.arange(4)})


def test_every_type_keeps_its_dtype_and_values(tmp_path: Path) -> None:
    kinds = ["bool", "uint8", "int16", "int32", "uint32", "int64", "float32", "float64", "complex64", "complex128"]
    truth = {kind.upper(): np.array([[0, 1, 1], [1, 0, 1]]).astype(kind) for kind in kinds}
    reader = open_table(make_table(tmp_path / "t", truth))
    for name, values in truth.items():
        assert reader.columns[name].dtype == values.dtype
        found = reader.read(name)
        assert found.dtype == values.dtype
        assert np.array_equal(found, values)
        assert np.array_equal(reader.read(name, range(1, 2), (slice(0, 3, 2),)), values[1:, ::2])
        assert np.array_equal(reader.read(name, range(1), (slice(1, 3),)), values[:1, 1:3])


def test_cells_of_different_shape_are_refused_whole_and_read_where_they_agree(ragged: Path) -> None:
    reader = open_table(ragged)
    assert reader.cell_shapes("DATA") == {(2, 2): 1, (4, 2): 2, None: 1}
    for ask in (lambda: reader.read("DATA"), lambda: reader.read("DATA", range(2), (slice(0, 1), slice(0, 1)))):
        with pytest.raises(errors.RaggedColumnError, match=r"1 of shape \(2, 2\).* of shape \(4, 2\)"):
            ask()
    assert reader.cell_shapes("DATA", range(0, 4, 2)) == {(2, 2): 1, (4, 2): 1}
    assert reader.cell_shapes("DATA", range(1, 5, 2)[:2]) == {(4, 2): 1, None: 1}
    assert np.array_equal(reader.read("DATA", range(1, 3)), np.array(RAGGED[1:3]))
    assert np.array_equal(reader.select(np.array([2, 1])).read("DATA"), np.array(RAGGED[2:0:-1]))
    assert np.array_equal(reader.read_cell("DATA", 0), RAGGED[0])
    with pytest.raises(errors.RaggedColumnError, match="1 without a value"):
        reader.read_cell("DATA", 3)


def test_shapes_are_counted_in_steps(tmp_path: Path) -> None:
    cells = [np.ones((1 + row % 2, 2)) for row in range(12)]
    reader = open_table(make_table(tmp_path / "t", {"DATA": cells}))
    for start, nrow, step in [(0, 6, 2), (1, 6, 2), (0, 4, 3), (5, 2, 6), (3, 1, 8)]:
        shapes = [cell.shape for cell in cells[start::step][:nrow]]
        assert reader.cell_shapes("DATA", range(start, start + nrow * step, step)) == {
            shape: shapes.count(shape) for shape in set(shapes)
        }
    assert np.array_equal(reader.read("DATA", range(1, 12, 2)), np.array(cells[1::2]))


def test_ragged_cells_are_refused_before_casacore_is_asked(ragged: Path) -> None:
    reader = open_table(ragged, isolated=False)
    asked = []

    class Spy:
        def __init__(self, table: object) -> None:
            self.table = table

        def __getattr__(self, name: str) -> object:
            asked.append(name)
            return getattr(self.table, name)

    reader._table._table = Spy(reader._table._table)
    with pytest.raises(errors.RaggedColumnError):
        reader.read("DATA")
    assert asked
    assert not [name for name in asked if name in {"getcol", "getcolnp", "getcolslice", "getcolslicenp", "getvarcol"}]


def test_large_reads_come_in_chunks_and_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = np.arange(7 * 6.0).reshape(7, 3, 2)
    made = make_table(tmp_path / "t", {"DATA": truth, "NAME": truth.astype(str).astype(object)})
    reader = open_table(made, isolated=False)
    monkeypatch.setattr(checked, "_MOST_VALUES", 13)
    sizes = []
    fill = casacore_table.CasacoreTable.fill
    monkeypatch.setattr(
        casacore_table.CasacoreTable,
        "fill",
        lambda self, reading, out: (sizes.append(out.size), fill(self, reading, out)),
    )
    assert np.array_equal(reader.read("DATA", range(0, 7, 2)), truth[::2])
    assert np.array_equal(reader.read("NAME"), truth.astype(str).astype(object))
    assert max(sizes) <= 13
    assert len(sizes) == 2 + 4


@pytest.mark.parametrize("with_lock", [True, False])
def test_nothing_in_the_folder_is_touched(tmp_path: Path, capfd: pytest.CaptureFixture[str], with_lock: bool) -> None:
    folder = make_table(tmp_path / "t", {"DATA": np.ones((3, 2)), "NAME": np.array(["a", "b", "c"], dtype=object)})
    if not with_lock:
        (folder / "table.lock").unlink()
    before = snapshot(folder)
    reader = open_table(folder)
    reader.read("DATA")
    reader.query("DATA[0] > 0").read("NAME")
    reader.select(np.array([1])).read("DATA")
    assert reader.path == str(folder)
    reader.close()
    assert snapshot(folder) == before
    assert capfd.readouterr().out == ""


def test_the_links_of_a_table_without_lock_vanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    folder = make_table(tmp_path / "t", {"DATA": np.ones((3, 2))})
    (folder / "table.lock").unlink()
    reader = open_table(folder, isolated=False)
    assert list((tmp_path / "tmp").iterdir())
    del reader
    assert not list((tmp_path / "tmp").iterdir())
    assert (folder / "table.dat").exists()


def test_a_forked_child_leaves_the_links_of_its_parent_alone(tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", {"A": np.arange(3)})
    (folder / "table.lock").unlink()
    code = (
        "import os, sys; from dsa110_contimg.casa import open_table; reader = open_table(sys.argv[1], isolated=False)\n"
        "if child := os.fork(): os.waitpid(child, 0); print(reader.read('A').tolist())"
    )
    child = run_python(code, str(folder), env={**os.environ, "TMPDIR": str(tmp_path)})
    assert child.stdout.strip() == "[0, 1, 2]", child.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["t"]


def test_a_folder_without_write_permission_is_read(tmp_path: Path) -> None:
    # Not below tmp_path, which only its owner may enter: root, who may write everywhere, becomes nobody here.
    folder = Path(tempfile.mkdtemp()) / "t"
    shutil.copytree(make_table(tmp_path / "t", {"A": np.arange(3)}), folder)
    try:
        (folder / "table.lock").unlink()
        folder.chmod(0o555)
        folder.parent.chmod(0o555)
        code = (
            "import os, sys, tempfile; from dsa110_contimg.casa import open_table, reader; "
            "from dsa110_contimg.casa.native import backends, casacore_table; "
            "from casacore.tables import table; os.environ['HOME'] = '/tmp'; os.geteuid() or os.setuid(65534); "
            "print(open_table(sys.argv[1], isolated=False).read('A').tolist(), os.access(sys.argv[1], os.W_OK))"
        )
        child = run_python(code, str(folder))
        assert (child.returncode, child.stdout.strip()) == (0, "[0, 1, 2] False"), child.stderr
    finally:
        folder.parent.chmod(0o755)
        folder.chmod(0o755)
        shutil.rmtree(folder.parent)


def test_what_one_may_not_see_is_told_from_what_is_absent(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp())  # not below tmp_path, which only its owner may enter
    hidden = make_table(folder / "closed" / "hidden", {"A": np.arange(3)})
    shutil.copytree(
        make_table(tmp_path / "t", {"A": np.arange(3)}, keywords={"HIDDEN": f"Table: {hidden}"}), folder / "t"
    )
    code = (
        "import os, sys; from dsa110_contimg import errors; "
        "from dsa110_contimg.casa import open_table, reader; "
        "from dsa110_contimg.casa.native import backends, casacore_table; "
        "from casacore.tables import table; os.geteuid() or os.setuid(65534); "
        "print(open_table(sys.argv[1] + '/t', isolated=False).keywords['HIDDEN'].exists)\n"
        "try: open_table(sys.argv[1] + '/closed/hidden', isolated=False)\n"
        "except errors.UnreadableTableError as error: print(error.message)"
    )
    try:
        folder.chmod(0o755)
        (folder / "closed").chmod(0)
        child = run_python(code, str(folder))
        assert child.stdout.splitlines() == [
            "False",
            f"{hidden} cannot be read: no permission to look there.",
        ], child.stderr
    finally:
        (folder / "closed").chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["with space", "Čas βeta", "~tilde", "a.ms"])
def test_any_name_opens(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_table(tmp_path / "made", {"A": np.arange(3)})
    folder = made.rename(tmp_path / name)
    link = tmp_path / "link"
    link.symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    for path in (folder, str(folder), link, f"./{name}"):
        assert open_table(path).read("A").tolist() == [0, 1, 2]


def test_a_relative_path_stays_good_when_the_caller_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_table(tmp_path / "t", {"A": np.arange(3)})
    monkeypatch.chdir(tmp_path)
    reader = open_table("t")
    monkeypatch.chdir("/")
    assert reader.read("A").tolist() == [0, 1, 2]
    assert reader.path == str(tmp_path / "t")


def test_a_tilde_is_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_table(tmp_path / "t", {"A": np.arange(3)})
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_table("~/t").path == str(tmp_path / "t")


def test_without_a_home_casacore_is_blamed_and_not_the_table(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.environ.pop('HOME'); from dsa110_contimg.casa import open_table; "
        "open_table(sys.argv[1], isolated=False)"
    )
    child = run_python(code, str(make_table(tmp_path / "t", {"A": np.arange(3)})))
    assert child.stderr.splitlines()[-1].startswith("Set HOME to a folder")


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "image.fits").write_bytes(b"SIMPLE  =                    T" + b" " * 2850)
    (tmp_path / "set.tar").write_bytes(b"...")
    (tmp_path / "folder").mkdir()
    for found, message, hint in [
        ("absent.ms", "There is no table at", "Check the path"),
        ("a" * 300, "There is no table at", "Check the path"),
        ("image.fits", "FITS file", "dsa110-qa cutout"),
        ("set.tar", "is a file", "unpack"),
        ("folder", "no table.dat", "table.dat"),
    ]:
        with pytest.raises(errors.TableError, match=message) as caught:
            open_table(tmp_path / found)
        assert str(tmp_path / found) in caught.value.message
        assert hint in caught.value.hint
    with pytest.raises(FileNotFoundError):
        open_table(tmp_path / "absent.ms")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda whole: b"", "is empty"),
        (lambda whole: b"\0" * len(whole), "not with a table's mark"),
        (lambda whole: b"hello", "not with a table's mark"),
        (lambda whole: whole[: len(whole) // 2], "cannot be opened as a CASA table: .+"),
    ],
)
def test_a_damaged_table_dat_is_refused(tmp_path: Path, damage: object, message: str) -> None:
    folder = make_table(tmp_path / "t", {"A": np.arange(3)})
    (folder / "table.dat").write_bytes(damage((folder / "table.dat").read_bytes()))
    with pytest.raises(errors.UnreadableTableError, match=message):
        open_table(folder)


@pytest.mark.parametrize("file", ["table.f0", "table.dat"])
def test_text_that_is_not_utf8_is_told(tmp_path: Path, file: str) -> None:
    names = np.array(["Mueller", "b"], dtype=object)
    folder = make_table(tmp_path / "t", {"OBSERVER": names}, keywords={"PI": "Mueller"})
    content = (folder / file).read_bytes()
    assert b"Mueller" in content
    (folder / file).write_bytes(content.replace(b"Mueller", b"M\xfcller "))
    reader = open_table(folder)
    with pytest.raises(errors.UnreadableTableError, match=r"M\\xfcller.*no UTF-8 text"):
        reader.read("OBSERVER") if file == "table.f0" else reader.keywords


def test_a_missing_data_file_is_told_with_the_true_path(tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", {"A": np.arange(3)})
    (folder / "table.f0").unlink()
    (folder / "table.lock").unlink()
    with pytest.raises(errors.UnreadableTableError, match=str(folder / "table.f0")):
        open_table(folder).read("A")


def test_a_dollar_in_the_path_never_opens_another_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_table(tmp_path / "made", {"A": np.arange(3)}).rename(tmp_path / "$OTHER")
    make_table(tmp_path / "other", {"A": np.arange(4)})
    monkeypatch.setenv("OTHER", "other")
    with pytest.raises(errors.UnreadableTableError, match=r"takes the \$"):
        open_table(folder)


@pytest.mark.parametrize("isolated", [True, False])
def test_a_closed_table_says_so(tmp_path: Path, isolated: bool) -> None:
    reader = open_table(make_table(tmp_path / "t", {"A": np.arange(3)}), isolated=isolated)
    chosen = reader.select(np.array([2, 0]))
    reader.close()
    with pytest.raises(errors.UnreadableTableError, match=r"[Oo]pen it again"):
        reader.read("A")
    assert chosen.read("A").tolist() == [2, 0]


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: reader.read("DATA", range(4)),
        lambda reader: reader.read("DATA", range(-1, 0)),
        lambda reader: reader.read("DATA", range(2, 0, -1)),
        lambda reader: reader.read("DATA", range(1), (slice(0, 3),)),
        lambda reader: reader.read("DATA", range(1), (slice(-1, 1),)),
        lambda reader: reader.read("DATA", range(1), (slice(0, 1), slice(0, 1))),
        lambda reader: reader.read("DATA", range(3, 4), (slice(0, 1),)),
        lambda reader: reader.select(np.array([3])),
        lambda reader: reader.select(np.array([-1])),
    ],
)
def test_what_is_outside_is_an_index_error(tmp_path: Path, ask: object) -> None:
    reader = open_table(make_table(tmp_path / "t", {"DATA": np.ones((3, 2))}))
    with pytest.raises(IndexError):
        ask(reader)


def test_keywords_are_plain_and_picklable(tmp_path: Path) -> None:
    other = make_table(tmp_path / "OTHER", {"A": np.arange(1)})
    inner = {
        "SUB": f"Table: {other}",
        "GONE": f"Table: {tmp_path / 'gone'}",
        "deep": {"SUB": f"Table: {other}"},
    }
    reader = open_table(make_table(tmp_path / "t", {"A": np.arange(3)}, keywords=inner, units={"A": "Jy"}))
    present = SubtableReference(str(other), exists=True)
    gone = SubtableReference(str(tmp_path / "gone"), exists=False)
    assert reader.keywords == {"SUB": present, "GONE": gone, "deep": {"SUB": present}}
    assert pickle.loads(pickle.dumps((reader.keywords, dict(reader.columns)))) == (
        reader.keywords,
        dict(reader.columns),
    )
    assert reader.columns["A"].unit == "Jy"
    assert reader.column_keywords("A") == {"QuantumUnits": ["Jy"]}


@pytest.mark.parametrize(
    "taql",
    [
        "ROW > 0 giving '{0}'",
        "ROW in [select ROW into '{0}' from $1]",
        "ROW in [select ROW into {0} from $1]",
        "True) giving '{0}' #",
        "ROW in [create table '{0}' (A int)]",
        "True # '\n and ROW in [select ROW from $1 giving \"{0}\"] # '",
        "NAME ~ m/'/ or ROW in [select ROW from $1 giving \"{0}\"] or NAME ~ m/'/",
        "ROW in [select ROW from $1 a\\' giving \"{0}\"] # '",
    ],
)
def test_a_query_cannot_write(tmp_path: Path, taql: str) -> None:
    folder = make_table(tmp_path / "t", {"ROW": np.arange(2), "NAME": np.array(["a", "b"], dtype=object)})
    before = snapshot(folder)
    with pytest.raises(errors.BadQueryError):
        open_table(folder).query(taql.format(tmp_path / "written"))
    assert not (tmp_path / "written").exists()
    assert snapshot(folder) == before


def test_a_query_may_speak_of_writing_in_quotes(tmp_path: Path) -> None:
    names = np.array(["update", "into"], dtype=object)
    assert open_table(make_table(tmp_path / "t", {"NAME": names})).query("NAME == 'update'").nrows == 1


@pytest.mark.parametrize("taql", ["'x' != $harmless", "ROW == $(executed.append(1) or 1)", "ROW == $(1)"])
def test_a_query_is_never_read_as_python(ragged: Path, taql: str) -> None:
    harmless, executed = "a text in the caller", []
    with pytest.raises(errors.BadQueryError, match="parse error"):
        open_table(ragged).query(taql)
    assert (harmless, executed) == ("a text in the caller", [])


def test_a_bad_query_keeps_the_parsers_message_and_counts_in_the_persons_words(ragged: Path) -> None:
    with pytest.raises(errors.BadQueryError, match=r"parse error at or near position 7\b") as caught:
        open_table(ragged).query("ROW = = 3")
    assert "using style" not in str(caught.value)
    assert "where" not in caught.value.message
    with pytest.raises(errors.BadQueryError, match="NOPE is an unknown column"):
        open_table(ragged).query("NOPE == 3")


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    cells = {"one": np.ones((1, 2)), "other": np.ones((2, 2))}
    return [
        make_table(tmp_path / name, {"A": np.arange(3) + 10 * len(cell), "RAGGED": [cell] * 3})
        for name, cell in cells.items()
    ]


@pytest.mark.parametrize("name", ["beside", "one/inside", "elsewhere/far"])
@pytest.mark.parametrize("with_lock", [True, False])
def test_a_reference_table_is_read_and_nothing_is_touched(
    tmp_path: Path, parts: list[Path], name: str, with_lock: bool
) -> None:
    (tmp_path / "elsewhere").mkdir()
    with table(str(parts[0]), ack=False) as main:
        main.selectrows([2, 0]).copy(str(tmp_path / name), deep=False).close()
    if not with_lock:
        (parts[0] / "table.lock").unlink()
    before = snapshot(tmp_path)
    reader = open_table(tmp_path / name)
    assert reader.read("A").tolist() == [12, 10]
    assert reader.query("A > 10").read("RAGGED").shape == (1, 1, 2)
    assert reader.path == str(tmp_path / name)
    assert snapshot(tmp_path) == before
    link = tmp_path / "elsewhere/link"
    link.symlink_to(tmp_path / name)
    assert open_table(link).read("A").tolist() == [12, 10]


@pytest.mark.parametrize("name", ["beside", "around", "elsewhere/far"])
@pytest.mark.parametrize("with_lock", [True, False])
def test_a_concatenated_table_is_read_and_nothing_is_touched(
    tmp_path: Path, parts: list[Path], name: str, with_lock: bool
) -> None:
    (tmp_path / "elsewhere").mkdir()
    if name == "around":  # as a multi-Measurement Set holds its parts
        (tmp_path / "around" / "PARTS").mkdir(parents=True)
        parts = [part.rename(tmp_path / "around" / "PARTS" / part.name) for part in parts]
        made = table([str(part) for part in parts], ack=False)
        made.rename(str(tmp_path / "made"))
        made.close()
        content = rename_parents((tmp_path / "made/table.dat").read_bytes(), ["././PARTS/one", "././PARTS/other"])
        (tmp_path / "around/table.dat").write_bytes(content)
        shutil.copy(tmp_path / "made/table.info", tmp_path / "around")
    else:
        made = table([str(part) for part in parts], ack=False)
        made.rename(str(tmp_path / name))
        made.close()
    if not with_lock:
        for part in parts:
            (part / "table.lock").unlink()
    before = snapshot(tmp_path)
    reader = open_table(tmp_path / name)
    assert reader.read("A").tolist() == [10, 11, 12, 20, 21, 22]
    with pytest.raises(errors.RaggedColumnError, match=r"3 of shape \(1, 2\), 3 of shape \(2, 2\)"):
        reader.read("RAGGED")
    assert reader.read("RAGGED", range(3, 6)).shape == (3, 2, 2)
    assert snapshot(tmp_path) == before


def test_parts_of_different_fixed_shape_are_refused(tmp_path: Path) -> None:
    paths = [make_table(tmp_path / f"part{n}", {"DATA": np.ones((4, n, 2))}) for n in (3, 5)]
    made = table([str(path) for path in paths], ack=False)
    made.rename(str(tmp_path / "both"))
    made.close()
    with pytest.raises(errors.UnreadableTableError, match=r"part3, and \[5, 2\] in .*part5") as caught:
        open_table(tmp_path / "both")
    assert caught.value.message.count(str(tmp_path)) == 2


def test_a_missing_parent_is_named(tmp_path: Path, parts: list[Path]) -> None:
    with table(str(parts[0]), ack=False) as main:
        main.selectrows([2, 0]).copy(str(tmp_path / "chosen"), deep=False).close()
    shutil.rmtree(parts[0])
    with pytest.raises(errors.UnreadableTableError, match=f"Table {parts[0]} does not exist"):
        open_table(tmp_path / "chosen")
