"""What became of an import and why: the verdict in one line, and the reasons as plain sentences, from facts only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from dsa110_contimg.doctor.native.roles import is_interpreter, is_loader
from dsa110_contimg.doctor.report.advice import advise
from dsa110_contimg.doctor.report.hangs import explain_hang
from dsa110_contimg.doctor.report.last_words import find_last_line, read_last_words
from dsa110_contimg.doctor.report.signals import explain_signal
from dsa110_contimg.doctor.report.wording import count, find_blamed, name_library, write_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsa110_contimg.doctor.examination import Examination

LOADER_GAVE_UP = 127
"""What the dynamic loader, and every shell, exits with for something that was not found."""

_STAGES = {
    "static-constructor": "{verb} in a static constructor of {library}: code that runs while the loader loads the "
    "library, before "
    "any function of the module is called, so that no `try` in Python can help.",
    "module-init": "{verb} while {library} was being initialised by its `PyInit` function.",
    "module-exec": "{verb} while {library} was being executed as a module (`Py_mod_exec`).",
    "thread": "{verb} in a thread that was not importing anything. What was being imported at that time may have "
    "started it.",
    "finalisation": "Everything had been imported. {verb} while Python was ending: in an exit handler or a destructor.",
}
_VERBS = {
    "crashed": "It died",
    "crashed-at-exit": "It died",
    "hung": "It hung",
    "exited": "It left",
    "killed": "It was killed",
}


@dataclass(frozen=True)
class Explanation:
    """What became of an import, why, and what to do next."""

    headline: str
    """The verdict in one line."""
    why: tuple[str, ...]
    """The reasons, a sentence or two each."""
    advice: tuple[str, ...]
    """What to do next, the most useful first."""


def explain(examination: Examination) -> Explanation:
    """Explain an examination to a person.

    Parameters
    ----------
    examination : Examination
        What was found.

    Returns
    -------
    Explanation
        Only what the facts support; names and code stand between backquotes.
    """
    return Explanation(_write_headline(examination), tuple(_find_reasons(examination)), tuple(advise(examination)))


def _write_headline(examination: Examination) -> str:
    ended, during = examination.exit, _say_when(examination)
    address = "" if ended.address is None else f" at address 0x{ended.address:x}"
    match examination.verdict:
        case "healthy":
            return "Healthy: it was imported without harm"
        case "forbidden":
            things = list(dict.fromkeys(road.forbidden for road in examination.roads))
            more = f" and {len(things) - 1} more" if len(things) > 1 else ""
            return f"Forbidden: {name_library(things[0])}{more} was loaded, by {count(len(examination.roads), 'road')}"
        case "raised":
            return f"Raised {_name_exception(examination)}{during}"
        case "crashed":
            return f"Crashed with {ended.signal or 'a fatal signal'}{address}{during}"
        case "crashed-at-exit":
            return f"Crashed at exit with {ended.signal or 'a fatal signal'}{address}, after everything was imported"
        case "hung":
            return f"Hung ({examination.state}){during}" if examination.state else f"Hung{during}"
        case "exited":
            code = "an unknown code" if ended.code is None else f"code {ended.code}"
            return f"Exited with {code}{during or ', before it was done'}"
        case _:
            return f"Killed by {ended.signal or 'a signal'}{during}"


def _name_exception(examination: Examination) -> str:
    return (examination.exception or "an exception").partition(":")[0]


def _say_when(examination: Examination) -> str:
    culprit = examination.culprit
    if culprit is None:
        return ""
    if not examination.chain and examination.verdict != "raised":
        return f" in {name_library(culprit.library)}" if culprit.library and not is_interpreter(culprit.library) else ""
    if culprit.module is None:
        return ""
    return f" while importing {culprit.module}"


def _find_reasons(examination: Examination) -> Iterator[str]:
    """Yield the reasons, from where it happened to what lies behind it."""
    verdict = examination.verdict
    if verdict == "healthy":
        return
    if verdict == "forbidden":
        yield from _explain_forbidden(examination)
        return
    for finding in examination.environment:
        if finding.role == "cause":
            yield (
                f"Without `{finding.name}` ({finding.value}) the same target is healthy, and with it it failed again: "
                "that is what makes the difference."
            )
    yield from _explain_blame(examination)
    for conflict in examination.conflicts:
        yield conflict.explanation
    if verdict == "exited":
        yield from _explain_exit(examination)
    if verdict == "raised":
        yield from _explain_exception(examination)
    else:
        yield from _explain_stage(examination)
    if verdict == "hung":
        yield from explain_hang(examination)
    elif (told := explain_signal(examination)) is not None:
        yield told
    if (words := read_last_words(examination)) is not None:
        yield words[0]
    elif examination.exit.signal == "SIGABRT" and (line := find_last_line(examination)) is not None:
        yield f"Its last words on standard error: `{line}`"
    if examination.corruption is not None:
        yield (
            "In a second run, an allocator that checks the heap first found it damaged while importing "
            f"`{examination.corruption}`: look for the damage there."
        )


def _explain_blame(examination: Examination) -> Iterator[str]:
    """Say which statement set it going, and why it ran at all."""
    chain, position = examination.chain, find_blamed(examination.chain)
    if position is None:
        return
    hop = chain[position]
    place = write_place(hop.file, hop.line)
    statement = f"`{hop.statement}`" if hop.statement else "the statement"
    if position == 0 and (hop.level != "function" or hop.called_from is None):
        return  # the target's own: nothing to explain
    root = chain[0].module
    if hop.level == "function" and hop.called_from is not None:
        caller = write_place(hop.called_from.file, hop.called_from.line)
        yield f"{statement} at {place} stands in a function, which {caller} calls while it is being imported."
    elif hop.level == "function":
        yield f"{statement} at {place} stands in a function that was called during the import."
    elif hop.level is not None:
        where = "at module level" if hop.level == "module" else "in a class body"
        yield f"{statement} at {place} stands {where}, so whoever imports `{root}` runs it, needed or not."


def _explain_stage(examination: Examination) -> Iterator[str]:
    culprit = examination.culprit
    if culprit is None:
        return
    verb = _VERBS.get(examination.verdict, "It ended")
    path = _find_constructing(examination) if culprit.stage == "static-constructor" else None
    library = (
        f"`{name_library(path or culprit.library)}`"
        if path or culprit.library
        else f"the extension module `{culprit.module}`"
    )
    if culprit.stage in _STAGES:
        yield _STAGES[culprit.stage].format(verb=verb, library=library)
    elif culprit.stage == "python" and culprit.python_file is not None:
        is_foreign = culprit.library is not None and not is_interpreter(culprit.library)
        running = f", which had called into `{name_library(culprit.library)}`" if is_foreign else ""
        yield f"{verb} while Python was at {write_place(culprit.python_file, culprit.python_line)}{running}."
    elif culprit.stage is None and culprit.library is not None:
        yield (
            f"{verb} while {library} was being loaded; whether in a static constructor or in `PyInit` was not recorded."
        )


def _find_constructing(examination: Examination) -> str | None:
    """Return the library whose static constructor ran: the last one that the loader called into."""
    frames = examination.native_frames or (examination.threads[0].native or () if examination.threads else ())
    for frame, caller in itertools.pairwise(frames):
        if is_loader(caller.library) and not is_loader(frame.library):
            return frame.library
    return None


def _explain_exception(examination: Examination) -> Iterator[str]:
    culprit = examination.culprit
    if examination.exception is not None and culprit is not None and culprit.python_file is not None:
        place = write_place(culprit.python_file, culprit.python_line)
        yield f"`{examination.exception.partition(chr(10))[0]}` came out of {place}."


def _explain_exit(examination: Examination) -> Iterator[str]:
    code, processes = examination.exit.code, examination.side_effects.processes or ()
    if processes and processes[-1].startswith("os.exec "):
        program = processes[-1].removeprefix("os.exec ")
        yield f"The process became another program, `{program}`, and this is how that one ended."
    elif code == 0:
        yield (
            "The exit code is 0, which looks like success to a shell, a test run or a batch system; but the import "
            "never finished, and nothing after it ran."
        )
    elif code == LOADER_GAVE_UP and "symbol lookup error" in examination.stderr:
        yield "The dynamic loader ended the process, because a function was called that no loaded library defines."
    else:
        yield (
            "The process was ended from within (`os._exit`, C `exit` or `_exit`): no Python exception, so nothing "
            "could catch it."
        )


def _explain_forbidden(examination: Examination) -> Iterator[str]:
    if not examination.roads:
        return
    yield "The import itself went well, but it loaded what it was not to load."
    if len(examination.roads) > 1:
        yield (
            "There is more than one road: a module is initialised once only, so whoever comes second finds it there "
            "already. If the first road is closed, the second one leads to it."
        )
