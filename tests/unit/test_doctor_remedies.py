"""What may be edited, what stands in the way, what can be asked for elsewhere, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsa110_contimg.doctor.errors import BadTargetError
from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module, Statement
from dsa110_contimg.doctor.remedies.cuts import Remedies, find_own_files, find_remedies
from dsa110_contimg.doctor.remedies.names import Sourcebook
from dsa110_contimg.doctor.remedies.text import draw_remedies, to_json, write_remedies
from import_graphs import make_graph

ORIGINAL = {
    "contimg": [],
    "contimg.qa": ["from .postage_stamps import create_cutout", "from .visualization import CasaTable"],
    "contimg.qa.postage_stamps": [],
    "contimg.qa.visualization": ["from .casatable import CasaTable"],
    "contimg.qa.visualization.casatable": ["from casacore.tables import table"],
}
"""The package of the original crash, as tests/victims/original has it."""


def original(target: str = "from contimg.qa import create_cutout") -> ImportGraph:
    graph = make_graph({"<target>": [target], **ORIGINAL})
    return ImportGraph(
        graph.roots, {**graph.modules, "casacore": Module("casacore", "package", "/site/c.py")}, graph.edges
    )


def places(statements: tuple[Statement, ...]) -> list[tuple[str, int]]:
    return [(one.file.removeprefix("/src/contimg/"), one.line) for one in statements]


def test_the_original_is_cured_by_one_edit_at_either_end() -> None:
    found = find_remedies(original(), ["casacore"], editable=["/src"])
    assert places(found.near_target) == [("qa/__init__.py", 2)]
    assert places(found.near_forbidden) == [("qa/visualization/casatable.py", 1)]
    assert found.reached == ("casacore", "casacore.tables")
    assert (found.is_one_set, found.is_worthwhile, found.obstacles) == (False, True, ())


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("from contimg.qa import CasaTable", ("qa/visualization/casatable.py", 1)),
        ("from contimg.qa.visualization import CasaTable", ("qa/visualization/casatable.py", 1)),
        ("import contimg.qa.visualization.casatable", ("qa/visualization/casatable.py", 1)),
    ],
)
def test_a_door_that_the_target_itself_opens_is_no_remedy(target: str, place: tuple[str, int]) -> None:
    found = find_remedies(original(target), ["casacore"], editable=["/src"])
    assert places(found.near_target) == places(found.near_forbidden) == [place]


@pytest.mark.parametrize(
    ("editable", "place"),
    [
        ("/src/contimg/qa/visualization", ("qa/visualization/casatable.py", 1)),
        ("/src/contimg/qa/__init__.py", ("qa/__init__.py", 2)),
    ],
)
def test_only_what_may_be_edited_is_offered(editable: str, place: tuple[str, int]) -> None:
    found = find_remedies(original(), ["casacore"], editable=[editable])
    assert places(found.near_target) == places(found.near_forbidden) == [place]
    assert found.is_one_set


def test_a_folder_is_not_its_neighbour(tmp_path: Path) -> None:
    found = find_remedies(original(), ["casacore"], editable=["/src/contimg/qa/vis", "/src/contim"])
    assert found.near_target == ()


def test_a_link_to_a_folder_is_the_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    target = Statement("<target>", "<target>", 1, 1, "import ours")
    heavy = Statement("ours", str(tmp_path / "link" / "ours.py"), 1, 1, "import heavy")
    graph = ImportGraph(("ours",), {}, (Edge(target, "ours"), Edge(heavy, "heavy")))
    assert find_remedies(graph, ["heavy"], editable=[tmp_path / "real"]).near_target == (heavy,)


def test_one_statement_goes_with_all_that_it_loads() -> None:
    graph = make_graph(
        {
            "<target>": ["import ours"],
            "ours": ["import left, right"],
            "left": ["import heavy"],
            "right": ["import heavy"],
        }
    )
    found = find_remedies(graph, ["heavy"], editable=["/src"])
    assert [one.text for one in found.near_target] == ["import left, right"]
    assert [
        one.text for one in find_remedies(graph, ["heavy"], editable=["/src/left.py", "/src/right.py"]).near_target
    ] == ["import heavy"] * 2


def test_a_star_import_takes_public_names_along(tmp_path: Path) -> None:
    imports = {
        "<target>": ["from ours import name"],
        "ours": ["from ours.inner import *"],
        "ours.inner": ["from heavy import name"],
    }
    assert find_remedies(make_graph(imports), ["heavy"], editable=["/src"]).obstacles
    (tmp_path / "inner.py").write_text("from heavy import name\n__all__ = ['other']\n")
    graph = make_graph({**imports, "<target>": ["import ours"], "elsewhere": ["from ours import *"]})
    assert places(find_remedies(graph, ["heavy"], editable=["/src/ours/inner.py"]).near_target) == []
    modules = {**graph.modules, "ours.inner": Module("ours.inner", "source", str(tmp_path / "inner.py"))}
    graph = ImportGraph(graph.roots, modules, graph.edges)
    assert [one.module for one in find_remedies(graph, ["heavy"], editable=["/src/ours/inner.py"]).near_target] == [
        "ours.inner"
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("__all__ = ['a', 'b']\n", {"a", "b"}),
        ("__all__ = (\n    'a',  # first\n    'b',\n)\n", {"a", "b"}),
        ("__all__: list[str] = ['a']\n", {"a"}),
        ("__all__ = ['a']\nif True:\n    __all__ += ['b']\n", {"a", "b"}),
        ('"""Has __all__."""\n__all__ = ["a"]\n', {"a"}),
        ("__all__ = ['a']\n__all__.append('b')\n", None),
        ("__all__ = ['a']\n__all__ += other.__all__\n", None),
        ("__all__ = [*other]\n", None),
        ("__all__ = sorted(['a'])\n", None),
        ("a = 1\n", None),
        ("__all__ = [\n", None),
    ],
)
def test_what_a_module_exports(source: str, expected: set[str] | None, tmp_path: Path) -> None:
    path = tmp_path / "ours.py"
    path.write_text(source)
    book = Sourcebook(ImportGraph((), {"ours": Module("ours", "source", str(path))}, ()))
    assert book.read_exported("ours") == expected


@pytest.mark.parametrize(
    ("pattern", "is_found"),
    [
        ("libcasa_*", True),
        ("libcasa_casa", True),
        ("libcasa_casa.so.7", True),
        ("_tables.so", True),
        ("libcasa", False),
        ("libother*", False),
    ],
)
def test_native_libraries_are_forbidden_by_name(pattern: str, is_found: bool) -> None:
    graph = make_graph(
        {"<target>": ["import ours"], "ours": ["import native._tables"], "native": []},
        {"native._tables": ["libcasa_casa.so.7", "libc.so.6"]},
    )
    found = find_remedies(graph, [pattern], editable=["/src/ours.py"])
    assert found.reached == (("native._tables",) if is_found else ())
    assert [one.text for one in found.near_target] == (["import native._tables"] if is_found else [])
    assert draw_remedies(found).startswith(f"What would keep {pattern} out" if is_found else "No road leads to")


def test_nothing_reached_is_nothing_to_do() -> None:
    found = find_remedies(original(), ["casatools"], editable=["/src"])
    assert found == Remedies(("casatools",))
    assert list(write_remedies(found)) == []
    assert draw_remedies(found) == "No road leads to casatools\n"


@pytest.mark.parametrize("forbidden", [[], "casacore"])
def test_what_is_forbidden_has_to_be_said(forbidden: list[str]) -> None:
    with pytest.raises(BadTargetError, match="was forbidden"):
        find_remedies(original(), forbidden, editable=["/src"])


# ---------------------------------------------------------------------- no remedy
def test_the_statements_in_the_way_are_named() -> None:
    found = find_remedies(original(), ["casacore"], editable=["/src/contimg/qa/postage_stamps.py"])
    assert found.near_target == found.near_forbidden == ()
    assert places(found.obstacles) == [("qa/__init__.py", 2)]
    assert "In the way stands `from .visualization import CasaTable`" in next(write_remedies(found))


def test_a_target_that_asks_for_it_itself() -> None:
    found = find_remedies(original("import casacore"), ["casacore"], editable=["/src"])
    assert found.are_obstacles_fixed
    assert list(write_remedies(found)) == [
        "The target itself asks for `casacore` in `import casacore` (target:1): no edit elsewhere keeps it out."
    ]


def test_an_own_script_may_be_edited_when_it_is_named() -> None:
    statement = Statement("<target>", "/src/run.py", 3, 3, "import casacore")
    graph = ImportGraph(("casacore",), {}, (Edge(statement, "casacore"),))
    assert find_remedies(graph, ["casacore"], editable=["/src/run.py"]).near_target == (statement,)
    assert find_remedies(graph, ["casacore"], editable=["/src/other.py"]).obstacles == (statement,)


def test_a_root_without_a_statement_is_a_road() -> None:
    assert find_remedies(ImportGraph(("heavy",), {}, ()), ["heavy"], editable=["/"]).reached == ("heavy",)
    graph = ImportGraph(("ours",), {}, (Edge(Statement("ours", "/src/ours.py", 1, 1, "import heavy"), "heavy"),))
    assert len(find_remedies(graph, ["heavy"], editable=["/src"]).near_target) == 1
    assert "its first import" in next(
        write_remedies(find_remedies(ImportGraph(("heavy",), {}, ()), ["heavy"], editable=["/"]))
    )


def test_another_set_is_found_for_what_was_refused() -> None:
    (first,) = find_remedies(original(), ["casacore"], editable=["/src"]).near_target
    found = find_remedies(original(), ["casacore"], editable=["/src"], refused=[first])
    assert places(found.near_target) == [("qa/visualization/casatable.py", 1)]


def test_what_was_refused_is_said_to_stand_in_the_way() -> None:
    everything = [edge.statement for edge in original().edges if edge.statement.module != "<target>"]
    found = find_remedies(original(), ["casacore"], editable=["/src"], refused=everything)
    assert places(found.obstacles) == places(found.refused) == [("qa/__init__.py", 2)]
    (told,) = write_remedies(found)
    assert told == (
        "No edit in the files that may be edited keeps `casacore` out. In the way stands `from .visualization import "
        "CasaTable` (/src/contimg/qa/__init__.py:2), which cannot be moved."
    )
    graph = make_graph({"<target>": ["import a, b"], "a": ["import heavy"], "b": ["import heavy"]})
    (first,) = (edge.statement for edge in graph.edges if edge.statement.module == "a")
    (told,) = write_remedies(find_remedies(graph, ["heavy"], editable=["/src/a.py"], refused=[first]))
    assert "In the way stand" in told
    assert told.endswith(
        "(/src/b.py:1), of which `import heavy` (/src/a.py:1) cannot be moved; `--editable` names more files."
    )


def test_too_many_are_said_not_to_be_worth_it() -> None:
    users = [f"u{number}" for number in range(21)]
    graph = make_graph(
        {
            "<target>": ["import big"],
            "big": [f"import {user}" for user in users],
            **{user: ["import heavy"] for user in users},
        }
    )
    found = find_remedies(graph, ["heavy"], editable=["/src"])
    assert len(found.near_target) == 21
    assert not found.is_worthwhile
    (told,) = write_remedies(found)
    assert told.startswith("21 statements would have to be moved to keep `heavy` out")


# ---------------------------------------------------------------------- direct imports
LAZY = {
    "pkg": [],
    "pkg.qa": ["from .stamps import cut as create_cutout"],
    "pkg.qa.stamps": ["from pkg.inner.cutting import cut"],
    "pkg.inner": [],
    "pkg.inner.cutting": [],
}


@pytest.mark.parametrize(
    ("target", "qa", "expected"),
    [
        ("from pkg.qa import create_cutout", ["import heavy"], "from pkg.inner.cutting import cut as create_cutout"),
        ("from pkg.qa import create_cutout as c", ["import heavy"], "from pkg.inner.cutting import cut as c"),
        ("from pkg.qa import create_cutout, table", ["import heavy", "from .tables import table"], None),
        ("from pkg.qa import *", ["import heavy"], None),
        ("import pkg.qa", ["import heavy"], None),
    ],
)
def test_the_direct_import_that_avoids_the_road(target: str, qa: list[str], expected: str | None) -> None:
    imports = {"<target>": [target], **LAZY, "pkg.qa": [*LAZY["pkg.qa"], *qa], "pkg.qa.tables": ["import heavy"]}
    found = find_remedies(make_graph(imports), ["heavy"], editable=["/nothing"])
    assert [direct.text for direct in found.direct_imports] == ([expected] if expected else [])
    assert any(f"`{expected}` asks for the same" in told for told in write_remedies(found)) == (expected is not None)


def test_a_definition_behind_a_package_that_loads_it_avoids_nothing() -> None:
    graph = make_graph(
        {
            "<target>": ["from pkg.qa import cut"],
            "pkg": ["import heavy"],
            "pkg.qa": ["from .stamps import cut"],
            "pkg.qa.stamps": [],
        }
    )
    assert find_remedies(graph, ["heavy"], editable=["/nothing"]).direct_imports == ()


def test_one_of_two_statements_of_the_target_is_not_enough() -> None:
    imports = {
        "<target>": ["from pkg.qa import create_cutout", "import heavy"],
        **LAZY,
        "pkg.qa": [*LAZY["pkg.qa"], "import heavy"],
    }
    assert find_remedies(make_graph(imports), ["heavy"], editable=["/nothing"]).direct_imports == ()


def test_a_statement_of_the_cut_can_ask_elsewhere_too() -> None:
    imports = {
        "<target>": ["import ours"],
        "ours": ["from pkg.qa import create_cutout"],
        **LAZY,
        "pkg.qa": [*LAZY["pkg.qa"], "import heavy"],
    }
    found = find_remedies(make_graph(imports), ["heavy"], editable=["/src/ours.py"])
    assert [(direct.instead_of.module, direct.text) for direct in found.direct_imports] == [
        ("ours", "from pkg.inner.cutting import cut as create_cutout")
    ]


def test_names_are_followed_through_stars_and_type_checkers_in_the_source(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/qa/__init__.py": "import heavy\nfrom ..middle import *\nif TYPE_CHECKING:\n    from ..lazy import late\n",
        "pkg/middle.py": "from .back import *\nfrom .inner import first\ndef own(): pass\n",
        "pkg/back.py": "from .middle import *\n",
        "pkg/inner.py": "first = 1\n",
        "pkg/lazy.py": "def late(): pass\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    names = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): str(tmp_path / name) for name in files
    }
    modules = {name: Module(name, "package" if "__init__" in file else "source", file) for name, file in names.items()}
    heavy = Edge(Statement("pkg.qa", names["pkg.qa"], 1, 1, "import heavy"), "heavy")
    for name, expected in [
        ("own", "from pkg.middle import own"),
        ("first", "from pkg.inner import first"),
        ("late", "from pkg.lazy import late"),
        ("none", None),
    ]:
        target = Edge(Statement("<target>", "<target>", 1, 1, f"from pkg.qa import {name}"), "pkg.qa")
        found = find_remedies(ImportGraph(("pkg.qa",), modules, (target, heavy)), ["heavy"], editable=["/"])
        texts = [direct.text for direct in found.direct_imports if direct.instead_of.module == "<target>"]
        assert texts == ([expected] if expected else [])


# ---------------------------------------------------------------------- what is printed
def test_the_words() -> None:
    found = find_remedies(original(), ["casacore"], editable=["/src"])
    first, second = write_remedies(found)
    assert first == (
        "Move `from .visualization import CasaTable` (/src/contimg/qa/__init__.py:2) away from import time: this "
        "alone keeps `casacore` out."
    )
    assert second == (
        "Or, nearer to what is forbidden, move `from casacore.tables import table` "
        "(/src/contimg/qa/visualization/casatable.py:1) instead."
    )


def test_long_lists_are_drawn_in_full() -> None:
    users = [f"u{number}" for number in range(9)]
    graph = make_graph(
        {
            "<target>": ["import big"],
            "big": [f"import {user}, {', '.join(f'x{user}{n}' for n in range(30))}" for user in users],
            **{user: ["import heavy"] for user in users},
        }
    )
    text = draw_remedies(find_remedies(graph, ["heavy"], editable=["/src"]), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert all(f"/src/big.py:{line} " in text for line in range(1, 10))
    assert all(f"/src/{user}.py:1 " in text for user in users)
    assert "and 3 more" in text
    drawn = draw_remedies(find_remedies(graph, ["heavy"], editable=["/src"]), is_ascii=True)
    assert drawn.isascii()


def test_control_characters_are_written_out() -> None:
    hostile = Statement("ours", "/src/\x1b[31m.py", 1, 1, "import \x1b]0;x")
    target = Statement("<target>", "<target>", 1, 1, "import ours")
    graph = ImportGraph(("ours",), {}, (Edge(target, "ours"), Edge(hostile, "heavy")))
    assert "\x1b" not in draw_remedies(find_remedies(graph, ["heavy"], editable=["/src"]))


def test_the_json() -> None:
    found = to_json(find_remedies(original(), ["casacore"], editable=["/src"]))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["near_target"] == [
        {
            "module": "contimg.qa",
            "file": "/src/contimg/qa/__init__.py",
            "line": 2,
            "statement": "from .visualization import CasaTable",
            "is_conditional": False,
            "is_observed": False,
        }
    ]
    assert (found["is_one_set"], found["is_worthwhile"], found["obstacles"]) == (False, True, [])


def test_what_may_be_edited_by_default() -> None:
    def make(*files: tuple[str, str | None]) -> ImportGraph:
        return ImportGraph(
            tuple(name for name, _ in files), {name: Module(name, "source", file) for name, file in files}, ()
        )

    installed = ("six", "/env/lib/python3.11/site-packages/six.py")
    ours = ("ours", "/home/me/ours/__init__.py")
    python = ("json", "/usr/lib/python3.11/json/__init__.py")
    assert find_own_files(make(python, installed, ours, ("ours.sub", "/home/me/ours/sub.py"), ("sys", None))) == (
        "/home/me/ours",
    )
    assert find_own_files(make(python, installed)) == (installed[1],)
    assert find_own_files(make(python)) == ()
