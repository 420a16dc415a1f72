"""Whether a statement can be executed later than at import without a change of meaning, and where."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from dsa110_contimg.doctor.edits.scopes import list_bound
from dsa110_contimg.doctor.edits.subject import Module, Refused, write_import
from dsa110_contimg.doctor.edits.takers import resolve_base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.edits.subject import ImportNode
    from dsa110_contimg.doctor.edits.uses import Use

_EFFECT = re.compile(r"#.*(side.?effect|regist)", re.IGNORECASE)
_READERS = ("globals", "eval", "exec", "get_type_hints")
"""What reads names of a module in ways that the source does not show."""


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
    names = list_bound(node)
    if "*" in names:
        raise Refused("a star import binds names that the source does not tell", node.lineno)
    _check_comment(module, node)
    is_removal = "__getattr__" in module.functions and all(
        any(use.kind == "typing" for use in module.uses[name]) for name in names
    )
    served, typed = [], []
    owners: dict[int, list[str]] = defaultdict(list)
    for name in names:
        uses = module.uses[name]
        _check_uses(name, uses)
        code = [use for use in uses if use.kind == "code"]
        is_annotated = any(use.kind == "annotation" for use in uses)
        if not is_removal:
            _check_readers(module, name, is_annotated=is_annotated)
        for owner in _find_owners(code):
            owners[owner].append(name)
        if code:
            _check_replaced(module, node, name)
        if is_removal or _is_served(module, node, name):
            served.append(name)
        elif not (code or is_annotated):
            raise Refused("nothing uses the name that it binds, so it is imported for its effect", node.lineno)
        if is_annotated:
            typed.append(name)
    submodules = [] if is_removal else _find_submodules(module, node, children, names)
    if not is_removal and (served or submodules):
        _check_door(module, node, served)
    return Decision(
        {owner: None if len(used) == len(names) else write_import(node, used) for owner, used in owners.items()},
        tuple(served),
        tuple(name for name in names if name not in served),
        tuple(submodules),
        bool(served or typed) and not is_removal,
        is_removal,
    )


def _find_owners(uses: Sequence[Use]) -> list[int]:
    """Find the functions that need a name: the innermost ones, but for those within another that has it anyway."""
    innermost = {use.owner for use in uses}
    return sorted({use.owner for use in uses if use.owner is not None and not innermost.intersection(use.owners[:-1])})


def _check_comment(module: Module, node: ImportNode) -> None:
    lines = module.source.text.splitlines()
    above = lines[node.lineno - 2] if node.lineno > 1 else ""
    own = lines[node.lineno - 1 : node.end_lineno]
    if any(_EFFECT.search(line) for line in [*own, *([above] if above.startswith("#") else [])]):
        raise Refused("its comment says that it is imported for its effect", node.lineno)


def _check_replaced(module: Module, node: ImportNode, name: str) -> None:
    if name in module.takers.replaced:
        file, line = module.takers.replaced[name]
        raise Refused(
            f"`{module.name}.{name}` is replaced in {Path(file).name}, line {line}, which would no longer reach the "
            "functions that use it",
            node.lineno,
        )


def _check_place(module: Module, node: ImportNode) -> None:
    if node in module.tree.body:
        return
    top = next(top for top in module.tree.body if node in ast.walk(top))
    around = [block for block in ast.walk(top) if block is not node and node in ast.walk(block)]
    if any(isinstance(block, (ast.FunctionDef, ast.AsyncFunctionDef)) for block in around):
        raise Refused("it stands in a function already", node.lineno)
    if any(isinstance(block, ast.ClassDef) for block in around):
        raise Refused("it stands in a class body", node.lineno)
    if any(isinstance(block, ast.Try) for block in around):
        raise Refused("it stands in a `try`, whose other branches depend on whether it fails", node.lineno)
    if any(isinstance(block, ast.If) for block in around):
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
    if name in module.takers.taken or name in module.takers.replaced or name in (module.listed or ()):
        return True
    if not module.is_package or name.startswith("_"):
        return False
    if isinstance(node, ast.Import):
        return any(alias.asname == name for alias in node.names)
    # A submodule that nothing uses, and that `__all__` does not list, is there for what it does.
    return module.listed is None or name not in find_own_submodules(module, node)


def _check_door(module: Module, node: ImportNode, served: Sequence[str]) -> None:
    for function in ("__getattr__", "__dir__"):
        if function in module.functions:
            raise Refused(f"the module has a `{function}` already", module.functions[function].lineno)
    if isinstance(node, ast.ImportFrom) and resolve_base(node, module.name, module.is_package) == module.name:
        for alias in node.names:
            if not _is_module(Path(module.source.file).with_name(alias.name)):
                raise Refused(f"the module imports `{alias.name}` from itself", node.lineno)
    for name in served if module.is_package else ():
        is_module = _is_module(Path(module.source.file).with_name(name))
        if is_module and f"{module.name}.{name}" not in _list_imported(module, node):
            raise Refused(
                f"`{name}` is also the name of a submodule, which would take its place once somebody imports that",
                node.lineno,
            )


def find_own_submodules(module: Module, node: ImportNode) -> tuple[str, ...]:
    """Return which names of a package's statement are submodules of that package, bound by their own names."""
    if not (module.is_package and isinstance(node, ast.ImportFrom)):
        return ()
    if resolve_base(node, module.name, is_package=True) != module.name:
        return ()
    return tuple(alias.name for alias in node.names if alias.asname in (None, alias.name))


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
            found |= set(list_bound(node))
    return found


def _is_module(path: Path) -> bool:
    if path.is_dir():
        return path.joinpath("__init__.py").exists() or any(path.glob("*.py"))
    return path.with_name(f"{path.name}.py").exists() or any(path.parent.glob(f"{path.name}.*.so"))
