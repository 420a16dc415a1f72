"""What was measured of a Measurement Set. Importing this module loads no numpy."""

from __future__ import annotations

from dataclasses import dataclass

from dsa110_contimg.qa.gates import Gate, Verdict, worst

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path
    from typing import Literal

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.qa.thresholds import Thresholds


@dataclass(frozen=True)
class FlagCount:
    """How many values of one antenna, field, correlation or DATA_DESC_ID are flagged."""

    number: int
    """Its number in the set; of a correlation the code of its type, 0 if that is unknown."""
    name: str
    """Its name."""
    flagged: int
    """How many of its values are flagged."""
    total: int
    """How many values it has; 0 if no row is of it."""

    @property
    def flag_fraction(self) -> float | None:
        """Flagged values by all values; None if there are none."""
        return self.flagged / self.total if self.total else None


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many unflagged visibilities have which amplitude where: ready for ``pcolormesh``."""

    x_name: str
    """What lies along x: ``"uv distance"``, ``"time"``, ``"channel"``."""
    x_unit: str
    """The unit of x; empty if it has none."""
    x_edges: NDArray[np.float64]
    """The borders of the bins along x, shape (n_x + 1,); read-only."""
    amplitude_unit: str
    """The unit of the amplitudes; empty if the table names none."""
    amplitude_edges: NDArray[np.float64]
    """The borders of the amplitude bins, shape (n_amplitudes + 1,), nearly logarithmic; read-only."""
    counts: NDArray[np.int64]
    """The number of visibilities, shape (n_x, n_amplitudes); read-only."""


@dataclass(frozen=True, eq=False)
class SpectralWindow:
    """A spectral window of which there are rows."""

    number: int
    """Its row in SPECTRAL_WINDOW; -1 for all rows whose window is not to be found there."""
    name: str
    """Its name."""
    frequencies_hz: NDArray[np.float64]
    """The frequency of each channel in Hz, NaN where it is unknown, shape (n_channels,); read-only."""
    flagged: NDArray[np.int64]
    """How many values of each channel are flagged, shape (n_channels,); read-only."""
    total: NDArray[np.int64]
    """How many values each channel has, shape (n_channels,); read-only."""
    amplitude_by_channel: Histogram
    """Amplitude against channel, counted from 0; several channels share a bin where there are very many."""

    @property
    def flag_fractions(self) -> NDArray[np.float64]:
        """The flag fraction of each channel, NaN where it has no values, shape (n_channels,)."""
        import numpy as np

        fractions = np.full(self.total.shape, np.nan)
        np.divide(self.flagged, self.total, out=fractions, where=self.total > 0)
        return fractions

    @property
    def flag_fraction(self) -> float | None:
        """Flagged values by all values of the window; None if it has none."""
        total = int(self.total.sum())
        return int(self.flagged.sum()) / total if total else None


@dataclass(frozen=True, eq=False)
class MSQuality:
    """What was measured of a Measurement Set, and what the gates say."""

    path: str
    """Where it is."""
    n_rows: int
    """The number of rows."""
    columns: tuple[str, ...]
    """The names of its columns."""
    data_column: str | None
    """The column that the visibilities were taken from; None if there is none."""
    missing_columns: tuple[str, ...]
    """Columns that it should have and has not, or whose cells make no array or hold values of another kind."""
    subtables: tuple[str, ...]
    """The names of the subtables that it names."""
    missing_subtables: tuple[str, ...]
    """Subtables that it should name and does not."""
    dangling_subtables: tuple[str, ...]
    """Subtables that it names and that are not there."""
    unreadable_subtables: tuple[str, ...]
    """Subtables that are there and cannot be read."""
    n_integrations: int
    """The number of different times."""
    start_mjd: float | None
    """The first time as a modified Julian date; None if there is none."""
    end_mjd: float | None
    """The last time as a modified Julian date; None if there is none."""
    time_scale: str
    """The scale of the times: ``"UTC"``, ``"TAI"``, ...; empty if the table does not tell."""
    antennas: tuple[FlagCount, ...]
    """Every antenna, with the flags of all rows that it takes part in."""
    fields: tuple[FlagCount, ...]
    """Every field."""
    correlations: tuple[FlagCount, ...]
    """Every correlation of which there are values."""
    data_descriptions: tuple[FlagCount, ...]
    """Every DATA_DESC_ID of which there are rows."""
    windows: tuple[SpectralWindow, ...]
    """Every spectral window of which there are rows."""
    n_flags: int
    """The number of values of FLAG."""
    n_flagged: int
    """How many of them are flagged, by FLAG or by FLAG_ROW."""
    n_visibilities: int
    """The number of values of the data column."""
    n_unflagged: int
    """How many of them are not flagged."""
    n_zero: int
    """How many visibilities are exactly zero."""
    n_zero_unflagged: int
    """How many unflagged visibilities are exactly zero."""
    n_nonfinite: int
    """How many visibilities are NaN or infinite."""
    n_nonfinite_unflagged: int
    """How many unflagged visibilities are NaN or infinite."""
    n_empty_cells: int
    """In how many rows FLAG or the data column has no value, or not two axes, channels and correlations."""
    n_unfitting_rows: int
    """In how many rows FLAG and the data have different shapes; there only FLAG_ROW hides visibilities."""
    n_cross_rows: int
    """In how many rows two different antennas are correlated."""
    n_zero_uvw: int
    """In how many of these UVW is zero, or not finite."""
    amplitude_by_uv_distance: Histogram
    """Amplitude against the length of the projected baseline in metres."""
    amplitude_by_time: Histogram
    """Amplitude against time in seconds since the first one."""
    thresholds: Thresholds
    """What the gates were held against."""
    gates: tuple[Gate, ...] = ()
    """What decides whether the set is good."""

    @property
    def verdict(self) -> Verdict:
        """The worst that a gate says."""
        return worst(self.gates)

    @property
    def duration_s(self) -> float | None:
        """Seconds from the first time to the last one; None if there is none."""
        if self.start_mjd is None or self.end_mjd is None:
            return None
        return (self.end_mjd - self.start_mjd) * 86400

    @property
    def flag_fraction(self) -> float | None:
        """Flagged values by all values of FLAG; None if there are none."""
        return self.n_flagged / self.n_flags if self.n_flags else None

    @property
    def zero_fraction(self) -> float | None:
        """The fraction of the unflagged visibilities that are exactly zero; None if there are none."""
        return self.n_zero_unflagged / self.n_unflagged if self.n_unflagged else None

    @property
    def nonfinite_fraction(self) -> float | None:
        """The fraction of the unflagged visibilities that are NaN or infinite; None if there are none."""
        return self.n_nonfinite_unflagged / self.n_unflagged if self.n_unflagged else None

    def mark(self, antenna: FlagCount) -> Literal["", "high", "dead", "unused"]:
        """Tell what is wrong with an antenna.

        Parameters
        ----------
        antenna : FlagCount
            One of `antennas`.

        Returns
        -------
        str
            ``"unused"`` if there are no values of it, ``"dead"`` if all of them are flagged, ``"high"`` if its flag
            fraction is above the threshold for an antenna, else an empty text.
        """
        if not antenna.total:
            return "unused"
        if antenna.flagged == antenna.total:
            return "dead"
        return "high" if antenna.flagged / antenna.total > self.thresholds.antenna_flag_fraction else ""

    @property
    def dead_antennas(self) -> tuple[str, ...]:
        """The names of the antennas of which there are values, all of them flagged."""
        return self._name_antennas("dead")

    @property
    def marked_antennas(self) -> tuple[str, ...]:
        """The names of the other antennas whose flag fraction is above the threshold for an antenna."""
        return self._name_antennas("high")

    @property
    def unused_antennas(self) -> tuple[str, ...]:
        """The names of the antennas of which there are no values."""
        return self._name_antennas("unused")

    def _name_antennas(self, mark: str) -> tuple[str, ...]:
        return tuple(antenna.name for antenna in self.antennas if self.mark(antenna) == mark)

    def write_pictures(self, folder: str | PathLike[str]) -> list[Path]:
        """Draw amplitudes and flags with matplotlib, and write them as PNG files.

        Parameters
        ----------
        folder : str or path-like
            The folder for them, made if absent; pictures of the same name are replaced.

        Returns
        -------
        list of Path
            The pictures: amplitude against uv distance, time and channel, flag fraction by antenna and by channel.

        Raises
        ------
        MissingDependencyError
            When matplotlib is not installed.
        UnwritableOutputError
            When the folder cannot be made or written to.
        """
        from dsa110_contimg.qa.measurement_sets.pictures import write_pictures

        return write_pictures(self, folder)
