"""Paths through a graph of imports, the shortest first."""

from __future__ import annotations

from collections import defaultdict, deque
from heapq import heappop, heappush
from typing import TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

Label = TypeVar("Label")

MOST_PATHS = 100
"""How many paths are told; their number can grow exponentially."""
MOST_STEPS = 200_000
"""How many steps the search may take."""


def find_paths(
    graph: Mapping[str, Iterable[tuple[str, Label]]],
    start: str,
    is_goal: Callable[[str], bool],
    *,
    tell_apart: Callable[[Sequence[tuple[str, Label]]], Hashable],
) -> tuple[tuple[Sequence[tuple[str, Label]], ...], bool]:
    """Find the paths without a loop that end with the first goal on them.

    Parameters
    ----------
    graph : mapping
        For each node the nodes that follow it, each with the label of the way there.
    start : str
        Where every path begins.
    is_goal : callable
        Tells whether a node is one to be reached.
    tell_apart : callable
        Returns the same for paths that count as one; the one whose goal has the shortest name stands for them.

    Returns
    -------
    tuple
        The paths, each as its nodes after the start with the labels of the ways, the shortest first, and in the order
        of the graph where they are equally long; and whether these are all.
    """
    found: dict[Hashable, Sequence[tuple[str, Label]]] = {}
    for steps, path in enumerate(_walk(graph, start, is_goal)):
        if path is not None:
            key = tell_apart(path)
            if key not in found and len(found) >= MOST_PATHS:
                return tuple(found.values()), False
            if key not in found or len(path[-1][0]) < len(found[key][-1][0]):
                found[key] = path
        if steps >= MOST_STEPS:
            return tuple(found.values()), False
    return tuple(found.values()), True


def _measure(graph: Mapping[str, Iterable[tuple[str, Label]]], is_goal: Callable[[str], bool]) -> dict[str, int]:
    """Return for each node from which a goal can be reached how far away the nearest one is."""
    importers: defaultdict[str, set[str]] = defaultdict(set)
    for importer, following in graph.items():
        for node, _ in following:
            importers[node].add(importer)
    distances = {node: 0 for node in importers if is_goal(node)}
    waiting = deque(distances)
    while waiting:
        node = waiting.popleft()
        for importer in importers[node]:
            if importer not in distances:
                distances[importer] = distances[node] + 1
                waiting.append(importer)
    return distances


def _walk(
    graph: Mapping[str, Iterable[tuple[str, Label]]], start: str, is_goal: Callable[[str], bool]
) -> Iterator[Sequence[tuple[str, Label]] | None]:
    """Yield every path, the shortest first, and nothing at each step between.

    A path is never longer than those that wait if what it still has to go is counted at its least, so the first one to
    come to its goal is the shortest that is left.
    """
    distances = _measure(graph, is_goal)
    order: tuple[int, ...] = ()
    waiting: list[tuple[int, tuple[int, ...], tuple[tuple[str, Label], ...]]] = []
    if start in distances:
        heappush(waiting, (distances[start], order, ()))
    while waiting:
        _, order, path = heappop(waiting)
        node = path[-1][0] if path else start
        if path and is_goal(node):
            yield path
            continue
        passed = {start, *(one for one, _ in path)}
        for position, (following, label) in enumerate(graph.get(node, ())):
            if following in distances and following not in passed:
                length = len(path) + 1 + distances[following]
                heappush(waiting, (length, (*order, position), (*path, (following, label))))
                yield None
