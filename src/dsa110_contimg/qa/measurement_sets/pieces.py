"""Cut a Measurement Set into pieces that fit into memory, and whose cells agree in shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.qa.measurement_sets.buffers import Buffer
from dsa110_contimg.qa.measurement_sets.survey import cut_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.tables import Shape
    from dsa110_contimg.qa.measurement_sets.structure import Structure
    from dsa110_contimg.qa.visualization.casatable import CasaTable
    from dsa110_contimg.qa.visualization.columns import Column

_PIECE_BYTES = 2**24
"""The size of a piece of data; larger ones are not read faster."""

_ROWS_AT_ONCE = 65536
"""The most rows of a piece, however small their cells are."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of which the cells agree. Its arrays hold only until the next piece is read."""

    n_rows: int
    """The number of rows."""
    columns: dict[str, NDArray[Any]]
    """The columns that describe the rows, each of shape (n_rows, ...)."""
    flags: NDArray[np.bool_] | None
    """What is flagged, by FLAG or by FLAG_ROW: shape (n_rows, n_channels, n_correlations); None if there is no FLAG."""
    data: NDArray[Any] | None
    """The visibilities, shape (n_rows, n_channels, n_correlations); None if there are none."""
    hidden: NDArray[np.bool_] | None
    """Which visibilities are flagged, in the shape of the data; None if none of them is."""


class PieceReader:
    """Read a Measurement Set piece by piece, into the same memory.

    Parameters
    ----------
    table : CasaTable
        Its main table.
    structure : Structure
        What it says about itself.
    """

    def __init__(self, table: CasaTable, structure: Structure) -> None:
        self._table = table
        self._structure = structure
        self._names = tuple(
            name for name in (structure.data_column, "FLAG" if structure.has_flags else None) if name is not None
        )
        self._buffers = {name: Buffer(table[name].dtype) for name in self._names}

    def read_pieces(self) -> Iterator[Piece]:
        """Read the pieces one after the other.

        Yields
        ------
        Piece
            Each piece; together they are all rows, in an order that keeps rows of one DATA_DESC_ID together where
            the cells are of different shape.
        """
        if not len(self._table):
            return
        whole = {name: self._table[name].shape for name in self._names}
        known = {name: shape[1:] for name, shape in whole.items() if shape is not None}
        if len(known) == len(whole):
            spectra = _keep_spectra(known)
            for rows in cut_rows(len(self._table), self._count_rows(spectra)):
                yield self._read(rows, spectra)
            return
        for rows in cut_rows(len(self._table), _ROWS_AT_ONCE):
            for numbers, shapes in self._group(rows):
                for part in cut_rows(len(numbers), self._count_rows(shapes)):
                    yield self._read(numbers[part], shapes)

    def _count_rows(self, shapes: dict[str, Shape]) -> int:
        """Decide how many rows make a piece."""
        sizes: list[int] = [math.prod(shape) * self._table[name].dtype.itemsize for name, shape in shapes.items()]
        return min(_ROWS_AT_ONCE, max(1, _PIECE_BYTES // max(1, max(sizes, default=1))))

    def _group(self, rows: slice) -> Iterator[tuple[NDArray[np.intp], dict[str, Shape]]]:
        """Group rows by DATA_DESC_ID, on which the shape of a cell should depend, and by the shapes that there are."""
        numbers = range(rows.start, rows.stop)
        shapes = [self._table[name].cell_shapes(rows) for name in self._names]
        found: Sequence[int] = [-1] * len(numbers)
        if "DATA_DESC_ID" in self._structure.row_columns:
            found = self._table["DATA_DESC_ID"].read(rows).tolist()
        groups: dict[tuple[Any, ...], list[int]] = {}
        for number, *key in zip(numbers, found, *shapes, strict=True):
            groups.setdefault(tuple(key), []).append(number)
        for (_, *agreed), alike in groups.items():
            yield np.array(alike, np.intp), _keep_spectra(dict(zip(self._names, agreed, strict=True)))

    def _read(self, rows: slice | NDArray[np.intp], shapes: dict[str, Shape]) -> Piece:
        n_rows = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        columns = {name: self._table[name].read(rows) for name in self._structure.row_columns}
        read = {name: self._read_cells(name, rows, (n_rows, *shape)) for name, shape in shapes.items()}
        flags = read.get("FLAG")
        data = read.get(self._structure.data_column or "")
        row_flags = columns.get("FLAG_ROW")
        row_is_flagged = row_flags is not None and row_flags.any()
        if flags is not None and row_is_flagged:
            flags[row_flags] = True
        hidden = None
        if data is not None and flags is not None and flags.shape == data.shape:
            hidden = flags if flags.any() else None
        elif data is not None and row_is_flagged:
            hidden = np.zeros(data.shape, np.bool_)
            hidden[row_flags] = True
        return Piece(n_rows, columns, flags, data, hidden)

    def _read_cells(self, name: str, rows: slice | NDArray[np.intp], shape: Shape) -> NDArray[Any]:
        column: Column = self._table[name]
        # One cell that is larger than a piece may be damage: then the reader decides whether there is memory for it.
        is_large = math.prod(shape) * column.dtype.itemsize > _PIECE_BYTES
        return column.read(rows, out=None if is_large else self._buffers[name].lend(shape))


def _keep_spectra(shapes: Mapping[str, Shape | None]) -> dict[str, Shape]:
    """Keep the columns whose cells have channels and correlations; others have no value, or are damaged."""
    return {name: shape for name, shape in shapes.items() if shape is not None and len(shape) == 2}
