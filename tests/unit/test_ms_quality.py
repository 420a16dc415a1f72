"""What `measure_ms` counts, on Measurement Sets of which the truth is known."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from casacore.tables import table as native

from casa_tables import make_measurement_set, make_table, snapshot
from dsa110_contimg import errors
from dsa110_contimg.qa import CasaTable, MSQuality, measure_ms
from dsa110_contimg.qa.gates import Gate, Verdict
from dsa110_contimg.qa.measurement_sets import measuring, pieces
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import simulate_measurement_set


def gate(quality: MSQuality, name: str) -> Gate:
    (found,) = (gate for gate in quality.gates if gate.name == name)
    return found


def complex_cells(n: int, *shape: int, value: complex = 1 + 1j) -> np.ndarray:
    return np.full((n, *shape), value, np.complex64)


def make(path: Path, n: int = 6, **given: Any) -> Path:
    """Make a set of n rows of window 0, whose DATA and FLAG can be given."""
    columns = {"DATA": complex_cells(n, 3, 2), "FLAG": np.zeros((n, 3, 2), bool)}
    subtables = {name: given.pop(name) for name in [*given] if name in SUBTABLES}
    return make_measurement_set(path / "some.ms", columns | given, **subtables)


SUBTABLES = ("ANTENNA", "FIELD", "SPECTRAL_WINDOW", "POLARIZATION", "DATA_DESCRIPTION")


def test_flags_are_the_truth(tmp_path: Path) -> None:
    truth = simulate_measurement_set(
        tmp_path / "a.ms", 9, 9, n_channels=32, flag_fraction=0.1, dead_antennas=[2], rfi_channels=[7, 8], seed=3
    )
    before = snapshot(truth.path)
    quality = measure_ms(truth.path)
    assert snapshot(truth.path) == before
    assert (quality.n_rows, quality.n_integrations) == (truth.n_rows, truth.n_times)
    assert quality.flag_fraction == truth.flag_fraction
    assert [antenna.name for antenna in quality.antennas] == list(truth.antenna_names)
    assert [antenna.flag_fraction for antenna in quality.antennas] == truth.flag_fraction_by_antenna.tolist()
    assert quality.dead_antennas == ("DSA-003",)
    (window,) = quality.windows
    assert np.flatnonzero(window.flag_fractions == 1).tolist() == [7, 8]
    assert window.frequencies_hz[[0, -1]] == pytest.approx([1.28e9 + 187.5e6 / 64, 1.4675e9 - 187.5e6 / 64])
    assert [(count.number, count.name) for count in quality.correlations] == [(9, "XX"), (12, "YY")]
    for counts in (quality.fields, quality.correlations, quality.data_descriptions):
        assert sum(count.flagged for count in counts) == quality.n_flagged == window.flagged.sum()
        assert sum(count.total for count in counts) == quality.n_flags == window.total.sum()
    assert quality.start_mjd == pytest.approx(60300.25 + 12.884902 / 2 / 86400, abs=1e-9)
    assert quality.duration_s == pytest.approx(8 * 12.884902, abs=1e-3)
    assert quality.time_scale == "UTC"
    assert (quality.n_visibilities, quality.n_zero, quality.n_nonfinite) == (quality.n_flags, 0, 0)


def test_amplitudes_are_the_truth(tmp_path: Path) -> None:
    truth = simulate_measurement_set(
        tmp_path / "a.ms", 8, 5, n_channels=16, noise_jy=0.01, rfi_channels=[3], bad_is_flagged=False, seed=3
    )
    quality = measure_ms(truth.path)
    (window,) = quality.windows
    by_channel = window.amplitude_by_channel
    low, high = by_channel.amplitude_edges[:-1], by_channel.amplitude_edges[1:]
    for channel, counts in enumerate(by_channel.counts):
        expected = truth.rfi_jy if channel == 3 else truth.flux_jy
        assert counts[(high > 0.93 * expected) & (low < 1.07 * expected)].sum() == counts.sum() == 28 * 5 * 2
    assert by_channel.x_edges.tolist() == [number - 0.5 for number in range(17)]
    assert by_channel.amplitude_edges[-1] >= 0.98 * truth.rfi_jy
    by_time = quality.amplitude_by_time
    assert by_time.counts.sum(axis=1).tolist() == [28 * 16 * 2] * 5
    assert by_time.x_edges == pytest.approx((np.arange(6) - 0.5) * 12.884902, abs=1e-3)
    by_uv = quality.amplitude_by_uv_distance
    uvw = CasaTable(truth.path).UVW[:]
    distances = np.hypot(uvw[:, 0], uvw[:, 1])
    expected_rows, _ = np.histogram(distances, by_uv.x_edges)
    assert by_uv.counts.sum(axis=1).tolist() == (expected_rows * 16 * 2).tolist()
    assert (by_uv.x_unit, by_time.x_unit) == ("m", "s")
    assert (np.diff(np.log2(by_uv.amplitude_edges)) <= 1 / 22).all()
    assert not by_uv.counts.flags.writeable


def test_ragged_windows_are_counted_cell_by_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = simulate_measurement_set(
        tmp_path / "a.ms", 6, 4, n_channels=(4, 9, 2), n_correlations=4, flag_fraction=0.3, rfi_channels=[3], seed=3
    )
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 1000)  # several pieces of each window
    quality = measure_ms(truth.path)
    table = CasaTable(truth.path)
    cells = [table.FLAG[row] for row in range(len(table))]
    windows = table.DATA_DESC_ID[:]
    assert quality.flag_fraction == truth.flag_fraction == sum(c.sum() for c in cells) / sum(c.size for c in cells)
    for window in quality.windows:
        mine = np.array([cell for cell, number in zip(cells, windows, strict=True) if number == window.number])
        assert window.flagged.tolist() == mine.sum(axis=(0, 2)).tolist()
        assert window.total.tolist() == [mine[:, 0].size] * mine.shape[1]
        assert quality.data_descriptions[window.number].flagged == mine.sum()
        assert window.amplitude_by_channel.counts.sum(axis=1).tolist() == (~mine).sum(axis=(0, 2)).tolist()
    for place, count in enumerate(quality.correlations):
        assert count.flagged == sum(cell[:, place].sum() for cell in cells)
    assert [antenna.flag_fraction for antenna in quality.antennas] == truth.flag_fraction_by_antenna.tolist()
    assert quality.amplitude_by_uv_distance.counts.sum() == quality.n_unflagged == quality.n_flags - quality.n_flagged


def test_a_row_that_is_flagged_as_a_whole_is_flagged(tmp_path: Path) -> None:
    flags = np.zeros((6, 3, 2), bool)
    flags[0, 0, 0] = flags[1] = True
    quality = measure_ms(make(tmp_path, FLAG=flags, FLAG_ROW=np.array([True, False, False, True, False, False])))
    assert (quality.n_flagged, quality.n_unflagged) == (18, 18)
    assert [antenna.flagged for antenna in quality.antennas] == [18, 12, 6]  # rows 0 and 3 are of ea01 and ea02
    assert quality.amplitude_by_time.counts.sum() == 18


def test_zeros_and_what_is_no_number(tmp_path: Path) -> None:
    data = complex_cells(6, 3, 2)
    data[0] = 0
    data[1, 0] = [np.nan, np.inf]
    data[1, 1] = [complex(np.inf, np.nan), complex(0, -np.inf)]
    data[2, 0] = [1e-44, 3e38 + 3e38j]  # numbers, if nearly too small and too large for their type
    data[3] = -0.0
    flags = np.zeros((6, 3, 2), bool)
    flags[0] = flags[1, 0] = True
    quality = measure_ms(make(tmp_path, DATA=data, FLAG=flags))
    assert (quality.n_zero, quality.n_zero_unflagged) == (12, 6)
    assert (quality.n_nonfinite, quality.n_nonfinite_unflagged) == (4, 2)
    assert (quality.n_visibilities, quality.n_unflagged) == (36, 28)
    assert quality.amplitude_by_uv_distance.counts.sum() == 28 - 6 - 2
    assert quality.zero_fraction == gate(quality, "zeros").value == pytest.approx(6 / 28)
    found = gate(quality, "NaN or infinite")
    assert (found.verdict, found.value, found.n_samples) == (Verdict.WARN, 2 / 28, 28)
    assert gate(quality, "zeros").verdict == Verdict.PASS
    strict = measure_ms(quality.path, thresholds=Thresholds(zero_fraction=0.1, nonfinite_fraction=0.1))
    assert gate(strict, "zeros").verdict == Verdict.WARN
    assert gate(strict, "NaN or infinite").verdict == Verdict.PASS


@pytest.mark.parametrize(
    ("dtype", "value"), [("complex64", 2j), ("complex128", -2), ("float32", -2.0), ("float64", 2.0)]
)
def test_every_type_of_data(dtype: str, value: complex, tmp_path: Path) -> None:
    data = np.full((6, 3, 2), value, dtype)
    data[0, 0, 0] = np.nan
    data[0, 0, 1] = 0
    if dtype.endswith("8") or dtype == "float64":
        data[0, 1] = [1e-60, 1e60]
    quality = measure_ms(make(tmp_path, DATA=data))
    assert (quality.n_nonfinite, quality.n_zero) == (1, 1)
    histogram = quality.amplitude_by_time
    place = np.searchsorted(histogram.amplitude_edges, 2, side="right") - 1
    assert histogram.counts[:, place].sum() >= 32
    assert histogram.counts.sum() == 34
    assert (np.diff(histogram.amplitude_edges) > 0).all()
    assert histogram.counts.shape[1] <= 512


def test_other_columns_of_data(tmp_path: Path) -> None:
    corrected = make(tmp_path, DATA=None, CORRECTED_DATA=complex_cells(6, 3, 2, value=3))
    quality = measure_ms(corrected)
    assert (quality.data_column, quality.n_visibilities, quality.verdict) == ("CORRECTED_DATA", 36, Verdict.PASS)
    none = measure_ms(make(tmp_path / "none", DATA=None))
    assert (none.data_column, none.n_visibilities, none.n_flags) == (None, 0, 36)
    assert none.missing_columns == ("DATA",)
    assert (gate(none, "missing columns").verdict, gate(none, "zeros").verdict) == (Verdict.FAIL, Verdict.SKIP)
    assert gate(none, "unflagged visibilities").verdict == Verdict.SKIP
    assert none.amplitude_by_time.counts.shape == (2, 0)


def test_columns_that_are_missing_or_empty(tmp_path: Path) -> None:
    path = make(tmp_path, FLAG=None, UVW=[None, None, np.ones(3), np.ones(3), np.ones(3), np.ones(3)], FIELD_ID=None)
    quality = measure_ms(path)
    assert quality.missing_columns == ("FIELD_ID", "UVW", "FLAG")
    assert gate(quality, "missing columns").reason == "Absent or not usable: FIELD_ID, UVW, FLAG."
    assert quality.verdict == Verdict.FAIL
    assert (quality.flag_fraction, quality.n_unflagged) == (None, 36)
    assert quality.amplitude_by_time.counts.sum() == 36
    assert quality.amplitude_by_uv_distance.counts.sum() == 0
    assert gate(quality, "UVW zero").verdict == gate(quality, "flag fraction").verdict == Verdict.SKIP


@pytest.mark.parametrize("of_free_shape", [False, True])
def test_a_set_without_rows(of_free_shape: bool, tmp_path: Path) -> None:
    free = {"DATA": [*complex_cells(6, 3, 2)], "FLAG": [*np.zeros((6, 3, 2), bool)], "UVW": [*np.ones((6, 3))]}
    path = make(tmp_path, **(free if of_free_shape else {}))
    empty = tmp_path / "empty.ms"
    with native(str(path), ack=False) as main:
        main.copy(str(empty), deep=True, copynorows=True).close()
    quality = measure_ms(empty)
    assert (quality.n_rows, quality.start_mjd, quality.duration_s, quality.flag_fraction) == (0, None, None, None)
    assert (quality.windows[0].total.size, quality.amplitude_by_uv_distance.counts.size) == (0, 0)
    assert (quality.verdict, gate(quality, "rows").verdict) == (Verdict.FAIL, Verdict.FAIL)
    assert {found.verdict for found in quality.gates if "flag" in found.name or "antenna" in found.name} == {"SKIP"}


def test_antennas_dead_marked_and_unused(tmp_path: Path) -> None:
    names = np.array([f"ea{number:02d}" for number in range(5)], object)
    first, second = np.array([0, 0, 1, 3]), np.array([1, 3, 3, 3])  # ea03 also with itself
    flags = np.zeros((4, 3, 2), bool)
    flags[0] = flags[1] = True
    flags[2, 0, 0] = True
    path = make(
        tmp_path,
        n=4,
        ANTENNA={"NAME": names},
        ANTENNA1=first.astype(np.int32),
        ANTENNA2=second.astype(np.int32),
        FLAG=flags,
        UVW=np.array([[3.0, 4, 0], [1, 1, 1], [1, 2, 3], [0, 0, 0]]),
    )
    quality = measure_ms(path)
    assert [(antenna.flagged, antenna.total) for antenna in quality.antennas] == [
        *((12, 12), (7, 12), (0, 0)),
        *((7, 18), (0, 0)),
    ]
    assert quality.dead_antennas == ("ea00",)
    assert quality.marked_antennas == ("ea01", "ea03")
    assert quality.unused_antennas == ("ea02", "ea04")
    dead, worst = gate(quality, "dead antennas"), gate(quality, "worst living antenna")
    assert (dead.verdict, dead.value, dead.n_samples) == (Verdict.WARN, 1, 3)
    assert dead.reason == "Flagged in all rows: ea00."
    assert (worst.verdict, worst.value, worst.n_samples) == (Verdict.WARN, 7 / 12, 2)
    assert worst.reason == "Flagged more than that: ea01, ea03."
    assert (quality.n_cross_rows, quality.n_zero_uvw) == (3, 0)
    assert gate(quality, "UVW zero").verdict == Verdict.PASS
    lenient = measure_ms(path, thresholds=Thresholds(antenna_flag_fraction=0.5))
    assert lenient.marked_antennas == ("ea01",)


@pytest.mark.parametrize(("n_zero", "verdict"), [(0, "PASS"), (2, "WARN"), (6, "FAIL")])
def test_baselines_without_coordinates(n_zero: int, verdict: str, tmp_path: Path) -> None:
    uvw = np.ones((6, 3))
    uvw[:n_zero] = 0
    uvw[: n_zero // 2, 0] = np.nan
    quality = measure_ms(make(tmp_path, UVW=uvw))
    found = gate(quality, "UVW zero")
    assert (found.verdict, found.value, found.n_samples) == (verdict, n_zero / 6, 6)
    assert quality.amplitude_by_uv_distance.counts.sum() == 36 - 6 * (n_zero // 2)


def test_cells_that_do_not_fit(tmp_path: Path) -> None:
    fitting, other = np.zeros((3, 2), bool), np.ones((3, 1), bool)
    data = [*complex_cells(4, 3, 2), None, np.ones((2, 2), np.complex64)]
    flags = [fitting, other, None, fitting, fitting, other]
    rows = np.array([False, False, False, True, False, True])
    quality = measure_ms(make(tmp_path, DATA=data, FLAG=flags, FLAG_ROW=rows))
    assert (quality.n_empty_cells, quality.n_unfitting_rows) == (2, 2)
    assert (quality.n_flags, quality.n_flagged) == (6 + 3 + 6 + 6 + 3, 3 + 6 + 3)
    assert (quality.n_visibilities, quality.n_unflagged) == (24 + 4, 18)
    assert quality.amplitude_by_time.counts.sum() == 18
    found = gate(quality, "rows that do not fit")
    assert (found.verdict, found.value, found.n_samples) == (Verdict.WARN, 4, 6)


def test_more_channels_than_the_window_has(tmp_path: Path) -> None:
    quality = measure_ms(make(tmp_path, DATA=complex_cells(6, 7, 3), FLAG=np.ones((6, 7, 3), bool)))
    (window,) = quality.windows
    assert window.total.tolist() == [18] * 7
    assert np.isnan(window.frequencies_hz).tolist() == [False] * 3 + [True] * 4
    assert [count.name for count in quality.correlations] == ["correlation 2", "XX", "YY"]
    unflagged = measure_ms(make(tmp_path / "b", DATA=complex_cells(6, 7, 2), FLAG=np.zeros((6, 7, 2), bool)))
    assert unflagged.windows[0].amplitude_by_channel.counts.sum() == 6 * 3 * 2
    assert unflagged.amplitude_by_time.counts.sum() == 6 * 7 * 2


def test_numbers_that_lead_nowhere(tmp_path: Path) -> None:
    """A damaged column must not ask for the memory of two thousand million antennas."""
    wild = np.array([2**31 - 1, -(2**31), 0, 1, 7, -1], np.int32)
    quality = measure_ms(make(tmp_path, ANTENNA1=wild, FIELD_ID=wild, DATA_DESC_ID=wild))
    names = [field.name for field in quality.fields]
    assert names == ["3C48", "3C286", *(f"unknown {number}" for number in (-(2**31), -1, 7, 2**31 - 1))]
    assert {count.number for count in quality.data_descriptions} == set(wild.tolist())
    assert [window.number for window in quality.windows] == [0, 1, -1]
    assert [window.total.sum() for window in quality.windows] == [6, 6, 24]
    assert quality.windows[-1].amplitude_by_channel.counts.sum() == 24


def test_subtables_that_are_missing_dangling_and_damaged(tmp_path: Path) -> None:
    path = make(tmp_path, FIELD=None)
    shutil.rmtree(path / "POLARIZATION")
    (path / "ANTENNA" / "table.dat").write_bytes(b"\xbe\xbe\xbe\xbe" + bytes(40))
    quality = measure_ms(path)
    assert quality.missing_subtables == ("FIELD",)
    assert quality.dangling_subtables == ("POLARIZATION",)
    assert quality.unreadable_subtables == ("ANTENNA",)
    verdicts = {found.name: str(found.verdict) for found in quality.gates if "subtables" in found.name}
    assert verdicts == {"missing subtables": "FAIL", "unreadable subtables": "FAIL", "dangling subtables": "WARN"}
    assert gate(quality, "dangling subtables").reason == "Named, and not there: POLARIZATION."
    assert [antenna.name for antenna in quality.antennas] == ["unknown 0", "unknown 1", "unknown 2"]
    assert [count.name for count in quality.correlations] == ["correlation 0", "correlation 1"]
    assert [field.name for field in quality.fields] == ["unknown 0"]


def test_a_set_that_is_all_flagged_is_no_use(tmp_path: Path) -> None:
    quality = measure_ms(make(tmp_path, FLAG=np.ones((6, 3, 2), bool)))
    found = gate(quality, "unflagged visibilities")
    assert (found.verdict, found.value, found.n_samples) == (Verdict.FAIL, 0, 36)
    assert gate(quality, "flag fraction").verdict == gate(quality, "dead antennas").verdict == Verdict.WARN
    assert gate(quality, "worst living antenna").verdict == Verdict.SKIP
    assert quality.verdict == Verdict.FAIL


def test_the_flag_fraction_is_held_against_its_threshold(tmp_path: Path) -> None:
    flags = np.zeros((6, 3, 2), bool)
    flags[:, 0] = True
    quality = measure_ms(make(tmp_path, FLAG=flags))
    found = gate(quality, "flag fraction")
    assert (found.verdict, found.value, found.threshold, found.n_samples) == ("WARN", 1 / 3, "WARN above 0.3", 36)
    assert replace(quality, gates=()).verdict == Verdict.SKIP


def test_a_cell_that_is_larger_than_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measure_ms(make(tmp_path))
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 1)
    monkeypatch.setattr("dsa110_contimg.qa.measurement_sets.amplitude_counts._BLOCK_VALUES", 1)
    cut = measure_ms(whole.path)
    assert np.array_equal(cut.amplitude_by_uv_distance.counts, whole.amplitude_by_uv_distance.counts)
    assert cut.antennas == whole.antennas


def test_very_many_channels_share_bins(tmp_path: Path) -> None:
    n = 3001
    window = {"NAME": np.array(["wide"], object), "CHAN_FREQ": [1e9 + np.arange(n)]}
    path = make(tmp_path, n=2, DATA=complex_cells(2, n, 1), FLAG=np.zeros((2, n, 1), bool), SPECTRAL_WINDOW=window)
    (found,) = measure_ms(path).windows
    histogram = found.amplitude_by_channel
    assert histogram.x_edges[[0, 1, -2, -1]].tolist() == [-0.5, 2.5, 2999.5, 3000.5]
    assert histogram.counts.sum(axis=1).tolist() == [6] * 1000 + [2]
    assert found.total.tolist() == [2] * n


def test_what_is_no_measurement_set(tmp_path: Path) -> None:
    some = make_table(tmp_path / "some", {"A": np.arange(3)})
    with pytest.raises(errors.UnreadableTableError, match="no MS_VERSION") as caught:
        measure_ms(some)
    assert f"dsa110-qa table {some}" in caught.value.hint
    gains = make_table(tmp_path / "gains", {"ANTENNA1": np.arange(3)}, keywords={"VisCal": "G Jones"})
    with pytest.raises(errors.UnreadableTableError, match=r"a caltable \(G Jones\)") as caught:
        measure_ms(gains)
    assert f"dsa110-qa caltable {gains}" in caught.value.hint
    with pytest.raises(errors.TableNotFoundError):
        measure_ms(tmp_path / "absent.ms")


def test_a_path_that_is_odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "über uns")
    (tmp_path / "link.ms").symlink_to(path)
    monkeypatch.chdir(tmp_path)
    assert measure_ms("link.ms").n_rows == measure_ms(str(path)).n_rows == 6


@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf, complex(1, -np.inf)])
def test_what_is_no_number_among_amplitudes_that_all_are_above_zero(value: complex, tmp_path: Path) -> None:
    data = complex_cells(6, 3, 2)
    data[4, 1, 1] = value
    quality = measure_ms(make(tmp_path, DATA=data))
    assert (quality.n_nonfinite, quality.n_zero, quality.amplitude_by_time.counts.sum()) == (1, 0, 35)


def test_only_the_flags_are_ragged(tmp_path: Path) -> None:
    flags = [*np.ones((5, 3, 2), bool), np.ones((1, 2), bool)]
    quality = measure_ms(make(tmp_path, FLAG=flags))
    assert (quality.n_flags, quality.n_flagged, quality.n_visibilities, quality.n_unflagged) == (32, 32, 36, 6)
    assert quality.n_unfitting_rows == 1


def test_columns_of_another_kind_and_times_out_of_this_world(tmp_path: Path) -> None:
    times = np.array([5e9, 1e300, -1e300, np.nan, 5e9 + 10, 1e-310])
    quality = measure_ms(
        make(tmp_path, TIME=times, FLAG=np.ones((6, 3, 2), np.int32), FIELD_ID=np.ones(6), DATA=np.ones((6, 3), bool))
    )
    assert quality.missing_columns == ("FIELD_ID", "FLAG", "DATA")
    assert (quality.data_column, quality.n_flags, quality.n_visibilities) == (None, 0, 0)
    assert quality.n_integrations == 3
    whole = measure_ms(make(tmp_path / "b", TIME=times))
    assert whole.amplitude_by_time.counts.sum() == 18
    assert whole.amplitude_by_uv_distance.counts.sum() == 36


@pytest.mark.parametrize("of_free_shape", [False, True])
def test_cells_that_are_no_spectra(of_free_shape: bool, tmp_path: Path) -> None:
    data = np.ones((6, 3), np.complex64)
    quality = measure_ms(make(tmp_path, DATA=[*data[:5], data[5, :2]] if of_free_shape else data))
    assert (quality.n_flags, quality.n_visibilities, quality.n_empty_cells) == (36, 0, 6)
    assert gate(quality, "rows that do not fit").value == 6


def test_a_cell_whose_shape_asks_for_more_memory_than_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path, DATA=[*complex_cells(6, 30, 2)], FLAG=[*np.zeros((6, 30, 2), bool)])
    monkeypatch.setattr(measuring, "CasaTable", partial(CasaTable, memory_limit=300))
    assert measure_ms(path).n_visibilities == 360
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 100)  # less than one cell takes
    with pytest.raises(errors.TableTooLargeError, match="480 bytes"):
        measure_ms(path)
