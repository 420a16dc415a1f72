"""Join what a real run imported to what the source shows: imports by string, doors that were opened, native code."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePath

from dsa110_contimg.doctor.chain import Sources
from dsa110_contimg.doctor.imports.graph import Edge, Module, Statement
from dsa110_contimg.doctor.native.distributions import Distributions
from dsa110_contimg.doctor.native.elf import Library
from dsa110_contimg.doctor.native.frames import FrameReader
from dsa110_contimg.doctor.native.loading import Loading
from dsa110_contimg.doctor.native.mappings import read_mappings
from dsa110_contimg.doctor.remedies.names import Sourcebook
from dsa110_contimg.doctor.targets import TARGET_FILE, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dsa110_contimg.doctor.imports.graph import ImportGraph, ModuleKind
    from dsa110_contimg.doctor.journal import Journal, Opening, Step


def join_journal(graph: ImportGraph, journal: Journal, sources: Sources | None = None) -> ImportGraph:
    """Add to a graph what a real run imported and the source does not show.

    Parameters
    ----------
    graph : ImportGraph
        What the source shows.
    journal : Journal
        What a child told that ran the same target, with every import statement that it executed.
    sources : Sources, optional
        Where the source lines stand; by default in the files, from the working directory.

    Returns
    -------
    ImportGraph
        The same with more modules and edges. What a known statement set off (a door that it opened, a function that
        it called) is an edge of that statement, and of every other one that would open the same door; else there is a
        new statement, marked as observed: the line at module level that was being executed. Where native code asked
        there is no line, and it counts as 0.
    """
    if sources is None:
        sources = Sources(Target("", "script", ""), Path.cwd())
    openings = {opening.module: opening for opening in reversed(journal.openings)}
    modules = dict(graph.modules)
    for opening in journal.openings:
        if opening.module not in modules or modules[opening.module].kind == "missing":
            modules[opening.module] = _describe(opening)
    places = _Places(graph, sources)
    edges = dict.fromkeys(graph.edges)
    for importer, steps, names in _list_imports(journal):
        wanted = [
            module
            for name in names
            for module in _find_packages(name)
            # A module's own package was there before it, and a module does not lead to itself.
            if module in modules and not f"{importer}.".startswith(f"{module}.")
        ]
        for statement in places.find(importer, steps, openings.get(importer), wanted) if wanted else ():
            edges |= dict.fromkeys(Edge(statement, module) for module in wanted)
            if any(step.function == "__getattr__" for step in steps):
                # The second one finds the door open: a run shows only the first.
                for twin in places.find_twins(statement):
                    edges |= dict.fromkeys(Edge(twin, module) for module in wanted)
    first = [edge.imported for edge in edges if edge.statement.module == TARGET_FILE]
    roots = tuple(dict.fromkeys((*graph.roots, *first)))
    return replace(graph, roots=roots, modules=_add_libraries(modules, journal), edges=tuple(edges))


def _add_libraries(modules: Mapping[str, Module], journal: Journal) -> dict[str, Module]:
    """Return the modules with every native library that each brought into the process, also by way of others."""
    reader = FrameReader(read_mappings(journal.maps or ""), Distributions(journal.sys_path, None), journal.executable)
    brought = [(one.name, one.file) for one in modules.values() if one.kind == "extension" and one.file]
    brought += [(module, path) for _, module, path in journal.dlopened if module in modules]
    found = dict(modules)
    for library, name in Loading(reader, brought).find_needs():
        if library != found[name].file:
            names = (*found[name].libraries, PurePath(library).name)
            found[name] = replace(found[name], libraries=tuple(dict.fromkeys(names)))
    return found


def _list_imports(journal: Journal) -> Iterator[tuple[str, Sequence[Step], tuple[str, ...]]]:
    """Yield who imported, from which line, and what."""
    for edge in journal.edges:
        yield edge.importer, edge.steps, edge.modules
    for opening in journal.openings:
        yield (opening.above.module if opening.above else ""), opening.steps, (opening.module,)


def _find_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


class _Places:
    """The statements that a run came through."""

    def __init__(self, graph: ImportGraph, sources: Sources) -> None:
        self._sources = sources
        self._known: defaultdict[str, dict[Statement, set[str]]] = defaultdict(dict)
        for edge in graph.edges:
            self._known[edge.statement.module].setdefault(edge.statement, set()).add(edge.imported)
        self._paths: dict[str, str] = {}
        self._book = Sourcebook(graph)

    def find(
        self, importer: str, steps: Sequence[Step], opening: Opening | None, wanted: Sequence[str]
    ) -> list[Statement]:
        """Return the known statements on a line, those that load what is wanted if any does, or else a new one."""
        module = importer or TARGET_FILE
        if not steps:  # native code asked
            file = (opening.library or opening.origin or "") if opening else TARGET_FILE
            return [Statement(module, file, 0, 0, "", is_observed=True)]
        step = _find_executed(steps)
        here = {
            statement: loaded
            for statement, loaded in self._known.get(module, {}).items()
            if statement.line <= step.line <= statement.end_line
            and self._resolve(statement.file) == self._resolve(step.file)
        }
        # A line with two statements on it: the one is meant that names what was imported.
        if telling := [statement for statement, loaded in here.items() if loaded.issuperset(wanted)]:
            return telling
        if here:
            return list(here)
        # A statement in a function is not executed at import by itself, so to move it there would change nothing.
        text = (self._sources.find_line(step.file, step.line) or "") if step.level != "function" else ""
        return [Statement(module, self._sources.find_file(step.file), step.line, step.line, text, is_observed=True)]

    def find_twins(self, statement: Statement) -> Iterator[Statement]:
        """Yield the known statements that ask the same module for at least the same names."""
        names = self._book.read_names(statement)
        if names.source is None or names.is_star:
            return
        for other in self._askers.get(names.source, ()):
            if set(names.asked.values()) <= set(self._book.read_names(other).asked.values()):
                yield other

    @cached_property
    def _askers(self) -> dict[str, list[Statement]]:
        """For each module the statements that ask it for names."""
        found: defaultdict[str, list[Statement]] = defaultdict(list)
        for statements in self._known.values():
            for statement in statements:
                if (source := self._book.read_names(statement).source) is not None:
                    found[source].append(statement)
        return found

    def _resolve(self, file: str) -> str:
        if file not in self._paths:
            self._paths[file] = os.path.realpath(self._sources.find_file(file))
        return self._paths[file]


def _find_executed(steps: Sequence[Step]) -> Step:
    """Return the innermost line that was executed as part of the module itself, not of a function that it called."""
    found = None
    for step in reversed(steps):
        if step.level == "function":
            break
        found = step
    # In a thread there is no module further out: then the statement itself is told.
    return found or steps[0]


def _describe(opening: Opening) -> Module:
    file = opening.library or opening.origin
    kind: ModuleKind = "source"
    if opening.library:
        kind = "extension"
    elif file is None:
        kind = "namespace"
    elif file in ("built-in", "frozen"):
        kind, file = "builtin", None
    elif file.endswith(("/__init__.py", "/__init__.pyc")):
        kind = "package"
    elif not file.endswith((".py", ".pyw")):
        kind = "compiled"
    return Module(opening.module, kind, file, Library(file).needed if kind == "extension" and file else ())
