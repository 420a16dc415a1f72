"""The truth that a simulated caltable claims, read back with casacore."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("casacore")
from casacore.tables import table

from dsa110_contimg.errors import BadSimulationError, OutputExistsError
from dsa110_contimg.simulate import simulate_caltable

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_laid_out_as_by_casa(tmp_path: Path) -> None:
    truth = simulate_caltable(tmp_path / "a.bcal", "B", 5, n_times=2, n_channels=(4, 8), absent_antennas=[2], seed=1)
    with table(str(truth.path), ack=False) as opened:
        assert opened.nrows() == truth.n_rows == 2 * 2 * 4
        assert opened.info()["type"] == "Calibration"
        assert opened.info()["subType"] == opened.getkeyword("VisCal") == truth.viscal == "B Jones"
        assert opened.getkeyword("ParType") == "Complex"
        assert opened.getcolkeyword("TIME", "QuantumUnits") == ["s"]
        assert sorted(set(opened.getcol("ANTENNA1").tolist())) == [0, 1, 3, 4]
        assert {tuple(opened.getcell("CPARAM", row).shape) for row in range(16)} == {(4, 2), (8, 2)}
        assert not opened.iscelldefined("WEIGHT", 0)
        for name in ("ANTENNA", "FIELD", "HISTORY", "OBSERVATION", "SPECTRAL_WINDOW"):
            with table(opened.getkeyword(name).removeprefix("Table: "), ack=False) as subtable:
                assert subtable.nrows() > 0, name
    assert truth.flag_fraction == 0
    assert np.isnan(truth.flag_fraction_by_antenna).tolist() == [False, False, True, False, False]


def test_values_are_as_said(tmp_path: Path) -> None:
    choices = {"n_times": 50, "flag_fraction": 0.2, "dead_antennas": [3], "reference_antenna": 1, "seed": 4}
    truth = simulate_caltable(tmp_path / "a", "G", 4, amplitude=[1, 2, 3, 4], **choices)
    with table(str(truth.path), ack=False) as opened:
        antennas, flags = opened.getcol("ANTENNA1"), opened.getcol("FLAG")
        gains, snr = opened.getcol("CPARAM"), opened.getcol("SNR")
    assert flags.mean() == truth.flag_fraction
    for antenna, amplitude in enumerate(truth.amplitudes):
        own = gains[antennas == antenna][~flags[antennas == antenna]]
        np.testing.assert_allclose(abs(own), amplitude, rtol=1e-6)
        assert flags[antennas == antenna].mean() == truth.flag_fraction_by_antenna[antenna]
    assert truth.flag_fraction_by_antenna[3] == 1
    assert not np.angle(gains[(antennas == 1)]).any()
    assert (snr == truth.snr).all()
    again = simulate_caltable(tmp_path / "b", "G", 4, amplitude=[1, 2, 3, 4], **choices)
    with table(str(again.path), ack=False) as opened:
        np.testing.assert_array_equal(opened.getcol("CPARAM"), gains)


def test_delays(tmp_path: Path) -> None:
    truth = simulate_caltable(tmp_path / "a", "K", 4, n_times=1, largest_delay_ns=3.0, seed=4)
    with table(str(truth.path), ack=False) as opened:
        assert opened.getkeyword("ParType") == "Float"
        np.testing.assert_allclose(opened.getcol("FPARAM")[:, 0], truth.delays_ns, rtol=1e-6)
    assert (abs(truth.delays_ns) <= 3).all()
    assert not truth.delays_ns[0].any()


@pytest.mark.parametrize(
    "choices",
    [
        {"kind": "D"},
        {"n_antennas": 1},
        {"n_times": 0},
        {"n_channels": 4},
        {"n_channels": ()},
        {"n_receptors": 3},
        {"phase_scatter_deg": -1},
        {"amplitude": [1, 2]},
        {"flag_fraction": 1.5},
        {"dead_antennas": [16]},
        {"absent_antennas": range(16)},
        {"reference_antenna": -1},
        {"seed": -1},
    ],
)
def test_what_cannot_be(tmp_path: Path, choices: dict[str, object]) -> None:
    with pytest.raises(BadSimulationError):
        simulate_caltable(tmp_path / "a", **choices)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputExistsError):
        simulate_caltable(tmp_path / "a")
