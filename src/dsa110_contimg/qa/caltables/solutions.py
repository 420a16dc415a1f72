"""Read the solutions of a caltable, one spectral window after the other, because their channels may differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.errors import RaggedColumnError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa.visualization import CasaTable

NOWHERE = -1
"""What stands for the antenna or the spectral window that a table does not tell."""


@dataclass(frozen=True, eq=False, slots=True)
class Solutions:
    """The solutions of some rows of one spectral window, whose cells are all of one shape."""

    window: int
    """The spectral window, as SPECTRAL_WINDOW_ID counts; -1 if the table does not tell."""
    antennas: NDArray[np.int64]
    """The antenna of each row, as ANTENNA1 counts, shape (n_rows,); -1 if the table does not tell."""
    values: NDArray[Any] | None
    """The solutions, shape (n_rows, n_channels, n_receptors); None if the table has neither CPARAM nor FPARAM."""
    flags: NDArray[np.bool_]
    """Whether each is flagged, of the same shape; nothing is where the table has no FLAG."""
    snr: NDArray[Any] | None
    """The signal-to-noise ratio of each, of the same shape; None where the table has none."""

    @property
    def numbers(self) -> NDArray[Any]:
        """Return the solutions; NaN for each where the table has neither CPARAM nor FPARAM."""
        return np.full(self.flags.shape, np.nan) if self.values is None else self.values

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Tell which solutions are neither flagged nor NaN or infinite; none of them if there are no values."""
        if self.values is None:
            return np.zeros_like(self.flags)
        usable: NDArray[np.bool_] = ~self.flags & np.isfinite(self.values)
        return usable


def name_parameter(table: CasaTable) -> str | None:
    """Name the column that holds the solutions; None if there is none."""
    return next((name for name in ("CPARAM", "FPARAM") if name in table), None)


def read_ids(table: CasaTable, column: str) -> NDArray[np.int64]:
    """Read a column of numbers that name something, shape (n_rows,); -1 for every row if there is no such column."""
    if column not in table:
        return np.full(len(table), NOWHERE, np.int64)
    ids: NDArray[np.int64] = np.maximum(table[column][:].astype(np.int64), NOWHERE)
    return ids


def read_solutions(table: CasaTable) -> Iterator[Solutions]:
    """Read the solutions of a caltable.

    Parameters
    ----------
    table : CasaTable
        The caltable.

    Yields
    ------
    Solutions
        Rows of one spectral window, whose cells are of one shape. Rows without a value, or with flags that do not
        fit, are left out.
    """
    names = [name for name in (name_parameter(table), "FLAG") if name is not None and name in table]
    if not names:
        return
    windows = read_ids(table, "SPECTRAL_WINDOW_ID")
    for window in np.unique(windows).tolist():
        with table[np.flatnonzero(windows == window)] as rows:
            if _find_shape(rows, names) is not None:
                yield from _read_even(rows, names, window)
                continue
            with rows.query(" && ".join(f"isdefined({name})" for name in names)) as defined:
                yield from _read_even(defined, names, window)


def _find_shape(rows: CasaTable, names: list[str]) -> tuple[int, ...] | None:
    """Find the shape that columns share; None if they make no arrays, or arrays that do not fit each other."""
    shapes = {rows[name].shape for name in names}
    return shapes.pop() if len(shapes) == 1 else None


def _read_even(rows: CasaTable, names: list[str], window: int) -> Iterator[Solutions]:
    """Read rows that have values: in one go if their cells agree, else row by row, which no writer of CASA needs."""
    if not len(rows):
        return
    shape = _find_shape(rows, names)
    if shape is not None and _has_simple_snr(rows, shape):
        yield _read(rows, names, window, shape)
        return
    for row in range(len(rows)):
        with rows[row : row + 1] as single:
            shape = _find_shape(single, names)
            if shape is not None:
                yield _read(single, names, window, shape)


def _has_simple_snr(rows: CasaTable, shape: tuple[int, ...]) -> bool:
    """Tell whether all rows have a signal-to-noise ratio, or none of them."""
    if "SNR" not in rows or rows.SNR.shape == shape:
        return True
    with rows.query("isdefined(SNR)") as filled:
        return not len(filled)


def _read(rows: CasaTable, names: list[str], window: int, shape: tuple[int, ...]) -> Solutions:
    cells = (shape[0], math.prod(shape[1:-1]), shape[-1] if len(shape) > 1 else 1)
    values = None if names[0] == "FLAG" else rows[names[0]][:].reshape(cells)
    flags = rows.FLAG[:].reshape(cells) if "FLAG" in names else np.zeros_like(values, bool)
    return Solutions(window, read_ids(rows, "ANTENNA1"), values, flags, _read_snr(rows, shape, cells))


def _read_snr(rows: CasaTable, shape: tuple[int, ...], cells: tuple[int, ...]) -> NDArray[Any] | None:
    try:
        snr = rows.SNR[:] if "SNR" in rows else None
    except RaggedColumnError:  # nothing was ever written there
        return None
    return None if snr is None or snr.shape != shape else snr.reshape(cells)
