"""Whether a statement can be executed later than at import without a change of meaning, and where."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dsa110_contimg.doctor.edits.sources import find_root
from dsa110_contimg.doctor.edits.takers import Takers, find_takers, resolve_base
from dsa110_contimg.doctor.edits.uses import find_uses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.edits.sources import Source
    from dsa110_contimg.doctor.edits.uses import Use

    ImportNode = ast.Import | ast.ImportFrom

_EFFECT = re.compile(r"#.*(side.?effect|regist)", re.IGNORECASE)
_READERS = ("globals", "eval", "exec", "get_type_hints")
"""What reads names of a module in ways that the source does not show."""


class Refused(Exception):  # noqa: N818 - a decision, not an error
    """A statement stays where it is."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        """Why."""
        self.line = line
        """The line of what stands in the way."""


@dataclass(frozen=True)
class Decision:
    """What is to become of a statement."""

    moved: dict[int, str | None]
    """The functions that get it: the names that each uses, as a statement, or nothing for all of it."""
    served: tuple[str, ...]
    """The names that a door is to serve."""
    dropped: tuple[str, ...]
    """The names that the module loses."""
    submodules: tuple[str, ...]
    """Submodules that it used to leave behind as attributes."""
    is_typed: bool
    """Whether type checkers need it."""
    is_removal: bool
    """Whether a door that is there already serves its names."""


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
        names = {name for node in self.nodes for name in list_names(node)}
        found: dict[str, list[Use]] = {name: [] for name in names}
        for use in find_uses(self.tree, names, but=self.nodes):
            found[use.name].append(use)
        return found

    @cached_property
    def takers(self) -> Takers:
        """Who else takes these names, or replaces them."""
        file = self.source.file
        return find_takers(find_root(file, self.name), self.name, file, set(self.uses))

    @cached_property
    def functions(self) -> dict[str, int]:
        """The functions at module level, in whatever block, by name."""
        return {
            node.name: node.lineno
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


def list_names(node: ImportNode) -> tuple[str, ...]:
    """Return the names that an import binds."""
    is_from = isinstance(node, ast.ImportFrom)
    return tuple(one.asname or (one.name if is_from else one.name.partition(".")[0]) for one in node.names)


def decide(module: Module, node: ImportNode, children: Sequence[str]) -> Decision:
    """Decide what is to become of a statement.

    Parameters
    ----------
    module : Module
        The module.
    node : ast.Import or ast.ImportFrom
        The statement.
    children : sequence of str
        Submodules of the module, a package, that the statement is known to load.

    Returns
    -------
    Decision
        Where it goes.

    Raises
    ------
    Refused
        When it must stay.
    """
    _check_place(module, node)
    names = list_names(node)
    if "*" in names:
        raise Refused("a star import binds names that the source does not tell", node.lineno)
    lines = module.source.text.splitlines()[max(node.lineno - 2, 0) : node.end_lineno]
    if any(_EFFECT.search(line) for line in (lines if lines[0].lstrip().startswith("#") else lines[1:] or lines)):
        raise Refused("its comment says that it is imported for its effect", node.lineno)
    is_removal = "__getattr__" in module.functions and all(
        any(use.kind == "typing" for use in module.uses[name]) for name in names
    )
    owners: dict[int, list[str]] = defaultdict_of_lists()
    served, dropped = [], []
    is_typed = False
    for name in names:
        uses = module.uses[name]
        _check_uses(name, uses)
        code = [use for use in uses if use.kind == "code"]
        typed = [use for use in uses if use.kind == "annotation"]
        if not is_removal:
            _check_readers(module, name, is_annotated=bool(typed))
        places = {use.owner for use in code if use.owner is not None}
        for use in code:
            if use.owner is not None and not places.intersection(use.owners[:-1]) and name not in owners[use.owner]:
                owners[use.owner].append(name)
        if code and name in module.takers.replaced:
            file, line = module.takers.replaced[name]
            raise Refused(
                f"`{module.name}.{name}` is replaced in {Path(file).name}, line {line}, which would no longer reach the "
                "functions that use it",
                node.lineno,
            )
        is_served = is_removal or _is_served(module, node, name)
        if not (is_served or code or typed):
            raise Refused("nothing uses the name that it binds, so it is imported for its effect", node.lineno)
        is_typed |= bool(typed) or is_served
        (served if is_served else dropped).append(name)
    submodules = [] if is_removal else _find_submodules(module, node, children, names)
    if served and not is_removal:
        _check_door(module, node, served)
    elif submodules:
        _check_door(module, node, [])
    moved = {owner: (None if set(used) == set(names) else write_import(node, used)) for owner, used in owners.items()}
    return Decision(
        {owner: text for owner, text in moved.items() if owners[owner]},
        tuple(served),
        tuple(dropped),
        tuple(submodules),
        is_typed and not is_removal,
        is_removal,
    )


def defaultdict_of_lists() -> dict[int, list[str]]:
    """Return a dictionary whose values begin as empty lists."""
    from collections import defaultdict

    return defaultdict(list)


def write_import(node: ImportNode, names: Sequence[str], width: int = 88) -> str:
    """Write an import of some of the names that a statement binds, on several lines where one is too long."""
    aliases = [alias for alias, name in zip(node.names, list_names(node), strict=True) if name in names]
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(aliases))
    text = ast.unparse(ast.ImportFrom(node.module, aliases, node.level))
    if len(text) <= width:
        return text
    head = text.partition(" import ")[0]
    return "\n".join([f"{head} import (", *(f"    {ast.unparse(alias)}," for alias in aliases), ")"])


def _check_place(module: Module, node: ImportNode) -> None:
    if node in module.tree.body:
        return
    for top in module.tree.body:
        if node not in ast.walk(top):
            continue
        for around in ast.walk(top):
            if node not in ast.walk(around) or around is node:
                continue
            match around:
                case ast.ClassDef():
                    raise Refused("it stands in a class body", node.lineno)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    raise Refused("it stands in a function already", node.lineno)
        if isinstance(top, ast.Try):
            raise Refused("it stands in a `try`, whose other branches depend on whether it fails", node.lineno)
        if isinstance(top, ast.If):
            raise Refused("it is executed under a condition", node.lineno)
        raise Refused("it stands in a block", node.lineno)


def _check_uses(name: str, uses: Sequence[Use]) -> None:
    for use in uses:
        if use.kind == "binding":
            raise Refused(f"`{name}` is bound in more than one place", use.line)
        if use.kind == "global":
            raise Refused(f"`{name}` is declared global by a function", use.line)
        if use.kind == "code" and use.owner is None:
            hint = ""
            if use.place == "an annotation that is evaluated":
                hint = "; `from __future__ import annotations` would keep it from being evaluated"
            raise Refused(f"`{name}` is used at import, in {use.place}{hint}", use.line)


def _check_readers(module: Module, name: str, *, is_annotated: bool) -> None:
    for node in ast.walk(module.tree):
        reader = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
        if reader in _READERS and (reader != "get_type_hints" or is_annotated):
            raise Refused(f"the module uses `{reader}`, which may read `{name}`", node.lineno)  # type: ignore[attr-defined]
        if is_annotated and isinstance(node, (ast.Import, ast.ImportFrom)) and "pydantic" in ast.unparse(node):
            raise Refused(f"pydantic evaluates annotations, and one of them names `{name}`", node.lineno)


def _is_served(module: Module, node: ImportNode, name: str) -> bool:
    """Return whether others may expect the name in this module."""
    if name in module.takers.taken:
        return True
    if name in module.takers.replaced:
        return True
    if module.listed is not None:
        return name in module.listed
    is_plain = isinstance(node, ast.Import) and not any(alias.asname == name for alias in node.names)
    return module.is_package and not is_plain


def _check_door(module: Module, node: ImportNode, served: Sequence[str]) -> None:
    for function in ("__getattr__", "__dir__"):
        if function in module.functions:
            raise Refused(f"the module has a `{function}` already", module.functions[function])
    if module.listed is None and any(alias == "__all__" for one in module.nodes for alias in list_names(one)):
        raise Refused("`__all__` is put together in a way that cannot be read", node.lineno)
    folder = Path(module.source.file).parent
    for name in served if module.is_package else ():
        if _is_module(folder / name) and f"{module.name}.{name}" not in _list_imported(module, node):
            raise Refused(
                f"`{name}` is also the name of a submodule, which would take its place once somebody imports that",
                node.lineno,
            )


def _find_submodules(module: Module, node: ImportNode, children: Sequence[str], names: Sequence[str]) -> list[str]:
    """Find the submodules that a statement in a package leaves behind as its attributes."""
    if not module.is_package:
        return []
    bases = _list_imported(module, node)
    if isinstance(node, ast.ImportFrom):
        bases.append(resolve_base(node, module.name, is_package=True))
    prefix = f"{module.name}."
    direct = [base.removeprefix(prefix).partition(".")[0] for base in bases if base.startswith(prefix)]
    folder = Path(module.source.file).parent
    found = [child for child in dict.fromkeys([*direct, *children]) if _is_module(folder / child)]
    return [child for child in found if child not in names and child not in _list_defined(module)]


def _list_imported(module: Module, node: ImportNode) -> list[str]:
    """Return the full names of the modules that a statement may name."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = resolve_base(node, module.name, module.is_package)
    return [f"{base}.{alias.name}" for alias in node.names]


def _list_defined(module: Module) -> set[str]:
    """Return the names that stay bound at module level."""
    found: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and node not in module.nodes:
            found |= set(list_names(node))
    return found


def _is_module(path: Path) -> bool:
    if path.is_dir():
        return path.joinpath("__init__.py").exists() or any(path.glob("*.py"))
    return path.with_name(f"{path.name}.py").exists() or any(path.parent.glob(f"{path.name}.*.so"))
