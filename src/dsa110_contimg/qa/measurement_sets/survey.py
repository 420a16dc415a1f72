"""Look at the columns that describe rows, before the data are read: how long the baselines are, and when it was."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dsa110_contimg.qa.measurement_sets.structure import Structure
    from dsa110_contimg.qa.visualization.casatable import CasaTable

_WANTED = frozenset(["TIME", "DATA_DESC_ID", "UVW", "ANTENNA1", "ANTENNA2"])

_FURTHEST_TIME_S = 1e12
"""A time further from MJD 0 in seconds, which is 30 000 years, is damage."""

_ROWS_AT_ONCE = 65536
"""How many rows are described at a time: 3 MB."""


@dataclass(eq=False)
class Survey:
    """What the rows are."""

    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """The different times in seconds, ascending."""
    data_descriptions: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """The different DATA_DESC_IDs, ascending."""
    longest_m: float = 0.0
    """The longest projected baseline in metres."""
    n_cross_rows: int = 0
    """In how many rows two different antennas are correlated."""
    n_zero_uvw: int = 0
    """In how many of these UVW is zero, or not finite."""


def survey_rows(table: CasaTable, structure: Structure) -> Survey:
    """Look at all rows, a part of them at a time.

    Parameters
    ----------
    table : CasaTable
        The main table of a Measurement Set.
    structure : Structure
        What the set says about itself.

    Returns
    -------
    Survey
        What the rows are; columns that the set does not have tell nothing.
    """
    survey = Survey()
    for rows in cut_rows(len(table), _ROWS_AT_ONCE):
        columns = {name: table[name].read(rows) for name in structure.row_columns if name in _WANTED}
        if "TIME" in columns:
            times = columns["TIME"]
            survey.times = np.union1d(survey.times, times[np.abs(times) < _FURTHEST_TIME_S])
        if "DATA_DESC_ID" in columns:
            survey.data_descriptions = np.union1d(survey.data_descriptions, columns["DATA_DESC_ID"])
        if "UVW" in columns:
            _survey_baselines(survey, columns)
    return survey


def _survey_baselines(survey: Survey, columns: dict[str, NDArray[np.float64]]) -> None:
    distances = measure_distances(columns["UVW"])
    survey.longest_m = max(survey.longest_m, float(distances.max(initial=0.0, where=np.isfinite(distances))))
    if {"ANTENNA1", "ANTENNA2"} <= columns.keys():
        # An antenna has no distance from itself.
        uvw = columns["UVW"][columns["ANTENNA1"] != columns["ANTENNA2"]]
        survey.n_cross_rows += len(uvw)
        survey.n_zero_uvw += int(np.count_nonzero((uvw == 0).all(axis=1) | ~np.isfinite(uvw).all(axis=1)))


def measure_distances(uvw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure the lengths of projected baselines.

    Parameters
    ----------
    uvw : numpy.ndarray
        Baseline coordinates in metres, shape (n_rows, 3).

    Returns
    -------
    numpy.ndarray
        √(u² + v²) in metres, shape (n_rows,).
    """
    with np.errstate(invalid="ignore", over="ignore"):
        distances: NDArray[np.float64] = np.hypot(uvw[:, 0], uvw[:, 1])
    return distances


def cut_rows(n_rows: int, most: int) -> Iterator[slice]:
    """Cut rows into parts of at most so many.

    Parameters
    ----------
    n_rows : int
        The number of rows.
    most : int
        The most rows of a part.

    Yields
    ------
    slice
        The rows of each part.
    """
    for first in range(0, n_rows, most):
        yield slice(first, min(first + most, n_rows))
