"""The pytest plugin, in pytest runs of their own: an item a contract where it is asked for, and else nothing at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dsa110_contimg
from support import announce_plugin

PACKAGE = Path(dsa110_contimg.__file__).parent
CONTRACTS = """\
[[tool.import-doctor.contract]]
import = "pkg.eager"
forbid = ["heavy"]

[[tool.import-doctor.contract]]
import = "pkg"
max-modules = 1
"""
FILES = {
    "src/pkg/__init__.py": "",
    "src/pkg/eager.py": "import heavy\n",
    "src/heavy.py": "",
    "tests/test_it.py": "def test_it(): pass\n",
    "pyproject.toml": f"[tool.pytest.ini_options]\npythonpath = ['src']\ntestpaths = ['tests']\n\n{CONTRACTS}",
}
OPTION = "--import-doctor"


class Project:
    """A project with contracts, and pytest for it."""

    def __init__(self, folder: Path, installed: Path) -> None:
        self.folder, self.installed = folder, installed

    def pytest(self, *args: str, code: int = 0, at: str = ".", before: str = "") -> str:
        env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
        env["PYTHONPATH"] = os.pathsep.join([str(self.installed), str(PACKAGE.parent)])
        command = [sys.executable, "-c", f"import sys\n{before}\nimport pytest\nsys.exit(pytest.main(sys.argv[1:]))"]
        finished = subprocess.run(
            [*command, "-p", "no:cacheprovider", "-v", *args],
            cwd=self.folder / at,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == code, finished.stdout + finished.stderr
        return finished.stdout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name, text in FILES.items():
        (tmp_path / "project" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "project" / name).write_text(text)
    return Project(tmp_path / "project", announce_plugin(tmp_path / "installed"))


def test_an_item_a_contract_whose_failure_is_the_chain(project: Project) -> None:
    out = project.pytest(OPTION, code=1)
    assert "pyproject.toml::pkg.eager FAILED" in out
    assert "pyproject.toml::pkg PASSED" in out
    assert "tests/test_it.py::test_it PASSED" in out
    assert "import contract: pkg.eager" in out
    assert "forbid: heavy is loaded. (pyproject.toml:7)" in out
    assert "src/pkg/eager.py:1  import heavy" in out
    assert "Traceback" not in out
    assert "FAILED pyproject.toml::pkg.eager" in out
    (project.folder / "src" / "pkg" / "eager.py").write_text("def load():\n    import heavy\n")
    assert "3 passed" in project.pytest(OPTION)


def test_nothing_is_collected_unless_it_is_asked_for(project: Project) -> None:
    assert "1 passed" in project.pytest()
    assert "1 passed" in project.pytest(".")


def test_nothing_of_ours_is_loaded_unless_it_is_asked_for(project: Project) -> None:
    ours = "sorted(name for name in sys.modules if 'dsa110' in name or 'elftools' in name or name.startswith('rich'))"
    (project.folder / "tests" / "test_it.py").write_text(f"import sys\ndef test_it(): print({ours})\n")
    plugin = ["dsa110_contimg", *(f"dsa110_contimg.doctor{part}" for part in ("", ".guard", ".guard.plugin"))]
    assert str(plugin) in project.pytest("-s")


@pytest.mark.parametrize("args", [[], ["."], ["tests"], ["src", "tests/test_it.py"]])
def test_the_ini_option_joins_them_to_runs_of_folders(args: list[str], project: Project) -> None:
    file = project.folder / "pyproject.toml"
    file.write_text(
        file.read_text().replace("[tool.pytest.ini_options]", "[tool.pytest.ini_options]\nimport_doctor = true")
    )
    assert project.pytest("--collect-only", "-q", *args).count("<ContractItem ") == 2


@pytest.mark.parametrize("args", [["tests/test_it.py"], ["tests/test_it.py::test_it"]])
def test_who_asks_for_a_single_test_gets_no_more(args: list[str], project: Project) -> None:
    assert "1 passed" in project.pytest("-o", "import_doctor=true", *args)
    assert "1 failed, 2 passed" in project.pytest(OPTION, *args, code=1)


@pytest.mark.parametrize(
    ("at", "args"),
    [(".", []), (".", ["."]), (".", ["tests", "pyproject.toml"]), ("tests", []), ("tests", [".."]), ("src/pkg", ["."])],
)
def test_each_is_collected_once_from_wherever_pytest_starts(at: str, args: list[str], project: Project) -> None:
    listed = project.pytest("--collect-only", "-q", OPTION, *args, at=at)
    assert listed.count("<ContractItem pkg.eager>") == 1


def test_one_can_be_asked_for_and_left_out_by_its_name(project: Project) -> None:
    assert "1 passed" in project.pytest(OPTION, "pyproject.toml::pkg")
    assert "1 passed, 2 deselected" in project.pytest(OPTION, "-k", "test_it")
    assert "2 passed" in project.pytest(OPTION, "--deselect", "pyproject.toml::pkg.eager")


def test_with_xdist(project: Project) -> None:
    pytest.importorskip("xdist")
    out = project.pytest(OPTION, "-n", "2", code=1)
    assert "1 failed, 2 passed" in out
    assert "src/pkg/eager.py:1  import heavy" in out


def test_a_mistake_in_a_contract_is_told_with_its_line(project: Project) -> None:
    file = project.folder / "pyproject.toml"
    file.write_text(file.read_text().replace("forbid =", "forbids ="))
    out = project.pytest(OPTION, code=2)
    assert "pyproject.toml:7: a contract has no key 'forbids'." in out
    assert "Did you mean 'forbid'?" in out
    assert "Traceback" not in out
    file.write_text(file.read_text().replace("forbids =", "forbid =").replace('"pkg.eager"', '"pkg.eagre"'))
    out = project.pytest(OPTION, code=1)
    assert "pyproject.toml:6: a contract is about pkg.eagre, but there is no module pkg.eagre" in out
    assert "Traceback" not in out


@pytest.mark.parametrize("text", ["[project]\nname = 'x'\n", None])
def test_a_project_without_contracts(text: str | None, project: Project) -> None:
    file = project.folder / "pyproject.toml"
    file.unlink() if text is None else file.write_text(text)
    (project.folder / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    out = project.pytest(OPTION)
    assert "1 passed" in out
    assert "import-doctor: there are no contracts in " in out
    assert "import-doctor:" not in project.pytest()


def test_it_can_be_turned_off(project: Project) -> None:
    assert "unrecognized arguments: --import-doctor" not in project.pytest("-p", "no:import-doctor")


def test_an_installed_package_disturbs_no_run(project: Project, tmp_path: Path) -> None:
    """pytest rewrites the asserts of every distribution that has a plugin, and warns of what was imported before."""
    site = tmp_path / "site"
    shutil.copytree(PACKAGE, site / "dsa110_contimg", ignore=shutil.ignore_patterns("__pycache__"))
    announce_plugin(site)
    record = site / "plugin_under_test-1.dist-info" / "RECORD"
    record.write_text("".join(f"{path.relative_to(site)},,\n" for path in sorted(site.rglob("*.py"))))
    project.installed = site
    use = "import dsa110_contimg.doctor\ndef test_it(): dsa110_contimg.doctor.examine\n"
    (project.folder / "tests" / "test_it.py").write_text(use)
    assert "1 passed" in project.pytest("-W", "error")
    assert "1 passed" in project.pytest("-W", "error", before="import dsa110_contimg.doctor.guard")
    assert "1 failed, 2 passed" in project.pytest("-W", "error", OPTION, code=1)
