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
from edited import write_package

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
    "def {name}():\n    class Local:\n        value = {use}\n        def get(self):\n            return {use}\n    return Local().get()\n",
    "def {name}():\n    return list(_{name}())\ndef _{name}():\n    yield {use}\n",
    "class K{name}:\n    def get(self):\n        return {use}\ndef {name}():\n    return K{name}().get()\n",
    "@staticmethod\ndef {name}():\n    return {use}\n",
    "def {name}(x=1, *, heavy=2):\n    return x, heavy\n",
]
EAGER = [
    "V = {use}\n",
    "class Base(Error if 'Error' in globals() else object):\n    v = {use}\n",
    "def d(v={use}):\n    return v\n",
]


@st.composite
def modules(draw: st.DrawFn, name: str, others: list[str]) -> str:
    """Draw a module that imports some things, from other modules too, and makes functions of them."""
    lines = ["from __future__ import annotations\n"] if draw(st.booleans()) else []
    chosen = draw(st.lists(st.sampled_from(sorted(IMPORTS)), max_size=3, unique=True))
    uses = [use for statement in chosen for use in IMPORTS[statement]] or ["0"]
    lines += [f"{statement}\n" for statement in chosen]
    for other in others:
        how = draw(
            st.sampled_from(["", f"from .{other} import f{other}0", f"import pkg.{other}", f"from . import {other}"])
        )
        if how:
            lines.append(f"{how}\n")
            uses.append(
                {"f": f"f{other}0()", "i": f"pkg.{other}.f{other}0()"}.get(how[0] if "from ." in how[:6] else "i", "0")
            )
            if how.startswith("from . import"):
                uses[-1] = f"{other}.f{other}0()"
    for number in range(draw(st.integers(1, 3))):
        shape = draw(st.sampled_from(SHAPES))
        lines.append("\n\n" + shape.format(name=f"f{name}{number}", use=draw(st.sampled_from(uses))))
    if draw(st.integers(0, 9)) == 0:
        lines.append("\n\n" + draw(st.sampled_from(EAGER)).format(use=draw(st.sampled_from(uses))))
    if draw(st.booleans()):
        lines.append(f"\n__all__ = ['f{name}0']\n")
    return "".join(lines)


@st.composite
def packages(draw: st.DrawFn) -> dict[str, str]:
    """Draw a package of three modules and an ``__init__`` that hands some names on."""
    files = {"pkg/c.py": draw(modules("c", [])), "pkg/b.py": draw(modules("b", ["c"]))}
    files["pkg/a.py"] = draw(modules("a", ["b", "c"]))
    lines = []
    for name in draw(st.lists(st.sampled_from("abc"), unique=True)):
        lines.append(
            draw(
                st.sampled_from(
                    [
                        f"from .{name} import f{name}0\n",
                        f"from . import {name}\n",
                        f"from .{name} import f{name}0 as g{name}\n",
                    ]
                )
            )
        )
    if draw(st.booleans()):
        lines.append("from heavy import x\n")
    if draw(st.booleans()):
        lines.append("\n\ndef own():\n    return 1\n")
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
import importlib, json, sys
for module in ("pkg", "pkg.a", "pkg.b", "pkg.c"):
    found = importlib.import_module(module)
    for name in sorted(vars(found)):
        if name[0] in "fgo" and callable(getattr(found, name)):
            print(module, name, repr(getattr(found, name)()))
"""


def call_all(root: Path) -> str:
    done = subprocess.run([sys.executable, "-c", CALLS], cwd=root, capture_output=True, text=True, timeout=60)
    return done.stdout + (done.stderr.strip().splitlines() or [""])[-1]


@given(packages(), st.booleans())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_behaviour_is_kept_and_nothing_heavy_is_loaded(files: dict[str, str], at_door: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = write_package(Path(folder), files)
        before = call_all(root)
        statements = find_heavy(root, at_door=at_door)
        plan = plan_edits(statements)
        event(f"door {at_door}: {len(plan.edits)} edits, {len(plan.refusals)} refusals")
        if not plan.edits:
            assert len(plan.refusals) == len(statements)
            return
        forbid = [] if plan.refusals else ["heavy"]
        proof = verify(
            plan, "import pkg" if at_door else "import pkg, pkg.a", forbid=forbid, env={"PYTHONPATH": str(root)}
        )
        assert not [failure for failure in proof.failures if "heavy is still loaded" not in failure], files
        apply_plan(plan)
        names = {line.split("'")[0] for line in before.splitlines()}
        assert names >= {line.split("'")[0] for line in call_all(root).splitlines()} - set(), files
        assert plan_edits(statements).edits == ()
