"""Count the amplitudes of unflagged visibilities against uv distance, time and channel."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.qa.measurement_sets.amplitudes import LevelMeter, LevelTable, Ruler, count_block_rows
from dsa110_contimg.qa.measurement_sets.survey import measure_distances

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.qa.measurement_sets.pieces import Piece
    from dsa110_contimg.qa.measurement_sets.quality import Histogram
    from dsa110_contimg.qa.measurement_sets.structure import Structure
    from dsa110_contimg.qa.measurement_sets.survey import Survey

_UV_BINS = 256
_MOST_TIME_BINS = 256
_MOST_CHANNEL_BINS = 1024
"""Of all spectral windows together, except that each has at least one."""
_BLOCK_VALUES = 2**17
"""How many values are counted in one go: what a processor keeps at hand."""


class AmplitudeCounter:
    """Count the amplitudes of pieces of a Measurement Set.

    Parameters
    ----------
    structure : Structure
        What the set says about itself.
    survey : Survey
        What its rows are.
    """

    def __init__(self, structure: Structure, survey: Survey) -> None:
        self._structure = structure
        self.meter = LevelMeter()
        """What counts zeros and values that are not finite."""
        self._start = float(survey.times[0]) if survey.times.size else 0.0
        self._uv = Ruler(0.0, survey.longest_m or 1.0, _UV_BINS)
        self._time = _choose_time_bins(survey.times)
        self._by_uv = LevelTable(_UV_BINS)
        self._by_time = LevelTable(len(self._time.edges) - 1)
        self._channels = _ChannelBins(structure, survey)
        self._by_channel = LevelTable(self._channels.n_bins)

    def add(self, piece: Piece) -> None:
        """Count the amplitudes of a piece.

        Parameters
        ----------
        piece : Piece
            The piece.
        """
        data, columns = piece.data, piece.columns
        if data is None or not data.size:
            return
        uv_places = np.full(piece.n_rows, self._by_uv.nowhere)
        if "UVW" in columns:
            uv_places = self._uv.place(measure_distances(columns["UVW"]))
        time_places = np.full(piece.n_rows, self._by_time.nowhere)
        if "TIME" in columns:
            time_places = self._time.place(columns["TIME"] - self._start)
        descriptions = columns.get("DATA_DESC_ID", np.full(piece.n_rows, -1))
        step = count_block_rows(data.shape, _BLOCK_VALUES)
        for first in range(0, piece.n_rows, step):
            rows = slice(first, first + step)
            hidden = None if piece.hidden is None or not piece.hidden[rows].any() else piece.hidden[rows]
            levels = self.meter.measure(data[rows], hidden).reshape(-1, data[0].size)
            self._by_uv.add(levels, uv_places[rows, np.newaxis])
            self._by_time.add(levels, time_places[rows, np.newaxis])
            channel_places = self._channels.place(descriptions[rows], data.shape[1])
            # Repeated here, because numpy adds arrays of two axes faster than those whose last one is short.
            self._by_channel.add(levels, channel_places.repeat(data.shape[2], axis=1))

    def finish_uv_distance(self, unit: str) -> Histogram:
        """Make the histogram against uv distance, for amplitudes of a unit."""
        return self._by_uv.finish("uv distance", "m", self._uv.edges, unit)

    def finish_time(self, unit: str) -> Histogram:
        """Make the histogram against time, for amplitudes of a unit."""
        return self._by_time.finish("time", "s", self._time.edges, unit)

    def finish_channels(self, unit: str) -> dict[int, Histogram]:
        """Make the histogram against channel of each window that has rows, for amplitudes of a unit."""
        parts = self._channels.list_parts()
        made = self._by_channel.finish_parts("channel", [(first, edges) for _, first, edges in parts], unit)
        return {window: histogram for (window, _, _), histogram in zip(parts, made, strict=True)}


class _ChannelBins:
    """The bins of all spectral windows that have rows, one window after the other."""

    def __init__(self, structure: Structure, survey: Survey) -> None:
        self._structure = structure
        found = [structure.find_window(number) for number in survey.data_descriptions.tolist()] or [-1]
        self._windows = sorted({window for window in found if window >= 0}) + [-1] * (-1 in found)
        most = max(1, _MOST_CHANNEL_BINS // len(self._windows))
        self._first: dict[int, int] = {}
        self._joined: dict[int, int] = {}
        self._n_channels: dict[int, int] = {}
        self.n_bins = 0
        """How many there are."""
        for window in self._windows:
            n_channels = structure.windows[window].frequencies_hz.size if window >= 0 else most
            self._first[window], self._n_channels[window] = self.n_bins, n_channels
            self._joined[window] = max(1, -(-n_channels // most))
            self.n_bins += -(-n_channels // self._joined[window])

    def place(self, data_descriptions: NDArray[np.integer], n_channels: int) -> NDArray[np.intp]:
        """Find the bin of each channel of rows, shape (n_rows or 1, n_channels)."""
        if (data_descriptions == data_descriptions[0]).all():
            return self._place_window(self._structure.find_window(int(data_descriptions[0])), n_channels)[np.newaxis]
        numbers, rows = np.unique(data_descriptions, return_inverse=True)
        places = np.stack([self._place_window(self._structure.find_window(int(n)), n_channels) for n in numbers])
        return places[rows]

    def _place_window(self, window: int, n_channels: int) -> NDArray[np.intp]:
        """Find the bin of each channel; channels that the window does not have are nowhere."""
        channels = np.arange(n_channels)
        places = self._first[window] + channels // self._joined[window]
        return np.where(channels < self._n_channels[window], places, self.n_bins)

    def list_parts(self) -> list[tuple[int, int, NDArray[np.float64]]]:
        """List the windows, each with its first bin and the borders of its bins."""
        parts = []
        for window in self._windows:
            edges = np.arange(0.0, self._n_channels[window] + self._joined[window], self._joined[window])
            parts.append((window, self._first[window], np.minimum(edges, self._n_channels[window]) - 0.5))
        return parts


def _choose_time_bins(times: np.ndarray) -> Ruler:
    """Make bins as wide as most integrations are apart, so that each has one of its own, and pauses are seen."""
    if times.size < 2:
        return Ruler(-0.5, 0.5, 1)
    span = float(times[-1] - times[0])
    n_bins = int(min(_MOST_TIME_BINS, max(1, round(span / float(np.median(np.diff(times))))) + 1))
    half = span / (n_bins - 1) / 2
    return Ruler(-half, span + half, n_bins)
