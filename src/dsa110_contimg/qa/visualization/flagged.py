"""A column, masked by the table's flags."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.errors import ColumnNotFoundError
from dsa110_contimg.qa.visualization.columns import Column
from dsa110_contimg.qa.visualization.rows import choose_rows, pick_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.casa.tables import Shape


class FlaggedColumn(Column):
    """Read a column as a masked array: masked where it is flagged.

    A value is masked by FLAG where the cells of FLAG have the shape of the column's own, and by FLAG_ROW always.
    So WEIGHT, whose cells are shorter than those of FLAG, is masked by FLAG_ROW alone.

    Parameters
    ----------
    reader : TableReader
        The reader of the table.
    name : str
        The column's name, without the ``_F``.

    Raises
    ------
    ColumnNotFoundError
        When the table has no such column, or neither FLAG nor FLAG_ROW.

    Notes
    -----
    What `read` fills must be a masked array, too; ``numpy.ma.masked_all(shape, dtype)`` makes one.
    """

    def __init__(self, reader: TableReader, name: str) -> None:
        super().__init__(reader, name)
        if not {"FLAG", "FLAG_ROW"} & set(reader.columns):
            raise ColumnNotFoundError(
                f"There is no {name}_F in {reader.path}: the table has neither FLAG nor FLAG_ROW.",
                hint=f"Read {name}, which is not masked.",
            )

    def _read(
        self,
        source: TableReader,
        rows: range,
        part: tuple[slice, ...] | None = None,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        if out is None:
            values = super()._read(source, rows, part)
            return np.ma.MaskedArray(values, self._read_mask(source, rows, part, values.shape))
        if not isinstance(out, np.ma.MaskedArray):
            raise TypeError(f"out is no masked array, and {self.name}_F needs one: numpy.ma.masked_all(shape, dtype)")
        super()._read(source, rows, part, out.data)
        if np.ma.getmask(out) is np.ma.nomask:
            out.mask = np.zeros(out.shape, bool)
        # In place, so that flags of an earlier read vanish also from a hard mask, and from what out is a view of.
        np.ma.getmaskarray(out)[...] = self._read_mask(source, rows, part, out.shape)
        return out

    def _read_mask(
        self, source: TableReader, rows: range, part: tuple[slice, ...] | None, shape: Shape
    ) -> NDArray[np.bool_]:
        mask = np.zeros(shape, bool)
        cell = self._cell_shape(source, rows)
        flag_shapes = source.cell_shapes("FLAG", rows) if "FLAG" in source.columns else {}
        if list(flag_shapes) == [cell]:
            mask |= source.read("FLAG", rows, part)
        elif cell in flag_shapes:  # only some rows have fitting flags, and these must not be lost
            fits = [place for place, found in enumerate(source.list_shapes("FLAG", rows)) if found == cell]
            flags, fitting = choose_rows(source, pick_rows(rows, fits))
            mask[fits] = flags.read("FLAG", fitting, part)
        if "FLAG_ROW" in source.columns:
            mask |= source.read("FLAG_ROW", rows).reshape(-1, *(1 for _ in shape[1:]))
        return mask
