"""Which names a module binds at import, and from where: what one statement asks of another module."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dsa110_contimg.doctor.imports.graph import ImportGraph, Statement

    Body = list[ast.stmt]

_LIST = re.compile(r"^__all__\s*=\s*(\[[^\]]*\]|\([^)]*\))\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Names:
    """The names that an import statement binds."""

    source: str | None = None
    """The module that the names are asked of; nothing for ``import a.b``, which asks for no name."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """Each bound name, and what it is called in that module; for ``import a.b`` the name itself."""
    is_star: bool = False
    """Whether all public names are asked for."""


@dataclass(frozen=True)
class Bindings:
    """What a module's source says about its names, at module level."""

    defined: frozenset[str] = frozenset()
    """Names that it makes itself."""
    imported: tuple[Names, ...] = ()
    """What its import statements bind, those for type checkers too."""
    exported: frozenset[str] | None = None
    """Its ``__all__``; nothing when it has none, or one that is computed."""


class Sourcebook:
    """The names of a graph's modules, each source file read once.

    Parameters
    ----------
    graph : ImportGraph
        The modules and their statements.
    """

    def __init__(self, graph: ImportGraph) -> None:
        self._graph = graph
        self._read: dict[str, Bindings | None] = {}
        self._exported: dict[str, frozenset[str] | None] = {}

    def read_names(self, statement: Statement) -> Names:
        """Return the names that a statement binds; none when it is no import statement, or not a whole one."""
        return _read_text(statement.text, statement.module, self._is_package(statement.module, statement.file))

    def read_bindings(self, module: str) -> Bindings | None:
        """Return the names of a module; nothing when its source cannot be read."""
        if module not in self._read:
            text = self._read_text(module)
            self._read[module] = (
                _read_source(text, module, self._is_package(module, None)) if text is not None else None
            )
        return self._read[module]

    def read_exported(self, module: str) -> frozenset[str] | None:
        """Return the ``__all__`` of a module; nothing when it has none, or one that is computed."""
        if module not in self._exported:
            self._exported[module] = self._find_exported(module)
        return self._exported[module]

    def _find_exported(self, module: str) -> frozenset[str] | None:
        text = self._read_text(module)
        if text is None or "__all__" not in text:
            return None
        if text.count("__all__") == 1 and (plain := _LIST.search(text)) is not None:
            # Most are a plain list, and to parse the whole file takes a hundred times longer.
            try:
                return frozenset(map(str, ast.literal_eval(plain[1])))
            except (SyntaxError, ValueError):
                return None
        bindings = self.read_bindings(module)
        return bindings.exported if bindings is not None else None

    def _read_text(self, module: str) -> str | None:
        import tokenize

        known = self._graph.modules.get(module)
        if known is None or known.file is None or known.kind not in ("source", "package"):
            return None
        try:
            with tokenize.open(known.file) as stream:
                return stream.read()
        except (OSError, SyntaxError, ValueError):  # what is wrong with it stands among the problems
            return None

    def _is_package(self, module: str, file: str | None) -> bool:
        known = self._graph.modules.get(module)
        return (known is not None and known.kind == "package") or bool(file and file.endswith("/__init__.py"))


@lru_cache(maxsize=100_000)
def _read_text(text: str, module: str, is_package: bool) -> Names:
    if not text.startswith(("import", "from")):
        return Names()
    try:
        (node,) = ast.parse(text).body
    except (SyntaxError, ValueError):  # cut short, or several
        return Names()
    return _read_import(node, module, is_package) if isinstance(node, (ast.Import, ast.ImportFrom)) else Names()


def _read_import(node: ast.Import | ast.ImportFrom, module: str, is_package: bool) -> Names:
    if isinstance(node, ast.Import):
        bound = [one.asname or one.name.partition(".")[0] for one in node.names]
        return Names(None, {name: name for name in bound})
    parts = module.split(".") if is_package else module.split(".")[:-1]
    if node.level > 1:
        parts = parts[: 1 - node.level]
    source = ".".join([*(parts if node.level else ()), *filter(None, [node.module])])
    if node.names[0].name == "*":
        return Names(source, is_star=True)
    return Names(source, {one.asname or one.name: one.name for one in node.names})


def _read_source(text: str, module: str, is_package: bool) -> Bindings | None:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    defined, imported, exported = set[str](), list[Names](), list[set[str] | None]()
    for node in _walk(body):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imported.append(_read_import(node, module, is_package))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            defined.add(node.name)
        else:
            used = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
            defined.update(one.id for one in used if isinstance(one.ctx, ast.Store))
            # A block is told by its statements.
            if any(one.id == "__all__" for one in used) and not hasattr(node, "body"):
                exported.append(_read_list(node))
    whole = frozenset().union(*[part for part in exported if part is not None])
    return Bindings(frozenset(defined), tuple(imported), whole if exported and None not in exported else None)


def _walk(body: Body) -> Iterator[ast.stmt]:
    """Yield the statements at module level, those in blocks too."""
    for node in body:
        yield node
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from _walk(getattr(node, name, []))
        for handler in getattr(node, "handlers", []):
            yield from _walk(handler.body)


def _read_list(node: ast.stmt) -> set[str] | None:
    """Return the names in an assignment of a list, or nothing for whatever else is done with it."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) or node.value is None:
        return None
    try:
        names = ast.literal_eval(node.value)
    except ValueError:
        return None
    return set(map(str, names)) if isinstance(names, (list, tuple)) else None
