"""``dsa110-qa caltable``: what is printed, where, and with which exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("casacore")
from click.testing import CliRunner, Result

from dsa110_contimg.cli import app, caltable
from dsa110_contimg.qa import measure_caltable
from dsa110_contimg.simulate import SimulatedCaltable, simulate_caltable, simulate_measurement_set

if TYPE_CHECKING:
    from pathlib import Path


def run(*args: object) -> Result:
    group = type(app.verbs)("dsa110-qa", commands={"caltable": caltable.command})
    return CliRunner().invoke(group, ["caltable", *map(str, args)])


@pytest.fixture
def truth(tmp_path: Path) -> SimulatedCaltable:
    sigmas = [0, 5, 10, 60, 5, 5]
    choices = {"phase_scatter_deg": sigmas, "dead_antennas": [2], "absent_antennas": [4], "n_channels": (4, 16)}
    return simulate_caltable(tmp_path / "[bold]a.bcal", "B", 6, n_times=20, seed=1, **choices)  # type: ignore[arg-type]


def test_the_report(truth: SimulatedCaltable) -> None:
    result = run(truth.path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    lines = result.stdout.splitlines()
    assert lines[0] == f"WARN  {truth.path}"
    assert lines[1] == "  WARN  dead antennas: 1 (WARN above 0, FAIL above 4). No usable solution: DSA-003."
    assert lines[2].startswith("  WARN  phase scatter (°): ")
    assert lines[2].endswith(" The worst receptor of each scatters more: DSA-004.")
    assert lines[3] == ""
    assert "Bandpass (B Jones)" in lines
    assert "200 rows, 6 antennas, 2 spectral windows of 4 to 16 channels, 2 receptors" in lines
    words = [line.split() for line in lines]
    assert ["delay", "(ns)", "SKIP", "–", "The", "table", "holds", "no", "delays.", "0"] in words
    assert ["dead", "antennas", "WARN", "1", "WARN", "above", "0,", "FAIL", "above", "4", "5"] in words
    assert ["DSA-001", "0", "0.0", "%", "0.0", "/", "0.0", "1", "50", "reference"] in words
    assert ["!", "DSA-003", "2", "100.0", "%", "–", "/", "–", "–", "–", "dead"] in words
    assert [row[:2] for row in words if row[:1] == ["!"]] == [["!", "DSA-003"], ["!", "DSA-004"]]
    assert ["all", "20.0", "%", "1", "50"] in words
    assert lines[-1] == "Without any solution: DSA-005"


@pytest.mark.parametrize("columns", [80, 160])
def test_it_fits_a_terminal(truth: SimulatedCaltable, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsa110_contimg.cli.console._WIDTH_WHEN_PIPED", columns)
    lines = run(truth.path).stdout.splitlines()
    assert max(map(len, lines[1:])) <= columns
    rows = [line for line in lines if line.lstrip("! ").startswith("DSA-") and "%" in line]
    assert len(rows) == 5  # a line each


def test_delays_are_listed(tmp_path: Path) -> None:
    result = run(simulate_caltable(tmp_path / "a", "K", 3, seed=1).path)
    assert "Delay (ns)  Largest (ns)" in result.stdout
    assert "Amplitude" not in result.stdout


def test_the_report_is_data(truth: SimulatedCaltable) -> None:
    result = run(truth.path, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    quality = measure_caltable(truth.path)
    assert (told["verdict"], told["kind"], told["dead_antennas"]) == ("WARN", "bandpass", [2])
    assert told["flag_fraction_by_antenna"] == [0.0, 0.0, 1.0, 0.0, None, 0.0]
    assert told["amplitude_by_antenna"][2] is None
    assert told["phase_scatter_deg"][3] == quality.phase_scatter_deg[3].tolist()
    assert told["delay_ns"] is None
    assert told["gates"][0] == {
        "name": "dead antennas",
        "verdict": "WARN",
        "value": 1.0,
        "threshold": "WARN above 0, FAIL above 4",
        "n_samples": 5,
        "reason": "No usable solution: DSA-003.",
    }
    assert told["remarks"][4] == ["no solutions"]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_failed_gate_is_a_finding(tmp_path: Path, options: list[str]) -> None:
    dead = simulate_caltable(tmp_path / "a", "G", 3, dead_antennas=[0, 1, 2])
    result = run(dead.path, *options)
    assert result.exit_code == app.EXIT_FINDING
    assert "No antenna has a usable solution." in result.stdout


def test_errors_are_told_without_a_traceback(tmp_path: Path) -> None:
    night = simulate_measurement_set(tmp_path / "night.ms", 3, 1)
    (tmp_path / "file").write_text("text")
    for path, says in (
        (night.path, f"dsa110-qa ms {night.path}"),
        (night.path / "ANTENNA", "no caltable"),
        (tmp_path / "absent", "There is no table"),
        (tmp_path / "file", "is a file"),
    ):
        result = run(path)
        assert (result.exit_code, result.stdout) == (app.EXIT_UNREADABLE, "")
        assert says in result.stderr
        assert "Traceback" not in result.stderr
