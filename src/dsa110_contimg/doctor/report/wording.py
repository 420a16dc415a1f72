"""How paths, statements and texts of unknown origin are written for people."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from pathlib import PurePath
from typing import TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.doctor.examination import Examination, Hop

Found = TypeVar("Found")

TARGET = "<target>"
"""What stands in place of a file for the target's own statements."""
_LINES = ("traceback", "stdout", "stderr")
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_INSTALLED = re.compile(r"/(site|dist)-packages/|/lib(64)?/python3[^/]*/|/python3\d*\.zip/")


def make_harmless(found: Found) -> Found:
    """Return an examination, or a part of one, in whose texts every control character is written out.

    Parameters
    ----------
    found : Examination or any dataclass in it
        What was found; its texts come from whatever was examined.

    Returns
    -------
    Examination or that dataclass
        The same, with texts that neither move a cursor nor turn the direction of writing nor fail to be encoded.
    """
    cleaned: Found = _clean_all(found, "")
    return cleaned


def _clean_all(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return clean(value, keep_lines=name in _LINES)
    if isinstance(value, tuple):
        return tuple(_clean_all(one, name) for one in value)
    if isinstance(value, dict):
        return {clean(key): _clean_all(one, name) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changed = {field.name: _clean_all(getattr(value, field.name), field.name) for field in fields(value)}
        return replace(value, **changed)
    return value


def clean(text: str, *, keep_lines: bool = False) -> str:
    r"""Write out what is no visible character.

    Parameters
    ----------
    text : str
        Any text.
    keep_lines : bool, default: False
        Whether line ends stay.

    Returns
    -------
    str
        Text in which a control character is written as ``\x1b``, and a byte that is no text as ``\xff``.

    Examples
    --------
    >>> print(clean("red \x1b[31m, no text \udcff"))
    red \x1b[31m, no text \xff
    """
    if text.isprintable():
        return text
    if keep_lines:
        return "\n".join(clean(line.rstrip("\r").expandtabs()) for line in text.split("\n"))
    return "".join(_write_out(one) if unicodedata.category(one) in _INVISIBLE else one for one in text)


def _write_out(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def shorten(path: str, folder: str | None = None) -> str:
    """Write a path so that it is short and still found.

    Parameters
    ----------
    path : str
        The path of a file.
    folder : str, optional
        The folder that short paths count from; by default the working directory.

    Returns
    -------
    str
        The path from the folder; for installed files what follows ``site-packages`` or the folder of the standard
        library.

    Examples
    --------
    >>> shorten("/opt/env/lib/python3.11/site-packages/casatools/__init__.py", "/data")
    '…/site-packages/casatools/__init__.py'
    >>> shorten("/data/contimg/qa/__init__.py", "/data")
    'contimg/qa/__init__.py'
    """
    if path == TARGET:
        return "target"
    folder = os.getcwd() if folder is None else folder  # noqa: PTH109 - paths here are text, and may be another system's
    if installed := re.search(r"/((site|dist)-packages/.*|python3[^/]*/(?!.*-packages/).+)", path):
        return f"…/{installed[1]}"
    if folder not in ("", "/") and path.startswith(f"{folder}/"):
        return path[len(folder) + 1 :]
    home = os.path.expanduser("~")  # noqa: PTH111
    if home not in ("", "/") and path.startswith(f"{home}/"):
        return f"~{path[len(home) :]}"
    return path


def write_place(file: str | None, line: int | None) -> str:
    """Write where a line stands, as ``file:line``."""
    if file is None:
        return "a place that was not recorded"
    return shorten(file) if line is None else f"{shorten(file)}:{line}"


def name_library(path: str | None) -> str:
    """Return the file name of a native library."""
    return PurePath(path).name if path else "no library"


def is_own(file: str | None) -> bool:
    """Return whether a file is the user's own: the target, or one that is neither installed nor of Python itself."""
    return file == TARGET or (file is not None and not file.startswith("<") and not _INSTALLED.search(file))


def find_blamed(chain: tuple[Hop, ...]) -> int | None:
    """Find the statement to change.

    Parameters
    ----------
    chain : tuple of Hop
        From the target to the module where it ended.

    Returns
    -------
    int or None
        The position of the last statement of the user's own that leads from one package into another one; if none
        does, of
        the last one of the user's own.
    """
    own = [position for position, hop in enumerate(chain) if is_own(hop.file)]
    leading_out = [
        position
        for position in own
        if position == 0 or _name_package(chain[position].module) != _name_package(chain[position - 1].module)
    ]
    return max(leading_out or own, default=None)


def _name_package(module: str) -> str:
    return module.partition(".")[0]


def find_version(examination: Examination, distribution: str | None) -> str | None:
    """Return the version of a distribution that was loaded."""
    found = [(one.distribution, one.version) for conflict in examination.conflicts for one in conflict.libraries]
    found += [(one.distribution, one.version) for one in examination.loaded.native]
    return next((version for name, version in found if name == distribution), None)


def name_distribution(examination: Examination, distribution: str | None) -> str | None:
    """Write a distribution with its version."""
    version = find_version(examination, distribution) if distribution else None
    return f"{distribution} {version}" if version else distribution


def count(number: int, thing: str) -> str:
    """Write how many things there are, such as ``1 road`` and ``2,000 modules``.

    Examples
    --------
    >>> count(1, "native library"), count(2000, "native library")
    ('1 native library', '2,000 native libraries')
    """
    if number == 1:
        return f"1 {thing}"
    return f"{number:,} {thing[:-1]}ies" if thing.endswith("ry") else f"{number:,} {thing}s"
