"""Hold what was measured of a caltable against the thresholds."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.qa.caltables.kinds import DELAY, GAIN, UNKNOWN, find_kind
from dsa110_contimg.qa.gates import judge
from dsa110_contimg.qa.notation import list_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.qa.caltable_quality import CaltableQuality
    from dsa110_contimg.qa.gates import Gate
    from dsa110_contimg.qa.thresholds import Thresholds

_NO_ANTENNAS = "No row names an antenna."


def judge_caltable(quality: CaltableQuality, thresholds: Thresholds) -> tuple[Gate, ...]:
    """Ask every question there is about a caltable.

    Parameters
    ----------
    quality : CaltableQuality
        What was measured.
    thresholds : Thresholds
        What it is held against.

    Returns
    -------
    tuple of Gate
        The gates, always the same ones in the same order.
    """
    return (
        _judge_dead(quality),
        _judge_flags(quality, thresholds),
        _judge_nonfinite(quality),
        _judge_phases(quality, thresholds),
        _judge_amplitudes(quality, thresholds),
        _judge_snr(quality, thresholds),
        _judge_delays(quality, thresholds),
    )


def remark(quality: CaltableQuality, thresholds: Thresholds) -> tuple[tuple[str, ...], ...]:
    """Name what is wrong with each antenna, in the order of the antennas."""
    amplitude = quality.amplitude_by_antenna
    is_out = (amplitude < thresholds.amplitude_low) | (amplitude > thresholds.amplitude_high)
    wrong = {
        "no solutions": np.isin(quality.antenna_ids, quality.absent_antennas),
        "dead": (is_dead := np.isin(quality.antenna_ids, quality.dead_antennas)),
        "flags": ~is_dead & (quality.flag_fraction_by_antenna > thresholds.antenna_flag_fraction),
        "phase": _is_gain(quality) & (_worst_receptor(quality) > thresholds.phase_scatter_deg),
        "amplitude": _is_gain(quality) & is_out,
        "SNR": (_why_no_snr(quality) is None) & (quality.snr_by_antenna < thresholds.snr),
        "delay": quality.largest_delay_by_antenna_ns > thresholds.delay_ns,
    }
    return tuple(
        tuple(what for what, where in wrong.items() if where[place]) for place in range(quality.antenna_ids.size)
    )


def label(quality: CaltableQuality, place: int) -> str:
    """Name an antenna for a person: its name, or #3 if it has none."""
    return quality.antenna_names[place] or f"#{quality.antenna_ids[place]}"


def _judge_dead(quality: CaltableQuality) -> Gate:
    present = [number for number in quality.antenna_ids.tolist() if number not in quality.absent_antennas]
    n_present = len(present) if quality.n_solutions else 0
    dead = quality.dead_antennas
    if not n_present:
        reason = _why_nothing(quality) or _NO_ANTENNAS
    elif len(dead) == n_present:
        reason = "No antenna has a usable solution."
    else:
        reason = f"No usable solution: {_list(quality, np.isin(quality.antenna_ids, dead))}."
    return judge(
        "dead antennas",
        float(len(dead)) if n_present else None,
        warn_above=0,
        fail_above=max(0, n_present - 1),
        n_samples=n_present,
        reason=reason,
    )


def _judge_flags(quality: CaltableQuality, thresholds: Thresholds) -> Gate:
    flags = quality.flag_fraction_by_antenna
    heavy = _list(quality, flags > thresholds.antenna_flag_fraction)
    return judge(
        "flag fraction",
        quality.flag_fraction,
        warn_above=thresholds.flag_fraction,
        n_samples=quality.n_solutions,
        reason=_why_no_flags(quality) or f"Flagged above {thresholds.antenna_flag_fraction:g}: {heavy}.",
    )


def _judge_nonfinite(quality: CaltableQuality) -> Gate:
    n = quality.n_usable + quality.n_nonfinite
    return judge(
        "NaN or infinite",
        float(quality.n_nonfinite) if n else None,
        warn_above=0,
        n_samples=n,
        reason=_why_unusable(quality) or "Solutions that are no numbers are not flagged, and would be applied.",
    )


def _judge_phases(quality: CaltableQuality, thresholds: Thresholds) -> Gate:
    scatter = _worst_receptor(quality)
    why_not = _why_no_gain(quality)
    if why_not is None and np.isnan(scatter).all():
        n_named = quality.antenna_ids.size - len(quality.absent_antennas)
        why_not = "No antenna has two solutions in one spectral window." if n_named else _NO_ANTENNAS
    listed = _list(quality, scatter > thresholds.phase_scatter_deg)
    return judge(
        "phase scatter (°)",
        None if why_not else float(np.nanmax(scatter)),
        warn_above=thresholds.phase_scatter_deg,
        n_samples=0 if why_not else int(np.isfinite(quality.phase_scatter_deg).sum()),
        reason=why_not or f"The worst receptor of each scatters more: {listed}.",
    )


