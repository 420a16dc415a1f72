"""What is left of a source file without the bodies of its functions says the same about its imports."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from dsa110_contimg.doctor.imports.reduction import drop_bodies
from dsa110_contimg.doctor.imports.scanner import scan_source


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("def f():\n    import a\nimport b\n", "def f():0\n\nimport b\n"),
        ("def f(): import a\nimport b\n", "def f():0\nimport b\n"),
        ("def f(\n    x,\n):\n    import a\n\nimport b", "def f():0\n\n\n\n\nimport b"),
        ("class C:\n    def f(self):\n        import a\n    import b\n", "class C:\n    def f():0\n\n    import b\n"),
        ("if x:\n\tdef f():\n\t\timport a\n\timport b\n", "if x:\n\tdef f():0\n\n\timport b\n"),
        ("def f():\n    '''\nimport a\n'''\n# import\n    x\nimport b", "def f():0\n\n\n\n\n\nimport b"),
        ("async  def f():\n    import a\nimport b", "def f():0\n\nimport b"),
        ("@d\ndef f():\n  pass\n@d\ndef g():\n  pass", "@d\ndef f():0\n\n@d\ndef g():0\n"),
        ("x = '''\ndef f():\n'''\nimport b", "x = '''\ndef f():\n'''\nimport b"),
        ("x = r'\\'; y = 'a\\\n'\nimport b", None),
        ("x = 'open", None),
        ("x = 1\r\ndef f():\r\n    pass", None),
        ("def __getattr__(name):\n    import a\n", "def __getattr__(name):\n    import a\n"),
        ("def f(x=__import__('a')):\n    pass\n", "def f(x=__import__('a')):\n    pass\n"),
        ("", ""),
        ("define = 1\n", "define = 1\n"),
    ],
)
def test_what_is_left(source: str, left: str | None) -> None:
    shortened = drop_bodies(source.encode())
    assert shortened == (None if left is None else left.encode())


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    x = (1,\n2)\n    import a\nimport b",  # goes on further out, within brackets
        "def f():\n    x = 1 + \\\n2\n    import a\nimport b",
        'x = """a" \'\'\' """; y = \'"""\'\ndef f(): """\ndef g(): """\nimport b',
        "x = '''it''s \\''' '''\nimport b",
        "def f():\n\timport a\n        # comment\nimport b",
        "def é():\n    import a\nimport b",
        "x = f\"{'a'}\" ''\nimport b",
        "if x:\n    def f(): pass\nelse:\n    import b",
        "def f():\n    pass\n    # import a\n\n\n    import a\n\x0c\nimport b",
        "class C: \n  def f(self): pass\n  def g(self): pass\nimport b",
    ],
)
def test_it_says_the_same(source: str) -> None:
    whole = scan_source(source.encode())
    assert whole.fault is None
    assert scan_source(source.encode(), is_valid=True) == whole


def test_it_says_the_same_about_the_standard_library() -> None:
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    assert len(files) > 150
    shortened = 0
    for file in files:
        data = file.read_bytes()
        assert scan_source(data, is_valid=True) == scan_source(data), file
        shortened += len(drop_bodies(data) or data) < len(data) / 2
    assert shortened > len(files) / 2, "it is worth it"
