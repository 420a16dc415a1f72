"""docs/guarding-imports.md is true: its edits apply, and its commands print what it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dsa110_contimg
from support import ROOT, announce_plugin
from victims.build import build_original

PAGE = ROOT / "docs" / "guarding-imports.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
MARK = "=== next ==="

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the page shows what Linux does"),
    pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler"),
    pytest.mark.skipif(
        not Path(sys.executable).with_name("import-doctor").exists(), reason="the commands are not installed"
    ),
]


def apply(diff: str, folder: Path) -> None:
    """Apply a diff of one file with one hunk; it must fit."""
    path = re.search(r"^\+\+\+ b/(.*)$", diff, re.MULTILINE)
    assert path is not None
    lines = diff.partition("@@\n")[2].splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    file = folder / path[1]
    assert file.read_text().count(before) == 1, f"the diff does not fit {path[1]}"
    file.write_text(file.read_text().replace(before, after))


def run(block: str, folder: Path, environment: dict[str, str]) -> None:
    """Run the commands of a block in one shell, and hold what each prints against what stands below it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    commands, shown = parts[::2], parts[1::2]
    script = "".join(f"{command}\ncode=$?; echo '{MARK}'; (exit $code)\n" for command in commands)
    finished = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=120,
        check=False,
    )
    printed = finished.stdout.split(f"{MARK}\n")[:-1]
    for command, said, expected in zip(commands, printed, shown, strict=True):
        pattern = re.escape(expected).replace(re.escape("...\n"), "(?s:.*)").replace(re.escape("..."), ".*")
        assert re.fullmatch(pattern, said), f"$ {command}\n{said}"


def test_the_page(tmp_path: Path) -> None:
    folder = build_original(tmp_path / "original")
    installed = announce_plugin(tmp_path / "installed")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV", "LC_"))}
    environment |= {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(installed), str(Path(dsa110_contimg.__file__).parents[1])]),
        "PYTHONUTF8": "1",
    }
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds.count("console") >= 5
    assert kinds.count("diff") == 3
    for kind, block in BLOCKS:
        if kind == "diff":
            apply(block, folder)
        elif kind == "toml":
            (folder / "pyproject.toml").write_text(block)
        elif kind == "console":
            run(block, folder, environment)


def test_the_hook_on_the_page_is_the_one_that_we_offer() -> None:
    offered = (ROOT / ".pre-commit-hooks.yaml").read_text()
    (shown,) = [block for kind, block in BLOCKS if kind == "yaml"]
    for key in ("id", "entry", "language", "pass_filenames", "types_or"):
        (line,) = re.findall(rf"{key}: .*", shown)
        assert line in offered


def test_every_key_of_a_contract_stands_on_the_page() -> None:
    from dsa110_contimg.doctor.guard.contracts import KEYS

    for key in KEYS:
        assert f"| `{key}` |" in PAGE.read_text()


def test_every_key_of_the_json_stands_on_the_page() -> None:
    from dsa110_contimg.doctor.guard.contracts import Contract
    from dsa110_contimg.doctor.guard.drawing import write_outcome
    from dsa110_contimg.doctor.guard.outcomes import Breach, Outcome

    told = write_outcome(Outcome(Contract("json"), (Breach("forbid", "x is loaded."),)))
    for key in (*told, *told["breaches"][0], "schema", "contracts", "error"):
        assert f"`{key}`" in PAGE.read_text(), key
