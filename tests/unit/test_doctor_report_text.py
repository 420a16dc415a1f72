"""The report for a terminal says what happened, fits, and is harmless."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from dsa110_contimg.doctor.report.text import draw_text
from examinations import (
    ALL,
    AT_EXIT,
    CASACORE,
    DEADLOCK,
    EXITED,
    FORBIDDEN,
    HEALTHY,
    HERE,
    HOSTILE,
    KILLED,
    ORIGINAL,
    RAISED,
    UNRECORDED,
    hop,
)


@pytest.fixture(autouse=True)
def _in_the_folder_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getcwd", lambda: HERE)


def flow(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("name", ALL)
def test_no_line_is_wider_than_the_terminal_and_nothing_moves_the_cursor(name: str, width: int) -> None:
    text = draw_text(ALL[name], width=width)
    assert max(map(cell_len, text.split("\n"))) <= width
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text) is None
    assert all(line == line.rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("name", ALL)
def test_it_can_be_drawn_in_ascii(name: str) -> None:
    text = draw_text(ALL[name], width=60, is_ascii=True)
    assert text.isascii()
    assert max(map(len, text.split("\n"))) <= 60


def test_colours_only_where_asked() -> None:
    assert "\x1b[" in draw_text(ORIGINAL, width=80, colour=True)
    assert "\x1b" not in draw_text(ORIGINAL, width=80)
    assert "\x1b[31m" not in draw_text(HOSTILE, width=200)


def test_the_crash_this_project_began_with() -> None:
    text = draw_text(ORIGINAL, width=80)
    assert text.startswith("Crashed with SIGSEGV at address 0x20 while importing casacore._measures\n")
    arrows = re.findall(r"[↓✗] (\S+)", text)
    assert arrows == [one.module for one in ORIGINAL.chain]
    assert "contimg/qa/visualization/casatable.py:3  ◀ the statement to change\n" in text
    assert "An address this small comes from a pointer to nothing" in flow(text)
    assert "Move `from casacore.tables import table`" in flow(text)
    assert "python-casacore 3.5.2" in text
    assert "19 frames left out" in text
    assert "Conflict" not in text


def test_the_conflict_of_casacore_and_casatools() -> None:
    text = draw_text(CASACORE, width=130)
    assert "a static constructor of `libcasa_tables.so.8`" in flow(text)
    assert "libcasa_casa-9d1c2e4a.so.7 (python-casacore 3.7.1)" in flow(text)
    assert "python-casacore>=3.8.1" in text
    assert re.search(r"target:2 .*◀ your statement", text)
    assert "BulkAllocatorImpl<…>::destroy(…)" in text


def test_other_verdicts_say_what_matters() -> None:
    deadlock = flow(draw_text(DEADLOCK, width=80))
    assert deadlock.startswith("Hung (waiting) while importing casatools._ctools")
    assert "Thread 4712 holds the GIL and waits for the loader's lock." in deadlock
    assert "take_gil" in deadlock
    forbidden = flow(draw_text(FORBIDDEN, width=80))
    assert "Road 2 of 2 to casacore.tables" in forbidden
    assert "contimg/qa/readers.py:11" in forbidden
    assert "Moving only some leaves a road open." in forbidden
    raised = flow(draw_text(RAISED, width=80))
    assert "No loaded library defines `_ZN4base5startEv`" in raised
    assert 'File "contimg/plots.py", line 4, in <module>' in raised
    assert "looks like success" in flow(draw_text(EXITED, width=80))
    assert "when memory is out" in flow(draw_text(KILLED, width=80))
    at_exit = flow(draw_text(AT_EXIT, width=80))
    assert "heap damaged (`free(): invalid pointer`)" in at_exit
    assert "while importing `fragile._core`" in at_exit
    unrecorded = flow(draw_text(UNRECORDED, width=80))
    assert "The address is not known." in unrecorded
    assert "No native frames were recorded." in unrecorded
    assert "0x" not in unrecorded


def test_a_healthy_import_is_a_few_lines() -> None:
    text = draw_text(HEALTHY, width=80)
    assert 2 <= len(text.splitlines()) <= 6
    assert "3 modules and 2 native libraries" in text
    assert "Side effects: started 1 thread; added 2 warning filters." in text


def test_a_very_long_chain_is_folded_but_keeps_the_statement_to_blame() -> None:
    own = [hop(f"mine.m{number}", f"{HERE}/m{number}.py", 1, f"import mine.m{number}") for number in range(1, 20)]
    chain = (hop("mine", "<target>", 1, "import mine"), *own, hop("their", f"{HERE}/m20.py", 7, "import their"))
    text = draw_text(replace(ORIGINAL, chain=chain), width=80)
    assert "more hops, from mine.m5" in text
    assert "m20.py:7  import their  ◀ the statement to change" in text


def test_a_traceback_is_trimmed() -> None:
    frames = "".join(f'  File "{HERE}/m{number}.py", line 1, in f\n    g()\n' for number in range(50))
    text = draw_text(replace(RAISED, traceback=f"Traceback:\n{frames}ValueError: no"), width=80)
    assert "m49.py" in text
    assert "m30.py" not in text
    assert "ValueError: no" in text
