"""What is said about a worker that died or stood still."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from dsa110_contimg.errors import CasaCrashError, CasaTimeoutError

_CAUSES = {
    "SIGSEGV": "a segmentation fault",
    "SIGBUS": "a bus error: a file became shorter while it was read, or the memory is bad",
    "SIGABRT": "aborted by itself, as on a corrupted heap",
    "SIGFPE": "an impossible calculation",
    "SIGILL": "an instruction that this processor does not know",
    "SIGKILL": "killed from outside, perhaps by the system because memory ran out",
    "SIGTERM": "ended from outside",
}
_LONGEST = 300


@dataclass(frozen=True)
class Question:
    """What the worker was asked, in the words of an error."""

    what: str
    """What was asked: ``"DATA, rows 0 to 99,"``, ``"the keywords"``."""
    path: str
    """The path of the table."""
    column: str | None = None
    """The column, if it was about one."""
    rows: range | None = None
    """The rows, if it was about some."""


def describe_death(question: Question | None, backend: str, status: int, said: str) -> CasaCrashError:
    """Make the error for a worker that died.

    Parameters
    ----------
    question : Question or None
        What it was asked; None if it died while it started.
    backend : str
        The package that it reads with.
    status : int
        Its exit status; negative for a signal, as `subprocess` tells it.
    said : str
        What it wrote before it died.

    Returns
    -------
    CasaCrashError
        The error.
    """
    name = _name_signal(-status) if status < 0 else None
    how = f"of {name} ({_CAUSES.get(name, 'a signal')})" if name else f"with exit status {status}"
    last = _shorten(said)
    words = f" Its last words: {last}" if last else ""
    if question is None:
        module = {"casacore": "casacore.tables"}.get(backend, backend)
        return CasaCrashError(
            f"The process that reads tables died {how} while it imported {backend}.{words}",
            hint=f"Its installation is damaged, or something beside it clashes. Run: import-doctor {module}",
            signal_name=name,
        )
    return CasaCrashError(
        f"The process that read {question.what} of {question.path} died {how}.{words}",
        hint="The next call starts a new one. If it dies again, the table is damaged: copy it again from its source, "
        "or read fewer rows to find the bad ones.",
        signal_name=name,
        path=question.path,
        column=question.column,
        rows=question.rows,
    )


def describe_standstill(question: Question | None, backend: str, timeout: float) -> CasaTimeoutError:
    """Make the error for a worker that stood still.

    Parameters
    ----------
    question : Question or None
        What it was asked; None if it stood still while it started.
    backend : str
        The package that it reads with.
    timeout : float
        For how many seconds nothing came.

    Returns
    -------
    CasaTimeoutError
        The error.
    """
    doing = f"read {question.what} of {question.path}" if question else f"imported {backend}"
    return CasaTimeoutError(
        f"The process that {doing} gave no sign for {timeout:g} s, and was ended.",
        hint="If the disk is slow or the query long, give it longer: CasaTable(path, timeout=600). Otherwise the table "
        "is damaged: copy it again from its source.",
    )


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _shorten(said: str) -> str:
    """Keep the end of what was said, on one line."""
    words = " ".join(said.split())
    return words if len(words) <= _LONGEST else "…" + words[-_LONGEST:]