def _judge_amplitudes(quality: CaltableQuality, thresholds: Thresholds) -> Gate:
    low, high = thresholds.amplitude_low, thresholds.amplitude_high
    why_not = _why_no_gain(quality)
    known = quality.amplitude_by_antenna[np.isfinite(quality.amplitude_by_antenna)]
    if not known.size:  # no row names an antenna
        known = np.array([quality.amplitude])
    # The antenna that is furthest out on either side, in its distance from the limits as a factor.
    with np.errstate(divide="ignore"):
        worst = float(known[np.argmax(np.maximum(low / known, known / high))])
    outside = (quality.amplitude_by_antenna < low) | (quality.amplitude_by_antenna > high)
    return judge(
        "amplitude",
        None if why_not else worst,
        warn_below=low,
        warn_above=high,
        n_samples=0 if why_not else known.size,
        reason=why_not or f"The median amplitude is outside: {_list(quality, outside)}.",
    )


def _judge_snr(quality: CaltableQuality, thresholds: Thresholds) -> Gate:
    why_not = _why_no_snr(quality)
    return judge(
        "signal-to-noise ratio",
        None if why_not else quality.snr,
        warn_below=thresholds.snr,
        n_samples=0 if why_not else quality.n_snr,
        reason=why_not or f"The median is lower for: {_list(quality, quality.snr_by_antenna < thresholds.snr)}.",
    )


def _judge_delays(quality: CaltableQuality, thresholds: Thresholds) -> Gate:
    why_not = _why_unusable(quality)
    if find_kind(quality.viscal).quantity != DELAY:
        why_not = "The table holds no delays."
    far = quality.largest_delay_by_antenna_ns > thresholds.delay_ns
    return judge(
        "delay (ns)",
        None if why_not else quality.largest_delay_ns,
        warn_above=thresholds.delay_ns,
        n_samples=0 if why_not else quality.n_usable,
        reason=why_not or f"Further from zero: {_list(quality, far)}.",
    )


def _is_gain(quality: CaltableQuality) -> bool:
    """Tell whether the numbers are gains: known to be, or complex and of a kind that nobody knows."""
    kind = find_kind(quality.viscal)
    return bool(np.isfinite(quality.amplitude)) and (kind.quantity == GAIN or kind == UNKNOWN)


def _why_nothing(quality: CaltableQuality) -> str | None:
    """Say why there is nothing to measure at all; None if there is something."""
    if not quality.n_rows:
        return "The table has no rows."
    return None if quality.n_solutions else "No row has a value."


def _why_no_flags(quality: CaltableQuality) -> str | None:
    return _why_nothing(quality) or ("The table has no FLAG." if np.isnan(quality.flag_fraction) else None)


def _why_unusable(quality: CaltableQuality) -> str | None:
    """Say why no solution is usable; None if one is."""
    if quality.n_usable:
        return None
    if quality.n_nonfinite:
        return "Every solution that is not flagged is NaN or infinite."
    is_flagged = quality.flag_fraction == 1
    return _why_nothing(quality) or (
        "Every solution is flagged." if is_flagged else "The table has neither CPARAM nor FPARAM."
    )


def _why_no_gain(quality: CaltableQuality) -> str | None:
    kind = find_kind(quality.viscal)
    if kind.quantity != GAIN and kind != UNKNOWN:
        return f"The numbers of this kind ({kind.name}) are no gains."
    if _is_gain(quality):
        return None
    return _why_unusable(quality) or "The table has no CPARAM."


def _why_no_snr(quality: CaltableQuality) -> str | None:
    if find_kind(quality.viscal).quantity == DELAY:
        return "It is not judged for delays."
    if (why_not := _why_unusable(quality)) is not None:
        return why_not
    if not quality.n_snr:
        return "No usable solution has one."
    is_filled = quality.snr != 0 or (quality.snr_by_antenna > 0).any()
    return None if is_filled else "It is 0: whoever wrote the table did not fill it in."


def _worst_receptor(quality: CaltableQuality) -> NDArray[np.float64]:
    """Find the largest scatter among the receptors of each antenna, shape (n_antennas,); NaN where there is none."""
    scatter = quality.phase_scatter_deg
    largest = np.where(np.isnan(scatter), -1.0, scatter).max(axis=1, initial=-1.0)
    return np.where(largest < 0, np.nan, largest)


def _list(quality: CaltableQuality, chosen: NDArray[np.bool_]) -> str:
    return list_names([label(quality, place) for place in np.flatnonzero(chosen).tolist()]) or "no antenna"
