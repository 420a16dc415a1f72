"""What a real run showed is joined to the graph: imports by string, opened doors, native code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Statement
from dsa110_contimg.doctor.native.elf import Library
from dsa110_contimg.doctor.remedies.cuts import find_remedies
from dsa110_contimg.doctor.remedies.joining import join_journal
from dsa110_contimg.doctor.remedies.observing import observe_imports
from dsa110_contimg.doctor.remedies.text import write_remedies
from import_graphs import write_modules

DOOR = (
    "def __getattr__(name):\n    if name[0] == '_':\n        raise AttributeError\n    import heavy\n"
    "    globals()[name] = heavy\n    return heavy\n"
)
"""A door that opens once."""


def observe(folder: Path, imports: dict[str, list[str]], more: dict[str, str]) -> ImportGraph:
    """Write modules, run the target, and join what it showed to the statements at the top of the modules."""
    graph = write_modules(folder, {**imports, "heavy": []}, more)
    journal, sources = observe_imports("; ".join(imports["<target>"]), cwd=folder)
    return join_journal(graph, journal, sources)


def loads(graph: ImportGraph, module: str = "heavy") -> list[tuple[str, int, str, bool]]:
    """Return the statements that load a module."""
    found = [edge.statement for edge in graph.edges if edge.imported == module]
    return [(one.module, one.line, one.text, one.is_observed) for one in found]


@pytest.mark.parametrize(
    ("source", "line", "text"),
    [
        ("import importlib\ndef load():\n    importlib.import_module('heavy')\nload()\n", 4, "load()"),
        ("import importlib\nheavy = importlib.import_module('heavy')\n", 2, "heavy = importlib.import_module('heavy')"),
        ("x = 1\n__import__('heavy')\n", 2, "__import__('heavy')"),
        ("class A:\n    x = __import__('heavy')\n", 2, "x = __import__('heavy')"),
        ("x = 1\nexec('import heavy')\n", 1, ""),  # of code without a file nothing else is known
    ],
)
def test_what_was_imported_by_string_is_no_statement_to_move(source: str, line: int, text: str, tmp_path: Path) -> None:
    graph = observe(tmp_path, {"<target>": ["import ours"], "ours": ["import late"], "late": []}, {"late": source})
    assert loads(graph) == [("late", line, text, True)]
    found = find_remedies(graph, ["heavy"], editable=[tmp_path])
    assert [one.text for one in found.near_target] == [one.text for one in found.near_forbidden] == ["import late"]
    found = find_remedies(graph, ["heavy"], editable=[tmp_path / "late.py"])
    assert [one.text for one in found.obstacles] == ["import late"]


def test_without_any_statement_to_move_the_road_is_told(tmp_path: Path) -> None:
    graph = observe(tmp_path, {"<target>": ["import late"], "late": []}, {"late": "__import__('heavy')\n"})
    found = find_remedies(graph, ["heavy"], editable=[tmp_path])
    assert [one.text for one in found.obstacles] == ["import late", "__import__('heavy')"]
    (told,) = write_remedies(found)
    assert told.startswith("No edit of an import statement keeps `heavy` out")


@pytest.mark.parametrize(
    "source",
    ["import heavy\n", "class A:\n    import heavy\n", "if True:\n    from heavy import (\n        x\n    )\n"],
)
def test_an_import_statement_that_was_not_known_can_be_moved(source: str, tmp_path: Path) -> None:
    graph = observe(tmp_path, {"<target>": ["import late"], "late": []}, {"late": source, "heavy": "x = 1\n"})
    (statement,) = find_remedies(graph, ["heavy"], editable=[tmp_path]).near_target
    assert (statement.is_observed, statement.file) == (True, str(tmp_path / "late.py"))
    assert source.splitlines()[statement.line - 1].strip() == statement.text


def test_who_opens_a_door_leads_through_it(tmp_path: Path) -> None:
    imports = {
        "<target>": ["import one, two, three, four"],
        "one": ["from door import table"],
        "two": ["from door import table, other"],
        "three": ["from door import other"],
        "four": ["import door"],
        "door": [],
    }
    graph = observe(tmp_path, imports, {"door": DOOR + "other = 1\n"})
    # The run opened the door once; the second statement would have opened it.
    assert sorted(loads(graph)) == [
        ("one", 1, "from door import table", False),
        ("two", 1, "from door import table, other", False),
    ]
    assert len(find_remedies(graph, ["heavy"], editable=[tmp_path / "one.py", tmp_path / "two.py"]).near_target) == 2


def test_a_target_that_opens_a_door_asks_for_it_itself(tmp_path: Path) -> None:
    graph = observe(tmp_path, {"<target>": ["from door import table"], "door": []}, {"door": DOOR})
    assert loads(graph) == [("<target>", 1, "from door import table", False)]
    assert find_remedies(graph, ["heavy"], editable=[tmp_path]).are_obstacles_fixed


def test_of_two_statements_on_a_line_the_right_one_is_meant(tmp_path: Path) -> None:
    graph = write_modules(
        tmp_path,
        {"<target>": ["import ours"], "ours": [], "heavy": [], "light": []},
        {"ours": "import light; import heavy\n"},
    )
    file = str(tmp_path / "ours.py")
    light, heavy = (Statement("ours", file, 1, 1, f"import {name}") for name in ("light", "heavy"))
    edges = [Edge(one, one.text.split()[1]) for one in (light, heavy) for edge in graph.edges[:1]]
    graph = ImportGraph(graph.roots, graph.modules, (*graph.edges, *edges))
    joined = join_journal(graph, *observe_imports("import ours", cwd=tmp_path))
    assert set(loads(joined)) == {("ours", 1, "import heavy", False)}


def test_what_is_known_is_not_told_twice(tmp_path: Path) -> None:
    imports = {
        "<target>": ["import pkg.a"],
        "pkg": ["from . import b"],
        "pkg.a": ["from .b import x", "import pkg.c, heavy"],
        "pkg.b": ["from pkg.c import x"],
        "pkg.c": [],
    }
    graph = write_modules(tmp_path, {**imports, "heavy": []}, {"pkg.c": "x = 1\n"})
    joined = join_journal(graph, *observe_imports("import pkg.a", cwd=tmp_path))
    own = [edge for edge in joined.edges if edge.statement.file.startswith((str(tmp_path), "<target>"))]
    assert own == list(graph.edges)
    assert joined.roots[:2] == graph.roots == ("pkg", "pkg.a")
    assert joined.modules["pkg.a"] == graph.modules["pkg.a"]


def test_native_code_that_imports(tmp_path: Path) -> None:
    graph = observe(tmp_path, {"<target>": ["import ours"], "ours": ["import _pickle"]}, {})
    (statement,) = [edge.statement for edge in graph.edges if edge.imported == "_compat_pickle"]
    assert (statement.module, statement.line, statement.text, statement.is_observed) == ("_pickle", 0, "", True)
    assert graph.modules["_compat_pickle"].kind == "source"
    found = find_remedies(graph, ["_compat_pickle"], editable=[tmp_path])
    assert [one.text for one in found.near_forbidden] == ["import _pickle"]
    found = find_remedies(graph, ["_compat_pickle"], editable=["/nothing"])
    assert [one.text for one in found.obstacles] == ["import _pickle"]


@pytest.mark.skipif(sys.platform != "linux", reason="native libraries are read from ELF files")
def test_an_extension_module_that_only_a_run_showed_has_its_libraries(tmp_path: Path) -> None:
    graph = observe(
        tmp_path,
        {"<target>": ["import ours"], "ours": ["import late"], "late": []},
        {"late": "__import__('_ctypes')\n"},
    )
    module = graph.modules["_ctypes"]
    assert module.kind == "extension"
    assert any(name.startswith("libffi") for name in module.libraries)
    found = find_remedies(graph, ["libffi*"], editable=[tmp_path])
    assert (found.reached, [one.text for one in found.near_target]) == (("_ctypes",), ["import late"])


@pytest.mark.skipif(sys.platform != "linux", reason="native libraries are read from /proc")
def test_libraries_that_others_need_count_too(tmp_path: Path) -> None:
    """The libraries of the C library's own family are needed by everything, but not by each module itself."""
    imports = {"<target>": ["import ours"], "ours": ["import late"], "late": []}
    graph = observe(tmp_path, imports, {"late": "__import__('_ssl')\n"})
    direct = Library(str(graph.modules["_ssl"].file)).needed
    assert set(direct) < set(graph.modules["_ssl"].libraries)
    (indirect, *_) = [name for name in graph.modules["_ssl"].libraries if name not in direct]
    assert find_remedies(graph, [indirect], editable=[tmp_path]).reached


