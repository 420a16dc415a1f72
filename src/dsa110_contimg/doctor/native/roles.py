"""What part a library plays in a process: the system's, the loader's, the interpreter's, or ours."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath

_SYSTEM = re.compile(r"(libc|libm|libdl|librt|libpthread|libstdc\+\+|libgcc_s|libc_malloc_debug)[-.\d]*\.so.*")
_LOADER = re.compile(r"ld(-linux[^.]*)?[-.\d]*\.so.*")
_INTERPRETER = re.compile(r"(lib)?python[\d.]*[a-z]*(\.so.*)?")


@cache
def is_system(path: str) -> bool:
    """Return whether a library is the C or C++ library or the loader, which die of what others hand them, or ours."""
    return bool(_SYSTEM.fullmatch(PurePath(path).name)) or is_loader(path) or is_recorder(path)


@cache
def is_loader(path: str | None) -> bool:
    """Return whether a library is the dynamic loader."""
    return bool(path and _LOADER.fullmatch(PurePath(path).name))


@cache
def is_interpreter(path: str | None) -> bool:
    """Return whether a file is the interpreter's own code, by its name."""
    return bool(path and _INTERPRETER.fullmatch(PurePath(path).name))


@cache
def is_recorder(path: str) -> bool:
    """Return whether a library is our own."""
    return path.endswith("/doctor/recorder/recorder.so")
