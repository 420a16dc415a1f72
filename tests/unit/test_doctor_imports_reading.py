"""The graph of a target, read from source, for each way in which Python finds and loads modules."""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from dsa110_contimg.doctor.errors import BadInterpreterError, BadTargetError, ScriptNotFoundError
from dsa110_contimg.doctor.imports import cache
from dsa110_contimg.doctor.imports.events import Scan
from dsa110_contimg.doctor.imports.graph import ImportGraph
from dsa110_contimg.doctor.imports.reading import read_imports
from dsa110_contimg.doctor.imports.scanner import scan_source


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working directory; what is kept from run to run stands beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def write(folder: Path, **files: str) -> None:
    """Write modules; ``a__b`` is ``a/b.py``, ``a__`` is ``a/__init__.py``."""
    for name, text in files.items():
        stem = f"{name}init" if name.endswith("__") else name
        path = folder / f"{stem.replace('__', '/')}.py"
        path = path.with_name("__init__.py") if name.endswith("__") else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def edges(graph: ImportGraph) -> list[tuple[str, int, str]]:
    """Return importer, line and what is imported."""
    return [(edge.statement.module, edge.statement.line, edge.imported) for edge in graph.edges]


def kinds(graph: ImportGraph) -> dict[str, str]:
    return {name: module.kind for name, module in graph.modules.items()}


def test_packages_above_a_module_are_loaded(project: Path) -> None:
    write(project, a__="", a__b__="", a__b__c="import d", d="")
    graph = read_imports("a.b.c")
    assert graph.roots == ("a", "a.b", "a.b.c")
    assert edges(graph) == [*(("<target>", 1, name) for name in ("a", "a.b", "a.b.c")), ("a.b.c", 1, "d")]
    assert kinds(graph) == {"a": "package", "a.b": "package", "a.b.c": "source", "d": "source"}
    assert graph.modules["a.b"].file == str(project / "a/b/__init__.py")
    statement = graph.edges[-1].statement
    assert (statement.file, statement.end_line, statement.text) == (str(project / "a/b/c.py"), 1, "import d")
    assert graph.problems == ()


@pytest.mark.parametrize(
    ("init", "statement", "loaded"),
    [
        ("", "from a import b", ["a", "a.b"]),
        ("", "from a import b as c, x", ["a", "a.b"]),
        ("b = 1", "from a import b", ["a"]),
        ("if x:\n    b = 1", "from a import b", ["a", "a.b"]),
        ("b = 1\ndel b", "from a import b", ["a", "a.b"]),
        ("from .b import b", "from a import b", ["a"]),
        ("from . import b", "from a import b", ["a", "a.b"]),
        ("import a.b as b", "from a import b", ["a", "a.b"]),
        ("__all__ = ['b', 'x']", "from a import *", ["a", "a.b"]),
        ("__all__ = ['x'] + ['b']", "from a import *", ["a", "a.b"]),
        ("__all__ = ['x']\n__all__ += ['b']", "from a import *", ["a", "a.b"]),
        ("__all__ = ['b']\nb = 1", "from a import *", ["a"]),
        ("x = 1", "from a import *", ["a"]),
        ("from x import *", "from a import b", ["a", "a.b"]),
        ("from y import *", "from a import b", ["a"]),
        ("from y import b", "from a import b", ["a"]),
        ("class C:\n    from y import b", "from a import b", ["a", "a.b"]),
    ],
)
def test_a_name_of_a_package(init: str, statement: str, loaded: list[str], project: Path) -> None:
    write(project, a__=init, a__b="b = 1", x="__all__ = []\nb = 1", y="b = 1", user=statement)
    graph = read_imports("user")
    assert [edge.imported for edge in graph.edges if edge.statement.module == "user"] == loaded


def test_relative_imports(project: Path) -> None:
    write(
        project,
        a__="from .b import x",
        a__b__="from ..c import y\nfrom . import d",
        a__b__d="from ... import z",
        a__c="",
    )
    graph = read_imports("import a")
    assert edges(graph) == [("<target>", 1, "a"), ("a", 1, "a.b"), ("a.b", 1, "a.c"), ("a.b", 2, "a.b.d")]
    (problem,) = graph.problems
    assert (problem.file, problem.line) == (str(project / "a/b/d.py"), 1)
    assert "leads out of its package" in problem.message


def test_a_name_in_a_cycle_is_a_submodule_as_long_as_it_is_not_bound(project: Path) -> None:
    write(project, a__="import c\nb = 1\nimport d", a__b="", c="from a import b", d="from a import b")
    assert [edge for edge in edges(read_imports("a")) if edge[0] in "cd"] == [
        ("c", 1, "a"),
        ("c", 1, "a.b"),
        ("d", 1, "a"),
    ]


def test_a_package_in_parts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = project.parent / "other"
    write(project, space__one="")
    write(other, space__two="", found__="", found__three="")
    (project / "found").mkdir()  # a package further down the path comes before a folder that is none
    monkeypatch.setenv("PYTHONPATH", str(other))
    graph = read_imports("import space.one, space.two, found.three")
    assert kinds(graph) == {
        "space": "namespace",
        "space.one": "source",
        "space.two": "source",
        "found": "package",
        "found.three": "source",
    }
    assert graph.modules["space"].file is None


