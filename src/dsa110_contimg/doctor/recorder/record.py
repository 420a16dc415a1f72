"""Find the recorder, and read what it wrote: how a process died, or what its threads were doing."""

from __future__ import annotations

import signal
import struct
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"IMPDOC01"
_AT_FAULT, _AT_LEAVE, _AT_SLOTS, _SLOT_BYTES, _MOST_SLOTS = 0x1000, 0x2000, 0x3000, 0x800, 64
_AT_STACK, _AT_FAULT_MAPS, _MAPS_BYTES = 0x30000, 0x100000, 2 << 20
_AT_LEAVE_MAPS = _AT_FAULT_MAPS + _MAPS_BYTES
_FILE_BYTES = _AT_LEAVE_MAPS + _MAPS_BYTES
_EVENT, _STACK, _MOST_FRAMES = struct.Struct("<8Q"), struct.Struct("<9Q"), 64
_MODES = {1: "preload", 2: "ctypes"}
STEP_SIGNAL, STEP_MAPS, STEP_FRAMES, STEP_STACK, STEP_PYTHON = 1, 2, 4, 8, 16
"""The steps of a recording, as bits; as in record.h, like all numbers above."""

_ANY_CODES = {0: "SI_USER", -1: "SI_QUEUE", -2: "SI_TIMER", -6: "SI_TKILL", 0x80: "SI_KERNEL"}
_CODES = {
    "SIGSEGV": "SEGV_MAPERR SEGV_ACCERR SEGV_BNDERR SEGV_PKUERR",
    "SIGBUS": "BUS_ADRALN BUS_ADRERR BUS_OBJERR BUS_MCEERR_AR BUS_MCEERR_AO",
    "SIGILL": "ILL_ILLOPC ILL_ILLOPN ILL_ILLADR ILL_ILLTRP ILL_PRVOPC ILL_PRVREG ILL_COPROC ILL_BADSTK",
    "SIGFPE": "FPE_INTDIV FPE_INTOVF FPE_FLTDIV FPE_FLTOVF FPE_FLTUND FPE_FLTRES FPE_FLTINV FPE_FLTSUB",
    "SIGTRAP": "TRAP_BRKPT TRAP_TRACE TRAP_BRANCH TRAP_HWBKPT",
    "SIGSYS": "SYS_SECCOMP",
}
_ADDRESSED = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP"}


@dataclass(frozen=True)
class NativeStack:
    """The native stack of a thread."""

    tid: int
    """The system's number of the thread."""
    ident: int
    """Python's number of the thread."""
    pc: int
    """Where it was interrupted; 0 for a stack that begins with a caller."""
    sp: int
    """Where its stack ended."""
    depth: int
    """How many frames there were."""
    frames: tuple[int, ...]
    """The innermost frames: the interrupted instruction, then return addresses."""
    outer_frames: tuple[int, ...]
    """The outermost frames beyond these, innermost first."""
    registers: tuple[int, ...]
    """The registers, in the order in which the system's own header names them."""


@dataclass(frozen=True)
class Fault:
    """A fatal signal."""

    signal: int
    """Its number."""
    code: int
    """Why it was sent."""
    address: int | None
    """The address that could not be used, where the signal and its code have one."""
    sender: int | None
    """The process that sent it, if one did."""
    stack: NativeStack
    """The stack of the thread that it hit."""
    stack_bytes: bytes
    """The bytes of that stack, from its end."""
    maps: str | None
    """The memory map."""


@dataclass(frozen=True)
class Leave:
    """A call of exit, _exit and their like."""

    code: int
    """What it was given."""
    stack: NativeStack
    """The stack, from its caller on; every frame is a return address."""
    maps: str | None
    """The memory map."""


@dataclass(frozen=True)
class Record:
    """What the recorder wrote."""

    mode: str
    """``preload`` or ``ctypes``."""
    pid: int
    """The process that it watched."""
    has_dump: bool
    """Whether it could write Python tracebacks."""
    fault: Fault | None
    """The last fatal signal."""
    leave: Leave | None
    """The last call that ended the process."""
    stacks: tuple[NativeStack, ...]
    """The threads that told their stacks."""
    broken: tuple[str, ...]
    """Steps of the recording of the fault that died themselves."""


