"""An import moved into the functions that use it: what the source becomes, character by character."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from edited import edit, plan

MOVES = {
    "function": (
        """
        '''Tools.'''
        # Opens tables.
        from heavy.tables import table  # noqa: E402

        X = 1  # one


        def read(path):
            '''Read it.'''
            # The rows.
            return table(path)


        def free():
            return X
        """,
        """
        '''Tools.'''

        X = 1  # one


        def read(path):
            '''Read it.'''
            # Opens tables.
            from heavy.tables import table  # noqa: E402

            # The rows.
            return table(path)


        def free():
            return X
        """,
    ),
    "methods, async, nested": (
        """
        import heavy


        class Reader:
            size: int = 3

            @property
            def rows(self): return heavy.rows(self)

            async def wait(self):
                def inner():
                    return [heavy.x for _ in heavy.y]
                return inner

            def outer(self):
                heavy.begin()
                return lambda: heavy.end()
        """,
        """


        class Reader:
            size: int = 3

            @property
            def rows(self):
                import heavy

                return heavy.rows(self)

            async def wait(self):
                def inner():
                    import heavy

                    return [heavy.x for _ in heavy.y]
                return inner

            def outer(self):
                import heavy

                heavy.begin()
                return lambda: heavy.end()
        """,
    ),
    "the function that holds it serves those within": (
        """
        import heavy as h
        def outer():
            x = h.x
            def inner():
                return h.y
            return inner
        """,
        """
        def outer():
            import heavy as h

            x = h.x
            def inner():
                return h.y
            return inner
        """,
    ),
    "some names": (
        """
        from heavy import (
            a,  # the first
            b as c,
        )
        import os


        def f():
            return a


        def g():
            return a, c
        """,
        """
        import os


        def f():
            from heavy import a

            return a


        def g():
            from heavy import (
                a,  # the first
                b as c,
            )

            return a, c
        """,
    ),
    "dotted": (
        """
        import heavy.core


        def f(): return heavy.core.run()
        """,
        """


        def f():
            import heavy.core

            return heavy.core.run()
        """,
    ),
    "annotations": (
        """
        from __future__ import annotations

        import heavy


        def f(x: heavy.Table, *rest: heavy.Row) -> "heavy.Table":
            y: heavy.Table = x
            return y
        """,
        """
        from __future__ import annotations

        TYPE_CHECKING = False
        if TYPE_CHECKING:
            import heavy


        def f(x: heavy.Table, *rest: heavy.Row) -> "heavy.Table":
            y: heavy.Table = x
            return y
        """,
    ),
    "annotations and code": (
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from heavy import Table
        class Reader:
            table: Table | None = None
            def read(self) -> Table:
                self.table = Table()
                return self.table
        """,
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from heavy import Table

        class Reader:
            table: Table | None = None
            def read(self) -> Table:
                from heavy import Table

                self.table = Table()
                return self.table
        """,
    ),
    "shadows": (
        """
        import heavy


        def parameter(heavy): return heavy
        def assigned():
            heavy = 1
            return heavy
        def loop():
            return [heavy for heavy in range(3)]
        def caught():
            try: pass
            except ValueError as heavy: return heavy
        class Holder:
            heavy = 1
            def get(self):
                return heavy.x
        """,
        """


        def parameter(heavy): return heavy
        def assigned():
            heavy = 1
            return heavy
        def loop():
            return [heavy for heavy in range(3)]
        def caught():
            try: pass
            except ValueError as heavy: return heavy
        class Holder:
            heavy = 1
            def get(self):
                import heavy

                return heavy.x
        """,
    ),
    "one line": (
        """
        import os; import heavy; import sys
        def f(): '''Do it.'''; return heavy
        def g(): return os, sys
        """,
        """
        import os; import sys
        def f():
            '''Do it.'''
            import heavy

            return heavy
        def g(): return os, sys
        """,
    ),
    "main": (
        """
        import heavy

        if __name__ == "__main__":
            heavy.run()
        """,
        """

        if __name__ == "__main__":
            import heavy

            heavy.run()
        """,
    ),
    "except and isinstance in a function": (
        """
        import heavy
        def f(x):
            try:
                return isinstance(x, heavy.A)
            except heavy.Error:
                return None
        """,
        """
        def f(x):
            import heavy

            try:
                return isinstance(x, heavy.A)
            except heavy.Error:
                return None
        """,
    ),
    "tabs": (
        "import heavy\ndef f():\n\tif 1:\n\t\treturn heavy\n",
        "def f():\n\timport heavy\n\n\tif 1:\n\t\treturn heavy\n",
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_move(name: str, tmp_path: Path) -> None:
    before, after = (dedent(text).removeprefix("\n") for text in MOVES[name])
    first = "from heavy" if "from heavy" in before else "import heavy"
    assert edit(tmp_path, before, first) == after


def test_what_python_would_warn_of_is_no_matter(tmp_path: Path) -> None:
    others = {"pkg/other.py": "heavy = tools = '\\d'\n"}
    after = edit(tmp_path, "import heavy\n\n\ndef f():\n    return heavy, '\\d'\n", "import heavy", **others)
    assert after.endswith("    import heavy\n\n    return heavy, '\\d'\n")


def test_two_statements_that_bind_one_name_go_together(tmp_path: Path) -> None:
    text = "import heavy.a\nimport heavy.b\n\n\ndef f():\n    return heavy.a, heavy.b\n"
    after = edit(tmp_path, text, "import heavy.a", "import heavy.b")
    assert after == "\n\ndef f():\n    import heavy.a\n    import heavy.b\n\n    return heavy.a, heavy.b\n"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"# -*- coding: latin-1 -*-\n", "latin-1"),
        (b"# coding: cp1252\n", "cp1252"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_bytes_elsewhere_stay(head: bytes, encoding: str, ending: str, tmp_path: Path) -> None:
    first, text = "name = 'Jürgen'  \nimport heavy\n", "def f():\n    return heavy  # é\x0c \nlast = 1"
    path = tmp_path / "tools.py"
    path.write_bytes(head.replace(b"\n", ending.encode()) + (first + text).replace("\n", ending).encode(encoding))
    (one,) = plan(tmp_path, "tools", "import heavy").edits
    expected = (first + text).replace("import heavy\n", "").replace(":\n", ":\n    import heavy\n\n")
    assert one.after == head.replace(b"\n", ending.encode()) + expected.replace("\n", ending).encode(encoding)


def test_a_long_import_of_some_names_is_wrapped_with_the_line_endings_of_the_file(tmp_path: Path) -> None:
    names = [f"a_rather_long_name_{number}" for number in range(8)]
    path = tmp_path / "tools.py"
    text = f"from heavy import {', '.join(names)}\ndef f(): return {', '.join(names[1:])}\ndef g(): return {names[0]}\n"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    made = plan(tmp_path, "tools", "from heavy").edits[0].after
    assert made.count(b"\n") == made.count(b"\r\n")
    assert b"def f():\r\n    from heavy import (\r\n        a_rather_long_name_1,\r\n" in made
