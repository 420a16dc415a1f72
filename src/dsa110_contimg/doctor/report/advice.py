"""What to do next: which statement to change, which versions to install, how to see it alone."""

from __future__ import annotations

import shlex

from dsa110_contimg.doctor.environment.pairs import find_known_pair
from dsa110_contimg.doctor.report.hangs import find_deadlock
from dsa110_contimg.doctor.report.last_words import read_last_words
from dsa110_contimg.doctor.report.wording import find_blamed, find_version, is_own, name_distribution, write_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsa110_contimg.doctor.examination import Conflict, Examination, Hop

_MOST_STATEMENTS = 6


def advise(examination: Examination) -> Iterator[str]:
    """Yield what to do next, the most useful first.

    Parameters
    ----------
    examination : Examination
        What was found.

    Yields
    ------
    str
        A sentence or two; code stands between backquotes.
    """
    if examination.verdict == "healthy":
        return
    if examination.verdict == "forbidden":
        yield from _close_roads(examination)
        return
    for finding in examination.environment:
        if finding.role == "cause":
            yield finding.advice or f"Unset `{finding.name}`."
    if (words := read_last_words(examination)) is not None and words[1] is not None:
        yield words[1]
    for conflict in examination.conflicts:
        yield from _part(conflict)
    if find_deadlock(examination) is not None:
        yield (
            "Import both in one thread, before other threads start. If one of them is casatools, it is enough that "
            "`import numpy` has "
            "finished first."
        )
    else:
        yield from _move(examination)
    yield from _look_further(examination)
    yield from _see_alone(examination)


def _part(conflict: Conflict) -> Iterator[str]:
    names = [library.distribution for library in conflict.libraries if library.distribution]
    if (
        known := find_known_pair({library.distribution: library.version for library in conflict.libraries})
    ) is not None:
        yield known.advice
    both = " and ".join(f"`{name}`" for name in dict.fromkeys(names)) or "the two libraries"
    yield f"Until then, use {both} in processes of their own; another order of imports can only hide the conflict."


def _move(examination: Examination) -> Iterator[str]:
    """Say which statement of the user's own to move."""
    chain, position = examination.chain, find_blamed(examination.chain)
    if position is None:
        return
    hop = chain[position]
    if position == 0:
        if len(chain) > 1 and not any(is_own(other.file) for other in chain[1:]):
            yield from _ask_for_less(chain)
        return
    what = (
        f"`{hop.statement}` ({write_place(hop.file, hop.line)})" if hop.statement else write_place(hop.file, hop.line)
    )
    if hop.level == "function":
        if hop.called_from is not None:
            caller = write_place(hop.called_from.file, hop.called_from.line)
            yield f"Let {caller} not call it while it is being imported, but when its result is first needed."
        return
    yield (
        f"Move {what} into the function that needs it. Then importing `{chain[0].module}` no longer reaches "
        f"`{chain[-1].module}` by this road; with `--forbid {chain[position].module}` you see whether there are "
        "others, and with `--fix` besides you get the edit, proven in a copy."
    )
    door = next((one for one in reversed(chain[: position + 1]) if _is_door(one)), None)
    if door is not None and door is not hop:
        place = write_place(door.file, door.line)
        yield (
            f"Or let {place} load `{door.module}` on first use (a module-level `__getattr__`, PEP 562); doing both "
            f"is safest."
        )


def _ask_for_less(chain: tuple[Hop, ...]) -> Iterator[str]:
    yield (
        f"Every statement on the way stands in installed packages. If you do not need all of `{chain[0].module}`, "
        f"import the submodule "
        "that you need, or import it in the function that needs it."
    )


def _is_door(hop: Hop) -> bool:
    return hop.level == "module" and is_own(hop.file) and (hop.file or "").endswith("/__init__.py")


