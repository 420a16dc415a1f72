"""Put together what is measured of a caltable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dsa110_contimg.qa.caltable_quality import CaltableQuality
from dsa110_contimg.qa.caltables.gates import judge_caltable, remark
from dsa110_contimg.qa.caltables.kinds import DELAY, find_kind
from dsa110_contimg.qa.caltables.recognition import read_viscal, require_caltable
from dsa110_contimg.qa.caltables.solutions import read_ids, read_solutions
from dsa110_contimg.qa.caltables.statistics import (
    Roster,
    circular_scatter_deg,
    divide,
    median,
    median_along,
    robust_deviation,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa.caltables.solutions import Solutions
    from dsa110_contimg.qa.thresholds import Thresholds
    from dsa110_contimg.qa.visualization import CasaTable

_NO_CHANGE_DEG = 1e-3
"""Phases of single precision that do not change scatter by less than this, in degrees."""

_SECONDS_PER_DAY = 86400.0


def measure(table: CasaTable, thresholds: Thresholds) -> CaltableQuality:
    """Measure a caltable that is open.

    Parameters
    ----------
    table : CasaTable
        The caltable.
    thresholds : Thresholds
        What the gates hold the values against.

    Returns
    -------
    CaltableQuality
        What was measured, and the gates.

    Raises
    ------
    WrongTableError
        When it is another kind of table.
    UnreadableTableError
        When it is damaged.
    """
    require_caltable(table)
    viscal = read_viscal(table)
    kind = find_kind(viscal)
    # Without ANTENNA1 nothing can be said about any antenna.
    names = _read_names(table) if "ANTENNA1" in table else []
    antennas, windows = read_ids(table, "ANTENNA1"), read_ids(table, "SPECTRAL_WINDOW_ID")
    present = np.unique(antennas[antennas >= 0])
    roster = Roster(np.union1d(np.arange(len(names)), present), np.unique(windows))
    solutions = tuple(read_solutions(table))
    n_receptors = max((part.flags.shape[2] for part in solutions), default=0)

    total = roster.count(solutions, lambda part: np.ones_like(part.flags))
    n_flaggable = total if "FLAG" in table else np.zeros_like(total)
    flagged = roster.count(solutions, lambda part: part.flags)
    usable = roster.count(solutions, lambda part: part.usable)
    nonfinite = roster.count(solutions, lambda part: ~part.flags & ~part.usable & (part.values is not None))
    alive = usable if any(part.values is not None for part in solutions) else total - flagged
    is_dead = (total.sum(axis=0) > 0) & (alive.sum(axis=0) == 0)

    gains = [part for part in solutions if part.values is not None and part.values.dtype.kind == "c"]
    sums, counts = roster.add_phasors(gains, n_receptors)
    scatter = circular_scatter_deg(sums, counts)[:, : roster.antennas.size]
    amplitudes, amplitudes_by_antenna = roster.collect(gains, _amplitude)
    delays, delays_by_antenna = roster.collect(solutions if kind.quantity == DELAY else (), lambda part: part.numbers)
    snr, snr_by_antenna = roster.collect([part for part in solutions if part.snr is not None], _snr)

    phase_scatter = median_along(scatter, (0,))
    largest = np.array([np.abs(own).max(initial=np.nan if not own.size else 0.0) for own in delays_by_antenna])
    all_together = circular_scatter_deg(sums.sum(keepdims=True), counts.sum(keepdims=True))
    start, end = _read_time_span(table)
    quality = CaltableQuality(
        path=table.path,
        viscal=viscal,
        kind=kind.name,
        measurement_set=str(table.keywords.get("MSName", "")),
        n_rows=len(table),
        n_rows_without_value=len(table) - sum(part.antennas.size for part in solutions),
        n_receptors=n_receptors,
        start_mjd=start,
        end_mjd=end,
        antenna_ids=_freeze(roster.antennas),
        antenna_names=tuple(names[number] if number < len(names) else "" for number in roster.antennas.tolist()),
        spectral_windows=tuple(roster.windows.tolist()),
        n_channels=_count_channels(solutions, roster.windows),
        n_solutions=int(total.sum()),
        n_usable=int(usable.sum()),
        n_nonfinite=int(nonfinite.sum()),
        n_snr=snr.size,
        flag_fraction=float(divide(flagged.sum(), n_flaggable.sum())),
        flag_fraction_by_antenna=_freeze(divide(flagged.sum(axis=0), n_flaggable.sum(axis=0))[:-1]),
        flag_fraction_by_window=_freeze(divide(flagged.sum(axis=1), n_flaggable.sum(axis=1))),
        dead_antennas=tuple(roster.antennas[is_dead[:-1]].tolist()),
        absent_antennas=tuple(np.setdiff1d(roster.antennas, present).tolist()),
        reference_antennas=_find_references(roster, phase_scatter, largest),
        phase_scatter_deg=_freeze(phase_scatter),
        phase_scatter_by_antenna_deg=_freeze(median_along(scatter, (0, 2))),
        total_phase_scatter_deg=float(all_together[0, 0, 0]),
        amplitude=median(amplitudes),
        amplitude_mad=robust_deviation(amplitudes),
        amplitude_by_antenna=_freeze(np.array([median(own) for own in amplitudes_by_antenna])),
        snr=median(snr),
        snr_by_antenna=_freeze(np.array([median(own) for own in snr_by_antenna])),
        delay_ns=median(delays),
        largest_delay_ns=float(np.abs(delays).max()) if delays.size else float("nan"),
        delay_by_antenna_ns=_freeze(np.array([median(own) for own in delays_by_antenna])),
        largest_delay_by_antenna_ns=_freeze(largest),
        thresholds=thresholds,
    )
    return replace(quality, gates=judge_caltable(quality, thresholds), remarks=remark(quality, thresholds))


def _amplitude(part: Solutions) -> NDArray[Any]:
    # Of double precision: the amplitude of a large number of single precision may be too large for it.
    return np.abs(part.numbers.astype(np.complex128))


def _snr(part: Solutions) -> NDArray[Any]:
    return np.full(part.flags.shape, np.nan) if part.snr is None else part.snr


def _read_names(table: CasaTable) -> list[str]:
    """Read the names of the antennas; none if the table ANTENNA is absent, or dangles."""
    from dsa110_contimg.qa.visualization import CasaTable

    antennas = table.subtables.get("ANTENNA")
    if antennas is None or not antennas.exists:
        return []
    with CasaTable(antennas) as subtable:
        return [str(name) for name in subtable.NAME[:]] if "NAME" in subtable else [""] * len(subtable)


def _read_time_span(table: CasaTable) -> tuple[float, float]:
    times = table.TIME[:] if "TIME" in table else np.zeros(0)
    times = times[np.isfinite(times) & (times > 0)] / _SECONDS_PER_DAY
    return (float(times.min()), float(times.max())) if times.size else (float("nan"), float("nan"))


def _count_channels(solutions: tuple[Solutions, ...], windows: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(
        max((part.flags.shape[1] for part in solutions if part.window == window), default=0)
        for window in windows.tolist()
    )


def _find_references(
    roster: Roster, scatter: NDArray[np.float64], largest_delays: NDArray[np.float64]
) -> tuple[int, ...]:
    """Find antennas to which the others are referred: they do not change, and others do."""
    changes = np.where(np.isnan(scatter), 0.0, scatter).max(axis=1, initial=0.0) > _NO_CHANGE_DEG
    is_still = ~changes & np.isfinite(scatter).any(axis=1)
    if not changes.any():
        changes = largest_delays > 0
        is_still = largest_delays == 0
    return tuple(roster.antennas[is_still].tolist()) if changes.any() else ()


def _freeze(values: NDArray[Any]) -> NDArray[Any]:
    values.flags.writeable = False
    return values
