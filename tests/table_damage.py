"""Damage a table in a random, repeatable way, and look at all of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from dsa110_contimg import errors
from dsa110_contimg.qa import CasaTable

KINDS = ("truncate", "zero", "delete", "flip", "garbage", "wild length")
WILD = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\x40\x00\x00\x00", b"\x00\x0f\xff\xff")
_FIRST_BYTES = 4096
"""Where the lengths are: near the beginning of a file."""

_COLUMNS_OF_SUBTABLES = 4


def copy_and_damage(pristine: Path, folder: Path, random: np.random.Generator) -> str:
    """Copy a table, damage one of its files, and say what was done."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(pristine, folder, copy_function=os.link)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    important = [path for path in files if path.name == "table.dat" or path.name.startswith("table.f")]
    victim = important[random.integers(len(important))]
    kind = KINDS[random.integers(len(KINDS))]
    content = bytearray(victim.read_bytes())
    victim.unlink()  # a link: the pristine table keeps its bytes
    if kind == "truncate":
        content = content[: random.integers(len(content))]
    elif kind == "zero":
        first = random.integers(len(content))
        content[first : first + random.integers(1, 4096)] = bytes(len(content[first : first + 4096]))
    elif kind == "flip":
        for at in random.integers(len(content), size=random.integers(1, 20)):
            content[at] ^= 1 << random.integers(8)
    elif kind == "garbage":
        first = random.integers(len(content))
        content[first : first + 256] = random.bytes(len(content[first : first + 256]))
    elif kind == "wild length":
        first = random.integers(max(1, min(len(content), _FIRST_BYTES) - 4))
        content[first : first + 4] = WILD[random.integers(len(WILD))]
    if kind != "delete":
        victim.write_bytes(content)
    return f"{kind} {victim.relative_to(folder)}"


def look_at_everything(path: Path, timeout: float, backend: str = "casacore") -> list[str]:
    """Read all there is, and name every error in the way; any error but one of ours goes through."""
    found: list[str] = []

    def attempt(what: object) -> object:
        try:
            return what()
        except errors.ContimgError as error:
            found.append(type(error).__name__)
            return None

    table = attempt(lambda: CasaTable(path, timeout=timeout, backend=backend))
    if table is None:
        return found
    attempt(table.summarise)
    for name in attempt(lambda: table.columns) or []:
        attempt(lambda: table[name].cells())  # noqa: B023 - called at once
        attempt(lambda: table[name].keywords)  # noqa: B023
    attempt(lambda: table.query("ANTENNA1 == 1 && TIME > 0").nrows)
    for name, subtable in (attempt(lambda: table.subtables) or {}).items():
        inner = attempt(lambda: CasaTable(subtable, timeout=timeout, backend=backend))  # noqa: B023
        for column in (attempt(lambda: inner.columns) or [])[:_COLUMNS_OF_SUBTABLES] if inner else []:  # noqa: B023
            attempt(lambda: inner[column].cells())  # noqa: B023
        assert name
    return found
