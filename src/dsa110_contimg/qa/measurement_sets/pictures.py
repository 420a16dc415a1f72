"""Amplitudes and flags of a Measurement Set as pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dsa110_contimg.qa.drawing.figures import (
    DEAD,
    GOOD,
    MARKED,
    draw_flags_by_antenna,
    scale_percent,
    write_figures,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa.measurement_sets.quality import Histogram, MSQuality

_HIDDEN_BELOW = 1e-4
"""The fraction of the visibilities that may lie below the picture: noise has a long tail towards zero."""
_MOST_AMPLITUDES = 160
"""How many bins of amplitude a picture has, so that each can be seen."""
_MOST_WINDOW_NAMES = 16


def write_pictures(quality: MSQuality, folder: str | PathLike[str]) -> list[Path]:
    """Draw amplitudes and flags, and write them as PNG files; see `MSQuality.write_pictures`.

    Parameters
    ----------
    quality : MSQuality
        What was measured.
    folder : str or path-like
        The folder for them, made if absent.

    Returns
    -------
    list of Path
        The pictures.
    """
    pictures = {
        "amplitude_uv_distance.png": _draw_uv_distance,
        "amplitude_time.png": _draw_time,
        "amplitude_channel.png": _draw_channels,
        "flags_antenna.png": _draw_antenna_flags,
        "flags_channel.png": _draw_channel_flags,
    }
    return write_figures(folder, Path(quality.path).name, quality, pictures)


def _draw_uv_distance(axes: Any, quality: MSQuality) -> None:
    _draw_amplitudes(axes, [quality.amplitude_by_uv_distance])
    axes.set_xlabel("Projected baseline (m)")


def _draw_time(axes: Any, quality: MSQuality) -> None:
    histogram = quality.amplitude_by_time
    span = float(histogram.x_edges[-1] - histogram.x_edges[0])
    seconds, unit = next(
        (size, name) for size, name in ((3600, "h"), (60, "min"), (1, "s")) if span > 4 * size or size == 1
    )
    _draw_amplitudes(axes, [histogram], scale=1 / seconds)
    start = "" if quality.start_mjd is None else f" since MJD {quality.start_mjd:.6f} {quality.time_scale}".rstrip()
    axes.set_xlabel(f"Time{start} ({unit})")


def _draw_channels(axes: Any, quality: MSQuality) -> None:
    histograms = [window.amplitude_by_channel for window in quality.windows]
    starts = _line_up(quality)
    _draw_amplitudes(axes, histograms, starts=starts)
    _name_windows(axes, quality, starts)


def _draw_amplitudes(
    axes: Any, histograms: Sequence[Histogram], *, scale: float = 1.0, starts: Sequence[float] = (0.0,)
) -> None:
    """Draw histograms that share their amplitude bins beside each other."""
    from matplotlib.colors import LogNorm

    unit = next((histogram.amplitude_unit for histogram in histograms), "")
    axes.set_ylabel(f"Amplitude ({unit})" if unit else "Amplitude")
    total = sum(histogram.counts.sum(axis=0) for histogram in histograms)
    if not np.any(total):
        axes.text(0.5, 0.5, "no unflagged visibilities", transform=axes.transAxes, ha="center", va="center")
        axes.set(xticks=[], yticks=[])
        return
    edges = histograms[0].amplitude_edges
    lowest = int(np.searchsorted(np.cumsum(total), _HIDDEN_BELOW * np.sum(total), side="right"))
    starts_of_bins = np.arange(lowest, total.size, -(-(total.size - lowest) // _MOST_AMPLITUDES))
    borders = edges[[*starts_of_bins, total.size]]
    # The bins are not quite logarithmic; counts in a decade are what does not depend on that.
    densities = [
        np.add.reduceat(histogram.counts, starts_of_bins, axis=1) / np.diff(np.log10(borders))
        for histogram in histograms
    ]
    shown = np.concatenate([density.ravel() for density in densities])
    norm = LogNorm(shown[shown > 0].min(), shown.max() * 1.0001)
    for histogram, density, start in zip(histograms, densities, starts, strict=True):
        mesh = axes.pcolormesh(
            (histogram.x_edges + start) * scale, borders, np.ma.masked_equal(density.T, 0), norm=norm, cmap="viridis"
        )
    axes.set_yscale("log")
    room = (borders[-1] / borders[0]) ** 0.02
    axes.set_ylim(borders[0] / room, borders[-1] * room)
    if borders[-1] < 10 * borders[0]:  # else there are powers of ten to read
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
    axes.figure.colorbar(mesh, ax=axes, label="Unflagged visibilities in a bin, per decade of amplitude")


def _draw_antenna_flags(axes: Any, quality: MSQuality) -> None:
    antennas = quality.antennas
    draw_flags_by_antenna(
        axes,
        [antenna.name if antenna.total else f"({antenna.name})" for antenna in antennas],
        [antenna.flag_fraction or 0.0 for antenna in antennas],
        [{"dead": DEAD, "high": MARKED}.get(quality.mark(antenna), GOOD) for antenna in antennas],
        quality.thresholds.antenna_flag_fraction,
    )
    axes.set_xlabel("Antenna (in brackets: no rows)" if quality.unused_antennas else "Antenna")


def _draw_channel_flags(axes: Any, quality: MSQuality) -> None:
    starts = _line_up(quality)
    for window, start in zip(quality.windows, starts, strict=True):
        edges = np.arange(window.total.size + 1) - 0.5 + start
        axes.stairs(100 * window.flag_fractions, edges, fill=True, color=GOOD)
    _name_windows(axes, quality, starts)
    scale_percent(axes)


def _line_up(quality: MSQuality) -> list[float]:
    """Find where each window starts if they stand one after the other."""
    sizes = [window.total.size for window in quality.windows]
    return [float(start) for start in np.cumsum([0, *sizes])[: len(sizes)]]


def _name_windows(axes: Any, quality: MSQuality, starts: Sequence[float]) -> None:
    windows = quality.windows
    end = starts[-1] + windows[-1].total.size if windows else 1.0
    axes.set_xlim(-0.5, max(end, 1.0) - 0.5)
    if len(windows) < 2:
        axes.set_xlabel("Channel")
        for window in windows:
            _name_frequencies(axes, window.frequencies_hz)
        return
    axes.set_xlabel("Channel, spectral windows one after the other")
    for start in starts[1:]:
        axes.axvline(start - 0.5, color="black", linewidth=0.6)
    if len(windows) <= _MOST_WINDOW_NAMES:
        above = axes.secondary_xaxis("top")
        middles = [start + window.total.size / 2 - 0.5 for start, window in zip(starts, windows, strict=True)]
        above.set_xticks(middles, [str(window.number) if window.number >= 0 else "?" for window in windows])
        above.tick_params(length=0)
        above.set_xlabel("Spectral window", fontsize="small")


def _name_frequencies(axes: Any, frequencies_hz: NDArray[np.float64]) -> None:
    if not frequencies_hz.size or not np.isfinite(frequencies_hz).all():
        return
    above = axes.secondary_xaxis("top")
    channels = np.unique(np.linspace(0, frequencies_hz.size - 1, 7).round().astype(int))
    above.set_xticks(channels, [f"{frequency:.6g}" for frequency in frequencies_hz[channels] / 1e6])
    above.set_xlabel("Frequency (MHz)", fontsize="small")
