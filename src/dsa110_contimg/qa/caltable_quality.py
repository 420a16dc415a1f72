"""How good a caltable is: dead antennas, flags, scatter in phase, amplitudes, signal-to-noise ratios, delays.

Importing this module loads no numpy; `measure_caltable` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsa110_contimg.qa.gates import Gate, Verdict, worst
from dsa110_contimg.qa.thresholds import Thresholds

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class CaltableQuality:
    """What was measured of a caltable, and what the gates say.

    Antennas are in the order of `antenna_ids` in every array. Only solutions that are neither flagged nor NaN or
    infinite are usable, and only they are measured. What could not be measured is NaN. Arrays are read-only.
    """

    path: str
    """The absolute path of the table."""
    viscal: str
    """What CASA calls its kind: ``"B Jones"``; an empty text if the table does not tell."""
    kind: str
    """The same in words: ``"bandpass"``, ``"delay"``, ...; ``"unknown"`` for a name that is not CASA's."""
    measurement_set: str
    """The name of the Measurement Set that it was solved from; an empty text if the table does not tell."""
    n_rows: int
    """The number of rows."""
    n_rows_without_value: int
    """How many of them were never given a solution, or have flags that do not fit; they are not measured."""
    n_receptors: int
    """How many solutions there are side by side: 2 polarisations, or 1; more for kinds that are no gains."""
    start_mjd: float
    """The earliest time in TIME, as modified Julian date in days."""
    end_mjd: float
    """The latest time in TIME, as modified Julian date in days."""
    antenna_ids: NDArray[np.int64]
    """Numbers of the antennas, as ANTENNA1 counts, shape (n_antennas,): of the table ANTENNA and of the rows."""
    antenna_names: tuple[str, ...]
    """Their names; an empty text where the table ANTENNA has none."""
    spectral_windows: tuple[int, ...]
    """Numbers of the spectral windows that have rows, as SPECTRAL_WINDOW_ID counts; -1 if the table does not tell."""
    n_channels: tuple[int, ...]
    """The number of channels of each; 0 for one without a value."""
    n_solutions: int
    """The number of solutions, flagged or not: rows × channels × receptors."""
    n_usable: int
    """How many of them are usable."""
    n_nonfinite: int
    """How many of them are NaN or infinite, and not flagged."""
    n_snr: int
    """How many of the usable ones have a signal-to-noise ratio."""
    flag_fraction: float
    """Flagged solutions by all of them; NaN if the table has no FLAG."""
    flag_fraction_by_antenna: NDArray[np.float64]
    """The same for each antenna, shape (n_antennas,)."""
    flag_fraction_by_window: NDArray[np.float64]
    """The same for each spectral window, shape (n_windows,)."""
    dead_antennas: tuple[int, ...]
    """Numbers of the antennas that have solutions, of which none is usable."""
    absent_antennas: tuple[int, ...]
    """Numbers of the antennas in the table ANTENNA that have no solution at all, not even a flagged one."""
    reference_antennas: tuple[int, ...]
    """Numbers of the antennas whose phases never change, or whose delays are all zero, while those of others do not."""
    phase_scatter_deg: NDArray[np.float64]
    """Circular standard deviation of phase in degrees, shape (n_antennas, n_receptors): over the times and channels of
    one spectral window, and then the median over the windows."""
    phase_scatter_by_antenna_deg: NDArray[np.float64]
    """The same with the median over windows and receptors, shape (n_antennas,)."""
    total_phase_scatter_deg: float
    """Circular standard deviation of the phases of all solutions together in degrees, which also holds what differs
    from antenna to antenna."""
    amplitude: float
    """The median amplitude."""
    amplitude_mad: float
    """1.4826 times the median absolute deviation of the amplitudes about their median."""
    amplitude_by_antenna: NDArray[np.float64]
    """The median amplitude of each antenna, shape (n_antennas,)."""
    snr: float
    """The median signal-to-noise ratio."""
    snr_by_antenna: NDArray[np.float64]
    """The median signal-to-noise ratio of each antenna, shape (n_antennas,)."""
    delay_ns: float
    """The median delay in nanoseconds."""
    largest_delay_ns: float
    """The largest distance of a delay from zero, in nanoseconds."""
    delay_by_antenna_ns: NDArray[np.float64]
    """The median delay of each antenna in nanoseconds, shape (n_antennas,)."""
    largest_delay_by_antenna_ns: NDArray[np.float64]
    """The largest distance of a delay of each antenna from zero, in nanoseconds, shape (n_antennas,)."""
    thresholds: Thresholds
    """What the gates were held against."""
    gates: tuple[Gate, ...] = ()
    """The gates, each with its value beside the threshold."""
    remarks: tuple[tuple[str, ...], ...] = ()
    """What is wrong with each antenna: ``"no solutions"``, ``"dead"``, ``"flags"``, ``"phase"``, ``"amplitude"``,
    ``"SNR"``, ``"delay"``; nothing for a good one."""

    @property
    def verdict(self) -> Verdict:
        """Sum up the gates."""
        return worst(self.gates)

    def write_pictures(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Draw what was measured of each antenna with matplotlib, and write it as PNG files.

        Parameters
        ----------
        folder : str or path-like
            The folder for them, made if absent; pictures of the same name are replaced.

        Returns
        -------
        list of Path
            The pictures: flag fraction, scatter of phase, amplitude, signal-to-noise ratio and delay by antenna, those
            of them that a table of this kind has; none of a table without solutions.

        Raises
        ------
        MissingDependencyError
            When matplotlib is not installed.
        UnwritableOutputError
            When the folder cannot be made or written to.
        """
        from dsa110_contimg.qa.caltables.pictures import write_pictures

        return write_pictures(self, folder)


def measure_caltable(path: str | os.PathLike[str], *, thresholds: Thresholds | None = None) -> CaltableQuality:
    """Measure how good a caltable is.

    Parameters
    ----------
    path : str or os.PathLike
        The folder of the caltable.
    thresholds : Thresholds, optional
        What the gates hold the values against; the thresholds of `Thresholds` unless given.

    Returns
    -------
    CaltableQuality
        What was measured, and the gates. A gate that cannot say anything is SKIP, with the reason.

    Raises
    ------
    WrongTableError
        When it is another kind of table, such as a Measurement Set.
    TableNotFoundError
        When nothing is there.
    UnreadableTableError
        When it is no table, or a damaged one.
    MissingDependencyError
        When python-casacore is not installed.

    Notes
    -----
    The kind is that of the keyword ``VisCal``, or else of table.info, never of the folder's name. Delays of CASA are in
    nanoseconds. Solutions are read one spectral window after the other, as their channels may differ. All usable
    amplitudes and signal-to-noise ratios are held in memory for their medians.

    All gates warn; only a table in which every antenna is dead fails.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_caltable
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = simulate_caltable(f"{folder}/day.bcal", "B", 8, n_channels=64, dead_antennas=[4], seed=1)
    ...     quality = measure_caltable(truth.path)
    >>> quality.kind, quality.dead_antennas, quality.reference_antennas, round(quality.flag_fraction, 3)
    ('bandpass', (4,), (0,), 0.125)
    >>> [f"{gate.name}: {gate.reason}" for gate in quality.gates if gate.verdict == "WARN"]
    ['dead antennas: No usable solution: DSA-005.']
    """
    from dsa110_contimg.qa.caltables.measurement import measure
    from dsa110_contimg.qa.visualization import CasaTable

    with CasaTable(path) as table:
        return measure(table, thresholds or Thresholds())
