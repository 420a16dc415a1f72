"""Run a target in a child, outlive whatever becomes of it, and keep what it left behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dsa110_contimg.doctor.errors import BadInterpreterError, UnwritableFolderError
from dsa110_contimg.doctor.journal import Journal, read_journal
from dsa110_contimg.doctor.recorder.record import find_recorder, read_record
from dsa110_contimg.doctor.threads import ThreadState, ask_stacks, read_states
from dsa110_contimg.doctor.witness.journal import SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Literal

    from dsa110_contimg.doctor.recorder.record import Record
    from dsa110_contimg.doctor.targets import Target

    Watch = Literal["preload", "ctypes", "faulthandler"]

WITNESS = Path(__file__).with_name("witness")
BOOT = (
    "import sys; p = type(sys)('_import_doctor'); p.__path__ = [sys.argv[1]]; sys.modules['_import_doctor'] = p; "
    "from _import_doctor.testimony import testify; testify(sys.argv[2:])"
)
"""Makes the folder of the witness a package under a name that no target has, whatever is on the path."""
PAPERS = ("journal", "record", "trace")
"""The files that a child leaves behind."""
KEPT = 64 << 10
"""How many bytes of the end of each of its outputs are kept."""
LOOK_S = 0.05
"""How often the child's threads are looked at, in seconds."""
GRACE_S = 1.0
"""How long a child that hung may take to tell its stacks, in seconds."""


@dataclass(frozen=True)
class Run:
    """What a child left behind."""

    returncode: int | None
    """Its exit code, negative for a signal; nothing if it hung."""
    journal: Journal
    """What it told."""
    record: Record | None
    """What the recorder wrote."""
    trace: str
    """Python tracebacks written as it died."""
    stdout: str
    """The end of its standard output."""
    stderr: str
    """The end of its standard error."""
    states: dict[int, ThreadState] = field(default_factory=dict)
    """Its threads when it was taken to hang."""
    maps: str | None = None
    """Its memory map when it was taken to hang."""
    elapsed_s: float = 0.0
    """How long it ran, in seconds."""


