"""Packages made at random: an edit that is called a cure is one, and nobody sees that it was made."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from dsa110_contimg.doctor.edits.application import apply_plan
from dsa110_contimg.doctor.edits.planner import plan_edits
from dsa110_contimg.doctor.edits.verification import verify
from dsa110_contimg.doctor.imports.graph import Statement
from edited import draw_graph, write_package

HEAVY = {
    "heavy/__init__.py": "x = 1\n\n\ndef y():\n    return 2\n\n\nclass Error(Exception):\n    pass\n",
    "heavy/core.py": "z = 3\n\n\nclass Deep:\n    value = 4\n",
}
IMPORTS = {
    "import heavy": ["heavy.x", "heavy.y()", "[heavy.x for _ in range(2)]", "(lambda: heavy.x)()"],
    "import heavy as h": ["h.x", "h.Error.__name__", "sum(h.x for h.x in [1])"],
    "import heavy.core": ["heavy.core.z", "heavy.x"],
    "from heavy import x": ["x", "[x for x in [5]]", "(lambda x=1: x)()", "{x: x}"],
    "from heavy import y as why, Error": ["why()", "isinstance(1, Error)", "Error('e').args"],
    "from heavy.core import (\n    z,  # deep\n    Deep,\n)": ["z", "Deep.value", "Deep().value"],
    "from heavy import core": ["core.z"],
    "import json": ["json.dumps(1)"],
}
"""Statements, and what can be made of the names that they bind."""
SHAPES = [
    "def {name}():\n    return {use}\n",
    "def {name}():\n    '''Tell.'''\n    # a comment\n    return {use}\n",
    "def {name}(): return {use}\n",
    "def {name}():\n    def inner():\n        return {use}\n    return inner()\n",
    "def {name}():\n    x = heavy = core = 9\n    return x\n",
    "def {name}():\n    try:\n        return {use}\n    except ValueError as error:\n        return str(error)\n",
    "def {name}():\n    class A:\n        value = {use}\n        def get(self): return {use}\n    return A().get()\n",
    "def {name}():\n    return list(_{name}())\ndef _{name}():\n    yield {use}\n",
    "class K{name}:\n    def get(self):\n        return {use}\ndef {name}():\n    return K{name}().get()\n",
    "@staticmethod\ndef {name}():\n    return {use}\n",
    "def {name}(x=1, *, heavy=2):\n    return x, heavy\n",
]
EAGER = ["V = {use}\n", "class Base:\n    v = {use}\n", "def d(v={use}):\n    return v\n"]
TAKEN = {
    "from .{0} import f{0}0": "f{0}0()",
    "from .{0} import f{0}0 as taken{0}": "taken{0}()",
    "import pkg.{0}": "pkg.{0}.f{0}0()",
    "from . import {0}": "{0}.f{0}0()",
    "from pkg import {0} as m{0}": "m{0}.f{0}0()",
}
"""How a module takes from another, and what it makes of it."""


@st.composite
def modules(draw: st.DrawFn, name: str, others: list[str]) -> str:
    """Draw a module that imports some things, from other modules too, and makes functions of them."""
    lines = ["from __future__ import annotations\n"] if draw(st.booleans()) else []
    chosen = draw(st.lists(st.sampled_from(sorted(IMPORTS)), max_size=3, unique=True))
    uses = [use for statement in chosen for use in IMPORTS[statement]] or ["0"]
    lines += [f"{statement}\n" for statement in chosen]
    for other in draw(st.lists(st.sampled_from(others), unique=True)) if others else []:
        how = draw(st.sampled_from(sorted(TAKEN)))
        lines.append(f"{how.format(other)}\n")
        uses.append(TAKEN[how].format(other))
    for number in range(draw(st.integers(1, 3))):
        shape = draw(st.sampled_from(SHAPES))
        lines.append("\n\n" + shape.format(name=f"f{name}{number}", use=draw(st.sampled_from(uses))))
    if draw(st.integers(0, 9)) == 9:
        lines.append("\n\n" + draw(st.sampled_from(EAGER)).format(use=draw(st.sampled_from(uses))))
    if draw(st.booleans()):
        lines.append(f"\n__all__ = ['f{name}0']\n")
    return "".join(lines)


@st.composite
def packages(draw: st.DrawFn) -> dict[str, str]:
    """Draw a package of three modules and an ``__init__`` that hands some names on."""
    files = {"pkg/c.py": draw(modules("c", [])), "pkg/b.py": draw(modules("b", ["c"]))}
    files["pkg/a.py"] = draw(modules("a", ["b", "c"]))
    chosen = draw(st.lists(st.sampled_from("abc"), unique=True, min_size=1))
    lines = [draw(st.sampled_from(sorted(TAKEN))).format(name) + "\n" for name in chosen]
    lines += draw(
        st.sampled_from([[], ["from heavy import x\n"], ["import heavy as h\n\n\ndef g():\n    return h.x\n"]])
    )
    lines += draw(st.sampled_from([[], ["\n\ndef own():\n    return 1\n"]]))
    return {"pkg/__init__.py": "".join(lines), **files, **HEAVY}


def find_heavy(root: Path, *, at_door: bool) -> list[Statement]:
    """Find what must go: every statement that names ``heavy``, or all that the package itself imports."""
    found = []
    for path in sorted((root / "pkg").glob("*.py")):
        is_door = path.name == "__init__.py"
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                text = ast.unparse(node)
                if (at_door and is_door) or (not at_door and "heavy" in text):
                    module = "pkg" if is_door else f"pkg.{path.stem}"
                    found.append(Statement(module, str(path), node.lineno, node.end_lineno or 0, text))
    return found


CALLS = """
import importlib
for module in ("pkg", "pkg.a", "pkg.b", "pkg.c"):
    found = importlib.import_module(module)
    for name in %r[module]:
        print(module, name, repr(getattr(found, name)()))
