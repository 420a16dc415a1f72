"""What must not be loaded: the verdict, and every road to it, not only the one that was taken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dsa110_contimg.doctor import Examination, examine

FILES = {
    "pkg/__init__.py": "",
    "pkg/diamond.py": "from . import left\nfrom . import right\n",
    "pkg/left.py": "from .shared import x\n",
    "pkg/right.py": "import pkg.shared\n",
    "pkg/shared.py": "x = 1\nimport heavy\n",
    "pkg/three.py": "import pkg.one, pkg.two, pkg.late\n",
    "pkg/one.py": "import heavy.core\n",
    "pkg/two.py": "from heavy import core\n",
    "pkg/late.py": "import importlib\ndef load():\n    importlib.import_module('heavy')\nload()\n",
    "pkg/star.py": "from heavy import *\n",
    "pkg/door.py": "def __getattr__(name):\n    if name[0] == '_':\n        raise AttributeError\n    import heavy\n",
    "pkg/free.py": "def load():\n    import heavy\n",
    "pkg/guarded.py": "try:\n    import heavy\nexcept ImportError:\n    pass\n",
    "heavy/__init__.py": "from . import core\n",
    "heavy/core.py": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def roads(found: Examination) -> list[list[tuple[str, int | None]]]:
    """Return each road as files and lines."""
    return [[(Path(hop.file or "").name, hop.line) for hop in road.chain] for road in found.roads]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("import heavy", [[("<target>", 1)]]),
        (
            "import pkg.diamond",
            [
                [("<target>", 1), ("diamond.py", 1), ("left.py", 1), ("shared.py", 2)],
                [("<target>", 1), ("diamond.py", 2), ("right.py", 1), ("shared.py", 2)],
            ],
        ),
        (
            "import pkg.three",
            [
                [("<target>", 1), ("three.py", 1), ("one.py", 1)],
                [("<target>", 1), ("three.py", 1), ("two.py", 1)],
                [("<target>", 1), ("three.py", 1), ("late.py", 3)],
            ],
        ),
        ("from pkg.star import *", [[("<target>", 1), ("star.py", 1)]]),
        ("from pkg.door import table", [[("door.py", 4)]]),
        ("import pkg.guarded", [[("<target>", 1), ("guarded.py", 2)]]),
        ("import json; import heavy; from heavy import core", [[("<target>", 2)], [("<target>", 3)]]),
    ],
)
def test_every_road_is_told(target: str, expected: list[list[tuple[str, int]]], project: Path) -> None:
    found = examine(target, forbid=["heavy"], cwd=project)
    assert found.verdict == "forbidden"
    assert roads(found)[0] == expected[0], "the road that was taken comes first"
    assert sorted(roads(found)) == sorted(expected)
    assert {road.forbidden for road in found.roads} == {"heavy"}
    assert found.chain == found.roads[0].chain


def test_levels_and_callers_are_told(project: Path) -> None:
    found = examine("import pkg.late", forbid=["heavy"], cwd=project)
    hop = found.chain[-1]
    assert (hop.level, hop.statement) == ("function", "importlib.import_module('heavy')")
    assert hop.called_from is not None
    assert (hop.called_from.line, hop.called_from.statement) == (4, "load()")
    assert found.chain[0].level == "module"


@pytest.mark.parametrize("target", ["import pkg.free", "import pkg.left as left, json"])
def test_what_is_not_executed_is_no_road(target: str, project: Path) -> None:
    (project / "pkg" / "shared.py").write_text("x = 1\n")
    found = examine(target, forbid=["heavy"], cwd=project)
    assert (found.verdict, found.roads, found.chain) == ("healthy", (), ())


def test_a_name_does_not_forbid_its_neighbours(project: Path) -> None:
    (project / "heavyweight.py").write_text("")
    assert examine("import heavyweight", forbid=["heavy"], cwd=project).verdict == "healthy"
    assert examine("import heavyweight", forbid=["heavy*"], cwd=project).verdict == "forbidden"


@pytest.mark.skipif(sys.platform != "linux", reason="native libraries are read from /proc")
def test_a_native_library_is_reached_through_every_module_that_needs_it(tmp_path: Path) -> None:
    (tmp_path / "both.py").write_text("import _ctypes_needs_it\nimport ctypes\n")
    (tmp_path / "_ctypes_needs_it.py").write_text("import _ctypes\n")
    found = examine("import both", forbid=["_ctypes.*.so"], cwd=tmp_path)
    assert found.verdict == "forbidden"
    assert all(Path(road.forbidden).name.startswith("_ctypes.") for road in found.roads)
    assert len(found.roads) >= 2
    assert roads(found)[0] == [("<target>", 1), ("both.py", 1), ("_ctypes_needs_it.py", 1)]


def test_a_graph_with_too_many_roads_says_so(tmp_path: Path) -> None:
    width = 9  # 2 ** 9 roads
    for step in range(width):
        (tmp_path / f"a{step}.py").write_text(f"import a{step + 1}, b{step + 1}\n")
        (tmp_path / f"b{step}.py").write_text(f"import a{step + 1}, b{step + 1}\n")
    for name in ("a", "b"):
        (tmp_path / f"{name}{width}.py").write_text("import heavy\n")
    (tmp_path / "heavy.py").write_text("")
    found = examine("import a0, b0", forbid=["heavy"], cwd=tmp_path)
    assert found.verdict == "forbidden"
    assert len(found.roads) == 100
    assert found.confidence["roads"] == "There are more roads than are told here."


def test_a_road_through_the_start_of_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import heavy\n")
    (tmp_path / "heavy.py").write_text("")
    found = examine("import json", forbid=["heavy"], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert found.verdict == "forbidden"
    assert roads(found)[0][-1] == ("sitecustomize.py", 1)
