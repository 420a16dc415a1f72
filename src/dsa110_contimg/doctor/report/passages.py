"""The parts of a report for a terminal: a chain with its arrows, frames, stacks, tracebacks, what was loaded."""

from __future__ import annotations

import re

from dsa110_contimg.doctor.native.demangling import shorten_symbol
from dsa110_contimg.doctor.native.roles import is_interpreter, is_loader
from dsa110_contimg.doctor.report.wording import (
    TARGET,
    count,
    find_blamed,
    name_distribution,
    name_library,
    shorten,
    write_place,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.examination import Examination, Hop, NativeFrame, Place
    from dsa110_contimg.doctor.report.sheet import Sheet

_MOST_HOPS = 16
_KEPT_HOPS = 5
_MOST_FRAMES = 8
_MOST_PLACES = 6
_MOST_THREADS = 12
BLAMED, ASKED = "◀ the statement to change", "◀ your statement"


def fits_beside(sheet: Sheet, chain: Sequence[Hop]) -> bool:
    """Return whether each statement of a chain fits on a line with its place."""
    blamed = find_blamed(tuple(chain))
    wide = max((sheet.measure(write_place(hop.file, hop.line)) for hop in chain), default=0)
    notes = (sheet.measure(BLAMED) + 2 if position == blamed else 0 for position in range(len(chain)))
    longest = max(
        (sheet.measure(hop.statement or "") + note for hop, note in zip(chain, notes, strict=True)), default=0
    )
    return wide + longest + 4 <= sheet.width


def draw_chain(sheet: Sheet, chain: Sequence[Hop], end: str, *, are_beside: bool) -> None:
    """Draw the hops of a chain, one below the other, with arrows.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    chain : sequence of Hop
        From the target on.
    end : str
        What became of the last module.
    are_beside : bool
        Whether a statement stands on the line of its place, or below it.
    """
    blamed = find_blamed(tuple(chain))
    left_out = _choose_left_out(len(chain), blamed)
    places = [write_place(hop.file, hop.line) for hop in chain]
    wide = max(map(sheet.measure, places)) + 2
    for position, (hop, place) in enumerate(zip(chain, places, strict=True)):
        if position in left_out:
            if position == left_out[0]:
                sheet.line(
                    f"… {len(left_out)} more hops, from {hop.module} to {chain[left_out[-1]].module}", style="dim"
                )
            continue
        _draw_hop(sheet, hop, place, wide if are_beside else None, is_blamed=position == blamed and len(chain) > 1)
        is_last = position == len(chain) - 1
        sheet.line(
            f"{'✗' if is_last else '↓'} {hop.module}{f'   {end}' if is_last else ''}", 4, "bold red" if is_last else ""
        )


def _draw_hop(sheet: Sheet, hop: Hop, place: str, wide: int | None, *, is_blamed: bool) -> None:
    style = "bold yellow" if is_blamed else ""
    statement = hop.statement or ("(native code imported it)" if hop.line is None else "(the source cannot be read)")
    level = {"class": "in a class body", "function": "in a function"}.get(hop.level or "", "")
    note = f"  {ASKED if hop.file == TARGET else BLAMED}" if is_blamed else ""
    if wide is not None:
        text = sheet.text(place + " " * (wide - sheet.measure(place)), "dim")
        sheet.line(text + sheet.text(statement, style) + sheet.text(note, "yellow"))
    else:
        sheet.line(sheet.text(place, "dim") + sheet.text(note, "yellow"))
        sheet.line(statement, 6, style)
    if level and hop.called_from is not None:
        caller = f", called from {write_place(hop.called_from.file, hop.called_from.line)}"
        said = f": {hop.called_from.statement}" if hop.called_from.statement else ""
        sheet.line(f"{level}{caller}{said}", 6, "dim")
    elif level:
        sheet.line(level, 6, "dim")


def _choose_left_out(length: int, blamed: int | None) -> range:
    """Return which hops of a very long chain to leave out: some after its first ones, but not the blamed one."""
    if length <= _MOST_HOPS:
        return range(0)
    end = length - _KEPT_HOPS if blamed is None or blamed < _KEPT_HOPS else min(blamed - 1, length - _KEPT_HOPS)
    return range(_KEPT_HOPS, end) if end - _KEPT_HOPS > 1 else range(0)


def draw_culprit(sheet: Sheet, found: Examination) -> None:
    """Draw where it ended: symbol, library, distribution, Python line."""
    culprit = found.culprit
    if culprit is None:
        return
    ended = found.exit
    address = "" if ended.address is None else f"address 0x{ended.address:x}"
    signal = ", ".join(filter(None, [ended.signal, ended.signal_code, address]))
    rows = [
        ("signal", signal),
        ("symbol", shorten_symbol(culprit.symbol) if culprit.symbol else None),
        ("library", _fit(shorten(culprit.library), sheet) if culprit.library else None),
        ("belongs to", name_distribution(found, culprit.distribution)),
        ("Python line", write_place(culprit.python_file, culprit.python_line) if culprit.python_file else None),
    ]
    told = [(name, value) for name, value in rows if value]
    if told:
        sheet.heading("Where")
        sheet.pairs(told)


def _fit(path: str, sheet: Sheet) -> str:
    """Return a path that fits beside its name, if need be only its end."""
    parts = path.split("/")
    return f"…/{'/'.join(parts[-2:])}" if sheet.measure(path) > sheet.width - 16 and len(parts) > 3 else path


def select_frames(frames: Sequence[NativeFrame]) -> tuple[list[tuple[int, NativeFrame]], int]:
    """Select the native frames that matter.

    Parameters
    ----------
    frames : sequence of NativeFrame
        Innermost first.

    Returns
    -------
    tuple
        Frames with their numbers, without the interpreter's own, the loader's beyond its first, and those that repeat
        the one before; and how many were left out.
    """
    chosen: list[tuple[int, NativeFrame]] = []
    libraries = [frame.library for frame in frames]
    before: tuple[str | None, str | None] | None = None
    for number, frame in enumerate(frames):
        name = (frame.library, frame.symbol)
        # What lies beyond the interpreter's own frames is how the program or the thread began.
        is_start = (
            bool(before) and number > 0 and is_system_start(frame) and any(map(is_interpreter, libraries[:number]))
        )
        is_start = is_start or (number > 0 and frame.symbol is None and is_system(frame.library))
        is_deeper = before is not None and is_loader(before[0]) and is_loader(frame.library)
        if (
            not (is_start or is_deeper or is_interpreter(frame.library))
            and (name != before or frame.symbol is None)
            and len(chosen) < _MOST_FRAMES
        ):
            chosen.append((number, frame))
        before = name
    chosen = chosen or list(enumerate(frames[:1]))
    return chosen, len(frames) - len(chosen)


def is_system(library: str | None) -> bool:
    """Return whether a library is the C or the C++ library."""
    return name_library(library).startswith(("libc.so", "libc-", "libpthread", "libstdc++", "libgcc_s"))


def is_system_start(frame: NativeFrame) -> bool:
    """Return whether a frame can be of the code that starts a program or a thread."""
    return is_system(frame.library) and (
        frame.symbol is None or frame.symbol.lstrip("_").startswith(("libc_start", "clone", "start_thread"))
    )


def write_frame(frame: NativeFrame) -> str:
    """Write one native frame: function, library, distribution."""
    if frame.library is None:
        return f"0x{frame.offset:x}, where there is no code of any library"
    symbol = shorten_symbol(frame.symbol) if frame.symbol else f"(no symbol) +0x{frame.offset:x}"
    owner = f" ({frame.distribution})" if frame.distribution else ""
    return f"{symbol}  in {name_library(frame.library)}{owner}"


def draw_frames(sheet: Sheet, frames: Sequence[NativeFrame]) -> None:
    """Draw the native frames that matter, innermost first."""
    chosen, left_out = select_frames(frames)
    if not frames:
        return
    sheet.heading("Native frames, innermost first")
    sheet.pairs([(f"#{number}", write_frame(frame)) for number, frame in chosen])
    if left_out:
        told = f"{count(left_out, 'frame')} left out (the interpreter's, the loader's, repeated); `--json` has them."
        sheet.line(told, style="dim")


def draw_traceback(sheet: Sheet, found: Examination) -> None:
    """Draw the traceback of an exception, trimmed to its innermost lines."""
    lines = (found.traceback or found.exception or "").rstrip("\n").split("\n")
    if lines == [""]:
        return
    sheet.heading("Traceback")
    most = 2 * _MOST_PLACES + 2
    last = next((index for index in range(len(lines) - 1, -1, -1) if lines[index].startswith("  ")), 0) + 1
    message = lines[last:]
    frames = lines[:last]
    if len(frames) > most:
        sheet.line(
            f"… {count(len(frames) - most, 'line')} left out, which the chain above tells; `--json` has them",
            style="dim",
        )
        frames = frames[-most:]
    for line in frames:
        sheet.line(_shorten_file(line), style="dim")
    for line in message[: 2 * _MOST_PLACES]:
        sheet.line(line, style="bold")


def _shorten_file(line: str) -> str:
    if found := re.match(r'(\s+File )"(.*)"(, line \d+.*)', line):
        return f'{found[1]}"{shorten(found[2])}"{found[3]}'
    return line


def draw_threads(sheet: Sheet, found: Examination) -> None:
    """Draw what every thread was doing."""
    for thread in found.threads[:_MOST_THREADS]:
        name = f" ({thread.name})" if thread.name else ""
        state = f", {thread.state}" if thread.state else ""
        sheet.heading(f"Thread {thread.id}{name}{state}")
        if thread.chain:
            sheet.line(f"importing {' … '.join(hop.module for hop in thread.chain[-2:])}")
        draw_places(sheet, thread.python)
        if thread.native is None:
            sheet.line("Its native stack could not be had.", style="dim")
            continue
        chosen, left_out = _select_waiting(thread.native)
        sheet.pairs([(f"#{number}", write_frame(frame)) for number, frame in chosen])
        if left_out:
            sheet.line(f"{count(left_out, 'native frame')} of the interpreter left out", style="dim")
    if len(found.threads) > _MOST_THREADS:
        sheet.heading(f"{len(found.threads) - _MOST_THREADS} more threads are in `--json`.")


def _select_waiting(frames: Sequence[NativeFrame]) -> tuple[list[tuple[int, NativeFrame]], int]:
    """Select frames; the interpreter's functions that wait for the GIL matter here."""
    telling = re.compile(r"take_gil|PyGILState_Ensure|PyEval_RestoreThread|PyThread_acquire_lock|lock_PyThread")
    chosen = [
        (number, frame)
        for number, frame in enumerate(frames)
        if not is_interpreter(frame.library) or telling.match(frame.symbol or "")
    ][: _MOST_FRAMES + 2]
    return chosen, len(frames) - len(chosen)


def draw_places(sheet: Sheet, places: Sequence[Place] | None) -> None:
    """Draw lines of Python, innermost first."""
    if places is None:
        sheet.line("Its Python stack could not be had.", style="dim")
        return
    for place in places[:_MOST_PLACES]:
        where = f"{write_place(place.file, place.line)}{f' in {place.function}' if place.function else ''}"
        sheet.line(f"{where}{f':  {place.statement}' if place.statement else ''}")
    if len(places) > _MOST_PLACES:
        sheet.line(f"{count(len(places) - _MOST_PLACES, 'outer Python frame')} left out", style="dim")
