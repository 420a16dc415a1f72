"""What a fatal signal tells: a table from facts to a sentence."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dsa110_contimg.doctor.examination import Examination

LOWEST_PAGE = 4096
"""Below it nothing is ever mapped: an address there comes from a pointer to nothing."""
_MANY_FRAMES = 15
_FEW_FUNCTIONS = 3


def explain_signal(examination: Examination) -> str | None:
    """Explain the signal that ended a process.

    Parameters
    ----------
    examination : Examination
        What was found.

    Returns
    -------
    str or None
        What the signal means here, as far as the facts tell; None without a signal.
    """
    name = examination.exit.signal
    if name is None:
        return None
    for signal, applies, say in _TABLE:
        if signal == name and applies(examination):
            return say(examination)
    return f"{name} ended the process. What sent it is not known."


def is_stack_overflow(examination: Examination) -> bool:
    """Return whether the recorded frames are the same few functions over and over."""
    frames = examination.native_frames
    functions = {(frame.library, frame.symbol) for frame in frames}
    is_told = any(frame.symbol for frame in frames)
    return is_told and len(frames) >= _MANY_FRAMES and len(functions) <= _FEW_FUNCTIONS


def is_jump_to_nowhere(examination: Examination) -> bool:
    """Return whether the processor was to go on where there is no code."""
    frames, address = examination.native_frames, examination.exit.address
    return bool(frames) and frames[0].library is None and address is not None and frames[0].offset == address


def _always(_: Examination) -> bool:
    return True


def _is_low(examination: Examination) -> bool:
    return examination.exit.address is not None and examination.exit.address < LOWEST_PAGE


def _code_is(*codes: str) -> Callable[[Examination], bool]:
    return lambda examination: examination.exit.signal_code in codes


def _stands(sentence: str) -> Callable[[Examination], str]:
    return lambda _: sentence


def _at(examination: Examination) -> str:
    return f"0x{examination.exit.address or 0:x}"


def _say_overflow(examination: Examination) -> str:
    names = list(dict.fromkeys(frame.symbol for frame in examination.native_frames if frame.symbol))
    told = " and ".join(f"`{name}`" for name in names)
    return (
        f"The stack overflowed: the innermost {len(examination.native_frames)} frames are all {told}, which never end."
    )


def _say_jump(examination: Examination) -> str:
    if _is_low(examination):
        return (
            f"It jumped to {_at(examination)}, where there is no code: it called a function through a null pointer, "
            f"such as a "
            "weak symbol that no loaded library defines."
        )
    return f"It jumped to {_at(examination)}, where there is no code: the function pointer it called was garbage."


def _say_null(examination: Examination) -> str:
    if examination.exit.address == 0:
        return "It read or wrote at address 0: it followed a null pointer."
    if (examination.exit.address or 0) % 4:
        return (
            f"It read or wrote at {_at(examination)}. No object has an address this small: the pointer was overwritten."
        )
    return (
        f"It read or wrote at {_at(examination)}. An address this small comes from a pointer to nothing: it used a "
        f"member of "
        "an object that is not there."
    )


def _say_segv(examination: Examination) -> str:
    if examination.exit.address is None:
        return "It used memory that it may not use. The address is not known."
    return f"It read or wrote at {_at(examination)}, where nothing is mapped: the pointer was stale or overwritten."


_TABLE: tuple[tuple[str, Callable[[Examination], bool], Callable[[Examination], str]], ...] = (
    ("SIGSEGV", is_stack_overflow, _say_overflow),
    ("SIGBUS", is_stack_overflow, _say_overflow),  # macOS
    ("SIGSEGV", is_jump_to_nowhere, _say_jump),
    ("SIGSEGV", _is_low, _say_null),
    (
        "SIGSEGV",
        _code_is("SI_KERNEL"),
        _stands("It used a pointer that can be no address at all: the pointer was garbage, or overwritten."),
    ),
    (
        "SIGSEGV",
        _code_is("SEGV_ACCERR"),
        lambda found: (
            f"It used memory at {_at(found)} in a way that is forbidden there, such as writing to what may only be "
            "read; a stack that ran full ends like this too."
        ),
    ),
    (
        "SIGSEGV",
        _code_is("SI_USER", "SI_TKILL", "SI_QUEUE"),
        _stands("No memory was at fault: the signal was sent by a process, perhaps by this one to itself."),
    ),
    ("SIGSEGV", _always, _say_segv),
    (
        "SIGBUS",
        _code_is("BUS_ADRALN"),
        _stands("It used an address that does not suit the type there: it is not a multiple of its size."),
    ),
    (
        "SIGBUS",
        _always,
        _stands(
            "It used memory that stands for a part of a file which the file does not have: a library or a data file is "
            "shorter than when it was opened, or its disc is full or failing."
        ),
    ),
    (
        "SIGILL",
        _always,
        _stands(
            "The processor does not know the instruction: the library was built for a newer processor than this one, "
            "or its "
            "code gave up on purpose (`__builtin_trap`)."
        ),
    ),
    ("SIGFPE", _code_is("FPE_INTDIV"), _stands("An integer was divided by zero.")),
    (
        "SIGFPE",
        _always,
        _stands(
            "An arithmetic operation had no result: an integer was divided by zero, or floating-point traps were on."
        ),
    ),
    ("SIGABRT", _always, _stands("The code ended the process itself, by `abort()`.")),
    ("SIGSYS", _always, _stands("A system call was made that a sandbox (seccomp) forbids here.")),
    (
        "SIGTRAP",
        _always,
        _stands("The code ran into a breakpoint: a debugging aid, or a check of its own that failed."),
    ),
    (
        "SIGKILL",
        _always,
        _stands(
            "SIGKILL comes from outside: most often from the kernel when memory is out, or from the memory or time "
            "limit of a "
            "container or batch system. Nothing in the process could notice it."
        ),
    ),
    (
        "SIGALRM",
        _always,
        _stands("An alarm went off (`alarm()` or `setitimer()`), and nothing was there to handle it."),
    ),
    ("SIGXCPU", _always, _stands("The limit of processor time (`ulimit -t`) was reached.")),
    ("SIGXFSZ", _always, _stands("A file grew beyond the limit for file sizes (`ulimit -f`).")),
    ("SIGPIPE", _always, _stands("It wrote to a pipe or socket whose other end was closed.")),
    ("SIGTERM", _always, _stands("Somebody asked the process to end: another program, or the code itself.")),
    ("SIGHUP", _always, _stands("The terminal or session it belonged to was closed, or the code itself sent SIGHUP.")),
    ("SIGINT", _always, _stands("It was interrupted as with Ctrl-C, by another program or by itself.")),
)
