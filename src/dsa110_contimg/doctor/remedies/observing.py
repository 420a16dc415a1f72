"""Run a target in a child to hear which import statements it executes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dsa110_contimg.doctor.chain import Sources
from dsa110_contimg.doctor.child import Plan, run_child, scratch_folder
from dsa110_contimg.doctor.evidence import Evidence
from dsa110_contimg.doctor.examiner import WAYS
from dsa110_contimg.doctor.interpreters import ask_interpreter
from dsa110_contimg.doctor.targets import read_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dsa110_contimg.doctor.journal import Journal


def observe_imports(
    target: str,
    *,
    python: str | os.PathLike[str] = sys.executable,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    args: Sequence[str] = (),
) -> tuple[Journal, Sources]:
    """Run a target in a child and return what `join_journal` joins to the import graph.

    Parameters
    ----------
    target : str
        One or several statements, the name of a module, or the path of a script.
    python : str or os.PathLike, default: this interpreter
        CPython 3.8 or newer; this package need not be installed there.
    timeout : float, default: 60
        Seconds after which the target is ended.
    env : mapping, optional
        Environment variables to set for the child, besides those of this process.
    cwd : str or os.PathLike, optional
        Working directory of the child; by default that of this process.
    args : sequence of str
        What a script finds in ``sys.argv[1:]``.

    Returns
    -------
    tuple
        The journal, as far as the target came, and where the source lines stand.

    Raises
    ------
    BadTargetError
        When the target is no Python.
    ScriptNotFoundError
        When there is no script at the path.
    BadInterpreterError
        When the interpreter does not exist, does not run, or is older than 3.8.
    UnwritableFolderError
        When there is no folder for temporary files.

    Examples
    --------
    >>> journal, _ = observe_imports("import json")
    >>> [opening.module for opening in journal.openings if opening.module.startswith("json")]
    ['json', 'json.decoder', 'json.scanner', 'json.encoder']
    """
    folder = Path(cwd) if cwd is not None else Path.cwd()
    patient = read_target(target, folder)
    environment = dict(os.environ) | dict(env or {})
    interpreter = ask_interpreter(python, environment, folder)
    plan = Plan(patient, interpreter.executable, environment, folder.absolute(), tuple(args), timeout, edges=True)
    sources = Sources(patient, plan.cwd)
    with scratch_folder() as scratch:
        for way in WAYS:
            folder = scratch / way
            folder.mkdir()
            evidence = Evidence(run_child(plan, folder, way), sources, plan.python)
            if evidence.run.journal.watch:
                break
    journal = evidence.run.journal
    # After a crash the recorder's memory map tells which libraries were there.
    journal.maps = journal.maps or evidence.maps
    return journal, sources
