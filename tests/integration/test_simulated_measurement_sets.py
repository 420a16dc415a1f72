"""The truth that a simulated Measurement Set claims, read back with casacore.

A ragged column is never read with getcol here: that corrupts the heap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from dsa110_contimg.errors import BadSimulationError, MissingDependencyError, OutputExistsError, UnwritableOutputError
from dsa110_contimg.simulate import SimulatedMeasurementSet, simulate_measurement_set

pytest.importorskip("casacore")
from casacore.tables import required_ms_desc, table

if TYPE_CHECKING:
    from pathlib import Path

SUBTABLES = ["ANTENNA", "DATA_DESCRIPTION", "FEED", "FIELD", "FLAG_CMD", "HISTORY", "OBSERVATION", "POINTING"]
SUBTABLES += ["POLARIZATION", "PROCESSOR", "SPECTRAL_WINDOW", "STATE"]
STORAGES = {"tiled": "TiledShapeStMan", "standard": "StandardStMan", "dysco": "DyscoStMan"}


def open_table(path: object) -> table:
    return table(str(path), ack=False)


def simulate(folder: Path, **choices: object) -> SimulatedMeasurementSet:
    return simulate_measurement_set(folder / "night.ms", 6, 3, **choices)  # type: ignore[arg-type]


@pytest.mark.parametrize("storage", STORAGES)
def test_amplitude_noise_and_storage_are_as_said(tmp_path: Path, storage: str) -> None:
    truth = simulate(tmp_path, storage=storage, n_channels=32, n_correlations=4, flux_jy=2.0, noise_jy=0.1)
    with open_table(truth.path) as main:
        data, flags = main.getcol("DATA"), main.getcol("FLAG")
        assert main.getdminfo("DATA")["TYPE"] == STORAGES[storage]
        assert main.nrows() == truth.n_rows == 3 * 15
        np.testing.assert_allclose(main.getcol("WEIGHT"), 100.0, rtol=1e-5)
        assert ("WEIGHT_SPECTRUM" in main.colnames()) == (storage == "dysco")
    assert data.dtype == np.complex64
    assert data.shape == flags.shape == (45, 32, 4)
    assert not flags.any()
    assert truth.flag_fraction == 0
    np.testing.assert_allclose(data[..., [0, 3]].mean(), 2.0, atol=0.01)
    np.testing.assert_allclose(data[..., [1, 2]].mean(), 0.0, atol=0.01)
    for part in (data.real, data.imag):
        np.testing.assert_allclose(part.std(axis=(0, 1)), 0.1, rtol=0.06)


def test_dysco_is_right_to_within_its_quantisation(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    exact = simulate(tmp_path, n_channels=32, noise_jy=0.1, rfi_channels=[3], dead_antennas=[2])
    packed = simulate(tmp_path / "a", n_channels=32, noise_jy=0.1, rfi_channels=[3], dead_antennas=[2], storage="dysco")
    with open_table(exact.path) as one, open_table(packed.path) as other:
        error = np.abs(one.getcol("DATA") - other.getcol("DATA"))
        np.testing.assert_allclose(other.getcol("WEIGHT_SPECTRUM"), 100.0, rtol=1e-3)
    quiet = np.delete(error, 3, axis=1)
    assert 0 < np.sqrt(np.mean(quiet**2)) < 0.1
    assert error.max() < 0.1 * exact.rfi_jy


def test_all_subtables_open_after_the_folder_was_moved(tmp_path: Path) -> None:
    truth = simulate(tmp_path, n_channels=(4, 8), n_correlations=2)
    moved = truth.path.rename(tmp_path / "elsewhere.ms")
    assert b"night.ms" not in (moved / "table.dat").read_bytes()
    with open_table(moved) as main:
        assert main.info()["type"] == "Measurement Set"
        assert main.getkeyword("MS_VERSION") == 2.0
        links = {name: link for name, link in main.getkeywords().items() if str(link).startswith("Table: ")}
        assert sorted(links) == SUBTABLES
        assert all(link == f"Table: {moved}/{name}" for name, link in links.items())
    rows = {}
    for name in SUBTABLES:
        with open_table(f"{moved}::{name}") as subtable:
            rows[name] = subtable.nrows()
            assert set(subtable.colnames()) >= {c for c in required_ms_desc(name) if not c.startswith("_")}
    assert rows == {
        "ANTENNA": 6,
        "DATA_DESCRIPTION": 2,
        "FEED": 6,
        "FIELD": 1,
        "FLAG_CMD": 0,
        "HISTORY": 1,
        "OBSERVATION": 1,
        "POINTING": 6,
        "POLARIZATION": 1,
        "PROCESSOR": 1,
        "SPECTRAL_WINDOW": 2,
        "STATE": 1,
    }


def test_subtables_describe_the_observation(tmp_path: Path) -> None:
    truth = simulate(tmp_path, n_channels=(4, 8), n_correlations=4, ra_deg=200.0, dec_deg=-10.0)
    with open_table(f"{truth.path}::SPECTRAL_WINDOW") as windows:
        assert windows.getcol("NUM_CHAN").tolist() == [4, 8]
        for row, n_channels in enumerate((4, 8)):
            frequency, width = windows.getcell("CHAN_FREQ", row), windows.getcell("CHAN_WIDTH", row)
            assert frequency.shape == width.shape == (n_channels,)
            np.testing.assert_allclose(np.diff(frequency), width[0])
            assert width.sum() == windows.getcell("TOTAL_BANDWIDTH", row)
        assert 1.28e9 < windows.getcell("CHAN_FREQ", 0)[0] < windows.getcell("CHAN_FREQ", 1)[-1] < 1.53e9
        assert windows.getcolkeyword("CHAN_FREQ", "QuantumUnits") == ["Hz"]
    with open_table(f"{truth.path}::POLARIZATION") as polarization:
        assert polarization.getcell("CORR_TYPE", 0).tolist() == [9, 10, 11, 12]
        assert polarization.getcell("CORR_PRODUCT", 0).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    with open_table(f"{truth.path}::ANTENNA") as antennas:
        assert tuple(antennas.getcol("NAME")) == truth.antenna_names
        assert antennas.getcolkeyword("POSITION", "MEASINFO")["Ref"] == "ITRF"
        np.testing.assert_allclose(np.linalg.norm(antennas.getcol("POSITION"), axis=1), 6371e3, rtol=2e-3)
    with open_table(f"{truth.path}::FIELD") as fields:
        np.testing.assert_allclose(np.degrees(fields.getcell("PHASE_DIR", 0)), [[200.0, -10.0]])
    with open_table(f"{truth.path}::DATA_DESCRIPTION") as descriptions:
        assert descriptions.getcol("SPECTRAL_WINDOW_ID").tolist() == [0, 1]


def test_uvw_are_those_of_a_real_array(tmp_path: Path) -> None:
    truth = simulate(tmp_path, n_channels=2)
    with open_table(truth.path) as main, open_table(f"{truth.path}::ANTENNA") as antennas:
        uvw, times = main.getcol("UVW"), main.getcol("TIME")
        first, second = main.getcol("ANTENNA1"), main.getcol("ANTENNA2")
        position = antennas.getcol("POSITION")
        assert main.getcolkeyword("UVW", "MEASINFO") == {"type": "uvw", "Ref": "J2000"}
        assert main.getcolkeyword("TIME", "MEASINFO")["type"] == "epoch"
    # Turning a baseline keeps its length, and baselines around a triangle add up to nothing.
    np.testing.assert_allclose(
        np.linalg.norm(uvw, axis=1), np.linalg.norm(position[second] - position[first], axis=1), rtol=1e-9
    )
    assert np.linalg.norm(uvw, axis=1).min() > 1.0
    for time in np.unique(times):
        now = times == time
        at = dict(zip(zip(first[now], second[now], strict=True), uvw[now], strict=True))
        for a, b, c in ((0, 1, 2), (1, 3, 5), (0, 2, 4)):
            np.testing.assert_allclose(at[a, b] + at[b, c] - at[a, c], 0, atol=1e-6)
    assert np.ptp(uvw[(first == 0) & (second == 5)], axis=0).max() > 0


def test_at_the_zenith_u_is_east_and_v_is_north() -> None:
    from dsa110_contimg.simulate.antennas import LATITUDE_DEG, LONGITUDE_DEG, compute_uvw, place_antennas

    positions = place_antennas(np.random.default_rng(0), 6)
    seconds = 60300.25 * 86400
    gmst_deg = (280.46061837 + 360.98564736629 * (60300.25 - 51544.5)) % 360
    uvw = compute_uvw(positions, seconds, gmst_deg + LONGITUDE_DEG, LATITUDE_DEG)
    lon, lat = np.radians([LONGITUDE_DEG, LATITUDE_DEG])
    east = [-np.sin(lon), np.cos(lon), 0]
    north = [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)]
    baselines = positions - positions[0]
    np.testing.assert_allclose((uvw - uvw[0])[:, 0], baselines @ east, atol=1e-6)
    np.testing.assert_allclose((uvw - uvw[0])[:, 1], baselines @ north, atol=1e-6)


@pytest.mark.parametrize("storage", ["tiled", "standard"])
def test_ragged_cells_have_the_shape_of_their_window(tmp_path: Path, storage: str) -> None:
    truth = simulate(
        tmp_path, n_channels=(2, 4), flag_fraction=0.3, dead_antennas=[1], rfi_channels=[3], storage=storage
    )
    flagged, total = np.zeros(6), np.zeros(6)
    with open_table(truth.path) as main:
        assert "shape" not in main.getcoldesc("DATA")
        shapes = main.getcolshapestring("DATA")
        windows, first, second = (main.getcol(name) for name in ("DATA_DESC_ID", "ANTENNA1", "ANTENNA2"))
        assert shapes == [("[2, 2]", "[4, 2]")[window] for window in windows]
        assert main.getcolshapestring("FLAG") == shapes
        for row, window in enumerate(windows):
            data, flags = main.getcell("DATA", row), main.getcell("FLAG", row)
            assert data.shape == flags.shape == ((2, 2), (4, 2))[window]
            assert np.all(np.abs(data[3:]) > 0.5 * truth.rfi_jy)
            for antenna in (first[row], second[row]):
                flagged[antenna] += flags.sum()
                total[antenna] += flags.size
    np.testing.assert_allclose(truth.flag_fraction_by_antenna, flagged / total)
    assert truth.flag_fraction == pytest.approx(flagged.sum() / total.sum())
    assert set(windows) == {0, 1}


def test_dead_antennas_and_interference_are_flagged_or_left_to_be_found(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    bad = {"n_channels": 16, "dead_antennas": [4], "rfi_channels": [7], "noise_jy": 0.05}
    marked, unmarked = simulate(tmp_path, **bad), simulate(tmp_path / "a", bad_is_flagged=False, **bad)
    assert marked.flag_fraction_by_antenna[4] == 1
    assert 0.2 < marked.flag_fraction_by_antenna[0] < 0.4
    assert unmarked.flag_fraction == 0
    with open_table(marked.path) as one, open_table(unmarked.path) as other:
        data = one.getcol("DATA")
        np.testing.assert_array_equal(other.getcol("DATA"), data)
        dead = (one.getcol("ANTENNA1") == 4) | (one.getcol("ANTENNA2") == 4)
        np.testing.assert_array_equal(one.getcol("FLAG_ROW"), dead)
        assert one.getcol("FLAG")[:, 7].all()
    assert np.abs(np.delete(data[dead], 7, axis=1)).max() < 0.5
    np.testing.assert_allclose(np.abs(data[:, 7]).mean(), marked.rfi_jy, rtol=0.01)
    np.testing.assert_allclose(np.abs(np.delete(data[~dead], 7, axis=1)).mean(), 1.0, rtol=0.01)


def test_the_same_seed_gives_the_same_values(tmp_path: Path) -> None:
    columns = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        truth = simulate(tmp_path / name, seed=seed, flag_fraction=0.1)
        with open_table(truth.path) as main:
            columns.append({name: main.getcol(name) for name in ("DATA", "FLAG", "UVW", "TIME")})
    assert all(np.array_equal(columns[0][name], columns[1][name]) for name in columns[0])
    assert all(not np.array_equal(columns[0][name], columns[2][name]) for name in ("DATA", "FLAG", "UVW"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"storage": "wood"}, "'wood' is no storage"),
        ({"n_correlations": 3}, "3 is no number of correlations"),
        ({"n_channels": 0}, "n_channels is 0"),
        ({"n_channels": ()}, "spectral_windows is 0"),
        ({"n_channels": (2, 4), "storage": "dysco"}, "Spectral windows of 2, 4 channels"),
        ({"flag_fraction": 1.5}, "flag_fraction is 1.5"),
        ({"noise_jy": -1.0}, "noise_jy is -1"),
        ({"dead_antennas": [6]}, "Dead antenna 6"),
        ({"rfi_channels": [64]}, "Channel with interference 64"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"n_channels": (8, 2.5)}, "n_channels is 2.5"),
        ({"dead_antennas": [1.5]}, "Dead antenna 1.5"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_left(tmp_path: Path, wrong: dict[str, object], says: str) -> None:
    with pytest.raises(BadSimulationError, match=says):
        simulate(tmp_path, **wrong)
    assert list(tmp_path.iterdir()) == []


def test_numpys_integers_are_whole_numbers(tmp_path: Path) -> None:
    numbers = {"n_channels": np.int64(4), "seed": np.int64(3)}
    truth = simulate_measurement_set(tmp_path / "night.ms", np.int64(3), np.int64(2), **numbers)
    assert truth.n_channels == (4,)
    assert truth.n_rows == 6


def test_one_antenna_is_no_interferometer(tmp_path: Path) -> None:
    with pytest.raises(BadSimulationError, match="n_antennas is 1"):
        simulate_measurement_set(tmp_path / "night.ms", 1)


def test_there_are_no_half_integrations(tmp_path: Path) -> None:
    with pytest.raises(BadSimulationError, match=r"n_times is 2\.5"):
        simulate_measurement_set(tmp_path / "night.ms", 4, 2.5)  # type: ignore[arg-type]


def test_what_stands_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "night.ms").mkdir()
    (tmp_path / "night.ms" / "table.dat").write_text("mine")
    with pytest.raises(OutputExistsError):
        simulate(tmp_path)
    assert (tmp_path / "night.ms" / "table.dat").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnwritableOutputError, match="nowhere"):
        simulate_measurement_set(tmp_path / "nowhere" / "night.ms")


def test_a_run_that_stops_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dsa110_contimg.simulate.visibilities.compute_uvw", stop)
    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_casacore_without_dysco_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise RuntimeError("Shared library dyscostman not found in CASACORE_LDPATH or (DY)LD_LIBRARY_PATH\n...")

    monkeypatch.setattr("casacore.tables.default_ms", refuse)
    with pytest.raises(MissingDependencyError, match="no dyscostman"):
        simulate(tmp_path, storage="dysco")
    assert list(tmp_path.iterdir()) == []


def test_what_casacore_cannot_write_is_our_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise RuntimeError("No space left on device")

    monkeypatch.setattr("casacore.tables.table.putcol", refuse)
    with pytest.raises(UnwritableOutputError, match="No space left"):
        simulate(tmp_path)
    assert list(tmp_path.iterdir()) == []
