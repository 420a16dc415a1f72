"""``dsa110-qa table``: what is printed, where, and with which exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from casa_tables import make_table
from dsa110_contimg.cli import app, table
from support import run_python

if TYPE_CHECKING:
    from pathlib import Path

RUN = "import sys; from dsa110_contimg.cli import table; table.command(sys.argv[1:])"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    other = make_table(tmp_path / "ANTENNA", {"NAME": np.array(["ea01"], dtype=object)})
    data = (np.arange(12).reshape(3, 2, 2) * (1 - 1j)).astype(np.complex64)
    data[1, 0, 0] = np.nan
    flags = np.zeros((3, 2, 2), bool)
    flags[2, 1, 1] = True
    return make_table(
        tmp_path / "t",
        {
            "DATA": data,
            "FLAG": flags,
            "TIME": np.array([1.5, np.inf, 2.5]),
            "NAME": np.array(["[bold]a", "b", "c"], dtype=object),
            "OPEN": [np.ones((2, 2)), np.ones((3, 2)), None],
        },
        units={"TIME": "s"},
        keywords={"ANTENNA": f"Table: {other}", "GONE": f"Table: {tmp_path / 'gone'}", "VERSION": 2.0, "[red]x": "[y]"},
    )


def run(*args: object) -> Result:
    group = type(app.verbs)("dsa110-qa", commands={"table": table.command})
    return CliRunner().invoke(group, ["table", *map(str, args)])


def test_the_summary_says_what_is_there(path: Path, tmp_path: Path) -> None:
    result = run(path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == [str(path)]
    assert "3 rows, 5 columns" in result.stdout
    assert ["DATA", "complex", "(2,", "2)", "[0+0j,", "1-1j,", "…]"] in lines
    assert ["TIME", "double", "scalar", "s", "1.5"] in lines
    assert ["NAME", "string", "scalar", "[bold]a"] in lines
    assert "(2, 2) or (3, 2) or none" in result.stdout
    assert ["[red]x", "[y]"] in lines
    assert ["Subtables:", "2,", "of", "which", "1", "dangling"] in lines
    assert ["ANTENNA"] in lines
    assert f"GONE  DANGLING: nothing is at {tmp_path / 'gone'}" in result.stdout


def test_the_summary_is_data(path: Path) -> None:
    told = json.loads(run(path, "--json").stdout)
    assert (told["nrows"], told["columns"][2]["name"], told["columns"][2]["unit"]) == (3, "TIME", "s")
    assert told["keywords"] == {"VERSION": 2.0, "[red]x": "[y]"}
    assert {name: found["exists"] for name, found in told["subtables"].items()} == {"ANTENNA": True, "GONE": False}


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [("0:10", [0, 1, 2]), ("1", [1]), ("-1", [2]), ("::2", [0, 2]), ("::-1", [2, 1, 0]), ("7", []), ("2:1", [])],
)
def test_rows_are_numpys(path: Path, rows: str, numbers: list[int]) -> None:
    result = run(path, "NAME", "--rows", rows)
    assert result.exit_code == 0
    names = ["[bold]a", "b", "c"]
    assert [line.split() for line in result.stdout.splitlines()] == [[str(row), names[row]] for row in numbers]
    assert f"NAME: {len(numbers)} of 3 rows" in result.stderr


def test_values_are_data(path: Path) -> None:
    told = json.loads(run(path, "DATA", "--json", "--rows", "0:2").stdout)
    assert told == {
        "path": str(path),
        "column": "DATA",
        "type": "complex",
        "unit": None,
        "rows": [0, 1],
        "values": [[[[0, 0], [1, -1]], [[2, -2], [3, -3]]], [[None, [5, -5]], [[6, -6], [7, -7]]]],
    }
    assert json.loads(run(path, "TIME", "--json").stdout)["values"] == [1.5, None, 2.5]
    assert json.loads(run(path, "FLAG", "--json", "--rows", "2").stdout)["values"] == [[[False, False], [False, True]]]
    assert json.loads(run(path, "DATA_F", "--json", "--rows", "2").stdout)["values"][0][1] == [[10, -10], None]


def test_flagged_values_are_left_out(path: Path) -> None:
    assert "--" in run(path, "DATA_F", "--rows", "2").stdout
    assert "--" not in run(path, "DATA", "--rows", "2").stdout


def test_ragged_cells_are_printed_one_by_one(path: Path) -> None:
    result = run(path, "OPEN", "--rows", ":2")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 5


@pytest.mark.parametrize(
    ("args", "exit_code", "message"),
    [
        (["{path}", "TMIE"], app.EXIT_USAGE, "Did you mean TIME"),
        (["{path}", "TIME", "--rows", "a"], app.EXIT_USAGE, "no row and no slice"),
        (["{path}", "TIME", "--rows", "0:1:0"], app.EXIT_USAGE, "no row and no slice"),
        (["{path}", "TIME", "--rows", "0:1:1:1"], app.EXIT_USAGE, "no row and no slice"),
        (["{path}", "OPEN", "--rows", "2"], app.EXIT_USAGE, "without a value"),
        (["{path}/nothing"], app.EXIT_UNREADABLE, "There is no table"),
        (["{path}/table.dat"], app.EXIT_UNREADABLE, "is a file"),
    ],
)
def test_errors_are_told_without_a_traceback(path: Path, args: list[str], exit_code: int, message: str) -> None:
    result = run(*(arg.format(path=path) for arg in args))
    assert result.exit_code == exit_code
    assert result.stdout == ""
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_real_pipe_gets_plain_text(path: Path) -> None:
    child = run_python(RUN, str(path))
    assert child.returncode == 0, child.stderr
    assert child.stdout == run(path).stdout
    assert child.stderr == ""
    assert click.unstyle(child.stdout) == child.stdout
