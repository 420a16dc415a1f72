"""Rows of a table, chosen by number, as a table on disk that casacore opens.

python-casacore makes such a selection in memory. A backend that cannot is given it as a file: casacore's reference
table, which names its parent, the columns and the numbers of the rows, and holds no cells.

References
----------
``RefTable::writeRefTable`` and ``AipsIO`` of casacore, https://github.com/casacore/casacore
"""

from __future__ import annotations

import os
import struct

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_MAGIC = b"\xbe\xbe\xbe\xbe"


def write_selection(folder: Path, parent: Path, columns: Mapping[str, str], nrows: int, rows: NDArray[np.intp]) -> None:
    """Write a table that shows rows of another one.

    Parameters
    ----------
    folder : Path
        The folder to write it into.
    parent : Path
        The absolute folder of the table whose rows they are.
    columns : mapping
        The columns to show, in order: for each its name, and what the parent calls it.
    nrows : int
        The number of rows of the parent.
    rows : numpy.ndarray of int, shape (n,)
        The numbers of the rows, in the order wanted; one may come twice.
    """
    names = {new.encode(): old.encode() for new, old in columns.items()}
    pairs = b"".join(_string(new) + _string(names[new]) for new in sorted(names))
    default, growth = b"", 1
    mapping = _object(b"SimpleOrderedMap", 1, _string(default) + _numbers(len(names), growth) + pairs)
    order = _object(b"Array", 3, _numbers(1, len(names), len(names)) + b"".join(map(_string, names)))
    in_order = b"\1"
    numbers = _numbers(nrows) + in_order + _numbers(len(rows)) + np.asarray(rows).astype(">u4").tobytes()
    reference = _object(b"RefTable", 2, _string(os.fsencode(parent)) + mapping + order + numbers)
    big_endian = 0
    table = _object(b"Table", 2, _numbers(len(rows), big_endian) + _string(b"RefTable") + reference)
    (folder / "table.dat").write_bytes(_MAGIC + table)


def _object(kind: bytes, version: int, content: bytes) -> bytes:
    body = _string(kind) + _numbers(version) + content
    return _numbers(len(body) + 4) + body


def _string(text: bytes) -> bytes:
    return _numbers(len(text)) + text


def _numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)
