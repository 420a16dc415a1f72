"""A column as a dask array, of which each chunk is read where it is needed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np

from dsa110_contimg._lazy import needs
from dsa110_contimg.qa.visualization.rows import count_chunk_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dask.array import Array
    from numpy.typing import NDArray

    from dsa110_contimg.casa.recipes import Recipe
    from dsa110_contimg.casa.tables import Shape
    from dsa110_contimg.qa.visualization.columns import Column


@dataclass(frozen=True, eq=False)
class StoredColumn:
    """A column that is opened for each read, in the process that reads.

    It has what dask needs to know of an array, and is made of plain values, so that it crosses the border of a process.
    """

    recipe: Recipe
    """How to come to the table's rows."""
    name: str
    """The column's name."""
    kind: type[Column]
    """What reads it: `Column`, or `FlaggedColumn` for masked arrays."""
    shape: Shape
    """The shape of the whole column, rows first."""
    dtype: np.dtype[Any]
    """The numpy type of the values."""

    @property
    def ndim(self) -> int:
        """The number of axes, rows included."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        reader = self.recipe.open()
        try:
            found = self.kind(reader, self.name)[key]
        finally:
            reader.close()
        # A single value, too, is an array of the column's type: dask has promised one.
        if found is np.ma.masked:
            return np.ma.MaskedArray(np.zeros((), self.dtype), mask=True)
        values: NDArray[Any] = found if isinstance(found, np.ndarray) else np.asarray(found, self.dtype)
        return values


def make_dask_array(stored: StoredColumn, empty: NDArray[Any], rows_per_chunk: int | None) -> Array:
    """Make a dask array of a column.

    Parameters
    ----------
    stored : StoredColumn
        The column.
    empty : numpy.ndarray
        A read of no rows, which tells dask what a chunk is.
    rows_per_chunk : int or None
        The most rows of a chunk; None for as many as fill 64 MiB.

    Returns
    -------
    dask.array.Array
        One task for each chunk of rows.

    Raises
    ------
    ValueError
        When `rows_per_chunk` is less than 1.
    MissingDependencyError
        When dask is not installed.
    """
    with needs("dask"):
        import dask.array
    nrows, *cell = stored.shape
    step = count_chunk_rows(tuple(cell), stored.dtype, rows_per_chunk, memory_limit=stored.recipe.memory_limit)
    rows = tuple(min(step, nrows - first) for first in range(0, nrows, step)) or (0,)
    return dask.array.from_array(
        stored,
        chunks=(rows, *((length,) for length in cell)),
        # Not a name that follows from the path: what stands there may have changed when it is asked for again.
        name=f"{stored.name}-{uuid.uuid4().hex}",
        meta=empty,
        # In each task, which then is the only one; but long lists of rows go to each process only once.
        inline_array=all(kind == "query" for kind, _ in stored.recipe.steps),
    )
