"""The memory map of a process, as /proc/PID/maps tells it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ *(.*)")


@dataclass(frozen=True)
class Mapping:
    """A stretch of memory."""

    start: int
    """Its first address."""
    end: int
    """The first address after it."""
    permissions: str
    """Such as ``r-xp``."""
    offset: int
    """Where in the file it begins."""
    path: str
    """The file; empty for memory without one."""


class Mappings:
    """The memory map of a process.

    Parameters
    ----------
    mappings : list of Mapping
        In the order of their addresses.
    """

    def __init__(self, mappings: list[Mapping]) -> None:
        self._mappings = mappings
        self._starts = [mapping.start for mapping in mappings]

    def find(self, address: int) -> Mapping | None:
        """Return the stretch that an address lies in."""
        position = bisect_right(self._starts, address) - 1
        if position < 0 or address >= self._mappings[position].end:
            return None
        return self._mappings[position]

    def libraries(self) -> tuple[str, ...]:
        """Return the files with code in the process, in the order of their addresses."""
        paths = (mapping.path for mapping in self._mappings if "x" in mapping.permissions)
        return tuple(dict.fromkeys(path for path in paths if path.startswith("/")))


def read_mappings(text: str) -> Mappings:
    """Read the text of /proc/PID/maps, as far as it was written."""
    found = []
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            start, end, permissions, offset, path = match.groups()
            path = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), path)
            found.append(Mapping(int(start, 16), int(end, 16), permissions, int(offset, 16), path))
    return Mappings(sorted(found, key=lambda mapping: mapping.start))
