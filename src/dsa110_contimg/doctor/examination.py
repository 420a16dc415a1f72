"""What an examination found; `Examination.to_json` is a contract, told in docs/doctor.md."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Verdict = Literal["healthy", "forbidden", "raised", "crashed", "crashed-at-exit", "hung", "exited", "killed"]
    Stage = Literal["static-constructor", "module-init", "module-exec", "python", "thread", "finalisation"]
    Level = Literal["module", "class", "function"]
    State = Literal["spinning", "waiting", "stopped"]
    FindingKind = Literal["variable", "shadow", "startup", "system"]
    Role = Literal["cause", "remark"]

SCHEMA = 1
"""The version of the JSON; it changes only when a key goes or changes its meaning."""


@dataclass(frozen=True)
class Interpreter:
    """The Python that ran the target."""

    executable: str
    """Its path."""
    version: str
    """Its version, such as ``3.11.7``."""


@dataclass(frozen=True)
class Exit:
    """How the child ended; nothing at all for a child that hung."""

    code: int | None = None
    """What it gave the system as its exit code, if it left by itself."""
    signal: str | None = None
    """The signal that ended it, such as ``SIGSEGV``."""
    signal_code: str | None = None
    """Why the signal was sent, such as ``SEGV_MAPERR``."""
    address: int | None = None
    """The address that could not be used, for the signals and codes that have one."""


@dataclass(frozen=True)
class Place:
    """A line of Python."""

    file: str
    """The file, or ``<target>`` for the target's own statements, which count as one a line."""
    line: int
    """The line, counted from 1."""
    function: str | None = None
    """The function it stands in; ``<module>`` at module level."""
    statement: str | None = None
    """The source line, or nothing when the source cannot be read."""


@dataclass(frozen=True)
class Hop:
    """One import on the way from the target to a module: a statement, and the module whose initialisation it began."""

    module: str
    """The module that the statement imports."""
    file: str | None
    """The file in which the statement stands; ``<target>`` for the target itself."""
    line: int | None
    """The line of the statement, counted from 1; the target's own statements count as one a line."""
    statement: str | None
    """The source line, or nothing when the source cannot be read."""
    level: Level | None
    """Where the statement stands: at module level, in a class body, or in a function."""
    called_from: Place | None = None
    """For a statement in a function: the line, at module level or in the target, that led into the function."""


@dataclass(frozen=True)
class Road:
    """One way from the target to a thing that must not be loaded."""

    forbidden: str
    """The module or the native library that was reached."""
    chain: tuple[Hop, ...]
    """The hops from the target to it."""


@dataclass(frozen=True)
class Culprit:
    """Where it died, as far as it is known; what is not known is nothing."""

    module: str | None = None
    """The module that was being initialised."""
    library: str | None = None
    """The path of the native library whose code was running."""
    distribution: str | None = None
    """The name of the distribution that the library, or else the module, belongs to."""
    stage: Stage | None = None
    """What was going on: a static constructor in dlopen, PyInit, Py_mod_exec, Python code, another thread, the end."""
    symbol: str | None = None
    """The function that was running, demangled for C++."""
    python_file: str | None = None
    """The file of the innermost Python line that was running."""
    python_line: int | None = None
    """That line, counted from 1."""


@dataclass(frozen=True)
class NativeFrame:
    """One frame of native code."""

    library: str | None
    """The path of the library or program; nothing for an address outside of all."""
    distribution: str | None
    """The name of the distribution that the library belongs to."""
    symbol: str | None
    """The function, demangled for C++; nothing when the library does not tell."""
    offset: int
    """The address within the library's file, as addr2line takes it; the bare address when there is no library."""


@dataclass(frozen=True)
class LibraryOrigin:
    """A native library and where it came from."""

    path: str
    """The file."""
    distribution: str | None
    """The name of the distribution whose record lists the file."""
    version: str | None
    """The version of the distribution."""


@dataclass(frozen=True)
class Conflict:
    """Two distributions whose native libraries got in each other's way."""

    kind: str
    """``crossed-call``: a call went from one distribution's library into the other's copy of the same symbol."""
    symbol: str | None
    """The symbol that both define, demangled for C++."""
    libraries: tuple[LibraryOrigin, ...]
    """The library called from, then the library called into."""
    explanation: str
    """What happened, in a sentence or two."""


@dataclass(frozen=True)
class NativeLibrary:
    """A native library in the process."""

    path: str
    """The file."""
    distribution: str | None
    """The name of the distribution that it belongs to."""
    version: str | None
    """The version of the distribution."""
    loaded_by: str | None
    """The extension module that brought it; nothing for the interpreter's own and for those loaded in other ways."""


@dataclass(frozen=True)
class LoadedModule:
    """A module whose initialisation began."""

    name: str
    """Its full name."""
    file: str | None
    """Its source file or extension module; nothing for a namespace package."""
    is_extension: bool
    """Whether it is native code."""
    seconds: float | None
    """Time until it was initialised, with all that it imported; nothing if it never was."""
    memory_bytes: int | None
    """Growth of the resident memory meanwhile; nothing if it is not known."""


