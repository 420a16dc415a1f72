"""Edits proven in a copy: what is called a cure is one, and what is none is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dsa110_contimg.doctor import examine
from dsa110_contimg.doctor.edits.application import apply_plan
from dsa110_contimg.doctor.edits.command import offer
from dsa110_contimg.doctor.edits.plan import Edit, Plan
from dsa110_contimg.doctor.edits.planner import plan_edits
from dsa110_contimg.doctor.edits.verification import verify
from dsa110_contimg.doctor.imports.graph import Statement
from edited import find_statements, plan, write_package
from support import ROOT, find_interpreter

TARGET = "from contimg.qa import create_cutout"
FILES = {
    "pkg/__init__.py": "from .tools import Tool\nfrom .light import small\n",
    "pkg/light.py": "def small():\n    return 1\n",
    "pkg/tools.py": "import heavy\n\n\nclass Tool:\n    def use(self):\n        return heavy.X\n",
    "heavy.py": "X = 1\n",
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    build = ROOT / "tests" / "victims" / "build.py"
    subprocess.run([sys.executable, str(build), "original", str(folder)], check=True)
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("module", "statement", "form"),
    [
        ("contimg.qa", "from .visualization", "door"),
        ("contimg.qa.visualization.casatable", "from casacore", "move"),
    ],
)
def test_the_original_crash_is_cured(original: Path, module: str, statement: str, form: str) -> None:
    env = {"PYTHONPATH": str(original)}
    before = snapshot(original)
    assert examine(TARGET, forbid=["casacore"], env=env).verdict == "crashed"
    made = plan(original, module, statement)
    proof = verify(made, TARGET, forbid=["casacore"], env=env)
    assert made.edits[0].forms == (form,)
    assert proof.is_cure, proof.failures
    assert proof.examination.verdict == "healthy"
    assert "SIGSEGV" in proof.remarks[0]
    assert snapshot(original) == before


def test_the_original_written_is_healthy_and_its_table_still_there(original: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(original, tmp_path / "copy"))
    apply_plan(plan(copy, "contimg.qa", "from .visualization"))
    env = {"PYTHONPATH": str(copy)}
    assert examine(TARGET, forbid=["casacore"], env=env).verdict == "healthy"
    assert examine("from contimg.qa import CasaTable", env=env).verdict == "crashed"  # asked for, it is loaded


def test_the_merge_that_puts_the_eager_import_back_is_undone(original: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(original, tmp_path / "copy"))
    apply_plan(plan(copy, "contimg.qa", "from .visualization"))
    path = copy / "contimg" / "qa" / "__init__.py"
    cured = path.read_text()
    path.write_text(cured + "from .visualization import CasaTable\n")
    env, line = {"PYTHONPATH": str(copy)}, len(cured.splitlines()) + 1
    assert examine(TARGET, forbid=["casacore"], env=env).verdict == "crashed"
    made = plan_edits([Statement("contimg.qa", str(path), line, line, "from .visualization import CasaTable")])
    assert made.edits[0].forms == ("removal",)
    assert verify(made, TARGET, forbid=["casacore"], env=env).is_cure
    apply_plan(made)
    assert path.read_text() == cured


def test_names_are_compared(tmp_path: Path) -> None:
    root = write_package(tmp_path, FILES)
    env = {"PYTHONPATH": str(root)}
    for module, statement in (("pkg", "from .tools"), ("pkg.tools", "import heavy")):
        proof = verify(plan(root, module, statement), "import pkg", forbid=["heavy"], env=env)
        assert (proof.failures, proof.remarks) == ((), ())


@pytest.mark.parametrize(
    ("module", "new", "failures"),
    [
        (
            "pkg",
            "from .light import small\n",
            [
                "pkg.Tool no longer resolves: it is not there.",
                "pkg.tools no longer resolves: it is not there.",
                "dir(pkg) lost Tool.",
                "dir(pkg) lost tools.",
                "`from pkg import *` lost Tool.",
                "`from pkg import *` lost tools.",
            ],
        ),
        (
            "pkg",
            FILES["pkg/__init__.py"] + "small = Tool\n",
            [
                "heavy is still loaded by {root}/pkg/tools.py, line 1.",
                "pkg.small is another object: pkg.tools.Tool (builtins.type) in place of pkg.light.small",
            ],
        ),
        ("pkg", "raise ValueError('no')\n", None),
        (
            "pkg.tools",
            "class Tool:\n    def __reduce__(self): return 1\nTool = Tool()\n",
            ["pkg.tools.Tool is another object: "],
        ),
    ],
)
def test_what_an_edit_breaks_is_told(module: str, new: str, failures: list[str] | None, tmp_path: Path) -> None:
    root = write_package(tmp_path, FILES)
    file = root / "pkg" / ("__init__.py" if module == "pkg" else "tools.py")
    made = Plan(str(root), (Edit(str(file), module, file.read_bytes(), new.encode(), ("move",), (), ("heavy",)),))
    proof = verify(made, "import pkg", forbid=["heavy"], env={"PYTHONPATH": str(root)})
    assert not proof.is_cure
    if failures is None:
        assert proof.failures == (
            "With the edit the target is not healthy but raised: ValueError: no.",
            "With the edit `import pkg` failed: ValueError: no.",
        )
    else:
        for told, expected in zip(proof.failures, failures, strict=True):
            assert told.startswith(expected.replace("{root}", str(root)))


def test_what_no_longer_pickles_is_told(tmp_path: Path) -> None:
    root = write_package(tmp_path, {"tools.py": "class T:\n    pass\n\n\nt = T()\n"})
    file = root / "tools.py"
    new = file.read_bytes().replace(b"pass", b"__reduce__ = None")
    made = Plan(str(root), (Edit(str(file), "tools", file.read_bytes(), new, ("move",)),))
    assert verify(made, "import tools", env={"PYTHONPATH": str(root)}).failures == ("tools.t no longer pickles.",)


def test_a_function_that_is_called_at_import_is_no_cure(tmp_path: Path) -> None:
    files = {"tools.py": "import heavy\n\n\ndef f():\n    return heavy.X\n\n\nY = f()\n", "heavy.py": "X = 1\n"}
    root = write_package(tmp_path, files)
    proof = verify(plan(root, "tools", "import heavy"), "import tools", forbid=["heavy"], env={"PYTHONPATH": str(root)})
    (failure,) = proof.failures
    assert failure == f"heavy is still loaded by {root}/tools.py, line 4."


def test_a_package_in_the_working_directory_or_beside_a_script_is_taken_from_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_package(tmp_path, {**FILES, "run.py": "import sys, pkg\nassert 'heavy' not in sys.modules\n"})
    monkeypatch.chdir(root)
    for target in ("import pkg", "pkg.light", "run.py", str(root / "run.py")):
        proof = verify(plan(root, "pkg.tools", "import heavy"), target, forbid=["heavy"])
        assert proof.is_cure, (target, proof.failures)
        assert proof.examination.verdict == "healthy"


def test_a_module_that_is_not_taken_from_the_copy_proves_nothing(tmp_path: Path) -> None:
    root = write_package(tmp_path, FILES)
    target = f"import sys; sys.path.insert(0, {str(root)!r}); import pkg"
    proof = verify(plan(root, "pkg.tools", "import heavy"), target)
    assert proof.failures[0].startswith(f"pkg.tools was not loaded from the copy but from {root}")


def test_a_tree_that_cannot_be_written_is_proven_all_the_same(tmp_path: Path) -> None:
    root = write_package(tmp_path, FILES)
    for path in sorted(root.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    proof = verify(plan(root, "pkg.tools", "import heavy"), "import pkg", env={"PYTHONPATH": str(root)})
    assert proof.is_cure, proof.failures


def run_fix(root: Path, statement: str, **options: object) -> int:
    env = {"PYTHONPATH": str(root)}
    statements = find_statements(root, "pkg.tools", statement)
    plan = plan_edits(statements)
    return 0 if offer(plan, "import pkg", forbid=["heavy"], env=env, **options) else 1  # type: ignore[arg-type]


def test_the_command_prints_a_diff_and_writes_only_when_asked(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    root = write_package(tmp_path, FILES)
    before = snapshot(root)
    assert run_fix(root, "import heavy") == 0
    out, err = capfdbinary.readouterr()
    assert out.startswith(b"--- a/pkg/tools.py\n+++ b/pkg/tools.py\n")
    assert b"Proven in a copy" in err
    assert b"pkg.tools no longer has heavy" in err
    assert snapshot(root) == before
    assert run_fix(root, "import heavy", apply=True) == 0
    capfdbinary.readouterr()
    assert (root / "pkg" / "tools.py").read_text() == (
        "\n\nclass Tool:\n    def use(self):\n        import heavy\n\n        return heavy.X\n"
    )
    assert run_fix(root, "import heavy") == 1
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"it stands in a function already" in err


def test_the_command_offers_nothing_that_is_no_cure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = {**FILES, "pkg/light.py": "import heavy\n\n\ndef small():\n    return heavy.X\n"}
    root = write_package(tmp_path, files)
    before = snapshot(root)
    assert run_fix(root, "import heavy", apply=True) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "These edits are no cure:\n  heavy is still loaded by " in err
    assert snapshot(root) == before


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.8", "3.10", "3.13"])
def test_another_interpreter_proves_it(version: str, tmp_path: Path) -> None:
    python = find_interpreter(version)
    root = write_package(tmp_path, FILES)
    for module, statement in (("pkg", "from .tools"), ("pkg.tools", "import heavy")):
        made = plan(root, module, statement)
        proof = verify(made, "import pkg", forbid=["heavy"], python=python, env={"PYTHONPATH": str(root)})
        assert (proof.failures, proof.remarks) == ((), ())
        assert proof.examination.python.version.startswith(f"{version}.")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_package(tmp_path / "root", FILES)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    verify(plan(root, "pkg.tools", "import heavy"), "import pkg", env={"PYTHONPATH": str(root)})
    assert list(scratch.iterdir()) == []
