"""Figures of what was measured, drawn with matplotlib: what those of Measurement Sets and of caltables share."""

from __future__ import annotations

from pathlib import Path

from dsa110_contimg._files import make_folder, replacing
from dsa110_contimg._lazy import needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike
    from typing import Any

GOOD, MARKED, DEAD = "#4477aa", "#ee7733", "#cc3311"
"""Colours that also those who see no difference between red and green can tell apart (P. Tol)."""
_SIZE_INCHES = (10.0, 5.5)
_DPI = 120
_MOST_NAMES = 120
"""How many names of antennas fit below a picture."""


def prepare_pictures(folder: str | PathLike[str]) -> Path:
    """See that pictures can be drawn and written, before time is spent on measuring.

    Parameters
    ----------
    folder : str or path-like
        The folder for them, made if absent.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    MissingDependencyError
        When matplotlib is not installed.
    UnwritableOutputError
        When the folder cannot be made.
    """
    with needs("plot"):
        import matplotlib.figure  # noqa: F401
    make_folder(Path(folder))
    return Path(folder)


def write_figures(
    folder: str | PathLike[str], title: str, quality: Any, drawings: Mapping[str, Callable[[Any, Any], None]]
) -> list[Path]:
    """Draw figures, and write them as PNG files.

    Parameters
    ----------
    folder : str or path-like
        The folder for them, made if absent; files of the same name are replaced.
    title : str
        What stands above each.
    quality : object
        What was measured.
    drawings : mapping of str to callable
        What draws it on the axes of each figure, by the name of its file.

    Returns
    -------
    list of Path
        The files.
    """
    folder = prepare_pictures(folder)
    return [_write(folder / name, title, quality, draw) for name, draw in drawings.items()]


def _write(path: Path, title: str, quality: Any, draw: Callable[[Any, Any], None]) -> Path:
    # Not pyplot, which would keep the figure, and choose a window system.
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle(escape(title), x=0.01, horizontalalignment="left", fontsize="medium", fontweight="bold")
    draw(axes, quality)
    with replacing(path) as hidden:
        figure.savefig(hidden, format="png")
    return path


def escape(name: str) -> str:
    """Make a name fit to be drawn: it may hold $, which starts a formula, or bytes that are no text."""
    return name.encode(errors="replace").decode().replace("$", r"\$")


def name_antennas(axes: Any, names: Sequence[str], colours: Sequence[str]) -> None:
    """Write the names of antennas along x, those that are not good in their colour.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where they are drawn, the antennas being at 0, 1, 2, ...
    names : sequence of str
        Their names.
    colours : sequence of str
        The colour of each.

    Notes
    -----
    Where not all names fit, every second or third stands there, and all that are not good.
    """
    step = max(1, -(-len(names) // _MOST_NAMES))
    marked = {place for place, colour in enumerate(colours) if colour != GOOD}
    crowded = {near for place in marked for near in range(place - step + 1, place + step)}
    places = [place for place in range(len(names)) if place in marked or (place % step == 0 and place not in crowded)]
    size = "small" if len(names) <= 50 else "xx-small"
    axes.set_xticks(
        places, [escape(names[place]) for place in places], rotation=90 if len(names) > 8 else 0, fontsize=size
    )
    for place, label in zip(places, axes.get_xticklabels(), strict=True):
        if place in marked:
            label.set(color=colours[place], fontweight="bold")
    axes.set_xlim(-0.7, max(1, len(names)) - 0.3)


def explain_colours(axes: Any, words: Mapping[str, str], others: Iterable[Any] = ()) -> None:
    """Write above the axes what colours mean, after what else has a label."""
    from matplotlib.patches import Patch

    handles = [*others, *(Patch(color=colour, label=word) for colour, word in words.items())]
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(handles), frameon=False)


def scale_percent(axes: Any) -> None:
    """Scale y from nothing to all, in percent of what is flagged."""
    axes.set_ylabel("Flagged (%)")
    axes.set_ylim(0, 103)
    axes.grid(axis="y", linewidth=0.4)
    axes.set_axisbelow(True)


def draw_flags_by_antenna(
    axes: Any, names: Sequence[str], fractions: Sequence[float], colours: Sequence[str], limit: float
) -> None:
    """Draw the flag fraction of antennas as bars.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to.
    names : sequence of str
        Names of the antennas.
    fractions : sequence of float
        The flag fraction of each.
    colours : sequence of str
        `GOOD`, `MARKED` or `DEAD`.
    limit : float
        The fraction above which an antenna is marked.
    """
    axes.bar(range(len(names)), [100 * fraction for fraction in fractions], color=list(colours), width=0.9)
    name_antennas(axes, names, colours)
    axes.axhline(100 * limit, color="black", linestyle="--", linewidth=1)
    explain_colours(axes, {GOOD: "good", MARKED: f"above {100 * limit:g} %", DEAD: "dead"})
    scale_percent(axes)
