"""The tables that another table stands on.

A reference table (rows chosen from one table) and a concatenated table (several tables, one after the other, such as
a multi-Measurement Set) hold no cells of their own. Their ``table.dat`` names their parents, as a rule by a path that
is relative to where the table is.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

from dsa110_contimg.errors import UnreadableTableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_BEGIN = re.compile(
    rb"\xbe{4}(?P<table>.{4})\0{3}\x05Table.{12,16}?(?P<kind>\0{3}(?:\x08Ref|\x0bConcat)Table)"
    rb"(?P<parents>.{4})(?P=kind).{4}",
    re.DOTALL,
)
"""How such a table.dat begins, up to the parents: the lengths of two nested objects, and what kind of table it is."""


def find_parents(folder: Path) -> tuple[Path, ...]:
    """Find the tables that a table stands on.

    Parameters
    ----------
    folder : Path
        The table's absolute folder.

    Returns
    -------
    tuple of Path
        Their absolute folders; none for a table that holds its cells itself, or whose ``table.dat`` is damaged.
    """
    with (folder / "table.dat").open("rb") as file:
        content = file.read(128)
        if not _BEGIN.match(content):
            return ()
        content += file.read()
    names, _, _ = _read_names(content)
    return tuple(resolve_name(os.fsdecode(name), folder) for name in names)


def rename_parents(content: bytes, folders: Sequence[Path]) -> bytes:
    """Name the parents of a table by other folders.

    Parameters
    ----------
    content : bytes
        The table's ``table.dat``.
    folders : sequence of Path
        The absolute folders, as many as there are parents.

    Returns
    -------
    bytes
        The new ``table.dat``.
    """
    begin = _BEGIN.match(content)
    _, start, end = _read_names(content)
    if begin is None or start == end:
        return content
    names = b"".join(struct.pack(">I", len(name)) + name for name in map(os.fsencode, folders))
    renamed = bytearray(content[:start] + names + content[end:])
    for length in ("table", "parents"):
        (found,) = struct.unpack(">I", begin[length])
        struct.pack_into(">I", renamed, begin.start(length), found + len(renamed) - len(content))
    return bytes(renamed)


def check_parts(descriptions: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a concatenated table whose parts lay down different shapes: casacore says all have that of the first.

    Parameters
    ----------
    descriptions : mapping
        What casacore's ``getdesc`` returns for each part, by the part's path.

    Raises
    ------
    UnreadableTableError
        If a column's cells have one fixed shape here and another there.
    """
    paths = list(descriptions)
    first, *others = (
        {name: [int(n) for n in column["shape"]] for name, column in found.items() if "shape" in column}
        for found in descriptions.values()
    )
    for path, other in zip(paths[1:], others, strict=True):
        for column in first.keys() | other.keys():
            if first.get(column) != other.get(column):
                raise UnreadableTableError(
                    f"The cells of {column} have the shape {first.get(column, 'of their own')} in {paths[0]}, "
                    f"and {other.get(column, 'of their own')} in {path}: they cannot be read as one table.",
                    hint="Open each of the two.",
                )


def _read_names(content: bytes) -> tuple[list[bytes], int, int]:
    """Read the names of the parents, and where in the content they begin and end; none if they are cut off."""
    begin = _BEGIN.match(content)
    if begin is None:
        return [], 0, 0
    names: list[bytes] = []
    try:
        count, start = 1, begin.end()
        if b"Concat" in begin["kind"]:
            (count,), start = struct.unpack_from(">I", content, start), start + 4
        end = start
        for _ in range(count):
            (length,) = struct.unpack_from(">I", content, end)
            names += struct.unpack_from(f"{length}s", content, end + 4)
            end += 4 + length
    except struct.error:
        return [], 0, 0
    return names, start, end


def resolve_name(name: str, folder: Path) -> Path:
    """Say where a table is that another one names, as casacore's Path::addDirectory does.

    Parameters
    ----------
    name : str
        The name, as a rule relative to the table that holds it.
    folder : Path
        The absolute folder of that table.

    Returns
    -------
    Path
        The absolute folder.
    """
    if name.startswith("././"):  # inside the table
        return folder / name[4:]
    if name.startswith("./"):  # beside it
        return folder.parent / name[2:]
    if name.endswith("/."):  # around it
        return Path(str(folder).removesuffix("/" + name[:-2]))
    return Path(name)
