"""What an import did besides importing, and what of its surroundings can matter to it."""

from __future__ import annotations

import os
import re
import signal
import sys

from dsa110_contimg.doctor.examination import Finding, SideEffects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsa110_contimg.doctor.journal import Journal

_VARIABLES = (
    *("CASAPATH", "CASASITECONFIG", "GLIBC_TUNABLES", "KMP_DUPLICATE_LIB_OK", "LD_LIBRARY_PATH", "LD_PRELOAD"),
    *("MALLOC_PERTURB_", "MALLOC_TRACE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"),
    *("PYTHONHOME", "PYTHONMALLOC", "PYTHONNOUSERSITE", "PYTHONOPTIMIZE", "PYTHONPATH", "PYTHONSAFEPATH"),
    *("PYTHONWARNINGS", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM", "QT_QPA_PLATFORM_PLUGIN_PATH"),
)


def find_side_effects(journal: Journal) -> SideEffects:
    """Find what an import did: by comparison at its end, or for one that had no end by what was heard of it."""
    heard, changes = journal.effects, journal.changes
    files = _pick(heard, "file")
    directories = _pick(changes if changes is not None else heard, "directory")
    if changes is None:
        return SideEffects(
            environment=_pick(heard, "environment"),
            working_directory=directories[-1] if directories else None,
            files_written=tuple(file for file in files if not file.startswith("/dev/")),
            processes=_pick(heard, "process"),
        )
    return SideEffects(
        environment=_pick(changes, "environment"),
        working_directory=directories[-1] if directories else None,
        signal_handlers=tuple(_name_signal(int(number)) for number in _pick(changes, "signal")),
        threads=_pick(changes, "thread"),
        files_written=tuple(file for file in files if not file.startswith("/dev/")),
        processes=_pick(heard, "process"),
        warning_filters=sum(map(int, _pick(changes, "filters"))),
    )


def _pick(pairs: list[tuple[str, str]], what: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(which for kind, which in pairs if kind == what))


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


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
        Variables that change how Python and native libraries load, and modules of the standard library that another
        file stands in for.
    """
    found = [
        Finding(name, env[name], "set in the environment that the child was given")
        for name in _VARIABLES
        if name in env
    ]
    for opening in journal.openings:
        origin = opening.origin or ""
        if opening.module in sys.stdlib_module_names and os.path.isabs(origin) and not _is_standard(origin):  # noqa: PTH117
            found.append(Finding(opening.module, origin, "this file was loaded for the module of the standard library"))
    return tuple(found)


def _is_standard(origin: str) -> bool:
    """Return whether a file stands in the folder of a standard library."""
    return bool(re.search(r"/lib(64)?/python3[^/]*/", origin)) and "-packages/" not in origin