@dataclass(frozen=True)
class Loaded:
    """What the target loaded."""

    modules: tuple[LoadedModule, ...] = ()
    """Modules, in the order in which their initialisation began."""
    native: tuple[NativeLibrary, ...] = ()
    """Native libraries, in the order of their initialisation."""


@dataclass(frozen=True)
class SideEffects:
    """What the import did besides importing; nothing where it could not be observed, empty where there was none."""

    environment: tuple[str, ...] | None = None
    """Environment variables set, changed or removed."""
    working_directory: str | None = None
    """The new working directory, if it changed."""
    signal_handlers: tuple[str, ...] | None = None
    """Signals whose handling changed."""
    threads: tuple[str, ...] | None = None
    """Threads started and still there; those of native code by number."""
    files_written: tuple[str, ...] | None = None
    """Files opened for writing, bytecode left out."""
    processes: tuple[str, ...] | None = None
    """Programs started, and forks."""
    warning_filters: int | None = None
    """By how many the warning filters grew."""


@dataclass(frozen=True)
class Finding:
    """Something about the surroundings that can matter to an import."""

    name: str
    """What, such as ``LD_PRELOAD``."""
    value: str
    """How it was found."""
    observed: str
    """By which observation it is known."""
    kind: FindingKind = "variable"
    """``variable`` of the environment, ``shadow`` (a file that stands in for a module), ``startup`` (a file that runs
    before the target), or ``system``."""
    role: Role = "remark"
    """``cause`` if the target is healthy without it, as a second run showed, and fails with it; else ``remark``."""
    advice: str | None = None
    """What to do about it, if there is something."""


@dataclass(frozen=True)
class ThreadStack:
    """What one thread was doing when the child was looked at."""

    id: int
    """The system's number of the thread."""
    name: str | None
    """The name that the system knows it by."""
    state: State | None
    """Whether it was computing, waiting or stopped."""
    chain: tuple[Hop, ...] = ()
    """The imports that were open in it."""
    python: tuple[Place, ...] | None = None
    """Its Python frames, innermost first; nothing for a thread without Python, or that could not be asked."""
    native: tuple[NativeFrame, ...] | None = None
    """Its native frames, innermost first; nothing where it could not be asked."""


@dataclass(frozen=True)
class Examination:
    """What an examination of an import found.

    Examples
    --------
    >>> from dsa110_contimg.doctor import examine
    >>> found = examine("import json")
    >>> found.verdict, found.exit.code, found.chain
    ('healthy', 0, ())
    """

    target: str
    """What was examined, as it was asked."""
    python: Interpreter
    """The Python that ran it."""
    verdict: Verdict
    """What became of it, in a word."""
    exit: Exit
    """How the child ended."""
    chain: tuple[Hop, ...] = ()
    """From the target to the module that was being initialised, or to the first forbidden thing."""
    roads: tuple[Road, ...] = ()
    """For forbidden things, every way to them."""
    culprit: Culprit | None = None
    """Where it died."""
    native_frames: tuple[NativeFrame, ...] = ()
    """Up to twenty native frames of the thread that died, innermost first."""
    python_frames: tuple[Place, ...] = ()
    """The Python frames of the thread that died, innermost first."""
    conflicts: tuple[Conflict, ...] = ()
    """Distributions whose libraries got in each other's way."""
    loaded: Loaded = field(default_factory=Loaded)
    """What was loaded."""
    side_effects: SideEffects = field(default_factory=SideEffects)
    """What the import did besides importing."""
    environment: tuple[Finding, ...] = ()
    """What in the surroundings can matter."""
    exception: str | None = None
    """For a Python exception: its last line, such as ``ImportError: no such thing``."""
    traceback: str | None = None
    """For a Python exception: its traceback."""
    state: State | None = None
    """For a child that hung: computing, waiting or stopped."""
    threads: tuple[ThreadStack, ...] = ()
    """For a child that hung: every thread, the main thread first; after a crash: other threads with open imports."""
    stdout: str = ""
    """The end of what it wrote to standard output."""
    stderr: str = ""
    """The end of what it wrote to standard error."""
    elapsed_s: float = 0.0
    """How long the examination took, in seconds."""
    confidence: dict[str, str] = field(default_factory=dict)
    """What the answer rests on, and what could not be seen; a sentence each."""
    corruption: str | None = None
    """The module during whose import a checking allocator first found the heap damaged, if a second run showed one."""

    def to_json(self) -> dict[str, Any]:
        """Return the examination as JSON that other programs may rely on.

        Returns
        -------
        dict
            What ``json.dumps`` takes; the keys are told in docs/doctor.md. Addresses are text such as ``"0x20"``, and
            what does not apply is None.
        """
        from dsa110_contimg.doctor.contract import write_examination

        return write_examination(self)
