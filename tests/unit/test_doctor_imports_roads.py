"""Every road to what is forbidden, in the graph that was read, and as the command prints it."""

from __future__ import annotations

import json
import shutil
import sysconfig
from pathlib import Path

import pytest

from dsa110_contimg.doctor.imports.command import print_static
from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module, Statement
from dsa110_contimg.doctor.imports.reading import read_imports
from dsa110_contimg.doctor.imports.roads import find_roads

FILES = {
    "pkg/__init__.py": "",
    "pkg/diamond.py": "from . import left\nfrom . import right\n",
    "pkg/left.py": "from .shared import x\n",
    "pkg/right.py": "import pkg.shared\n",
    "pkg/shared.py": "x = 1\nimport heavy\n",
    "pkg/long.py": "import pkg.diamond\nimport heavy.core\n",
    "pkg/circle.py": "from . import circle2\n",
    "pkg/circle2.py": "from . import circle\nimport heavy\n",
    "pkg/star.py": "from heavy import *\n",
    "pkg/free.py": "def load():\n    import heavy\n",
    "pkg/guarded.py": "try:\n    import heavy\nexcept ImportError:\n    pass\n",
    "pkg/broken.py": "import (\n",
    "pkg/half.py": "import pkg.broken\nimport heavy\n",
    "pkg/absent.py": "import nowhere.at.all\n",
    "pkg/links.py": "from . import native\n",
    "heavy/__init__.py": "from . import core\n",
    "heavy/core.py": "",
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def find(target: str, pattern: str = "heavy") -> list[list[tuple[str, int]]]:
    """Return each road as files and lines."""
    found = find_roads(read_imports(target), pattern)
    assert found.is_whole
    return [[(Path(edge.statement.file).name, edge.statement.line) for edge in road] for road in found.roads]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("import heavy", [[("<target>", 1)]]),
        ("import heavy.core", [[("<target>", 1)]]),
        ("import json\nimport heavy; from heavy import core", [[("<target>", 2)], [("<target>", 3)]]),
        (
            "import pkg.diamond",
            [
                [("<target>", 1), ("diamond.py", 1), ("left.py", 1), ("shared.py", 2)],
                [("<target>", 1), ("diamond.py", 2), ("right.py", 1), ("shared.py", 2)],
            ],
        ),
        (
            "pkg.long",
            [
                [("<target>", 1), ("long.py", 2)],
                [("<target>", 1), ("long.py", 1), ("diamond.py", 1), ("left.py", 1), ("shared.py", 2)],
                [("<target>", 1), ("long.py", 1), ("diamond.py", 2), ("right.py", 1), ("shared.py", 2)],
            ],
        ),
        ("pkg.circle", [[("<target>", 1), ("circle.py", 1), ("circle2.py", 2)]]),
        ("pkg.star", [[("<target>", 1), ("star.py", 1)]]),
        ("pkg.guarded", [[("<target>", 1), ("guarded.py", 2)]]),
        ("pkg.half", [[("<target>", 1), ("half.py", 2)]]),
        ("pkg.free", []),
        ("pkg", []),
    ],
)
def test_every_road_shortest_first(target: str, expected: list[list[tuple[str, int]]]) -> None:
    assert find(target) == expected


def test_what_is_missing_here_is_forbidden_too() -> None:
    assert find("pkg.absent", "nowhere.at") == [[("<target>", 1), ("absent.py", 1)]]
    assert find("pkg.long", "h*y.core") == find("pkg.long", "heavy.core")


def test_a_native_library(project: Path) -> None:
    library = next(Path(sysconfig.get_config_var("DESTSHARED")).glob("_ctypes.*"))
    shutil.copy(library, project / f"pkg/native{sysconfig.get_config_var('EXT_SUFFIX')}")
    found = find_roads(read_imports("pkg.links"), "libffi")
    assert [[edge.imported for edge in road] for road in found.roads] == [["pkg.links", "pkg.native"]]
    assert find("pkg.links", "libff?.so*") == find("pkg.links", "libffi")
    assert find("pkg.links", "libnone*") == []


def make_ladder(steps: int) -> ImportGraph:
    """Return a graph with twice as many roads for each step."""

    def make(importer: str, line: int, imported: str) -> Edge:
        return Edge(Statement(importer, f"{importer}.py", line, line, f"import {imported}"), imported)

    edges = [make("<target>", 1, "m0")]
    for number in range(steps):
        edges += [make(f"m{number}", line, f"m{number + 1}") for line in (1, 2)]
    edges.append(make(f"m{steps // 2}", 3, f"m{steps}"))
    names = [f"m{number}" for number in range(steps + 1)]
    return ImportGraph(("m0",), {name: Module(name, "source", f"{name}.py") for name in names}, tuple(edges))


def test_of_very_many_roads_the_shortest_are_told() -> None:
    found = find_roads(make_ladder(24), "m24")
    assert (len(found.roads), found.is_whole) == (100, False)
    assert {len(road) for road in found.roads} == {14}
    few = find_roads(make_ladder(6), "m6")
    assert (len(few.roads), few.is_whole) == (2**6 + 2**3, True)


def test_the_command_prints_each_hop(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_static("pkg.diamond", forbid=["heavy", "numpy"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("Forbidden: heavy would be loaded\n")
    assert "Road 2 of 2 to heavy" in told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    for line in (
        "pkg/diamond.py:1 from . import left",
        "pkg/left.py:1 from .shared import x",
        "pkg/shared.py:2 import heavy ◀ the statement to change",
        "✗ heavy forbidden",
    ):
        assert line in lines
    assert "try" not in told
    assert print_static("pkg.guarded", forbid=["heavy"]) == 1
    assert "Statements in a `try` or an `if` are taken to be executed." in capsys.readouterr().out


def test_the_command_finds_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_static("pkg.free", forbid=["heavy", "numpy"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("No road leads to heavy and numpy\n")
    assert "2 modules would be loaded" in told
    assert print_static("pkg.free", forbid=[]) == 0


def test_the_command_tells_what_it_could_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_static("pkg.half", forbid=["numpy"]) == 0
    assert "pkg/broken.py:1: it is no Python: " in capsys.readouterr().out
    assert print_static("pkg.broken", forbid=["numpy"]) == 2, "nobody knows"
    assert print_static("pkg.half", forbid=["heavy"]) == 1, "whatever else could not be read"


def test_the_json(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    assert print_static("pkg.half", forbid=["heavy"], as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert [row["line"] for row in told.pop("remedies")["near_target"]] == [2]
    (problem,) = told.pop("problems")
    assert problem.pop("message").startswith("it is no Python: ")
    assert problem == {"file": str(project / "pkg/broken.py"), "line": 1}
    hop = {"level": "module", "is_conditional": False}
    assert told == {
        "schema": 1,
        "target": "pkg.half",
        "modules": 5,
        "roads": [
            {
                "forbidden": "heavy",
                "chain": [
                    {"module": "pkg.half", "file": "<target>", "line": 1, "statement": "import pkg.half", **hop},
                    {
                        "module": "heavy",
                        "file": str(project / "pkg/half.py"),
                        "line": 2,
                        "statement": "import heavy",
                        **hop,
                    },
                ],
            }
        ],
        "are_all": True,
    }


def test_control_characters_do_not_reach_the_terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pkg/hostile.py").write_text("'\x1b[31m'; import heavy; '\u202e'; x = __import__('\x1b[31m')\n")
    assert print_static("pkg.hostile", forbid=["\x1b*", "heavy"]) == 1
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
