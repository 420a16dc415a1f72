"""A door in a package: what the source becomes, and that nobody who uses the package sees a difference."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from dsa110_contimg.doctor.edits.application import apply_plan
from dsa110_contimg.doctor.edits.door import Door, write_door
from dsa110_contimg.doctor.edits.planner import plan_edits
from dsa110_contimg.doctor.imports.graph import Statement
from edited import edit, plan, write_package

FILES = {
    "pkg/__init__.py": """
        '''A package.'''

        import os as _os

        from .light import small
        # What people want.
        from .heavy import (  # noqa: F401
            Big,
            run as start,
        )
        from . import third

        VERSION = "1"


        def begin():
            return start(), _os
    """,
    "pkg/light.py": "def small():\n    return 1\n",
    "pkg/heavy.py": "class Big:\n    pass\n\n\ndef run():\n    return 'ran'\n",
    "pkg/third.py": "X = 3\n",
}
AFTER = """
'''A package.'''

import os as _os

from .light import small

TYPE_CHECKING = False
if TYPE_CHECKING:
    # What people want.
    from .heavy import (  # noqa: F401
        Big,
        run as start,
    )
    from . import third
else:

    def __getattr__(name):  # loads on first use what the import need not load (PEP 562)
        global Big, start
        if name in {"Big", "start"}:
            from .heavy import Big, run as start
        elif name in {"heavy", "third"}:
            __import__(f"{__name__}.{name}")
        elif name == "__all__":
            return [key for key in __dir__() if not key.startswith("_")]  # what a star import takes
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals()[name]

    def __dir__():
        return sorted({*globals(), "Big", "start", "heavy", "third"} - {"TYPE_CHECKING"})

VERSION = "1"


def begin():
    from .heavy import run as start

    return start(), _os
