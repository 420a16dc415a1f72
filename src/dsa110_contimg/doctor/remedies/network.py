"""The import graph as a network: a node for each module and for each statement."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from pathlib import PurePath

from dsa110_contimg.doctor.remedies.flow import UNBOUNDED, Network
from dsa110_contimg.doctor.remedies.names import Sourcebook
from dsa110_contimg.doctor.roads import matches_library, matches_module
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dsa110_contimg.doctor.imports.graph import ImportGraph, Module, Statement
    from dsa110_contimg.doctor.remedies.names import Names

    Node = str | Statement

GOAL = "<forbidden>"
"""The node that stands for everything forbidden."""


def is_forbidden(module: Module, patterns: Sequence[str]) -> bool:
    """Return whether a module is forbidden by its name, or by a native library that it is or links to."""
    libraries = module.libraries
    if module.kind == "extension" and module.file:
        libraries = (PurePath(module.file).name, *libraries)
    return any(
        matches_module(module.name, pattern) or any(matches_library(name, pattern) for name in libraries)
        for pattern in patterns
    )


class Terrain:
    """Where the statements of a graph lead.

    A statement leads to the modules that it loads and, if it asks one of them for a name, to the statements there that
    bind this name: to load them later is no help as long as the name is asked for at import.

    Parameters
    ----------
    graph : ImportGraph
        What is executed at import.
    forbidden : sequence of str
        Modules and native libraries.
    """

    def __init__(self, graph: ImportGraph, forbidden: Sequence[str]) -> None:
        self.graph = graph
        """What is executed at import."""
        self.book = Sourcebook(graph)
        """The names of its modules."""
        self.goals = {name for name, module in graph.modules.items() if is_forbidden(module, forbidden)}
        """The forbidden modules."""
        # A module that stands only in an edge has no entry to ask for its kind.
        self.goals |= {
            edge.imported
            for edge in graph.edges
            if edge.imported not in graph.modules and any(matches_module(edge.imported, one) for one in forbidden)
        }

    @cached_property
    def _stands_in(self) -> dict[str, list[Statement]]:
        """The statements of each module."""
        found: defaultdict[str, dict[Statement, None]] = defaultdict(dict)
        for edge in self.graph.edges:
            found[edge.statement.module][edge.statement] = None
        return {module: list(statements) for module, statements in found.items()}

    @cached_property
    def ways(self) -> dict[Node, list[Node]]:
        """What each module and each statement leads to; what is forbidden leads no further."""
        ways: dict[Node, list[Node]] = {}
        for edge in self.graph.edges:
            if edge.statement.module not in self.goals:
                ways.setdefault(edge.statement, []).append(GOAL if edge.imported in self.goals else edge.imported)
        for module, statements in self._stands_in.items():
            if module not in self.goals:
                ways[module] = list(statements)
        for statement in [node for node in ways if not isinstance(node, str)]:
            ways[statement] += self._find_asked(statement)
        asked = {edge.imported for edge in self.graph.edges if edge.statement.module == TARGET_FILE}
        missing = [GOAL if root in self.goals else root for root in self.graph.roots if root not in asked]
        ways[TARGET_FILE] = [*ways.get(TARGET_FILE, []), *missing]
        return ways

    @cached_property
    def _binders(self) -> dict[str, dict[str, list[Statement]]]:
        """For each module the statements that bind a name."""
        found: dict[str, dict[str, list[Statement]]] = {}
        for module, statements in self._stands_in.items():
            names = found[module] = {}
            for statement in statements:
                for name in self.book.read_names(statement).asked:
                    names.setdefault(name, []).append(statement)
        return found

    def list_names(self, module: str) -> tuple[Names, ...]:
        """Return what the statements of a module bind."""
        return tuple(map(self.book.read_names, self._stands_in.get(module, ())))

    def _find_asked(self, statement: Statement) -> Iterator[Statement]:
        """Yield the statements in other modules that bind the names which a statement asks for."""
        names = self.book.read_names(statement)
        if names.source is None or names.source in self.goals:
            return
        binders = self._binders.get(names.source, {})
        for name in names.asked.values():
            yield from binders.get(name, ())
        if names.is_star:
            yield from self._find_public(names.source)

    def _find_public(self, module: str) -> Iterator[Statement]:
        """Yield the statements whose names a star import takes along."""
        bindings = self.book.read_bindings(module)
        exported = bindings.exported if bindings is not None else None
        for statement in self._stands_in.get(module, ()):
            names = self.book.read_names(statement)
            if exported is not None:
                is_taken = names.is_star or not exported.isdisjoint(names.asked)
            else:  # nobody wants the modules that another module needed for itself
                is_taken = names.is_star or (
                    names.source is not None and any(not name.startswith("_") for name in names.asked)
                )
            if is_taken:
                yield statement

    @cached_property
    def reached(self) -> dict[Node, None]:
        """Everything that is executed from the target on."""
        return _spread(self.ways, TARGET_FILE)

    @cached_property
    def leading(self) -> dict[Node, None]:
        """Everything from which something forbidden is reached."""
        back: dict[Node, list[Node]] = {}
        for node, following in self.ways.items():
            for other in following:
                back.setdefault(other, []).append(node)
        return _spread(back, GOAL)

    @cached_property
    def useful(self) -> dict[Node, int]:
        """The nodes on the roads from the target to what is forbidden, numbered."""
        return {node: number for number, node in enumerate(node for node in self.reached if node in self.leading)}

    def make_network(self, weigh: Callable[[Statement], int]) -> Network:
        """Return the roads as a network in which it costs something to take a statement away from import time."""
        numbers = self.useful
        costs: dict[Node, int] = {}
        network = Network(len(numbers))
        for node, number in numbers.items():
            for other in self.ways.get(node, ()):
                if other in numbers:
                    # Between two statements there is no way to cut: who asks for a name gets it.
                    is_cut = isinstance(node, str) and not isinstance(other, str)
                    if is_cut and other not in costs:
                        costs[other] = weigh(other)  # type: ignore[arg-type]
                    network.join(number, numbers[other], costs[other] if is_cut else UNBOUNDED)
        return network


def _spread(ways: dict[Node, list[Node]], start: Node) -> dict[Node, None]:
    seen: dict[Node, None] = {start: None}
    waiting = [start]
    while waiting:
        for node in ways.get(waiting.pop(), ()):
            if node not in seen:
                seen[node] = None
                waiting.append(node)
    return seen
