"""Whether it depends on the order of imports, tried out in children, and which import to move then."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import permutations

from dsa110_contimg.doctor.errors import BadTargetError
from dsa110_contimg.doctor.report.wording import is_own
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from dsa110_contimg.doctor.examination import Conflict, Examination, Verdict
    from dsa110_contimg.doctor.imports.graph import ImportGraph, Statement

MOST_MODULES = 3
"""How many modules can be tried in every order."""


@dataclass(frozen=True)
class OrderRun:
    """What became of one order."""

    order: tuple[str, ...]
    """The modules, the first one first."""
    verdict: Verdict
    """What became of it, in a word."""
    signal: str | None = None
    """The signal that ended it, such as ``SIGSEGV``."""
    conflicts: tuple[Conflict, ...] = ()
    """Distributions whose libraries got in each other's way."""


@dataclass(frozen=True)
class OrderTrial:
    """What became of a few modules in every order."""

    runs: tuple[OrderRun, ...]
    """One run for each order; the first is the order in which they were given."""

    @property
    def healthy(self) -> tuple[tuple[str, ...], ...]:
        """The orders that ended well."""
        return tuple(run.order for run in self.runs if run.verdict == "healthy")

    @property
    def is_decisive(self) -> bool:
        """Whether the order makes the difference between harm and none."""
        return 0 < len(self.healthy) < len(self.runs)


@dataclass(frozen=True)
class OrderMove:
    """Imports that would have to come earlier."""

    modules: tuple[str, ...]
    """The modules to import earlier, the first one first."""
    moved: tuple[Statement, ...]
    """The user's own statements that import them now, as far as the graph knows them."""
    before: Statement
    """The user's own statement that they have to come before."""


def try_orders(
    modules: Sequence[str],
    *,
    python: str | os.PathLike[str] = sys.executable,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
) -> OrderTrial:
    """Import a few modules in every order, each in a child of its own.

    Parameters
    ----------
    modules : sequence of str
        Two or three modules, such as those of packages that are in conflict, in the order in which they are imported.
    python : str or os.PathLike, default: this interpreter
        CPython 3.8 or newer; this package need not be installed there.
    timeout : float, default: 60
        Seconds after which one child is taken to hang.
    env : mapping, optional
        Environment variables to set for the child, besides those of this process.
    cwd : str or os.PathLike, optional
        Working directory of the child; by default that of this process.

    Returns
    -------
    OrderTrial
        What became of each order.

    Raises
    ------
    BadTargetError
        When there are fewer than two modules, more than three, or one twice.

    Examples
    --------
    >>> trial = try_orders(["json", "csv"])
    >>> trial.healthy, trial.is_decisive
    ((('json', 'csv'), ('csv', 'json')), False)
    """
    from dsa110_contimg.doctor.examiner import examine

    if isinstance(modules, str) or not 2 <= len(modules) <= MOST_MODULES or len(set(modules)) < len(modules):
        raise BadTargetError(
            f"The orders of {modules!r} were to be tried.",
            hint=f"Give a list of two to {MOST_MODULES} different modules; more have too many orders.",
        )
    runs = []
    for order in permutations(modules):
        target = "; ".join(f"import {module}" for module in order)
        found = examine(target, python=python, timeout=timeout, env=env, cwd=cwd)
        runs.append(OrderRun(order, found.verdict, found.exit.signal, found.conflicts))
    return OrderTrial(tuple(runs))


def find_rivals(examination: Examination) -> tuple[str, ...]:
    """Find the modules whose order may matter to a crash.

    Parameters
    ----------
    examination : Examination
        What was found.

    Returns
    -------
    tuple of str
        In the order in which they were loaded: the modules that brought the libraries of a conflict, or else the
        extension modules of other distributions that were there before. Empty when it was no crash, or when there are
        too few or too many of them.
    """
    culprit = examination.culprit
    if examination.verdict not in ("crashed", "hung") or culprit is None or culprit.module is None:
        return ()
    brought = {one.path: one.loaded_by for one in examination.loaded.native if one.loaded_by}
    owners = {one.loaded_by: one.distribution for one in examination.loaded.native if one.loaded_by}
    if examination.conflicts:
        libraries = [library.path for conflict in examination.conflicts for library in conflict.libraries]
        others = [brought[path] for path in libraries if path in brought]
    else:
        firsts: dict[str, str] = {}
        for module, owner in owners.items():
            package = module.partition(".")[0]
            if package != culprit.module.partition(".")[0] and (owner is None or owner != culprit.distribution):
                firsts.setdefault(owner or package, module)
        others = list(firsts.values())
    rivals = tuple(dict.fromkeys([*(one for one in others if one != culprit.module), culprit.module]))
    return rivals if 2 <= len(rivals) <= MOST_MODULES else ()


def offer_move(trial: OrderTrial, graph: ImportGraph) -> OrderMove | None:
    """Find which import to move so that an order that ends well comes about.

    Parameters
    ----------
    trial : OrderTrial
        What became of each order.
    graph : ImportGraph
        What is executed when the target is imported.

    Returns
    -------
    OrderMove or None
        What to import earlier so that the first order that ended well comes about; nothing when the order does not
        matter, or when the graph loads the modules in an order that ends well.
    """
    loads = _find_loads(graph)
    present = tuple(module for module in loads if module in trial.runs[0].order)
    if not trial.is_decisive or not present or present in trial.healthy:
        return None
    *earlier, _ = trial.healthy[0]
    moved = dict.fromkeys(_climb(loads[module], loads) for module in earlier if module in loads)
    before = _climb(loads[present[0]], loads)
    return OrderMove(tuple(earlier), tuple(one for one in moved if one != before), before)


def _climb(statement: Statement, loads: Mapping[str, Statement]) -> Statement:
    """Return the last statement of the user's own on the way to a statement."""
    while not is_own(statement.file) and statement.module in loads:
        statement = loads[statement.module]
    return statement


def _find_loads(graph: ImportGraph) -> dict[str, Statement]:
    """Return for each module the statement that loads it, in the order of loading."""
    statements: dict[str, dict[Statement, list[str]]] = {}
    for edge in graph.edges:
        statements.setdefault(edge.statement.module, {}).setdefault(edge.statement, []).append(edge.imported)
    loads: dict[str, Statement] = {}
    waiting = [_list_loads(statements, TARGET_FILE)]
    while waiting:
        if not waiting[-1]:
            waiting.pop()
            continue
        statement, module = waiting[-1].pop()
        if module not in loads:
            loads[module] = statement
            waiting.append(_list_loads(statements, module))
    return loads


def _list_loads(
    statements: Mapping[str, Mapping[Statement, Sequence[str]]], module: str
) -> list[tuple[Statement, str]]:
    """Return what a module loads, the first one last."""
    here = statements.get(module, {}).items()
    return [(statement, imported) for statement, names in here for imported in names][::-1]
