"""How an import hangs: who computes, who waits, and for what."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.doctor.examination import Examination, ThreadStack

_LOADING = re.compile(r"^_?_?(dl_open\w*|_dl_open\w*|dlopen\w*|_dl_init|call_init|_dl_catch_\w+|dl_main)")
_WAITING_FOR_GIL = re.compile(
    r"^(take_gil|PyGILState_Ensure|PyEval_RestoreThread|PyEval_AcquireThread|_PyThreadState_Attach|_PyEval_AcquireLock)"
)
_WAITING_FOR_LOADER = re.compile(r"^_?_?(lll_lock_wait\w*|pthread_mutex_lock\w*|rtld_mutex_lock|lll_lock_\w+)")
_JOINING = re.compile(r"^_?_?pthread_(clock|timed)?join\w*")
_WAITING_FOR_LOCK = re.compile(
    r"^_?_?(lll_lock_wait\w*|pthread_mutex_lock\w*|pthread_cond_\w*wait\w*|futex_\w+|sem_wait\w*|std::condition_variable.*)"
)

DEADLOCK = (
    "Two locks were taken in opposite order. Thread {loader} is inside `dlopen`, so it holds the loader's lock, and "
    "waits for Python's "
    "lock (the GIL). Thread {importer} holds the GIL and waits for the loader's lock. Neither will ever go on."
)


def explain_hang(examination: Examination) -> list[str]:
    """Explain how an import hangs.

    Parameters
    ----------
    examination : Examination
        What was found, with the stacks of the threads.

    Returns
    -------
    list of str
        Sentences, as far as the stacks tell.
    """
    if examination.state == "stopped":
        return [
            (
                "The process was stopped (SIGSTOP or SIGTSTP), by itself or from outside; it computes nothing until it "
                "gets SIGCONT."
            )
        ]
    if pair := find_deadlock(examination):
        return [DEADLOCK.format(loader=pair[0].id, importer=pair[1].id)]
    if examination.state == "spinning":
        busy = [thread for thread in examination.threads if thread.state == "spinning"]
        told = "".join(f" Thread {thread.id} computes in {_name_innermost(thread)}." for thread in busy[:3])
        return [f"It was still computing when its time was over: an endless loop, or work that needs longer.{told}"]
    waiting = ((thread.id, _say_waiting(thread)) for thread in examination.threads[:8])
    lines = [f"Thread {number} waits {for_what}." for number, for_what in waiting if for_what is not None]
    return ["It was waiting, and used no processor time.", *lines]


def find_deadlock(examination: Examination) -> tuple[ThreadStack, ThreadStack] | None:
    """Find the loader's lock and the GIL held by two threads that each wait for the other's.

    Parameters
    ----------
    examination : Examination
        What was found.

    Returns
    -------
    tuple of ThreadStack, or None
        The thread that is inside dlopen and waits for the GIL, and the thread that waits for the loader.
    """
    loaders = [one for one in examination.threads if _has(one, _LOADING) and _has(one, _WAITING_FOR_GIL)]
    importers = [
        one
        for one in examination.threads
        if one not in loaders
        and _has(one, _LOADING)
        and _has(one, _WAITING_FOR_LOADER)
        and not _has(one, _WAITING_FOR_GIL)
    ]
    return (loaders[0], importers[0]) if loaders and importers else None


def _say_waiting(thread: ThreadStack) -> str | None:
    if _has(thread, _WAITING_FOR_GIL):
        while_ = ", while it is loading a native library" if _has(thread, _LOADING) else ""
        return f"for Python's lock (the GIL){while_}"
    if _has(thread, _JOINING):
        return "for another thread to end"
    if thread.native and _has(thread, _WAITING_FOR_LOCK):
        return f"for a lock in {_name_caller(thread)}"
    return None


def _has(thread: ThreadStack, pattern: re.Pattern[str]) -> bool:
    return any(frame.symbol and pattern.match(frame.symbol) for frame in thread.native or ())


def _name_caller(thread: ThreadStack) -> str:
    """Name the innermost function that is no part of waiting itself."""
    for frame in thread.native or ():
        if (
            frame.symbol
            and not _WAITING_FOR_LOCK.match(frame.symbol)
            and not re.match(r"^_*(syscall|futex|clone)", frame.symbol)
        ):
            return f"`{frame.symbol}`"
    return "native code"


def _name_innermost(thread: ThreadStack) -> str:
    from dsa110_contimg.doctor.report.wording import name_library, write_place

    place = f"{write_place(thread.python[0].file, thread.python[0].line)}" if thread.python else ""
    if thread.native:
        frame = thread.native[0]
        native = f"`{frame.symbol or 'a function without a name'}` of {name_library(frame.library)}"
        return f"{native}, called at {place}" if place else native
    return place or "code that could not be looked at"
