"""Imports that stay where they are, and the line and reason that are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsa110_contimg.doctor.edits.planner import _list_missed, plan_edits
from dsa110_contimg.doctor.imports.graph import Statement
from edited import edit, find_statements, refuse, write_package

HEAVY = "import heavy\n"
USED = "def f():\n    return heavy\n"
CASES = {
    "base class": (HEAVY + "class A(heavy.B):\n    pass\n", "2: `heavy` is used at import, in a base class"),
    "metaclass": (HEAVY + "class A(metaclass=heavy.B):\n    pass\n", "2: `heavy` is used at import, in a base class"),
    "decorator": (HEAVY + "@heavy.jit\ndef f():\n    pass\n", "2: `heavy` is used at import, in a decorator"),
    "class decorator": (HEAVY + "@heavy.jit\nclass A:\n    pass\n", "2: `heavy` is used at import, in a decorator"),
    "method decorator": (
        HEAVY + "class A:\n    @heavy.jit\n    def f(self): pass\n",
        "3: `heavy` is used at import, in a decorator",
    ),
    "default": (HEAVY + "def f(x=heavy.X):\n    pass\n", "2: `heavy` is used at import, in a default value"),
    "keyword default": (HEAVY + "def f(*, x=heavy.X): pass\n", "2: `heavy` is used at import, in a default value"),
    "call": (HEAVY + "\nheavy.setup()\n", "3: `heavy` is used at import, in an expression at module level"),
    "comprehension": (
        HEAVY + "X = [1 for x in heavy]\n",
        "2: `heavy` is used at import, in an expression at module level",
    ),
    "lambda": (HEAVY + "f = lambda: heavy.x\n", "2: `heavy` is used at import, in a lambda at module level"),
    "isinstance": (
        HEAVY + "if isinstance(1, heavy.X): pass\n",
        "2: `heavy` is used at import, in a call of isinstance",
    ),
    "except": (
        HEAVY + "try:\n    pass\nexcept heavy.Error:\n    pass\n",
        "4: `heavy` is used at import, in an except clause",
    ),
    "class body": (HEAVY + "class A:\n    x = heavy.x\n", "3: `heavy` is used at import, in a class body"),
    "annotation": (
        HEAVY + "def f(x: heavy.X): pass\n",
        (
            "2: `heavy` is used at import, in an annotation that is evaluated; "
            "`from __future__ import annotations` would keep it from being evaluated"
        ),
    ),
    "global": (HEAVY + "def f():\n    global heavy\n    heavy = 1\n", "3: `heavy` is declared global by a function"),
    "bound again": (HEAVY + USED + "heavy = 1\n", "4: `heavy` is bound in more than one place"),
    "imported again": (HEAVY + "import heavy.core\n" + USED, "2: `heavy` is bound in more than one place"),
    "class that hides it": (
        HEAVY + "def f():\n    class A:\n        heavy = heavy\n    return A\n",
        "4: `heavy` is bound in more than one place",
    ),
    "fallback": (
        "try:\n    import heavy\n    HAVE = True\nexcept ImportError:\n    HAVE = False\n" + USED,
        "2: it stands in a `try`, whose other branches depend on whether it fails",
    ),
    "condition": ("import sys\nif sys.platform:\n    import heavy\n" + USED, "3: it is executed under a condition"),
    "class": ("class A:\n    import heavy\n", "2: it stands in a class body"),
    "with": ("with open('/dev/null'):\n    import heavy\n" + USED, "2: it stands in a block"),
    "star": ("from heavy import *\n", "1: a star import binds names that the source does not tell"),
    "unused": (HEAVY, "1: nothing uses the name that it binds, so it is imported for its effect"),
    "comment": (
        "import heavy  # registers the units\n" + USED,
        "1: its comment says that it is imported for its effect",
    ),
    "globals": (
        HEAVY + "def f(n):\n    return globals()[n], heavy\n",
        "3: the module uses `globals`, which may read `heavy`",
    ),
    "eval": (HEAVY + USED + "def g(n):\n    return eval(n)\n", "5: the module uses `eval`, which may read `heavy`"),
    "hints": (
        (
            "from __future__ import annotations\nimport typing\nimport heavy\ndef f(x: heavy.X):\n    return heavy\n"
            "H = typing.get_type_hints(f)\n"
        ),
        "6: the module uses `get_type_hints`, which may read `heavy`",
    ),
}
PACKAGES = {
    "existing getattr": (
        "from .sub import Heavy\ndef __getattr__(name):\n    raise AttributeError(name)\n",
        "2: the module has a `__getattr__` already",
    ),
    "existing dir": (
        "from .sub import Heavy\ndef __dir__():\n    return []\n",
        "2: the module has a `__dir__` already",
    ),
    "unreadable all": (
        "from .sub import Heavy\n__all__ = [n for n in dir()]\n",
        "2: `__all__` is put together in a way that cannot be read",
    ),
    "changed all": (
        "from .sub import Heavy\n__all__ = ['Heavy']\n__all__.append('x')\n",
        "1: `__all__` is put together in a way that cannot be read",
    ),
    "name of a submodule": (
        "from .sub import sub\n",
        "1: `sub` is also the name of a submodule, which would take its place once somebody imports that",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refusal(name: str, tmp_path: Path) -> None:
    text, expected = CASES[name]
    first = "from heavy" if "from heavy" in text else "import heavy"
    assert refuse(tmp_path, text, first) == expected


@pytest.mark.parametrize("name", PACKAGES)
def test_refusal_of_a_door(name: str, tmp_path: Path) -> None:
    text, expected = PACKAGES[name]
    assert (
        refuse(tmp_path, text, "from .sub", name="__init__.py", files={"pkg/sub.py": "Heavy = sub = 1\n"}) == expected
    )


@pytest.mark.parametrize(
    "test",
    [
        "from unittest import mock\ndef test_f():\n    with mock.patch('pkg.tools.heavy'): pass\n",
        "from unittest.mock import patch\n\n@patch('pkg.tools.heavy.run')\ndef test_f(_): pass\n",
        "from pkg import tools\ndef test_f(monkeypatch):\n    monkeypatch.setattr(tools, 'heavy', 1)\n",
    ],
)
def test_a_name_that_tests_replace_stays(test: str, tmp_path: Path) -> None:
    files = {"pyproject.toml": "", "tests/test_tools.py": test}
    told = refuse(tmp_path, HEAVY + USED, "import heavy", files=files)
    assert told == (
        "1: `pkg.tools.heavy` is replaced in test_tools.py, line 3, which would no longer reach the functions that "
        "use it"
    )


def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tools.py"
    for data, line, told in (
        (b"import heavy\ndef f(:\n", 2, "the file cannot be read: "),
        (b"# coding: klingon\nimport heavy\n", 1, "the file cannot be read: unknown encoding"),
        (b"import heavy\nx = '\xff'\n", 1, "the file cannot be read: "),
    ):
        path.write_bytes(data)
        (refusal,) = plan_edits([Statement("tools", str(path), 1, 1, "import heavy")]).refusals
        assert refusal.line == line
        assert refusal.reason.startswith(told)
    path.unlink()
    (refusal,) = plan_edits([Statement("tools", str(path), 1, 1, "import heavy")]).refusals
    assert refusal.reason == "the file cannot be read: No such file or directory"


def test_a_statement_that_moved_since_is_told(tmp_path: Path) -> None:
    root = write_package(tmp_path, {"tools.py": HEAVY + USED})
    statements = find_statements(root, "tools", "import heavy")
    write_package(tmp_path, {"tools.py": "x = 1\n" + HEAVY + USED})
    plan = plan_edits(statements)
    assert not plan.edits
    assert plan.refusals[0].reason.startswith("no such import stands on that line")


def test_the_target_itself_is_not_edited() -> None:
    (refusal,) = plan_edits([Statement("<target>", "<target>", 1, 1, "import heavy")]).refusals
    assert refusal.reason == "it is the target's own"


def test_one_refusal_does_not_keep_the_other_statements(tmp_path: Path) -> None:
    text = "import heavy\nimport light\nlight.setup()\n\n\ndef f():\n    return heavy\n"
    root = write_package(tmp_path, {"tools.py": text})
    plan = plan_edits(find_statements(root, "tools", "import heavy", "import light"))
    assert [refusal.line for refusal in plan.refusals] == [3]
    assert plan.edits[0].after == (b"import light\nlight.setup()\n\n\ndef f():\n    import heavy\n\n    return heavy\n")


def test_a_refused_statement_keeps_those_that_bind_the_same_name(tmp_path: Path) -> None:
    text = "import heavy.a\nimport heavy.b  # registers\n\n\ndef f():\n    return heavy\n"
    root = write_package(tmp_path, {"tools.py": text})
    plan = plan_edits(find_statements(root, "tools", "import heavy.a", "import heavy.b"))
    assert not plan.edits
    assert len(plan.refusals) == 2


def test_an_edit_is_made_once(tmp_path: Path) -> None:
    after = edit(tmp_path, HEAVY + USED, "import heavy")
    assert refuse(tmp_path, after, "import heavy") == "2: it stands in a function already"


def test_what_was_not_understood_is_seen_by_pythons_own_reading() -> None:
    text = "def f(x: a) -> a:\n    y: a = 1\n    class C:\n        def g(self):\n            return [b for _ in c]\n"
    assert _list_missed(text, {"a", "b", "c", "d"}) == {"b", "c"}
