"""Examine an import: run it in a child, and say what became of it."""

from __future__ import annotations

import math
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dsa110_contimg.doctor.chain import Sources
from dsa110_contimg.doctor.child import Plan, run_child, scratch_folder
from dsa110_contimg.doctor.confidence import say_confidence
from dsa110_contimg.doctor.diagnosis import MOST_FRAMES, Diagnosis
from dsa110_contimg.doctor.effects import find_side_effects
from dsa110_contimg.doctor.environment.causes import LONGEST_S, confirm_causes, leave_out
from dsa110_contimg.doctor.environment.surroundings import find_surroundings
from dsa110_contimg.doctor.errors import BadTargetError
from dsa110_contimg.doctor.examination import Examination
from dsa110_contimg.doctor.interpreters import ask_interpreter
from dsa110_contimg.doctor.inventory import find_loaded, find_mapped
from dsa110_contimg.doctor.roads import Map, find_roads, matches_library, matches_module, name_library
from dsa110_contimg.doctor.targets import read_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dsa110_contimg.doctor.child import Watch
    from dsa110_contimg.doctor.examination import Finding, Interpreter, Verdict

WAYS: tuple[Watch, ...] = ("preload", "ctypes", "faulthandler")
"""How a crash is recorded, the best way first; the next one serves where an interpreter does not come to its start."""
BISECTION_S = 20.0
"""How long to look for the module whose code crashes at the end, in seconds."""
CHECKING_ALLOCATOR = {"preload": "libc_malloc_debug.so.0", "GLIBC_TUNABLES": "glibc.malloc.check=3"}
"""What makes glibc's allocator abort at the first damage that it sees (glibc 2.34 and later)."""
_HEAP_WORDS = ("free()", "malloc()", "realloc()", "calloc()", "malloc_", "munmap_chunk", "corrupted", "double free")
_HEAP_SYMBOLS = (
    "malloc",
    "free",
    "calloc",
    "realloc",
    "_int_malloc",
    "_int_free",
    "unlink_chunk",
    "malloc_consolidate",
)


def examine(
    target: str,
    *,
    python: str | os.PathLike[str] = sys.executable,
    forbid: Sequence[str] = (),
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    args: Sequence[str] = (),
) -> Examination:
    """Run an import in a child of its own and find out what became of it.

    Parameters
    ----------
    target : str
        One or several statements (``"from package import name"``), the name of a module, or the path of a script.
    python : str or os.PathLike, default: this interpreter
        CPython 3.8 or newer; this package need not be installed there.
    forbid : sequence of str
        Modules (with all that is below them) and native libraries (by file name, such as ``libcasa_*``) that must not
        be loaded.
    timeout : float, default: 60
        Seconds after which the target is taken to hang.
    env : mapping, optional
        Environment variables to set for the child, besides those of this process.
    cwd : str or os.PathLike, optional
        Working directory of the child; by default that of this process.
    args : sequence of str
        What a script finds in ``sys.argv[1:]``.

    Returns
    -------
    Examination
        What was found. Whatever the target does, this process goes on.

    Raises
    ------
    BadTargetError
        When the target is no Python, or an option makes no sense.
    ScriptNotFoundError
        When there is no script at the path.
    BadInterpreterError
        When the interpreter does not exist, does not run, or is older than 3.8.
    UnwritableFolderError
        When there is no folder for temporary files.

    Notes
    -----
    The target really runs, with all that it does to files and to the network. Whatever it started is ended with it.
    One that fails may run a few times more: under an allocator that checks, and without what in the surroundings may
    have made it fail.

    Examples
    --------
    >>> found = examine("import json, os; os._exit(0)")
    >>> found.verdict, found.exit.code
    ('exited', 0)
    >>> examine("import json.decoder", forbid=["json.scanner"]).chain[-1].statement
    'from json import scanner'
    """
    began = time.monotonic()
    folder = Path(cwd) if cwd is not None else Path.cwd()
    _check(folder, timeout, forbid)
    patient = read_target(target, folder)
    environment = dict(os.environ) | dict(env or {})
    interpreter = ask_interpreter(python, environment, folder)
    plan = Plan(
        patient, interpreter.executable, environment, folder.absolute(), tuple(args), float(timeout), edges=bool(forbid)
    )
    room = _Room(plan, interpreter, tuple(forbid))
    with scratch_folder() as scratch:
        found = room.examine(scratch)
    return _time(found, time.monotonic() - began)


def _check(folder: Path, timeout: float, forbid: Sequence[str]) -> None:
    if not (isinstance(timeout, (int, float)) and math.isfinite(timeout) and timeout > 0):
        raise BadTargetError(f"A timeout of {timeout} s was asked for.", hint="Give a number of seconds above 0.")
    if isinstance(forbid, str) or not all(isinstance(name, str) and name.strip() for name in forbid):
        raise BadTargetError(
            f"{forbid!r} was to be forbidden.", hint="Give a list of module names or of file names of native libraries."
        )
    if not folder.is_dir():
        raise BadTargetError(f"The working directory {folder} does not exist.", hint="Give a folder that exists.")


def _time(found: Examination, seconds: float) -> Examination:
    return replace(found, elapsed_s=round(seconds, 3))


