"""The victims of the doctor: what each does, and the facts of its death. Exact, on every Python from 3.8 to 3.13."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dsa110_contimg.doctor import Examination, examine


@dataclass(frozen=True)
class Case:
    """One import and what becomes of it; ``...`` where a value differs from run to run."""

    name: str
    verdict: str
    chain: list[str] = field(default_factory=list)
    target: str = ""
    signal: str | None = None
    signal_code: str | None = None
    address: object = None
    code: object = None
    module: object = ...
    library: object = None
    stage: str | None = None
    symbol: object = None
    line: tuple[str, int] | None = None
    state: str | None = None
    corruption: str | None = None
    exception: str | None = None
    source: str | None = None
    """The Python source of a module of that name."""

    def examine(self, folder: Path, python: str, *, timeout: float = 30.0) -> Examination:
        """Examine it; what hangs is given up soon."""
        if self.source is not None:
            (folder / f"{self.name}.py").write_text(self.source)
        timeout = 1.5 if self.verdict == "hung" else timeout
        return examine(self.target or f"import {self.name}", python=python, timeout=timeout, cwd=folder)

    def check(self, found: Examination) -> None:
        """Assert every fact."""
        assert found.verdict == self.verdict, found
        assert [hop.module for hop in found.chain] == self.chain
        ends = found.exit
        assert (ends.signal, ends.signal_code) == (self.signal, self.signal_code)
        for is_, should in ((ends.address, self.address), (ends.code, self.code)):
            assert (is_ is not None) if should is ... else is_ == should
        assert (found.state, found.corruption) == (self.state, self.corruption)
        if self.exception is not None:
            assert found.exception is not None
            assert found.exception.startswith(self.exception)
        culprit = found.culprit
        if culprit is None:
            assert self.verdict == "healthy"
            return
        assert culprit.module == (self.module if self.module is not ... else (self.chain or [None])[-1])
        assert culprit.stage == self.stage
        if self.library is not ...:
            library = f"{self.name}.so" if self.library is True else self.library
            assert (Path(culprit.library).name if culprit.library else None) == library
        if self.symbol is not ...:
            assert culprit.symbol == (f"PyInit_{self.name}" if self.symbol is True else self.symbol)
        if self.line is not None:
            assert culprit.python_file is not None
            assert (Path(culprit.python_file).name, culprit.python_line) == self.line


def crashed(name: str, signal: str, signal_code: str, address: object = None, **more: object) -> Case:
    """Return a module that dies in its own PyInit, if nothing else is said."""
    facts: dict[str, object] = {"chain": [name], "library": True, "stage": "module-init", "symbol": True}
    facts |= {"line": ("<target>", 1), **more}
    return Case(name, "crashed", signal=signal, signal_code=signal_code, address=address, **facts)  # type: ignore[arg-type]


def segfault(name: str, address: int, **more: object) -> Case:
    return crashed(name, "SIGSEGV", "SEGV_MAPERR", address, **more)


def left(name: str, code: int) -> Case:
    where = ("<target>", 1)
    return Case(name, "exited", [name], code=code, library=True, stage="module-init", symbol=True, line=where)


def hung(name: str, state: str, **more: object) -> Case:
    facts: dict[str, object] = {"library": True, "stage": "module-init", "symbol": True, **more}
    return Case(name, "hung", [name], state=state, **facts)  # type: ignore[arg-type]


CONSTRUCTOR = {"stage": "static-constructor"}
NATIVE = [
    Case("harmless", "healthy", code=0),
    Case("recovers", "healthy", code=0),
    segfault("null_write", 0x20),
    crashed("aborts", "SIGABRT", "SI_TKILL"),
    crashed("stack_overflow", "SIGSEGV", "SEGV_MAPERR", ..., symbol="deeper"),
    crashed("illegal_instruction", "SIGILL", "ILL_ILLOPN", ...),
    crashed("divides_by_zero", "SIGFPE", "FPE_INTDIV", ...),
    crashed("truncated_map", "SIGBUS", "BUS_ADRERR", ..., symbol="read_beyond"),
    crashed("truncated", "SIGBUS", "BUS_ADRERR", ..., stage=None, symbol=None),
    hung("endless_loop", "spinning", symbol="spin", line=("<target>", 1)),
    hung("lock_held", "waiting", symbol="wait_for_ever", line=("<target>", 1)),
    hung("join_wants_gil", "waiting", symbol="join", line=("<target>", 1)),
    hung("stops_itself", "stopped", line=("<target>", 1)),
    left("leaves_3", 3),
    left("leaves_0", 0),
    left("exits_7", 7),
    crashed("throws_in_static", "SIGABRT", "SI_TKILL", **CONSTRUCTOR, symbol="Thrower::Thrower()"),
    crashed("throws_in_init", "SIGABRT", "SI_TKILL"),
    segfault("constructor", 0x30, **CONSTRUCTOR, symbol="construct"),
    segfault("static_object", 0x40, **CONSTRUCTOR, symbol="Measures::Measures(int*)"),
    segfault("opens_constructor", 0x30, **CONSTRUCTOR, symbol="construct", library="constructor.so"),
    Case("only_after_harmless", "healthy", code=0),
    segfault(
        "only_after_harmless",
        0x50,
        target="import harmless; import only_after_harmless",
        symbol="look",
        line=("<target>", 2),
    ),
    segfault("exec_slot", 0x60, stage="module-exec", symbol="execute"),
    Case(
        *("at_exit", "crashed-at-exit", []),
        signal="SIGSEGV",
        signal_code="SEGV_MAPERR",
        address=0x70,
        module="at_exit",  # type: ignore[arg-type]
        library=True,
        stage="finalisation",
        symbol="leave",  # type: ignore[arg-type]
    ),
    Case(
        *("destructor", "crashed-at-exit", []),
        signal="SIGSEGV",
        signal_code="SEGV_MAPERR",
        address=0x80,
        module="destructor",  # type: ignore[arg-type]
        library=True,
        stage="finalisation",
        symbol="destruct",  # type: ignore[arg-type]
    ),
    Case(
        *("at_exit_nowhere", "crashed-at-exit", []),
        signal="SIGSEGV",
        signal_code="SEGV_MAPERR",
        address=0x1234,
        module="at_exit_nowhere",  # type: ignore[arg-type]
        target="import harmless, at_exit_nowhere",
        library=...,
        symbol=...,
        stage="finalisation",  # type: ignore[arg-type]
    ),
    crashed(
        *("allocates", "SIGABRT", "SI_TKILL"),
        target="import corrupts_heap, allocates",
        corruption="corrupts_heap",
        symbol="allocate",
    ),
    Case(
        *("no_exception", "raised", ["no_exception"]),
        code=1,
        library=True,
        stage="module-init",
        line=("<target>", 1),  # type: ignore[arg-type]
        exception="SystemError: initialization of no_exception failed without raising an exception",
    ),
    Case(
        *("exception_and_module", "raised", ["exception_and_module"]),
        code=1,
        library=True,
        stage="module-init",
        line=("<target>", 1),  # type: ignore[arg-type]
        exception="SystemError: initialization of exception_and_module raised unreported exception",
    ),
    segfault("dies_in_thread", 0x90, stage="thread", symbol="die", line=None),
    Case("kills_itself", "killed", ["kills_itself"], signal="SIGKILL", library=True),
    segfault("resets_handlers", 0xA0, symbol="reset"),
    segfault("closes_files", 0xB0, symbol="close_all"),
    Case("undefined_symbol", "raised", ["undefined_symbol"], code=1, library=True, exception="ImportError: "),
    segfault("jumps_to_null", 0),
    Case("large_tls", "raised", ["large_tls"], code=1, library=True, exception="ImportError: "),
]
"""Extension modules: every way in which one can die at import."""


def python(name: str, verdict: str, source: str, chain: list[str] | None = None, **facts: object) -> Case:
    default: dict[str, object] = {"stage": None if verdict == "healthy" else "python"}
    if verdict == "healthy":
        default["code"] = 0
    elif verdict == "raised":
        default["code"] = 1
    return Case(name, verdict, [name] if chain is None else chain, source=source, **(default | facts))  # type: ignore[arg-type]


def null_write(name: str, source: str, line: tuple[str, int], chain: list[str] | None = None, **facts: object) -> Case:
    """Return a module that comes to import null_write in some way."""
    chain = [name, "null_write"] if chain is None else chain
    facts = {"stage": "module-init", "library": "null_write.so", "symbol": "PyInit_null_write", "line": line, **facts}
    ends = {"signal": "SIGSEGV", "signal_code": "SEGV_MAPERR", "address": 0x20}
    return Case(name, "crashed", chain, source=source, **ends, **facts)  # type: ignore[arg-type]


_REPLACES_IMPORT = """import builtins
before = builtins.__import__
def replaced(*args, **kwargs):
    return before(*args, **kwargs)
