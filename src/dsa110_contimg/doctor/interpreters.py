"""The interpreter that runs the target: CPython 3.8 or newer, found and asked before it is trusted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from dsa110_contimg.doctor.errors import BadInterpreterError
from dsa110_contimg.doctor.examination import Interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OLDEST = (3, 8)
"""The oldest CPython whose import system is known to take our hooks."""

_QUESTION = (
    "import sys; sys.stdout.write('\\n'.join(['import-doctor', sys.executable or '', sys.version.split()[0], "
    "getattr(getattr(sys, 'implementation', None), 'name', 'cpython')]))"
)


def ask_interpreter(python: str | os.PathLike[str], env: Mapping[str, str], folder: Path) -> Interpreter:
    """Ask an interpreter who it is.

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
    Interpreter
        Its real path, behind any script that stands for it, and its version.

    Raises
    ------
    BadInterpreterError
        When it does not exist, does not answer, or is no CPython 3.8 or newer.
    """
    asked = os.fspath(python)
    if asked == sys.executable:
        return Interpreter(asked, ".".join(map(str, sys.version_info[:3])))
    hint = "Give --python the path of a CPython 3.8 or newer, such as /usr/bin/python3."
    path = shutil.which(asked, path=env.get("PATH"))
    if path is None and os.sep in asked:
        path = shutil.which(str(folder / asked))
    if path is None:
        raise BadInterpreterError(f"The interpreter {asked} was asked for; there is no such program.", hint=hint)
    try:
        answer = subprocess.run(
            [path, "-S", "-c", _QUESTION],
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        told = "it did not answer within 30 s" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
        raise BadInterpreterError(f"The interpreter {path} does not run: {told}.", hint=hint) from error
    match answer.stdout.decode(errors="surrogateescape").split("\n"):
        case ["import-doctor", executable, version, implementation]:
            pass
        case _:
            ending = _last_line(answer.stderr)
            raise BadInterpreterError(
                f"The program {path} does not answer as a Python{f': {ending}' if ending else '.'}", hint=hint
            )
    if implementation != "cpython":
        raise BadInterpreterError(f"The interpreter {path} is {implementation} {version}, no CPython.", hint=hint)
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise BadInterpreterError(f"The interpreter {path} is Python {version}, which is too old.", hint=hint)
    return Interpreter(executable or path, version.rstrip("+"))


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
