"""What the target loaded: modules with their time and memory, native libraries in the order of their initialisation."""

from __future__ import annotations

import resource
from pathlib import PurePath

from dsa110_contimg.doctor.examination import Loaded, LoadedModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dsa110_contimg.doctor.diagnosis import Diagnosis
    from dsa110_contimg.doctor.journal import Opening


def find_loaded(diagnosis: Diagnosis) -> Loaded:
    """Find what the target loaded."""
    page = resource.getpagesize()
    journal = diagnosis.run.journal
    openings = [opening for opening in journal.openings if not (opening.is_startup and journal.has_begun)]
    return Loaded(tuple(_describe(opening, page) for opening in openings), diagnosis.loading.order())


def _describe(opening: Opening, page: int) -> LoadedModule:
    is_done = opening.ended_ns is not None and opening.failed_with is None
    grown = None
    if is_done and opening.memory is not None and opening.memory_after is not None:
        grown = (opening.memory_after - opening.memory) * page
    return LoadedModule(
        name=opening.module,
        file=opening.library or opening.origin,
        is_extension=opening.library is not None,
        seconds=round((opening.ended_ns - opening.began_ns) / 1e9, 6) if is_done and opening.ended_ns else None,
        memory_bytes=grown,
    )


def find_mapped(diagnosis: Diagnosis, is_wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Find the native libraries of a kind, each with every extension module that needs it.

    Parameters
    ----------
    diagnosis : Diagnosis
        What the child left behind.
    is_wanted : callable
        Tells by the file name of a library whether it is of the kind.

    Returns
    -------
    list of tuple
        Path of the library, name of the extension module.
    """
    return [
        (library, module) for library, module in diagnosis.loading.find_needs() if is_wanted(PurePath(library).name)
    ]
