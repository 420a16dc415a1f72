"""Which parts of a statement are executed with it, and which names it binds."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def find_blocks(node: ast.stmt) -> list[tuple[list[ast.stmt], bool]]:
    """Return the blocks of a statement that are executed, each with whether that is doubtful; not those of an if."""
    match node:
        case ast.ClassDef():
            return [(node.body, False)]
        case ast.With() | ast.AsyncWith():
            return [(node.body, any(_may_suppress(item.context_expr) for item in node.items))]
        case ast.Try() | ast.TryStar():
            blocks = [(node.body, bool(node.handlers)), *((handler.body, True) for handler in node.handlers)]
            return [*blocks, (node.orelse, True), (node.finalbody, False)]
        case ast.For() | ast.AsyncFor() | ast.While():
            return [(node.body, True), (node.orelse, True)]
        case ast.Match():
            return [(case.body, True) for case in node.cases]
    return []


def _may_suppress(manager: ast.expr) -> bool:
    match manager:
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress")):
            return True
    return False


def find_evaluated(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Yield what is evaluated with a node, each with whether that is doubtful; blocks are not of it."""
    match node:
        case ast.Lambda(args=args):
            yield from ((one, False) for one in (*args.defaults, *args.kw_defaults) if one is not None)
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
            evaluated = (*node.decorator_list, *args.defaults, *args.kw_defaults)
            yield from ((one, False) for one in evaluated if one is not None)
        case ast.IfExp():
            yield from [(node.test, False), (node.body, True), (node.orelse, True)]
        case ast.BoolOp():
            yield from ((value, position > 0) for position, value in enumerate(node.values))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield from ((one, True) for one in ast.iter_child_nodes(node))
        case _:
            kept_out = (ast.stmt, ast.excepthandler, ast.match_case)
            yield from ((one, False) for one in ast.iter_child_nodes(node) if not isinstance(one, kept_out))


def is_main_test(name: ast.expr, value: ast.expr) -> bool:
    """Return whether the two are ``__name__`` and ``"__main__"``."""
    match name, value:
        case ast.Name(id="__name__"), ast.Constant(value="__main__"):
            return True
    return False


def read_names(value: ast.expr | None) -> tuple[str, ...]:
    """Return the texts of a literal list, and of the literal parts of a sum of lists."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        match waiting.pop():
            case ast.Constant(value=str(name)):
                found.append(name)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                waiting += reversed(parts)
            case ast.Starred(value=inner):
                waiting.append(inner)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                waiting += [right, left]
    return tuple(found)


def find_bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, what it encloses left out."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from find_names(target)
        case ast.AnnAssign(value=ast.expr()) | ast.AugAssign() | ast.For() | ast.AsyncFor():
            yield from find_names(node.target)
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                if item.optional_vars is not None:
                    yield from find_names(item.optional_vars)


def find_names(target: ast.expr) -> Iterator[str]:
    """Yield the names in the target of an assignment."""
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from find_names(part)
        case ast.Starred(value=inner):
            yield from find_names(inner)