@pytest.mark.skipif(sys.platform != "linux", reason="native libraries are read from /proc")
def test_a_library_that_was_loaded_through_ctypes(tmp_path: Path) -> None:
    library = str(observe(tmp_path, {"<target>": ["import _bz2"]}, {}).modules["_bz2"].file)
    imports = {"<target>": ["import ours"], "ours": ["import late"], "late": []}
    graph = observe(tmp_path, imports, {"late": f"import ctypes\nctypes.CDLL({library!r})\n"})
    found = find_remedies(graph, ["_bz2.*"], editable=[tmp_path])
    assert (found.reached, [one.text for one in found.near_target]) == (("late",), ["import late"])


def test_a_run_that_ended_early_told_what_it_could(tmp_path: Path) -> None:
    source = "__import__('heavy')\nraise RuntimeError\n"
    graph = observe(tmp_path, {"<target>": ["import ours"], "ours": ["import late"], "late": []}, {"late": source})
    assert [one.text for one in find_remedies(graph, ["heavy"], editable=[tmp_path]).near_target] == ["import late"]


def test_the_start_of_the_interpreter_is_a_road(tmp_path: Path) -> None:
    graph = write_modules(
        tmp_path,
        {"<target>": ["import ours"], "ours": [], "heavy": [], "sitecustomize": []},
        {"sitecustomize": "import heavy\n"},
    )
    joined = join_journal(graph, *observe_imports("import ours", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}))
    (statement,) = find_remedies(joined, ["heavy"], editable=[tmp_path]).near_target
    assert (statement.module, statement.text) == ("sitecustomize", "import heavy")


