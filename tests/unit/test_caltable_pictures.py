"""Pictures of caltables: those that the kind has, with limits, names and colours where they belong."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("casacore")
from click.testing import CliRunner, Result
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from casa_tables import make_table
from dsa110_contimg.cli import app, caltable
from dsa110_contimg.qa import measure_caltable
from dsa110_contimg.qa.caltables import pictures
from dsa110_contimg.qa.drawing.figures import DEAD, GOOD, MARKED, name_antennas
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import simulate_caltable
from support import shared_data

if TYPE_CHECKING:
    from pathlib import Path

    from dsa110_contimg.qa import CaltableQuality

GAIN = ["flags_antenna.png", "phase_antenna.png", "amplitude_antenna.png", "snr_antenna.png"]
DELAY = ["flags_antenna.png", "delay_antenna.png"]


def run(*args: object) -> Result:
    group = type(app.verbs)("dsa110-qa", commands={"caltable": caltable.command})
    return CliRunner().invoke(group, ["caltable", *map(str, args)])


@pytest.fixture(scope="module")
def bandpass(tmp_path_factory: pytest.TempPathFactory) -> CaltableQuality:
    path = tmp_path_factory.mktemp("tables") / "day.bcal"
    sigmas, amplitudes = [0, 5, 10, 60, 5, 5], [1, 1.1, 1, 1, 1, 30]
    choices: dict[str, Any] = {"dead_antennas": [2], "absent_antennas": [4], "n_channels": (4, 16)}
    simulate_caltable(path, "B", 6, n_times=20, phase_scatter_deg=sigmas, amplitude=amplitudes, seed=1, **choices)
    return measure_caltable(path)


def draw(name: str, quality: CaltableQuality) -> Any:
    axes = Figure().add_subplot()
    getattr(pictures, f"_draw_{name}")(axes, quality)
    return axes


def names_of(axes: Any) -> dict[str, str]:
    return {label.get_text(): to_hex(label.get_color()) for label in axes.get_xticklabels()}


def lines_of(axes: Any) -> list[float]:
    return [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"]


def legend_of(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_those_that_the_kind_has(bandpass: CaltableQuality, tmp_path: Path) -> None:
    written = bandpass.write_pictures(tmp_path / "new" / "folder")
    assert [path.name for path in written] == GAIN
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(GAIN)
    for path in written:
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("PNG", (1200, 660))
            assert len(np.unique(np.asarray(picture.convert("L")))) > 20
    delays = measure_caltable(simulate_caltable(tmp_path / "a.kcal", "K", 3, seed=1).path)
    assert [path.name for path in delays.write_pictures(tmp_path)] == DELAY


@pytest.mark.parametrize(
    ("name", "expected"), [("sma.ms.pha.gcal", GAIN), ("sma.ms.bcal", GAIN), ("sma.ms.dcal", DELAY)]
)
def test_real_tables(name: str, expected: list[str], tmp_path: Path) -> None:
    quality = measure_caltable(shared_data(f"tables/caltables_sma/{name}"))
    assert [path.name for path in quality.write_pictures(tmp_path)] == expected


def test_flags(bandpass: CaltableQuality) -> None:
    axes = draw("flags", bandpass)
    assert [bar.get_height() for bar in axes.patches] == [0, 0, 100, 0, 0, 0]
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == [GOOD, GOOD, DEAD, GOOD, GOOD, GOOD]
    assert lines_of(axes) == [20.0]
    assert list(names_of(axes)) == ["DSA-001", "DSA-002", "DSA-003", "DSA-004", "(DSA-005)", "DSA-006"]
    assert {name for name, colour in names_of(axes).items() if colour == DEAD} == {"DSA-003"}
    assert axes.get_xlabel() == "Antenna; reference: DSA-001; in brackets: no solutions"


def test_phases(bandpass: CaltableQuality) -> None:
    axes = draw("phases", bandpass)
    assert lines_of(axes) == [30.0]
    assert legend_of(axes) == ["receptor 1", "receptor 2", "limit 30°", "good", "beyond a limit", "dead"]
    for receptor, points in enumerate(axes.collections):
        np.testing.assert_array_equal(points.get_offsets()[:, 1].data, bandpass.phase_scatter_deg[:, receptor])
        colours = [to_hex(colour) for colour in points.get_edgecolors()]
        assert [colours[place] for place in (0, 1, 3, 5)] == [GOOD, GOOD, MARKED, GOOD]  # the others have no points
    assert {name for name, colour in names_of(axes).items() if colour == MARKED} == {"DSA-004"}
    (dead,) = axes.patches
    assert (dead.get_x(), dead.get_width()) == (1.5, 1.0)
    low, high = axes.get_ylim()
    assert low < 0 < np.nanmax(bandpass.phase_scatter_deg) < high


def test_amplitudes_that_are_far_apart(bandpass: CaltableQuality) -> None:
    axes = draw("amplitudes", bandpass)
    assert axes.get_yscale() == "log"
    assert {name for name, colour in names_of(axes).items() if colour == MARKED} == {"DSA-006"}
    assert lines_of(axes) == [0.1, 10.0]
    assert "limit 0.1 and 10" in legend_of(axes)


def test_limits_far_away_are_told_and_not_drawn(tmp_path: Path) -> None:
    gains = measure_caltable(simulate_caltable(tmp_path / "a.gcal", "G", 4, phase_scatter_deg=1.0, seed=1).path)
    axes = draw("phases", gains)
    assert lines_of(axes) == []
    assert "limit 30°, out of view" in legend_of(axes)
    assert axes.get_ylim()[1] < 5
    axes = draw("amplitudes", gains)
    assert lines_of(axes) == [0.1]
    assert {"limit 0.1", "limit 10, out of view"} <= set(legend_of(axes))
    assert lines_of(draw("snr", gains)) == [3.0]


def test_limits_near_by_are_brought_into_view(tmp_path: Path) -> None:
    gains = measure_caltable(simulate_caltable(tmp_path / "a.gcal", "G", 4, phase_scatter_deg=10.0, seed=1).path)
    axes = draw("phases", gains)
    assert lines_of(axes) == [30.0]
    assert axes.get_ylim()[1] > 30


def test_delays(tmp_path: Path) -> None:
    delays = measure_caltable(simulate_caltable(tmp_path / "a.kcal", "K", 5, largest_delay_ns=3000, seed=1).path)
    axes = draw("delays", delays)
    median, largest = axes.collections
    np.testing.assert_array_equal(median.get_offsets()[:, 1].data, delays.delay_by_antenna_ns)
    np.testing.assert_array_equal(largest.get_offsets()[:, 1].data, delays.largest_delay_by_antenna_ns)
    assert lines_of(axes) == [1000.0]
    far = {f"DSA-{k + 1:03d}" for k in np.flatnonzero(delays.largest_delay_by_antenna_ns > 1000)}
    assert far
    assert {name for name, colour in names_of(axes).items() if colour == MARKED} == far


def test_thresholds_are_those_that_were_given(bandpass: CaltableQuality) -> None:
    quality = measure_caltable(bandpass.path, thresholds=Thresholds(phase_scatter_deg=70.0))
    axes = draw("phases", quality)
    assert lines_of(axes) == [70.0]
    assert MARKED not in names_of(axes).values()


def test_numbers_that_nothing_is_held_against_have_no_limit(bandpass: CaltableQuality) -> None:
    """Leakages have amplitudes and phases, too, and no gate judges them."""
    gates = tuple(replace(gate, verdict="SKIP") for gate in bandpass.gates)
    leakages = replace(bandpass, gates=gates, remarks=((),) * 6)
    assert lines_of(draw("amplitudes", leakages)) == []
    assert legend_of(draw("amplitudes", leakages)) == ["good"]


def test_a_table_of_dead_antennas_and_one_without_rows(tmp_path: Path) -> None:
    dead = measure_caltable(simulate_caltable(tmp_path / "a.gcal", "G", 3, dead_antennas=[0, 1, 2]).path)
    assert [path.name for path in dead.write_pictures(tmp_path)] == ["flags_antenna.png"]
    empty = make_table(
        tmp_path / "b.gcal",
        {
            "TIME": np.zeros(0),
            "ANTENNA1": np.zeros(0, np.int32),
            "CPARAM": np.zeros((0, 1, 2), np.complex64),
            "FLAG": np.zeros((0, 1, 2), bool),
        },
        keywords={"VisCal": "G Jones", "ParType": "Complex"},
    )
    assert measure_caltable(empty).write_pictures(tmp_path) == []


@pytest.mark.parametrize("count", [4, 110, 300, 500])
def test_marked_antennas_are_named_however_many_there_are(count: int) -> None:
    colours = [GOOD] * count
    colours[1], colours[-2] = DEAD, MARKED
    axes = Figure().add_subplot()
    name_antennas(axes, [f"ea{k:03d}" for k in range(count)], colours)
    told = names_of(axes)
    assert told["ea001"] == DEAD
    assert told[f"ea{count - 2:03d}"] == MARKED
    assert min(count, 110) * 0.75 <= len(told) <= 123


def test_names_that_matplotlib_would_read_as_formulas(bandpass: CaltableQuality, tmp_path: Path) -> None:
    names = ("$x_$", "[red]", "$\\frac$", "a$b", "", "\udcff")
    odd = replace(bandpass, antenna_names=names, path="/data/$_^$.bcal")
    assert len(odd.write_pictures(tmp_path)) == 4


def test_at_the_shell(bandpass: CaltableQuality, tmp_path: Path) -> None:
    result = run(bandpass.path, "--plots", tmp_path / "p")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-5:] == ["", *(str(tmp_path / "p" / name) for name in GAIN)]
    import json

    told = json.loads(run(bandpass.path, "--plots", tmp_path / "p", "--json").stdout)
    assert told["pictures"] == [str(tmp_path / "p" / name) for name in GAIN]
    assert told["thresholds"]["phase_scatter_deg"] == 30
    assert json.loads(run(bandpass.path, "--json").stdout)["pictures"] == []


def test_pictures_need_matplotlib_before_anything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run(tmp_path / "absent.gcal", "--plots", tmp_path / "p")
    assert result.exit_code == 3
    assert "dsa110-contimg[plot]" in result.stderr
    assert not (tmp_path / "p").exists()


def test_a_folder_for_pictures_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "absent.gcal", "--plots", tmp_path / "file" / "p")
    assert result.exit_code == 2
    assert "could not be made" in result.stderr
