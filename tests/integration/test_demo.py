"""What `make demo` shows is true."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the verbs that `make demo` runs, in a folder of its own; return it, and what they print."""
    said = ""
    folder = tmp_path_factory.mktemp("demo")
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    lines = recipe[1].replace("\\\n", " ").splitlines()
    commands = [line.strip().lstrip("@") for line in lines if "dsa110-qa" in line and "echo" not in line]
    assert [command.split()[1] for command in commands] == ["simulate", "report"]
    for command in commands:
        words = shlex.split(command.split("||")[0])
        words = [str(path) for word in words[1:] for path in (sorted(folder.glob(word)) if "*" in word else [word])]
        done = subprocess.run(
            [sys.executable, "-m", "dsa110_contimg", *words], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == (1 if words[0] == "report" else 0), done.stderr
        said = done.stdout
    return folder / "demo-output", said


def test_the_report_agrees_with_the_simulator(demo: tuple[Path, str]) -> None:
    folder, said = demo
    truth = json.loads((folder / "truth.json").read_text())
    told = json.loads((folder / "report" / "report.json").read_text())
    page = (folder / "report" / "index.html").read_text()
    variables = {source["name"] for source in truth["sources"] if source["kind"] != "static"}
    assert (len(truth["sources"]), len(variables), len(told["images"])) == (40, 3, 12)

    # The three variables come out on top, and nothing else is called variable.
    assert {source["name"] for source in told["sources"] if source["is_variable"]} == variables
    on_top = re.findall(r'<article id="s\d+".*?<h3>([^<]*?)(?: <span|</h3>)', page, re.DOTALL)[:3]
    assert set(on_top) == variables

    # The bad epoch fails, and no other one.
    bad = [epoch["image"] for epoch in truth["epochs"] if epoch["bad"]]
    assert [Path(image["path"]).name for image in told["images"] if image["verdict"] == "FAIL"] == bad

    # The dead antenna is named, on the page and at the shell.
    (table,) = told["tables"]
    assert table["quality"]["dead_antennas"] == ["DSA-005"]
    assert re.search(r"<dt>Dead antennas</dt><dd>DSA-005</dd>", page)
    assert "DSA-005" in said
    assert bad[0] in said
    assert said.startswith("FAIL")
    assert "3 of 40 sources vary" in said
    assert said.rstrip().endswith("index.html")
