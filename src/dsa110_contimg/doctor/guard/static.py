"""Check contracts without running anything: on the graph of what their imports would load."""

from __future__ import annotations

import os
import sys
from collections import deque
from dataclasses import replace

from dsa110_contimg.doctor.errors import BadContractError, BadTargetError
from dsa110_contimg.doctor.examination import Hop, Road
from dsa110_contimg.doctor.guard.doors import find_door
from dsa110_contimg.doctor.guard.outcomes import Breach, Outcome
from dsa110_contimg.doctor.imports.roads import find_library, make_chain
from dsa110_contimg.doctor.report.wording import clean, write_place
from dsa110_contimg.doctor.roads import matches_module
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from dsa110_contimg.doctor.guard.contracts import Contract
    from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module

    GraphReader = Callable[..., ImportGraph]

UNCHECKED = ("max-modules", "max-time-ratio", "no-side-effects")
"""What only a run can tell."""
_MOST_DOORS = 20


def check_statically(
    contracts: Iterable[Contract],
    graph_reader: GraphReader | None = None,
    *,
    python: str | os.PathLike[str] = sys.executable,
) -> tuple[Outcome, ...]:
    """Check what contracts forbid on what their imports would load, read from source.

    Parameters
    ----------
    contracts : iterable of Contract
        What was agreed.
    graph_reader : callable, optional
        Takes a statement and ``python``, and returns the `ImportGraph`; by default `read_imports`.
    python : str or os.PathLike, default: this interpreter
        The interpreter whose packages are read, after those in the working directory.

    Returns
    -------
    tuple of Outcome
        One for each contract, with one road for each thing that is forbidden. A name that a package loads on first use
        (PEP 562) is followed to where it comes from, if the package tells type checkers.

    Raises
    ------
    BadContractError
        When there is no module of the name.
    """
    if graph_reader is None:
        from dsa110_contimg.doctor.imports.reading import read_imports

        graph_reader = read_imports
    searches = [_Search(contract) for contract in contracts]
    waiting = searches
    for _ in range(_MOST_DOORS):  # doors may lead in a circle
        if not waiting:
            break
        # All at once: to ask the interpreter where its modules are takes longer than to read them.
        statements = dict.fromkeys(search.statement for search in waiting)
        lines = {statement: number for number, statement in enumerate(statements, start=1)}
        graph = _read(waiting, "\n".join(statements), graph_reader, python)
        importing: dict[str, list[Edge]] = {}
        for edge in graph.edges:
            importing.setdefault(edge.statement.module, []).append(edge)
        waiting = [search for search in waiting if search.go_on(graph, importing, lines[search.statement])]
    return tuple(search.conclude() for search in searches)


def _read(
    searches: Sequence[_Search], statements: str, read: GraphReader, python: str | os.PathLike[str]
) -> ImportGraph:
    """Read the graph of all that is sought; name the contract whose module is not there."""
    try:
        graph = read(statements, python=python)
    except BadTargetError as error:
        if "\n" not in statements:
            raise _refuse(searches[0], python) from error
        for search in searches:
            _read([search], search.statement, read, python)
        raise
    for search in searches:
        found = graph.modules.get(search.module)
        if found is None or found.kind == "missing":
            raise _refuse(search, python)
    return graph


def _refuse(search: _Search, python: str | os.PathLike[str]) -> BadContractError:
    contract = search.contract
    return BadContractError(
        f"{contract.file}:{contract.find_line('import')}: a contract is about {contract.target}, but there is no "
        f"module {search.module} for {os.fspath(python)}.",
        hint="Correct the name, or install the package where --python finds it.",
    )


class _Search:
    """What one contract's import would load, door by door."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.statement, self.module, self.name = contract.statement, contract.module, contract.name
        # The hops to the door that is open now, and where its statement stands.
        self.before: tuple[Hop, ...] = ()
        self.gate: dict[str, Any] = {"file": TARGET_FILE, "line": 1, "statement": self.statement}
        self.sought = [(key, pattern) for key in ("forbid", "forbid-native") for pattern in self.patterns(key)]
        self.roads: list[tuple[str, Road]] = []
        self.notes: dict[str, None] = {}

    def patterns(self, key: str) -> tuple[str, ...]:
        return self.contract.forbid if key == "forbid" else self.contract.forbid_native

    def go_on(self, graph: ImportGraph, importing: Mapping[str, Sequence[Edge]], line: int) -> bool:
        """Look at what the statement loads; return whether a lazy door leads further."""
        came_by = _walk(importing, line)
        for key, pattern in list(self.sought):
            road = _find_road(graph, came_by, pattern, is_native=key == "forbid-native")
            if road is not None:
                first = replace(road.chain[0], **self.gate)
                self.roads.append((key, Road(road.forbidden, (*self.before, first, *road.chain[1:]))))
                self.sought.remove((key, pattern))
        files = {graph.modules[name].file for name in came_by if name in graph.modules}
        for problem in graph.problems:
            if problem.file in files:
                place = write_place(clean(problem.file), problem.line)
                self.notes[f"What {place} imports is not known, it could not be read: {clean(problem.message)}"] = None
        return self.open(graph.modules[self.module])

    def open(self, module: Module) -> bool:
        """Follow the name to where a lazy package gets it from."""
        is_package = self.name is not None and module.kind == "package" and module.file is not None
        door = find_door(module.file or "", self.module, self.name or "") if is_package else None
        if door is None:
            return False
        self.before += (Hop(self.module, **self.gate, level="module"),)
        self.gate = {"file": door.file, "line": door.line, "statement": door.statement}
        self.module, self.name = door.module, door.name
        self.statement = f"from {door.module} import {door.name}"
        return True

    def conclude(self) -> Outcome:
        breaches = []
        for key in ("forbid", "forbid-native"):
            roads = tuple(road for its_key, road in self.roads if its_key == key)
            if roads:
                names = ", ".join(dict.fromkeys(road.forbidden for road in roads))
                breaches.append(Breach(key, f"{names} would be loaded.", roads))
        unchecked = tuple(key for key in UNCHECKED if key in self.contract.lines)
        return Outcome(self.contract, tuple(breaches), unchecked, tuple(self.notes))


def _walk(importing: Mapping[str, Sequence[Edge]], line: int) -> dict[str, Edge]:
    """Return every module that a statement of the target loads, nearest first, each with what loads it."""
    came_by: dict[str, Edge] = {}
    waiting = deque(edge for edge in importing.get(TARGET_FILE, ()) if edge.statement.line == line)
    while waiting:
        edge = waiting.popleft()
        if edge.imported not in came_by:
            came_by[edge.imported] = edge
            waiting.extend(importing.get(edge.imported, ()))
    return came_by


def _find_road(graph: ImportGraph, came_by: Mapping[str, Edge], pattern: str, *, is_native: bool) -> Road | None:
    """Find the shortest way to a module, or to an extension module that links to a library."""
    for name, edge in came_by.items():
        library = find_library(graph.modules.get(name), pattern) if is_native else None
        if library is not None or (not is_native and matches_module(name, pattern)):
            return Road(library or name, make_chain(_trace(edge, came_by)))
    return None


def _trace(edge: Edge, came_by: Mapping[str, Edge]) -> list[Edge]:
    """Return the edges from the target to the end of this one."""
    edges = [edge]
    while edges[-1].statement.module != TARGET_FILE:
        edges.append(came_by[edges[-1].statement.module])
    return edges[::-1]
