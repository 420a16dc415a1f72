"""A table as an xarray Dataset: names of axes, attributes, and what is left out."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from casa_tables import make_table
from dsa110_contimg import errors
from dsa110_contimg.qa.visualization import CasaTable, datasets
from dsa110_contimg.simulate import SimulatedMeasurementSet, simulate_measurement_set

pytest.importorskip("xarray", reason="xarray is not installed")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> SimulatedMeasurementSet:
    return simulate_measurement_set(
        tmp_path_factory.mktemp("ms") / "a.ms", n_antennas=4, n_times=3, n_channels=(8, 16), seed=2
    )


@pytest.fixture(params=["dask", "numpy"])
def table(request: pytest.FixtureRequest, truth: SimulatedMeasurementSet, monkeypatch: pytest.MonkeyPatch) -> CasaTable:
    if request.param == "dask":
        pytest.importorskip("dask.array", reason="dask is not installed")
    else:
        monkeypatch.setattr(datasets, "find_spec", lambda name: None)
    return CasaTable(truth.path)


def test_a_measurement_set_is_named_as_it_is_known(table: CasaTable) -> None:
    window = table.select(data_desc_id=1)
    dataset = window.to_xarray()  # and no warning
    assert {name: dataset[name].dims[1:] for name in ("DATA", "FLAG", "WEIGHT", "SIGMA", "UVW", "TIME")} == {
        **dict.fromkeys(("DATA", "FLAG"), ("chan", "corr")),
        **dict.fromkeys(("WEIGHT", "SIGMA"), ("corr",)),
        "UVW": ("uvw",),
        "TIME": (),
    }
    assert {variable.dims[0] for variable in dataset.values()} == {"row"}
    assert dict(dataset.sizes) == {"row": 18, "chan": 16, "corr": 2, "uvw": 3}
    for name, variable in dataset.items():
        assert (variable.dtype, variable.shape) == (window[name].dtype, window[name].shape)
        assert np.array_equal(variable.values, window[name][:])


def test_units_comments_and_keywords_are_attributes(table: CasaTable) -> None:
    dataset = table.select(data_desc_id=0).to_xarray()
    assert (dataset.TIME.attrs["units"], dataset.UVW.attrs["units"]) == ("s", "m")
    assert dataset.UVW.attrs["comment"] == table.UVW.description.comment != ""
    assert dataset.TIME.attrs["MEASINFO"] == table.TIME.keywords["MEASINFO"]
    assert "units" not in dataset.ANTENNA1.attrs
    assert dataset.attrs["MS_VERSION"] == 2.0
    assert dataset.attrs["ANTENNA"] == f"{table.path}/ANTENNA"
    assert dataset.encoding["source"] == table.path


def test_what_is_left_out_is_said_and_listed(table: CasaTable) -> None:
    with pytest.warns(errors.ContimgWarning, match=r"DATA, FLAG of .*select\(data_desc_id=0\)") as caught:
        dataset = table.to_xarray()
    assert [warning.filename for warning in caught] == [__file__]
    assert dataset.attrs["ragged_columns"] == ["DATA", "FLAG"]
    assert dataset.attrs["columns_without_values"] == ["FLAG_CATEGORY"]
    assert set(dataset) == set(table.columns) - {"DATA", "FLAG", "FLAG_CATEGORY"}
    assert dataset.WEIGHT.dims == ("row", "corr")  # in which all flags agree


def test_axes_that_nobody_knows_are_numbered(tmp_path: Path) -> None:
    columns = {
        "FLAG": np.ones((3, 4, 2), bool),
        "CPARAM": np.ones((3, 4, 2)) * 1j,
        "WEIGHT": np.ones((3, 3)),
        "UVW": np.ones((3, 2)),
        "IMAGING_WEIGHT": np.ones((3, 4)),
        "LABEL": np.full((3, 2, 2), "x", object),
    }
    dataset = CasaTable(make_table(tmp_path / "t", columns)).to_xarray()
    assert {name: variable.dims[1:] for name, variable in dataset.items()} == {
        "FLAG": ("chan", "corr"),
        "CPARAM": ("chan", "corr"),
        "WEIGHT": ("WEIGHT_axis1",),
        "UVW": ("UVW_axis1",),
        "IMAGING_WEIGHT": ("chan",),
        "LABEL": ("LABEL_axis1", "LABEL_axis2"),
    }


def test_chunks_of_all_variables_agree(truth: SimulatedMeasurementSet, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask.array", reason="dask is not installed")
    monkeypatch.setattr("dsa110_contimg.qa.visualization.rows._CHUNK_BYTES", 5 * 8 * 2 * 8)
    dataset = CasaTable(truth.path).select(data_desc_id=0).to_xarray()
    assert dataset.chunks["row"] == (5, 5, 5, 3)


@pytest.mark.parametrize("flags", [np.ones((0, 4, 2), bool), np.ones((0, 4), bool)])
def test_a_table_without_rows_is_a_dataset(tmp_path: Path, flags: np.ndarray) -> None:
    dataset = CasaTable(make_table(tmp_path / "t", {"FLAG": flags, "TIME": np.zeros(0)})).to_xarray()
    assert (dataset.FLAG.shape, dataset.TIME.shape) == (flags.shape, (0,))
    assert len(CasaTable(make_table(tmp_path / "u", {"TIME": np.zeros(3)}))[:0].to_xarray().TIME) == 0


def test_without_xarray_the_pip_line_is_printed(
    truth: SimulatedMeasurementSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(errors.MissingDependencyError, match=r'pip install "dsa110-contimg\[xarray\]"'):
        CasaTable(truth.path).to_xarray()
