"""Which statements of a source file are executed at import."""

from __future__ import annotations

import textwrap

import pytest

from dsa110_contimg.doctor.imports.events import Binding, Exports, Import
from dsa110_contimg.doctor.imports.scanner import scan_source


def imports(source: str | bytes, *, is_main: bool = False) -> list[tuple[int, str, bool]]:
    """Return line, text and whether it is conditional of each import that is executed."""
    data = source if isinstance(source, bytes) else textwrap.dedent(source).encode()
    scan = scan_source(data, is_main=is_main)
    assert scan.fault is None, scan.fault
    return [(event.line, event.text, event.is_conditional) for event in scan.events if isinstance(event, Import)]


EXECUTED = {
    "module level": ("import a", False),
    "after a semicolon": ("x = 1; import a", False),
    "class body": ("class C:\n    import a", False),
    "class in a class": ("class C:\n    class D:\n        import a", False),
    "with": ("with open('f') as f:\n    import a", False),
    "with suppress": ("with suppress(ImportError):\n    import a", True),
    "with contextlib.suppress": ("with contextlib.suppress(ImportError):\n    import a", True),
    "if": ("if x:\n    import a", True),
    "elif": ("if x:\n    pass\nelif y:\n    import a", True),
    "else": ("if x:\n    pass\nelse:\n    import a", True),
    "try": ("try:\n    import a\nexcept ImportError:\n    pass", True),
    "except": ("try:\n    pass\nexcept ImportError:\n    import a", True),
    "except*": ("try:\n    pass\nexcept* OSError:\n    import a", True),
    "else of a try": ("try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    import a", True),
    "finally": ("try:\n    pass\nexcept ImportError:\n    pass\nfinally:\n    import a", False),
    "try without except": ("try:\n    import a\nfinally:\n    pass", False),
    "for": ("for x in y:\n    import a", True),
    "else of a for": ("for x in y:\n    pass\nelse:\n    import a", True),
    "while": ("while x:\n    import a", True),
    "match": ("match x:\n    case 1:\n        import a", True),
    "if True": ("if True:\n    import a", False),
    "else of if 0": ("if 0:\n    pass\nelse:\n    import a", False),
    "not TYPE_CHECKING": ("if not TYPE_CHECKING:\n    import a", False),
    "else of TYPE_CHECKING": ("if TYPE_CHECKING:\n    pass\nelse:\n    import a", False),
    "elif after TYPE_CHECKING": ("if typing.TYPE_CHECKING:\n    pass\nelif x:\n    import a", True),
    "TYPE_CHECKING or": ("if TYPE_CHECKING or x:\n    import a", True),
    "not TYPE_CHECKING and": ("if not TYPE_CHECKING and x:\n    import a", True),
    "not TYPE_CHECKING or": ("if not TYPE_CHECKING or x:\n    import a", False),
    "not __main__": ("if __name__ != '__main__':\n    import a", False),
    "else of __main__": ("if __name__ == '__main__':\n    pass\nelse:\n    import a", False),
}

NOT_EXECUTED = {
    "def": "def f():\n    import a",
    "async def": "async def f():\n    import a",
    "method": "class C:\n    def f(self):\n        import a",
    "def in an if": "if x:\n    def f():\n        import a",
    "lambda": "f = lambda: __import__('a')",
    "TYPE_CHECKING": "if TYPE_CHECKING:\n    import a",
    "typing.TYPE_CHECKING": "if typing.TYPE_CHECKING:\n    import a",
    "TYPE_CHECKING of our own": "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import a",
    "TYPE_CHECKING and": "if x and TYPE_CHECKING:\n    import a",
    "in an if in TYPE_CHECKING": "if TYPE_CHECKING:\n    if x:\n        import a",
    "else of not TYPE_CHECKING": "if not TYPE_CHECKING:\n    pass\nelse:\n    import a",
    "if False": "if False:\n    import a",
    "elif after if True": "if 1:\n    pass\nelif x:\n    import a",
    "__main__": "if __name__ == '__main__':\n    import a",
    "__main__, the other way round": "if '__main__' == __name__:\n    import a",
    "in a text": '"""\nimport a\n"""',
    "in a comment": "# import a",
    "a function of that name": "def import_module(name): ...\nimport_module('a')",
    "a computed name": "__import__(name)",
}


@pytest.mark.parametrize("name", EXECUTED)
def test_it_is_executed(name: str) -> None:
    source, is_conditional = EXECUTED[name]
    assert [(text, conditional) for _, text, conditional in imports(source)] == [("import a", is_conditional)]


@pytest.mark.parametrize("name", NOT_EXECUTED)
def test_it_is_not_executed(name: str) -> None:
    assert imports(NOT_EXECUTED[name]) == []


def test_another_name_for_type_checking() -> None:
    assert imports("from typing import TYPE_CHECKING as T\nif T:\n    import a") == [
        (1, "from typing import TYPE_CHECKING as T", False)
    ]


def test_a_script_is_main() -> None:
    source = "if __name__ == '__main__':\n    import a\nelse:\n    import b\n"
    assert imports(source, is_main=True) == [(2, "import a", False)]
    assert imports(source) == [(4, "import b", False)]


