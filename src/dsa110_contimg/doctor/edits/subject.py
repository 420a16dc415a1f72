"""A module that is to be edited, and what is known of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dsa110_contimg.doctor.edits.scopes import list_bound
from dsa110_contimg.doctor.edits.sources import find_root
from dsa110_contimg.doctor.edits.takers import Takers, find_takers
from dsa110_contimg.doctor.edits.uses import find_uses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.edits.sources import Source
    from dsa110_contimg.doctor.edits.uses import Use

    ImportNode = ast.Import | ast.ImportFrom


class Refused(Exception):  # noqa: N818 - a decision, not an error
    """A statement stays where it is."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        """Why."""
        self.line = line
        """The line of what stands in the way."""


@dataclass(frozen=True)
class Module:
    """A module that is to be edited."""

    name: str
    """Its full name."""
    source: Source
    """Its source."""
    tree: ast.Module
    """The source, parsed."""
    nodes: tuple[ImportNode, ...]
    """The statements that are to go."""

    @property
    def is_package(self) -> bool:
        """Whether it is the ``__init__`` of a package."""
        return Path(self.source.file).name == "__init__.py"

    @cached_property
    def uses(self) -> dict[str, list[Use]]:
        """The uses of each name that the statements bind."""
        names = {name for node in self.nodes for name in list_bound(node)}
        found: dict[str, list[Use]] = {name: [] for name in names}
        hidden = [self.functions[name] for name in ("__getattr__", "__dir__") if name in self.functions]
        for use in find_uses(self.tree, names, but=[*self.nodes, *hidden]):  # a door binds what it serves
            found[use.name].append(use)
        return found

    @cached_property
    def takers(self) -> Takers:
        """Who else takes these names, or replaces them."""
        file = self.source.file
        return find_takers(find_root(file, self.name), self.name, file, set(self.uses), starred=self.listed)

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """The functions at module level, in whatever block, by name."""
        return {
            node.name: node
            for top in self.tree.body
            for node in (ast.walk(top) if isinstance(top, (ast.If, ast.Try)) else [top])
            if isinstance(node, ast.FunctionDef)
        }

    @cached_property
    def listed(self) -> tuple[str, ...] | None:
        """What ``__all__`` lists; nothing without one. `Refused` where it cannot be read."""
        names: list[str] = []
        is_there = False
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and node.id == "__all__":
                is_there = True
        read = 0
        for node in self.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                    names = []
                case ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value):
                    names = []
                case ast.AugAssign(target=ast.Name(id="__all__"), op=ast.Add(), value=value):
                    pass
                case _:
                    continue
            try:
                names += [str(name) for name in ast.literal_eval(value)]
            except (ValueError, TypeError):
                raise Refused("`__all__` is put together in a way that cannot be read", node.lineno) from None
            read += 1
        told = sum(isinstance(node, ast.Name) and node.id == "__all__" for node in ast.walk(self.tree))
        if told != read:
            raise Refused("`__all__` is put together in a way that cannot be read", 1)
        return tuple(names) if is_there else None


def write_import(node: ImportNode, names: Sequence[str], width: int = 88) -> str:
    """Write an import of some of the names that a statement binds, on several lines where one is too long."""
    aliases = [alias for alias, name in zip(node.names, list_bound(node), strict=True) if name in names]
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(aliases))
    text = ast.unparse(ast.ImportFrom(node.module, aliases, node.level))
    if len(text) <= width:
        return text
    head = text.partition(" import ")[0]
    return "\n".join([f"{head} import (", *(f"    {ast.unparse(alias)}," for alias in aliases), ")"])
