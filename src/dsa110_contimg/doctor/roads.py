"""Every way from the target to what must not be loaded, from the import statements that a real run executed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from dsa110_contimg.doctor.chain import make_chain, make_hop
from dsa110_contimg.doctor.examination import Road

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dsa110_contimg.doctor.chain import Sources
    from dsa110_contimg.doctor.examination import Hop
    from dsa110_contimg.doctor.journal import Journal, Opening, Step

    Graph = Mapping[str, Mapping[tuple[str, tuple[Step, ...]], None]]

MOST_ROADS = 100
"""How many roads are told; their number can grow exponentially."""
MOST_STEPS = 200_000
"""How many steps the search may take."""


@dataclass(frozen=True)
class Map:
    """The roads that were found."""

    roads: tuple[Road, ...]
    """The roads, shortest first."""
    is_whole: bool
    """Whether these are all."""


def matches_module(module: str, pattern: str) -> bool:
    """Return whether a module, or a package above it, is the one that is forbidden."""
    return module == pattern or module.startswith(f"{pattern}.") or fnmatchcase(module, pattern)


def matches_library(name: str, pattern: str) -> bool:
    """Return whether the file name of a native library is the one that is forbidden."""
    return fnmatchcase(name, pattern) or name.startswith(f"{pattern}.so")


def find_roads(journal: Journal, is_goal: Callable[[str], bool], sources: Sources) -> Map:
    """Find every way from the target to a module.

    Parameters
    ----------
    journal : Journal
        What the child told, with every import statement that it executed.
    is_goal : callable
        Tells whether a module is one to be reached.
    sources : Sources
        Where the source lines stand.

    Returns
    -------
    Map
        A road for each chain of statements that ends with the first module of its kind.
    """
    openings = {opening.module: opening for opening in reversed(journal.openings)}
    graph = _make_graph(journal, openings)
    useful = _find_useful(graph, is_goal)
    found: dict[tuple[tuple[str, int], ...], Road] = {}
    is_whole = True
    for steps, path in enumerate(_walk(graph, useful, is_goal)):
        if steps >= MOST_STEPS or len(found) >= MOST_ROADS:
            is_whole = False
            break
        if path is None:
            continue
        importers = (None, *(openings.get(module) for module, _ in path))
        chain = tuple(
            make_hop(module, steps_, sources, above) for (module, steps_), above in zip(path, importers, strict=False)
        )
        key = _find_key(chain)
        # A statement that names a package and a module in it is one road, to the one that is loaded first.
        if key not in found or len(chain[-1].module) < len(found[key].forbidden):
            found[key] = Road(chain[-1].module, chain)
    # The road that was really taken comes first; the others were hidden by what was loaded already.
    taken = next(opening for opening in journal.openings if is_goal(opening.module))
    road = Road(taken.module, make_chain(taken.stack, sources))
    others = [other for key, other in found.items() if key != _find_key(road.chain)]
    return Map((road, *sorted(others, key=lambda other: len(other.chain)))[:MOST_ROADS], is_whole)


def _find_key(chain: Sequence[Hop]) -> tuple[tuple[str, int], ...]:
    """Return the statements of a chain."""
    return tuple((hop.file or hop.module, hop.line or 0) for hop in chain)


def name_library(road: Road, library: str) -> Road:
    """Return a road to an extension module as one to the native library that the module needs."""
    return replace(road, forbidden=library)


def _make_graph(journal: Journal, openings: Mapping[str, Opening]) -> Graph:
    """Return for each module what it imports, by which statements; the target is the empty name."""
    graph: defaultdict[str, dict[tuple[str, tuple[Step, ...]], None]] = defaultdict(dict)
    homes = {opening.origin: opening.module for opening in openings.values() if opening.origin}
    for edge in journal.edges:
        # The module that the statement stands in, which is not the importer where that called a function of another,
        # such as the `__getattr__` of a package.
        home = homes.get(edge.steps[0].file, edge.importer) if edge.steps else edge.importer
        for name in edge.modules:
            for module in (*_find_parents(name), name):
                # A module's own package was there before it, and a module does not lead to itself.
                if module in openings and not any(f"{one}.".startswith(f"{module}.") for one in (home, edge.importer)):
                    graph[edge.importer][module, edge.steps[:1] + edge.steps[-1:]] = None
    for opening in journal.openings:
        above = opening.above.module if opening.above else ""
        short = opening.steps[:1] + opening.steps[-1:]
        graph[above].setdefault((opening.module, short))
    return graph


def _find_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    for end in range(1, len(parts)):
        yield ".".join(parts[:end])


def _find_useful(graph: Graph, is_goal: Callable[[str], bool]) -> set[str]:
    """Return the modules from which a goal can be reached."""
    importers: defaultdict[str, set[str]] = defaultdict(set)
    for importer, imports in graph.items():
        for module, _ in imports:
            importers[module].add(importer)
    useful, waiting = set[str](), [module for module in importers if is_goal(module)]
    while waiting:
        module = waiting.pop()
        if module not in useful:
            useful.add(module)
            waiting += [importer for importer in importers[module] if not is_goal(importer)]
    return useful


def _walk(
    graph: Graph, useful: set[str], is_goal: Callable[[str], bool]
) -> Iterator[Sequence[tuple[str, tuple[Step, ...]]] | None]:
    """Yield every path without a loop from the target to a goal, and nothing at each step between."""
    path: list[tuple[str, tuple[Step, ...]]] = []
    on_path = {""}
    branches = [iter(graph.get("", {}))]
    while branches:
        yield None
        following = next(branches[-1], None)
        if following is None:
            branches.pop()
            if path:
                on_path.discard(path.pop()[0])
            continue
        module, _ = following
        if module in on_path or module not in useful:
            continue
        if is_goal(module):
            yield [*path, following]
            continue
        path.append(following)
        on_path.add(module)
        branches.append(iter(graph.get(module, {})))
