"""Colours that survive colour-blind eyes and grey print."""

from __future__ import annotations

from functools import cache

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    import numpy.typing as npt

MARK = (230, 159, 0)
"""Okabe and Ito's orange: beam and target."""
NO_DATA = (222, 226, 230)
"""Where there is no sky: the ground of the hatch."""
NO_DATA_LINES = (173, 181, 189)
"""Where there is no sky: the lines of the hatch."""

_START, _ROTATIONS, _HUE = 0.5, -1.5, 0.6


@cache
def create_cubehelix(levels: int = 256) -> npt.NDArray[np.uint8]:
    """Create a colour map that becomes brighter at every step.

    Parameters
    ----------
    levels : int
        Number of colours.

    Returns
    -------
    ndarray of uint8
        Red, green and blue from black to white, shape (levels, 3), read-only.

    References
    ----------
    D. A. Green 2011, Bulletin of the Astronomical Society of India 39, 289: equation 2, with less
    colour than his default, so that noise stays calm and marks in orange stand out.

    Examples
    --------
    >>> create_cubehelix()[[0, 128, 255]].tolist()
    [[0, 0, 0], [148, 124, 96], [255, 255, 255]]
    """
    brightness = np.linspace(0.0, 1.0, levels)[:, None]
    angle = 2.0 * np.pi * (_START / 3.0 + 1.0 + _ROTATIONS * brightness)
    amplitude = _HUE * brightness * (1.0 - brightness) / 2.0
    to_rgb = np.array([[-0.14861, -0.29227, 1.97294], [1.78277, -0.90649, 0.0]])
    colours = brightness + amplitude * (np.cos(angle) * to_rgb[0] + np.sin(angle) * to_rgb[1])
    table: npt.NDArray[np.uint8] = np.round(255.0 * np.clip(colours, 0.0, 1.0)).astype(np.uint8)
    table.flags.writeable = False
    return table


@cache
def draw_hatch(side: int) -> npt.NDArray[np.uint8]:
    """Draw the hatch of missing sky.

    Parameters
    ----------
    side : int
        In pixels.

    Returns
    -------
    ndarray of uint8
        Red, green and blue, shape (side, side, 3), read-only.
    """
    y, x = np.indices((side, side))
    picture = np.where(((x + y) % 8 < 2)[..., None], NO_DATA_LINES, NO_DATA).astype(np.uint8)
    picture.flags.writeable = False
    return picture
