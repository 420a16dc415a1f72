"""The names of C++ functions as people write them."""

from __future__ import annotations

import ctypes
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def demangle(symbol: str) -> str:
    """Return a symbol as C++ writes it; what is no C++, or cannot be translated here, stays as it is."""
    if not symbol.startswith(("_Z", "_GLOBAL__")) or (translate := _find_translator()) is None:
        return symbol
    if symbol.startswith("_GLOBAL__sub_I_"):
        return f"static constructors of {translate(symbol[15:]) or symbol[15:]}"
    return translate(symbol) or symbol


@cache
def _find_translator() -> Callable[[str], str | None] | None:
    """Return the translator of the C++ library; nothing where there is no such library."""
    for name in ("libstdc++.so.6", "libc++.1.dylib"):
        try:
            library = ctypes.CDLL(name)
            function, free = library.__cxa_demangle, ctypes.CDLL(None).free
        except (OSError, AttributeError):
            continue
        function.restype = ctypes.c_void_p
        free.argtypes = [ctypes.c_void_p]

        def translate(symbol: str, function: ctypes._NamedFuncPointer = function) -> str | None:
            status = ctypes.c_int()
            found = function(symbol.encode(), None, None, ctypes.byref(status))
            if status.value or not found:
                return None
            text = ctypes.string_at(found).decode(errors="replace")
            free(found)
            return text

        return translate
    return None