def test_what_comes_first_where_several_have_a_name(project: Path) -> None:
    write(project, a="import no", a__="")
    library = next(Path(sysconfig.get_config_var("DESTSHARED")).glob("_json.*"))
    shutil.copy(library, project / f"b{sysconfig.get_config_var('EXT_SUFFIX')}")
    write(project, b="import no", os="import no", sys="import no", abc="import no")
    graph = read_imports("import a, b, os, sys, abc")
    assert {name: kinds(graph)[name] for name in ("a", "b", "sys")} == {
        "a": "package",
        "b": "extension",
        "sys": "builtin",
    }
    assert "no" not in graph.modules


def test_bytecode_without_source(project: Path) -> None:
    write(project, b="import no", a="import b")
    py_compile.compile(str(project / "b.py"), cfile=str(project / "b.pyc"))
    (project / "b.py").unlink()
    graph = read_imports("a")
    assert kinds(graph)["b"] == "compiled"
    assert [(problem.file, problem.message) for problem in graph.problems] == [
        (str(project / "b.pyc"), "it is bytecode without source")
    ]


def test_damaged_and_unreadable_files_are_told_and_the_rest_is_read(project: Path) -> None:
    write(
        project, a="import broken\nimport damaged\nimport rest", broken="x = 1\nimport (", rest="import last", last=""
    )
    (project / f"damaged{sysconfig.get_config_var('EXT_SUFFIX')}").write_text("no ELF")
    graph = read_imports("a")
    assert "last" in graph.modules
    first, second = graph.problems
    assert (first.file, first.line) == (str(project / "broken.py"), 2)
    assert second.file.endswith(".so")
    assert second.message.startswith("it is no ")


def test_a_file_that_cannot_be_read(project: Path) -> None:
    write(project, a="import b, c", c="")
    (project / "b.py").symlink_to("/proc/self/mem")  # which is no text even for root
    graph = read_imports("a")
    assert [(problem.file, problem.message) for problem in graph.problems] == [
        (str(project / "b.py"), "it cannot be read: Input/output error")
    ]
    assert list(graph.modules) == ["a", "b", "c"]


def test_a_loop_of_links_is_no_module(project: Path) -> None:
    write(project, a="try:\n    import b\nexcept ImportError:\n    pass\n")
    (project / "b.py").symlink_to("b.py")
    assert kinds(read_imports("a")) == {"a": "source", "b": "missing"}


def test_what_is_missing(project: Path) -> None:
    write(project, a="import b.c\nfrom d import e", d="")
    assert kinds(read_imports("a")) == {"a": "source", "b": "missing", "b.c": "missing", "d": "source"}
    with pytest.raises(BadTargetError, match="nowhere"):
        read_imports("import a.nowhere")
    assert kinds(read_imports("try:\n    import nowhere\nexcept ImportError:\n    pass")) == {"nowhere": "missing"}
    write(project, door="def __getattr__(name):\n    import nowhere as x\n    return x\n")
    assert kinds(read_imports("from door import x")) == {"door": "source", "nowhere": "missing"}


def test_a_chain_longer_than_the_stack(project: Path) -> None:
    length = sys.getrecursionlimit() + 200
    for number in range(length):
        (project / f"m{number}.py").write_text(f"import m{number + 1}\n")
    (project / f"m{length}.py").write_text("")
    assert len(read_imports("m0").modules) == length + 1


def test_a_folder_and_a_script_are_targets(project: Path) -> None:
    write(project, src__pkg__="import pkg.inner", src__pkg__inner__="", src__pkg__inner__deep="")
    assert read_imports(project / "src/pkg").roots == ("pkg",)
    assert read_imports("src/pkg/inner").roots == ("pkg", "pkg.inner")
    assert read_imports(Path("src")).roots == ("src",)
    write(project, src__run="import pkg\nif __name__ == '__main__':\n    import pkg.inner.deep\n")
    graph = read_imports("src/run.py")
    assert edges(graph)[:1] == [("<target>", 1, "pkg")]
    assert edges(graph)[-1] == ("<target>", 3, "pkg.inner.deep")
    assert graph.edges[0].statement.file == str(project / "src/run.py")


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("", BadTargetError),
        ("import (", BadTargetError),
        ("absent.py", ScriptNotFoundError),
        ("./absent", ScriptNotFoundError),
        ("./no-name", BadTargetError),
        ("./broken.py", BadTargetError),
    ],
)
def test_bad_targets(target: str, error: type[Exception], project: Path) -> None:
    (project / "no-name").mkdir()
    (project / "broken.py").write_text("import (")
    with pytest.raises(error):
        read_imports(target)


def test_a_bad_interpreter(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInterpreterError):
        read_imports("json", python="no-such-python")
    (project / "sitecustomize.py").write_text("import os; os._exit(0)")
    monkeypatch.setenv("PYTHONPATH", str(project))
    with pytest.raises(BadInterpreterError, match="no answer"):
        read_imports("json")


