"""What a notebook shows of a table and of a column."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest
from casacore.tables import makescacoldesc, maketabdesc
from casacore.tables import table as casacore_table

from casa_tables import make_table
from dsa110_contimg import errors
from dsa110_contimg.casa.recipes import Recipe
from dsa110_contimg.qa.visualization import CasaTable
from dsa110_contimg.simulate import simulate_measurement_set

if TYPE_CHECKING:
    from pathlib import Path

EVIL = """<script>alert('&')</script>" onload="x"""
TAGS = {
    "div",
    "style",
    "b",
    "br",
    "code",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "ul",
    "li",
}
ATTRIBUTES = {"class", "role", "aria-label", "tabindex", "scope"}


class Picture(HTMLParser):
    """What a browser would make of the HTML; it fails where a tag is left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.style = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag == "th":
            assert dict(attrs)["scope"] in ("col", "row")
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
        elif data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def draw(shown: object) -> Picture:
    """Draw it, and check what holds of every picture."""
    picture = Picture(shown._repr_html_())
    assert set(picture.tags) <= TAGS
    assert picture.attributes <= ATTRIBUTES  # no ids, nothing that runs, nothing that is fetched
    assert not re.search(r"url|import|(?<!-)color: (?!inherit)|background(-color)?: (?!none)", picture.style)
    return picture


@pytest.fixture
def path(tmp_path: Path) -> Path:
    antenna = make_table(
        tmp_path / "set.ms" / "ANTENNA",
        {"NAME": np.array(["ea01", "ea02"], dtype=object), "POSITION": np.array([[1.0, 2, 3], [4, 5, 6]])},
        units={"POSITION": "m"},
        keywords={"FRAME": "ITRF"},
        comment="Where it stands",
    )
    # casacore hangs where it writes a table that points at itself; so this one does only afterwards.
    itself = make_table(tmp_path / "set.ms" / "itself", {})
    path = make_table(
        tmp_path / "set.ms" / "main",
        {
            "DATA": (np.arange(30).reshape(5, 3, 2) * (1 + 2j)).astype(np.complex64),
            "FLAG": np.arange(30).reshape(5, 3, 2) % 2 == 1,
            "TIME": np.arange(5.0) + 100,
            "LONG": np.arange(50, dtype=np.int32).reshape(5, 10),
            "OPEN": [np.ones((2, 2)), np.full((4, 2), 7.0), None, np.ones((4, 2)), np.ones((4, 2))],
        },
        units={"TIME": "s"},
        keywords={
            "ANTENNA": f"Table: {antenna}",
            "GONE": f"Table: {tmp_path / 'gone'}",
            "AGAIN": f"Table: {antenna}",
            "MAIN": f"Table: {itself}",
            "MS_VERSION": 2.0,
        },
    )
    shutil.rmtree(itself)
    itself.symlink_to(path)
    return path


@pytest.fixture
def table(path: Path) -> CasaTable:
    return CasaTable(path)


@pytest.fixture
def reads(table: CasaTable, monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str, int]]:
    """Count for each table, column and row how often the reader was asked to read it."""
    counts: Counter[tuple[str, str, int]] = Counter()
    kind = type(table._reader)
    read = kind.read

    def counted(self: object, column: str, rows: range, *rest: object, **more: object) -> np.ndarray:
        found = read(self, column, rows, *rest, **more)
        counts.update((self.path, column, row) for row in rows)
        assert found.size <= 3 * len(rows)
        return found

    monkeypatch.setattr(kind, "read", counted)
    return counts


def test_a_table_says_what_a_person_looks_for(table: CasaTable, path: Path, tmp_path: Path) -> None:
    picture = draw(table)
    for text in ("5 rows, 5 columns", str(path), "(3, 2)", "(2, 2) or (4, 2) or none", "complex", "Row 2", "102.0"):
        assert text in picture.text, text
    for text in (
        "s",
        "[0+0j, 1+2j, …]",
        "[6+12j, 7+14j, …]",
        "[10, 11, 12, …]",
        "[7, 7, …]",
        "no value",
        "MS_VERSION",
        "2.0",
    ):
        assert text in picture.texts, text
    assert "Subtables: 4, of which 1 dangling" in picture.texts
    assert f"GONE : dangling , nothing is at {tmp_path / 'gone'}" in picture.text


def test_subtables_unfold(table: CasaTable) -> None:
    picture = draw(table)
    # The keywords and the subtables of the table, and for each of two subtables itself and its keywords.
    assert picture.tags["details"] == picture.tags["summary"] == 2 + 2 * 2
    assert picture.text.count("ANTENNA : 2 rows, 2 columns") == 1
    assert picture.text.count("AGAIN : 2 rows, 2 columns") == 1
    for text in ("ea02", "[4, 5, 6]", "(3,)", "m", "FRAME", "ITRF", "Where it stands"):
        assert picture.texts.count(text) >= 2, text
    assert "MAIN : this table itself" in picture.text


