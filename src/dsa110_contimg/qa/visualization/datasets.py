"""A table as an xarray Dataset."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

from dsa110_contimg._lazy import needs
from dsa110_contimg.casa.tables import SubtableReference
from dsa110_contimg.errors import ContimgWarning
from dsa110_contimg.qa.visualization.columns import Column
from dsa110_contimg.qa.visualization.rows import count_chunk_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from xarray import Dataset

    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.casa.tables import Shape

_AXES_OF_FLAGS = ("chan", "corr")


def make_dataset(reader: TableReader) -> Dataset:
    """Make a Dataset of a table; see `CasaTable.to_xarray`.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.

    Returns
    -------
    xarray.Dataset
        The table.

    Raises
    ------
    MissingDependencyError
        When xarray is not installed.
    """
    with needs("xarray"):
        import xarray
    columns = {name: Column(reader, name) for name in reader.columns}
    shapes = {name: column.shape for name, column in columns.items()}
    whole = {name: shape for name, shape in shapes.items() if shape is not None}
    empty = [name for name in columns if name not in whole and set(reader.cell_shapes(name)) == {None}]
    ragged = [name for name in columns if name not in whole and name not in empty]
    if ragged:
        warnings.warn(
            f"{', '.join(ragged)} of {reader.path} cannot stand in a Dataset, because the cells make no array. Select "
            "rows whose cells agree, for example table.select(data_desc_id=0).to_xarray().",
            ContimgWarning,
            stacklevel=3,
        )
    flags = _measure_flags(reader)
    # One size for all, so that xarray knows the chunks of the rows.
    limit = reader.recipe.memory_limit
    rows = min(
        (count_chunk_rows(shape[1:], columns[name].dtype, None, memory_limit=limit) for name, shape in whole.items()),
        default=1,
    )
    is_lazy = find_spec("dask") is not None
    dataset = xarray.Dataset(
        {
            name: xarray.Variable(
                ("row", *_name_axes(name, shape[1:], flags)),
                columns[name].to_dask(rows) if is_lazy else columns[name][:],
                _describe(columns[name]),
            )
            for name, shape in whole.items()
        },
        attrs={**_plain(reader.keywords), "ragged_columns": ragged, "columns_without_values": empty},
    )
    dataset.encoding["source"] = reader.path
    return dataset


def _measure_flags(reader: TableReader) -> tuple[int | None, ...]:
    """Find how many channels and correlations all flags have; None where they differ."""
    shapes = set(reader.cell_shapes("FLAG")) if "FLAG" in reader.columns else set()
    known = [shape for shape in shapes if shape is not None and len(shape) == len(_AXES_OF_FLAGS)]
    if len(known) < len(shapes):
        return ()
    return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*known, strict=True))


def _name_axes(column: str, cell: Shape, flags: tuple[int | None, ...]) -> tuple[str, ...]:
    """Name the axes of a cell: those that FLAG has, too, are channels and correlations."""
    if len(flags) == len(_AXES_OF_FLAGS):
        if cell == flags:
            return _AXES_OF_FLAGS
        if column in {"WEIGHT", "SIGMA"} and cell == flags[1:]:
            return _AXES_OF_FLAGS[1:]
        if column == "IMAGING_WEIGHT" and cell == flags[:1]:
            return _AXES_OF_FLAGS[:1]
    if column == "UVW" and cell == (3,):
        return ("uvw",)
    return tuple(f"{column}_axis{number}" for number in range(1, len(cell) + 1))


def _describe(column: Column) -> dict[str, object]:
    known = {"units": column.unit, "comment": column.description.comment}
    return {**_plain(column.keywords), **{name: text for name, text in known.items() if text}}


def _plain(keywords: Mapping[str, object]) -> dict[str, object]:
    return {name: value.path if isinstance(value, SubtableReference) else value for name, value in keywords.items()}
