"""What tests do to a worker from the inside, before it begins to serve: see `test_worker.py`."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from dsa110_contimg.casa.native.casacore_table import CasacoreTable

_fill = CasacoreTable.fill


def read_with_getcol() -> None:
    """Read every column whole, as everybody does: on cells of different shape it corrupts the heap."""

    def fill(self: CasacoreTable, reading: object, out: object) -> None:
        for _ in range(20):
            self._table.getcol(reading.column)
        _fill(self, reading, out)

    CasacoreTable.fill = fill


def end_in_fill(how: str, marker: str, after: int = 0) -> None:
    """Do something terrible after some parts of an answer were read; a marker says that it begins."""
    calls = 0

    def fill(self: CasacoreTable, reading: object, out: object) -> None:
        nonlocal calls
        if calls == after:
            Path(marker).touch()
            _END[how]()
        calls += 1
        _fill(self, reading, out)

    CasacoreTable.fill = fill


def _touch_nothing() -> None:
    ctypes.string_at(0)


def _abort() -> None:
    os.write(2, b"free(): invalid pointer\n")
    os.abort()


def _hang() -> None:
    ctypes.PyDLL(None).sleep(1000)  # native code that holds on to the interpreter


def _raise() -> None:
    raise ZeroDivisionError("a mistake of ours")


def _write_without_end() -> None:
    while True:
        os.write(2, b"casacore is very talkative\n" * 1000)


_END = {
    "segfault": _touch_nothing,
    "abort": _abort,
    "hang": _hang,
    "exit": lambda: os._exit(7),
    "raise": _raise,
    "write": _write_without_end,
    "foreign": lambda: os.write(sys.stdin.fileno(), _frame_of_a_foreign_class()),
}


def _frame_of_a_foreign_class() -> bytes:
    content = b"cos\nsystem\n."
    return len(content).to_bytes(8, "little") + content
