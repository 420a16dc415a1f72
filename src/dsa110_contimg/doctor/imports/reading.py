"""Read what would be executed when a target is imported, without importing it."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dsa110_contimg.doctor.errors import BadTargetError
from dsa110_contimg.doctor.imports.cache import Scans
from dsa110_contimg.doctor.imports.events import Import
from dsa110_contimg.doctor.imports.execution import Execution
from dsa110_contimg.doctor.imports.finder import Finder
from dsa110_contimg.doctor.imports.graph import ImportGraph
from dsa110_contimg.doctor.imports.interpreter import ask_setting
from dsa110_contimg.doctor.imports.scanner import scan_source
from dsa110_contimg.doctor.targets import TARGET_FILE, read_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dsa110_contimg.doctor.imports.events import Scan


@dataclass(frozen=True)
class _Source:
    """The target's own source."""

    scan: Scan
    file: str
    """Its file, ``<target>`` for statements."""
    first: str
    """The folder that is searched first."""
    is_script: bool


def read_imports(
    package_or_path: str | os.PathLike[str],
    *,
    python: str | os.PathLike[str] = sys.executable,
    env: Mapping[str, str] | None = None,
) -> ImportGraph:
    """Read what would be executed when something is imported, from source, without importing it.

    Parameters
    ----------
    package_or_path : str or os.PathLike
        The name of a module, one or several statements, or the path of a package's folder or of a script.
    python : str or os.PathLike, default: this interpreter
        CPython 3.8 or newer, whose modules are meant. It is started once and asked where they are.
    env : mapping, optional
        Environment variables to set for it, such as ``PYTHONPATH``; the others are those of this process.

    Returns
    -------
    ImportGraph
        The modules that would be loaded, and by which statements. Statements in functions are not executed by an
        import, so they are not in it; nor are imports by a name that is computed, and those of native code.

    Raises
    ------
    BadTargetError
        When the target is no Python, or names a module that is not found.
    ScriptNotFoundError
        When there is no script at the path.
    BadInterpreterError
        When the interpreter does not exist, does not run, or is older than 3.8.

    Examples
    --------
    >>> graph = read_imports("from json import decoder")
    >>> [edge.statement.text for edge in graph.edges if edge.imported == "json.scanner"]
    ['from json import scanner']
    """
    folder = Path.cwd()
    # What is given as a path is one, also where its text could be the name of a module.
    asked = package_or_path if isinstance(package_or_path, str) else str(folder / package_or_path)
    source = _read_source(asked, folder)
    setting = ask_setting(python, dict(os.environ) | dict(env or {}), folder, source.first)
    scans = Scans(setting.tag)
    execution = Execution(Finder(setting), scans)
    with _without_collector():
        execution.execute(source.scan, source.file)
    scans.save()
    for name in () if source.is_script else _find_needed(source.scan):
        if name in execution.modules and execution.modules[name].kind == "missing":
            raise BadTargetError(
                f"The target imports {name}; {setting.interpreter.executable} would not find it.",
                hint="Check its name, the working directory, and that --python is the interpreter that has it.",
            )
    return ImportGraph(
        tuple(dict.fromkeys(edge.imported for edge in execution.edges if edge.statement.module == TARGET_FILE)),
        execution.modules,
        tuple(execution.edges),
        tuple(execution.problems),
    )


def _find_needed(scan: Scan) -> Iterator[str]:
    """Yield the modules that statements of the target name, and without which they fail."""
    for event in scan.events:
        if isinstance(event, Import) and not event.is_conditional:
            yield from (request.module for request in event.requests)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Spare the search for cycles in syntax trees, which have none: it takes as long as to parse them."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _read_source(asked: str, folder: Path) -> _Source:
    """Return the target's own source: for a package's folder, the statement that imports it."""
    first = str(folder)
    try:
        is_folder = ("/" in asked or asked in (".", "..")) and folder.joinpath(asked).is_dir()
    except (OSError, ValueError):
        is_folder = False
    if is_folder:
        path = folder.joinpath(asked).resolve()
        parts = [path.name]
        while (path.parent / "__init__.py").is_file():
            path = path.parent
            parts.insert(0, path.name)
        asked, first = ".".join(parts), str(path.parent)
        if not all(part.isidentifier() for part in parts):
            raise BadTargetError(
                f"The folder {asked} was to be imported; its name is no name of a module.",
                hint="Give a package's folder.",
            )
    target = read_target(asked, folder)
    if target.kind == "statement":
        return _Source(scan_source(target.text.encode()), TARGET_FILE, first, False)
    script = folder / target.text
    try:
        scan = scan_source(script.read_bytes(), is_main=True)
    except OSError as error:
        raise BadTargetError(
            f"The script {target.text} cannot be read: {error.strerror}.", hint="Check its permissions."
        ) from error
    if scan.fault is not None:
        line = "" if scan.fault[0] is None else f", line {scan.fault[0]}"
        raise BadTargetError(f"The script {target.text}{line}: {scan.fault[1]}.", hint="Correct it first.")
    return _Source(scan, str(script), str(script.resolve().parent), True)
