"""Where names of a module are used, and whether that is executed when the module is imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from dsa110_contimg.doctor.edits.scopes import (
    list_arguments,
    list_bound,
    list_captures,
    list_globals,
    list_locals,
    list_parameters,
    list_targets,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Literal

    Kind = Literal["code", "annotation", "binding", "typing", "global"]


@dataclass(frozen=True)
class Use:
    """A place where a module-level name is used."""

    name: str
    """The name."""
    line: int
    """The line, counted from 1."""
    kind: Kind
    """``"code"``, ``"annotation"`` (one that is not evaluated), ``"binding"`` (it is bound again, or deleted),
    ``"typing"`` (bound for type checkers only), ``"global"`` (declared so by a function)."""
    owner: int | None
    """The line of the innermost ``def`` (or ``if __name__ == "__main__"``) whose body it stands in; nothing if it is
    executed when the module is imported."""
    place: str
    """What it stands in, for people: ``a base class``."""
    owners: tuple[int, ...] = ()
    """All of them, the innermost last."""


@dataclass(frozen=True)
class _Context:
    """Where the walk is."""

    place: str = "an expression at module level"
    kind: Kind = "code"
    owners: tuple[int, ...] = ()
    shadowed: frozenset[str] = frozenset()
    in_class: frozenset[str] | None = None


def find_uses(tree: ast.Module, names: Iterable[str], *, but: Iterable[ast.stmt] = ()) -> tuple[Use, ...]:
    """Find where a module uses names that it binds at module level.

    Parameters
    ----------
    tree : ast.Module
        The module.
    names : iterable of str
        The names.
    but : iterable of ast.stmt
        Statements that do not count: those that bind the names.

    Returns
    -------
    tuple of Use
        Every use, in the order of the source.

    Examples
    --------
    >>> import ast
    >>> [(use.owner, use.place) for use in find_uses(ast.parse("def f(a=np): return np"), ["np"])]
    [(None, 'a default value'), (1, 'a function')]
    """
    is_postponed = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and "annotations" in list_bound(node)
        for node in tree.body
    )
    walk = _Walk(frozenset(names), frozenset(map(id, but)), is_postponed)
    return tuple(walk.visit_all(tree.body, _Context()))


def is_type_checking(test: ast.expr) -> bool:
    """Return whether a condition is ``TYPE_CHECKING``."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def is_main(test: ast.expr) -> bool:
    """Return whether a condition is ``__name__ == "__main__"``."""
    return ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__")


