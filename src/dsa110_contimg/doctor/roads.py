"""Every way from the target to what must not be loaded, from the import statements that a real run executed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from dsa110_contimg.doctor.chain import make_chain, make_hop
from dsa110_contimg.doctor.examination import Road
from dsa110_contimg.doctor.search import MOST_PATHS, find_paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dsa110_contimg.doctor.chain import Sources
    from dsa110_contimg.doctor.examination import Hop
    from dsa110_contimg.doctor.journal import Journal, Opening, Step

    Graph = Mapping[str, Mapping[tuple[str, tuple[Step, ...]], None]]


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

    def make_road(path: Sequence[tuple[str, tuple[Step, ...]]]) -> Road:
        importers = (None, *(openings.get(module) for module, _ in path))
        hops = (
            make_hop(module, steps, sources, above) for (module, steps), above in zip(path, importers, strict=False)
        )
        return Road(path[-1][0], tuple(hops))

    # A statement that names a package and a module in it is one road, to the one that is loaded first.
    paths, is_whole = find_paths(graph, "", is_goal, tell_apart=lambda path: _find_key(make_road(path).chain))
    roads = {_find_key(road.chain): road for road in map(make_road, paths)}
    # The road that was really taken comes first; the others were hidden by what was loaded already.
    taken = next(opening for opening in journal.openings if is_goal(opening.module))
    road = Road(taken.module, make_chain(taken.stack, sources))
    roads.pop(_find_key(road.chain), None)
    return Map((road, *roads.values())[:MOST_PATHS], is_whole and len(roads) < MOST_PATHS)


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
