"""Real caltables of the SMA, held against a reference that was measured with other code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from casa_tables import snapshot
from dsa110_contimg.qa import CasaTable, measure_caltable
from support import shared_data

NAMES = {"sma.ms.bcal": "bandpass", "sma.ms.dcal": "delay", "sma.ms.pha.gcal": "gain"}


def expect(name: str) -> dict[str, object]:
    return json.loads(shared_data("reference/caltables.json").read_text())[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_is_reproduced(name: str) -> None:
    path, expected = shared_data(f"tables/caltables_sma/{name}"), expect(name)
    before = snapshot(path)
    quality = measure_caltable(path)
    assert snapshot(path) == before
    assert (quality.viscal, quality.kind, quality.n_rows) == (expected["viscal"], NAMES[name], expected["rows"])
    assert len(quality.antenna_ids) == len(quality.antenna_names) == expected["n_ant"]
    assert len(quality.spectral_windows) == expected["n_spw"]
    assert quality.flag_fraction == pytest.approx(expected["flag_fraction"], abs=1e-12)
    assert list(quality.dead_antennas) == expected["fully_flagged_antennas"]
    assert quality.reference_antennas == (1,)
    assert quality.snr == pytest.approx(expected["median_snr_unflagged"], rel=1e-6)
    if name == "sma.ms.dcal":
        assert quality.delay_ns == expected["median"]
        assert quality.largest_delay_ns == pytest.approx(expected["max_abs"], rel=1e-6)
        return
    assert quality.amplitude == pytest.approx(expected["median_amp"], rel=1e-6)
    assert quality.amplitude_mad == pytest.approx(expected["mad_amp"], rel=1e-5, abs=1e-6)
    assert quality.total_phase_scatter_deg == pytest.approx(expected["circular_phase_std_deg"], rel=1e-6)
    by_antenna = dict(zip(quality.antenna_ids.tolist(), quality.phase_scatter_by_antenna_deg.tolist(), strict=True))
    found = {str(number): round(scatter, 2) for number, scatter in by_antenna.items() if scatter == scatter}
    assert found == expected["per_antenna_median_circ_phase_std_deg"]


@pytest.mark.parametrize("name", ["sma.ms.bcal", "sma.ms.pha.gcal"])
def test_a_linear_scatter_would_be_another_number(name: str) -> None:
    """Phases that cross ±180° are why the scatter is circular: linear and circular differ by 12 % in the gains."""
    path, expected = shared_data(f"tables/caltables_sma/{name}"), expect(name)
    with CasaTable(path) as table:
        phases = np.degrees(np.angle(table.CPARAM[:]))[~table.FLAG[:]]
    assert np.std(phases) == pytest.approx(expected["linear_phase_std_deg"], rel=1e-5)
    assert np.std(phases) > measure_caltable(path).total_phase_scatter_deg


def test_verdicts() -> None:
    def gates(name: str) -> dict[str, tuple[str, str]]:
        quality = measure_caltable(shared_data(f"tables/caltables_sma/{name}"))
        assert quality.verdict == "WARN"
        return {gate.name: (str(gate.verdict), gate.reason) for gate in quality.gates if gate.verdict != "PASS"}

    assert gates("sma.ms.bcal") == {
        "dead antennas": ("WARN", "No usable solution: #0, Ant3."),
        "delay (ns)": ("SKIP", "The table holds no delays."),
    }
    gain = gates("sma.ms.pha.gcal")
    assert gain["phase scatter (°)"] == ("WARN", "The worst receptor of each scatters more: Ant8.")
    delay = gates("sma.ms.dcal")
    assert delay["flag fraction"] == ("WARN", "Flagged above 0.2: #0, Ant3, Ant7.")
    assert delay["signal-to-noise ratio"][0] == "SKIP"


def test_the_name_of_the_folder_says_nothing(tmp_path: Path) -> None:
    lying = tmp_path / "phases.gcal"
    shutil.copytree(shared_data("tables/caltables_sma/sma.ms.bcal"), lying)
    assert measure_caltable(lying).kind == "bandpass"


def test_a_dangling_table_of_antennas_leaves_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.bcal"
    shutil.copytree(shared_data("tables/caltables_sma/sma.ms.bcal"), path)
    shutil.rmtree(path / "ANTENNA")
    quality = measure_caltable(path)
    assert quality.antenna_names == ("",) * 9
    assert quality.gates[0].reason == "No usable solution: #0, #3."
