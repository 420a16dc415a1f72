"""The cheapest cuts between two nodes of a network, by Dinic's algorithm, without any library."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

UNBOUNDED = 1 << 60
"""The capacity of an arc that cannot be cut."""


@dataclass(frozen=True)
class Cuts:
    """The two outermost of all cheapest cuts."""

    flow: int
    """What they cost; the flow between the two nodes."""
    near_source: frozenset[int]
    """The nodes on the source's side of the cut that is nearest to the source."""
    near_sink: frozenset[int]
    """The nodes on the sink's side of the cut that is nearest to the sink."""


class Network:
    """Nodes and the arcs between them.

    Parameters
    ----------
    size : int
        How many nodes there are; they are numbered from 0.

    Examples
    --------
    >>> network = Network(4)
    >>> for start, end, capacity in [(0, 1, 1), (1, 2, UNBOUNDED), (2, 3, 1)]:
    ...     network.join(start, end, capacity)
    >>> cuts = network.find_cuts(0, 3)
    >>> cuts.flow, sorted(cuts.near_source), sorted(cuts.near_sink)
    (1, [0], [3])
    """

    def __init__(self, size: int) -> None:
        self._arcs: list[list[int]] = [[] for _ in range(size)]
        self._ends: list[int] = []
        self._left: list[int] = []  # arc n and arc n ^ 1 are one another's way back

    def join(self, start: int, end: int, capacity: int) -> None:
        """Lay an arc from one node to another."""
        for node, other, room in ((start, end, capacity), (end, start, 0)):
            self._arcs[node].append(len(self._ends))
            self._ends.append(other)
            self._left.append(room)

    def find_path(self, source: int, sink: int) -> list[int] | None:
        """Return the nodes of a shortest path that no cut can close, or nothing where there is none."""
        came_from = {source: source}
        waiting = deque([source])
        while waiting:
            node = waiting.popleft()
            for arc in self._arcs[node]:
                end = self._ends[arc]
                if self._left[arc] >= UNBOUNDED and end not in came_from:
                    came_from[end] = node
                    waiting.append(end)
        if sink not in came_from:
            return None
        path = [sink]
        while path[-1] != source:
            path.append(came_from[path[-1]])
        return path[::-1]

    def find_cuts(self, source: int, sink: int) -> Cuts:
        """Find the two outermost cheapest cuts; there must be one, see `find_path`. The network is used up by it."""
        flow = 0
        while (levels := self._find_levels(source, sink)) is not None:
            flow += self._push(source, sink, levels)
        return Cuts(flow, self._spread(source, 0), self._spread(sink, 1))

    def _find_levels(self, source: int, sink: int) -> list[int] | None:
        """Return how far each node is from the source, or nothing when the sink is no longer reached."""
        ends, left = self._ends, self._left
        levels = [-1] * len(self._arcs)
        levels[source] = 0
        waiting = deque([source])
        while waiting:
            node = waiting.popleft()
            further = levels[node] + 1
            for arc in self._arcs[node]:
                end = ends[arc]
                if left[arc] and levels[end] < 0:
                    levels[end] = further
                    waiting.append(end)
            if levels[sink] >= 0:
                return levels
        return None

    def _push(self, source: int, sink: int, levels: Sequence[int]) -> int:
        """Push what goes through along shortest paths, and return how much that was."""
        ends, left, arcs = self._ends, self._left, self._arcs
        following = [0] * len(arcs)
        path: list[int] = []
        node, pushed = source, 0
        while True:
            if node == sink:
                room = min(left[arc] for arc in path)
                pushed += room
                keep = None
                for position, arc in enumerate(path):
                    left[arc] -= room
                    left[arc ^ 1] += room
                    if keep is None and not left[arc]:
                        keep = position
                # Go on from the first arc that is full now.
                del path[keep:]
                node = ends[path[-1]] if path else source
                continue
            here = arcs[node]
            while following[node] < len(here):
                arc = here[following[node]]
                if left[arc] and levels[ends[arc]] == levels[node] + 1:
                    path.append(arc)
                    node = ends[arc]
                    break
                following[node] += 1
            else:
                if not path:
                    return pushed
                arc = path.pop()
                node = ends[arc ^ 1]
                following[node] += 1

    def _spread(self, start: int, back: int) -> frozenset[int]:
        """Return the nodes that can be reached through what is left; with 1 for `back`, those that can reach it."""
        seen, waiting = {start}, [start]
        while waiting:
            for arc in self._arcs[waiting.pop()]:
                end = self._ends[arc]
                if self._left[arc ^ back] and end not in seen:
                    seen.add(end)
                    waiting.append(end)
        return frozenset(seen)
