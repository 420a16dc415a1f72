"""Distributions whose native libraries get in each other's way."""

from __future__ import annotations

from itertools import pairwise
from pathlib import PurePath

from dsa110_contimg.doctor.examination import Conflict
from dsa110_contimg.doctor.native.demangling import demangle, shorten_symbol
from dsa110_contimg.doctor.native.roles import is_system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.examination import LibraryOrigin
    from dsa110_contimg.doctor.native.frames import FrameReader


def find_conflicts(addresses: Sequence[int], reader: FrameReader, *, is_pc_first: bool = True) -> tuple[Conflict, ...]:
    """Find the call that went from one distribution's library into another's copy of the same symbol.

    Parameters
    ----------
    addresses : sequence of int
        The stack, innermost first.
    reader : FrameReader
        What knows their names.
    is_pc_first : bool
        Whether the first address is the instruction that ran.

    Returns
    -------
    tuple of Conflict
        The innermost one, or none. A call to another distribution is none by itself: only if the caller's own
        distribution has a loaded library that defines the symbol too did the call go astray.
    """
    calls = [
        (address, library, is_pc_first and position == 0)
        for position, address in enumerate(addresses)
        if (library := reader.locate(address)[0]) and not is_system(library)
    ]
    for (address, callee, is_pc), (_, caller, _) in pairwise(calls):
        if reader.is_interpreter(callee):
            continue
        if reader.is_interpreter(caller):
            return ()
        there, here = reader.distributions.find(callee), reader.distributions.find(caller)
        if there.distribution is None or here.distribution is None or there.distribution == here.distribution:
            continue
        symbol = reader.find_symbol(address, is_pc=is_pc)
        own = _find_own(symbol, here, reader) if symbol else None
        if symbol and own:
            return (_describe(symbol, there, here, own, reader),)
    return ()


def _find_own(symbol: str, here: LibraryOrigin, reader: FrameReader) -> LibraryOrigin | None:
    """Return the loaded library of a distribution that defines a symbol."""
    for path in (here.path, *reader.mappings.libraries()):
        origin = reader.distributions.find(path)
        if origin.distribution == here.distribution and reader.libraries.read(path).defines(symbol):
            return origin
    return None


def _describe(
    symbol: str, there: LibraryOrigin, here: LibraryOrigin, own: LibraryOrigin, reader: FrameReader
) -> Conflict:
    shared = reader.libraries.read(there.path).unique & reader.libraries.read(own.path).unique
    why = ""
    if shared:
        few = shorten_symbol(min(map(demangle, shared)))
        more = f" and {len(shared) - 1} more symbols," if len(shared) > 1 else ","
        why = f" Both define {few}{more} of which the loader keeps only one for a process (STB_GNU_UNIQUE)."
    told = (
        f"{PurePath(here.path).name} of {_name(here)} called {shorten_symbol(demangle(symbol))}, of which "
        f"{here.distribution} brings its own in {PurePath(own.path).name}; the call went into "
        f"{PurePath(there.path).name} of {_name(there)}."
    )
    return Conflict("crossed-call", demangle(symbol), (here, there), told + why)


def _name(origin: LibraryOrigin) -> str:
    return f"{origin.distribution} {origin.version or ''}".rstrip()
