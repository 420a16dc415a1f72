"""``import-doctor``: what goes where, and with which exit code it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from dsa110_contimg.doctor.command import command
from dsa110_contimg.doctor.errors import ScriptNotFoundError
from dsa110_contimg.doctor.examination import Examination
from examinations import ALL, FORBIDDEN, HEALTHY, ORIGINAL
from support import ROOT


class Asked:
    """Stand in for the examiner, and keep what it was asked."""

    def __init__(self) -> None:
        self.answer: Examination | BaseException = HEALTHY
        self.target = ""
        self.options: dict[str, Any] = {}

    def examine(self, target: str, **options: Any) -> Examination:
        self.target, self.options = target, options
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    room = SimpleNamespace(examine=asked.examine)
    monkeypatch.setitem(sys.modules, "dsa110_contimg.doctor.examiner", room)  # type: ignore[arg-type]
    return asked


def run(*args: str) -> Result:
    return CliRunner().invoke(command, args)


@pytest.mark.parametrize("name", ALL)
def test_the_exit_code_is_0_for_healthy_and_1_for_every_other_verdict(name: str, asked: Asked) -> None:
    asked.answer = ALL[name]
    for options in ([], ["--json"]):
        result = run("x", *options)
        assert result.exit_code == (0 if ALL[name].verdict == "healthy" else 1), result.output
        assert result.stderr == ""
    assert json.loads(result.stdout)["verdict"] == ALL[name].verdict


def test_options_arrive(asked: Asked) -> None:
    run(
        *("run.py", "--python", "/usr/bin/python3.9", "--forbid", "numpy", "--forbid", "libcasa_*", "--timeout", "2.5"),
        *("--env", "A=1=2", "--env", "B=", "--", "--verbose", "in.fits"),
    )
    assert asked.target == "run.py"
    assert asked.options == {
        "python": "/usr/bin/python3.9",
        "forbid": ("numpy", "libcasa_*"),
        "timeout": 2.5,
        "env": {"A": "1=2", "B": ""},
        "args": ("--verbose", "in.fits"),
    }
    run("numpy")
    assert asked.options["python"] == sys.executable
    assert asked.options["timeout"] == 60


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["x", "--timeout", "0"],
        ["x", "--timeout", "nan"],
        ["x", "--timeout", "soon"],
        ["x", "--env", "A"],
        ["x", "--no"],
    ],
)
def test_usage(args: list[str], asked: Asked) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error" in result.stderr
    assert asked.target == ""


def test_a_statement_without_quotes_is_guessed(asked: Asked) -> None:
    result = run("from", "pkg", "import", "x")
    assert result.exit_code == 2
    assert 'import-doctor "from pkg import x"' in result.stderr


def test_our_errors_are_told_without_a_traceback(asked: Asked) -> None:
    asked.answer = ScriptNotFoundError("There is no run.py.", hint="Check the path.")
    result = run("run.py")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: There is no run.py.\nCheck the path.\n"


def test_ctrl_c(asked: Asked) -> None:
    asked.answer = KeyboardInterrupt()
    result = run("x")
    assert (result.exit_code, result.stderr) == (130, "Stopped.\n")


def test_a_page_beside_the_report(asked: Asked, tmp_path: Path) -> None:
    asked.answer = ORIGINAL
    place = tmp_path / "report.html"
    result = run("x", "--html", str(place))
    assert result.exit_code == 1
    assert result.stdout.startswith("Crashed with SIGSEGV")
    assert result.stderr == f"The page is {place}\n"
    assert "<svg" in place.read_text()
    result = run("x", "--html", str(tmp_path / "absent" / "report.html"))
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_help_has_examples_on_lines_of_their_own() -> None:
    result = run("--help")
    assert '\n    import-doctor "from mypackage.qa import create_cutout"\n' in result.stdout
    assert "[TARGET]" not in result.stdout


def test_every_option_stands_in_the_manual() -> None:
    manual = (ROOT / "docs" / "doctor.md").read_text()
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in ("version", "help"):
            metavar = "" if option.is_flag else option.make_metavar(click.Context(command))
            assert f"`{option.opts[-1]} {metavar}".rstrip() in manual, option.opts


def test_every_verdict_stands_in_the_manual() -> None:
    manual = (ROOT / "docs" / "doctor.md").read_text()
    for verdict in {one.verdict for one in ALL.values()} | {FORBIDDEN.verdict}:
        assert f"| `{verdict}` |" in manual


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(("redirection", "code"), [("> /dev/full", 2), (">&-", 0), ("| true", None)])
def test_an_output_that_cannot_be_written_gives_no_traceback(redirection: str, code: int | None) -> None:
    line = f'"{sys.executable}" -m dsa110_contimg.doctor json {redirection}'
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    if code is not None:
        assert done.returncode == code
    assert ("cannot be written" in done.stderr) == (code == 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("options", ["--check", "--check --static", "--check --json"])
def test_a_check_that_cannot_be_written_gives_no_traceback(options: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[[tool.import-doctor.contract]]\nimport = "json"\nforbid = ["wave"]\n')
    line = f'"{sys.executable}" -m dsa110_contimg.doctor {options} > /dev/full'
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "cannot be written" in done.stderr
    assert done.returncode == 2


@pytest.mark.skipif(sys.platform != "linux", reason="the child is looked for in /proc")
def test_ctrl_c_ends_the_target_too(tmp_path: Path) -> None:
    (tmp_path / "sleeps.py").write_text("import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "dsa110_contimg.doctor", "sleeps"]
    doctor = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pid = tmp_path / "pid"
    while doctor.poll() is None and not (pid.exists() and pid.read_text()):
        time.sleep(0.05)
    doctor.send_signal(signal.SIGINT)
    stdout, stderr = doctor.communicate(timeout=30)
    assert (doctor.returncode, stdout, stderr) == (130, "", "Stopped.\n")
    assert not Path(f"/proc/{pid.read_text()}").exists()
