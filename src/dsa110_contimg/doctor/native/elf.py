"""Native library files: their symbols, and the libraries that they need."""

from __future__ import annotations

import mmap
import re
import struct
from functools import cached_property
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SYMBOL = struct.Struct("<IBBHQQ")
_FUNCTIONS = {2, 10}  # STT_FUNC, STT_GNU_IFUNC
_UNIQUE = re.compile(rb"[\xa0-\xaf]")  # STB_GNU_UNIQUE, with any type
_LOCAL = 0  # STB_LOCAL
_SEGMENT = struct.Struct("<IIQQQQQQ")
_LOAD, _DYNAMIC, _NOTE, _STACK = 1, 2, 4, 0x6474E551  # PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_GNU_STACK
_EXECUTABLE, _READABLE = 1, 4  # PF_X, PF_R
_X86_64 = b"\x3e\0"  # EM_X86_64, where without PT_GNU_STACK the stack is taken to hold code
_NEEDED, _STRTAB, _SONAME, _RPATH, _RUNPATH = 1, 5, 14, 15, 29  # DT_...
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMTAB, _DYNSYM = 2, 11  # SHT_SYMTAB, SHT_DYNSYM
_BUILD_ID = 3  # NT_GNU_BUILD_ID
_OLD_STRING, _NEW_STRING = (b"_ZNSs", b"_ZNKSs"), (b"NSt7__cxx1112basic_string",)
"""What the names of the members of std::string begin with, before and since the ABI of GCC 5."""


