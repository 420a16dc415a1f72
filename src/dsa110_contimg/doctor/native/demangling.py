"""The names of C++ functions as people write them."""

from __future__ import annotations

import ctypes
import re
from functools import cache, partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LONG_SYMBOL = 60
"""Names of functions longer than this are shortened where people read them."""


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
            function = ctypes.CDLL(name)["__cxa_demangle"]
            free = ctypes.CDLL(None)["free"]
        except (OSError, AttributeError):
            continue
        function.restype, free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        return partial(_translate, function, free)
    return None


def _translate(function: Callable[..., int | None], free: Callable[[int], object], symbol: str) -> str | None:
    status = ctypes.c_int()
    found = function(symbol.encode(), None, None, ctypes.byref(status))
    if status.value or not found:
        return None
    text = ctypes.string_at(found).decode(errors="replace")
    free(found)
    return text


def shorten_symbol(symbol: str) -> str:
    """Write the name of a function without what makes C++ names long.

    Parameters
    ----------
    symbol : str
        A demangled name.

    Returns
    -------
    str
        A long one without its template arguments and parameters.

    Examples
    --------
    >>> shorten_symbol("casacore::BulkAllocatorImpl<casacore::casacore_allocator<casacore::String> >::destroy(void*)")
    'casacore::BulkAllocatorImpl<…>::destroy(…)'
    """
    if len(symbol) <= LONG_SYMBOL or symbol.startswith("operator"):
        return symbol
    before = None
    while before != symbol:
        before, symbol = symbol, re.sub(r"<(?!…>)[^<>]*(?:<…>[^<>]*)*>", "<…>", symbol)
    return re.sub(r"\((?!anonymous)[^()]+\)", "(…)", symbol)
