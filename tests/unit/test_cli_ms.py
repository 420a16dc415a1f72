"""``dsa110-qa ms``: what is printed, drawn, and with which exit code it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from casa_tables import make_measurement_set, make_table
from dsa110_contimg.cli import app, ms
from dsa110_contimg.simulate import simulate_measurement_set

if TYPE_CHECKING:
    from dsa110_contimg.simulate import SimulatedMeasurementSet

PICTURES = [
    *("amplitude_uv_distance.png", "amplitude_time.png", "amplitude_channel.png"),
    *("flags_antenna.png", "flags_channel.png"),
]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> SimulatedMeasurementSet:
    folder = tmp_path_factory.mktemp("sets")
    return simulate_measurement_set(
        folder / "night.ms", 12, 3, n_channels=(8, 16), dead_antennas=[2], flag_fraction=0.02, seed=5
    )


def run(*args: object) -> Result:
    group = type(app.verbs)("dsa110-qa", commands={"ms": ms.command})
    return CliRunner().invoke(group, ["ms", *map(str, args)])


def make_bad(path: Path, flags: np.ndarray, **given: object) -> Path:
    data = np.ones(flags.shape, np.complex64)
    return make_measurement_set(path / "bad.ms", {"DATA": data, "FLAG": flags} | given)


def test_the_report(truth: SimulatedMeasurementSet) -> None:
    result = run(truth.path)
    assert (result.exit_code, result.stderr) == (0, "")  # a warning is no failure
    assert "\x1b" not in result.stdout
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:2] == [
        f"WARN {truth.path}",
        "WARN dead antennas: 1 (WARN above 0). Flagged in all rows: DSA-003.",
    ]
    assert "396 rows, 12 antennas, 3 integrations, 1 field, 2 spectral windows with 24 channels, 12 subtables" in lines
    assert "MJD 60300.250075 to 60300.250373 UTC, 25.8 s" in lines
    assert "UVW zero PASS 0 WARN above 0, FAIL above 0.5 396" in lines
    assert any("DSA-003 100.0 % dead" in line for line in lines)
    assert not any("HIGH DSA" in line for line in lines)
    fraction = f"{100 * truth.flag_fraction:.1f} %"
    assert f"all {fraction} 9,504" in lines
    assert any(line.startswith("window 1 SPW1") and line.endswith("6,336") for line in lines)


def test_every_number_is_data(truth: SimulatedMeasurementSet) -> None:
    result = run(truth.path, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert (told["verdict"], told["n_rows"], told["pictures"]) == ("WARN", truth.n_rows, [])
    assert told["flag_fraction"] == truth.flag_fraction
    assert [antenna["flag_fraction"] for antenna in told["antennas"]] == truth.flag_fraction_by_antenna.tolist()
    assert told["dead_antennas"] == ["DSA-003"]
    assert {antenna["name"] for antenna in told["antennas"] if antenna["mark"] == "dead"} == {"DSA-003"}
    assert [len(window["flag_fractions"]) for window in told["windows"]] == [8, 16]
    assert [gate["name"] for gate in told["gates"]].count("flag fraction") == 1
    assert told["thresholds"]["flag_fraction"] == 0.3
    histogram = told["amplitude_by_time"]
    assert np.sum(histogram["counts"]) == told["n_unflagged"]
    assert np.shape(histogram["counts"]) == (3, len(histogram["amplitude_edges"]) - 1)
    assert len(told["windows"][1]["amplitude_by_channel"]["x_edges"]) == 17


def test_a_failure_is_a_finding(tmp_path: Path) -> None:
    path = make_bad(tmp_path, np.ones((6, 3, 2), bool))
    for how in ([], ["--json"]):
        result = run(path, *how)
        assert (result.exit_code, result.stderr) == (1, "")
    lines = [line.split() for line in run(path).stdout.splitlines()]
    assert [line[:3] for line in lines[:4]] == [
        ["FAIL", str(path)],
        *(["FAIL", "unflagged", "visibilities:"], ["WARN", "flag", "fraction:"], ["WARN", "dead", "antennas:"]),
    ]
    assert ["worst", "living", "antenna", "SKIP", "–", "No", "antenna", "is", "alive.", "0"] in lines


def test_antennas_are_marked_and_fractions_do_not_look_like_others(tmp_path: Path) -> None:
    flags = np.zeros((6, 50, 30), bool)
    flags[0, 0, 0] = True
    flags[2::3] = True
    flags[2, 0, 0] = False
    result = run(make_bad(tmp_path, flags))
    assert result.exit_code == 0
    told = result.stdout
    assert "ea02  50.0 % HIGH" in told
    assert "ea03  50.0 % HIGH" in told
    assert "ea01 < 0.1 %" in told
    assert "1 3C286" in told
    assert "no data" in told


@pytest.mark.parametrize(
    ("fraction", "told"),
    [(None, "no data"), (0.0, "0.0 %"), (1e-9, "< 0.1 %"), (0.0006, "0.1 %"), (1 - 1e-9, "> 99.9 %"), (1.0, "100.0 %")],
)
def test_what_is_not_quite_nothing_or_all_does_not_look_so(fraction: float | None, told: str) -> None:
    assert ms._fraction(fraction) == told


@pytest.mark.parametrize("columns", ["80", "160"])
def test_the_report_fits_the_terminal(
    columns: str, truth: SimulatedMeasurementSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    monkeypatch.setattr(ms, "open_console", lambda: Console(width=int(columns), markup=False, highlight=False))
    lines = run(truth.path).stdout.splitlines()
    # Paths are never broken; everything else fits.
    assert max(len(line.rstrip()) for line in lines if str(truth.path) not in line) <= int(columns)
    assert sum("DSA-0" in line for line in lines[-30:]) == {"80": 4, "160": 2}[columns]


def test_pictures(truth: SimulatedMeasurementSet, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    result = run(truth.path, "--plots", folder)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-5:] == [str(folder / name) for name in PICTURES]
    assert sorted(path.name for path in folder.iterdir()) == sorted(PICTURES)
    for name in PICTURES:
        with Image.open(folder / name) as picture:
            assert (picture.format, picture.size) == ("PNG", (1200, 660))
            assert len(np.unique(np.asarray(picture.convert("L")))) > 20
    again = json.loads(run(truth.path, "--plots", folder, "--json").stdout)
    assert again["pictures"] == [str(folder / name) for name in PICTURES]


def test_pictures_where_there_is_nothing_to_draw(tmp_path: Path) -> None:
    path = make_bad(tmp_path, np.ones((6, 3, 2), bool), DATA_DESC_ID=np.full(6, 5, np.int32))
    result = run(path, "--plots", tmp_path)
    assert (result.exit_code, result.stderr) == (1, "")
    assert all((tmp_path / name).stat().st_size > 1000 for name in PICTURES)


def test_names_that_matplotlib_would_read_as_formulas(tmp_path: Path) -> None:
    path = make_measurement_set(
        tmp_path / "_^ ä.ms",
        {"DATA": np.ones((6, 3, 2), np.complex64), "FLAG": np.zeros((6, 3, 2), bool)},
        ANTENNA={"NAME": np.array(["$x_$", "[red]", "$\\frac$"], object)},
    )
    result = run(path, "--plots", tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "[red]" in result.stdout


def test_pictures_need_matplotlib_before_anything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run(tmp_path / "absent.ms", "--plots", tmp_path / "p")
    assert result.exit_code == 3
    assert "dsa110-contimg[plot]" in result.stderr
    assert not (tmp_path / "p").exists()


def test_a_folder_for_pictures_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "absent.ms", "--plots", tmp_path / "file" / "p")
    assert result.exit_code == 2
    assert "could not be made" in result.stderr


def test_bad_input(tmp_path: Path) -> None:
    other = make_table(tmp_path / "other", {"A": np.arange(3)})
    for path, message in ((tmp_path / "absent.ms", "There is no table"), (other, "is no Measurement Set")):
        result = run(path)
        assert (result.exit_code, result.stdout) == (4, "")
        assert message in result.stderr
        assert "Traceback" not in result.stderr
    assert run().exit_code == 2
