"""A column as an Arrow array."""

from __future__ import annotations

import math

import numpy as np

from dsa110_contimg._lazy import needs
from dsa110_contimg.errors import RaggedColumnError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.tables import Shape
    from dsa110_contimg.qa.visualization.columns import Column

_MOST_IN_LIST = 2**31 - 1
"""The most values of a ``list``, which counts them in 32 bits; more need a ``large_list``."""


def make_arrow_array(column: Column, shapes: Sequence[Shape | None]) -> Any:
    """Make an Arrow array of a column; see `Column.to_arrow`.

    Parameters
    ----------
    column : Column
        The column.
    shapes : sequence
        The shape of each row's cell; None for a cell without a value.

    Returns
    -------
    pyarrow.Array
        One value for each row.

    Raises
    ------
    RaggedColumnError
        When the cells differ in their number of axes.
    ValueError
        When the cells are records.
    MissingDependencyError
        When pyarrow is not installed.
    """
    described = column.description
    if described.value_type == "record":
        raise ValueError(f"the cells of {column.name} are records, which have no one Arrow type: read them as dicts")
    with needs("parquet"):
        import pyarrow as pa
    places = [row for row, shape in enumerate(shapes) if shape is not None]
    found = {shape for shape in shapes if shape is not None}
    if len({len(shape) for shape in found}) > 1:
        raise RaggedColumnError(
            f"The cells of {column.name} differ in their number of axes, and no Arrow type holds them: "
            f"there are shapes {' and '.join(map(str, sorted(found)[:3]))}.",
            hint=f"Read them one by one: table.{column.name}.cells()",
        )
    if len(found) > 1:
        cells = column.cells(places)
        flat = np.ma.concatenate([cell.ravel() for cell in cells])  # type: ignore[no-untyped-call]
        values = _make_lists(flat, [cell.shape for cell in cells])
    elif found:
        values = _make_boxes(column.read(places).reshape(-1), len(places), found.pop())
    else:
        none, ndim = np.empty(0, column.dtype), 1 if described.ndim is None else described.ndim
        fixed = described.shape
        values = _make_lists(none, [(0,) * ndim])[:0] if fixed is None else _make_boxes(none, 0, fixed)
    if len(places) == len(shapes):
        return values
    numbers = np.zeros(len(shapes), np.int64)
    numbers[places] = np.arange(len(places))
    return values.take(pa.array(numbers, mask=np.array([shape is None for shape in shapes], bool)))


def _make_boxes(values: NDArray[Any], count: int, shape: Shape) -> Any:
    """Fold values into cells of one shape."""
    import pyarrow as pa

    made = _make_values(values)
    for axis in reversed(range(len(shape))):
        # Not FixedSizeListArray.from_arrays, which cannot tell how many lists of length 0 there are.
        length = count * math.prod(shape[:axis])
        made = pa.Array.from_buffers(pa.list_(made.type, shape[axis]), length, [None], children=[made])
    return made


def _make_lists(values: NDArray[Any], shapes: Sequence[Shape]) -> Any:
    """Fold values into cells of the same number of axes."""
    import pyarrow as pa

    lists, counts = (pa.ListArray, np.int32) if values.size <= _MOST_IN_LIST else (pa.LargeListArray, np.int64)
    made = _make_values(values)
    for axis in reversed(range(len(shapes[0]))):
        lengths = np.repeat([shape[axis] for shape in shapes], [math.prod(shape[:axis]) for shape in shapes])
        made = lists.from_arrays(np.concatenate([[0], np.cumsum(lengths)]).astype(counts), made)
    return made


def _make_values(values: NDArray[Any]) -> Any:
    """Turn an array of one axis into Arrow's; what is masked becomes null."""
    import pyarrow as pa

    mask = np.ma.getmask(values)
    data, masked = np.ma.getdata(values), None if mask is np.ma.nomask else mask
    if data.dtype.kind != "c":
        return pa.array(data, pa.string() if data.dtype.hasobject else None, mask=masked)
    parts = pa.array(np.ascontiguousarray(data).view(data.real.dtype))
    return pa.FixedSizeListArray.from_arrays(parts, 2, mask=None if masked is None else pa.array(masked))