class _Walk:
    """A walk through a module that knows its scopes."""

    def __init__(self, names: frozenset[str], but: frozenset[int], is_postponed: bool) -> None:
        self.names, self.but, self.is_postponed = names, but, is_postponed

    def visit_all(self, nodes: Iterable[ast.AST | None], context: _Context) -> Iterator[Use]:
        for node in nodes:
            if node is not None and id(node) not in self.but:
                yield from self.visit(node, context)

    def visit(self, node: ast.AST, context: _Context) -> Iterator[Use]:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._visit_function(node, context)
            case ast.Lambda():
                yield from self._visit_defaults(node.args, context)
                inner = replace(context, shadowed=context.shadowed | list_parameters(node.args), in_class=None)
                place = context.place if context.owners else "a lambda at module level"
                yield from self.visit(node.body, replace(inner, place=place))
            case ast.ClassDef():
                yield from self._visit_class(node, context)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                bound = frozenset(name for one in node.generators for name in list_targets(one.target))
                yield from self.visit(node.generators[0].iter, context)
                inner = replace(context, shadowed=context.shadowed | bound)
                for number, one in enumerate(node.generators):
                    yield from self.visit_all([one.iter] if number else [], inner)
                    yield from self.visit_all(one.ifs, inner)
                elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                yield from self.visit_all(elements, inner)
                for one in node.generators:  # `for names[0] in ...` reads the name
                    yield from self.visit(one.target, inner)
            case ast.AnnAssign():
                yield from self.visit_all([node.target, node.value], context)
                yield from self._visit_annotation(node.annotation, context, is_local=self._is_in_function(context))
            case ast.If() if is_type_checking(node.test):
                yield from self.visit(node.test, context)
                yield from self.visit_all(node.body, replace(context, kind="typing"))
                yield from self.visit_all(node.orelse, context)
            case ast.If() if is_main(node.test) and not context.owners:
                yield from self.visit_all(node.body, replace(context, owners=(node.lineno,), place="the main block"))
                yield from self.visit_all(node.orelse, context)
            case ast.ExceptHandler():
                yield from self.visit_all([node.type], replace(context, place=_at(context, "an except clause")))
                yield from self._bind([node.name], node, context)
                yield from self.visit_all(node.body, context)
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass" as name)):
                yield from self.visit_all(
                    ast.iter_child_nodes(node), replace(context, place=_at(context, f"a call of {name}"))
                )
            case ast.Name():
                if node.id in self.names and node.id not in context.shadowed:
                    if isinstance(node.ctx, ast.Load):
                        yield self._use(node.id, node.lineno, context)
                    else:
                        yield from self._bind([node.id], node, context)
            case ast.Import() | ast.ImportFrom():
                yield from self._bind(list_bound(node), node, context)
            case ast.Global():
                yield from (
                    Use(name, node.lineno, "global", None, "a global statement")
                    for name in node.names
                    if name in self.names
                )
            case _:
                yield from self._bind(list_captures(node), node, context)
                yield from self.visit_all(ast.iter_child_nodes(node), context)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, context: _Context) -> Iterator[Use]:
        yield from self._bind([node.name], node, context)
        yield from self.visit_all(node.decorator_list, replace(context, place=_at(context, "a decorator")))
        yield from self._visit_defaults(node.args, context)
        for annotation in [*(argument.annotation for argument in list_arguments(node.args)), node.returns]:
            if annotation is not None:
                yield from self._visit_annotation(annotation, context, is_local=False)
        yield from self.visit_all(
            getattr(node, "type_params", ()), replace(context, place=_at(context, "a type parameter"))
        )
        inner = _Context(
            "a function",
            context.kind,
            (*context.owners, node.lineno),
            (context.shadowed | list_locals(node)) - list_globals(node),
        )
        yield from self.visit_all(node.body, inner)

    def _visit_defaults(self, arguments: ast.arguments, context: _Context) -> Iterator[Use]:
        defaults = [*arguments.defaults, *arguments.kw_defaults]
        yield from self.visit_all(defaults, replace(context, place=_at(context, "a default value")))

    def _visit_class(self, node: ast.ClassDef, context: _Context) -> Iterator[Use]:
        yield from self._bind([node.name], node, context)
        yield from self.visit_all(node.decorator_list, replace(context, place=_at(context, "a decorator")))
        yield from self.visit_all(
            [*node.bases, *(keyword.value for keyword in node.keywords), *getattr(node, "type_params", ())],
            replace(context, place=_at(context, "a base class")),
        )
        inner = replace(context, place=_at(context, "a class body"), in_class=list_locals(node))
        yield from self.visit_all(node.body, inner)

    def _visit_annotation(self, node: ast.expr, context: _Context, *, is_local: bool) -> Iterator[Use]:
        """Visit an annotation; a name that it alone uses must be there for type checkers only."""
        if self.is_postponed or is_local:
            inner = replace(context, kind="annotation")
        else:
            inner = replace(context, place=_at(context, "an annotation that is evaluated"))
        yield from self.visit(node, inner)
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                try:
                    quoted = ast.parse(part.value.strip(), mode="eval").body
                except (SyntaxError, ValueError):
                    continue
                for name in ast.walk(quoted):
                    if isinstance(name, ast.Name) and name.id in self.names - context.shadowed:
                        yield Use(name.id, part.lineno, "annotation", None, "an annotation")

    def _bind(self, names: Iterable[str | None], node: ast.AST, context: _Context) -> Iterator[Use]:
        """Tell of names that are bound again where they would be the module's, or where a class hides them."""
        for name in names:
            if name not in self.names or name in context.shadowed:
                continue
            if context.in_class is not None:
                continue  # the class's own; told where it is read
            kind: Kind = "typing" if context.kind == "typing" else "binding"
            yield Use(str(name), getattr(node, "lineno", 0), kind, None, context.place)

    def _use(self, name: str, line: int, context: _Context) -> Use:
        if context.in_class is not None and name in context.in_class and context.kind == "code":
            return Use(name, line, "binding", None, "a class body that binds the name, too")
        owner = context.owners[-1] if context.owners else None
        kind: Kind = "annotation" if context.kind == "typing" else context.kind
        return Use(name, line, kind, owner, context.place, context.owners)

    @staticmethod
    def _is_in_function(context: _Context) -> bool:
        return context.place in ("a function",) and context.in_class is None


def _at(context: _Context, place: str) -> str:
    return context.place if context.owners else place