"""
"""Calls every function of a module that it defines, or hands on."""


def call_all(root: Path, names: dict[str, list[str]]) -> str:
    done = subprocess.run([sys.executable, "-c", CALLS % names], cwd=root, capture_output=True, text=True, timeout=60)
    return done.stdout + (done.stderr.strip().splitlines() or [""])[-1]


def list_functions(root: Path) -> dict[str, list[str]]:
    found = {}
    for module in ("pkg", "pkg.a", "pkg.b", "pkg.c"):
        path = root / "pkg" / ("__init__.py" if module == "pkg" else f"{module[-1]}.py")
        body = ast.parse(path.read_text()).body
        found[module] = [node.name for node in body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"]
        if module == "pkg":
            found[module] += [
                alias.asname or alias.name
                for node in body
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
                if (alias.asname or alias.name)[0] in "ft"
            ]
    return found


@given(packages(), st.booleans())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_behaviour_is_kept_and_nothing_heavy_is_loaded(files: dict[str, str], at_door: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = write_package(Path(folder), files)
        names = list_functions(root)
        before = call_all(root, names)
        statements = find_heavy(root, at_door=at_door)
        plan = plan_edits(statements, graph=draw_graph(root, "pkg"))
        event(f"door {at_door}: {len(plan.edits)} edits, {len(plan.refusals)} refusals")
        if not plan.edits:
            assert bool(plan.refusals) == bool(statements)
            return
        target = "import pkg" if at_door else "import pkg, pkg.a, pkg.b, pkg.c"
        proof = verify(plan, target, forbid=["heavy"], env={"PYTHONPATH": str(root)})
        kept = [failure for failure in proof.failures if "heavy" not in failure.partition(" is still loaded by ")[0]]
        assert not kept, files
        if not plan.refusals:
            assert proof.is_cure, files
        apply_plan(plan)
        assert call_all(root, names) == before, files
        assert plan_edits(statements).edits == ()