def _look_further(examination: Examination) -> Iterator[str]:
    """Say what helps against one kind of end."""
    culprit, signal = examination.culprit, examination.exit.signal
    if examination.verdict == "hung" and examination.state == "spinning":
        yield "If it may only be slow, give it longer: `--timeout 300`."
    if signal == "SIGILL":
        yield (
            "Compare what the processor has (`lscpu`) with what the library needs; a build for plain x86-64 or "
            "aarch64 runs everywhere."
        )
    if signal == "SIGBUS" and culprit is not None and culprit.library is not None:
        yield "Compare the size of the file with that of a fresh download, or install the package again."
    if signal == "SIGKILL":
        yield (
            "Ask the system who sent it: `journalctl -k | grep -i oom`, the log of the batch system, the limit of "
            "the container."
        )
    if examination.verdict == "crashed-at-exit":
        yield (
            "The results are safe if they were written before the end, but the exit status is not: whoever started "
            "the process sees a "
            "crash."
        )
    owner = name_distribution(examination, culprit.distribution) if culprit is not None else None
    if (
        owner is not None
        and examination.verdict in ("crashed", "crashed-at-exit", "exited")
        and not examination.conflicts
    ):
        version = find_version(examination, culprit.distribution) if culprit is not None else None
        yield (
            f"Try another version {'than' if version else 'of'} {owner}. If it is the newest, report this to its "
            f"developers (`--html` "
            "writes a page)."
        )
    elif examination.verdict in ("crashed", "crashed-at-exit") and not examination.conflicts:
        yield from _find_source_line(examination)


def _find_source_line(examination: Examination) -> Iterator[str]:
    library = examination.culprit.library if examination.culprit is not None else None
    frame = next((one for one in examination.native_frames if library is not None and one.library == library), None)
    if frame is not None and frame.library is not None and is_own(frame.library):
        call = f"addr2line -fCe {shlex.quote(frame.library)} 0x{frame.offset:x}"
        yield f"If you have the source: `{call}` names the line, when the library is built with `-g`."
    elif not examination.native_frames:
        yield (
            "Install this package where there is a C compiler: with its recorder the doctor also tells the address, "
            "the symbol and the "
            "native frames."
        )


def _see_alone(examination: Examination) -> Iterator[str]:
    """Say how to see it without the rest."""
    chain, position = examination.chain, find_blamed(examination.chain)
    if position is None or position == 0 or examination.verdict == "crashed-at-exit":
        return
    hop = chain[position]
    statement = hop.statement or ""
    # Neither a relative import nor the first line of a longer statement can be run by itself.
    is_whole = statement.startswith(("import ", "from ")) and statement.count("(") == statement.count(")")
    alone = statement if is_whole and not statement.startswith("from .") and statement[-1] != "\\" else hop.module
    yield f"See it alone: `import-doctor {shlex.quote(alone)}`"


def _close_roads(examination: Examination) -> Iterator[str]:
    statements: dict[tuple[str | None, int | None], Hop] = {}
    foreign = 0
    for road in examination.roads:
        position = find_blamed(road.chain)
        if position is None or road.chain[position].file == "<target>":
            foreign += 1
            continue
        hop = road.chain[position]
        statements.setdefault((hop.file, hop.line), hop)
    if len(statements) == 1:
        (hop,) = statements.values()
        yield (
            f"Move `{hop.statement or hop.module}` ({write_place(hop.file, hop.line)}) into the function that needs it."
        )
    elif statements:
        shown = list(statements.values())[:_MOST_STATEMENTS]
        told = ", ".join(f"`{hop.statement or hop.module}` ({write_place(hop.file, hop.line)})" for hop in shown)
        more = f" and {len(statements) - len(shown)} more" if len(statements) > len(shown) else ""
        yield f"Move each of these into the function that needs it: {told}{more}. Moving only some leaves a road open."
    if foreign:
        roads = "road leads" if foreign == 1 else "roads lead"
        yield (
            f"{foreign} {roads} only through installed packages: import a smaller part of them, or import them where "
            f"they are needed."
        )
    yield (
        "Keep it so: run this command with the same `--forbid` in the tests; its exit code is 0 when nothing "
        "forbidden is loaded."
    )
