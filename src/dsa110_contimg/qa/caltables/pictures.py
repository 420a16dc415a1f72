"""What was measured of each antenna of a caltable, as pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dsa110_contimg.qa.caltables.gates import label
from dsa110_contimg.qa.drawing.figures import (
    DEAD,
    GOOD,
    MARKED,
    draw_flags_by_antenna,
    escape,
    explain_colours,
    name_antennas,
    write_figures,
)
from dsa110_contimg.qa.gates import Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa.caltable_quality import CaltableQuality

_MARKERS = ("o", "D", "^", "s")
"""What tells receptors apart; a table of gains has two."""
_MANY = 40
"""With more antennas points are smaller."""
_WIDE = 6.0
"""A limit that is farther out than so many times what a linear axis shows is told, and not drawn."""
_WIDEST_LINEAR = 10.0
"""If a value is more than so many times the median, the axis is logarithmic."""


def write_pictures(quality: CaltableQuality, folder: str | PathLike[str]) -> list[Path]:
    """Draw what was measured of each antenna; see `CaltableQuality.write_pictures`.

    Parameters
    ----------
    quality : CaltableQuality
        What was measured.
    folder : str or path-like
        The folder for them, made if absent.

    Returns
    -------
    list of Path
        The pictures.
    """
    is_judged = {gate.name: gate.verdict != Verdict.SKIP for gate in quality.gates}
    pictures: dict[str, tuple[bool, Callable[[Any, CaltableQuality], None]]] = {
        "flags_antenna.png": (_is_known(quality.flag_fraction_by_antenna), _draw_flags),
        "phase_antenna.png": (_is_known(quality.phase_scatter_deg), _draw_phases),
        "amplitude_antenna.png": (_is_known(quality.amplitude_by_antenna), _draw_amplitudes),
        "snr_antenna.png": (is_judged["signal-to-noise ratio"], _draw_snr),
        "delay_antenna.png": (_is_known(quality.delay_by_antenna_ns), _draw_delays),
    }
    title = f"{Path(quality.path).name}: {quality.kind}"
    return write_figures(folder, title, quality, {name: draw for name, (has, draw) in pictures.items() if has})


def _is_known(values: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(values).any())


def _draw_flags(axes: Any, quality: CaltableQuality) -> None:
    fractions = np.nan_to_num(quality.flag_fraction_by_antenna).tolist()
    limit = quality.thresholds.antenna_flag_fraction
    draw_flags_by_antenna(axes, _name(quality), fractions, _colour(quality, "flags"), limit)
    _name_axis(axes, quality)


def _draw_phases(axes: Any, quality: CaltableQuality) -> None:
    limits = _choose_limits(quality, "phase scatter (°)", quality.thresholds.phase_scatter_deg)
    scatter = quality.phase_scatter_deg
    series = {f"receptor {k + 1}": scatter[:, k] for k in range(scatter.shape[1])}
    _draw_points(axes, quality, "phase", series, limits, "°")
    axes.set_ylabel("Scatter of phase (°)")


def _draw_amplitudes(axes: Any, quality: CaltableQuality) -> None:
    thresholds = quality.thresholds
    limits = _choose_limits(quality, "amplitude", thresholds.amplitude_low, thresholds.amplitude_high)
    _draw_points(axes, quality, "amplitude", {"": quality.amplitude_by_antenna}, limits)
    axes.set_ylabel("Median amplitude")


def _draw_snr(axes: Any, quality: CaltableQuality) -> None:
    limits = _choose_limits(quality, "signal-to-noise ratio", quality.thresholds.snr)
    _draw_points(axes, quality, "SNR", {"": quality.snr_by_antenna}, limits)
    axes.set_ylabel("Median signal-to-noise ratio")


def _draw_delays(axes: Any, quality: CaltableQuality) -> None:
    limits = _choose_limits(quality, "delay (ns)", quality.thresholds.delay_ns)
    series = {"median": quality.delay_by_antenna_ns, "largest, without its sign": quality.largest_delay_by_antenna_ns}
    _draw_points(axes, quality, "delay", series, limits, " ns")
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_ylabel("Delay (ns)")


def _draw_points(
    axes: Any,
    quality: CaltableQuality,
    what: str,
    series: Mapping[str, NDArray[np.float64]],
    limits: Sequence[float],
    unit: str = "",
) -> None:
    """Draw values of antennas, shape (n_antennas,), each series with its name and a marker of its own."""
    colours, handles = _colour(quality, what), []
    for k, (name, values) in enumerate(series.items()):
        marker, is_hollow = _MARKERS[k % len(_MARKERS)], k % 2 == 1
        # Side by side, because receptors are often alike.
        places = np.arange(values.size) + 0.3 * (k - (len(series) - 1) / 2)
        faces, size = "none" if is_hollow else colours, 20 if values.size > _MANY else 36
        axes.scatter(places, values, facecolors=faces, edgecolors=colours, marker=marker, s=size, zorder=3)
        if name:
            face = "none" if is_hollow else "black"
            handles.append(_make_handle(marker=marker, linestyle="", color="black", markerfacecolor=face, label=name))
    for place in _find_dead(quality):
        axes.axvspan(place - 0.5, place + 0.5, color=DEAD, alpha=0.15, linewidth=0)
    values = np.concatenate(list(series.values()))
    _scale(axes, values[np.isfinite(values)])
    handles += _draw_limits(axes, limits, unit)
    name_antennas(axes, _name(quality), colours)
    axes.grid(axis="y", linewidth=0.4)
    axes.set_axisbelow(True)
    words = {GOOD: "good", MARKED: "beyond a limit", DEAD: "dead"}
    explain_colours(axes, {colour: word for colour, word in words.items() if colour in colours}, handles)
    _name_axis(axes, quality)


def _scale(axes: Any, known: NDArray[np.float64]) -> None:
    """Choose the axis: from zero, or logarithmic where that would press most values together."""
    if np.median(known) > 0 and known.min() > 0 and known.max() > _WIDEST_LINEAR * np.median(known):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    elif known.min() >= 0:
        top = 1.08 * (known.max() or 1.0)
        axes.set_ylim(-0.02 * top, top)  # so that a point at zero is whole


def _draw_limits(axes: Any, limits: Sequence[float], unit: str) -> list[Any]:
    """Draw the limits that are in view or can be brought into it, and return what explains them; others are told."""
    low, high = axes.get_ylim()
    is_log = axes.get_yscale() == "log"
    near = [limit for limit in limits if is_log or low <= limit <= high * _WIDE]
    for limit in near:
        axes.axhline(limit, color="black", linestyle="--", linewidth=1)
    if near and not is_log:
        axes.set_ylim(low, max(high, 1.08 * max(near)))
    handles = []
    for told, chosen in (("", near), (", out of view", [limit for limit in limits if limit not in near])):
        if chosen:
            word = f"limit {' and '.join(f'{limit:g}{unit}' for limit in chosen)}{told}"
            handles.append(_make_handle(color="black", linestyle="" if told else "--", label=word))
    return handles


def _make_handle(**style: Any) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], **style)


def _choose_limits(quality: CaltableQuality, gate: str, *limits: float) -> tuple[float, ...]:
    """Choose the limits to draw: none where nothing is held against them, as with the amplitudes of leakages."""
    return limits if any(one.name == gate and one.verdict != Verdict.SKIP for one in quality.gates) else ()


def _colour(quality: CaltableQuality, what: str) -> list[str]:
    colours = [MARKED if what in remarks else GOOD for remarks in quality.remarks]
    for place in _find_dead(quality):
        colours[place] = DEAD
    return colours


def _find_dead(quality: CaltableQuality) -> list[int]:
    return [place for place, remarks in enumerate(quality.remarks) if "dead" in remarks]


def _name(quality: CaltableQuality) -> list[str]:
    names = [label(quality, place) for place in range(quality.antenna_ids.size)]
    return [
        f"({name})" if "no solutions" in remarks else name for name, remarks in zip(names, quality.remarks, strict=True)
    ]


def _name_axis(axes: Any, quality: CaltableQuality) -> None:
    places = np.flatnonzero(np.isin(quality.antenna_ids, quality.reference_antennas)).tolist()
    words = ["Antenna"]
    if places:
        words.append(f"reference: {', '.join(label(quality, place) for place in places)}")
    if quality.absent_antennas:
        words.append("in brackets: no solutions")
    axes.set_xlabel(escape("; ".join(words)))
