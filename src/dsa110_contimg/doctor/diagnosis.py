"""From what a run left behind to what became of it: through which imports, at which stage, in which code."""

from __future__ import annotations

from functools import cached_property

from dsa110_contimg.doctor.chain import draw_traceback, find_raised, make_chain
from dsa110_contimg.doctor.evidence import Evidence
from dsa110_contimg.doctor.examination import Culprit, ThreadStack
from dsa110_contimg.doctor.native.conflicts import find_conflicts
from dsa110_contimg.doctor.native.stages import find_stage
from dsa110_contimg.doctor.tracebacks import find_places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.examination import Conflict, Hop, NativeFrame, Place, Stage, State
    from dsa110_contimg.doctor.journal import Opening, Raised
    from dsa110_contimg.doctor.recorder.record import NativeStack

MOST_FRAMES = 20
"""How many native frames are told."""


class Diagnosis(Evidence):
    """What became of one run; each finding is made when it is first asked for."""

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
        return next((state for state in ("stopped", "spinning", "waiting") if state in states), None)

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
        module: str | None = None
        if self.origin and self.chain and (opening is None or self.chain[-1].module != opening.module):
            module, opening = self.chain[-1].module, None  # it could not be found: nothing of it ever ran
        elif opening is not None:
            module = opening.module
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
        if self.verdict == "crashed-at-exit" and library is not None:
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
