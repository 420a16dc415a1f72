"""How much memory there is."""

from __future__ import annotations

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""The container that we may be in, in the two versions of Linux' control groups: its limit, its use, and how much of
that are files that the system would give up."""


def available_memory() -> int | None:
    """Tell how much memory can be taken now without swapping.

    Returns
    -------
    int or None
        Bytes: what the machine has left, or this process' container if that is less. None where the system does not
        tell.
    """
    found = [_read_number(_MEMINFO, "MemAvailable:", 1024), *(_read_cgroup(*group) for group in _CGROUPS)]
    return min((size for size in found if size is not None), default=None)


def _read_cgroup(folder: str, limit: str, use: str, files: str) -> int | None:
    try:
        free = int(Path(folder, limit).read_text()) - int(Path(folder, use).read_text())
    except (OSError, ValueError):  # no such group, or "max", which is no limit
        return None
    return max(0, free + (_read_number(Path(folder, "memory.stat"), files, 1) or 0))


def _read_number(path: Path, name: str, unit: int) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    return next((int(words[1]) * unit for words in map(str.split, lines) if words[:1] == [name]), None)


def used_memory() -> int | None:
    """Tell how much memory of its own this process has taken, in bytes; None where the system does not tell."""
    return _read_number(Path("/proc/self/status"), "VmData:", 1024)
