"""Import graphs made by hand, and what would be loaded if some of their statements were not executed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module, Statement

SOURCE = "/src"
"""Where the modules of these graphs have their files."""


def make_graph(
    imports: Mapping[str, Iterable[str]],
    libraries: Mapping[str, Iterable[str]] | None = None,
    source: str = SOURCE,
) -> ImportGraph:
    """Make a graph of modules and the text of their statements, the first of which stands on line 1.

    A module with submodules is a package, one with libraries an extension module; ``<target>`` is the target.
    """
    libraries = libraries or {}
    names = {name for name in imports if name != "<target>"} | set(libraries)
    for name in list(names):
        parts = name.split(".")
        names |= {".".join(parts[:end]) for end in range(1, len(parts))}
    modules = {name: describe(name, names, libraries, source) for name in sorted(names)}
    edges = []
    for name, texts in imports.items():
        file = "<target>" if name == "<target>" else str(modules[name].file)
        for line, text in enumerate(texts, start=1):
            statement = Statement(name, file, line, line, text)
            for loaded in find_loaded(name, text, modules):
                edges.append(Edge(statement, loaded))
                modules.setdefault(loaded, Module(loaded, "source", f"/site/{loaded}.py"))
    roots = tuple(dict.fromkeys(edge.imported for edge in edges if edge.statement.module == "<target>"))
    return ImportGraph(roots, modules, tuple(edges))


def describe(name: str, names: Collection[str], libraries: Mapping[str, Iterable[str]], source: str) -> Module:
    path = f"{source}/{name.replace('.', '/')}"
    if name in libraries:
        return Module(name, "extension", f"{path}.so", tuple(libraries[name]))
    if any(other.startswith(f"{name}.") for other in names):
        return Module(name, "package", f"{path}/__init__.py")
    return Module(name, "source", f"{path}.py")


def find_loaded(importer: str, text: str, modules: Mapping[str, Module]) -> Iterable[str]:
    """Name what a statement loads, as Python does."""
    words = text.replace(",", " ").split()
    named = words[1:] if words[0] == "import" else [words[1]]
    for name in named:
        if name.startswith("."):
            package = importer if modules[importer].kind == "package" else importer.rpartition(".")[0]
            name = f"{package}.{name[1:]}".rstrip(".")
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            above = ".".join(parts[:end])
            if not f"{importer}.".startswith(f"{above}."):
                yield above
        if words[0] == "from":
            yield from (f"{name}.{one}" for one in words[3:] if f"{name}.{one}" in modules)


def write_modules(folder: Path, imports: Mapping[str, Iterable[str]], more: Mapping[str, str]) -> ImportGraph:
    """Write modules that begin with import statements and go on with what their graph, which is returned, hides."""
    graph = make_graph(imports, source=str(folder))
    for name, module in graph.modules.items():
        if name in imports or (module.file or "").startswith(str(folder)):
            path = Path(str(module.file))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{text}\n" for text in imports.get(name, ())) + more.get(name, ""))
    return graph


def load(graph: ImportGraph, removed: Collection[Statement] = (), start: str = "<target>") -> set[str]:
    """Return the modules that are loaded when some statements are replaced by doors that open when asked for a name."""
    imported: dict[Statement, list[str]] = {}
    for edge in graph.edges:
        imported.setdefault(edge.statement, []).append(edge.imported)
    loaded, executed, waiting = set(), set(), [start]
    while waiting:
        module = waiting.pop()
        if module in loaded:
            continue
        loaded.add(module)
        asked = [one for one in imported if one.module == module and one not in removed]
        while asked:
            statement = asked.pop()
            if statement in executed:
                continue
            executed.add(statement)
            waiting += imported[statement]
            words = statement.text.split()
            if words[0] == "from":
                asked += [
                    other
                    for other in imported
                    if other.module == words[1]
                    and other.text.split()[0] == "from"
                    and other.text.split()[3] == words[3]
                ]
    return loaded
