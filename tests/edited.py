"""Packages to edit, and the statements in them."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

from dsa110_contimg.doctor.edits.plan import Plan
from dsa110_contimg.doctor.edits.planner import plan_edits
from dsa110_contimg.doctor.edits.sources import parse, read_source
from dsa110_contimg.doctor.edits.takers import resolve_base
from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module, Statement


def write_package(folder: Path, files: dict[str, str]) -> Path:
    """Write the files of a package."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
    return folder


def find_statements(root: Path, module: str, *texts: str) -> list[Statement]:
    """Find the imports of a module that begin with these texts."""
    file = root.joinpath(*module.split("."))
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    tree = parse(read_source(str(file)).text)
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    found = []
    for text in texts:
        node = next(node for node in nodes if ast.unparse(node).startswith(text))
        found.append(Statement(module, str(file), node.lineno, node.end_lineno or node.lineno, ast.unparse(node)))
    return found


def plan(root: Path, module: str, *texts: str) -> Plan:
    """Plan the edit of one module."""
    return plan_edits(find_statements(root, module, *texts))


def edit(tmp_path: Path, text: str, *texts: str, name: str = "tools.py", **more: str) -> str:
    """Return what a module's source becomes when its imports that begin with these texts must go."""
    write_package(tmp_path, {"pkg/__init__.py": "", **more, f"pkg/{name}": text})
    module = "pkg" if name == "__init__.py" else f"pkg.{name.removesuffix('.py')}"
    made = plan(tmp_path, module, *texts)
    assert not made.refusals, made.refusals
    (one,) = made.edits
    return one.after.decode()


def refuse(tmp_path: Path, text: str, *texts: str, name: str = "tools.py", files: dict[str, str] | None = None) -> str:
    """Return the line and the reason why an import of a module stays."""
    write_package(tmp_path, {"pkg/__init__.py": "", **(files or {}), f"pkg/{name}": text})
    made = plan(tmp_path, "pkg" if name == "__init__.py" else f"pkg.{name.removesuffix('.py')}", *texts)
    assert not made.edits
    (one,) = made.refusals
    return f"{one.line}: {one.reason}"


def draw_graph(root: Path, package: str) -> ImportGraph:
    """Draw what the modules of a flat package import at module level."""
    edges, modules = [], {}
    files = {("." + path.stem).replace(".__init__", ""): path for path in sorted((root / package).glob("*.py"))}
    for name, path in ((package + end, path) for end, path in files.items()):
        modules[name] = Module(name, "source", str(path))
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                loaded = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = resolve_base(node, name, path.name == "__init__.py")
                names = [f"{base}.{alias.name}" for alias in node.names]
                loaded = [base, *(one for one in names if one.removeprefix(package) in files)]
            else:
                continue
            statement = Statement(name, str(path), node.lineno, node.end_lineno or 0, ast.unparse(node))
            edges += [Edge(statement, one) for one in loaded]
    return ImportGraph((package,), modules, tuple(edges))
