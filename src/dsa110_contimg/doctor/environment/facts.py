"""What an interpreter says of itself: where it finds modules, which files it takes for them, what it has loaded."""

from __future__ import annotations

import ast
import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dsa110_contimg.doctor.errors import BadInterpreterError
from dsa110_contimg.doctor.interpreters import ask_interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsa110_contimg.doctor.examination import Interpreter

_MARK = "import-doctor:"
# Imports nothing that a file in the working directory could stand in for.
_QUESTION = """
import sys
os, imp = sys.modules["os"], __import__("_imp")
try:
    with open("/proc/self/maps", errors="surrogateescape") as file:
        maps = file.read()
except OSError:
    maps = ""
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (AttributeError, ValueError, OSError):
    libc = ""
is_safe = bool(getattr(sys.flags, "safe_path", False))
sys.stdout.write("\\nimport-doctor:" + ascii({
    "is_safe": is_safe,
    "sys_path": [path for path in map(str, sys.path if is_safe else sys.path[1:]) if path],
    "prefixes": [sys.prefix, sys.base_prefix],
    "standard": os.path.dirname(os.__file__),
    "suffixes": imp.extension_suffixes(),
    "settled": sorted({*sys.builtin_module_names, *filter(None, (name.partition(".")[0] for name in sys.modules))}),
    "is_debug": hasattr(sys, "gettotalrefcount"),
    "libc": libc,
    "maps": maps,
}) + "\\n")
"""


@dataclass(frozen=True)
class Facts:
    """What an interpreter says of itself."""

    interpreter: Interpreter
    """Who it is."""
    sys_path: tuple[str, ...]
    """Its search path, without the folder of the script."""
    prefixes: tuple[str, ...]
    """The folder of its environment, and that of the Python it was made from."""
    standard: str
    """The folder of the standard library."""
    suffixes: tuple[str, ...]
    """The ends of the names of files that it takes for extension modules, the best first."""
    settled: frozenset[str]
    """Modules that no file in the working directory can stand in for: built in, or loaded when Python has started."""
    is_safe: bool
    """Whether it leaves out the folder of the script or the working directory (``PYTHONSAFEPATH``)."""
    is_debug: bool
    """Whether it is a debug build."""
    libc: tuple[int, ...]
    """The version of glibc that it runs on; empty for another C library."""
    maps: str
    """Its memory map."""

    @cached_property
    def site_packages(self) -> tuple[str, ...]:
        """The folders on its search path that hold installed packages, each once."""
        folders = (path for path in self.sys_path if path.rstrip("/").endswith("-packages") and Path(path).is_dir())
        return tuple({os.path.realpath(path): path for path in folders}.values())


def ask_facts(python: str | os.PathLike[str], env: Mapping[str, str], folder: Path) -> Facts:
    """Ask an interpreter where it finds modules, and what it takes for them.

    Parameters
    ----------
    python : str or os.PathLike
        A path, or a name to be found on PATH.
    env : mapping
        The environment to ask it in.
    folder : pathlib.Path
        The folder to ask it in.

    Returns
    -------
    Facts
        Its answers.

    Raises
    ------
    BadInterpreterError
        When it does not exist, does not answer, or is no CPython 3.8 or newer.
    """
    interpreter = ask_interpreter(python, env, folder)
    command = [interpreter.executable, "-c", _QUESTION]
    hint = "See why with: import-doctor 'import site', under the same interpreter and variables."
    try:
        answer = subprocess.run(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        told = "it did not answer within 60 s" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
        raise BadInterpreterError(
            f"The interpreter {interpreter.executable} was asked for its search path: {told}.", hint=hint
        ) from error
    _, mark, told = answer.stdout.decode("ascii", "replace").rpartition(_MARK)
    try:
        # A sitecustomize may write to standard output, before us and after.
        heard = ast.literal_eval(told.splitlines()[0]) if mark else {}
        return _read(interpreter, heard)
    except (ValueError, SyntaxError, LookupError, TypeError) as error:
        raise BadInterpreterError(
            f"The interpreter {interpreter.executable} was asked for its search path; it ended with code "
            f"{answer.returncode} and without an answer.",
            hint=hint,
        ) from error


def _read(interpreter: Interpreter, heard: Mapping[str, object]) -> Facts:
    libc = str(heard["libc"]).rpartition(" ")[2] if str(heard["libc"]).startswith("glibc") else ""
    return Facts(
        interpreter=interpreter,
        sys_path=_read_texts(heard["sys_path"]),
        prefixes=_read_texts(heard["prefixes"]),
        standard=str(heard["standard"]),
        suffixes=_read_texts(heard["suffixes"]),
        settled=frozenset(_read_texts(heard["settled"])),
        is_safe=bool(heard["is_safe"]),
        is_debug=bool(heard["is_debug"]),
        libc=tuple(int(part) for part in libc.split(".") if part.isdigit()),
        maps=str(heard["maps"]),
    )


def _read_texts(heard: object) -> tuple[str, ...]:
    if not isinstance(heard, list):
        raise TypeError(heard)
    return tuple(map(str, heard))