def test_a_thread_that_imports(tmp_path: Path) -> None:
    source = "import threading\ndef f():\n    import heavy\none = threading.Thread(target=f)\none.start(); one.join()\n"
    graph = observe(tmp_path, {"<target>": ["import late"], "late": []}, {"late": source})
    assert loads(graph) == [("<target>", 3, "", True)]
    found = find_remedies(graph, ["heavy"], editable=[tmp_path])
    assert [(Path(one.file).name, one.line) for one in found.obstacles] == [("late.py", 3)]


def test_a_script_is_joined_by_its_lines(tmp_path: Path) -> None:
    graph = write_modules(tmp_path, {"<target>": [], "late": [], "heavy": []}, {"late": DOOR})
    (tmp_path / "run.py").write_text("import late\nlate.table\n")
    journal, sources = observe_imports("run.py", cwd=tmp_path)
    statement = Statement("<target>", str(tmp_path / "run.py"), 1, 1, "import late")
    graph = ImportGraph(("late",), graph.modules, (*graph.edges, Edge(statement, "late")))
    joined = join_journal(graph, journal, sources)
    assert loads(joined) == [("<target>", 2, "late.table", True)]
    assert loads(joined, "late") == [("<target>", 1, "import late", False)]
    assert find_remedies(joined, ["heavy"], editable=[tmp_path]).obstacles