def find_recorder() -> Path | None:
    """Find the recorder; nothing where it was not built."""
    path = Path(__file__).with_name("recorder.so")
    return path if path.is_file() else None


def read_record(path: Path) -> Record | None:
    """Read what the recorder wrote; nothing if it never came to work."""
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES)
    except OSError:
        return None
    if len(data) < _FILE_BYTES or not data.startswith(_MAGIC):
        return None
    owner, mode, has_dump, n_slots = struct.unpack_from("<4Q", data, 8)
    fault = _read_fault(data)
    steps = _EVENT.unpack_from(data, _AT_FAULT)[1] if fault else ~0
    broken = [name for bit, name in _STEPS.items() if not steps & bit and (bit != STEP_PYTHON or has_dump)]
    slots = range(_AT_SLOTS, _AT_SLOTS + min(n_slots, _MOST_SLOTS) * _SLOT_BYTES, _SLOT_BYTES)
    stacks = tuple(_read_stack(data, at + _EVENT.size) for at in slots if _EVENT.unpack_from(data, at)[0])
    return Record(_MODES.get(mode, ""), owner, bool(has_dump), fault, _read_leave(data), stacks, tuple(broken))


_STEPS = {STEP_MAPS: "memory map", STEP_FRAMES: "native frames", STEP_STACK: "stack", STEP_PYTHON: "Python traceback"}


def _read_fault(data: bytes) -> Fault | None:
    count, steps, number, code, address, sender, stack_length, maps_length = _EVENT.unpack_from(data, _AT_FAULT)
    if not count or not steps & STEP_SIGNAL:
        return None
    code = _signed(code)
    has_address = _name_signal(number) in _ADDRESSED and 0 < code < 0x80
    return Fault(
        signal=number,
        code=code,
        address=address if has_address else None,
        sender=sender or None,
        stack=_read_stack(data, _AT_FAULT + _EVENT.size),
        stack_bytes=data[_AT_STACK : _AT_STACK + stack_length],
        maps=_read_text(data, _AT_FAULT_MAPS, maps_length),
    )


def _read_leave(data: bytes) -> Leave | None:
    count, steps, code, _, _, _, _, maps_length = _EVENT.unpack_from(data, _AT_LEAVE)
    if not count or not steps & STEP_SIGNAL:
        return None
    maps = _read_text(data, _AT_LEAVE_MAPS, maps_length)
    return Leave(_signed(code), _read_stack(data, _AT_LEAVE + _EVENT.size), maps)


def _read_stack(data: bytes, at: int) -> NativeStack:
    tid, ident, pc, sp, depth, n_frames, n_outer, first, n_registers = _STACK.unpack_from(data, at)
    words = struct.unpack_from("<162Q", data, at + _STACK.size)
    frames, outer, registers = words[:64], words[64:128], words[128:]
    outer = outer[:n_outer] if n_outer < _MOST_FRAMES else (*outer[first % 64 :], *outer[: first % 64])
    return NativeStack(tid, ident, pc, sp, depth, frames[:n_frames], tuple(outer), registers[:n_registers])


def _read_text(data: bytes, at: int, length: int) -> str | None:
    return data[at : at + min(length, _MAPS_BYTES)].decode(errors="surrogateescape") or None


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def describe_code(number: int, code: int) -> str | None:
    """Return the name of the code of a signal, such as ``SEGV_MAPERR``; nothing for one that has none.

    Parameters
    ----------
    number : int
        The signal.
    code : int
        Its code.

    Returns
    -------
    str or None
        As the manual page of sigaction(2) names it.
    """
    if code in _ANY_CODES:
        return _ANY_CODES[code]
    names = _CODES.get(_name_signal(number), "").split()
    return names[code - 1] if 0 < code <= len(names) else None
