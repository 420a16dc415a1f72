"""Files that stand in for a module of the standard library or of an installed package, and what runs before all."""

from __future__ import annotations

import os
import re
import sys

from dsa110_contimg.doctor.examination import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from dsa110_contimg.doctor.environment.facts import Facts
    from dsa110_contimg.doctor.journal import Journal

_STARTUP = ("sitecustomize", "usercustomize")
_MODULE = re.compile(r"([^\W\d]\w*)(?:\.py|(?:\.(?:cpython|abi3)[^.]*)?\.so)")
_ADVICE = "Give {file} another name, or start elsewhere."


def find_loaded_shadows(journal: Journal) -> Iterator[Finding]:
    """Find files that were loaded in place of another module of the same name.

    Parameters
    ----------
    journal : Journal
        What a child told.

    Yields
    ------
    Finding
        For the standard library by where the file stands; for installed packages by what else is on the search path.
    """
    for opening in journal.openings:
        origin = opening.origin or ""
        if not os.path.isabs(origin):  # noqa: PTH117 - built-in modules have a word there
            continue
        advice = _ADVICE.format(file=origin)
        if opening.module in sys.stdlib_module_names:
            if not _is_standard(origin):
                told = "this file was loaded for the module of the standard library"
                yield Finding(opening.module, origin, told, "shadow", advice=advice)
        elif opening.module in _STARTUP:
            told = "this file ran before the target"
            yield Finding(opening.module, origin, told, "startup", advice=f"See whether {origin} is needed.")
        elif "." not in opening.module and not _is_installed(origin):
            hidden = _find_installed(opening.module, journal.sys_path)
            if hidden is not None and os.path.realpath(hidden) != os.path.realpath(origin):
                told = f"this file was loaded; {hidden} is installed"
                yield Finding(opening.module, origin, told, "shadow", advice=advice)


def find_shadows(facts: Facts, folder: Path) -> Iterator[Finding]:
    """Find files that would be loaded in place of another module of the same name.

    Parameters
    ----------
    facts : Facts
        What the interpreter says of itself.
    folder : pathlib.Path
        The working directory, or the folder of a script.

    Yields
    ------
    Finding
        Files of that folder, and of those on the search path before the standard library.
    """
    ahead = [path for path in facts.sys_path if not _is_installed(path) and not _is_standard(f"{path}/")]
    for place in dict.fromkeys([*([] if facts.is_safe else [str(folder.absolute())]), *ahead]):
        if os.path.realpath(place) == os.path.realpath(facts.standard):
            continue
        for name, file in _list_modules(place):
            advice = _ADVICE.format(file=file)
            if name in sys.stdlib_module_names and name not in facts.settled:
                told = "this file will be loaded for the module of the standard library by what runs in its folder"
                yield Finding(name, file, told, "shadow", advice=advice)
            elif name not in facts.settled:
                hidden = _find_installed(name, facts.sys_path)
                if hidden is not None and os.path.realpath(hidden) != os.path.realpath(file):
                    told = f"this file will be loaded for {hidden} by what runs in its folder"
                    yield Finding(name, file, told, "shadow", advice=advice)


def _list_modules(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the modules of a folder, each with its file."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - as text: the folder may hold a thousand files
    except OSError:
        return
    for name in names:
        if match := _MODULE.fullmatch(name):
            yield match[1], f"{folder}/{name}"
        elif name.isidentifier() and os.path.isfile(f"{folder}/{name}/__init__.py"):  # noqa: PTH113 - as above
            yield name, f"{folder}/{name}/__init__.py"


def _find_installed(name: str, sys_path: Iterable[str]) -> str | None:
    """Return the file of a module in one of the folders of installed packages."""
    for folder in filter(_is_installed, sys_path):
        for file in (f"{folder}/{name}/__init__.py", f"{folder}/{name}.py"):
            if os.path.isfile(file):  # noqa: PTH113 - as above
                return file
    return None


def _is_installed(path: str) -> bool:
    return bool(re.search(r"-packages(/|$)", path))


def _is_standard(origin: str) -> bool:
    """Return whether a file stands in the folder of a standard library."""
    return bool(re.search(r"/lib(64)?/python3[^/]*/", origin)) and not _is_installed(origin)
