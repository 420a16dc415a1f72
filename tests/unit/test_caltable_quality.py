"""What is measured of a caltable, against known truth, and what is said where nothing can be measured."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("casacore")
from casacore.tables import table as native

from casa_tables import make_table, snapshot
from dsa110_contimg.errors import TableNotFoundError, UnreadableTableError, WrongTableError
from dsa110_contimg.qa import CaltableQuality, measure_caltable
from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.simulate import simulate_caltable, simulate_measurement_set

if TYPE_CHECKING:
    from pathlib import Path

    from dsa110_contimg.qa.gates import Gate


def gate(quality: CaltableQuality, name: str) -> Gate:
    return next(found for found in quality.gates if found.name.startswith(name))


def verdicts(quality: CaltableQuality) -> dict[str, str]:
    return {found.name.split(" (")[0]: str(found.verdict) for found in quality.gates}


def make_caltable(path: Path, columns: dict[str, Any], viscal: str | None = "G Jones") -> Path:
    """Write a caltable by hand: what no program of CASA would write."""
    n = len(next(iter(columns.values())))
    ids = {"ANTENNA1": np.arange(n, dtype=np.int32) % 2, "SPECTRAL_WINDOW_ID": np.zeros(n, np.int32)}
    return make_table(path, ids | columns, keywords={"VisCal": viscal} if viscal else None)


def gains(*shape: int) -> np.ndarray:
    return np.exp(1j * np.random.default_rng(1).normal(0, 0.1, shape)).astype(np.complex64)


# ---------------------------------------------------------------- known truth


def test_gains(tmp_path: Path) -> None:
    sigmas = [0, 5, 10, 15, 20, 45, 10, 10]
    amplitudes = [1, 1, 2, 0.5, 1, 1, 0.05, 1]
    truth = simulate_caltable(
        tmp_path / "a.gcal",
        "G",
        8,
        n_times=400,
        n_channels=(1, 1),
        phase_scatter_deg=sigmas,
        amplitude=amplitudes,
        flag_fraction=0.1,
        dead_antennas=[4],
        absent_antennas=[7],
        snr=42.0,
        seed=3,
    )
    before = snapshot(truth.path)
    quality = measure_caltable(truth.path)
    assert snapshot(truth.path) == before
    assert (quality.viscal, quality.kind, quality.n_rows) == ("G Jones", "gain", 400 * 2 * 7)
    assert (quality.n_receptors, quality.spectral_windows, quality.n_channels) == (2, (0, 1), (1, 1))
    assert quality.antenna_names == truth.antenna_names
    assert (quality.dead_antennas, quality.absent_antennas, quality.reference_antennas) == ((4,), (7,), (0,))
    assert quality.flag_fraction == truth.flag_fraction
    np.testing.assert_array_equal(quality.flag_fraction_by_antenna, truth.flag_fraction_by_antenna)
    alive = [0, 1, 2, 3, 5, 6]
    for scatter in (quality.phase_scatter_by_antenna_deg, *quality.phase_scatter_deg.T):
        np.testing.assert_allclose(scatter[alive], truth.phase_scatter_deg[alive], rtol=0.15, atol=1e-4)
        assert np.isnan(scatter[[4, 7]]).all()
    np.testing.assert_allclose(quality.amplitude_by_antenna[alive], truth.amplitudes[alive], rtol=1e-6)
    assert (quality.snr, quality.n_snr) == (42.0, quality.n_usable)
    assert quality.start_mjd == pytest.approx(60300.25, abs=1e-3)
    assert (quality.end_mjd - quality.start_mjd) * 86400 == pytest.approx(399 * 12.884902, abs=1e-3)
    assert verdicts(quality) == {
        "dead antennas": "WARN",
        "flag fraction": "PASS",
        "NaN or infinite": "PASS",
        "phase scatter": "WARN",
        "amplitude": "WARN",
        "signal-to-noise ratio": "PASS",
        "delay": "SKIP",
    }
    assert gate(quality, "dead").reason == "No usable solution: DSA-005."
    assert gate(quality, "phase").reason.endswith(": DSA-006.")
    assert gate(quality, "amplitude").value == pytest.approx(0.05)
    assert gate(quality, "amplitude").reason.endswith(": DSA-007.")
    assert quality.remarks[4:] == (("dead",), ("phase",), ("amplitude",), ("no solutions",))
    assert set(quality.remarks[:4]) == {()}


def test_delays_are_in_nanoseconds(tmp_path: Path) -> None:
    truth = simulate_caltable(tmp_path / "a", "K", 6, largest_delay_ns=5000.0, dead_antennas=[2], seed=1)
    quality = measure_caltable(truth.path)
    assert quality.kind == "delay"
    alive = [0, 1, 3, 4, 5]
    np.testing.assert_allclose(quality.delay_by_antenna_ns[alive], truth.delays_ns[alive].mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(
        quality.largest_delay_by_antenna_ns[alive], np.abs(truth.delays_ns[alive]).max(axis=1), rtol=1e-6
    )
    assert quality.largest_delay_ns == pytest.approx(np.abs(truth.delays_ns[alive]).max(), rel=1e-6)
    assert quality.reference_antennas == (0,)
    assert quality.remarks == ((), ("delay",), ("dead",), *[("delay",)] * 3)
    found = gate(quality, "delay")
    assert (found.verdict, found.value) == ("WARN", quality.largest_delay_ns)
    assert gate(measure_caltable(truth.path, thresholds=Thresholds(delay_ns=1e4)), "delay").verdict == "PASS"
    for name in ("phase", "amplitude", "signal"):
        assert gate(quality, name).verdict == "SKIP"
    assert np.isnan(quality.amplitude)


def test_a_low_snr_warns(tmp_path: Path) -> None:
    low = measure_caltable(simulate_caltable(tmp_path / "low", "B", 4, n_channels=8, snr=2.0).path)
    assert (gate(low, "signal").verdict, gate(low, "signal").value) == ("WARN", 2.0)
    assert low.remarks[1] == ("SNR",)
    none = measure_caltable(simulate_caltable(tmp_path / "none", "B", 4, n_channels=8, snr=0.0).path)
    assert gate(none, "signal").verdict == "SKIP"
    assert "did not fill it in" in gate(none, "signal").reason


@pytest.mark.parametrize("n_receptors", [1, 2])
def test_a_ragged_bandpass_cell_by_cell(tmp_path: Path, n_receptors: int) -> None:
    truth = simulate_caltable(
        tmp_path / "a.bcal",
        "B",
        5,
        n_times=3,
        n_channels=(16, 4, 16, 7),
        n_receptors=n_receptors,
        amplitude=[1, 2, 3, 4, 5],
        flag_fraction=0.3,
        seed=2,
    )
    quality = measure_caltable(truth.path)
    with native(str(truth.path), ack=False) as opened:
        rows = [
            tuple(opened.getcell(name, row) for name in ("ANTENNA1", "SPECTRAL_WINDOW_ID", "CPARAM", "FLAG"))
            for row in range(opened.nrows())
        ]
    assert quality.n_channels == (16, 4, 16, 7)
    assert quality.n_solutions == sum(flags.size for *_, flags in rows)
    for antenna in range(5):
        own = np.concatenate([flags.ravel() for number, _, _, flags in rows if number == antenna])
        assert quality.flag_fraction_by_antenna[antenna] == own.mean()
        for receptor in range(n_receptors):
            scatters = []
            for window in range(4):
                z = np.concatenate([g[~f[:, receptor], receptor] for a, w, g, f in rows if (a, w) == (antenna, window)])
                scatters.append(np.degrees(np.sqrt(-2 * np.log(min(1, abs(np.mean(z / abs(z))))))))
            assert quality.phase_scatter_deg[antenna, receptor] == pytest.approx(
                np.median(scatters), rel=1e-5, abs=0.05
            )
    for window in range(4):
        own = np.concatenate([flags.ravel() for _, number, _, flags in rows if number == window])
        assert quality.flag_fraction_by_window[window] == own.mean()
    usable = np.concatenate([abs(values[~flags]) for _, _, values, flags in rows])
    assert quality.amplitude == pytest.approx(np.median(usable))
    assert quality.n_usable == usable.size


def test_every_antenna_dead_fails(tmp_path: Path) -> None:
    quality = measure_caltable(simulate_caltable(tmp_path / "a", "G", 4, dead_antennas=range(4)).path)
    assert quality.verdict == "FAIL"
    assert gate(quality, "dead").verdict == "FAIL"
    assert gate(quality, "dead").reason == "No antenna has a usable solution."
    assert gate(quality, "flag").verdict == "WARN"
    for name in ("NaN", "phase", "amplitude", "signal"):
        assert (gate(quality, name).verdict, gate(quality, name).reason) == ("SKIP", "Every solution is flagged.")
    assert quality.n_usable == 0


def test_arrays_are_read_only(tmp_path: Path) -> None:
    quality = measure_caltable(simulate_caltable(tmp_path / "a").path)
    arrays = [
        value for field in dataclasses.fields(quality) if isinstance(value := getattr(quality, field.name), np.ndarray)
    ]
    assert len(arrays) == 9
    assert not any(array.flags.writeable for array in arrays)


# ---------------------------------------------------------------- what no gate can judge


def test_no_rows(tmp_path: Path) -> None:
    truth = simulate_caltable(tmp_path / "a")
    with native(str(truth.path), ack=False) as opened:
        native(str(tmp_path / "b"), opened.getdesc(), nrow=0, ack=False).close()
    quality = measure_caltable(tmp_path / "b")
    assert quality.verdict == "SKIP"
    assert {found.verdict for found in quality.gates} == {"SKIP"}
    assert {found.reason for found in quality.gates[:-1]} == {"The table has no rows."}
    assert np.isnan([quality.flag_fraction, quality.amplitude, quality.snr, quality.start_mjd]).all()


def test_cells_without_a_value(tmp_path: Path) -> None:
    values = list(gains(6, 1, 2))
    flags = [np.zeros((1, 2), bool) for _ in values]
    values[1], flags[4] = None, None
    quality = measure_caltable(make_caltable(tmp_path / "a", {"CPARAM": values, "FLAG": flags}))
    assert (quality.n_rows, quality.n_rows_without_value, quality.n_usable) == (6, 2, 8)
    assert gate(quality, "signal").reason == "No usable solution has one."
    assert quality.verdict == "PASS"


def test_no_cell_has_a_value(tmp_path: Path) -> None:
    path = make_caltable(tmp_path / "a", {"CPARAM": [*gains(2, 1, 2)], "FLAG": [np.zeros((1, 2), bool)] * 2})
    with native(str(path), readonly=False, ack=False) as opened:
        opened.addrows(2)
        opened.removerows([0, 1])
    quality = measure_caltable(path)
    assert quality.n_rows_without_value == quality.n_rows == 2
    assert {found.reason for found in quality.gates[:-1]} == {"No row has a value."}


def test_cells_of_one_window_that_differ(tmp_path: Path) -> None:
    """No program of CASA writes this, and getcol would corrupt the heap."""
    values = [gains(4, 2), gains(2, 2), gains(4, 2), gains(3, 2)]
    flags = [np.zeros(cell.shape, bool) for cell in values[:3]] + [np.zeros((4, 2), bool)]
    snr = [np.full((4, 2), 5, np.float32), None, np.full((2, 2), 9, np.float32), np.full((3, 2), 9, np.float32)]
    quality = measure_caltable(make_caltable(tmp_path / "a", {"CPARAM": values, "FLAG": flags, "SNR": snr}))
    assert (quality.n_usable, quality.n_rows_without_value, quality.n_channels) == (8 + 4 + 8, 1, (4,))
    assert (quality.snr, quality.n_snr) == (5.0, 8)  # one has no value, one another shape than its solutions


def test_nan_and_infinity(tmp_path: Path) -> None:
    values = gains(6, 1, 2)
    values[0, 0, 0], values[1], values[3], values[5] = np.inf, np.nan, np.nan, complex(0, np.nan)
    flags = np.zeros((6, 1, 2), bool)
    flags[1] = True
    snr = np.full((6, 1, 2), 7, np.float32)
    snr[2] = np.nan
    quality = measure_caltable(make_caltable(tmp_path / "a", {"CPARAM": values, "FLAG": flags, "SNR": snr}))
    assert (quality.n_nonfinite, quality.n_usable, quality.n_snr) == (1 + 2 + 2, 5, 3)
    assert gate(quality, "NaN").verdict == "WARN"
    assert quality.dead_antennas == (1,)
    assert (quality.snr, np.isfinite(quality.amplitude)) == (7.0, True)
    every = measure_caltable(
        make_caltable(tmp_path / "b", {"CPARAM": np.full((4, 1, 2), np.nan, np.complex64), "FLAG": flags[2:]})
    )
    assert every.verdict == "FAIL"
    for name in ("phase", "amplitude", "signal"):
        assert gate(every, name).reason == "Every solution that is not flagged is NaN or infinite."


def test_a_gain_of_zero_has_no_phase(tmp_path: Path) -> None:
    values = gains(6, 1, 2)
    values[::2] = 0
    quality = measure_caltable(make_caltable(tmp_path / "a", {"CPARAM": values, "FLAG": np.zeros((6, 1, 2), bool)}))
    assert np.isnan(quality.phase_scatter_deg[0]).all()
    assert (gate(quality, "amplitude").verdict, gate(quality, "amplitude").value) == ("WARN", 0.0)
    assert quality.remarks == (("amplitude",), ())


def test_one_solution_each_does_not_scatter(tmp_path: Path) -> None:
    quality = measure_caltable(simulate_caltable(tmp_path / "a", "G", 4, n_times=1).path)
    assert gate(quality, "phase").reason == "No antenna has two solutions in one spectral window."
    assert quality.reference_antennas == ()


@pytest.mark.parametrize("absent", ["FLAG", "SNR", "ANTENNA1", "SPECTRAL_WINDOW_ID"])
def test_an_absent_column(tmp_path: Path, absent: str) -> None:
    path = make_caltable(
        tmp_path / "a",
        {
            "CPARAM": gains(6, 1, 2),
            "FLAG": np.zeros((6, 1, 2), bool),
            "SNR": np.full((6, 1, 2), 7, np.float32),
        },
    )
    with native(str(path), readonly=False, ack=False) as opened:
        opened.removecols([absent])
    quality = measure_caltable(path)
    skipped = {found.name: found.reason for found in quality.gates[:-1] if found.verdict == "SKIP"}
    assert quality.n_usable == 12
    assert np.isfinite([quality.amplitude, quality.total_phase_scatter_deg]).all()
    if absent == "FLAG":
        assert skipped == {"flag fraction": "The table has no FLAG."}
    elif absent == "SNR":
        assert skipped == {"signal-to-noise ratio": "No usable solution has one."}
    elif absent == "SPECTRAL_WINDOW_ID":
        assert (skipped, quality.spectral_windows) == ({}, (-1,))
    else:
        assert quality.antenna_ids.size == 0
        assert "No row names an antenna." in skipped.values()


# ---------------------------------------------------------------- kinds


def test_an_unknown_kind_is_measured_as_far_as_its_columns_allow(tmp_path: Path) -> None:
    flags = np.zeros((6, 1, 2), bool)
    complex_one = measure_caltable(make_caltable(tmp_path / "a", {"CPARAM": gains(6, 1, 2), "FLAG": flags}, "Q Jones"))
    assert (complex_one.viscal, complex_one.kind) == ("Q Jones", "unknown")
    assert (gate(complex_one, "phase").verdict, gate(complex_one, "amplitude").verdict) == ("PASS", "PASS")
    nameless = measure_caltable(make_caltable(tmp_path / "b", {"CPARAM": gains(6, 1, 2), "FLAG": flags}, None))
    assert (nameless.viscal, nameless.kind) == ("", "unknown")
    real = measure_caltable(
        make_caltable(tmp_path / "c", {"FPARAM": np.ones((6, 1, 2), np.float32), "FLAG": flags}, "Q Jones")
    )
    assert gate(real, "phase").reason == "The table has no CPARAM."
    assert np.isnan(real.delay_ns)
    assert verdicts(real)["flag fraction"] == "PASS"


def test_a_table_without_solutions_in_columns_that_are_known(tmp_path: Path) -> None:
    """The older tables of GSPLINE and BPOLY hold polynomials, and their kind stands in table.info alone."""
    path = make_caltable(tmp_path / "a", {"FLAG": np.zeros((6, 1, 2), bool), "POLY_COEFF": np.ones((6, 4))}, None)
    with native(str(path), readonly=False, ack=False) as opened:
        opened.putinfo({"type": "Calibration", "subType": "GSPLINE", "readme": ""})
    quality = measure_caltable(path)
    assert (quality.kind, quality.dead_antennas, quality.flag_fraction) == ("gain spline", (), 0.0)
    assert gate(quality, "amplitude").reason == "The table has neither CPARAM nor FPARAM."


def test_leakages_are_no_gains(tmp_path: Path) -> None:
    leakages = (0.02 * gains(6, 1, 2)).astype(np.complex64)
    quality = measure_caltable(
        make_caltable(tmp_path / "a", {"CPARAM": leakages, "FLAG": np.zeros((6, 1, 2), bool)}, "Df Jones")
    )
    assert quality.kind == "leakage by channel"
    assert quality.amplitude == pytest.approx(0.02)
    assert quality.verdict == "PASS"
    assert gate(quality, "amplitude").reason == "The numbers of this kind (leakage by channel) are no gains."


# ---------------------------------------------------------------- bad input


def test_a_measurement_set_is_no_caltable(tmp_path: Path) -> None:
    truth = simulate_measurement_set(tmp_path / "a night.ms", 3, 1)
    with pytest.raises(WrongTableError, match="is a Measurement Set") as caught:
        measure_caltable(truth.path)
    assert caught.value.hint == f"Measure it: dsa110-qa ms '{truth.path}'"


def test_another_table_is_no_caltable(tmp_path: Path) -> None:
    truth = simulate_caltable(tmp_path / "a")
    with pytest.raises(WrongTableError, match="neither CPARAM nor FPARAM") as caught:
        measure_caltable(truth.path / "ANTENNA")
    assert f"dsa110-qa table {truth.path}/ANTENNA" in caught.value.hint
    image = make_table(tmp_path / "i", {"map": np.zeros((1, 2, 2))}, keywords={"coords": 1, "imageinfo": 1})
    with pytest.raises(WrongTableError, match="CASA image"):
        measure_caltable(image)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("CPARAM", np.array(["a", "b"], dtype=object)),
        ("FLAG", np.zeros((2, 1, 2), np.int32)),
        ("ANTENNA1", np.zeros((2, 2), np.int32)),
        ("TIME", np.array(["a", "b"], dtype=object)),
    ],
)
def test_columns_that_no_caltable_has(tmp_path: Path, column: str, cells: np.ndarray) -> None:
    columns = {"CPARAM": gains(2, 1, 2), "FLAG": np.zeros((2, 1, 2), bool)} | {column: cells}
    with pytest.raises(UnreadableTableError, match=f"a cell of {column} is"):
        measure_caltable(make_caltable(tmp_path / "a", columns))


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(TableNotFoundError):
        measure_caltable(tmp_path / "a.gcal")


def test_wild_numbers_of_antennas_cost_nothing(tmp_path: Path) -> None:
    """A damaged ANTENNA1 names antenna 2147483647: no array is made that long."""
    columns = {"CPARAM": gains(2, 1, 2), "FLAG": np.zeros((2, 1, 2), bool)}
    columns["ANTENNA1"], columns["FLAG"][0] = np.array([-7, 2**31 - 1], np.int32), True
    quality = measure_caltable(make_caltable(tmp_path / "a", columns))
    assert quality.antenna_ids.tolist() == [2**31 - 1]
    assert (quality.flag_fraction, quality.flag_fraction_by_antenna.tolist()) == (0.5, [0.0])