@dataclass(frozen=True)
class _Room:
    """One examination: its patient and how it is to be examined."""

    plan: Plan
    interpreter: Interpreter
    forbid: tuple[str, ...]

    def examine(self, scratch: Path) -> Examination:
        """Run the target, and again where one run does not tell enough."""
        diagnosis = self._watch(self.plan, scratch)
        forbidden = self._find_forbidden(diagnosis)
        verdict, chain = diagnosis.verdict, diagnosis.chain
        if verdict == "healthy" and forbidden.roads:
            verdict, chain = "forbidden", forbidden.roads[0].chain
        corruption = None
        if verdict in ("crashed", "crashed-at-exit") and _looks_like_heap(diagnosis):
            corruption = self._find_corruption(scratch)
        culprit = diagnosis.culprit
        if verdict == "crashed-at-exit" and culprit is not None and culprit.module is None:
            culprit = replace(culprit, module=self._find_at_exit(diagnosis, scratch))
        journal = diagnosis.run.journal
        found = Examination(
            target=self.plan.target.asked,
            python=self.interpreter,
            verdict=verdict,
            exit=diagnosis.exit,
            chain=chain,
            roads=forbidden.roads,
            culprit=culprit,
            native_frames=diagnosis.frames[:MOST_FRAMES],
            python_frames=diagnosis.python_frames,
            conflicts=diagnosis.conflicts,
            loaded=find_loaded(diagnosis),
            side_effects=find_side_effects(journal),
            environment=find_surroundings(journal, self.plan.env),
            exception=diagnosis.exception,
            traceback=diagnosis.traceback,
            state=diagnosis.state,
            threads=diagnosis.threads,
            stdout=diagnosis.run.stdout,
            stderr=diagnosis.run.stderr,
            confidence=say_confidence(diagnosis, are_roads_whole=forbidden.is_whole if self.forbid else None),
            corruption=corruption,
        )
        return confirm_causes(found, partial(self._run_without, scratch))

    def _run_without(self, scratch: Path, finding: Finding | None) -> Verdict:
        """Run the target again without one of its surroundings, or as it was, and return what became of it."""
        folder = Path(tempfile.mkdtemp(dir=scratch))
        env = self.plan.env if finding is None else leave_out(finding, self.plan.env, str(folder))
        plan = replace(self.plan, env=env, timeout=min(self.plan.timeout, LONGEST_S))
        return self._watch(plan, folder).verdict

    def _watch(self, plan: Plan, scratch: Path) -> Diagnosis:
        """Run the target, recorded in the best way in which this interpreter comes to its start."""
        for way in WAYS:
            found = self._run(plan, scratch / way, way)
            if found.run.journal.watch:
                break
        return found

    def _run(self, plan: Plan, folder: Path, watch: Watch = "preload", preload: Sequence[str] = ()) -> Diagnosis:
        folder.mkdir()
        return Diagnosis(run_child(plan, folder, watch, preload), Sources(plan.target, plan.cwd), plan.python)

    def _find_forbidden(self, diagnosis: Diagnosis) -> Map:
        """Find the roads to what was forbidden."""
        if not self.forbid:
            return Map((), True)

        def is_goal(module: str) -> bool:
            return any(matches_module(module, pattern) for pattern in self.forbid)

        journal, sources = diagnosis.run.journal, diagnosis.sources
        found = (
            find_roads(journal, is_goal, sources)
            if any(is_goal(one.module) for one in journal.openings)
            else Map((), True)
        )
        roads, is_whole = list(found.roads), found.is_whole
        for library, extension in find_mapped(
            diagnosis, lambda name: any(matches_library(name, p) for p in self.forbid)
        ):
            if is_goal(extension):
                continue  # the roads to it are there already
            found = find_roads(journal, extension.__eq__, sources)
            roads += [name_library(road, library) for road in found.roads]
            is_whole &= found.is_whole
        return Map(tuple(roads), is_whole)

    def _find_at_exit(self, diagnosis: Diagnosis, scratch: Path) -> str | None:
        """Import each extension module alone, the last one first, and return the one that crashes at the end too."""
        limit = time.monotonic() + BISECTION_S
        for opening in reversed(diagnosis.run.journal.openings):
            if not opening.library or "/lib-dynload/" in opening.library or time.monotonic() > limit:
                continue
            alone = replace(self.plan, target=read_target(opening.module, self.plan.cwd))
            if self._run(alone, scratch / f"alone-{opening.module}").verdict == "crashed-at-exit":
                return opening.module
        return None

    def _find_corruption(self, scratch: Path) -> str | None:
        """Run the target again under an allocator that checks, and return where that first found the heap damaged."""
        if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
            return None
        tunables = filter(None, [self.plan.env.get("GLIBC_TUNABLES"), CHECKING_ALLOCATOR["GLIBC_TUNABLES"]])
        plan = replace(self.plan, env={**self.plan.env, "GLIBC_TUNABLES": ":".join(tunables)})
        again = self._run(plan, scratch / "corruption", preload=[CHECKING_ALLOCATOR["preload"]])
        if again.verdict == "crashed" and again.signal == "SIGABRT" and again.opened:
            return again.opened[-1].module
        return None


def _looks_like_heap(diagnosis: Diagnosis) -> bool:
    """Return whether a crash looks like the late end of an earlier damage to the heap."""
    if diagnosis.signal == "SIGABRT" and any(word in diagnosis.run.stderr[-2000:] for word in _HEAP_WORDS):
        return True
    symbols = [frame.symbol or "" for frame in diagnosis.frames[:4]]
    return any(symbol.split("@")[0].strip("_") in _HEAP_SYMBOLS for symbol in symbols)
