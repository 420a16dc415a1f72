"""Who else takes a name from a module: other modules of its distribution, and tests, some of which replace it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

from dsa110_contimg.doctor.edits.sources import find_project, parse, read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_REPLACERS = ("setattr", "object", "delattr")
"""``monkeypatch.setattr(module, "name", ...)``, ``mock.patch.object(module, "name")``."""


@dataclass(frozen=True)
class Takers:
    """Who takes names from a module, and who replaces them."""

    taken: dict[str, tuple[str, int]] = field(default_factory=dict)
    """A file and line that takes each name."""
    replaced: dict[str, tuple[str, int]] = field(default_factory=dict)
    """A file and line of a test that puts something else in the place of each name."""


def find_takers(
    root: Path, module: str, file: str, names: Collection[str], *, starred: Collection[str] | None = None
) -> Takers:
    """Find who takes names from a module.

    Parameters
    ----------
    root : pathlib.Path
        The folder that holds the top-level package.
    module : str
        The full name of the module.
    file : str
        Its file, which is not looked at.
    names : collection of str
        The names.
    starred : collection of str, optional
        What a star import of the module takes, if its ``__all__`` tells.

    Returns
    -------
    Takers
        The first that was found for each name.
    """
    found = Takers()
    last, is_package = module.rpartition(".")[2], Path(file).name == "__init__.py"
    for path, name in _list_files(root, module.partition(".")[0]):
        if str(path) == file:
            continue
        try:
            source = read_source(str(path))
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue  # nobody can import it
        # Cheaper than to parse it: who takes a name must write it, or a star, and say of which module.
        is_named = last in source.text or (is_package and "from ." in source.text)
        if not (is_named and ("*" in source.text or any(one in source.text for one in names))):
            continue
        try:
            tree = parse(source.text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        here = name if path.name != "__init__.py" else f"{name}."
        _look(tree, (str(path), here), (module, names, starred), found)
    return found


def _list_files(root: Path, top: str) -> Iterator[tuple[Path, str]]:
    """Yield the sources of a package and its project's tests, with the full names of the package's modules."""
    folder = root / top
    for path in sorted(folder.rglob("*.py")) if folder.is_dir() else []:
        parts = path.relative_to(root).with_suffix("").parts
        yield path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    project = find_project(root)
    if project.name not in ("site-packages", "dist-packages"):
        for name in ("tests", "test"):
            yield from ((path, "") for path in sorted(project.joinpath(name).rglob("*.py")))


def _look(
    tree: ast.Module,
    place: tuple[str, str],
    sought: tuple[str, Collection[str], Collection[str] | None],
    found: Takers,
) -> None:
    """Look through a file, whose module's name ends with a dot for a package."""
    file, here = place
    module, names, starred = sought
    if starred is None:
        starred = [name for name in names if name[0] != "_"]
    aliases = {module}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {alias.asname for alias in node.names if alias.name == module and alias.asname}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_base(node, here.rstrip("."), here.endswith("."))
            aliases |= {alias.asname or alias.name for alias in node.names if f"{base}.{alias.name}" == module}
            if base == module:
                for alias in node.names:
                    for name in set(starred if alias.name == "*" else [alias.name]) & set(names):
                        found.taken.setdefault(name, (file, node.lineno))
    for node in ast.walk(tree):
        match node:
            case ast.Attribute() if node.attr in names and ast.unparse(node.value) in aliases:
                found.taken.setdefault(node.attr, (file, node.lineno))
            case ast.Constant(value=str(text)) if text.startswith(f"{module}."):
                name = text.removeprefix(f"{module}.").partition(".")[0]
                if name in names:
                    found.replaced.setdefault(name, (file, node.lineno))
            case ast.Call(func=ast.Attribute(attr=verb), args=[owner, ast.Constant(value=str(name)), *_]):
                if verb in _REPLACERS and name in names and ast.unparse(owner) in aliases:
                    found.replaced.setdefault(name, (file, node.lineno))


def resolve_base(node: ast.ImportFrom, here: str, is_package: bool) -> str:
    """Return the full name of the module that a ``from`` names; nothing where that cannot be told."""
    if not node.level:
        return node.module or ""
    parts = here.split(".") if here else []
    keep = len(parts) - node.level + is_package
    if not parts or keep < 1:
        return ""
    return ".".join([*parts[:keep], *([node.module] if node.module else [])])
