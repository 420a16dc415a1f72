"""Contracts on graphs that were built by hand, and through lazy doors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from dsa110_contimg.doctor.errors import BadContractError, BadTargetError
from dsa110_contimg.doctor.guard.command import print_static_check
from dsa110_contimg.doctor.guard.contracts import Contract
from dsa110_contimg.doctor.guard.drawing import draw_outcome
from dsa110_contimg.doctor.guard.outcomes import Outcome
from dsa110_contimg.doctor.guard.static import check_statically
from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module, Problem, Statement
from dsa110_contimg.doctor.report.sheet import Sheet

DOOR = """\
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .stamps import create_cutout as create_cutout
    from .show import CasaTable as Table
    from ..images import Beam
else:
    from pkg._lazy import door

    __getattr__, __dir__, __all__ = door(__name__)
"""


class Reader:
    """Stand in for `read_imports`: know what each module imports, as ``{module: [imported, ...]}``."""

    def __init__(self, folder: Path, imports: dict[str, list[str]], **more: Module) -> None:
        self.folder, self.imports, self.more = folder, imports, more
        self.problems: tuple[Problem, ...] = ()
        self.asked: list[str] = []

    def __call__(self, target: str, *, python: str | os.PathLike[str]) -> ImportGraph:
        self.asked.append(target)
        assert python == sys.executable
        statements = target.split("\n")
        names = [statement.split()[1] for statement in statements]
        if any(name not in self.imports for name in names):
            raise BadTargetError("The target imports something that is not there.", hint="Check it.")
        edges = [
            Edge(Statement("<target>", "<target>", line, line, statement), name)
            for line, (statement, name) in enumerate(zip(statements, names, strict=True), start=1)
        ]
        modules: dict[str, Module] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in modules:
                continue
            modules[name] = self.more.get(name.replace(".", "_")) or self.make(name)
            for line, imported in enumerate(self.imports.get(name, ()), start=1):
                edges.append(
                    Edge(Statement(name, self.make(name).file or "", line, line, f"import {imported}"), imported)
                )
                waiting.append(imported)
        return ImportGraph(tuple(names), modules, tuple(edges), self.problems)

    def make(self, name: str) -> Module:
        package = self.folder / name.replace(".", "/") / "__init__.py"
        if package.exists():
            return Module(name, "package", str(package))
        return Module(name, "source", str(package.parent.with_suffix(".py")))


def draw(how: Callable[[Sheet, Outcome], None], outcome: Outcome) -> str:
    sheet = Sheet(200, colour=False, is_ascii=False)
    how(sheet, outcome)
    return sheet.finish().lstrip("\n")


def roads(outcome: Outcome) -> list[list[tuple[str, int | None, str]]]:
    return [
        [(Path(hop.file or "").name, hop.line, hop.module) for hop in road.chain]
        for breach in outcome.breaches
        for road in breach.roads
    ]


def test_the_shortest_road_to_each_thing(tmp_path: Path) -> None:
    read = Reader(
        tmp_path,
        {
            "a": ["b", "c"],
            "b": ["d"],
            "d": ["casacore.tables"],
            "c": ["casacore", "numpy.linalg"],
            "casacore": ["numpy"],
            "free": ["json"],
        },
    )
    contracts = [Contract("a", forbid=("casacore", "numpy", "json")), Contract("free", forbid=("casacore",))]
    first, second = check_statically(contracts, read)
    assert read.asked == ["import a\nimport free"]  # at once
    assert second.is_kept
    assert [breach.key for breach in first.breaches] == ["forbid"]
    assert first.breaches[0].message == "casacore, numpy.linalg would be loaded."
    assert roads(first) == [
        [("<target>", 1, "a"), ("a.py", 2, "c"), ("c.py", 1, "casacore")],
        [("<target>", 1, "a"), ("a.py", 2, "c"), ("c.py", 2, "numpy.linalg")],
    ]
    (free,) = check_statically([Contract("free", forbid=("json",))], read)
    assert roads(free) == [[("<target>", 1, "free"), ("free.py", 1, "json")]]


def test_a_thing_that_is_not_installed_is_forbidden_all_the_same(tmp_path: Path) -> None:
    read = Reader(tmp_path, {"a": ["casacore"]}, casacore=Module("casacore", "missing"))
    (outcome,) = check_statically([Contract("a", forbid=("casacore",))], read)
    assert not outcome.is_kept


def test_the_second_contract_in_a_chain_begins_with_its_own_statement(tmp_path: Path) -> None:
    read = Reader(tmp_path, {"a": [], "b": ["x"]})
    _, second = check_statically([Contract("a"), Contract("b:name", forbid=("x",))], read)
    assert second.breaches[0].roads[0].chain[0].line == 1
    assert second.breaches[0].roads[0].chain[0].statement == "from b import name"


def test_native_libraries(tmp_path: Path) -> None:
    extension = Module("ext", "extension", str(tmp_path / "libcasa_ext.abi3.so"), ("libcasa_tables.so.8", "libc.so.6"))
    read = Reader(tmp_path, {"a": ["libcasa_x", "ext"]}, ext=extension)
    native = ("libcasa_tables*", "libc", "libother*")
    (outcome,) = check_statically([Contract("a", forbid_native=native)], read)
    assert [breach.key for breach in outcome.breaches] == ["forbid-native"]
    assert [road.forbidden for road in outcome.breaches[0].roads] == ["libcasa_tables.so.8", "libc.so.6"]
    (outcome,) = check_statically([Contract("a", forbid_native=("libcasa_ext*",))], read)
    assert [road.forbidden for road in outcome.breaches[0].roads] == ["libcasa_ext.abi3.so"]


def test_what_only_a_run_can_tell_is_said_not_to_be_checked(tmp_path: Path) -> None:
    lines = {"import": 2, "max-modules": 3, "no-side-effects": 4}
    contract = Contract("a", max_modules=0, no_side_effects=True, lines=lines)
    (outcome,) = check_statically([contract], Reader(tmp_path, {"a": ["b"]}))
    assert outcome.is_kept
    assert outcome.unchecked == ("max-modules", "no-side-effects")


def test_a_module_that_cannot_be_read_is_told_where_it_matters(tmp_path: Path) -> None:
    read = Reader(tmp_path, {"a": ["b"], "c": []})
    read.problems = (Problem(str(tmp_path / "b.py"), 3, "invalid syntax"),)
    first, second = check_statically([Contract("a"), Contract("c")], read)
    assert (len(first.notes), second.notes) == (1, ())
    assert "/b.py:3 imports is not known" in first.notes[0]
    assert "invalid syntax" in first.notes[0]
    assert "invalid syntax" in draw(draw_outcome, first)


@pytest.mark.parametrize("imports", [{"a": []}, {"a": [], "a.missing": []}], ids=["said by the reader", "in the graph"])
def test_a_module_that_does_not_exist(imports: dict[str, list[str]], tmp_path: Path) -> None:
    read = Reader(tmp_path, imports, a_missing=Module("a.missing", "missing"))
    contract = Contract("a.missing:x", file="/p/pyproject.toml", line=7, lines={"import": 8})
    with pytest.raises(BadContractError) as caught:
        check_statically([Contract("a"), contract], read)
    assert caught.value.message.startswith(
        "/p/pyproject.toml:8: a contract is about a.missing:x, but there is no module"
    )


@pytest.fixture
def doors(tmp_path: Path) -> Reader:
    """Lay out a package whose qa gets its names on first use, and whose show is a door, too."""
    for name, text in {
        "pkg": "",
        "pkg/qa": DOOR,
        "pkg/qa/show": DOOR.replace(".show import CasaTable as Table", ".table import CasaTable as CasaTable"),
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    return Reader(
        tmp_path,
        {
            "pkg.qa": ["pkg._lazy"],
            "pkg.qa.stamps": ["json"],
            "pkg.qa.show": ["pkg._lazy"],
            "pkg.qa.show.table": ["casacore.tables"],
            "pkg.images": ["numpy"],
        },
    )


def test_a_name_behind_two_lazy_doors_is_followed(doors: Reader) -> None:
    contracts = [
        Contract("pkg.qa:Table", forbid=("casacore",)),
        Contract("pkg.qa:create_cutout", forbid=("casacore", "json", "pkg.qa.show")),
        Contract("pkg.qa:Beam", forbid=("numpy",)),
        Contract("pkg.qa", forbid=("casacore", "json")),
        Contract("pkg.qa:unknown", forbid=("casacore", "json")),
    ]
    table, stamps, beam, door, unknown = check_statically(contracts, doors)
    assert roads(table) == [
        [
            ("<target>", 1, "pkg.qa"),
            ("__init__.py", 4, "pkg.qa.show"),
            ("__init__.py", 4, "pkg.qa.show.table"),
            ("table.py", 1, "casacore.tables"),
        ]
    ]
    assert table.breaches[0].roads[0].chain[1].statement == "from .show import CasaTable as Table"
    assert roads(stamps) == [[("<target>", 1, "pkg.qa"), ("__init__.py", 3, "pkg.qa.stamps"), ("stamps.py", 1, "json")]]
    assert roads(beam) == [[("<target>", 1, "pkg.qa"), ("__init__.py", 5, "pkg.images"), ("images.py", 1, "numpy")]]
    assert door.is_kept
    assert unknown.is_kept
    assert len(doors.asked) == 3  # once for each door that stands behind another


def test_what_stands_behind_the_door_is_itself_forbidden(doors: Reader) -> None:
    (outcome,) = check_statically([Contract("pkg.qa:Table", forbid=("pkg.qa.show.table",))], doors)
    assert roads(outcome) == [
        [("<target>", 1, "pkg.qa"), ("__init__.py", 4, "pkg.qa.show"), ("__init__.py", 4, "pkg.qa.show.table")]
    ]


def test_an_import_for_type_checkers_alone_is_no_door(doors: Reader) -> None:
    file = doors.folder / "pkg" / "qa" / "__init__.py"
    file.write_text(DOOR.replace("__getattr__", "_getattr"))
    (outcome,) = check_statically([Contract("pkg.qa:Table", forbid=("casacore",))], doors)
    assert outcome.is_kept
    file.write_text(DOOR.partition("else:")[0] + "\ndef __getattr__(name):\n    raise AttributeError(name)\n")
    (outcome,) = check_statically([Contract("pkg.qa:Table", forbid=("casacore",))], doors)
    assert not outcome.is_kept


def test_doors_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        text = f"if TYPE_CHECKING:\n    from {other} import x\ndef __getattr__(name): ...\n"
        (tmp_path / name / "__init__.py").write_text(text)
    (outcome,) = check_statically([Contract("a:x", forbid=("casacore",))], Reader(tmp_path, {"a": [], "b": []}))
    assert outcome.is_kept


# ---------------------------------------------------------------------- the command
def test_the_command(doors: Reader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    folders = []

    def read(target: str, *, python: str | os.PathLike[str]) -> ImportGraph:
        folders.append(Path.cwd())
        return doors(target, python=python)

    room = SimpleNamespace(read_imports=read)
    monkeypatch.setitem(sys.modules, "dsa110_contimg.doctor.imports.reading", room)  # type: ignore[arg-type]
    head = "[[tool.import-doctor.contract]]\nimport = "
    kept = f"{head}'pkg.qa:create_cutout'\nforbid = ['casacore']\nmax-modules = 9\n"
    broken = f"{head}'pkg.qa:Table'\nforbid = ['casacore']\n"
    absent = f"{head}'absent'\n"
    file = doors.folder / "pyproject.toml"
    monkeypatch.chdir("/")
    for text, code, ending in [
        (kept, 0, "Contracts: 1 kept, 0 broken. Only a run tells about: max-modules.\n"),
        (kept + broken, 1, "Contracts: 1 kept, 1 broken. Only a run tells about: max-modules.\n"),
        (broken + absent, 2, "Contracts: 0 kept, 1 broken, 1 not checked.\n"),
    ]:
        file.write_text(text)
        assert print_static_check(doors.folder) == code
        captured = capsys.readouterr()
        assert captured.out.endswith(ending)
        assert (f"Error: {file}:5: a contract is about absent" in captured.err) == (code == 2)
        assert ("/table.py:1" in captured.out and "import casacore.tables" in captured.out) == (code > 0)
    assert set(folders) == {doors.folder}
    assert Path.cwd() == Path("/")
