"""Native libraries that were built for something else: another Python, another numpy, debugging, older loaders."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

from dsa110_contimg.doctor.environment.hazards import Hazard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsa110_contimg.doctor.environment.hazards import Kind, Risk
    from dsa110_contimg.doctor.environment.libraries import Collection, Native

# What the check that numpy's headers compile into every module that uses its C API says when it fails.
NUMPY_1 = b"module compiled against API version 0x%x but this version of numpy is 0x"
"""Stands in modules that were built with the headers of numpy 1."""
NUMPY_2 = b"module was compiled against NumPy C-API version 0x%x (NumPy "
"""Stands in modules that were built with the headers of numpy 2, before the oldest numpy that they can use."""
_NUMPY_SOURCE = "https://numpy.org/devdocs/user/troubleshooting-importerror.html#c-api-incompatibility"
_STACK_SOURCE = "https://lists.gnu.org/archive/html/info-gnu/2025-01/msg00014.html"
_NO_EXECUTABLE_STACK = (2, 41)
"""The glibc from which on dlopen refuses what asks for an executable stack."""
_DEBUG = re.compile(r"(?:[-_]debug|_d)(?=[-.\d]*\.so)")
_DEBUG_TAG = re.compile(r"cpython-\d+t?d")


def find_builds(collection: Collection) -> list[Hazard]:
    """Find native libraries that were built for something else than this environment.

    Parameters
    ----------
    collection : Collection
        The native libraries of an environment.

    Returns
    -------
    list of Hazard
        One for each distribution and kind.
    """
    return [
        *_find_other_pythons(collection),
        *_find_other_numpys(collection),
        *_find_executable_stacks(collection),
        *_find_debug_builds(collection),
        *_find_unreadable(collection),
    ]


def _group(natives: Iterable[Native]) -> dict[str, list[Native]]:
    found: defaultdict[str, list[Native]] = defaultdict(list)
    for native in natives:
        found[native.owner].append(native)
    return found


def _make(
    collection: Collection,
    kind: Kind,
    risk: Risk,
    title: str,
    natives: list[Native],
    *evidence: str,
    advice: str,
    source: str | None = None,
) -> Hazard:
    owners = sorted({native.owner for native in natives}, key=str.lower)
    return Hazard(
        kind=kind,
        risk=risk,
        title=title,
        distributions=tuple(map(collection.name, owners)),
        libraries=tuple(native.origin for native in natives),
        evidence=evidence,
        advice=advice,
        source=source,
    )


def _find_other_pythons(collection: Collection) -> list[Hazard]:
    """Find modules of which there is a file for other Pythons only."""
    facts = collection.facts
    fitting = {native.owner for native in collection.natives if native.tag and _fits(native, facts.suffixes)}
    found = []
    strangers = (native for native in collection.natives if native.tag and not _has_own(native, facts.suffixes))
    for owner, natives in _group(strangers).items():
        tags = ", ".join(sorted({native.tag or "" for native in natives}))
        is_debug = any(_DEBUG_TAG.match(native.tag or "") for native in natives)
        found.append(
            _make(
                collection,
                "debug-build" if is_debug and not facts.is_debug else "other-python",
                "medium" if owner in fitting else "certain",
                f"{collection.name(owner)} was built for another Python",
                natives,
                f"Its files are for {tags}; this interpreter takes {facts.suffixes[0]} and what names no Python.",
                "Others of its modules do fit: these may be left over from an earlier installation."
                if owner in fitting
                else "It does not find them: `ModuleNotFoundError`, or an ImportError of a half-imported package.",
                advice=f"Run `{facts.interpreter.executable} -m pip install --force-reinstall {owner}`.",
            )
        )
    return found


def _fits(native: Native, suffixes: tuple[str, ...]) -> bool:
    return any(native.name.endswith(suffix) and f".{native.tag}.so" == suffix for suffix in suffixes)


def _has_own(native: Native, suffixes: tuple[str, ...]) -> bool:
    """Return whether a module has a file that this interpreter takes, be it in Python."""
    if _fits(native, suffixes):
        return True
    bare = native.path.removesuffix(f".{native.tag}.so")
    return any(Path(f"{bare}{suffix}").exists() for suffix in (*suffixes, ".py", "/__init__.py"))


def _find_other_numpys(collection: Collection) -> list[Hazard]:
    """Find modules whose own check will refuse this numpy; those that do not check by numpy's headers do not tell."""
    version = collection.distributions.versions.get("numpy")
    release = re.match(r"(\d+)\.(\d+)", version or "")
    if release is None:
        return []
    numpy = int(release[1]), int(release[2])
    asking: defaultdict[tuple[str, str], list[Native]] = defaultdict(list)
    for native in collection.natives:
        if not native.is_extension or native.owner == "numpy":
            continue
        told = native.library.find_text(NUMPY_2, 8)
        needed = re.match(rb"(\d+)\.(\d+)\)", told or b"")
        if needed and (int(needed[1]), int(needed[2])) > numpy:
            asking[native.owner, f"numpy {needed[1].decode()}.{needed[2].decode()} or later"].append(native)
        elif told is None and numpy >= (2, 0) and native.library.find_text(NUMPY_1, 1) is not None:
            asking[native.owner, "numpy 1"].append(native)
    return [
        _make(
            collection,
            "other-numpy",
            "certain",
            f"{collection.name(owner)} was built for {wanted}",
            natives,
            f"The check that numpy's headers compiled into it refuses numpy {version}: the import raises.",
            advice=f"Install a version of {owner} that was built for numpy {version}, or the numpy that it wants.",
            source=_NUMPY_SOURCE,
        )
        for (owner, wanted), natives in asking.items()
    ]


