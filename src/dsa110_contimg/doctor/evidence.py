"""What one run left behind, put together: how it ended, in which thread, and on which stack."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from functools import cached_property

from dsa110_contimg.doctor.examination import Exit
from dsa110_contimg.doctor.native.distributions import Distributions
from dsa110_contimg.doctor.native.frames import FrameReader
from dsa110_contimg.doctor.native.loading import Loading
from dsa110_contimg.doctor.native.mappings import read_mappings
from dsa110_contimg.doctor.recorder.record import describe_code
from dsa110_contimg.doctor.tracebacks import read_tracebacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.doctor.chain import Sources
    from dsa110_contimg.doctor.child import Run
    from dsa110_contimg.doctor.examination import NativeFrame, Verdict
    from dsa110_contimg.doctor.recorder.record import NativeStack
    from dsa110_contimg.doctor.tracebacks import ThreadTraceback

FATAL = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS", "SIGTRAP"}
"""The signals by which code is said to have crashed; by any other one it was killed."""
FLUSH_FAILED = 120
"""What Python exits with when its standard output was closed before its end."""


@dataclass
class Evidence:
    """Everything that one run left behind, put together on first use."""

    run: Run
    """What the child left behind."""
    sources: Sources
    """Where the source lines stand."""
    interpreter: str
    """The path of the interpreter."""

    @cached_property
    def verdict(self) -> Verdict:
        """What became of it, leaving aside what was forbidden."""
        run, journal = self.run, self.run.journal
        if run.returncode is None:
            return "hung"
        if run.returncode < 0:
            if self.signal not in FATAL:
                return "killed"
            return "crashed-at-exit" if journal.has_finished else "crashed"
        if not journal.has_finished:
            return "exited"
        if journal.raised:
            return "raised"
        return "healthy" if run.returncode in (0, FLUSH_FAILED) else "exited"

    @cached_property
    def signal(self) -> str | None:
        """The name of the signal that ended it."""
        if self.run.returncode is None or self.run.returncode >= 0:
            return None
        try:
            return signal.Signals(-self.run.returncode).name
        except ValueError:
            return f"SIG{-self.run.returncode}"

    @cached_property
    def exit(self) -> Exit:
        """How it ended."""
        run, record = self.run, self.run.record
        if run.returncode is None:
            return Exit()
        if run.returncode >= 0:
            return Exit(code=run.returncode)
        fault = record.fault if record else None
        if fault is None or fault.signal != -run.returncode:
            return Exit(signal=self.signal)
        return Exit(None, self.signal, describe_code(fault.signal, fault.code), fault.address)

    @cached_property
    def stack(self) -> NativeStack | None:
        """The native stack that tells how it ended."""
        record = self.run.record
        if record is None or self.run.returncode is None:
            return None
        if self.run.returncode < 0:
            return record.fault.stack if record.fault and record.fault.signal == -self.run.returncode else None
        return record.leave.stack if record.leave and self.verdict == "exited" else None

    @cached_property
    def maps(self) -> str:
        """The last memory map."""
        run, record = self.run, self.run.record
        candidates = [run.maps, run.journal.maps]
        if record is not None:
            candidates = [
                run.maps,
                record.fault.maps if record.fault and self.stack is record.fault.stack else None,
                record.leave.maps if record.leave else None,
                run.journal.maps,
            ]
        return next(filter(None, candidates), "")

    @cached_property
    def distributions(self) -> Distributions:
        """Which file belongs to which distribution."""
        journal = self.run.journal
        return Distributions(journal.sys_path, journal.prefixes[0] if journal.prefixes else None)

    @cached_property
    def reader(self) -> FrameReader:
        """What gives addresses their names."""
        return FrameReader(read_mappings(self.maps), self.distributions, self.interpreter)

    @cached_property
    def frames(self) -> tuple[NativeFrame, ...]:
        """The native frames of the thread that ended it, as many as were recorded."""
        if self.stack is None:
            return ()
        return self.reader.describe(self.stack.frames, is_pc_first=self.stack.pc != 0 or self.verdict != "exited")

    @cached_property
    def tracebacks(self) -> dict[int, ThreadTraceback]:
        """The Python frames of each thread, by the system's number; 0 for the thread that was running."""
        threads = {ident: thread for thread, ident in self.run.journal.idents.items()}
        found = {}
        for traceback in read_tracebacks(self.run.trace):
            thread = threads.get(traceback.ident, -traceback.ident)
            found[thread] = traceback
            if traceback.is_current:
                found[0] = traceback  # whether or not it ever imported anything
        return found

    @cached_property
    def thread(self) -> int:
        """The thread that ended it."""
        journal = self.run.journal
        if self.stack is not None:
            return self.stack.tid
        current = self.tracebacks.get(0)
        if current is not None and self.run.returncode is not None:
            return next((thread for thread, ident in journal.idents.items() if ident == current.ident), 0)
        return journal.main_thread

    @cached_property
    def loading(self) -> Loading:
        """The native libraries in the process."""
        journal = self.run.journal
        brought = [(one.began_ns, one.module, one.library) for one in journal.openings if one.library]
        return Loading(self.reader, [(module, path) for _, module, path in sorted([*brought, *journal.dlopened])])
