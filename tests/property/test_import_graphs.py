"""The graph that is read from source agrees with what a real run loads, for packages made at random."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise, takewhile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from dsa110_contimg.doctor.imports.graph import ImportGraph
from dsa110_contimg.doctor.imports.reading import read_imports
from dsa110_contimg.doctor.imports.roads import find_roads

MODULES = ("p", "p.a", "p.b", "p.q", "p.q.a", "p.q.b", "r", "r.a", "r.b", "s", "t")
PACKAGES = {"p", "p.q", "r"}
TELL = "import sys, json; before = set(sys.modules)\n{}\nprint(json.dumps(sorted(set(sys.modules) - before)))"


def parent(module: str, *, is_package: bool) -> str:
    return module if is_package else module.rpartition(".")[0]


@st.composite
def statements(draw: st.DrawFn, module: str) -> str:
    """Draw a statement that imports, in one of all the ways there are."""
    goal = draw(st.sampled_from(MODULES))
    above, _, tail = goal.rpartition(".")
    ways = ["import {goal}", "import {goal} as x{n}", "__import__({goal!r})", "importlib.import_module({goal!r})"]
    ways += ["from {goal} import *", "from {goal} import name"]
    if above:
        ways += ["from {above} import {tail}", "from {above} import {tail} as {other}"]
        package = parent(module, is_package=module in PACKAGES)
        if package and above.split(".")[0] == package.split(".")[0]:
            here, there = package.split("."), above.split(".")
            common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(here, there, strict=False)))
            dots = "." * (len(here) - common + 1)
            rest = ".".join(there[common:])
            ways += [
                f"from {dots}{rest} import {{tail}}",
                f"from {dots}{'.'.join([*there, tail][common:])} import *",
            ]
    other = draw(st.sampled_from("ab"))
    return draw(st.sampled_from(ways)).format(goal=goal, above=above, tail=tail, other=other, n=draw(st.integers(0, 3)))


WRAPPED = {
    "eager": "{}",
    "class": "class C:\n    {}",
    "finally": "try:\n    pass\nfinally:\n    {}",
    "lazy": "def f():\n    {}",
    "method": "class C:\n    def f(self):\n        {}",
    "typing": "if TYPE_CHECKING:\n    {}",
    "main": "if __name__ == '__main__':\n    {}",
    "not typing": "if not TYPE_CHECKING:\n    {}",
}
CONDITIONAL = {
    "try": "try:\n    {}\nexcept ImportError:\n    pass",
    "if": "if len('x') == 1:\n    {}",
    "never": "if len('x') == 2:\n    {}",
    "except": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    {}",
    "for": "for _ in [1]:\n    {}",
}


@st.composite
def sources(draw: st.DrawFn, module: str, *, are_conditional: bool) -> str:
    """Draw a module: imports of all kinds, names that hide submodules, and perhaps ``__all__``."""
    lines = ["import importlib", "TYPE_CHECKING = False", "name = 1"]
    wrapped = WRAPPED | CONDITIONAL if are_conditional else WRAPPED
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.integers(0, 5)) == 0:
            lines.append(draw(st.sampled_from(["a = 1", "def b(): pass", "class q: pass", "b, *_ = 1,"])))
        wrap = wrapped[draw(st.sampled_from(sorted(wrapped)))]
        statement = draw(statements(module))
        if statement.endswith("*") and ("def " in wrap or "class" in wrap):
            statement = statement.replace("*", "name")
        lines.append(wrap.format(statement))
    if draw(st.booleans()):
        names = draw(
            st.lists(st.sampled_from(["a", "b", "q", "name"] if module in PACKAGES else ["name"]), unique=True)
        )
        lines.insert(draw(st.integers(3, len(lines))), f"__all__ = {names!r}")
    return "\n".join(lines)


def run(files: dict[str, str], target: str) -> tuple[ImportGraph, set[str], bool]:
    """Return the graph, what a real run loads of these modules, and whether it came to its end."""
    with tempfile.TemporaryDirectory() as folder:
        for module, text in files.items():
            path = Path(folder, *module.split("."))
            path = path / "__init__.py" if module in PACKAGES else path.with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        before = Path.cwd()
        os.chdir(folder)
        try:
            graph = read_imports(target)
        finally:
            os.chdir(before)
        child = subprocess.run([sys.executable, "-c", TELL.format(target)], cwd=folder, capture_output=True, text=True)
    if child.returncode:
        return graph, set(), False
    return graph, set(json.loads(child.stdout)) & set(MODULES), True


def read(graph: ImportGraph) -> set[str]:
    return {name for name, module in graph.modules.items() if module.kind != "missing"} & set(MODULES)


def check_roads(graph: ImportGraph) -> None:
    """Every module is the end of a road, and each road is a chain of statements that are there."""
    for module in read(graph):
        found = find_roads(graph, module)
        assert found.roads, module
        assert [len(road) for road in found.roads] == sorted(len(road) for road in found.roads)
        for road in found.roads:
            assert road[0].statement.module == "<target>"
            assert all(before.imported == after.statement.module for before, after in pairwise(road))
            assert set(road) <= set(graph.edges)
            assert f"{road[-1].imported}.".startswith(f"{module}.")


def draw_files(*, are_conditional: bool) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({module: sources(module, are_conditional=are_conditional) for module in MODULES})


TARGETS = st.sampled_from([f"import {module}" for module in MODULES] + ["from p import a, b", "from p.q import *"])
SETTINGS = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@SETTINGS
@given(draw_files(are_conditional=False), TARGETS)
def test_unconditional_imports_agree_exactly(files: dict[str, str], target: str) -> None:
    graph, loaded, is_done = run(files, target)
    event(f"came to its end: {is_done}, modules: {len(loaded)}")
    assume(is_done)
    assert read(graph) == loaded
    check_roads(graph)


@SETTINGS
@given(draw_files(are_conditional=True), TARGETS)
def test_conditional_imports_leave_nothing_out(files: dict[str, str], target: str) -> None:
    graph, loaded, is_done = run(files, target)
    assume(is_done)
    assert read(graph) >= loaded
    check_roads(graph)


@pytest.fixture(autouse=True, scope="module")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
