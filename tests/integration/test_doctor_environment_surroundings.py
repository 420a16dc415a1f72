"""Variables, files in the way and limits are found around an interpreter, and shown to matter or not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dsa110_contimg.doctor import examine
from dsa110_contimg.doctor.environment import surroundings
from dsa110_contimg.doctor.environment.facts import ask_facts
from dsa110_contimg.doctor.environment.surroundings import VARIABLES, look_around
from dsa110_contimg.doctor.examination import Examination, Finding
from site_packages import Site, clean_environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the facts are read from /proc")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("environment"))
    (site.packages / "installed.py").write_text("x = 1\n")
    return site


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def look(site: Site, folder: Path, **env: str) -> dict[str, Finding]:
    variables = clean_environment(HOME=str(folder), **env) if "HOME" not in env else clean_environment(**env)
    return {one.name: one for one in look_around(ask_facts(site.python, variables, folder), variables, folder)}


def find_causes(found: Examination) -> list[tuple[str, str]]:
    return [(one.name, one.value) for one in found.environment if one.role == "cause"]


# ---------------------------------------------------------------------- variables
def test_nothing_to_find(site: Site, tmp_path: Path) -> None:
    assert set(look(site, tmp_path)) <= {"SELinux", "stack size"}, "of this machine itself"


@pytest.mark.parametrize("name", sorted(set(VARIABLES) - {"PYTHONHOME", "PYTHONMALLOC", "LD_PRELOAD"}))
def test_a_variable_is_found(name: str, site: Site, tmp_path: Path) -> None:
    found = look(site, tmp_path, **{name: "1"})[name]
    assert (found.value, found.kind, found.role) == ("1", "variable", "remark")
    assert found.observed.startswith("set in the environment")


@pytest.mark.parametrize(
    ("name", "value", "trouble"),
    [
        ("CASAPATH", "{here}/data", None),
        ("CASAPATH", "{here}/data linux local host", None),
        ("CASAPATH", "{here}", None),
        ("CASAPATH", "{here}/empty", "holds no folders geodetic and ephemerides"),
        ("CASAPATH", "{here}/absent linux", "there is no folder"),
        ("CASAPATH", "", "it is empty"),
        ("CASASITECONFIG", "{here}/good.py", None),
        ("CASASITECONFIG", "{here}/bad.py", "/no/such/data, which is no folder"),
        ("CASASITECONFIG", "{here}/broken.py", "it is no Python"),
        ("CASASITECONFIG", "{here}/absent.py", "No such file"),
        ("CASASITECONFIG", "good.py", "ignores a relative path"),
        ("PYTHONSTARTUP", "{here}/good.py", None),
        ("PYTHONSTARTUP", "{here}/absent.py", "there is no such file"),
    ],
)
def test_what_a_variable_points_to(name: str, value: str, trouble: str | None, site: Site, tmp_path: Path) -> None:
    for part in ("geodetic", "ephemerides"):
        (tmp_path / "data" / part).mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "good.py").write_text(f"import os\nmeasurespath = {str(tmp_path)!r}\ndatapath = [measurespath]\n")
    (tmp_path / "bad.py").write_text("datapath = ['/no/such/data']\n")
    (tmp_path / "broken.py").write_text("datapath = [\n")
    found = look(site, tmp_path, **{name: value.format(here=tmp_path)})[name]
    assert found.observed == "set in the environment" if trouble is None else trouble in found.observed


# ---------------------------------------------------------------------- the system
@pytest.mark.parametrize("kind", ["absent", "a file"])
def test_a_home_that_cannot_be_written(kind: str, site: Site, tmp_path: Path) -> None:
    home = tmp_path / "home"
    if kind == "a file":
        home.write_text("")
    found = look(site, tmp_path, HOME=str(home))["HOME"]
    assert (found.value, found.observed) == (str(home), "there is no such folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_without_permission(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    assert look(site, tmp_path, HOME=str(home))["HOME"].observed == "no file can be written there"


def test_selinux(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "SELINUX", tmp_path / "enforce")
    for text, value in (("1", "enforcing"), ("0\n", "permissive"), ("", None)):
        (tmp_path / "enforce").write_text(text)
        found = look(site, tmp_path).get("SELinux")
        assert (found.value if found else None) == value


@pytest.mark.parametrize(("limit", "value"), [("512", "512 kB"), ("8192", None)])
def test_the_stack_size(limit: str, value: str | None, tmp_path: Path) -> None:
    source = (
        "import json\nfrom dsa110_contimg.doctor.environment.survey import survey_environment\n"
        "print(json.dumps(survey_environment().to_json()['surroundings']))"
    )
    command = ["sh", "-c", f'ulimit -s {limit} && exec "$@"', "sh", sys.executable, "-c", source]
    env = clean_environment(PYTHONPATH=str(Path(surroundings.__file__).parents[3]))
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=tmp_path)
    told = {one["name"]: one["value"] for one in json.loads(done.stdout)}
    assert told.get("stack size") == value


def test_several_site_packages(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other" / "site-packages"
    for folder in (other, site.packages):
        (folder / "twice-1.0.dist-info").mkdir(parents=True)
    (other / "once-1.0.dist-info").mkdir()
    found = look(site, tmp_path, PYTHONPATH=str(other))["several site-packages"]
    assert found.value == f"{other}:{site.packages}"
    assert "in more than one: twice" in found.observed
    assert "once" not in found.observed


# ---------------------------------------------------------------------- files in the way
def test_files_that_will_stand_in_for_modules(site: Site, tmp_path: Path) -> None:
    for name in ("random.py", "os.py", "sys.py", "installed.py", "own.py", "random-1.py", "installed.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "__init__.py").write_text("")
    (tmp_path / "json").mkdir()
    (tmp_path / "queue.abi3.so").write_text("")
    found = {name: one for name, one in look(site, tmp_path).items() if one.kind == "shadow"}
    assert {name: Path(one.value).name for name, one in found.items()} == {
        "random": "random.py",
        "installed": "installed.py",
        "email": "__init__.py",
        "queue": "queue.abi3.so",
    }
    source = (
        "import random, installed, os, email; print(random.__file__, installed.__file__, os.__file__, email.__file__)"
    )
    child = subprocess.run(
        [site.python, "-c", source], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=True
    )
    files = child.stdout.split()
    assert [file.startswith(str(tmp_path)) for file in files] == [True, True, False, True]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="older ones know no PYTHONSAFEPATH")
def test_where_the_working_directory_is_left_out_nothing_is_in_the_way(site: Site, tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("")
    assert "random" not in look(site, tmp_path, PYTHONSAFEPATH="1")


def test_files_on_pythonpath_that_will_stand_in(site: Site, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "installed.py").write_text("")
    found = look(site, tmp_path, PYTHONPATH=str(tmp_path / "there"))
    assert found["installed"].value == str(tmp_path / "there" / "installed.py")
    assert str(site.packages / "installed.py") in found["installed"].observed


def test_an_installed_package_that_is_reached_by_a_link_is_itself(site: Site, tmp_path: Path) -> None:
    (tmp_path / "installed.py").symlink_to(site.packages / "installed.py")
    assert "installed" not in look(site, tmp_path)


# ---------------------------------------------------------------------- causes
def test_a_file_in_the_way_of_the_standard_library_is_the_cause(site: Site, tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("x = 1\n")
    found = examine("from random import choice", python=site.python, cwd=tmp_path)
    assert found.verdict == "raised"
    assert find_causes(found) == [("random", str(tmp_path / "random.py"))]


def test_a_file_in_the_way_of_an_installed_package_is_the_cause(site: Site, tmp_path: Path) -> None:
    (tmp_path / "installed.py").write_text("import os\nos.abort()\n")
    found = examine("import installed", python=site.python, cwd=tmp_path)
    assert found.verdict == "crashed"
    assert find_causes(found) == [("installed", str(tmp_path / "installed.py"))]


def test_a_file_beside_a_script_is_the_cause(site: Site, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "random.py").write_text("import no_such_module\n")
    (tmp_path / "folder" / "run.py").write_text("import random\nrandom.random()\n")
    found = examine("folder/run.py", python=site.python, cwd=tmp_path)
    assert find_causes(found) == [("random", str(tmp_path / "folder" / "random.py"))]


def test_a_file_in_the_way_that_does_no_harm_stays_a_remark(site: Site, tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("x = 1\n")
    found = examine("import random; import no_such_module", python=site.python, cwd=tmp_path)
    assert [(one.name, one.role) for one in found.environment if one.kind == "shadow"] == [("random", "remark")]


def test_a_sitecustomize_that_kills_is_the_cause(site: Site, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.abort()\n")
    found = examine("import json", python=site.python, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert found.verdict == "crashed"
    assert find_causes(found) == [("sitecustomize", str(tmp_path / "sitecustomize.py"))]


def test_a_library_loaded_ahead_is_the_cause(site: Site, tmp_path: Path) -> None:
    source = '#include <stdlib.h>\n__attribute__((constructor)) static void begin(void) { setenv("SPOILT", "1", 1); }\n'
    library = site.compile("preloaded.so", source)
    (tmp_path / "subject.py").write_text("import os\nif 'SPOILT' in os.environ:\n    os.abort()\n")
    env = {"LD_PRELOAD": str(library)}
    found = examine("import subject", python=site.python, cwd=tmp_path, env=env)
    assert found.verdict == "crashed"
    assert find_causes(found) == [("LD_PRELOAD", str(library))]
    (tmp_path / "subject.py").write_text("import os\nos.abort()\n")
    found = examine("import subject", python=site.python, cwd=tmp_path, env=env)
    assert find_causes(found) == []
    assert "LD_PRELOAD" in {one.name for one in found.environment}


def test_a_home_that_cannot_be_written_is_the_cause(site: Site, tmp_path: Path) -> None:
    (tmp_path / "subject.py").write_text("from pathlib import Path\n(Path.home() / 'cache').write_text('x')\n")
    home = str(tmp_path / "absent")
    found = examine("import subject", python=site.python, cwd=tmp_path, env={"HOME": home})
    assert (found.verdict, find_causes(found)) == ("raised", [("HOME", home)])


def test_the_target_does_not_see_that_a_file_was_hidden(site: Site, tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("x = 1\n")
    (tmp_path / "subject.py").write_text(
        "import os, random\nif any(name.startswith('IMPORT_DOCTOR') for name in os.environ):\n    os.abort()\n"
        "random.choice\n"
    )
    found = examine("import subject", python=site.python, cwd=tmp_path)
    assert find_causes(found) == [("random", str(tmp_path / "random.py"))]
