"""What an import did besides importing."""

from __future__ import annotations

import signal

from dsa110_contimg.doctor.examination import SideEffects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.doctor.journal import Journal


def find_side_effects(journal: Journal) -> SideEffects:
    """Find what an import did: by comparison at its end, or for one that had no end by what was heard of it."""
    heard, changes = journal.effects, journal.changes
    files = _pick(heard, "file")
    directories = _pick(changes if changes is not None else heard, "directory")
    if changes is None:
        return SideEffects(
            environment=_pick(heard, "environment"),
            working_directory=directories[-1] if directories else None,
            files_written=tuple(file for file in files if not file.startswith("/dev/")),
            processes=_pick(heard, "process"),
        )
    return SideEffects(
        environment=_pick(changes, "environment"),
        working_directory=directories[-1] if directories else None,
        signal_handlers=tuple(_name_signal(int(number)) for number in _pick(changes, "signal")),
        threads=_pick(changes, "thread"),
        files_written=tuple(file for file in files if not file.startswith("/dev/")),
        processes=_pick(heard, "process"),
        warning_filters=sum(map(int, _pick(changes, "filters"))),
    )


def _pick(pairs: list[tuple[str, str]], what: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(which for kind, which in pairs if kind == what))


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
