"""Where an interpreter finds its modules: it is asked once, and nothing of the target is imported."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from dsa110_contimg.doctor.errors import BadInterpreterError
from dsa110_contimg.doctor.interpreters import ask_interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from dsa110_contimg.doctor.examination import Interpreter

TIMEOUT_S = 60
"""How long an interpreter may take to start, with all that its site does, in seconds."""
MARK = "import-doctor:"

_QUESTION = """
import sys
loaded, path = dict(sys.modules), [str(one) for one in sys.path]
is_safe = bool(getattr(sys.flags, 'safe_path', False))
if not is_safe:
    del sys.path[0]  # a file there may have the name of one that this needs
import _imp, importlib.machinery, json
def describe(module):
    path = getattr(module, '__path__', None)
    spec = getattr(module, '__spec__', None)
    file = getattr(module, '__file__', None)
    return [file if isinstance(file, str) else None, getattr(spec, 'origin', None) in ('frozen', 'built-in'),
            None if path is None else [one for one in path if isinstance(one, str)]]
def find_redirections():
    # Editable installations put finders of their own before the path, which map names to files or folders.
    for finder in sys.meta_path:
        if getattr(finder, '__module__', '').startswith('_frozen_importlib'):
            continue
        kind = finder if isinstance(finder, type) else type(finder)
        for places in (vars(finder), vars(kind), vars(sys.modules.get(kind.__module__, kind))):
            for place in list(places.values()):
                if isinstance(place, dict) and place is not sys.modules:
                    for name, path in place.items():
                        if isinstance(name, str) and isinstance(path, str) and '/' in path:
                            yield name, path
frozen = getattr(_imp, '_frozen_module_names', list)()
print('\\n' + MARK + json.dumps({
    'path': path,
    'tag': sys.implementation.cache_tag or '',
    'is_safe': is_safe,
    'builtin': list(sys.builtin_module_names),
    'frozen': list(frozen),
    'suffixes': importlib.machinery.EXTENSION_SUFFIXES,
    'loaded': {name: describe(module) for name, module in loaded.items() if name != '__main__'},
    'redirections': dict(find_redirections()),
}))
"""


@dataclass(frozen=True)
class Setting:
    """Where an interpreter finds its modules."""

    interpreter: Interpreter
    """The interpreter."""
    path: tuple[str, ...]
    """The folders that it searches, the first one that of the target."""
    builtin: frozenset[str]
    """The modules that are compiled into it."""
    frozen: frozenset[str]
    """The modules whose bytecode is part of it."""
    suffixes: tuple[str, ...]
    """How the names of its extension modules end."""
    tag: str
    """How it marks the bytecode that it keeps."""
    loaded: Mapping[str, tuple[str | None, bool, tuple[str, ...] | None]]
    """What it has loaded once it has started: file, whether it is built in, and the folders of a package."""
    redirections: Mapping[str, str]
    """Where editable installations have their modules and packages."""


def ask_setting(python: str | os.PathLike[str], env: Mapping[str, str], folder: Path, first: str) -> Setting:
    """Ask an interpreter where it finds its modules.

    Parameters
    ----------
    python : str or os.PathLike
        A path, or a name to be found on PATH.
    env : mapping
        The environment to ask it in.
    folder : pathlib.Path
        The folder to ask it in.
    first : str
        The folder to search first, in place of the working directory.

    Returns
    -------
    Setting
        What it answered.

    Raises
    ------
    BadInterpreterError
        When it does not exist, does not answer, or is no CPython 3.8 or newer.
    """
    interpreter = ask_interpreter(python, env, folder)
    question = f"MARK = {MARK!r}\n{_QUESTION}"
    try:
        answer = subprocess.run(
            [interpreter.executable, "-c", question],
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
        )
        told = json.loads(answer.stdout.decode(errors="replace").rpartition(f"\n{MARK}")[2].split("\n")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise BadInterpreterError(
            f"The interpreter {interpreter.executable} was asked where it finds its modules; it gave no answer.",
            hint='Try it by itself: python -c "import json". Its site or a .pth file may fail.',
        ) from error
    path = told["path"] if told["is_safe"] else [first, *told["path"][1:]]
    return Setting(
        interpreter,
        tuple(one or str(folder) for one in path),
        frozenset(told["builtin"]),
        frozenset(told["frozen"]),
        tuple(told["suffixes"]),
        told["tag"],
        {
            name: (file, is_builtin, paths and tuple(paths))
            for name, (file, is_builtin, paths) in told["loaded"].items()
        },
        told["redirections"],
    )
