"""The JSON of an examination keeps its keys, and is JSON whatever the names of files are."""

from __future__ import annotations

import json
import os
import re
from dataclasses import fields
from typing import Any

import pytest

from dsa110_contimg.doctor.contract import write_examination
from dsa110_contimg.doctor.examination import Examination, Exit, SideEffects
from examinations import ALL, CASACORE, DEADLOCK, FORBIDDEN, HEALTHY, HOSTILE, ORIGINAL, PYTHON
from support import ROOT

KEYS = {
    "": "schema target python verdict exit chain roads culprit native_frames conflicts loaded side_effects environment "
    "elapsed_s confidence state exception traceback python_frames threads corruption stdout stderr",
    "python": "executable version",
    "exit": "code signal signal_code address",
    "chain": "module file line statement level",
    "culprit": "module library distribution stage symbol python_file python_line",
    "native_frames": "library distribution symbol offset",
    "conflicts": "kind symbol libraries explanation",
    "loaded": "modules native extensions",
    "environment": "name value observed kind role advice",
}


@pytest.mark.parametrize("name", ALL)
def test_it_is_json_and_survives_the_way_there_and_back(name: str) -> None:
    written = write_examination(ALL[name])
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert ALL[name].to_json() == written
    assert list(written) == KEYS[""].split()
    for key in KEYS:
        value = written.get(key)
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            if row is not None and key:
                assert [inner for inner in row if inner != "called_from"] == KEYS[key].split()


def test_the_crash_this_project_began_with() -> None:
    written = write_examination(ORIGINAL)
    assert written["exit"] == {"code": None, "signal": "SIGSEGV", "signal_code": "SEGV_MAPERR", "address": "0x20"}
    assert written["native_frames"][0]["offset"] == "0x10f9"
    assert written["chain"][3]["statement"] == "from casacore.tables import table"
    assert "called_from" not in written["chain"][3]
    assert (written["loaded"]["modules"], len(written["loaded"]["extensions"])) == (2, 1)
    assert written["roads"] == written["conflicts"] == written["threads"] == []


def test_a_conflict_a_road_and_a_thread() -> None:
    (conflict,) = write_examination(CASACORE)["conflicts"]
    assert [(one["distribution"], one["version"]) for one in conflict["libraries"]] == [
        ("casatools", "6.7.0.31"),
        ("python-casacore", "3.7.1"),
    ]
    assert write_examination(CASACORE)["chain"][2]["called_from"]["line"] == 36
    assert [list(road) for road in write_examination(FORBIDDEN)["roads"]] == [["forbidden", "chain"]] * 2
    thread = write_examination(DEADLOCK)["threads"][1]
    assert list(thread) == ["id", "name", "state", "chain", "python", "native"]
    assert thread["native"][0]["offset"] == "0x88010"


def test_what_does_not_apply_is_null() -> None:
    written = write_examination(Examination("x", PYTHON, "killed", Exit(signal="SIGKILL")))
    assert written["culprit"] is None
    assert written["exit"]["address"] is None
    assert set(written["side_effects"].values()) == {None}
    assert list(written["side_effects"]) == [field.name for field in fields(SideEffects)]
    assert write_examination(HEALTHY)["side_effects"]["environment"] == []


def test_a_path_that_is_no_text_comes_back_whole_and_a_broken_clock_is_null() -> None:
    again: dict[str, Any] = json.loads(json.dumps(write_examination(HOSTILE), allow_nan=False))
    assert os.fsencode(again["culprit"]["library"]) == b"/data/\xff.so"
    assert again["elapsed_s"] is None
    assert again["exit"]["address"] == "0xffffffffffffffff"


def test_every_key_stands_in_the_manual() -> None:
    manual = (ROOT / "docs" / "doctor.md").read_text()
    section = manual.split("## The JSON")[1].split("\n## ")[0]
    told = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]+)`", section))))
    names = set(" ".join(KEYS.values()).split()) | {field.name for field in fields(SideEffects)}
    assert names - told == set()
