"""The remedies are cuts, no smaller one exists, and the two are the outermost ones: against brute force."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module, Statement
from dsa110_contimg.doctor.remedies.cuts import find_remedies
from import_graphs import load

MODULES = [f"m{number}" for number in range(6)]
GOALS = {"heavy", "heavy.core"}


@st.composite
def graphs(draw: st.DrawFn) -> ImportGraph:
    """Draw modules with statements that load one to three of the others, cycles and all."""
    edges = []
    standing = ["<target>", *draw(st.lists(st.sampled_from(MODULES), min_size=4, max_size=10))]
    for line, module in enumerate(standing, start=1):
        far = [] if module == "<target>" else [*sorted(GOALS)] * 2
        loaded = draw(st.lists(st.sampled_from([*MODULES, *far]), min_size=1, max_size=3, unique=True))
        if draw(st.booleans()):
            text = f"from {loaded[0]} import {draw(st.sampled_from('ab'))}"
        else:
            text = f"import {', '.join(loaded)}"
        file = (
            "<target>"
            if module == "<target>"
            else draw(st.sampled_from(["/ours/"] * 4 + ["/theirs/"])) + f"{module}.py"
        )
        edges += [Edge(Statement(module, file, line, line, text), name) for name in loaded]
    modules = {name: Module(name, "source", None) for name in [*MODULES, *GOALS]}
    return ImportGraph((), modules, tuple(edges))


@settings(max_examples=600)
@given(graphs())
def test_the_cuts_are_the_smallest_and_the_outermost(graph: ImportGraph) -> None:
    found = find_remedies(graph, ["heavy"], editable=["/ours"])
    assert bool(found.reached) == bool(load(graph) & GOALS)
    if not found.reached:
        assert found.near_target == found.near_forbidden == found.obstacles == ()
        return
    movable = list({edge.statement: None for edge in graph.edges if edge.statement.file.startswith("/ours")})
    best = next(
        (
            [set(some) for some in combinations(movable, size) if not load(graph, some) & GOALS]
            for size in range(len(movable) + 1)
            if any(not load(graph, some) & GOALS for some in combinations(movable, size))
        ),
        [],
    )
    if not best:
        assert found.near_target == found.near_forbidden == ()
        assert found.obstacles
        return
    near_target, near_forbidden = set(found.near_target), set(found.near_forbidden)
    assert near_target in best
    assert near_forbidden in best
    assert found.is_one_set == (near_target == near_forbidden)
    for other in best:
        assert load(graph, near_target) <= load(graph, other)
        assert find_leading(graph, near_forbidden) <= find_leading(graph, other)


def find_leading(graph: ImportGraph, removed: set[Statement]) -> set[str]:
    return {module for module in MODULES if load(graph, removed, module) & GOALS}


@given(graphs())
def test_obstacles_are_what_would_have_to_be_movable(graph: ImportGraph) -> None:
    found = find_remedies(graph, ["heavy"], editable=["/ours"])
    assume(found.obstacles)
    if found.are_obstacles_fixed:
        assert all(one.module == "<target>" or is_asked(graph, one) for one in found.obstacles)
        assert not find_remedies(graph, ["heavy"], editable=["/ours", "/theirs"]).near_target
        return
    assert all(one.file.startswith("/theirs") for one in found.obstacles)
    files = [one.file for one in found.obstacles]
    assert find_remedies(graph, ["heavy"], editable=["/ours", *files]).near_target
    if len(found.obstacles) > 1:  # none of them is there for nothing
        movable = {edge.statement for edge in graph.edges if edge.statement.file.startswith("/ours")}
        for left_out in found.obstacles:
            assert load(graph, movable | (set(found.obstacles) - {left_out})) & GOALS


def is_asked(graph: ImportGraph, statement: Statement) -> bool:
    return statement.text.startswith("from")


@given(graphs(), st.sets(st.integers(1, 11), max_size=3))
def test_what_was_refused_is_not_offered_again(graph: ImportGraph, lines: set[int]) -> None:
    refused = {edge.statement for edge in graph.edges if edge.statement.line in lines}
    found = find_remedies(graph, ["heavy"], editable=["/ours"], refused=refused)
    assert refused.isdisjoint({*found.near_target, *found.near_forbidden})
    if found.near_target:
        assert not load(graph, found.near_target) & GOALS


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_large_graphs_agree_with_another_implementation(seed: int) -> None:
    networkx = pytest.importorskip("networkx")
    graph = make_large(random.Random(seed))
    other = networkx.DiGraph()
    for edge in graph.edges:
        statement = edge.statement
        cost = {"capacity": 1} if statement.file.startswith("/ours") else {}
        other.add_edge(statement.module, statement, **cost)
        other.add_edge(statement, "heavy" if edge.imported.startswith("heavy") else edge.imported)
    found = find_remedies(graph, ["heavy"], editable=["/ours"])
    try:
        size = networkx.maximum_flow_value(other, "<target>", "heavy")
    except networkx.NetworkXUnbounded:
        assert found.obstacles
        return
    assert len(found.near_target) == len(found.near_forbidden) == size
    for cut in (found.near_target, found.near_forbidden):
        assert "heavy" not in load(graph, cut)


def make_large(chance: random.Random) -> ImportGraph:
    """Make a graph of layers with ways back, in which the narrowest place is anywhere."""
    layers = [
        ["<target>"],
        *([f"m{depth}.x{number}" for number in range(chance.randrange(5, 40))] for depth in range(6)),
    ]
    edges = [Edge(Statement("<target>", "<target>", 1, 1, "import everything"), name) for name in layers[1]]
    for depth, layer in enumerate(layers[1:], start=1):
        following = layers[depth + 1] if depth + 1 < len(layers) else ["heavy.core"]
        for name in layer:
            folder = "theirs" if chance.random() < 0.02 else "ours"
            for line in range(1, chance.randrange(2, 6)):
                loaded = chance.sample(following, min(chance.randrange(1, 3), len(following)))
                loaded += chance.choices(layers[chance.randrange(1, depth + 1)], k=chance.randrange(2))
                statement = Statement(name, f"/{folder}/{name}.py", line, line, f"import {', '.join(loaded)}")
                edges += [Edge(statement, one) for one in loaded]
    modules = {edge.imported: Module(edge.imported, "source", None) for edge in edges}
    return ImportGraph((), modules, tuple(edges))
