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
