"""The threads of a child that hangs: what each is doing, by /proc, and how to make it tell its stacks."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from dsa110_contimg.doctor.recorder.record import read_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.examination import State

_TGKILL = {"x86_64": 234, "aarch64": 131}
"""The numbers of the system call; it sends a signal to one thread of another process."""
UNKNOWN = "?"
"""In place of the letter of a state, where there is none."""


@dataclass
class ThreadState:
    """One thread, as the system sees it."""

    id: int
    """The system's number."""
    name: str
    """Its name."""
    letter: str
    """The letter of its state: R runs, S and D wait, T and t are stopped."""
    cpu_ticks: int
    """Processor time so far, in clock ticks."""
    state: State | None = None
    """What it has been doing lately; nothing where there is no /proc to tell it."""

    def judge(self, seen: Sequence[str], busy: float) -> None:
        """Judge what it has been doing from what was seen lately, and how much of a processor it had."""
        is_running = sum(letter == "R" for letter in seen) * 2 > len(seen)
        if self.letter == UNKNOWN:
            return
        if self.letter in "Tt":
            self.state = "stopped"
        elif busy > 0.25 or (is_running and busy > 0):  # others may leave it little of the machine
            self.state = "spinning"
        else:
            self.state = "waiting"


def read_states(pid: int) -> dict[int, ThreadState]:
    """Read the state of each thread of a process, its main thread first; empty where there is no /proc."""
    found = {}
    try:
        tasks = sorted(
            (int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()), key=lambda task: (task != pid, task)
        )
    except OSError:
        return {pid: ThreadState(pid, "", UNKNOWN, 0)}
    for task in tasks:
        try:
            text = Path(f"/proc/{pid}/task/{task}/stat").read_text(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        name, rest = text.partition("(")[2].rpartition(")")[0], text.rpartition(")")[2].split()
        found[task] = ThreadState(task, name, rest[0], int(rest[11]) + int(rest[12]))
    return found or {pid: ThreadState(pid, "", UNKNOWN, 0)}


def ask_stacks(pid: int, states: dict[int, ThreadState], record: Path, trace: Path, grace_s: float) -> str | None:
    """Make each thread of a child that hangs tell its stack; return the child's memory map.

    Parameters
    ----------
    pid : int
        The child.
    states : dict
        Its threads.
    record, trace : pathlib.Path
        Where the recorder writes native and Python stacks.
    grace_s : float
        How long to wait for them, in seconds.

    Returns
    -------
    str or None
        Its memory map; nothing where there is no /proc.
    """
    try:
        maps = Path(f"/proc/{pid}/maps").read_text(errors="surrogateescape")
    except OSError:
        maps = None
    if not _listens(pid):
        return maps
    _send(pid, pid)
    for thread in states:
        if thread != pid:
            _send(pid, thread)
    if any(state.state == "stopped" for state in states.values()):
        os.kill(pid, signal.SIGCONT)  # after the question, which waits for it
    limit = time.monotonic() + grace_s
    size = -1
    while time.monotonic() < limit:
        time.sleep(0.03)
        told = read_record(record)
        is_told = told is None or len(told.stacks) >= len(states)
        previous, size = size, trace.stat().st_size if trace.exists() else 0
        if (is_told and size and size == previous) or read_states(pid)[pid].letter in f"ZX{UNKNOWN}":
            break
    return maps


def _listens(pid: int) -> bool:
    """Return whether the process has a handler for the question; without one it would die of it."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGQUIT - 1) & 1)
    except OSError:
        pass
    return False


def _send(pid: int, thread: int) -> None:
    """Ask one thread of the child."""
    number = _TGKILL.get(platform.machine())
    if number is None:
        if thread == pid:
            os.kill(pid, signal.SIGQUIT)
        return
    ctypes.CDLL(None).syscall(number, pid, thread, int(signal.SIGQUIT))  # a thread that has ended is no loss
