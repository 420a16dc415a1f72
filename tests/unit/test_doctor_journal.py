"""What a child told is read as far as it was told, and the search for roads finds all of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.doctor.chain import Sources
from dsa110_contimg.doctor.journal import Edge, Journal, Opening, Step, read_journal
from dsa110_contimg.doctor.recorder.record import describe_code, read_record
from dsa110_contimg.doctor.roads import find_roads, matches_library, matches_module
from dsa110_contimg.doctor.targets import read_target
from dsa110_contimg.doctor.tracebacks import read_tracebacks
from dsa110_contimg.doctor.witness.journal import BEGIN, DONE, EFFECT, SIZE, UNFINISHED
from dsa110_contimg.doctor.witness.journal import Journal as Writer


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "journal"
    with path.open("wb") as file:
        file.truncate(SIZE)
    return path


def test_what_was_written_is_read(written: Path) -> None:
    writer = Writer(str(written))
    writer.write(BEGIN, "10", "a", "/a.py", "<target>", "1", "<module>", "module")
    writer.write(BEGIN, "", "a.b", "", "/a.py", "3", "f", "function", "/a.py", "7", "<module>", "module")
    writer.write(DONE, "12", "a.b")
    writer.write(EFFECT, "file", "/tmp/sur\udce9rogate")
    found = read_journal(written)
    (thread,) = found.last
    assert [opening.module for opening in found.opened(thread)] == ["a"]
    assert [(opening.module, opening.memory, opening.origin) for opening in found.openings] == [
        ("a", 10, "/a.py"),
        ("a.b", None, None),
    ]
    assert [step.line for step in found.openings[1].steps] == [3, 7]
    assert found.effects == [("file", "/tmp/sur\udce9rogate")]
    assert not found.is_full


def test_an_unfinished_record_is_skipped(written: Path) -> None:
    writer = Writer(str(written))
    for which in ("one", "two", "three"):
        writer.write(EFFECT, "file", which)
    with written.open("r+b") as file:
        length = int.from_bytes(file.read(4), "little")
        file.seek(4 + length)
        second = int.from_bytes(file.read(4), "little")
        file.seek(4 + length)
        file.write((second | UNFINISHED).to_bytes(4, "little"))
    assert read_journal(written).effects == [("file", "one"), ("file", "three")]


def test_a_full_journal_says_so(written: Path) -> None:
    writer = Writer(str(written))
    for _ in range(SIZE // (8 << 20) + 1):
        writer.write(EFFECT, "file", "x" * (8 << 20))
    found = read_journal(written)
    assert found.is_full
    assert 5 <= len(found.effects) < SIZE // (8 << 20) + 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_writes_nothing(written: Path) -> None:
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from dsa110_contimg.doctor.witness.journal import Journal\n"
        "journal = Journal(sys.argv[1]); child = os.fork()\n"
        "journal.write('effect', 'file', 'child' if not child else 'parent')\n"
        "os._exit(0) if not child else os.wait()\n"
    )
    source = Path(__file__).parents[2] / "src"
    assert os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-c", code, str(written), str(source)) == 0
    assert read_journal(written).effects == [("file", "parent")]


# ---------------------------------------------------------------------- roads
def make_journal(edges: set[tuple[int, int]], size: int) -> Journal:
    """Make the journal of a run that imported along every edge it came to; 0 is the target."""
    names = ["", *(f"m{number}" for number in range(1, size))]
    found, waiting, seen = Journal(), [(0, None)], {0}
    while waiting:
        node, above = waiting.pop(0)
        for start, end in sorted(edges):
            if start == node and end != 0:
                step = Step(names[node] or "<target>", end, "<module>", "module")
                found.edges.append(Edge(names[node], (names[end],), (step,)))
                if end not in seen:
                    seen.add(end)
                    opening = Opening(1, names[end], None, (step,), above, 0, None, is_startup=False)
                    found.openings.append(opening)
                    waiting.append((end, opening))
    return found


def count_paths(edges: set[tuple[int, int]], node: int, goal: int, seen: frozenset[int]) -> int:
    if node == goal:
        return 1
    return sum(
        count_paths(edges, end, goal, seen | {end})
        for start, end in edges
        if start == node and end not in seen and end != 0
    )


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=14))
def test_all_roads_are_found(edges: set[tuple[int, int]]) -> None:
    journal = make_journal(edges, 6)
    if not any(opening.module == "m5" for opening in journal.openings):
        return
    sources = Sources(read_target("import m1", Path()), Path())
    found = find_roads(journal, lambda module: module == "m5", sources)
    assert found.is_whole
    assert len(found.roads) == count_paths({(a, b) for a, b in edges if a != 5}, 0, 5, frozenset([0]))
    assert len({tuple((hop.file, hop.line) for hop in road.chain) for road in found.roads}) == len(found.roads)
    assert all(road.chain[-1].module == "m5" for road in found.roads)


def test_what_is_forbidden() -> None:
    assert [
        matches_module(name, "casacore") for name in ("casacore", "casacore.tables", "casacorex", "x.casacore")
    ] == [
        *(True, True, False, False),
    ]
    assert [matches_library(name, "libcasa_*") for name in ("libcasa_casa.so.8", "libcasatools.so", "libc.so.6")] == [
        *(True, False, False),
    ]
    assert matches_library("libomp.so.5", "libomp")
    assert not matches_library("libompx.so.5", "libomp")


# ---------------------------------------------------------------------- targets, tracebacks, codes
@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("numpy.linalg", "import numpy.linalg"),
        ("import a; import b", "import a\nimport b"),
        ("import a;import b ; from c import (d,\n e)", "import a\nimport b\nfrom c import (d,\n e)"),
        ("if True:\n    import a", "if True:\n    import a"),
        ("x = 'a;b'", "x = 'a;b'"),
        (" import a ", "import a"),
        ("pass", "pass"),
    ],
)
def test_statements_begin_a_line_each(target: str, text: str) -> None:
    found = read_target(target, Path())
    assert (found.kind, found.text, found.asked) == ("statement", text, target)


@given(st.text())
def test_any_text_is_read_as_a_traceback(text: str) -> None:
    read_tracebacks(text)


def test_tracebacks() -> None:
    text = (
        "Fatal Python error: Segmentation fault\n\n"
        'Thread 0x00007f01 (most recent call first):\n  File "/a b.py", line 3 in <module>\n\n'
        'Current thread 0x00007f02 (most recent call first):\n  File "<frozen importlib._bootstrap>", line 1 in f\n'
        '  File "/x.py", line 5 in <lambda>\n  File "/doctor/witness/testimony.py", line 9 in testify\n'
        '  File "<string>", line 1 in <module>\n'
    )
    other, current = read_tracebacks(text)
    assert (other.ident, other.is_current, other.frames) == (0x7F01, False, (("/a b.py", 3, "<module>"),))
    assert (current.ident, current.is_current, current.frames) == (0x7F02, True, (("/x.py", 5, "<lambda>"),))


def test_signal_codes() -> None:
    cases = {(11, 1): "SEGV_MAPERR", (11, 2): "SEGV_ACCERR", (11, 0x80): "SI_KERNEL", (6, -6): "SI_TKILL"}
    cases |= {(8, 1): "FPE_INTDIV", (4, 2): "ILL_ILLOPN", (7, 2): "BUS_ADRERR", (11, 0): "SI_USER", (11, 99): None}
    assert {key: describe_code(*key) for key in cases} == cases


@given(st.binary(max_size=200))
def test_a_record_that_is_none(data: bytes) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"record-{os.getpid()}"
    path.write_bytes(data)
    try:
        assert read_record(path) is None
        path.write_bytes(b"IMPDOC01" + data + bytes(6 << 20))
        found = read_record(path)
        assert found is None or found.fault is None
    finally:
        path.unlink()
