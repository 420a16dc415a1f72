"""Keywords as a table's ``table.dat`` holds them, with their types.

python-casacore hands keywords over as they are. A backend that hands them over as JSON has lost whether a number was
single or double, whether it was complex, and that it was not finite. So they are read from the file.

References
----------
``TableDesc::getFile``, ``BaseColumnDesc::getFile``, ``TableRecordRep::getRecord`` and ``AipsIO`` of casacore,
https://github.com/casacore/casacore
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dsa110_contimg.casa.native.parents import find_parents, resolve_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    Record = dict[str, Any]

_SCALARS = {
    0: "?", 2: "u1", 3: ">i2", 4: ">u2", 5: ">i4", 6: ">u4", 7: ">f4", 8: ">f8", 9: ">c8", 10: ">c16", 29: ">i8",
}  # fmt: skip
"""The numpy types of casacore's numbers of types; the file is always big-endian."""
_STRING, _TABLE, _RECORD = 11, 12, 25
_ARRAYS = {number + 13: number for number in range(12)} | {30: 29}
"""For each type of an array the type of its values."""


@dataclass(frozen=True)
class StoredKeywords:
    """The keywords of a table and of its columns, in the form in which python-casacore gives them."""

    table: Mapping[str, Any]
    """Those of the table; a subtable is its path after ``Table: ``."""
    columns: Mapping[str, Mapping[str, Any]]
    """Those of each column, by its name."""


def read_keywords(folder: Path) -> StoredKeywords:
    """Read the keywords of a table and of its columns.

    Parameters
    ----------
    folder : Path
        The table's absolute folder.

    Returns
    -------
    StoredKeywords
        The keywords.

    Raises
    ------
    RuntimeError
        When the file is damaged, or of a kind that casacore has not written since 1996.
    """
    source = _Source((folder / "table.dat").read_bytes(), folder)
    try:
        return source.read_table()
    except (struct.error, LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise RuntimeError(f"table.dat cannot be understood at byte {source.place}: {error}") from error


class _Field(NamedTuple):
    name: str
    kind: int
    fields: tuple[_Field, ...]
    """Of a record whose fields are laid down in the description that holds it."""


class _Source:
    """Read ``table.dat`` from its beginning."""

    def __init__(self, content: bytes, folder: Path) -> None:
        self._content = content
        self._folder = folder
        self.place = 4  # behind the mark

    def read_table(self) -> StoredKeywords:
        version = self._open("Table")
        self.place += 8 if version > 2 else 4  # the number of rows
        self.place += 4 if version > 1 else 0  # the byte order of the data
        kind = self._string()
        if kind in {"ConcatTable", "RefTable"}:
            parent = read_keywords(find_parents(self._folder.resolve())[0])
            if kind == "ConcatTable":
                return parent
            self._open(kind)
            self._string()  # the parent's name
            return StoredKeywords(parent.table, {new: parent.columns[old] for new, old in self._renames()})
        if kind != "PlainTable":
            raise ValueError(f"it is a {kind}")
        version = self._open("TableDesc")
        for _ in ("name", "version", "comment"):
            self._string()
        keywords = self._record()
        if version > 1:
            self._record()  # private ones of casacore
        return StoredKeywords(keywords, dict(self._column() for _ in range(self._number())))

    def _renames(self) -> list[tuple[str, str]]:
        """Read what the columns are called here, and what in the parent."""
        self._open("SimpleOrderedMap")
        self._string()  # the name of what is not in it
        count = self._number()
        self._number()  # growth
        return [(self._string(), self._string()) for _ in range(count)]

    def _column(self) -> tuple[str, Record]:
        self._number()  # version
        kind = self._string()
        self._number()  # version
        name = self._string()
        for _ in ("comment", "storage manager", "its name"):
            self._string()
        value_type = self._number()
        self._number()  # options
        self._number()  # number of axes
        if kind.startswith("ArrayColumnDesc"):
            self._positions()  # shape
        self._number()  # longest text
        keywords = self._record()
        self._number()  # version
        if kind.startswith("ScalarColumnDesc"):
            self._value(value_type, ())  # what a cell holds before it is written
        elif kind.startswith("ArrayColumnDesc"):
            self.place += 1
        return name, keywords

    def _record(self) -> Record:
        self._open("TableRecord", "Record")
        fields = self._fields()
        self._number()  # whether fields may be added
        return self._values(fields)

    def _fields(self) -> tuple[_Field, ...]:
        version = self._open("RecordDesc")
        return tuple(self._field(version) for _ in range(self._number()))

    def _field(self, version: int) -> _Field:
        name, kind = self._string(), self._number()
        fields: tuple[_Field, ...] = ()
        if kind == _RECORD:
            fields = self._fields()
        elif kind in _ARRAYS:
            self._positions()  # shape
        elif kind == _TABLE:
            self._string()  # name of its description
        if version > 1:
            self._string()  # comment
        return _Field(name, kind, fields)

    def _values(self, fields: tuple[_Field, ...]) -> Record:
        return {field.name: self._value(field.kind, field.fields) for field in fields}

    def _value(self, kind: int, fields: tuple[_Field, ...]) -> Any:
        if kind == _RECORD:
            return self._values(fields) if fields else self._record()
        if kind in _ARRAYS:
            return self._array(_ARRAYS[kind])
        if kind == _TABLE:
            return f"Table: {resolve_name(self._string(), self._folder)}"
        if kind == _STRING:
            return self._string()
        return self._numbers(kind, 1)[0].item()

    def _array(self, kind: int) -> Any:
        version = self._open("Array")
        ndim = self._number()
        if version < 3:
            self.place += 4 * ndim  # origin
        shape = [self._number() for _ in range(ndim)][::-1]
        size = self._number()
        if size != math.prod(shape):
            raise ValueError(f"an array of shape {shape} has {size} values")
        if kind != _STRING:
            return self._numbers(kind, size).reshape(shape)
        texts = [self._string() for _ in range(size)]
        return texts if ndim == 1 else {"shape": shape, "array": texts}

    def _numbers(self, kind: int, count: int) -> Any:
        dtype = np.dtype(_SCALARS[kind])
        if dtype.kind == "b":  # eight in a byte
            packed = np.frombuffer(self._take((count + 7) // 8), np.uint8)
            return np.unpackbits(packed, count=count, bitorder="little").astype(bool)
        return np.frombuffer(self._take(count * dtype.itemsize), dtype).astype(dtype.newbyteorder("="))

    def _positions(self) -> None:
        version = self._open("IPosition")
        size = self._number() * (8 if version > 1 else 4)
        self.place += size

    def _open(self, *kinds: str) -> int:
        """Begin an object: its length, what it is, and the version, which is returned."""
        self._number()
        if (found := self._string().partition("<")[0]) not in kinds:
            raise ValueError(f"{found!r} stands where {' or '.join(kinds)} should be")
        return self._number()

    def _number(self) -> int:
        (found,) = struct.unpack(">i", self._take(4))
        return int(found)

    def _string(self) -> str:
        return self._take(self._number()).decode()

    def _take(self, size: int) -> bytes:
        if not 0 <= size <= len(self._content) - self.place:
            raise ValueError(f"{size} bytes are wanted, and there are {len(self._content) - self.place}")
        self.place += size
        return self._content[self.place - size : self.place]