def test_nothing_is_read_twice_and_only_corners(table: CasaTable, path: Path, reads: Counter) -> None:
    table._repr_html_()
    assert set(reads.values()) == {1}
    antenna = str(path.parent / "ANTENNA")
    expected = {(str(path), column, row) for column in table.columns for row in range(3)} - {(str(path), "OPEN", 2)}
    assert set(reads) == expected | {(antenna, column, row) for column in ("NAME", "POSITION") for row in range(2)}


def test_a_column_reads_nothing_twice_and_only_corners(table: CasaTable, path: Path, reads: Counter) -> None:
    for name in ("DATA", "TIME", "LONG", "OPEN"):
        table[name]._repr_html_()
    assert set(reads.values()) == {1}
    assert set(reads) == {(str(path), name, row) for name in ("DATA", "TIME", "LONG", "OPEN") for row in range(5)} - {
        (str(path), "OPEN", 2)
    }
    reads.clear()
    table.DATA_F._repr_html_()
    assert reads == dict.fromkeys([(str(path), name, row) for name in ("DATA", "FLAG") for row in range(5)], 1)


def test_subtables_are_read_like_the_table_and_closed_again(table: CasaTable, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, closed = type(table._reader), []
    close = kind.close
    monkeypatch.setattr(kind, "close", lambda self: (closed.append(self.recipe), close(self)))
    for isolated in (True, False):
        shown = CasaTable(table.path, isolated=isolated, timeout=7.0, memory_limit=1_000_000)[:2]
        shown._repr_html_()
        recipe = closed.pop()
        assert (recipe.path, recipe.isolated, recipe.timeout) == (table.ANTENNA.path, isolated, 7.0)
        assert (recipe.memory_limit, recipe.steps, closed) == (1_000_000, (), [])


def test_everything_is_escaped(tmp_path: Path) -> None:
    inner = {EVIL: np.array([EVIL, "b"], dtype=object), "LABEL": [np.array([EVIL] * 2, dtype=object)] * 2}
    safe = EVIL.replace("/", "|")
    keywords = {EVIL: EVIL, "deep": {EVIL: EVIL}, "<b>GONE": f"Table: {tmp_path / safe}"}
    below = make_table(tmp_path / f"below {safe}", inner, units={EVIL: EVIL}, keywords=keywords, comment=EVIL)
    keywords |= {f"<i>{EVIL}": f"Table: {below}"}
    table = CasaTable(
        make_table(tmp_path / f"<img src=x>{safe}", inner, units={EVIL: EVIL}, keywords=keywords, comment=EVIL)
    )
    picture = draw(table)
    assert picture.texts.count(EVIL) == 2 * 7  # name, unit, value, two comments, keyword and its value
    assert f"<img src=x>{safe}" in picture.text
    picture = draw(table[EVIL])
    assert picture.texts.count(EVIL) >= 4
    table.close()
    assert EVIL in draw(table[EVIL]).text
    assert "<img src=x>" in draw(table).text
    (below / "table.f0").write_bytes(b"")
    assert "cannot be read" in draw(CasaTable(table.path)).text


def test_a_subtable_that_is_damaged_says_so_in_its_place(table: CasaTable, path: Path) -> None:
    antenna = path.parent / "ANTENNA"
    whole = (antenna / "table.dat").read_bytes()
    (antenna / "table.dat").write_bytes(whole[:100])
    picture = draw(table)
    assert picture.text.count("cannot be read . ") == 2  # as ANTENNA and as AGAIN
    assert f"{antenna} cannot be opened as a CASA table" in picture.text
    assert "Copy the table again from its source." in picture.texts
    assert "[7, 7, …]" in picture.texts
    (antenna / "table.dat").write_bytes(whole)
    (antenna / "table.f0").write_bytes(b"")
    assert f"of {antenna} cannot be read: " in draw(CasaTable(path)).text


def test_a_subtable_that_kills_its_reader_says_so_in_its_place(
    table: CasaTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: Recipe) -> None:
        raise errors.CasaCrashError(f"{self.path}: the worker died of SIGSEGV.", hint="Copy it again.")

    monkeypatch.setattr(Recipe, "open", die)
    picture = draw(table)
    assert picture.text.count("ANTENNA: the worker died of SIGSEGV. Copy it again.") == 2
    assert "[7, 7, …]" in picture.texts


def test_a_column_that_is_damaged_is_named(path: Path) -> None:
    (path / "table.f0").write_bytes(b"")
    table = CasaTable(path)
    for shown in (table, table.TIME):
        picture = draw(shown)
        assert "cannot be read" in picture.text
        assert "copy it again from its source" in picture.text
    assert f"<CasaTable {path}>" in draw(table).text
    with pytest.raises(errors.UnreadableTableError):
        table.summarise()


def test_a_closed_table_says_what_it_was(path: Path) -> None:
    with CasaTable(path) as table:
        column, rows = table.TIME, table[:2]
    assert draw(table).texts == [repr(table)]
    assert draw(column).texts[0] == "<Column TIME>"
    assert "pen it again." in draw(column).text
    assert "2 rows" in draw(rows).text


def test_a_column(table: CasaTable, path: Path) -> None:
    picture = draw(table.OPEN)
    for text in ("OPEN", str(path), "double", "(2, 2) or (4, 2) or none", "StandardStMan", "[7, 7, …]", "no value"):
        assert text in picture.texts, text
    assert "5 rows" in picture.text
    assert "Keywords: none" in picture.texts
    assert not {"Unit", "Comment", "…"} & set(picture.texts)
    assert [text for text in picture.texts if text.isdigit()] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("length", "rows"),
    [(0, []), (1, [0]), (3, [0, 1, 2]), (4, [0, 1, 2, 3]), (6, [0, 1, 2, 4, 5]), (9999, [0, 1, 2, 9997, 9998])],
)
def test_the_first_and_the_last_cells(tmp_path: Path, length: int, rows: list[int]) -> None:
    column = CasaTable(make_table(tmp_path / "t", {"A": -1.0 * np.arange(length or 1)}))[: length or 0].A
    picture = draw(column)
    assert [int(text) for text in picture.texts if text.isdigit()] == rows
    assert [float(text) for text in picture.texts if re.fullmatch(r"-?\d+\.0", text)] == [-1.0 * row for row in rows]
    assert (f"{length - 5:,} more row" in picture.text) == (length > 5)


