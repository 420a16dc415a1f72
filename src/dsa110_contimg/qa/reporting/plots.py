"""Plots as SVG: noise over the epochs, and light curves. Their colours follow the reader's light or dark screen."""

from __future__ import annotations

import io
import math
import re
from contextlib import contextmanager

import numpy as np

from dsa110_contimg._lazy import needs
from dsa110_contimg.qa.gates import Verdict
from dsa110_contimg.qa.notation import format_date
from dsa110_contimg.qa.reporting.cells import choose_shown_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_INK, _SOFT = "#010203", "#040506"
"""Stand-ins for colours that depend on the screen; nothing else has them."""
_THEME = (
    "svg{--ink:#212529;--soft:#868e96;--mark:#0072b2;--warn:#b86e00;--fail:#c43c00}"
    "@media (prefers-color-scheme:dark){@media screen{"
    "svg{--ink:#e6e8ea;--soft:#868e96;--mark:#56b4e9;--warn:#e69f00;--fail:#ff8055}}}"
    "text{font-family:system-ui,sans-serif}"
)
_COLOURS = {_INK: "var(--ink)", _SOFT: "var(--soft)", "#070809": "var(--mark)"}
_COLOURS |= {"#0a0b0c": "var(--warn)", "#0d0e0f": "var(--fail)"}
_MARK, _WARN, _FAIL = "#070809", "#0a0b0c", "#0d0e0f"
_SYMBOLS = {
    Verdict.PASS: ("o", _MARK),
    Verdict.SKIP: ("o", _SOFT),
    Verdict.WARN: ("^", _WARN),
    Verdict.FAIL: ("X", _FAIL),
}
"""Shape and colour of each verdict, so that neither has to be told apart alone (Okabe and Ito's colours)."""
_NOT_NEEDED = re.compile(r"<\?xml.*?<svg", re.DOTALL)
_FONT = re.compile(r"font-family: [^;\"]*;? ?")
_MOST_DATES = 4


@contextmanager
def drawing() -> Iterator[None]:
    """Hold matplotlib's settings while plots are drawn: texts as texts, the same bytes for the same data.

    Raises
    ------
    MissingDependencyError
        When matplotlib is not installed.
    """
    with needs("report"):
        import matplotlib

    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "dsa110-contimg",
        "axes.edgecolor": _SOFT,
        "axes.labelcolor": _INK,
        "xtick.color": _SOFT,
        "ytick.color": _SOFT,
        "xtick.labelcolor": _INK,
        "ytick.labelcolor": _INK,
        "text.color": _INK,
        "grid.color": _SOFT,
        "grid.alpha": 0.3,
        "grid.linewidth": 0.5,
        "font.size": 9.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.formatter.useoffset": False,
        "path.simplify": False,
    }
    with matplotlib.rc_context(settings):
        yield


def draw_noise(mjd: Floats, rms: Floats, verdicts: Sequence[Verdict], *, unit: str, limits: Sequence[float]) -> str:
    """Draw the noise of each image over time.

    Parameters
    ----------
    mjd : ndarray, shape (n_images,)
        Modified Julian Dates in days; NaN where there is none.
    rms : ndarray, shape (n_images,)
        Noise in `unit`, without prefix.
    verdicts : sequence of Verdict
        What is said of each image.
    unit : str
        The base unit of the noise.
    limits : sequence of float
        What is expected, above which noise is warned of, and above which it fails; empty if nothing is expected.

    Returns
    -------
    str
        The plot as SVG.
    """
    factor, named = choose_shown_unit(float(np.nanmax(rms, initial=0.0)), float(np.nanmin(rms, initial=np.inf)), unit)
    figure, axes = _open(4.8, 2.4, top=0.88)
    at = _place(axes, mjd)
    for verdict, (shape, colour) in _SYMBOLS.items():
        chosen = np.array([one == verdict for one in verdicts], bool)
        if chosen.any():
            axes.plot(at[chosen], rms[chosen] * factor, shape, color=colour, ms=6, label=str(verdict), ls="none")
    for limit, colour, style in zip(limits, (_SOFT, _WARN, _FAIL), ("-", "--", ":"), strict=False):
        axes.axhline(limit * factor, color=colour, lw=1, ls=style, zorder=0)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"Noise ({named})")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False, handletextpad=0.2, borderpad=0)
    return _close(figure)


