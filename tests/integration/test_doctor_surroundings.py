"""What an import does besides importing, what surrounds it, and what starts before it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dsa110_contimg.doctor import Examination, examine
from dsa110_contimg.doctor.examination import SideEffects

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the facts are read from /proc")
NOTHING = SideEffects((), None, (), (), (), (), 0)


def run(source: str, folder: Path, **options: object) -> Examination:
    (folder / "subject.py").write_text(source)
    return examine("import subject", cwd=folder, **options)  # type: ignore[arg-type]


def test_an_import_without_side_effects(tmp_path: Path) -> None:
    assert run("x = 1\n", tmp_path).side_effects == NOTHING


@pytest.mark.parametrize(
    ("source", "which", "value"),
    [
        ("import os\nos.environ['ADDED'] = '1'", "environment", ("ADDED",)),
        ("import os\nos.environ.pop('REMOVED')", "environment", ("REMOVED",)),
        ("import os\nos.environ['X'] = '1'\ndel os.environ['X']", "environment", ()),
        ("import os\nos.chdir('/')", "working_directory", "/"),
        ("import signal\nsignal.signal(signal.SIGUSR1, print)", "signal_handlers", ("SIGUSR1",)),
        ("import faulthandler\nfaulthandler.register(12)", "signal_handlers", ("SIGUSR2",)),
        ("import warnings\nwarnings.simplefilter('ignore')\nwarnings.simplefilter('error')", "warning_filters", 2),
        ("import subprocess, sys\nsubprocess.run(['/bin/true'])", "processes", ("subprocess.Popen /bin/true",)),
        (
            "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True, name='nap').start()",
            *("threads", ("nap",)),
        ),
    ],
)
def test_a_side_effect_is_told(source: str, which: str, value: object, tmp_path: Path) -> None:
    effects = run(source, tmp_path, env={"REMOVED": "1"}).side_effects
    assert getattr(effects, which) == value


def test_a_file_that_is_written_is_told(tmp_path: Path) -> None:
    found = run("open('left_behind', 'w').close()", tmp_path)
    assert found.side_effects.files_written == ("left_behind",)
    assert (tmp_path / "left_behind").exists()


def test_what_an_import_did_before_it_died_is_told(tmp_path: Path) -> None:
    found = run("import os\nopen('a', 'w').close()\nos.environ['ADDED'] = '1'\nos.abort()", tmp_path)
    assert found.verdict == "crashed"
    assert found.side_effects == SideEffects(("ADDED",), None, None, None, ("a",), (), None)


def test_the_target_finds_the_environment_it_was_given(tmp_path: Path) -> None:
    source = (
        "import os\nprint(sorted(k for k in os.environ if k.startswith(('LD_', 'IMPORT_DOCTOR'))), os.environ['GIVEN'])"
    )
    assert run(source, tmp_path, env={"GIVEN": "this"}).stdout == "[] this\n"


def test_the_target_finds_itself_as_python_would_start_it(tmp_path: Path) -> None:
    source = "import sys\nprint(sys.path[0] == '', sys.argv, 'site' in sys.modules, sys.modules['__main__'].__name__)\n"
    assert run(source, tmp_path).stdout == "True ['-c'] True __main__\n"


def test_a_script(tmp_path: Path) -> None:
    script = tmp_path / "folder" / "script.py"
    script.parent.mkdir()
    script.write_text(
        "import sys\nassert __name__ == '__main__'\nprint(sys.argv[1:], sys.path[0], __file__)\nsys.exit(0)\n"
    )
    found = examine("folder/script.py", cwd=tmp_path, args=["a", "b"])
    assert found.verdict == "healthy"
    assert found.stdout == f"['a', 'b'] {script.parent} folder/script.py\n"
    script.write_text("import sys\nsys.exit('no such data')\n")
    found = examine("folder/script.py", cwd=tmp_path)
    assert (found.verdict, found.exit.code, found.exception) == ("raised", 1, "SystemExit: no such data")
    script.write_text("x = (\n")
    found = examine("folder/script.py", cwd=tmp_path)
    assert found.verdict == "raised"
    assert found.exception is not None
    assert found.exception.startswith("SyntaxError: ")


def test_a_crash_in_sitecustomize_is_seen_before_the_target(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.abort()\n")
    found = examine("import json", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert found.verdict == "crashed"
    assert found.culprit is not None
    assert (found.culprit.module, found.culprit.python_line) == ("sitecustomize", 2)
    assert "before the target began" in found.confidence["chain"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder


def test_a_crash_in_a_pth_file_is_traced_to_its_line(environment: Path, tmp_path: Path) -> None:
    site = next(environment.glob("lib/python*/site-packages"))
    (site / "dies.py").write_text("import os\nos.abort()\n")
    pth = site / "begins.pth"
    pth.write_text("# a comment\nimport dies\n")
    try:
        found = examine("import json", python=environment / "bin" / "python", cwd=tmp_path, env={"PYTHONPATH": ""})
    finally:
        pth.unlink()
    assert found.verdict == "crashed"
    assert [(hop.module, Path(hop.file or "").name, hop.line, hop.statement) for hop in found.chain] == [
        ("dies", "begins.pth", 2, "import dies")
    ]


def test_namespace_packages_and_zip_files(tmp_path: Path) -> None:
    (tmp_path / "space" / "inner").mkdir(parents=True)
    (tmp_path / "space" / "inner" / "leaf.py").write_text("import os\nos._exit(3)\n")
    found = examine("import space.inner.leaf", cwd=tmp_path)
    assert (found.verdict, [hop.module for hop in found.chain]) == ("exited", ["space.inner.leaf"])
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("packed.py", "import missing_from_zip\n")
    found = examine("import packed", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "packed.zip")})
    assert (found.verdict, [hop.module for hop in found.chain]) == ("raised", ["packed", "missing_from_zip"])


def test_a_file_that_stands_in_for_the_standard_library_is_told(tmp_path: Path) -> None:
    (tmp_path / "string.py").write_text("x = 1\n")
    found = run("import string", tmp_path)
    shadows = [finding for finding in found.environment if finding.name == "string"]
    assert [finding.value for finding in shadows] == [str(tmp_path / "string.py")]
    names = {finding.name for finding in run("import colorsys", tmp_path, env={"LD_LIBRARY_PATH": "/lib"}).environment}
    assert "colorsys" not in names
    assert "LD_LIBRARY_PATH" in names


def test_loaded_modules_have_times_and_native_libraries_an_order(tmp_path: Path) -> None:
    found = run("import ctypes\n", tmp_path)
    loaded = {module.name: module for module in found.loaded.modules}
    assert {"subject", "ctypes", "_ctypes"} <= set(loaded)
    assert loaded["_ctypes"].is_extension
    assert not loaded["ctypes"].is_extension
    assert loaded["subject"].seconds is not None
    assert loaded["ctypes"].seconds is not None
    assert loaded["subject"].seconds >= loaded["ctypes"].seconds > 0
    names = [Path(library.path).name.partition(".")[0] for library in found.loaded.native]
    assert names.index("libc") < names.index("_ctypes")
    assert "libffi" not in names or names.index("libffi") < names.index("_ctypes"), "what it needs is initialised first"
    brought = {Path(library.path).name.partition(".")[0]: library.loaded_by for library in found.loaded.native}
    assert (brought["libc"], brought["_ctypes"]) == (None, "_ctypes")


def test_a_broken_interpreter_is_not_taken_for_healthy(tmp_path: Path) -> None:
    found = run("", tmp_path, env={"PYTHONHOME": str(tmp_path)})
    assert found.verdict in ("exited", "crashed")
    assert "did not come to its start" in found.confidence["chain"]
    assert found.chain == ()