def test_a_column_of_a_measurement_set(tmp_path: Path) -> None:
    table = CasaTable(simulate_measurement_set(tmp_path / "a.ms", n_antennas=4, n_times=2, seed=1).path)
    picture = draw(table.UVW)
    for text in ("m", "MEASINFO.type", "uvw", "MEASINFO.Ref", "Value, in m", "Vector with uvw coordinates (in meters)"):
        assert text in picture.texts, text
    assert f"{table.nrows - 5} more rows" in picture.texts
    text = draw(table).text
    for name, found in table.subtables.items():
        assert f"{name} : {CasaTable(found).nrows} row" in text


def test_a_masked_column_shows_no_flagged_value(table: CasaTable, path: Path) -> None:
    picture = draw(table.DATA_F)
    assert "FlaggedColumn" in picture.texts
    assert "[6+12j, flagged, …]" in picture.texts
    flags = CasaTable(make_table(path.parent / "flags", {"A": np.arange(2.0), "FLAG_ROW": np.array([True, False])}))
    assert {"flagged", "1.0"} <= set(draw(flags.A_F).texts)
    assert "0.0" not in draw(flags.A_F).texts


def test_records_and_texts_that_are_not_ascii(tmp_path: Path) -> None:
    described = maketabdesc([makescacoldesc("REC", {}, valuetype="record"), makescacoldesc("NAME", "")])
    with casacore_table(str(tmp_path / "Zürich ✨"), described, nrow=2, ack=False) as made:
        made.putcell("REC", 0, {"größe": 1})
        made.putcell("NAME", 0, "天線 ‮ \x00")
    table = CasaTable(tmp_path / "Zürich ✨")
    assert "{'größe': 1}" in draw(table).texts
    assert "天線" in draw(table.NAME).text
    assert "Zürich ✨" in draw(table.REC).text


def test_nothing_in_it(tmp_path: Path) -> None:
    picture = draw(CasaTable(make_table(tmp_path / "none", {})))
    assert "0 rows, 0 columns" in picture.text
    assert {"Keywords: none", "Subtables: none"} <= set(picture.texts)
    assert picture.tags["table"] == 0
    empty = CasaTable(make_table(tmp_path / "empty", {"A": np.arange(2), "OPEN": [np.ones(2)] * 2}))[0:0]
    assert "0 rows, 2 columns" in draw(empty).text
    assert "Row 0" not in draw(empty).text
    assert "no values" in draw(empty.OPEN).texts


def test_a_picture_stays_small(tmp_path: Path) -> None:
    long = '"' * 50_000  # each becomes five characters
    columns = {f"C{number:03}{long[:200]}": np.array([long] * 3, dtype=object) for number in range(300)}
    keywords: dict[str, object] = {f"K{number:03}{long[:200]}": long for number in range(300)}
    below = make_table(tmp_path / "below", dict(list(columns.items())[:40]), keywords=keywords, comment=long)
    keywords |= {f"S{number:02}": f"Table: {below}" for number in range(60)}
    table = CasaTable(make_table(tmp_path / "t", columns, keywords=keywords, comment=long))
    page = table._repr_html_()
    assert len(page) < 5_000_000
    text = draw(table).text
    for left_out in ("and 100 more", "and 200 more", "and 10 more"):
        assert f"… {left_out}" in text
    name = table.columns[0]
    assert len(table[name]._repr_html_()) < 20_000


def test_an_ordinary_picture_is_small(tmp_path: Path) -> None:
    truth = simulate_measurement_set(tmp_path / "a.ms", n_antennas=4, n_times=2, seed=1)
    assert len(CasaTable(truth.path)._repr_html_()) < 50_000
