"""Count flags by antenna, field, DATA_DESC_ID, channel and correlation."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.qa.measurement_sets.quality import FlagCount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa.measurement_sets.pieces import Piece
    from dsa110_contimg.qa.measurement_sets.structure import Structure

_MOST_IN_A_BYTE = 255
"""How many flags can be added up in a byte, which is ten times faster than in a larger number."""


class _Tally:
    """Flags counted by some number; any numbers do, so that a damaged column cannot ask for much memory."""

    def __init__(self) -> None:
        self.flagged: dict[int, int] = {}
        self.total: dict[int, int] = {}

    def add(self, numbers: NDArray[np.integer[Any]], flagged: NDArray[np.int64], per_row: int) -> None:
        found, places, rows = np.unique(numbers, return_inverse=True, return_counts=True)
        sums = np.zeros(len(found), np.int64)
        np.add.at(sums, places, flagged)
        for number, row_count, flag_count in zip(found.tolist(), rows.tolist(), sums.tolist(), strict=True):
            self.total[number] = self.total.get(number, 0) + row_count * per_row
            self.flagged[number] = self.flagged.get(number, 0) + flag_count

    def finish(self, names: Sequence[str]) -> tuple[FlagCount, ...]:
        """List all that have a name, and then all others that rows were of."""
        numbers = [*range(len(names)), *sorted(self.total.keys() - {*range(len(names))})]
        return tuple(
            FlagCount(
                number,
                names[number] if 0 <= number < len(names) else f"unknown {number}",
                self.flagged.get(number, 0),
                self.total.get(number, 0),
            )
            for number in numbers
        )


class FlagCounter:
    """Count the flags of pieces of a Measurement Set.

    Parameters
    ----------
    structure : Structure
        What the set says about itself.
    """

    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self.flagged = 0
        """How many values are flagged."""
        self.total = 0
        """How many values there are."""
        self._tallies = {name: _Tally() for name in ("antenna", "FIELD_ID", "DATA_DESC_ID")}
        self._correlations: dict[tuple[int, str], list[int]] = {}
        self._channels: dict[int, NDArray[np.int64]] = {}

    def add(self, piece: Piece) -> None:
        """Count the flags of a piece.

        Parameters
        ----------
        piece : Piece
            The piece.
        """
        flags = piece.flags
        if flags is None or not flags.size:
            return
        per_row = flags[0].size
        any_flagged = bool(flags.any())
        flagged = np.zeros(piece.n_rows, np.int64)
        if any_flagged:
            flagged = np.add.reduce(flags.reshape(piece.n_rows, per_row).view(np.uint8), axis=1, dtype=np.int64)
        self.total += flags.size
        self.flagged += int(flagged.sum())
        columns = piece.columns
        if {"ANTENNA1", "ANTENNA2"} <= columns.keys():
            first, second = columns["ANTENNA1"], columns["ANTENNA2"]
            crossed = first != second  # an antenna with itself counts once
            both = np.concatenate([first, second[crossed]])
            self._tallies["antenna"].add(both, np.concatenate([flagged, flagged[crossed]]), per_row)
        for name in ("FIELD_ID", "DATA_DESC_ID"):
            if name in columns:
                self._tallies[name].add(columns[name], flagged, per_row)
        descriptions = columns.get("DATA_DESC_ID", np.full(piece.n_rows, -1))
        for number in np.unique(descriptions).tolist():
            rows = descriptions == number
            counts = np.zeros(flags.shape[1:], np.int64)
            if any_flagged:
                counts = _add_rows(flags if rows.all() else flags[rows])
            self._add_spectrum(number, counts, int(np.count_nonzero(rows)))

    def _add_spectrum(self, data_description: int, counts: NDArray[np.int64], n_rows: int) -> None:
        """Add the flags of one DATA_DESC_ID, shape (n_channels, n_correlations)."""
        n_channels, n_correlations = counts.shape
        for place, key in enumerate(self._structure.name_correlations(data_description, n_correlations)):
            sums = self._correlations.setdefault(key, [0, 0])
            sums[0] += int(counts[:, place].sum())
            sums[1] += n_rows * n_channels
        window = self._structure.find_window(data_description)
        before = self._channels.setdefault(window, np.zeros((2, 0), np.int64))
        if before.shape[1] < n_channels:
            before = self._channels[window] = np.pad(before, ((0, 0), (0, n_channels - before.shape[1])))
        before[0, :n_channels] += counts.sum(axis=1)
        before[1, :n_channels] += n_rows * n_correlations

    def count_antennas(self) -> tuple[FlagCount, ...]:
        """Tell the flags of every antenna."""
        return self._tallies["antenna"].finish(self._structure.antennas)

    def count_fields(self) -> tuple[FlagCount, ...]:
        """Tell the flags of every field."""
        return self._tallies["FIELD_ID"].finish(self._structure.fields)

    def count_correlations(self) -> tuple[FlagCount, ...]:
        """Tell the flags of every correlation that has values."""
        return tuple(FlagCount(code, name, *sums) for (code, name), sums in sorted(self._correlations.items()))

    def count_data_descriptions(self) -> tuple[FlagCount, ...]:
        """Tell the flags of every DATA_DESC_ID that has rows."""
        told = self._tallies["DATA_DESC_ID"].finish(())
        return tuple(
            FlagCount(count.number, self._describe(count.number), count.flagged, count.total) for count in told
        )

    def count_channels(self, window: int) -> NDArray[np.int64]:
        """Tell flagged and all values of each channel of a window, shape (2, n_channels)."""
        return self._channels.get(window, np.zeros((2, 0), np.int64))

    def _describe(self, data_description: int) -> str:
        window = self._structure.find_window(data_description)
        return "unknown window" if window < 0 else f"window {window}"


def _add_rows(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Add up the flags of all rows, shape (n_channels, n_correlations)."""
    sums = np.zeros(flags.shape[1:], np.int64)
    for first in range(0, len(flags), _MOST_IN_A_BYTE):
        sums += np.add.reduce(flags[first : first + _MOST_IN_A_BYTE].view(np.uint8), axis=0, dtype=np.uint8)
    return sums
