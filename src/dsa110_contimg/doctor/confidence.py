"""What an answer rests on, and what could not be seen; a sentence each."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.doctor.diagnosis import Diagnosis

_WATCH = {
    "preload": "The recorder was loaded ahead of everything; no library could take its place.",
    "ctypes": "The recorder was loaded by ctypes; a library that resets the fault handlers escapes it.",
    "faulthandler": "No recorder was at hand, only Python's faulthandler: no address, no native frames, no symbols.",
    "": "Nothing could record a crash; the answer rests on the journal and the exit status alone.",
}


def say_confidence(diagnosis: Diagnosis, *, are_roads_whole: bool | None) -> dict[str, str]:
    """Say what an answer rests on.

    Parameters
    ----------
    diagnosis : Diagnosis
        What the child left behind.
    are_roads_whole : bool or None
        Whether every road to what was forbidden was found; nothing if nothing was forbidden.

    Returns
    -------
    dict
        By topic, a sentence.
    """
    run, journal = diagnosis.run, diagnosis.run.journal
    found = {"exit": "The system reported how the child ended."}
    if run.returncode is None:
        found["exit"] = "The child was ended when its time was over; its threads were looked at before."
    found["chain"] = "The journal holds every module whose initialisation began, in each thread."
    if not journal.watch:
        found["chain"] = "The child left no journal: the interpreter itself did not come to its start."
    elif not journal.has_begun:
        found["chain"] = "It ended while the interpreter started (.pth files, sitecustomize), before the target began."
    elif journal.is_full:
        found["chain"] = "The journal was full before the end; the innermost modules may be missing."
    found["recorder"] = _WATCH[journal.watch]
    if diagnosis.verdict in ("crashed", "crashed-at-exit"):
        found["native_frames"] = _say_frames(diagnosis)
        if not diagnosis.python_frames:
            found["python_line"] = "The innermost Python line was not recorded."
    if diagnosis.verdict == "hung":
        silent = [str(thread.id) for thread in diagnosis.threads if thread.native is None]
        found["threads"] = "Every thread told its native stack."
        if silent:
            found["threads"] = (
                f"No native stack of thread {', '.join(silent)}: it did not answer, or could not be asked."
            )
    if journal.changes is None:
        found["side_effects"] = "It did not come to its end: only what was heard while it ran is told."
    if are_roads_whole is not None:
        found["roads"] = "Every import statement that was executed was noted; these are all the roads."
        if not are_roads_whole:
            found["roads"] = "There are more roads than are told here."
    return found


def _say_frames(diagnosis: Diagnosis) -> str:
    if diagnosis.stack is None:
        return "No native frames were recorded."
    if not diagnosis.frames:
        return "The stack could not be unwound."
    unnamed = sum(frame.symbol is None for frame in diagnosis.frames[:20])
    told = "The frames were unwound in the dying process."
    if unnamed:
        told += f" {unnamed} of the first {len(diagnosis.frames[:20])} have no symbol: their libraries are stripped."
    return told
