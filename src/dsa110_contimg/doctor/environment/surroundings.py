"""What in the surroundings of an import can matter to it: variables, files in the way, limits of the system."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dsa110_contimg.doctor.environment.casa_data import look_at_casa_data
from dsa110_contimg.doctor.environment.shadows import find_loaded_shadows, find_shadows
from dsa110_contimg.doctor.examination import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dsa110_contimg.doctor.environment.facts import Facts
    from dsa110_contimg.doctor.journal import Journal

VARIABLES: dict[str, str | None] = {
    "CASAPATH": None,
    "CASASITECONFIG": None,
    "GLIBC_TUNABLES": None,
    "KMP_DUPLICATE_LIB_OK": "It lets two copies of an OpenMP runtime go on, which may crash or err; unset it.",
    "LD_LIBRARY_PATH": "The loader looks there before its own folders; unset it to see what was meant.",
    "LD_PRELOAD": "These libraries are loaded ahead of all others; unset it.",
    "MALLOC_PERTURB_": None,
    "MALLOC_TRACE": None,
    "OMP_NUM_THREADS": None,
    "OPENBLAS_NUM_THREADS": None,
    "PYTHONDONTWRITEBYTECODE": "Every process compiles all that it imports anew, which triples the time; unset it.",
    "PYTHONHOME": "Python looks for its own library there; unset it.",
    "PYTHONMALLOC": None,
    "PYTHONNOUSERSITE": None,
    "PYTHONOPTIMIZE": None,
    "PYTHONPATH": "What stands there comes before everything that is installed; unset it to see what is.",
    "PYTHONSAFEPATH": None,
    "PYTHONSTARTUP": "Interactive sessions run it first, no script does: compare with `python -I`.",
    "PYTHONWARNINGS": "It can turn warnings into errors; unset it.",
    "QT_PLUGIN_PATH": "Plugins of another Qt may stand there; unset it.",
    "QT_QPA_PLATFORM": None,
    "QT_QPA_PLATFORM_PLUGIN_PATH": "Plugins of another Qt may stand there; unset it.",
}
"""The variables that change how Python and native libraries load, and what to do about those that are seldom wanted."""
SELINUX = Path("/sys/fs/selinux/enforce")
"""Where the kernel tells whether SELinux forbids, or only notes; absent without SELinux."""
USUAL_STACK = 8 << 20
"""The stack that Linux gives a thread unless told otherwise, in bytes."""


def find_surroundings(journal: Journal, env: Mapping[str, str]) -> tuple[Finding, ...]:
    """Find what in the surroundings of an import can matter to it.

    Parameters
    ----------
    journal : Journal
        What the child told.
    env : mapping
        The environment that it was given.

    Returns
    -------
    tuple of Finding
        All as remarks; which of them mattered only another run can tell.
    """
    return (
        *_find_variables(env, "set in the environment that the child was given"),
        *find_loaded_shadows(journal),
        *_find_system(env, journal.sys_path),
    )


def look_around(facts: Facts, env: Mapping[str, str], folder: Path) -> tuple[Finding, ...]:
    """Find what in the surroundings can matter to imports, before there is one.

    Parameters
    ----------
    facts : Facts
        What the interpreter says of itself.
    env : mapping
        Its environment variables.
    folder : pathlib.Path
        Its working directory.

    Returns
    -------
    tuple of Finding
        All as remarks.
    """
    return (
        *_find_variables(env, "set in the environment"),
        *find_shadows(facts, folder),
        *_find_system(env, facts.sys_path),
    )


def _find_variables(env: Mapping[str, str], observed: str) -> Iterator[Finding]:
    for name, advice in VARIABLES.items():
        if name in env:
            trouble = look_at_casa_data(name, env[name]) if name.startswith("CASA") else None
            if name == "PYTHONSTARTUP" and not Path(env[name]).is_file():
                trouble = "there is no such file"
            if trouble is None:
                yield Finding(name, env[name], observed, advice=advice)
            else:
                yield Finding(name, env[name], f"{observed}; {trouble}", advice=f"Correct {name}, or unset it.")


def _find_system(env: Mapping[str, str], sys_path: Iterable[str]) -> Iterator[Finding]:
    home = env.get("HOME")
    if home is not None and not (Path(home).is_dir() and os.access(home, os.W_OK)):
        yield Finding(
            "HOME",
            home,
            "no file can be written there" if Path(home).is_dir() else "there is no such folder",
            "system",
            advice="Set HOME to a folder that can be written: many packages keep caches and settings there.",
        )
    folders = {os.path.realpath(path): path for path in sys_path if re.search(r"-packages/?$", path)}
    present = [path for path in folders.values() if Path(path).is_dir()]
    if len(present) > 1:
        twice = _find_twice(present)
        told = f"; in more than one: {', '.join(twice[:5])}{' and others' if len(twice) > 5 else ''}" if twice else ""
        yield Finding(
            "several site-packages",
            os.pathsep.join(present),
            f"on the search path{told}",
            "system",
            advice="The first one hides what is in the others, too: `python -s` leaves out the person's own.",
        )
    yield from _find_limits()


def _find_twice(folders: Iterable[str]) -> list[str]:
    """Return the distributions that stand in more than one folder."""
    seen, twice = set[str](), set[str]()
    for folder in folders:
        try:
            names = {entry.name.partition("-")[0] for entry in Path(folder).glob("*.dist-info")}
        except OSError:
            continue
        twice |= seen & names
        seen |= names
    return sorted(twice)


def _find_limits() -> Iterator[Finding]:
    try:
        mode = SELINUX.read_text().strip()
    except (OSError, UnicodeDecodeError):
        mode = ""
    if mode in ("0", "1"):
        yield Finding(
            "SELinux",
            "enforcing" if mode == "1" else "permissive",
            f"{SELINUX} says so",
            "system",
            advice="It may forbid executable stacks and text relocations: `ausearch -m avc` tells."
            if mode == "1"
            else None,
        )
    try:
        import resource
    except ImportError:  # no Unix
        return
    stack, _ = resource.getrlimit(resource.RLIMIT_STACK)
    if stack == resource.RLIM_INFINITY:
        yield Finding(
            "stack size", "unlimited", "`ulimit -s`; the C library then gives threads a size of its own", "system"
        )
    elif stack < USUAL_STACK:
        yield Finding(
            "stack size",
            f"{stack >> 10} kB",
            "`ulimit -s`, which threads get, too",
            "system",
            advice="Set `ulimit -s 8192`: deep recursion in native code needs it.",
        )