@pytest.mark.parametrize(
    ("call", "level", "module", "names"),
    [
        ("__import__('a.b')", 0, "a.b", None),
        ("__import__('a.b', fromlist=['c', 'd'])", 0, "a.b", ("c", "d")),
        ("__import__('a', globals(), locals(), ['c'], 1)", 1, "a", ("c",)),
        ("importlib.import_module('a.b')", 0, "a.b", None),
        ("importlib.import_module('.b', __package__)", 1, "b", None),
        ("importlib.import_module('..b', package='x.y.z')", 0, "x.y.b", None),
        ("il.import_module('a')", 0, "a", None),
        ("load('a')", 0, "a", None),
    ],
)
def test_imports_by_a_literal_name(call: str, level: int, module: str, names: tuple[str, ...] | None) -> None:
    source = "import importlib, importlib as il\nfrom importlib import import_module as load\n"
    scan = scan_source(f"{source}x = {call}\n".encode())
    found = [event for event in scan.events if isinstance(event, Import)][-1]
    assert (found.line, found.text, found.is_conditional) == (3, f"x = {call}", False)
    assert [(request.level, request.module, request.names) for request in found.requests] == [(level, module, names)]


@pytest.mark.parametrize(
    ("source", "is_conditional"),
    [
        ("@register(__import__('a'))\ndef f(): ...", False),
        ("def f(x=__import__('a')): ...", False),
        ("class C(__import__('a').B): ...", False),
        ("if __import__('a').x:\n    pass", False),
        ("with __import__('a').x:\n    pass", False),
        ("for x in __import__('a').x:\n    pass", False),
        ("f = lambda x=__import__('a'): x", False),
        ("y = x and __import__('a')", True),
        ("y = __import__('a') if x else None", True),
        ("y = [__import__('a') for x in z]", True),
        ("try:\n    __import__('a')\nexcept ImportError:\n    pass", True),
    ],
)
def test_a_call_is_executed_where_its_expression_is(source: str, is_conditional: bool) -> None:
    assert [conditional for _, _, conditional in imports(source)] == [is_conditional]


def test_lines_and_texts() -> None:
    source = "import a; import b\nfrom c import (  # why\n    d,\n    e as f,\n)\nx = {\n 1: __import__('g'),\n}\n"
    scan = scan_source(source.encode())
    assert [(event.line, event.end_line, event.text) for event in scan.events if isinstance(event, Import)] == [
        (1, 1, "import a"),
        (1, 1, "import b"),
        (2, 5, "from c import d, e as f"),
        (7, 7, "__import__('g')"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        "# -*- coding: latin-1 -*-\nä = 1; import é\n".encode("latin-1"),
        "\ufeffé = 1\nä = 1; import é\n".encode(),
        "é = 1\r\nä = 1; import é\r\n".encode(),
        "é = 1\rä = 1; import é\r".encode(),
        "# vim: set fileencoding=cp1252 :\nä = '€'; import é\n".encode("cp1252"),
        "x = '\x0c\x1c\u2028'\nä = '\u2028'; import é\n".encode(),
    ],
)
def test_every_encoding_and_line_end(data: bytes) -> None:
    assert imports(data) == [(2, "import é", False)]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"import a\nx = (\n", 2),
        (b"print 'hello'\n", 1),
        (b"# coding: klingon\nimport a\n", ...),
        (b"x = '\xff'\nimport a\n", ...),
        (b"x = 1\0\nimport a\n", ...),
        (b"x = " + b"(" * 10_000 + b")" * 10_000, ...),
        (b"x = " + b"-" * 200_000 + b"1", ...),
    ],
)
def test_what_is_no_python_says_so(data: bytes, line: object) -> None:
    scan = scan_source(data)
    assert scan.events == ()
    assert scan.fault is not None
    assert scan.fault[1].startswith("it is no Python: ")
    if line is not ...:
        assert scan.fault[0] == line


def test_a_thousand_elifs() -> None:
    chain = "".join(f"elif x == {number}:\n    import a{number}\n" for number in range(1, 1500))
    assert len(imports(f"if x == 0:\n    import a0\n{chain}")) == 1500


def test_an_invalid_escape_warns_nobody() -> None:
    assert imports(r"import a; x = '\d'") == [(1, "import a", False)]


def test_names_that_are_bound() -> None:
    source = """
    a = b, (c, *d) = 1, (2, 3)
    def e(): f = 1
    class g: h = 1
    with x as i: j = 1
    k: int = 1
    l: int
    if x:
        m = 1
    for n in x: o = 1
    del a
    __all__ = ["p"] + ["q", *other]
    __all__ += ("r",)
    __all__.extend(["s"])
    """
    events = scan_source(textwrap.dedent(source).encode()).events
    assert events == (
        Binding(("a", "b", "c", "d", "e", "g", "i", "j", "k"), True),
        Binding(("m", "n", "o", "a"), False),
        Exports(("p", "q"), False),
        Exports(("r",), True),
        Exports(("s",), True),
    )


def test_a_door_tells_what_it_loads() -> None:
    door = "if TYPE_CHECKING:\n    from .room import x\ndef __getattr__(name):\n    from . import room2 as y\n"
    assert [event.text for event in scan_source(door.encode()).doors] == [
        "from .room import x",
        "from . import room2 as y",
    ]
    assert scan_source(door.replace("__getattr__", "other").encode()).doors == ()
