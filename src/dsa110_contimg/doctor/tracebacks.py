"""Read the Python tracebacks that a dying interpreter wrote: its own format, one block a thread."""

from __future__ import annotations

import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.doctor.chain import Sources
    from dsa110_contimg.doctor.examination import Place

_THREAD = re.compile(r"(Current thread|Thread) (0x[0-9a-f]+)")
_FRAME = re.compile(r'  File "(.*)", line (\d+|\?\?\?) in (.*)')


@dataclass(frozen=True)
class ThreadTraceback:
    """The Python frames of one thread."""

    ident: int
    """Python's number of the thread."""
    is_current: bool
    """Whether it is the one in which it was written."""
    frames: tuple[tuple[str, int, str], ...]
    """File, line and function, innermost first, without the frames of importlib and of the doctor."""


def read_tracebacks(text: str) -> tuple[ThreadTraceback, ...]:
    """Read the last dump in a text.

    Parameters
    ----------
    text : str
        What ``_Py_DumpTracebackThreads`` or faulthandler wrote.

    Returns
    -------
    tuple of ThreadTraceback
        One for each thread; if several dumps follow each other, those of the last.
    """
    found: dict[int, ThreadTraceback] = {}
    ident, is_current, is_target, frames = 0, False, True, list[tuple[str, int, str]]()
    for line in [*text.splitlines(), "Thread 0x0"]:
        if header := _THREAD.match(line):
            if ident:
                found[ident] = ThreadTraceback(ident, is_current, tuple(frames))
            ident, is_current, frames, is_target = int(header[2], 16), header[1].startswith("Current"), [], True
        elif frame := _FRAME.match(line):
            file, number, function = frame.groups()
            is_target &= not file.endswith("/witness/testimony.py")  # from there on out it is us, not the target
            if is_target and not file.startswith("<frozen importlib") and not file.endswith("/importlib/__init__.py"):
                frames.append((file, int(number) if number.isdigit() else 0, function))
    return tuple(found.values())


def find_places(traceback: ThreadTraceback | None, sources: Sources) -> tuple[Place, ...]:
    """Return the frames of a thread as lines of Python with their source."""
    if traceback is None:
        return ()
    return tuple(sources.find_place(*frame) for frame in traceback.frames)
