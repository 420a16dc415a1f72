"""Make small CASA tables, and look whether anybody touched a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from casacore.tables import makearrcoldesc, makescacoldesc, maketabdesc, table

if TYPE_CHECKING:
    from pathlib import Path

_VALUE_TYPES = {
    "bool": "boolean",
    "uint8": "uchar",
    "int16": "short",
    "int32": "int",
    "uint32": "uint",
    "int64": "int64",
    "float32": "float",
    "float64": "double",
    "complex64": "complex",
    "complex128": "dcomplex",
    "object": "string",
}


def make_table(
    path: Path,
    columns: dict[str, Any],
    *,
    units: dict[str, Any] | None = None,
    keywords: dict[str, Any] | None = None,
    comment: str = "",
    open_shape: tuple[str, ...] = (),
) -> Path:
    """Write a table: an array is a column of fixed shape, a list of arrays one of free shape; None is no value."""
    descriptions = []
    for name, values in columns.items():
        cells = [cell for cell in values if cell is not None]
        dtype = values.dtype if isinstance(values, np.ndarray) else cells[0].dtype
        value_type = _VALUE_TYPES[str(dtype)]
        example = "" if value_type == "string" else np.zeros((), dtype).item()
        if isinstance(values, np.ndarray) and values.ndim == 1:
            description = makescacoldesc(name, example, valuetype=value_type, comment=comment)
        elif isinstance(values, np.ndarray) and name not in open_shape:
            shape = list(values.shape[1:])
            description = makearrcoldesc(name, example, valuetype=value_type, shape=shape, comment=comment)
        else:
            description = makearrcoldesc(name, example, valuetype=value_type, ndim=np.ndim(cells[0]), comment=comment)
        descriptions.append(description)
    path.parent.mkdir(exist_ok=True)
    nrows = len(next(iter(columns.values()))) if columns else 0
    with table(str(path), maketabdesc(descriptions), nrow=nrows, ack=False) as made:
        for name, values in columns.items():
            for row, cell in enumerate(values):
                if cell is not None:
                    made.putcell(name, row, _as_casacore_wants_it(cell))
        for name, unit in (units or {}).items():
            made.putcolkeyword(name, "QuantumUnits", [unit])
        for name, value in (keywords or {}).items():
            made.putkeyword(name, value)
    return path


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Remember every file's time and bytes, and every folder's time."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *sorted(folder.rglob("*"))]
    }


def _as_casacore_wants_it(cell: Any) -> Any:
    if isinstance(cell, np.ndarray) and cell.dtype == object:
        return {"shape": list(cell.shape), "array": list(cell.ravel())}
    return cell.item() if isinstance(cell, np.generic) else cell


def make_measurement_set(path: Path, columns: dict[str, Any], **subtables: dict[str, Any] | None) -> Path:
    """Write the tables of a small Measurement Set of two windows, 3 and 5 channels, XX and YY, and three antennas.

    What is given takes the place of the usual columns and subtables; None leaves a column or a subtable out.
    """
    n = next(len(values) for values in columns.values() if values is not None)
    numbers = np.arange(n, dtype=np.int32)
    rows = {
        "TIME": 5e9 + 10.0 * (numbers // 3),
        "ANTENNA1": numbers % 3 // 2,
        "ANTENNA2": np.array([1, 2, 2], np.int32)[numbers % 3],
        "FIELD_ID": numbers * 0,
        "DATA_DESC_ID": numbers * 0,
        "FLAG_ROW": np.zeros(n, bool),
        "UVW": np.stack([3.0 + numbers, 4.0 + 0 * numbers, 0.0 * numbers], axis=1),
    }
    usual: dict[str, dict[str, Any]] = {
        "ANTENNA": {"NAME": np.array(["ea01", "ea02", "ea03"], object)},
        "FIELD": {"NAME": np.array(["3C48", "3C286"], object)},
        "SPECTRAL_WINDOW": {
            "NAME": np.array(["low", "high"], object),
            "CHAN_FREQ": [1e9 + 1e6 * np.arange(3), 2e9 + 1e6 * np.arange(5)],
        },
        "POLARIZATION": {"CORR_TYPE": [np.array([9, 12], np.int32)]},
        "DATA_DESCRIPTION": {
            "SPECTRAL_WINDOW_ID": np.array([0, 1], np.int32),
            "POLARIZATION_ID": np.array([0, 0], np.int32),
        },
    }
    keywords: dict[str, Any] = {"MS_VERSION": 2.0}
    made = make_table(path, {name: values for name, values in {**rows, **columns}.items() if values is not None})
    for name, found in {**usual, **subtables}.items():
        if found is not None:
            keywords[name] = f"Table: {make_table(path / name, found)}"
    with table(str(path), readonly=False, ack=False) as main:
        for name, value in keywords.items():
            main.putkeyword(name, value)
    return made
