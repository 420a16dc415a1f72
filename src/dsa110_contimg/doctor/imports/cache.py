"""What source files do at import, kept from one run to the next in the user's folder for such things."""

from __future__ import annotations

import json
import os
import struct
import sys
import tempfile
import time
import zlib
from hashlib import sha256
from pathlib import Path

from dsa110_contimg.doctor.imports.events import Binding, Exports, Import, Request, Scan
from dsa110_contimg.doctor.imports.scanner import scan_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = f"2-py{sys.version_info[0]}{sys.version_info[1]}"
"""The version of what is kept, another one is not read; what is valid Python depends on who reads it, too."""
UNSETTLED_S = 2.0
"""A file that was written so recently may change again within the same tick of its clock; it is not kept."""


class Scans:
    """Scans of source files, each made once for a path, time of writing and size.

    Files that are damaged, of another version or cannot be written are as good as none. What is kept of one folder of
    sources is one file, replaced as a whole, so that runs at the same time at worst lose each other's additions.

    Parameters
    ----------
    tag : str
        How the interpreter marks the bytecode that it keeps, such as ``cpython-311``.
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._folder = _find_folder()
        self._kept: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()

    def read(self, file: str) -> Scan:
        """Return what a source file does at import.

        Raises
        ------
        OSError
            When it cannot be read.
        """
        folder, name = os.path.split(file)
        told = os.stat(file)  # noqa: PTH116
        stamp = [told.st_mtime_ns, told.st_size]
        kept = self._open(folder)
        if name in kept and kept[name][0] == stamp:
            return _revive(kept[name][1:])
        scan = scan_source(Path(file).read_bytes(), is_valid=self._was_compiled(file, told))
        if time.time() - told.st_mtime > UNSETTLED_S:
            kept[name] = [stamp, *_flatten(scan)]
            self._changed.add(folder)
        return scan

    def save(self) -> None:
        """Keep what was scanned, where that can be written."""
        place = self._folder
        if place is None:
            return
        for folder in self._changed:
            payload = json.dumps(self._kept[folder], separators=(",", ":"), ensure_ascii=True).encode()
            try:
                place.mkdir(parents=True, exist_ok=True, mode=0o700)
                with tempfile.NamedTemporaryFile(dir=place, prefix=".", delete=False) as stream:
                    try:
                        stream.write(_sign(payload) + payload)
                        stream.flush()
                        Path(stream.name).replace(place / _name_file(folder))
                    except OSError:
                        Path(stream.name).unlink(missing_ok=True)
                        raise
            except OSError:
                return
        self._changed.clear()

    def _was_compiled(self, file: str, told: os.stat_result) -> bool:
        """Return whether there is bytecode of just this file, by which it is known to be Python."""
        folder, name = os.path.split(file)
        try:
            with Path(folder, "__pycache__", f"{name.removesuffix('.py')}.{self._tag}.pyc").open("rb") as stream:
                _, flags, written, size = struct.unpack("<4I", stream.read(16))
        except (OSError, struct.error):
            return False
        return (flags, written, size) == (0, int(told.st_mtime) & 0xFFFFFFFF, told.st_size & 0xFFFFFFFF)

    def _open(self, folder: str) -> dict[str, Any]:
        if folder not in self._kept:
            self._kept[folder] = {}
            if self._folder is not None:
                try:
                    head, _, payload = (self._folder / _name_file(folder)).read_bytes().partition(b"\n")
                    if head + b"\n" == _sign(payload):
                        self._kept[folder] = json.loads(payload)
                except (OSError, ValueError):
                    pass
        return self._kept[folder]


def _name_file(folder: str) -> str:
    return sha256(os.fsencode(folder)).hexdigest()[:32]


def _find_folder() -> Path | None:
    """Return the folder for what is kept; nothing where the user has none."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # noqa: PTH117 - an empty one, too
        home = os.path.expanduser("~")  # noqa: PTH111
        if not os.path.isabs(home):  # noqa: PTH117
            return None
        base = f"{home}/.cache"
    return Path(base, "import-doctor", f"imports-{VERSION}")


def _sign(payload: bytes) -> bytes:
    """Return the first line of a file, by which a damaged one is known."""
    return f"import-doctor {VERSION} {len(payload)} {zlib.crc32(payload)}\n".encode()


def _flatten(scan: Scan) -> list[Any]:
    events, doors = ([[type(event).__name__[0], *event] for event in part] for part in (scan.events, scan.doors))
    return [events, scan.fault, doors]


def _revive(kept: list[Any]) -> Scan:
    events, fault, doors = kept
    revived = tuple(_revive_event(*event) for event in events)
    return Scan(revived, fault and tuple(fault), tuple(_revive_import(*door[1:]) for door in doors))


def _revive_event(kind: str, *values: Any) -> Import | Binding | Exports:
    if kind == "I":
        return _revive_import(*values)
    names, flag = values
    return Binding(tuple(names), flag) if kind == "B" else Exports(tuple(names), flag)


def _revive_import(line: int, end_line: int, text: str, is_conditional: bool, requests: list[Any]) -> Import:
    revived = (
        Request(level, module, None if names is None else tuple(names), tuple(bound))
        for level, module, names, bound in requests
    )
    return Import(line, end_line, text, is_conditional, tuple(revived))