builtins.__import__ = replaced
import null_write
"""
PYTHON = [
    python("leaves", "exited", "import os\nos._exit(3)\n", code=3, library=..., symbol=..., line=("leaves.py", 2)),
    python(
        "leaves_well", "exited", "import os\nos._exit(0)\n", code=0, library=..., symbol=..., line=("leaves_well.py", 2)
    ),
    python("sys_exit", "raised", "import sys\nsys.exit()\n", code=0, line=("sys_exit.py", 2), exception="SystemExit"),
    python("system_exit", "raised", "raise SystemExit(4)\n", code=4, exception="SystemExit: 4"),
    python(
        "interrupted", "raised", "raise KeyboardInterrupt\n", line=("interrupted.py", 1), exception="KeyboardInterrupt"
    ),
    python("recursion", "raised", "def f():\n    f()\nf()\n", exception="RecursionError", line=("recursion.py", 2)),
    python("own_cycle", "raised", "import own_cycle\nown_cycle.nothing\n", exception="AttributeError: "),
    python(
        "closes_output",
        "healthy",
        "import os, sys\nsys.stdout.close(); sys.stderr.close()\nos.close(1); os.close(2)\n",
        [],
    ),
    python("redirects", "healthy", "import io, sys\nsys.stdout = sys.stderr = io.StringIO()\nprint('gone')\n", []),
    python("prints", "healthy", "for _ in range(100):\n    print('x' * 1_000_000, end='')\n", []),
    python("forks", "healthy", "import os\nif not os.fork():\n    os._exit(5)\nos.wait()\n", []),
    python("forks_on", "healthy", "import os\nos.fork()\n", []),
    python("fork_crashes", "healthy", "import os\nif not os.fork():\n    import null_write\nos.wait()\n", []),
    python("changes_folder", "healthy", "import os\nos.chdir('/')\n", []),
    python(
        "purges", "raised", "import sys\nsys.modules.clear()\n", exception="KeyError: 'purges'", line=("<target>", 1)
    ),
    python("swallows", "healthy", "try:\n    import no_such_module\nexcept ImportError:\n    pass\n", []),
    python(
        *("missing", "raised", "import no_such_module\n", ["missing", "no_such_module"]),
        exception="ModuleNotFoundError: No module named 'no_such_module'",
        line=("missing.py", 1),
    ),
    python(
        *("rewraps", "raised"),
        "try:\n    import no_such_module\nexcept ImportError as why:\n    raise ImportError('install it') from why\n",
        ["rewraps", "no_such_module"],
        exception="ImportError: install it",
        line=("rewraps.py", 2),
    ),
    python("terminates", "killed", "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n", signal="SIGTERM"),
    python("spins", "hung", "while True: pass\n", state="spinning", library=..., symbol=..., line=("spins.py", 1)),
    python(
        "sleeps",
        "hung",
        "import time\ntime.sleep(60)\n",
        state="waiting",
        library=...,
        symbol=...,
        line=("sleeps.py", 2),
    ),
    python(
        *(
            "never_ends",
            "hung",
            "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n",
            [],
        ),
        state="waiting",
        stage="finalisation",
        library=...,
        symbol=...,
    ),
    python(
        *("leaves_at_exit", "exited", "import atexit, os\natexit.register(os._exit, 4)\n", []),
        code=4,
        stage="finalisation",
        library=...,
        symbol=...,
    ),
    null_write("imports", "x = 1\n\nimport null_write\n", ("imports.py", 3)),
    null_write("by_name", "import importlib\nimportlib.import_module('null_write')\n", ("by_name.py", 2)),
    null_write("in_function", "def load():\n    import null_write\nload()\n", ("in_function.py", 2)),
    null_write("in_class", "class A:\n    import null_write\n", ("in_class.py", 2)),
    null_write("in_try", "try:\n    import null_write\nexcept ImportError:\n    pass\n", ("in_try.py", 2)),
    null_write("replaces_import", _REPLACES_IMPORT, ("replaces_import.py", 4)),
    null_write("purges_first", "import sys\nsys.modules.clear()\nimport null_write\n", ("purges_first.py", 3)),
    null_write(
        "own_handlers",
        "import faulthandler, signal\nsignal.signal(signal.SIGBUS, print)\nfaulthandler.enable()\nimport null_write\n",
        ("own_handlers.py", 4),
    ),
    null_write(
        "in_thread",
        "import threading\ndef load():\n    import null_write\none = threading.Thread(target=load)\n"
        "one.start()\none.join()\n",
        ("in_thread.py", 3),
        ["null_write"],
    ),
    null_write(
        "door",
        "def __getattr__(name):\n    if name == 'table':\n        import null_write\n    raise AttributeError(name)\n",
        ("door.py", 3),
        ["null_write"],
        target="from door import table",
    ),
    Case(
        *("reads_null", "crashed", ["reads_null"]),
        signal="SIGSEGV",
        signal_code="SEGV_MAPERR",
        address=0,
        stage="python",  # type: ignore[arg-type]
        library=...,
        symbol=...,
        source="import ctypes\nctypes.memset(0, 0, 1)\n",  # type: ignore[arg-type]
        line=("reads_null.py", 2),
    ),
]
"""Modules in Python: what else can happen at import, and ways to get to a crash."""
