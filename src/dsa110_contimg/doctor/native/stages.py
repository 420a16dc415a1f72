"""What was going on when a native stack was noted: a static constructor, PyInit, Py_mod_exec, or Python code."""

from __future__ import annotations

from dsa110_contimg.doctor.native.roles import is_loader, is_system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.examination import NativeFrame, Stage
    from dsa110_contimg.doctor.native.frames import FrameReader


def find_stage(frames: Sequence[NativeFrame], reader: FrameReader, phase: str) -> Stage | None:
    """Find what was going on in a thread that was importing.

    Parameters
    ----------
    frames : sequence of NativeFrame
        The stack, innermost first; of a very deep one both ends.
    reader : FrameReader
        What knows the interpreter's own code.
    phase : {'create', 'execute', 'python'}
        What the journal says: native code was being loaded, was being executed, or neither.

    Returns
    -------
    Stage or None
        Nothing where the stack does not tell a static constructor from PyInit.
    """
    has_code = False  # code of a library, which is neither the loader's nor the C library's
    for frame in frames:
        if frame.library is None:
            has_code = True  # a jump to nowhere came from somewhere
        elif is_loader(frame.library):
            if has_code and phase == "create":
                return "static-constructor"
        elif (frame.symbol or "").startswith("PyInit_"):
            return "module-init"
        elif reader.is_interpreter(frame.library):
            if phase == "create" and has_code and _enters_interpreter(frame):
                return "module-init"
            if phase != "create":
                break
        elif not is_system(frame.library) or frame.symbol in _CALLING_OUT:
            has_code = True
    if phase == "execute":
        return "module-exec"
    return "python" if phase == "python" else None


_CALLING_OUT = {"abort", "raise", "gsignal", "kill", "std::terminate()", "__cxa_throw"}
"""Functions of the system through which code ends the process; whoever called them was running."""


def _enters_interpreter(frame: NativeFrame) -> bool:
    """Return whether this is the function of the interpreter that calls PyInit, rather than one that PyInit called."""
    return "ImportLoadDynamicModule" in (frame.symbol or "").replace("_", "") or frame.symbol is None