def test_editable_installations_and_noise_at_the_start(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    away = project.parent / "away"
    write(away, real__="from . import part", real__part="", single="")
    write(
        project.parent / "site",
        sitecustomize="print('hello'); import sys, redirecting; sys.meta_path.append(redirecting.Finder)",
        redirecting=f"MAPPING = {{'shown': {str(away / 'real')!r}, 'single': {str(away / 'single.py')!r}}}\n"
        "class Finder:\n    def find_spec(*args): return None\n",
    )
    monkeypatch.setenv("PYTHONPATH", str(project.parent / "site"))
    graph = read_imports("import shown, single")
    assert graph.modules["shown"].file == str(away / "real/__init__.py")
    assert graph.modules["shown.part"].file == str(away / "real/part.py")
    assert graph.modules["single"].file == str(away / "single.py")


def test_a_lazy_door_is_passed_by_who_asks_for_the_name(project: Path) -> None:
    write(
        project,
        pkg__="TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from .room import thing as thing\n"
        "else:\n    def __getattr__(name):\n        from .other import this\n",
        pkg__room="import heavy",
        pkg__other="",
        heavy="",
        asks="from pkg import thing",
        does_not="from pkg import x",
    )
    assert kinds(read_imports("pkg")).keys() == {"pkg"}
    assert kinds(read_imports("does_not")).keys() == {"does_not", "pkg"}
    assert edges(read_imports("asks"))[1:] == [("asks", 1, "pkg"), ("asks", 1, "pkg.room"), ("pkg.room", 1, "heavy")]


def test_nothing_of_the_target_runs(project: Path) -> None:
    write(
        project, a="open('trace', 'w')\nimport json", json="import types; open('trace', 'w')", types="raise SystemExit"
    )
    assert kinds(read_imports("a")) == {"a": "source", "json": "source", "types": "source"}
    assert not (project / "trace").exists()


def test_what_is_kept_is_used_and_a_changed_file_is_read_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def scan(data: bytes, **options: bool) -> Scan:
        read.append(data)
        return scan_source(data, **options)

    monkeypatch.setattr(cache, "scan_source", scan)
    write(project, a="import b  # é", b="", c="")
    for name in "abc":
        os.utime(project / f"{name}.py", (1, 1))
    cold = read_imports("a")
    assert (read_imports("a"), len(read)) == (cold, 2)
    (project / "a.py").write_text("import c  # é")
    assert "c" in read_imports("a").modules
    assert "c" in read_imports("a").modules
    assert len(read) == 5, "what was written just now may be written again within the same tick, so it is not kept"
    os.utime(project / "a.py", (2, 2))
    (project / "c.py").write_text("import b")
    os.utime(project / "c.py", (1, 1))
    assert "b" in read_imports("a").modules, "of another size"
    assert (len(read_imports("a").modules), len(read)) == (3, 7)


def test_bytecode_proves_only_the_source_that_it_was_made_of(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[bool] = []

    def scan(data: bytes, *, is_valid: bool) -> Scan:
        known.append(is_valid)
        return scan_source(data, is_valid=is_valid)

    monkeypatch.setattr(cache, "scan_source", scan)
    write(project, a="def f():\n    import b\n")
    for text in ("def f():\n    import b\n", "def f():\n    import (\n"):
        write(project, a=text)
        read_imports("a")
    assert known == [False, False]
    write(project, a="def f():\n    import b\n")
    py_compile.compile(str(project / "a.py"), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
    assert kinds(read_imports("a")) == {"a": "source"}
    write(project, a="def f():\n    import (\nx = 1\n")
    assert read_imports("a").problems[0].line == 2
    assert known[2:] == [True, False]


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "other version", "folder", "unreadable place"])
def test_damage_to_what_is_kept_does_no_harm(
    damage: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, a="import b", b="")
    for name in "ab":
        os.utime(project / f"{name}.py", (1, 1))
    expected = read_imports("a")
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files
    for path in files:
        data = path.read_bytes()
        match damage:
            case "empty":
                path.write_bytes(b"")
            case "cut":
                path.write_bytes(data[: len(data) // 2])
            case "flipped":
                path.write_bytes(data.replace(b'"b"', b'"c"'))
            case "other version":
                path.write_bytes(data.replace(b"import-doctor 1", b"import-doctor 0", 1))
            case "folder":
                path.unlink()
                path.mkdir()
            case _:
                monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    assert read_imports("a") == expected
    assert read_imports("a") == expected


def test_many_at_the_same_time(project: Path) -> None:
    write(project, a="import b", b="import c", c="")
    for name in "abc":
        os.utime(project / f"{name}.py", (1, 1))
    script = "from dsa110_contimg.doctor.imports.reading import read_imports as r; print(len(r('a').modules))"
    runs = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [run.communicate(timeout=60)[0] for run in runs] == ["3\n"] * 4
    assert [path.name for path in (project.parent / "cache").rglob(".*")] == []
