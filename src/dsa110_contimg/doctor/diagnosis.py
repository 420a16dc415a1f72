"""From what a child left behind to what became of it, where, and in which code."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from functools import cached_property

from dsa110_contimg.doctor.chain import draw_traceback, find_raised, make_chain
from dsa110_contimg.doctor.examination import Culprit, Exit, ThreadStack
from dsa110_contimg.doctor.native.conflicts import find_conflicts
from dsa110_contimg.doctor.native.distributions import Distributions
from dsa110_contimg.doctor.native.frames import FrameReader
from dsa110_contimg.doctor.native.loading import Loading
from dsa110_contimg.doctor.native.mappings import read_mappings
from dsa110_contimg.doctor.native.stages import find_stage
from dsa110_contimg.doctor.recorder.record import describe_code
from dsa110_contimg.doctor.tracebacks import find_places, read_tracebacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.chain import Sources
    from dsa110_contimg.doctor.child import Run
    from dsa110_contimg.doctor.examination import (
        Conflict,
        Hop,
        NativeFrame,
        Place,
        Stage,
        State,
        Verdict,
    )
    from dsa110_contimg.doctor.journal import Opening, Raised
    from dsa110_contimg.doctor.recorder.record import NativeStack
    from dsa110_contimg.doctor.tracebacks import ThreadTraceback

FATAL = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS", "SIGTRAP"}
"""The signals by which code is said to have crashed; by any other one it was killed."""
MOST_FRAMES = 20
"""How many native frames are told."""
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
        """The Python frames of each thread, by the system's number; 0 for the thread that ended it, if it is not known."""
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
    def opened(self) -> tuple[Opening, ...]:
        """The modules that were open in the thread that ended it, or else in the main thread."""
        journal = self.run.journal
        if self.verdict == "hung" and not journal.opened():
            return next((journal.opened(thread) for thread in journal.last if journal.opened(thread)), ())
        return journal.opened(self.thread) or journal.opened()

    @cached_property
    def origin(self) -> tuple[tuple[Hop, ...], Raised, Opening | None] | None:
        """Where the exception came from."""
        journal = self.run.journal
        if self.verdict != "raised":
            return None
        return find_raised(journal.raised, journal.errors, self.sources)

    @cached_property
    def chain(self) -> tuple[Hop, ...]:
        """From the target to the module that was being initialised."""
        return self.origin[0] if self.origin else make_chain(self.opened, self.sources)

    @cached_property
    def python_frames(self) -> tuple[Place, ...]:
        """The Python frames of the thread that ended it."""
        if self.origin:
            return tuple(self.sources.find_place(*frame) for frame in reversed(self.origin[1].frames))
        if self.verdict == "hung":
            return find_places(self.tracebacks.get(self.run.journal.main_thread), self.sources)
        if self.run.journal.left and self.verdict == "exited":
            steps = self.run.journal.left[1]
            return tuple(self.sources.find_place(step.file, step.line, step.function) for step in steps)
        return find_places(self.tracebacks.get(self.thread) or self.tracebacks.get(0), self.sources)

    @cached_property
    def state(self) -> State | None:
        """How it hung."""
        if self.verdict != "hung":
            return None
        states = [state.state for state in self.run.states.values()]
        return "stopped" if "stopped" in states else "spinning" if "spinning" in states else "waiting"

    @cached_property
    def threads(self) -> tuple[ThreadStack, ...]:
        """Each thread of a child that hung; after a crash, the other threads in which imports were open."""
        journal, record = self.run.journal, self.run.record
        if self.verdict != "hung":
            others = [thread for thread in journal.last if journal.opened(thread) and thread != self.opened[-1].thread]
            return tuple(self._describe_thread(thread, None, None, None) for thread in others)
        stacks = {stack.tid: stack for stack in record.stacks} if record else {}
        if record is not None and record.fault is not None:
            # A handler that returns to the faulting instruction leaves no moment in which to ask.
            stacks.setdefault(record.fault.stack.tid, record.fault.stack)
        return tuple(
            self._describe_thread(state.id, state.name or None, state.state, stacks.get(state.id))
            for state in self.run.states.values()
        )

    def _describe_thread(
        self, thread: int, name: str | None, state: State | None, stack: NativeStack | None
    ) -> ThreadStack:
        return ThreadStack(
            id=thread,
            name=name,
            state=state,
            chain=make_chain(self.run.journal.opened(thread), self.sources),
            python=find_places(self.tracebacks[thread], self.sources) if thread in self.tracebacks else None,
            native=self.reader.describe(stack.frames)[:MOST_FRAMES] if stack else None,
        )

    @cached_property
    def stage(self) -> Stage | None:
        """What was going on."""
        journal = self.run.journal
        if self.verdict == "raised":
            return self._raised_stage()
        if journal.has_finished:
            return "finalisation"
        innermost = self.opened[-1] if self.opened else None
        phase = innermost.phase if innermost else "python"
        frames: Sequence[NativeFrame] = self.frames
        if self.verdict == "hung":
            frames = self.threads[0].native or () if self.threads else ()
        elif self.stack is not None:
            frames = (*frames, *self.reader.describe(self.stack.outer_frames, is_pc_first=False))
        is_importing = self.thread == journal.main_thread or bool(journal.opened(self.thread))
        if not is_importing and self.verdict != "hung":
            return "thread"
        if self.verdict != "hung" and self.stack is None and phase == "create":
            return None
        return find_stage(frames, self.reader, phase)

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Distributions whose libraries got in each other's way."""
        if self.stack is None or self.verdict not in ("crashed", "crashed-at-exit"):
            return ()
        return find_conflicts(self.stack.frames, self.reader)

    @cached_property
    def loading(self) -> Loading:
        """The native libraries in the process."""
        journal = self.run.journal
        brought = [(one.began_ns, one.module, one.library) for one in journal.openings if one.library]
        return Loading(self.reader, [(module, path) for _, module, path in sorted([*brought, *journal.dlopened])])

    @cached_property
    def exception(self) -> str | None:
        """The last line of the traceback."""
        if not self.run.journal.raised:
            return None
        one = self.run.journal.raised[0]
        return f"{one.kind}: {one.message}" if one.message else one.kind

    @cached_property
    def traceback(self) -> str | None:
        """The traceback."""
        raised = self.run.journal.raised
        return draw_traceback(raised, self.sources) if raised else None

    def _raised_stage(self) -> Stage | None:
        opening = self.origin[2] if self.origin else None
        if opening is None or opening.phase == "python":
            return "python"
        if any(one.message.startswith("initialization of ") for one in self.run.journal.raised):
            return "module-init"  # Python says so of a PyInit that returned without a module, or with an exception
        return "module-exec" if opening.phase == "execute" else None

    @cached_property
    def culprit(self) -> Culprit | None:
        """Where it ended."""
        if self.verdict == "healthy":
            return None
        opening = self.origin[2] if self.origin else self.opened[-1] if self.opened else None
        if self.origin and self.chain and (opening is None or self.chain[-1].module != opening.module):
            module, opening = self.chain[-1].module, None  # it could not be found: nothing of it ever ran
        else:
            module = opening.module if opening else None
        place = self.python_frames[0] if self.python_frames else None
        frame = None
        if self.verdict != "raised":
            frames = self.frames
            if self.verdict == "hung" and self.threads:
                frames = self.threads[0].native or ()
            is_python = opening is None or opening.phase == "python"
            frame = self.reader.find_culprit(frames, is_python=is_python)
            if self.conflicts:  # not where the call went astray to, but who made it
                caller = self.conflicts[0].libraries[0].path
                frame = next(frame for frame in frames if frame.library == caller)
        library = frame.library if frame else None
        if module is None and library is not None:
            module = next((one.module for one in self.run.journal.openings if one.library == library), None)
        if library is None and opening is not None and opening.phase != "python":
            library = opening.library
        file = library or (opening.library or opening.origin if opening else None)
        owner = self.distributions.find(file) if file else None
        return Culprit(
            module=module,
            library=library,
            distribution=owner.distribution if owner else None,
            stage=self.stage,
            symbol=frame.symbol if frame else None,
            python_file=place.file if place else None,
            python_line=place.line if place else None,
        )
