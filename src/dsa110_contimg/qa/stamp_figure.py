"""A stamp as a figure: matplotlib, axes of sky, for one stamp at a time."""

from __future__ import annotations

import numpy as np

from dsa110_contimg._lazy import needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa.postage_stamps import Cutout

_MARK = "#E69F00"  # orange of Okabe & Ito, which colour-blind people can tell apart


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
    low, high = find_limits(cutout.data)
    picture = ax.imshow(cutout.data, origin="lower", cmap="gray_r", vmin=low, vmax=high, interpolation="nearest")
    ax.figure.colorbar(picture, ax=ax, label=cutout.unit or "")
    ax.set_facecolor("#9fb8c8")  # where there is no sky
    ax.coords[0].set_axislabel(_name_axis(cutout, 0))
    ax.coords[1].set_axislabel(_name_axis(cutout, 1))
    _mark_target(cutout, ax)
    _draw_beam(cutout, ax)
    return ax
