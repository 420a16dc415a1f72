"""Native library files: their symbols, and the libraries that they need."""

from __future__ import annotations

import mmap
import struct
from functools import cached_property
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import Section

_SYMBOL = struct.Struct("<IBBHQQ")
_FUNCTIONS = {2, 10}  # STT_FUNC, STT_GNU_IFUNC
_UNIQUE = 10  # STB_GNU_UNIQUE
_LOCAL = 0  # STB_LOCAL
_SEGMENT = struct.Struct("<IIQQQQQQ")
_LOAD, _DYNAMIC = 1, 2  # PT_LOAD, PT_DYNAMIC
_NEEDED, _STRTAB, _SONAME = 1, 5, 14  # DT_NEEDED, DT_STRTAB, DT_SONAME


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
        self._tables: list[tuple[bytes, bytes]] | None = None
        self.needed: tuple[str, ...] = ()
        """The names of the libraries that it needs, as it asks for them."""
        self.soname: str | None = None
        """The name that others ask for it by."""
        try:
            self._read_head()
        except OSError as error:
            self.fault = str(error.strerror or error)
        except (ValueError, IndexError, OverflowError, struct.error):
            self.fault = "it is no whole ELF file"

    def _read_head(self) -> None:
        """Read segments and dynamic section; with pyelftools, 350 libraries would take a second."""
        with Path(self.path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data[:6] != b"\x7fELF\x02\x01":
                self.fault = "it is no ELF file of 64 bits, little-endian"
                return
            start, size, count = *struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54)
            dynamic = b""
            for at in range(start, start + size * count, size):
                kind, _, offset, address, _, length, _, _ = _SEGMENT.unpack_from(data, at)
                if kind == _LOAD:
                    self._segments.append((offset, length, address))
                elif kind == _DYNAMIC:
                    dynamic = data[offset : offset + length // 16 * 16]
            tags = list(struct.iter_unpack("<QQ", dynamic))
            names = next((self._find_offset(value) for tag, value in tags if tag == _STRTAB), None)
            if names is not None:
                named = [
                    (tag, _read_name(data, names + value) or "") for tag, value in tags if tag in (_NEEDED, _SONAME)
                ]
                self.needed = tuple(name for tag, name in named if tag == _NEEDED)
                self.soname = next((name for tag, name in named if tag == _SONAME), None)

    def _find_offset(self, address: int) -> int | None:
        return next((address - to + at for at, size, to in self._segments if to <= address < to + size), None)

    def _read_symbols(self) -> None:
        from elftools.common.exceptions import ELFError
        from elftools.construct import ConstructError
        from elftools.elf.elffile import ELFFile

        # A damaged file leads pyelftools astray anywhere: into its own errors and into those of whatever it computes.
        astray = (ELFError, ConstructError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError)
        tables: list[tuple[bytes, bytes]] = []
        self._tables = tables
        try:
            with Path(self.path).open("rb") as file:
                elf = ELFFile(file)
                for kind in ("SHT_SYMTAB", "SHT_DYNSYM"):
                    tables += [_read_table(elf, section) for section in elf.iter_sections(kind)]
        except OSError as error:
            self.fault = str(error.strerror or error)
        except (*astray, RecursionError, TypeError, ValueError, struct.error) as error:
            self.fault = f"it is no whole ELF file ({type(error).__name__})"

    def _find_tables(self) -> list[tuple[bytes, bytes]]:
        """Return the symbol tables, the whole one first; they are read when they are first asked for."""
        if self._tables is None:
            self._read_symbols()
        return self._tables or []

    def find_address(self, offset: int) -> int | None:
        """Return the address within the library of a place in its file; nothing where none is loaded."""
        for start, size, address in self._segments:
            if start <= offset < start + max(size, 1):
                return offset - start + address
        return None

    def find_symbol(self, address: int) -> str | None:
        """Return the function that an address within the library belongs to; nothing unless a symbol covers it."""
        for data, names in self._find_tables():
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
    def _defined(self) -> dict[bytes, bool]:
        """The symbols that others can use, and whether each is unique in a process."""
        found = {}
        for data, names in self._find_tables()[-1:]:
            for name, info, _, section, _, _ in _SYMBOL.iter_unpack(data):
                if section and info >> 4 != _LOCAL:
                    found[names[name : names.find(b"\0", name)]] = info >> 4 == _UNIQUE
        return found

    def defines(self, symbol: str) -> bool:
        """Return whether the library defines a symbol that others can use."""
        return symbol.encode() in self._defined

    @property
    def unique(self) -> frozenset[str]:
        """The symbols of which the loader keeps one for the whole process (STB_GNU_UNIQUE)."""
        return frozenset(name.decode(errors="replace") for name, is_unique in self._defined.items() if is_unique)


def _read_table(elf: ELFFile, section: Section) -> tuple[bytes, bytes]:
    """Return the symbols and their names, bare: an object for each of 200,000 symbols would take seconds."""
    data = section.data()
    names = elf.get_section(section["sh_link"]).data()
    return data[: len(data) // _SYMBOL.size * _SYMBOL.size], names


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
