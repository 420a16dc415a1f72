"""Where a name is defined, behind the doors that hand it on, and whether to ask for it there avoids a road."""

from __future__ import annotations

from dataclasses import dataclass

from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dsa110_contimg.doctor.imports.graph import Statement
    from dsa110_contimg.doctor.remedies.network import Terrain


@dataclass(frozen=True)
class DirectImport:
    """A statement that gets the same names and loads nothing forbidden."""

    instead_of: Statement
    """The statement that it can stand for."""
    text: str
    """The statement to write; several are separated by ``;``."""


def find_direct_imports(terrain: Terrain, statements: Iterable[Statement]) -> tuple[DirectImport, ...]:
    """Find statements that can ask for the same names where no road leads on to what is forbidden.

    Parameters
    ----------
    terrain : Terrain
        Where the statements of the graph lead.
    statements : iterable of Statement
        Statements that may be changed, besides the target's own.

    Returns
    -------
    tuple of DirectImport
        First the target's own, and these only if then none of them leads there any more.
    """
    own = [one for one in terrain.useful if one.module == TARGET_FILE]
    of_target = [found for one in own if (found := _find_direct(terrain, one)) is not None]
    others = [_find_direct(terrain, one) for one in dict.fromkeys(statements)]
    return (
        *(of_target if len(of_target) == len(own) else ()),
        *(found for found in others if found is not None),
    )


def _find_direct(terrain: Terrain, statement: Statement) -> DirectImport | None:
    names = terrain.book.read_names(statement)
    if names.source is None or names.is_star:
        return None
    wanted: dict[str, list[str]] = {}
    for bound, asked in names.asked.items():
        module, name = find_definition(terrain, names.source, asked)
        if any(terrain.leads(loaded) for loaded in _find_loaded(terrain, module, name)):
            return None
        wanted.setdefault(module, []).append(name if name == bound else f"{name} as {bound}")
    if set(wanted) == {names.source}:
        return None
    return DirectImport(
        statement, "; ".join(f"from {module} import {', '.join(these)}" for module, these in wanted.items())
    )


def _find_loaded(terrain: Terrain, module: str, name: str) -> Iterator[str]:
    """Yield the modules that ``from module import name`` loads by itself."""
    parts = module.split(".")
    yield from (".".join(parts[: end + 1]) for end in range(len(parts)))
    if f"{module}.{name}" in terrain.graph.modules:
        yield f"{module}.{name}"


def find_definition(terrain: Terrain, module: str, name: str) -> tuple[str, str]:
    """Follow a name through the modules that hand it on.

    Parameters
    ----------
    terrain : Terrain
        The modules.
    module, name : str
        The name, and the module that it is asked of.

    Returns
    -------
    tuple of str
        The module that defines it, as far as it can be followed through modules of the graph, and its name there.
    """
    seen = {(module, name)}
    while (following := _follow(terrain, module, name, set())) is not None and following not in seen:
        if following[0] not in terrain.graph.modules:
            break
        seen.add(following)
        module, name = following
    return module, name


def _follow(terrain: Terrain, module: str, name: str, seen: set[str]) -> tuple[str, str] | None:
    """Return where a module has a name from; nothing when it makes it itself, or when that cannot be told."""
    seen.add(module)
    bindings = terrain.book.read_bindings(module)
    if bindings is not None and name in bindings.defined:
        return None
    imported = bindings.imported if bindings is not None else terrain.list_names(module)
    for names in reversed(imported):
        if name in names.asked:
            return (names.source, names.asked[name]) if names.source is not None else None
    for names in reversed(imported):
        source = names.source
        if names.is_star and source is not None and source not in seen and not name.startswith("_"):
            there = terrain.book.read_bindings(source)
            is_there = there is not None and name in there.defined
            if is_there or _follow(terrain, source, name, seen) is not None:
                return source, name
    return None
