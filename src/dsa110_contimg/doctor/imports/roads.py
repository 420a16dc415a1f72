"""Every road from a target to what must not be loaded, in a graph that was read from source."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePath

from dsa110_contimg.doctor.examination import Hop, Road
from dsa110_contimg.doctor.roads import matches_library, matches_module
from dsa110_contimg.doctor.search import find_paths
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module


@dataclass(frozen=True)
class Roads:
    """The roads to a module or a native library."""

    pattern: str
    """What was looked for."""
    roads: tuple[tuple[Edge, ...], ...]
    """The roads, the shortest first; each ends with the first module that is, or links to, what was looked for."""
    is_whole: bool
    """Whether these are all; no more than 100 are told."""


def find_roads(graph: ImportGraph, pattern: str) -> Roads:
    """Find every way from the target to a module or a native library.

    Parameters
    ----------
    graph : ImportGraph
        What would be executed at import.
    pattern : str
        The name of a module, with all that is below it, or a pattern of such names (``scipy.*``); or the file name of a
        native library, or a pattern of those (``libcasa_*``), for the extension modules that link to it.

    Returns
    -------
    Roads
        The roads, each a chain of statements. A module that is missing here counts, for it may be installed elsewhere.

    Examples
    --------
    >>> from dsa110_contimg.doctor.imports.reading import read_imports
    >>> [[edge.imported for edge in road] for road in find_roads(read_imports("json.tool"), "json.scanner").roads]
    [['json', 'json.decoder', 'json.scanner']]
    """
    following: defaultdict[str, list[tuple[str, Edge]]] = defaultdict(list)
    for edge in graph.edges:
        following[edge.statement.module].append((edge.imported, edge))

    def is_goal(module: str) -> bool:
        return name_forbidden(graph, module, pattern) is not None

    def tell_apart(path: Sequence[tuple[str, Edge]]) -> object:
        return tuple((edge.statement.module, edge.statement.line) for _, edge in path)

    paths, is_whole = find_paths(following, TARGET_FILE, is_goal, tell_apart=tell_apart)
    return Roads(pattern, tuple(tuple(edge for _, edge in path) for path in paths), is_whole)


def name_forbidden(graph: ImportGraph, module: str, pattern: str) -> str | None:
    """Return what of a module matches a pattern: its own name, or that of a library that it is or links to."""
    if matches_module(module, pattern):
        return module
    return find_library(graph.modules.get(module), pattern)


def find_library(module: Module | None, pattern: str) -> str | None:
    """Return the native library that a module is, links to or was seen to load, if it matches a pattern."""
    if module is None:
        return None  # the target itself, or what stands only in an edge
    own = [PurePath(module.file).name] if module.kind == "extension" and module.file else []
    names = [*module.libraries, *own]
    return next((name for name in names if matches_library(name, pattern)), None)


def make_road(graph: ImportGraph, edges: Sequence[Edge], pattern: str) -> Road:
    """Return a road as the report draws it.

    Parameters
    ----------
    graph : ImportGraph
        What would be executed at import.
    edges : sequence of Edge
        The road.
    pattern : str
        What was looked for.

    Returns
    -------
    Road
        Its statements as hops.
    """
    end = edges[-1].imported
    return Road(name_forbidden(graph, end, pattern) or end, make_chain(edges))


def make_chain(edges: Iterable[Edge]) -> tuple[Hop, ...]:
    """Return the statements of a road as hops."""
    return tuple(
        Hop(edge.imported, edge.statement.file, edge.statement.line, edge.statement.text, "module") for edge in edges
    )
