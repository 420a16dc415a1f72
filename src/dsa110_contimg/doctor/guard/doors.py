"""What stands behind a lazy door (PEP 562): the import that its ``if TYPE_CHECKING:`` tells type checkers."""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Door:
    """A name that a package gets on first use."""

    file: str
    """The file of the package."""
    line: int
    """The line that tells type checkers where the name comes from."""
    statement: str
    """That line."""
    module: str
    """The module that it comes from."""
    name: str
    """What it is called there."""


def find_door(file: str, package: str, name: str) -> Door | None:
    """Find where a name comes from that a package loads on first use.

    Parameters
    ----------
    file : str
        The ``__init__`` of the package.
    package : str
        Its name.
    name : str
        The name that is looked for.

    Returns
    -------
    Door or None
        Nothing if the file has no module-level ``__getattr__``, or does not tell type checkers of the name.
    """
    try:
        with tokenize.open(file) as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return None  # whoever reads the graph tells it
    is_lazy = False
    told = None
    for node, is_for_checkers in _walk(tree.body):
        is_lazy |= not is_for_checkers and "__getattr__" in _find_bound(node)
        if is_for_checkers and isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    told = Door(file, node.lineno, ast.unparse(node), _resolve(node, package), alias.name)
    return told if is_lazy else None


def _walk(body: list[ast.stmt], *, is_for_checkers: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield each statement at module level, and whether only type checkers see it."""
    for node in body:
        if isinstance(node, ast.If):
            test = node.test
            is_flag = (test.id if isinstance(test, ast.Name) else getattr(test, "attr", "")) == "TYPE_CHECKING"
            yield from _walk(node.body, is_for_checkers=is_for_checkers or is_flag)
            yield from _walk(node.orelse, is_for_checkers=is_for_checkers)
        else:
            yield node, is_for_checkers


def _find_bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    return set()


def _resolve(node: ast.ImportFrom, package: str) -> str:
    """Return the whole name of the module that a statement in the ``__init__`` of a package imports from."""
    if node.level == 0:
        return node.module or ""
    above = package.split(".")
    return ".".join([*above[: len(above) - node.level + 1], *([node.module] if node.module else [])])
