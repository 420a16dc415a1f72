"""A stamp as a figure: matplotlib, axes of sky, for one stamp at a time."""

from __future__ import annotations

import numpy as np

from dsa110_contimg._lazy import needs
from dsa110_contimg.qa.drawing.colour_maps import MARK, NO_DATA, create_cubehelix
from dsa110_contimg.qa.drawing.overlays import outline_beam
from dsa110_contimg.qa.drawing.stretch import fit_stretch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.qa.stamps.cutout import Cutout


def draw_figure(cutout: Cutout, ax: Any = None) -> Any:
    """Draw a stamp with matplotlib; see `Cutout.draw`.

    Parameters
    ----------
    cutout : Cutout
        The stamp.
    ax : astropy.visualization.wcsaxes.WCSAxes, optional
        Axes to draw on; a new figure by default.

    Returns
    -------
    astropy.visualization.wcsaxes.WCSAxes
        The axes.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    TypeError
        If the axes were made without the projection of a WCS.
    """
    with needs("plot"):
        from astropy.visualization.wcsaxes import WCSAxes
        from matplotlib import pyplot

    if ax is None:
        ax = pyplot.figure(layout="constrained").add_subplot(projection=cutout.wcs)
    elif not isinstance(ax, WCSAxes):
        raise TypeError("ax has no sky coordinates; make it with: figure.add_subplot(projection=cutout.wcs)")
    _draw_pixels(cutout, ax)
    ax.coords[0].set_axislabel(_name_axis(cutout.wcs.wcs.lngtyp))
    ax.coords[1].set_axislabel(_name_axis(cutout.wcs.wcs.lattyp))
    _mark_target(cutout, ax)
    if cutout.beam is not None:
        _draw_beam(cutout, cutout.beam, ax)
    return ax


def _draw_pixels(cutout: Cutout, ax: Any) -> None:
    from matplotlib.colors import FuncNorm, ListedColormap

    ax.set_facecolor(_rgb(NO_DATA))
    stretch = fit_stretch([cutout.data])
    if stretch is None:
        ax.imshow(cutout.data, origin="lower")  # nothing to see, but the axes have their extent
        return

    def bend(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        bent: NDArray[np.floating[Any]] = np.arcsinh((values - stretch.centre) / stretch.softening)
        return bent

    def unbend(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        unbent: NDArray[np.floating[Any]] = stretch.centre + stretch.softening * np.sinh(values)
        return unbent

    norm = FuncNorm((bend, unbend), stretch.low, stretch.high)
    colours = ListedColormap(create_cubehelix() / 255)
    picture = ax.imshow(cutout.data, origin="lower", cmap=colours, norm=norm, interpolation="nearest")
    ax.figure.colorbar(picture, ax=ax, label=cutout.unit or "", ticks=stretch.ticks(6))


def _mark_target(cutout: Cutout, ax: Any) -> None:
    """Draw a cross with an open middle, so that the source is not hidden."""
    (y, x), (ny, nx) = cutout.target, cutout.data.shape
    gap, length = 0.06 * min(ny, nx), 0.08 * min(ny, nx)
    if cutout.beam is not None:
        beam = np.ptp(outline_beam(cutout.beam, cutout.sky_axes), axis=0).max()
        gap = min(max(gap, 0.8 * float(beam)), 0.25 * min(ny, nx))
    for dy, dx in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        ends = np.array([gap, gap + length])
        ax.plot(x + dx * ends, y + dy * ends, color=_rgb(MARK), linewidth=1.5, scalex=False, scaley=False)


def _draw_beam(cutout: Cutout, beam: Beam, ax: Any) -> None:
    """Draw the beam in the lower left corner, at its true size and angle on these very pixels."""
    from matplotlib.patches import Polygon

    outline = outline_beam(beam, cutout.sky_axes)
    corner = np.array([-0.5, -0.5]) + 0.03 * min(cutout.data.shape) - outline.min(axis=0)
    ax.add_patch(Polygon(outline + corner, facecolor=(*_rgb(MARK), 0.4), edgecolor=_rgb(MARK), linewidth=1.5))


def _name_axis(kind: str) -> str:
    names = {"RA": "Right ascension", "DEC": "Declination", "GLON": "Galactic longitude", "GLAT": "Galactic latitude"}
    return names.get(kind.strip("-"), kind.strip("-"))


def _rgb(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    red, green, blue = colour
    return red / 255, green / 255, blue / 255
