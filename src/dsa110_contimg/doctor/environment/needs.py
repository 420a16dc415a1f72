"""Libraries that native libraries need and the dynamic loader will not find."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections import defaultdict
from functools import cached_property
from pathlib import Path, PurePath

from dsa110_contimg.doctor.environment.hazards import Hazard
from dsa110_contimg.doctor.native.mappings import read_mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dsa110_contimg.doctor.environment.libraries import Collection, Native

_CACHED = re.compile(r"\s+(\S+) \(([^)]*)\) => \S")
_LDCONFIG = ("/sbin/ldconfig", "/usr/sbin/ldconfig")
_FOLDERS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64")


class Loader:
    """What the dynamic loader finds by itself.

    Parameters
    ----------
    collection : Collection
        The native libraries of an environment.
    env : mapping
        The environment variables.
    """

    def __init__(self, collection: Collection, env: Mapping[str, str]) -> None:
        self._natives = {native.real_path: native for native in collection.natives}
        self._mapped = {PurePath(path).name for path in read_mappings(collection.facts.maps).libraries()}
        self._given = [folder for folder in re.split("[:;]", env.get("LD_LIBRARY_PATH", "")) if folder]

    @cached_property
    def _system(self) -> frozenset[str]:
        """The names that the loader's cache lists, or where there is none, those in its own folders."""
        for program in _LDCONFIG:
            try:
                told = subprocess.run([program, "-p"], capture_output=True, text=True, timeout=10, check=False).stdout
            except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
                continue
            is_wanted = "x86-64" if platform.machine() == "x86_64" else ""
            if found := frozenset(name for name, kind in _CACHED.findall(told) if is_wanted in kind):
                return found
        return frozenset(entry.name for folder in _FOLDERS if Path(folder).is_dir() for entry in Path(folder).iterdir())

    def finds(self, native: Native, name: str) -> Native | bool:
        """Return what a library gets when it asks for another: one of the environment, or whether there is any."""
        library = native.library
        folders = [*(() if library.runpath else library.rpath), *self._given, *library.runpath]
        here = os.path.dirname(native.real_path)  # noqa: PTH120 - as text: there are thousands
        if "/" in name:
            folders = [""]
        for folder in folders:
            folder = folder.replace("${ORIGIN}", here).replace("$ORIGIN", here)
            path = f"{folder}/{name}" if folder else name.replace("$ORIGIN", here)
            if os.path.exists(path):  # noqa: PTH110 - as above
                return self._natives.get(os.path.realpath(path), True)
        if name in self._mapped or name in self._system:
            return True
        return any(os.path.exists(f"{folder}/{name}") for folder in _FOLDERS)  # noqa: PTH110 - as above


def find_missing(collection: Collection, env: Mapping[str, str]) -> list[Hazard]:
    """Find libraries that are needed and that nobody provides.

    Parameters
    ----------
    collection : Collection
        The native libraries of an environment.
    env : mapping
        The environment variables.

    Returns
    -------
    list of Hazard
        One for each distribution that lacks some, and one for each that relies on another one to have loaded them.
    """
    loader = Loader(collection, env)
    provided: defaultdict[str, set[str]] = defaultdict(set)
    for native in collection.natives:
        for name in {native.name, native.library.soname or native.name}:
            provided[name].add(native.owner)
    lacking: defaultdict[Native, list[str]] = defaultdict(list)
    borrowing: defaultdict[str, dict[str, str]] = defaultdict(dict)
    uses: defaultdict[Native, list[Native]] = defaultdict(list)
    for native in collection.natives:
        for name in native.library.needed:
            found = loader.finds(native, name)
            if found is True:
                continue
            if found is not False:
                uses[native].append(found)
            elif PurePath(name).name not in provided:
                lacking[native].append(name)
            elif native.owner not in provided[PurePath(name).name]:
                borrowing[native.owner][name] = min(provided[PurePath(name).name])
    return [
        *(_describe_missing(collection, owner, natives, lacking, uses) for owner, natives in _group(lacking)),
        *(_describe_borrowed(collection, owner, names) for owner, names in borrowing.items()),
    ]


def _reach(start: Native, uses: Mapping[Native, list[Native]]) -> set[Native]:
    """Return the libraries that an extension module brings into a process, itself among them."""
    waiting = [start]
    found: set[Native] = set()
    while waiting:
        native = waiting.pop()
        if native not in found:
            found.add(native)
            waiting += uses.get(native, [])
    return found


def _group(lacking: Mapping[Native, list[str]]) -> Iterable[tuple[str, list[Native]]]:
    owners: defaultdict[str, list[Native]] = defaultdict(list)
    for native in lacking:
        owners[native.owner].append(native)
    return owners.items()


def _describe_missing(
    collection: Collection,
    owner: str,
    natives: list[Native],
    lacking: Mapping[Native, list[str]],
    uses: Mapping[Native, list[Native]],
) -> Hazard:
    names = sorted({name for native in natives for name in lacking[native]})
    modules = [native for native in collection.natives if native.is_extension]
    failing = [module for module in modules if not _reach(module, uses).isdisjoint(natives)]
    concerned = {owner, *(module.owner for module in failing)}
    modules = [module for module in modules if module.owner in concerned]
    users = ", ".join(native.name for native in natives[:3]) + (" and others" if len(natives) > 3 else "")
    needed = (
        f"{users} need it; it stands in none of their search paths (RPATH, RUNPATH, LD_LIBRARY_PATH, the loader's "
        "cache) and in no distribution here."
    )
    told = "No extension module needs them; only what loads them by itself will fail."
    if failing:
        told = (
            f"The import of {failing[0].name}{f' and {len(failing) - 1} more' if failing[1:] else ''} raises an "
            "ImportError that names it, unless something loads it before."
        )
    is_part = 2 * len(failing) < len(modules)
    if failing and is_part:
        told += f" {len(modules) - len(failing)} others beside them do without: it may be for an optional part."
    return Hazard(
        kind="missing-library",
        risk="high" if failing and not is_part else "medium",
        title=f"{collection.name(owner)} needs {', '.join(names[:3])}{' and more' if len(names) > 3 else ''}",
        distributions=(collection.name(owner),),
        libraries=tuple(native.origin for native in natives),
        evidence=(needed, told),
        advice="Install what provides it, and see that the loader finds it: `ldconfig -p` lists what it knows.",
    )


def _describe_borrowed(collection: Collection, owner: str, names: Mapping[str, str]) -> Hazard:
    lenders = sorted(set(names.values()), key=str.lower)
    lent = sorted(names)
    shown = f"{', '.join(lent[:3])}{' and others' if len(lent) > 3 else ''}"
    return Hazard(
        kind="missing-library",
        risk="low",
        title=f"{collection.name(owner)} relies on {', '.join(lenders)} to have loaded {lent[0]}",
        distributions=tuple(map(collection.name, (owner, *lenders))),
        libraries=(),
        evidence=(f"{shown} of {', '.join(lenders)} stand in no search path of the files that need them.",),
        advice=f"If an import of {owner} does not find them, import {lenders[0]} first.",
    )