def _find_executable_stacks(collection: Collection) -> list[Hazard]:
    libc = collection.facts.libc
    is_refused = libc >= _NO_EXECUTABLE_STACK
    told = (
        f"glibc {'.'.join(map(str, libc))} refuses it: `cannot enable executable stack`."
        if is_refused
        else "This system grants it; glibc 2.41 and later, and SELinux when it enforces, do not."
    )
    return [
        _make(
            collection,
            "executable-stack",
            "certain" if is_refused else "medium",
            f"{collection.name(owner)} asks for an executable stack",
            natives,
            f"Its {', '.join(native.name for native in natives[:3])} asks for it by its header (PT_GNU_STACK).",
            told,
            advice=f"Use a later {owner}; or clear the flag with `patchelf --clear-execstack FILE`.",
            source=_STACK_SOURCE,
        )
        for owner, natives in _group(
            native for native in collection.natives if native.library.has_executable_stack
        ).items()
    ]


def _find_debug_builds(collection: Collection) -> list[Hazard]:
    """Find libraries that stand beside a debug build of themselves, by their names."""
    plain: defaultdict[str, list[Native]] = defaultdict(list)
    for native in collection.natives:
        if not native.is_extension and not _DEBUG.search(native.family):
            plain[native.family].append(native)
    found = []
    for native in collection.natives:
        bare = _DEBUG.sub("", native.family)
        if native.is_extension or bare == native.family or not plain[bare]:
            continue
        found.append(
            _make(
                collection,
                "debug-build",
                "medium",
                f"{bare} as a debug build and as a release",
                [native, *plain[bare]],
                f"{native.name} of {collection.name(native.owner)} stands beside {plain[bare][0].name} of "
                f"{collection.name(plain[bare][0].owner)}. What goes from one to the other may differ in layout.",
                advice="Let everything in one process use one of the two.",
            )
        )
    return found


def _find_unreadable(collection: Collection) -> list[Hazard]:
    """Find files that are no whole library; where libraries have another format than Linux's, all would be."""
    if sys.platform != "linux":
        return []
    groups: defaultdict[tuple[str, str, bool], list[Native]] = defaultdict(list)
    for native in collection.natives:
        if native.library.fault is not None:
            is_damaged = native.is_extension and "whole" in native.library.fault
            groups[native.owner, native.library.fault, is_damaged].append(native)
    return [
        _make(
            collection,
            "unreadable",
            "high" if is_damaged else "low",
            f"{natives[0].name} of {collection.name(owner)}{f' and {len(natives) - 1} more' if natives[1:] else ''} "
            "cannot be read",
            natives,
            f"{natives[0].path}: {fault}.",
            advice=f"If it is needed here, run `pip install --force-reinstall {owner}`.",
        )
        for (owner, fault, is_damaged), natives in groups.items()
    ]