@dataclass(frozen=True)
class Plan:
    """What is to be run, and how."""

    target: Target
    """The target."""
    python: str
    """The interpreter."""
    env: Mapping[str, str]
    """The environment."""
    cwd: Path
    """The working directory."""
    args: tuple[str, ...] = ()
    """Arguments of a script."""
    timeout: float = 60.0
    """Seconds after which it is taken to hang."""
    edges: bool = False
    """Whether to note every import statement."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Offer a folder for what children leave behind.

    Yields
    ------
    pathlib.Path
        An empty folder, which is removed at the end.

    Raises
    ------
    UnwritableFolderError
        When there is none, or there is no room in it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="import-doctor-") as name:
            yield Path(name)
    except OSError as error:
        if isinstance(error, (ValueError, UnwritableFolderError)):
            raise
        raise UnwritableFolderError(
            f"What the child leaves behind needs a folder for temporary files; none can be used: {error.strerror}.",
            hint="Set TMPDIR to a folder that can be written, with some megabytes to spare.",
        ) from error


def prepare_child(
    plan: Plan, folder: Path, watch: Watch = "preload", preload: Sequence[str] = ()
) -> tuple[list[str], dict[str, str]]:
    """Prepare the command and the environment of a child, and the journal that it is to keep.

    Parameters
    ----------
    plan : Plan
        What it is to run.
    folder : pathlib.Path
        An empty folder for what it leaves behind.
    watch : {'preload', 'ctypes', 'faulthandler'}
        What records a crash; the next one is taken where it cannot be had.
    preload : sequence of str
        More libraries to load ahead of all.

    Returns
    -------
    tuple
        Its command and its environment.
    """
    recorder = find_recorder() if watch != "faulthandler" else None
    is_preloaded = watch == "preload" and sys.platform == "linux" and _can_be_preloaded(recorder)
    journal, record, trace = (folder / name for name in PAPERS)
    with journal.open("wb") as file:
        file.truncate(SIZE)
    before = plan.env.get("LD_PRELOAD", "")
    environment = dict(plan.env)
    if libraries := [*([str(recorder)] if is_preloaded else []), *preload]:
        environment["LD_PRELOAD"] = ":".join([*libraries, *filter(None, [before])])
    if is_preloaded:
        environment |= {
            "IMPORT_DOCTOR_RECORD": str(record),
            "IMPORT_DOCTOR_TRACE": str(trace),
            "IMPORT_DOCTOR_PRELOAD": before,
        }
    how = "preloaded" if is_preloaded else str(recorder or "")
    command = [plan.python, "-S", "-c", BOOT, str(WITNESS), str(journal), how, str(record), str(trace)]
    return [*command, "edges" if plan.edges else "", plan.target.kind, plan.target.text, *plan.args], environment


def _can_be_preloaded(recorder: Path | None) -> bool:
    """Return whether the loader can be told of the recorder; it takes spaces and colons for the ends of names."""
    return recorder is not None and not set(" :") & set(str(recorder))


def run_child(plan: Plan, folder: Path, watch: Watch = "preload", preload: Sequence[str] = ()) -> Run:
    """Run a target in a child of its own and return what it left behind; for the arguments see `prepare_child`."""
    command, environment = prepare_child(plan, folder, watch, preload)
    journal, record, trace = (folder / name for name in PAPERS)
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            cwd=plan.cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise BadInterpreterError(
            f"The interpreter {plan.python} cannot be started in {plan.cwd}: {error.strerror}.",
            hint="Check the interpreter and the working directory; a target of over 100 kB belongs into a script.",
        ) from error
    _forbid_core(process.pid)
    watcher = _Watcher(process)
    states, maps, told = {}, None, None
    try:
        if not watcher.wait(began + plan.timeout):
            states = watcher.sum_up()
            told = read_journal(journal)  # before the question, which lets a stopped child go on
            maps = ask_stacks(process.pid, states, record, trace, GRACE_S)
    finally:
        _end(process)
        stdout, stderr = watcher.finish()
    return Run(
        returncode=None if states else process.returncode,
        journal=told or read_journal(journal),
        record=read_record(record),
        trace=trace.read_text(errors="replace") if trace.exists() else "",
        stdout=stdout,
        stderr=stderr,
        states=states,
        maps=maps,
        elapsed_s=time.monotonic() - began,
    )


class _Watcher:
    """Read what a child writes, and look at its threads, until it ends."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._ends: list[bytearray] = []
        self._selector = selectors.DefaultSelector()
        self._streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
        for stream in self._streams:
            os.set_blocking(stream.fileno(), False)
            self._ends.append(bytearray())
            self._selector.register(stream, selectors.EVENT_READ, self._ends[-1])
        self._pidfd = os.pidfd_open(process.pid) if hasattr(os, "pidfd_open") else None
        if self._pidfd is not None:
            self._selector.register(self._pidfd, selectors.EVENT_READ, None)
        self._looks: deque[tuple[float, dict[int, ThreadState]]] = deque(maxlen=20)

    def wait(self, deadline: float) -> bool:
        """Return whether the child ended before the deadline."""
        look = time.monotonic() + LOOK_S
        while self._process.poll() is None:
            now = time.monotonic()
            if now >= deadline:
                return False
            if now >= look and now > deadline - 2.0:  # only what it did lately says how it hangs
                self._looks.append((now, read_states(self._process.pid)))
                look = now + LOOK_S
            self._read(min(LOOK_S, deadline - now))
        return True

    def sum_up(self) -> dict[int, ThreadState]:
        """Return the state of each thread that is there now, from all looks."""
        now, when = read_states(self._process.pid), time.monotonic()
        for thread, state in now.items():
            looks = [(at, look[thread]) for at, look in self._looks if thread in look]
            busy = 0.0
            if looks:
                first, before = looks[0]
                busy = (state.cpu_ticks - before.cpu_ticks) / os.sysconf("SC_CLK_TCK") / max(when - first, LOOK_S)
            state.judge([look.letter for _, look in looks], busy)
        return now

    def _read(self, timeout: float) -> bool:
        is_any = False
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                continue
            try:
                block = os.read(key.fd, 1 << 16)
            except BlockingIOError:
                continue
            if not block:
                self._selector.unregister(key.fileobj)
                continue
            is_any = True
            key.data.extend(block)
            del key.data[:-KEPT]
        return is_any

    def finish(self) -> tuple[str, str]:
        """Return the ends of both outputs; whoever else holds the pipes open is not waited for."""
        limit = time.monotonic() + 1.0
        while self._read(0) and time.monotonic() < limit:
            pass
        self._selector.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
        for stream in self._streams:
            stream.close()
        stdout, stderr = (end.decode(errors="replace") for end in self._ends)
        return stdout, stderr


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and everything that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:  # macOS says so of a group whose last process is a zombie
        process.kill()
    process.wait()


def _forbid_core(pid: int) -> None:
    """Let the child leave no core file, which would be a file of gigabytes in somebody's folder."""
    if sys.platform == "linux":
        import resource

        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_CORE)
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, hard))
        except (OSError, ValueError):
            return  # already gone, or not allowed: then the system's own limit holds
