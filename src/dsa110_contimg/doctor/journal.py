"""Read the journal of a child: which imports were open, done and failed, and what was seen besides."""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field

from dsa110_contimg.doctor.witness import journal as kinds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dsa110_contimg.doctor.examination import Level


@dataclass(frozen=True)
class Step:
    """A frame between an import and module level."""

    file: str
    """Its file."""
    line: int
    """Its line, counted from 1."""
    function: str
    """Its function; ``<module>`` at module level."""
    level: Level
    """Module level, class body or function."""


@dataclass(eq=False)
class Opening:
    """A module whose initialisation began."""

    thread: int
    """The system's number of the thread."""
    module: str
    """Its name."""
    origin: str | None
    """Its file."""
    steps: tuple[Step, ...]
    """From the statement that asked for it out to module level; empty when native code asked."""
    above: Opening | None
    """The module that was open in the thread when this one began."""
    began_ns: int
    """When it began."""
    memory: int | None
    """Resident memory then, in pages."""
    is_startup: bool
    """Whether the interpreter was still starting."""
    phase: str = "python"
    """``create`` while its native code is loaded, ``execute`` while its Py_mod_exec runs, else ``python``."""
    library: str | None = None
    """Its native library, if it is an extension module."""
    ended_ns: int | None = None
    """When it was done or failed."""
    memory_after: int | None = None
    """Resident memory then, in pages."""
    failed_with: str | None = None
    """The type of the exception that it failed with."""

    @property
    def stack(self) -> tuple[Opening, ...]:
        """The modules that were open in its thread, from the outermost down to itself."""
        return (*self.above.stack, self) if self.above else (self,)


@dataclass(frozen=True)
class Edge:
    """An import statement that was executed, whether or not it began a module."""

    importer: str
    """The module that was open; empty for the target itself."""
    modules: tuple[str, ...]
    """The modules that it names."""
    steps: tuple[Step, ...]
    """From the statement out to module level."""


@dataclass(frozen=True)
class Raised:
    """An exception that reached the target's end, or one of its causes."""

    relation: str
    """``cause`` or ``context`` of the one before; empty for the first."""
    key: str
    """Which exception object it was."""
    kind: str
    """Its type."""
    message: str
    """What it says."""
    missing: str | None
    """The module that was not found, for a ModuleNotFoundError."""
    frames: tuple[tuple[str, int, str], ...]
    """File, line and function of its traceback, outermost first."""


@dataclass
class Journal:
    """What the child told until it ended."""

    executable: str = ""
    """The interpreter's own word for itself."""
    watch: str = ""
    """What recorded crashes: ``preload``, ``ctypes``, ``faulthandler`` or nothing."""
    prefixes: tuple[str, ...] = ()
    """The prefixes of the environment."""
    sys_path: tuple[str, ...] = ()
    """The search path when the target began."""
    has_begun: bool = False
    """Whether the target itself began."""
    has_finished: bool = False
    """Whether the target came to its end, well or by an exception."""
    main_thread: int = 0
    """The system's number of the main thread."""
    openings: list[Opening] = field(default_factory=list)
    """Modules whose initialisation began, in that order."""
    last: dict[int, Opening | None] = field(default_factory=dict)
    """The innermost module that is open in each thread."""
    idents: dict[int, int] = field(default_factory=dict)
    """Python's number of each thread."""
    edges: list[Edge] = field(default_factory=list)
    """Import statements, when all were asked for."""
    dlopened: list[tuple[int, str, str]] = field(default_factory=list)
    """Libraries loaded through ctypes: when, the module that was open, the library as it was asked for."""
    raised: list[Raised] = field(default_factory=list)
    """The exception that ended the target, then its causes."""
    errors: dict[str, Opening] = field(default_factory=dict)
    """For each exception, the innermost module that it went through."""
    left: tuple[int, tuple[Step, ...]] | None = None
    """The status handed to os._exit, and from where."""
    effects: list[tuple[str, str]] = field(default_factory=list)
    """What was heard while it ran."""
    changes: list[tuple[str, str]] | None = None
    """What was found changed at the end; nothing if there was no end."""
    maps: str | None = None
    """The memory map at the end."""
    is_full: bool = False
    """Whether there was more to tell than there was room for."""
    started_modules: int = 0
    """How many modules there were when the target began."""
    finished_modules: int | None = None
    """How many modules there were at the end."""

    def opened(self, thread: int | None = None) -> tuple[Opening, ...]:
        """Return the modules that were open in a thread at the end, outermost first; by default in the main thread."""
        innermost = self.last.get(self.main_thread if thread is None else thread)
        return innermost.stack if innermost else ()


