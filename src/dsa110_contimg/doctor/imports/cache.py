"""What source files do at import, kept from one run to the next in the user's folder for such things."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import zlib
from hashlib import sha256
from pathlib import Path

from dsa110_contimg.doctor.imports.scanner import Binding, Exports, Import, Request, Scan, scan_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = f"1-py{sys.version_info[0]}{sys.version_info[1]}"
"""The version of what is kept, another one is not read; what is valid Python depends on who reads it, too."""
UNSETTLED_S = 2.0
"""A file that was written so recently may change again within the same tick of its clock; it is not kept."""


class Scans:
    """Scans of source files, each made once for a path, time of writing and size.

    Files that are damaged, of another version or cannot be written are as good as none. What is kept of one folder of
    sources is one file, replaced as a whole, so that runs at the same time at worst lose each other's additions.
    """

    def __init__(self) -> None:
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
        scan = scan_source(Path(file).read_bytes())
        if time.time() - told.st_mtime > UNSETTLED_S:
            kept[name] = [stamp, *_flatten(scan)]
            self._changed.add(folder)
        return scan

    def save(self) -> None:
        """Keep what was scanned, where that can be written."""
        if self._folder is None:
            return
        for folder in self._changed:
            payload = json.dumps(self._kept[folder], separators=(",", ":"), ensure_ascii=True).encode()
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as stream:
                    try:
                        stream.write(_sign(payload) + payload)
                        stream.flush()
                        Path(stream.name).replace(self._find_file(folder))
                    except OSError:
                        Path(stream.name).unlink(missing_ok=True)
                        raise
            except OSError:
                return
        self._changed.clear()

    def _open(self, folder: str) -> dict[str, Any]:
        if folder not in self._kept:
            self._kept[folder] = {}
            if self._folder is not None:
                try:
                    head, _, payload = self._find_file(folder).read_bytes().partition(b"\n")
                    if head + b"\n" == _sign(payload):
                        self._kept[folder] = json.loads(payload)
                except (OSError, ValueError):
                    pass
        return self._kept[folder]

    def _find_file(self, folder: str) -> Path:
        assert self._folder is not None
        return self._folder / sha256(os.fsencode(folder)).hexdigest()[:32]


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
    return Scan(
        tuple(_revive_event(*event) for event in events),
        fault and tuple(fault),
        tuple(_revive_event(*door) for door in doors),  # type: ignore[misc]
    )


def _revive_event(kind: str, *values: Any) -> Import | Binding | Exports:
    if kind == "I":
        *first, requests = values
        return Import(
            *first,
            tuple(
                Request(level, module, None if names is None else tuple(names), tuple(bound))
                for level, module, names, bound in requests
            ),
        )
    names, flag = values
    return Binding(tuple(names), flag) if kind == "B" else Exports(tuple(names), flag)