def draw_light_curve(
    mjd: Floats, flux: Floats, error: Floats, limit: Floats, is_doubtful: NDArray[np.bool_], mean: float, *, unit: str
) -> str:
    """Draw the light curve of one source.

    Parameters
    ----------
    mjd : ndarray, shape (n_epochs,)
        Modified Julian Dates in days; NaN where there is none.
    flux, error : ndarray, shape (n_epochs,)
        Flux and its error in `unit`; NaN where there is none. A flux without an error is drawn without a bar.
    limit : ndarray, shape (n_epochs,)
        Upper limit where the source was not detected, else NaN.
    is_doubtful : ndarray of bool, shape (n_epochs,)
        Where the measurement is flagged.
    mean : float
        Mean flux in `unit`; NaN for none.
    unit : str
        The base unit.

    Returns
    -------
    str
        The plot as SVG.
    """
    known, error = np.isfinite(flux), np.nan_to_num(error)
    figure, axes = _open(4.8, 2.2)
    at = _place(axes, mjd)
    peak = float(np.max(np.abs(flux[known]), initial=0.0))
    factor, named = choose_shown_unit(peak, float(np.min(error[known], initial=np.inf)), unit)
    is_limit = known & np.isfinite(limit)
    for chosen, fill in ((known & ~is_limit & ~is_doubtful, _MARK), (known & ~is_limit & is_doubtful, "none")):
        if chosen.any():
            axes.errorbar(
                *(at[chosen], flux[chosen] * factor, error[chosen] * factor),
                fmt="o", color=_MARK, mfc=fill, ms=4.5, lw=1, capsize=0,
            )  # fmt: skip
    if is_limit.any():
        axes.plot(at[is_limit], limit[is_limit] * factor, "v", color=_MARK, mfc="none", ms=6)
    if math.isfinite(mean):
        axes.axhline(mean * factor, color=_SOFT, lw=1, ls="--", zorder=0)
    drawn = np.concatenate([(flux + error)[known], limit[is_limit], (flux - error)[known & ~is_limit], [0.0]]) * factor
    room = 0.08 * (drawn.max() - drawn.min() or 1.0)
    axes.set_ylim(drawn.min() - room, drawn.max() + room)
    axes.set_ylabel(f"Flux density\n({named})")
    return _close(figure)


def _open(width: float, height: float, top: float = 0.95) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # not pyplot, which would keep the figure

    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.14, 0.16, 0.77, top - 0.16))
    axes.patch.set_visible(False)
    axes.grid(axis="y")
    return figure, axes


def _place(axes: Any, mjd: Floats) -> Floats:
    """Place epochs along the axis: by their dates if all have one, else one after the other."""
    number = np.arange(mjd.size, dtype=np.float64)
    if mjd.size and np.isfinite(mjd).all() and np.ptp(mjd) > 0:
        axes.set_xlim(*_widen(mjd))
        places = np.linspace(mjd.min(), mjd.max(), min(mjd.size, _MOST_DATES))
        is_long = np.ptp(mjd) > _MOST_DATES  # else hours are needed to tell one tick from the other
        axes.set_xticks(places, [format_date(day)[slice(10) if is_long else slice(5, 16)] for day in places.tolist()])
        return mjd
    axes.set_xlim(-0.5, max(mjd.size, 1) - 0.5)
    axes.set_xlabel("Epoch")
    return number


def _widen(mjd: Floats) -> tuple[float, float]:
    room = 0.03 * float(np.ptp(mjd))
    return float(mjd.min()) - room, float(mjd.max()) + room


def _close(figure: Any) -> str:
    figure.patch.set_visible(False)
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = _FONT.sub("", _NOT_NEEDED.sub("<svg", drawn.getvalue(), count=1))
    for stand_in, colour in _COLOURS.items():
        text = text.replace(stand_in, colour)
    return re.sub(r"\s*\n\s*", " ", text.replace("*{stroke-linejoin", f"{_THEME}*{{stroke-linejoin", 1))