"""
QUESTIONS = {
    "attribute": "import pkg; print(pkg.Big.__module__, pkg.start(), pkg.third.X, pkg.heavy.__name__, pkg.small())",
    "from": "from pkg import Big, start, third, heavy, small; print(Big.__module__, third.X, heavy.__name__)",
    "star": "from pkg import *; print(sorted(n for n in globals() if n[0] != '_'), Big.__module__)",
    "dir": "import pkg; print([n for n in dir(pkg) if n[0] != '_'])",
    "pickle": "import pkg, pickle; print(type(pickle.loads(pickle.dumps(pkg.Big()))).__module__)",
    "function": "import pkg; print(pkg.begin()[0])",
    "missing": "import pkg; print(hasattr(pkg, 'no'))\ntry: from pkg import no\nexcept ImportError as e: print(e.name)",
    "submodule": "import pkg.heavy, pkg.third; print(pkg.heavy.run(), pkg.third.X)",
    "replaced": "from unittest import mock\nimport pkg\nwith mock.patch('pkg.Big', 5): print(pkg.Big)\nprint(pkg.Big)",
    "same object": "import pkg; from pkg.heavy import Big; print(pkg.Big is Big, pkg.Big is pkg.Big)",
    "members": "import inspect, pkg; print([n for n, _ in inspect.getmembers(pkg) if n[0] != '_'])",
}


def ask(root: Path, question: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", question], cwd=root, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_the_source_becomes(tmp_path: Path) -> None:
    root = write_package(tmp_path, FILES)
    made = plan(root, "pkg", "from .heavy", "from . import third")
    assert not made.refusals
    assert made.edits[0].after.decode() == AFTER.lstrip("\n")
    assert made.edits[0].served == ("Big", "start", "heavy", "third")
    assert set(made.edits[0].forms) == {"move", "door"}


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    before, after = (write_package(tmp_path_factory.mktemp(name), FILES) for name in ("before", "after"))
    apply_plan(plan(after, "pkg", "from .heavy", "from . import third"))
    loaded = "import sys, json, pkg; print(json.dumps([m for m in sys.modules if m.startswith('pkg')]))"
    assert set(json.loads(ask(before, loaded))) == {"pkg", "pkg.light", "pkg.heavy", "pkg.third"}
    assert set(json.loads(ask(after, loaded))) == {"pkg", "pkg.light"}
    return before, after


@pytest.mark.parametrize("name", QUESTIONS)
def test_nobody_sees_a_difference(name: str, twins: tuple[Path, Path]) -> None:
    before, after = twins
    assert ask(after, QUESTIONS[name]) == ask(before, QUESTIONS[name])


def test_an_all_is_kept(tmp_path: Path) -> None:
    text = "from .heavy import a, b\n\n__all__ = ['a']\n"
    after = edit(tmp_path, text, "from .heavy", name="__init__.py", **{"pkg/heavy.py": "a = b = 1\n"})
    assert after.endswith("\n\n__all__ = ['a']\n")
    assert '"__all__"' not in after
    assert ask(tmp_path, "from pkg import *; print(a)") == "1\n"


def test_a_name_that_others_take_from_a_module_is_served_there(tmp_path: Path) -> None:
    others = {"pkg/heavy.py": "x = 1\n", "pkg/other.py": "def f():\n    from pkg.tools import x\n    return x\n"}
    after = edit(tmp_path, "from .heavy import x\n\n\ndef f():\n    return x\n", "from .heavy", **others)
    assert "def __getattr__(name)" in after
    (tmp_path / "pkg" / "tools.py").write_text(after)
    assert ask(tmp_path, "import pkg.other, pkg.tools; print(pkg.other.f(), pkg.tools.f())") == "1 1\n"


def test_a_star_import_takes_only_what_is_listed(tmp_path: Path) -> None:
    others = {"pkg/heavy.py": "x = 1\n", "pkg/other.py": "from pkg.tools import *\n"}
    text = "from .heavy import x\n\n__all__ = ['f']\n\n\ndef f():\n    return x\n"
    assert "__getattr__" not in edit(tmp_path, text, "from .heavy", **others)
    assert "__getattr__" in edit(tmp_path, text.replace("['f']", "['f', 'x']"), "from .heavy", **others)


def test_a_name_that_nobody_takes_is_dropped_and_that_is_told(tmp_path: Path) -> None:
    root = write_package(tmp_path, {"tools.py": "from heavy import x\n\n\ndef f():\n    return x\n"})
    (one,) = plan(root, "tools", "from heavy").edits
    assert (one.forms, one.dropped, one.served) == (("move",), ("x",), ())


def test_the_eager_import_that_a_merge_put_back_beside_a_door_is_removed(tmp_path: Path) -> None:
    root = write_package(tmp_path, FILES)
    apply_plan(plan(root, "pkg", "from .heavy", "from . import third"))
    path = root / "pkg" / "__init__.py"
    cured = path.read_bytes()
    path.write_bytes(cured + b"from .heavy import Big\n")
    line = len(path.read_text().splitlines())
    made = plan_edits([Statement("pkg", str(path), line, line, "from .heavy import Big")])
    assert not made.refusals
    assert (made.edits[0].forms, made.edits[0].after) == (("removal",), cured)


def test_a_door_whose_name_is_called_name() -> None:
    text = write_door(Door((("from .x import name", ("name",)),), ("y",), is_listed=True), "\t")
    compile(text, "door", "exec")
    assert "def __getattr__(_name)" in text


def test_many_names_stay_within_lines(tmp_path: Path) -> None:
    names = [f"a_rather_long_name_{number}" for number in range(40)]
    text = f"from .heavy import {', '.join(names)}\n"
    after = edit(tmp_path, text, "from .heavy", name="__init__.py", **{"pkg/heavy.py": ""})
    path = tmp_path / "pkg" / "heavy.py"
    path.write_text("".join(f"{name} = {number}\n" for number, name in enumerate(names)))
    path.with_name("__init__.py").write_text(after)
    assert ask(tmp_path, f"from pkg import {names[-1]}; print({names[-1]})") == "39\n"
    assert dedent(after)


def test_a_door_has_the_line_endings_and_the_indentation_of_its_file(tmp_path: Path) -> None:
    root = write_package(tmp_path, {"pkg/heavy.py": "x = 1\n"})
    path = root / "pkg" / "__init__.py"
    path.write_bytes(b"if 1:\r\n\ty = 2\r\nfrom .heavy import x\r\n")
    made = plan(root, "pkg", "from .heavy").edits[0].after
    assert made.count(b"\n") == made.count(b"\r\n") > 10
    assert b"\r\nelse:\r\n\r\n\tdef __getattr__(name):" in made
    assert b"\r\n\t\treturn globals()[name]\r\n\r\n\tdef __dir__():\r\n" in made
    path.write_bytes(made)
    assert ask(root, "import pkg; print(pkg.y, pkg.x)") == "2 1\n"
