"""Which names are whose, by Python's rules of scope."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def list_bound(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the names that an import binds; ``*`` for a star import."""
    return [
        alias.asname or (alias.name if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0])
        for alias in node.names
    ]


def list_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Return all the arguments of a function."""
    several = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*several, *(one for one in (arguments.vararg, arguments.kwarg) if one is not None)]


def list_parameters(arguments: ast.arguments) -> frozenset[str]:
    """Return their names."""
    return frozenset(one.arg for one in list_arguments(arguments))


def list_targets(node: ast.AST) -> Iterator[str]:
    """Yield the names that a target of an assignment binds."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


def list_captures(node: ast.AST) -> list[str]:
    """Return the names that a node binds without an `ast.Name`: those of patterns."""
    match node:
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return [name]
    return []


def list_locals(scope: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> frozenset[str]:
    """Return the names that are a function's, or a class's, own."""
    found = set() if isinstance(scope, ast.ClassDef) else set(list_parameters(scope.args))
    waiting: list[tuple[ast.AST, bool]] = [(node, False) for node in scope.body]
    while waiting:
        node, is_in_comprehension = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
                around = [*node.decorator_list, *(node.bases if isinstance(node, ast.ClassDef) else [])]
                around += (
                    []
                    if isinstance(node, ast.ClassDef)
                    else [*node.args.defaults, *filter(None, node.args.kw_defaults)]
                )
                waiting += [(child, is_in_comprehension) for child in around]
                continue
            case ast.Lambda():
                continue
            case ast.Import() | ast.ImportFrom():
                found |= set(list_bound(node))
            case ast.NamedExpr():
                found.add(node.target.id)  # of the function, even from within a comprehension
                waiting.append((node.value, is_in_comprehension))
                continue
            case ast.Name(ctx=ast.Store() | ast.Del()) if not is_in_comprehension:
                found.add(node.id)
            case ast.ExceptHandler(name=str(name)):
                found.add(name)
        found |= set(list_captures(node))
        is_inside = is_in_comprehension or isinstance(node, _COMPREHENSIONS)
        waiting += [(child, is_inside) for child in ast.iter_child_nodes(node)]
    return frozenset(found)


def list_globals(scope: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the names that a function declares global."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Global):
            found |= set(node.names)
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return frozenset(found)
