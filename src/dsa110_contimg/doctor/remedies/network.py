"""The import graph as a network: a node for each module and for each statement."""

from __future__ import annotations

from functools import cached_property

from dsa110_contimg.doctor.imports.roads import name_forbidden
from dsa110_contimg.doctor.remedies.flow import UNBOUNDED, Network
from dsa110_contimg.doctor.remedies.names import Sourcebook
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dsa110_contimg.doctor.imports.graph import ImportGraph, Statement
    from dsa110_contimg.doctor.remedies.names import Names

SOURCE, GOAL = 0, 1
"""The nodes that stand for the target and for everything forbidden."""


class Terrain:
    """Where the statements of a graph lead.

    A statement leads to the modules that it loads and, if it asks one of them for a name, to the statements there that
    bind this name: to load them later is no help as long as the name is asked for at import. Modules and statements
    are nodes with numbers, because to look up 8000 statements time and again takes longer than the whole cut.

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
        # A module that stands only in an edge has no entry.
        named = {*graph.roots, *(name for edge in graph.edges for name in (edge.imported, edge.statement.module))}
        self.goals = {
            name
            for name in named | graph.modules.keys()
            if any(name_forbidden(graph, name, pattern) for pattern in forbidden)
        } - {TARGET_FILE}
        """The forbidden modules."""
        self.statements: dict[int, Statement] = {}
        """The nodes that are statements, in the order of the graph."""
        self.modules = {TARGET_FILE: SOURCE, **dict.fromkeys(self.goals, GOAL)}
        """The nodes of the modules."""
        self.above: dict[int, int] = {}
        """For each statement the node of the module that it stands in."""
        self.ways: list[list[int]] = [[], []]
        """Where each node leads; what is forbidden leads no further."""
        self._stands_in: dict[str, list[int]] = {}
        self._lay()
        for number in self.statements:
            self.ways[number] += self._find_asked(number)

    def _lay(self) -> None:
        """Lay the ways from modules to statements, and from statements to the modules that they load."""
        numbers: dict[Statement, int] = {}
        asked = set()
        for edge in self.graph.edges:
            statement, imported = edge.statement, edge.imported
            module = self._find_module(statement.module)
            if module == SOURCE:
                asked.add(imported)
            if module == GOAL:
                continue
            number = numbers.get(statement)
            if number is None:
                number = numbers[statement] = self._add()
                self.statements[number] = statement
                self.above[number] = module
                self.ways[module].append(number)
                self._stands_in.setdefault(statement.module, []).append(number)
            self.ways[number].append(self._find_module(imported))
        self.ways[SOURCE] += [self._find_module(root) for root in self.graph.roots if root not in asked]

    def _add(self) -> int:
        self.ways.append([])
        return len(self.ways) - 1

    def _find_module(self, name: str) -> int:
        number = self.modules.get(name)
        if number is None:
            number = self.modules[name] = self._add()
        return number

    @cached_property
    def _binders(self) -> dict[str, dict[str, list[int]]]:
        """For each module the statements that bind a name."""
        found: dict[str, dict[str, list[int]]] = {}
        for module, numbers in self._stands_in.items():
            names = found[module] = {}
            for number in numbers:
                for name in self._read(number).asked:
                    names.setdefault(name, []).append(number)
        return found

    @cached_property
    def _stars(self) -> dict[str, list[str]]:
        """For each module those that it imports the public names of."""
        found: dict[str, list[str]] = {}
        for number, statement in self.statements.items():
            names = self._read(number)
            if names.is_star and names.source is not None:
                found.setdefault(statement.module, []).append(names.source)
        return found

    def _read(self, number: int) -> Names:
        return self.book.read_names(self.statements[number])

    def list_names(self, module: str) -> tuple[Names, ...]:
        """Return what the statements of a module bind."""
        return tuple(map(self._read, self._stands_in.get(module, ())))

    def _find_asked(self, number: int) -> Iterator[int]:
        """Yield where the names come from that a statement asks for."""
        names = self._read(number)
        if names.source is None:
            return
        for name in names.asked.values():
            yield from self._find_binders(names.source, name, set())
        if names.is_star:
            yield from self._find_public(names.source)

    def _find_binders(self, module: str, name: str, seen: set[str]) -> Iterator[int]:
        """Yield the statements that bind a name in a module, and the modules that a star import has it from."""
        seen.add(module)
        if binders := self._binders.get(module, {}).get(name):
            yield from binders
        elif f"{module}.{name}" not in self.graph.modules:
            for source in self._stars.get(module, ()):
                if source not in seen and self._provides(source, name, {module}):
                    yield self._find_module(source)
                    yield from self._find_binders(source, name, seen)

    def _provides(self, module: str, name: str, seen: set[str]) -> bool:
        """Return whether a star import from a module takes a name along."""
        seen.add(module)
        exported = self.book.read_exported(module)
        if exported is not None or name.startswith("_"):
            return name in (exported or ())
        if name in self._binders.get(module, {}):
            return True
        bindings = self.book.read_bindings(module)
        return (bindings is not None and name in bindings.defined) or any(
            source not in seen and self._provides(source, name, seen) for source in self._stars.get(module, ())
        )

    def _find_public(self, module: str) -> Iterator[int]:
        """Yield the statements whose names a star import takes along."""
        exported = self.book.read_exported(module)
        for number in self._stands_in.get(module, ()):
            names = self._read(number)
            source = names.source
            if exported is None:  # nobody wants the modules that another module needed for itself
                is_taken = source is not None and (
                    names.is_star or any(not name.startswith("_") for name in names.asked)
                )
            elif names.is_star and source is not None:
                is_taken = any(self._provides(source, name, {module}) for name in exported)
            else:
                is_taken = not exported.isdisjoint(names.asked)
            if is_taken:
                yield number

    @cached_property
    def reached(self) -> dict[int, None]:
        """Everything that is executed from the target on."""
        return _spread(self.ways, SOURCE)

    @cached_property
    def leading(self) -> dict[int, None]:
        """Everything from which something forbidden is reached."""
        back: list[list[int]] = [[] for _ in self.ways]
        for number, following in enumerate(self.ways):
            for other in following:
                back[other].append(number)
        return _spread(back, GOAL)

    def leads(self, module: str) -> bool:
        """Return whether a module is forbidden, or loads what is."""
        return self.modules.get(module) in self.leading

    @cached_property
    def useful(self) -> tuple[Statement, ...]:
        """The statements on the roads from the target to what is forbidden, in the order of the graph."""
        return tuple(
            statement
            for number, statement in self.statements.items()
            if number in self.reached and number in self.leading
        )

    def make_network(self, weigh: Callable[[Statement], int]) -> Network:
        """Return the roads as a network in which it costs something to take a statement away from import time."""
        network = Network(len(self.ways))
        useful = [number for number in self.reached if number in self.leading]
        for number in useful:
            for other in self.ways[number]:
                if other in self.leading:
                    # Between two statements there is no way to cut: who asks for a name gets it.
                    is_cut = self.above.get(other) == number
                    network.join(number, other, weigh(self.statements[other]) if is_cut else UNBOUNDED)
        return network


def _spread(ways: Sequence[Sequence[int]], start: int) -> dict[int, None]:
    seen: dict[int, None] = {start: None}
    waiting = [start]
    while waiting:
        for number in ways[waiting.pop()]:
            if number not in seen:
                seen[number] = None
                waiting.append(number)
    return seen