def read_journal(path: Path) -> Journal:
    """Read the journal of a child, as far as it was written."""
    found = Journal()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        for kind, thread, time, fields in read_records(memory):
            _take(found, kind, thread, time, fields)
        found.is_full = bool(memory[-1])
    return found


def read_records(memory: mmap.mmap) -> Iterator[tuple[str, int, int, list[str]]]:
    """Yield kind, thread, time in nanoseconds and fields of each whole record."""
    position = 0
    while position + 4 <= len(memory):
        mark = int.from_bytes(memory[position : position + 4], "little")
        length = mark & ~kinds.UNFINISHED
        position += 4
        if not length:
            return
        if not mark & kinds.UNFINISHED:
            payload = memory[position : position + length].decode("utf-8", "surrogatepass")
            kind, thread, time, *fields = payload.split("\0")
            yield kind, int(thread), int(time), fields
        position += length


def _take(found: Journal, kind: str, thread: int, time: int, fields: list[str]) -> None:
    """Add one record."""
    innermost = found.last.get(thread)
    match kind, fields:
        case kinds.BEGIN, [memory, module, origin, *frames]:
            opening = Opening(
                thread, module, origin or None, _steps(frames), innermost, time, _number(memory), not found.has_begun
            )
            found.openings.append(opening)
            found.last[thread] = opening
        case ((kinds.DONE | kinds.ERROR), [memory, module, *failure]) if innermost and innermost.module == module:
            innermost.ended_ns, innermost.memory_after = time, _number(memory)
            found.last[thread] = innermost.above
            if failure:
                innermost.failed_with = failure[1]
                known = found.errors.get(failure[0])
                # The same exception on its way out: the module that it came from says more.
                if known is None or innermost not in known.stack:
                    found.errors[failure[0]] = innermost
        case kinds.CREATE, [_, module, path] if innermost and innermost.module == module:
            innermost.phase, innermost.library = "create", path
        case kinds.EXECUTE, [_, module] if innermost and innermost.module == module:
            innermost.phase = "execute"
        case ((kinds.CREATED | kinds.EXECUTED), [_, module]) if innermost and innermost.module == module:
            innermost.phase = "python"
        case kinds.EDGE, [importer, count, *rest]:
            names = tuple(rest[: int(count)])
            found.edges.append(Edge(importer, names, _steps(rest[int(count) :])))
        case kinds.DLOPEN, [path]:
            found.dlopened.append((time, innermost.module if innermost else "", path))
        case kinds.THREAD, [ident]:
            found.idents[thread] = int(ident)
        case kinds.EFFECT, [what, which]:
            found.effects.append((what, which))
        case kinds.CHANGE, [what, which]:
            found.changes = [*(found.changes or ()), (what, which)]
        case kinds.RAISED, [relation, key, name, message, missing, *frames]:
            places = tuple((frames[i], int(frames[i + 1]), frames[i + 2]) for i in range(0, len(frames), 3))
            found.raised.append(Raised(relation, key, name, message, missing or None, places))
        case kinds.LEAVE, [status, *frames]:
            found.left = _number(status) or 0, _steps(frames)
        case _:
            _take_mark(found, kind, thread, fields)


def _take_mark(found: Journal, kind: str, thread: int, fields: list[str]) -> None:
    """Add one of the records that are written once."""
    match kind, fields:
        case kinds.START, [executable, watch, _]:
            found.executable, found.watch, found.main_thread = executable, watch, thread
        case kinds.PATHS, [prefix, base_prefix, *sys_path]:
            found.prefixes, found.sys_path = (prefix, base_prefix), tuple(sys_path)
        case kinds.GO, [count]:
            found.has_begun, found.started_modules = True, int(count)
        case kinds.FINISH, [count]:
            found.has_finished, found.changes, found.finished_modules = True, [], int(count)
        case kinds.MAPS, [text]:
            found.maps = text


def _steps(fields: list[str]) -> tuple[Step, ...]:
    return tuple(
        Step(fields[i], int(fields[i + 1]), fields[i + 2], fields[i + 3])  # type: ignore[arg-type]
        for i in range(0, len(fields) - 3, 4)
    )


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
