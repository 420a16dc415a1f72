"""From facts to sentences: each way to die is told apart, and nothing is claimed that the facts do not hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsa110_contimg.doctor.examination import Examination, Exit, NativeFrame, Place, ThreadStack
from dsa110_contimg.doctor.native.demangling import shorten_symbol
from dsa110_contimg.doctor.report.explanations import explain
from dsa110_contimg.doctor.report.wording import clean, find_blamed, is_own, shorten
from examinations import ALL, EXITED, LIBC, LIBPYTHON, PYTHON, QA_CHAIN, RAISED, SITE, hop


def crashed(signal: str, code: str | None = None, address: int | None = None, **more: object) -> Examination:
    return Examination("x", PYTHON, "crashed", Exit(None, signal, code, address), **more)  # type: ignore[arg-type]


def why(examination: Examination) -> str:
    return " ".join(explain(examination).why)


OVERFLOW = tuple(NativeFrame("/data/x.so", None, "dig", 0x1100) for _ in range(20))


@pytest.mark.parametrize(
    ("examination", "says"),
    [
        (crashed("SIGSEGV", "SEGV_MAPERR", 0), "at address 0: it followed a null pointer"),
        (crashed("SIGSEGV", "SEGV_MAPERR", 0x18), "a member of an object that is not there"),
        (crashed("SIGSEGV", "SEGV_MAPERR", 0x7F0012345678), "the pointer was stale or overwritten"),
        (crashed("SIGSEGV", "SEGV_ACCERR", 0x7F0012345678), "in a way that is forbidden there"),
        (crashed("SIGSEGV", "SI_KERNEL"), "can be no address at all"),
        (crashed("SIGSEGV", "SI_TKILL"), "No memory was at fault"),
        (crashed("SIGSEGV"), "The address is not known"),
        (crashed("SIGSEGV", "SEGV_MAPERR", 0x7FFC0000, native_frames=OVERFLOW), "The stack overflowed"),
        (crashed("SIGSEGV", "SEGV_MAPERR", 0, native_frames=(NativeFrame(None, None, None, 0),)), "It jumped to 0x0"),
        (crashed("SIGILL"), "does not know the instruction"),
        (crashed("SIGFPE", "FPE_INTDIV"), "An integer was divided by zero"),
        (crashed("SIGBUS", "BUS_ADRERR"), "shorter than when it was opened"),
        (crashed("SIGBUS", "BUS_ADRALN"), "multiple of its size"),
        (crashed("SIGABRT", stderr="OMP: Error #15: Initializing libiomp5"), "Two copies of the OpenMP runtime"),
        (crashed("SIGABRT", stderr="qt.qpa: could not connect to display :0"), "Qt found no display"),
        (
            crashed("SIGABRT", stderr="double free or corruption (out)"),
            "heap damaged (`double free or corruption (out)`)",
        ),
        (crashed("SIGABRT", stderr="something of its own\n"), "`something of its own`"),
        (
            crashed(
                "SIGABRT", stderr="terminate called after throwing an instance of 'std::runtime_error'\n  what():  no"
            ),
            "A C++ exception that nobody caught ended it: `std::runtime_error`, which says `no`.",
        ),
        (
            replace(RAISED, exception="ImportError: x.so: cannot allocate memory in static TLS block"),
            "thread-local data",
        ),
        (
            replace(RAISED, exception="ImportError: numpy.core.multiarray failed to import"),
            "another major version of numpy",
        ),
        (
            replace(RAISED, exception="ImportError: libx.so.1: cannot open shared object file"),
            "libx.so.1 was not found",
        ),
        (replace(RAISED, exception="ImportError: /x.so: file too short"), "damaged, cut short"),
        (
            replace(RAISED, exception="SystemError: initialization of x raised unreported exception"),
            "a mistake in the ext",
        ),
        (replace(RAISED, exception="SystemExit: 3"), "asked Python to end"),
        (replace(EXITED, exit=Exit(code=3)), "ended from within"),
        (
            replace(EXITED, exit=Exit(code=127), stderr="symbol lookup error: x.so: undefined symbol: f"),
            "no loaded library",
        ),
    ],
)
def test_why(examination: Examination, says: str) -> None:
    assert says in why(examination)


def test_an_unknown_signal_is_not_explained() -> None:
    assert explain(Examination("x", PYTHON, "killed", Exit(signal="SIG42"))).why == (
        "SIG42 ended the process. What sent it is not known.",
    )


@pytest.mark.parametrize("state", ["spinning", "waiting", "stopped"])
def test_a_hang(state: str) -> None:
    thread = ThreadStack(
        7,
        "python",
        state,  # type: ignore[arg-type]
        (),
        (Place("/data/x.py", 3, "<module>", "join()"),),
        (
            NativeFrame(LIBC, None, "pthread_cond_wait@@GLIBC_2.3.2", 1),
            NativeFrame("/data/x.so", None, "wait_for_it", 2),
        ),
    )
    told = why(Examination("x", PYTHON, "hung", Exit(), state=state, threads=(thread,)))  # type: ignore[arg-type]
    expected = {
        "spinning": "Thread 7 computes in",
        "waiting": "Thread 7 waits for a lock in `wait_for_it`.",
        "stopped": "until it gets SIGCONT",
    }
    assert expected[state] in told
    assert "opposite order" not in told


def test_the_gil_alone_is_no_deadlock_with_the_loader() -> None:
    frames = (NativeFrame(LIBPYTHON, None, "take_gil", 1), NativeFrame("/x.so", None, "init", 2))
    found = Examination(
        "x", PYTHON, "hung", Exit(), state="waiting", threads=(ThreadStack(7, None, "waiting", (), None, frames),)
    )
    assert "Thread 7 waits for Python's lock (the GIL)." in why(found)


@pytest.mark.parametrize("name", ALL)
def test_every_verdict_has_a_headline_of_one_line_and_whole_sentences(name: str) -> None:
    told = explain(ALL[name])
    assert "\n" not in told.headline
    assert told.headline[0].isupper()
    assert all(
        sentence.rstrip("`'\"")[-1] in ".)" or "import-doctor" in sentence for sentence in told.why + told.advice
    )
    assert all("!" not in sentence for sentence in told.why + told.advice) or name == "hostile"


def test_the_statement_to_blame_is_the_last_own_one_that_leads_into_another_package() -> None:
    assert find_blamed(QA_CHAIN) == 3
    inner = (
        *QA_CHAIN[:4],
        hop("casacore._measures", "/home/observer/casacore/__init__.py", 2, "from . import _measures"),
    )
    assert find_blamed(inner) == 3
    assert find_blamed(QA_CHAIN[:1]) == 0
    assert find_blamed(()) is None
    assert not is_own(f"{SITE}/casacore/__init__.py")
    assert not is_own("<frozen importlib._bootstrap>")
    assert not is_own(None)


def test_a_call_at_module_level_is_named_when_the_import_stands_in_a_function() -> None:
    caller = Place("/home/me/pkg/__init__.py", 9, "<module>", "table = load()")
    chain = (
        hop("pkg", "<target>", 1, "import pkg"),
        hop("casacore", "/home/me/pkg/lazy.py", 4, "import casacore", "function", called_from=caller),
    )
    told = explain(crashed("SIGSEGV", chain=chain))
    assert "stands in a function, which" in told.why[0]
    assert "pkg/__init__.py:9" in told.advice[0]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain é …", "plain é …"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202eb", "a\\u202eb"),
        ("\udcff", "\\xff"),
        ("a\nb", "a\\nb"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
    assert clean(cleaned) == cleaned


def test_short_names() -> None:
    assert shorten("/data/x/y.py", "/data") == "x/y.py"
    assert shorten("/usr/lib/python3/dist-packages/x.py", "/data") == "…/dist-packages/x.py"
    assert shorten("/usr/lib/python3.11/json/__init__.py", "/data") == "…/python3.11/json/__init__.py"
    assert shorten("<target>") == "target"
    assert shorten_symbol("f(int)") == "f(int)"
    assert shorten_symbol(f"a::{'b<c<d>, e>' * 6}::f(g, h)") == f"a::{'b<…>' * 6}::f(…)"