class Library:
    """One native library file, read as far as it can be read.

    Parameters
    ----------
    path : str
        The file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        """The file."""
        self.fault: str | None = None
        """Why it could not be read, if it could not."""
        self._segments: list[tuple[int, int, int]] = []
        self._texts: list[tuple[int, int]] = []
        self.needed: tuple[str, ...] = ()
        """The names of the libraries that it needs, as it asks for them."""
        self.soname: str | None = None
        """The name that others ask for it by."""
        self.rpath: tuple[str, ...] = ()
        """Where it looks for what it needs, and has those look that it loads (DT_RPATH)."""
        self.runpath: tuple[str, ...] = ()
        """Where it looks for what it needs itself (DT_RUNPATH)."""
        self.build_id: str | None = None
        """The name that the linker gave this very build."""
        self.has_executable_stack = False
        """Whether it asks for stacks that hold code."""
        self._read(self._read_head)

    def _read(self, read: Callable[[mmap.mmap], None]) -> None:
        """Read from the file; whatever is wrong with it becomes its fault. With pyelftools, 350 take a second."""
        try:
            with Path(self.path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                read(data)
        except OSError as error:
            self.fault = str(error.strerror or error)
        except (ValueError, IndexError, OverflowError, struct.error):
            self.fault = "it is no whole ELF file"

    def _read_head(self, data: mmap.mmap) -> None:
        """Read segments and dynamic section."""
        if data[:6] != b"\x7fELF\x02\x01":
            self.fault = "it is no ELF file of 64 bits, little-endian"
            return
        start, size, count = *struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54)
        dynamic, stack = b"", _EXECUTABLE if data[18:20] == _X86_64 else 0
        for at in range(start, start + size * count, size):
            kind, flags, offset, address, _, length, _, _ = _SEGMENT.unpack_from(data, at)
            if kind == _LOAD:
                self._segments.append((offset, length, address))
                self._texts += [(offset, offset + length)] if flags == _READABLE else []
            elif kind == _DYNAMIC:
                dynamic = data[offset : offset + length // 16 * 16]
            elif kind == _NOTE:
                self.build_id = self.build_id or _read_build_id(data[offset : offset + length])
            elif kind == _STACK:
                stack = flags
        self.has_executable_stack = bool(stack & _EXECUTABLE)
        tags = list(struct.iter_unpack("<QQ", dynamic))
        names = next((self._find_offset(value) for tag, value in tags if tag == _STRTAB), None)
        if names is not None:
            asked = (_NEEDED, _SONAME, _RPATH, _RUNPATH)
            named = [(tag, _read_name(data, names + value) or "") for tag, value in tags if tag in asked]
            self.needed = tuple(name for tag, name in named if tag == _NEEDED)
            self.soname = next((name for tag, name in named if tag == _SONAME), None)
            self.rpath, self.runpath = (
                tuple(folder for tag, name in named if tag == wanted for folder in name.split(":") if folder)
                for wanted in (_RPATH, _RUNPATH)
            )

    def _find_offset(self, address: int) -> int | None:
        return next((address - to + at for at, size, to in self._segments if to <= address < to + size), None)

    @cached_property
    def _tables(self) -> list[tuple[bytes, bytes]]:
        """The symbol tables with their names, the whole one first, what others can use last; read when first asked for.

        They are kept bare: an object for each of 200,000 symbols would take seconds.
        """
        tables: dict[int, tuple[bytes, bytes]] = {}

        def read(data: mmap.mmap) -> None:
            start, size, count = *struct.unpack_from("<Q", data, 40), *struct.unpack_from("<HH", data, 58)
            sections = [_SECTION.unpack_from(data, start + size * number) for number in range(count)]
            for _, kind, _, _, offset, length, link, *_ in sections:
                if kind in (_SYMTAB, _DYNSYM):
                    symbols = data[offset : offset + length // _SYMBOL.size * _SYMBOL.size]
                    at, room = sections[link][4:6]
                    tables[kind] = symbols[: len(symbols) // _SYMBOL.size * _SYMBOL.size], data[at : at + room]

        if self.fault is None:
            self._read(read)
        return [tables[kind] for kind in (_SYMTAB, _DYNSYM) if kind in tables]

    def find_address(self, offset: int) -> int | None:
        """Return the address within the library of a place in its file; nothing where none is loaded."""
        for start, size, address in self._segments:
            if start <= offset < start + max(size, 1):
                return offset - start + address
        return None

    def find_symbol(self, address: int) -> str | None:
        """Return the function that an address within the library belongs to; nothing unless a symbol covers it."""
        for data, names in self._tables:
            best = None
            for name, info, _, section, value, size in _SYMBOL.iter_unpack(data):
                if value <= address < value + size and section and info & 15 in _FUNCTIONS:
                    is_better = best is None or value > best[0] or (info >> 4 != _LOCAL and best[1] == _LOCAL)
                    if is_better:
                        best = value, info >> 4, name
            if best is not None:
                return _read_name(names, best[2])
        return None

    @cached_property
    def exported(self) -> frozenset[bytes]:
        """The symbols that others can use."""
        return frozenset(
            names[name : names.find(b"\0", name)]
            for data, names in self._tables[-1:]
            for name, info, _, section, _, _ in _SYMBOL.iter_unpack(data)
            if section and info >> 4 != _LOCAL
        )

    def defines(self, symbol: str) -> bool:
        """Return whether the library defines a symbol that others can use."""
        return symbol.encode() in self.exported

    @cached_property
    def unique(self) -> frozenset[str]:
        """The symbols of which the loader keeps one for the whole process (STB_GNU_UNIQUE)."""
        found = set()
        for data, names in self._tables[-1:]:
            # One byte of each symbol tells, and few are unique: searched as bytes, a thousand libraries take no time.
            for match in _UNIQUE.finditer(data[4 :: _SYMBOL.size]):
                name, _, _, section, _, _ = _SYMBOL.unpack_from(data, match.start() * _SYMBOL.size)
                if section and (text := _read_name(names, name)):
                    found.add(text)
        return frozenset(found)

    @cached_property
    def string_abis(self) -> frozenset[str]:
        """The forms of C++'s std::string that its symbols name: ``old``, ``new`` (since GCC 5), both, or none."""
        names = b"".join(names for _, names in self._tables[-1:])
        found = {"old": any(map(names.count, _OLD_STRING)), "new": any(map(names.count, _NEW_STRING))}
        return frozenset(form for form, is_there in found.items() if is_there)

    def find_text(self, text: bytes, size: int) -> bytes | None:
        """Return the bytes that follow a text among its constants; nothing if it does not stand there."""
        found: list[bytes] = []

        def read(data: mmap.mmap) -> None:
            # Linkers of old put constants and code into one segment.
            for start, end in self._texts if len(self._texts) > 1 else [(0, len(data))]:
                if (at := data.find(text, start, end)) >= 0:
                    found.append(data[at + len(text) : at + len(text) + size])

        if self.fault is None:
            self._read(read)
        return found[0] if found else None


def _read_build_id(notes: bytes) -> str | None:
    """Return the build id among the notes of a file."""
    at = 0
    while at + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from("<III", notes, at)
        begin = at + 12 + (name_size + 3 & ~3)
        if kind == _BUILD_ID and notes[at + 12 : at + 16] == b"GNU\0":
            return notes[begin : begin + size].hex() or None
        at = begin + (size + 3 & ~3)
    return None


def _read_name(names: bytes | mmap.mmap, at: int) -> str | None:
    return names[at : names.find(b"\0", at)].decode(errors="replace") or None


class Libraries:
    """Native library files, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, Library] = {}

    def read(self, path: str) -> Library:
        """Return a library; one that cannot be read says so."""
        if path not in self._read:
            self._read[path] = Library(path)
        return self._read[path]
