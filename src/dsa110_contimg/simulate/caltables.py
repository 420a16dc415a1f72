"""Caltables of which every dead antenna, scatter, amplitude, signal-to-noise ratio and delay is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsa110_contimg._files import staged
from dsa110_contimg.casa.writing import new_caltable
from dsa110_contimg.simulate.antennas import place_antennas
from dsa110_contimg.simulate.checks import (
    require,
    require_among,
    require_at_least,
    require_each_below,
    require_not_negative,
    start_chance,
)
from dsa110_contimg.simulate.observations import INTEGRATION_SECONDS, Observation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from typing import Any

    from numpy.typing import NDArray

KINDS = ("G", "B", "K")
"""Gains, bandpasses and delays."""

_SUBTABLES = ("ANTENNA", "FIELD", "HISTORY", "OBSERVATION", "SPECTRAL_WINDOW")


@dataclass(frozen=True, eq=False)
class SimulatedCaltable:
    """A caltable on disk, and the truth about it."""

    path: Path
    """Where it is."""
    viscal: str
    """What CASA calls its kind: ``"G Jones"``."""
    n_rows: int
    """The number of rows: times × spectral windows × antennas that are not absent."""
    n_channels: tuple[int, ...]
    """The number of channels of each spectral window."""
    antenna_names: tuple[str, ...]
    """Names of the antennas."""
    reference_antenna: int
    """The antenna whose phases and delays are zero."""
    dead_antennas: tuple[int, ...]
    """Antennas of which every solution is flagged."""
    absent_antennas: tuple[int, ...]
    """Antennas that have no rows."""
    phase_scatter_deg: NDArray[np.float64]
    """Standard deviation of the phases of each antenna in degrees, before they were wrapped, shape (n_antennas,)."""
    amplitudes: NDArray[np.float64]
    """The amplitude of each antenna, which does not change, shape (n_antennas,)."""
    delays_ns: NDArray[np.float64]
    """The delay of each antenna and receptor in nanoseconds, shape (n_antennas, n_receptors)."""
    snr: float
    """The signal-to-noise ratio of every solution."""
    flag_fraction: float
    """Flagged solutions by all of them."""
    flag_fraction_by_antenna: NDArray[np.float64]
    """The same for each antenna, shape (n_antennas,); NaN for absent ones."""


def simulate_caltable(
    path: str | PathLike[str],
    kind: str = "G",
    n_antennas: int = 16,
    *,
    n_times: int = 8,
    n_channels: int | Sequence[int] = 1,
    n_receptors: int = 2,
    phase_scatter_deg: float | Sequence[float] = 10.0,
    amplitude: float | Sequence[float] = 1.0,
    largest_delay_ns: float = 20.0,
    snr: float = 50.0,
    flag_fraction: float = 0.0,
    dead_antennas: Sequence[int] = (),
    absent_antennas: Sequence[int] = (),
    reference_antenna: int = 0,
    mjd: float = 60300.25,
    seed: int = 0,
) -> SimulatedCaltable:
    """Write a caltable as CASA does.

    Parameters
    ----------
    path : str or path-like
        The folder to write.
    kind : {"G", "B", "K"}
        Gains (one for each time), bandpasses (one for each time and channel), or delays.
    n_antennas : int
        Number of antennas, at least 2.
    n_times : int
        Number of solution intervals.
    n_channels : int or sequence of int
        Number of channels; several numbers make as many spectral windows. Where they differ, columns are ragged. Gains
        and delays have one channel.
    n_receptors : {1, 2}
        Number of polarisations.
    phase_scatter_deg : float or sequence of float
        Standard deviation of the phases in degrees over times and channels, of all antennas or of each.
    amplitude : float or sequence of float
        The amplitude of all antennas or of each.
    largest_delay_ns : float
        Delays are drawn from within this distance from zero, in nanoseconds.
    snr : float
        The signal-to-noise ratio of every solution.
    flag_fraction : float
        Fraction of the solutions that are flagged by chance.
    dead_antennas : sequence of int
        Antennas, counted from 0, that are flagged throughout.
    absent_antennas : sequence of int
        Antennas, counted from 0, that stand in the table ANTENNA alone.
    reference_antenna : int
        The antenna, counted from 0, whose phases and delays are zero.
    mjd : float
        Modified Julian date (UTC) at which it begins.
    seed : int
        The same seed gives the same values.

    Returns
    -------
    SimulatedCaltable
        The truth.

    Raises
    ------
    BadSimulationError
        When an argument is impossible.
    OutputExistsError
        When something stands at the path.
    UnwritableOutputError
        When the folder around it is absent, or casacore cannot write.
    MissingDependencyError
        When python-casacore is absent.

    Notes
    -----
    The phases of an antenna, spectral window and receptor scatter about one that is drawn from the whole circle. As in
    the tables of CASA, WEIGHT is a column without values, and what is flagged has the value 1, or 0 of a delay.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = simulate_caltable(f"{folder}/day.gcal", "G", 5, n_times=3, dead_antennas=[3])
    >>> truth.viscal, truth.n_rows
    ('G Jones', 15)
    >>> truth.flag_fraction_by_antenna
    array([0., 0., 0., 1., 0.])
    """
    path = Path(path)
    windows = tuple(n_channels) if isinstance(n_channels, Iterable) else (n_channels,)
    require_among("kind of caltable", kind, KINDS)
    require_at_least(2, n_antennas=n_antennas)
    require_at_least(1, n_times=n_times, spectral_windows=len(windows))
    for count in windows:
        require_at_least(1, n_channels=count)
        require(kind == "B" or count == 1, f"{count} channels of kind {kind} were asked for.", 'Give 1, or choose "B".')
    require_among("number of receptors", n_receptors, (1, 2))
    require_not_negative(largest_delay_ns=largest_delay_ns, snr=snr, flag_fraction=flag_fraction, mjd=mjd)
    require(flag_fraction <= 1, f"flag_fraction is {flag_fraction}.", "Give a fraction from 0 to 1.")
    for numbers in ((reference_antenna,), dead_antennas, absent_antennas):
        require_each_below(n_antennas, "antenna", numbers)
    require(len(set(absent_antennas)) < n_antennas, "Every antenna is absent.", "Leave one, so that there are rows.")

    random = start_chance(seed)
    scatter = _spread("phase_scatter_deg", phase_scatter_deg, n_antennas)
    scatter[reference_antenna] = 0.0
    delays = random.uniform(-largest_delay_ns, largest_delay_ns, (n_antennas, n_receptors))
    delays[reference_antenna] = 0.0
    observation = Observation(place_antennas(random, n_antennas), n_times, windows, 1, 180.0, 37.0, mjd, seed)
    solver = _Solver(
        random=random,
        antennas=np.setdiff1d(np.arange(n_antennas), np.array(absent_antennas, np.intp)),
        n_receptors=n_receptors,
        scatter=np.radians(scatter),
        amplitudes=_spread("amplitude", amplitude, n_antennas),
        delays=delays if kind == "K" else None,
        flag_fraction=flag_fraction,
        dead_antennas=tuple(dead_antennas),
    )
    viscal, parameter = f"{kind} Jones", "FPARAM" if kind == "K" else "CPARAM"
    columns: dict[str, type[np.generic]] = {parameter: np.float32 if kind == "K" else np.complex64}
    columns |= {"PARAMERR": np.float32, "FLAG": np.bool_, "SNR": np.float32, "WEIGHT": np.float32}
    flagged, total = np.zeros(n_antennas), np.zeros(n_antennas)
    with (
        staged(path.parent, [path.name]) as hidden,
        new_caltable(hidden / path.name, viscal, columns, _SUBTABLES) as writer,
    ):
        subtables = observation.write_subtables()
        for name in _SUBTABLES:
            writer.fill_subtable(name, subtables[name])
        for window, count in enumerate(windows):
            centres = solver.draw_centres()
            for time in observation.times.tolist():
                values, flags = solver.solve(centres, count)
                writer.append_rows(
                    _describe_rows(time, window, solver.antennas, reference_antenna)
                    | {parameter: values, "FLAG": flags}
                    | {"SNR": np.full(flags.shape, snr, np.float32), "PARAMERR": np.zeros(flags.shape, np.float32)}
                )
                flagged[solver.antennas] += flags.sum(axis=(1, 2))
                total[solver.antennas] += flags[0].size
    by_antenna = np.divide(flagged, total, out=np.full(n_antennas, np.nan), where=total > 0)
    for array in (by_antenna, scatter, solver.amplitudes, delays):
        array.flags.writeable = False
    return SimulatedCaltable(
        path=path,
        viscal=viscal,
        n_rows=n_times * len(windows) * solver.antennas.size,
        n_channels=windows,
        antenna_names=observation.antenna_names,
        reference_antenna=reference_antenna,
        dead_antennas=tuple(dead_antennas),
        absent_antennas=tuple(absent_antennas),
        phase_scatter_deg=scatter,
        amplitudes=solver.amplitudes,
        delays_ns=delays,
        snr=snr,
        flag_fraction=float(flagged.sum() / total.sum()),
        flag_fraction_by_antenna=by_antenna,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Solver:
    random: np.random.Generator
    antennas: NDArray[np.intp]
    n_receptors: int
    scatter: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    delays: NDArray[np.float64] | None
    flag_fraction: float
    dead_antennas: tuple[int, ...]

    def draw_centres(self) -> NDArray[np.float64]:
        """Draw the phases in radians about which those of a window scatter, shape (n_antennas, 1, n_receptors)."""
        centres = self.random.uniform(-np.pi, np.pi, (self.scatter.size, 1, self.n_receptors))
        return np.where(self.scatter[:, np.newaxis, np.newaxis] > 0, centres, 0.0)[self.antennas]

    def solve(self, centres: NDArray[np.float64], n_channels: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Draw solutions and flags of one interval, both of shape (n_antennas, n_channels, n_receptors)."""
        shape = (self.antennas.size, n_channels, self.n_receptors)
        flags = self.random.random(shape) < self.flag_fraction
        flags[np.isin(self.antennas, self.dead_antennas)] = True
        if self.delays is not None:
            return np.where(flags, 0.0, self.delays[self.antennas, np.newaxis]).astype(np.float32), flags
        phases = centres + self.random.standard_normal(shape) * self.scatter[self.antennas, np.newaxis, np.newaxis]
        gains = self.amplitudes[self.antennas, np.newaxis, np.newaxis] * np.exp(1j * phases)
        return np.where(flags, 1.0, gains).astype(np.complex64), flags


def _describe_rows(time: float, window: int, antennas: NDArray[np.intp], reference: int) -> dict[str, NDArray[Any]]:
    n = antennas.size
    return {
        "TIME": np.full(n, time),
        "INTERVAL": np.full(n, INTEGRATION_SECONDS),
        "FIELD_ID": np.zeros(n, np.int32),
        "SPECTRAL_WINDOW_ID": np.full(n, window, np.int32),
        "ANTENNA1": antennas.astype(np.int32),
        "ANTENNA2": np.full(n, reference, np.int32),
        "SCAN_NUMBER": np.ones(n, np.int32),
        "OBSERVATION_ID": np.zeros(n, np.int32),
    }


def _spread(name: str, values: float | Sequence[float], n_antennas: int) -> NDArray[np.float64]:
    """Give each antenna its value."""
    numbers = np.array(values, np.float64)
    for number in numbers.ravel().tolist():
        require_not_negative(**{name: number})
    require(
        numbers.shape in {(), (n_antennas,)},
        f"{name} has {numbers.size} values for {n_antennas} antennas.",
        "Give one for all of them, or one for each.",
    )
    return np.full(n_antennas, numbers)
