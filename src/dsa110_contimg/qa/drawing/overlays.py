"""What is drawn over a stamp: beam, target, compass and scale.

Every mark follows the image's own axes, whatever its rotation, mirroring or pixel shape: ``sky`` is always the (2, 2)
matrix ``[[dx/dE, dx/dN], [dy/dE, dy/dN]]`` in pixels of the picture per degree, x to the right and y *down*.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from dsa110_contimg.qa.drawing.text import draw_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from dsa110_contimg.images.beam import Beam

    Matrix = npt.NDArray[np.float64]
    Colour = tuple[int, int, int]

_FINE = 4
"""How much finer than a pixel the beam is drawn before it is made smooth."""
_BEAM_FILL = 110
_ROUND_ARCSEC = np.outer([1.0, 60.0, 3600.0], [1.0, 2.0, 5.0, 10.0, 20.0, 30.0]).ravel()


def outline_beam(beam: Beam, sky: Matrix) -> npt.NDArray[np.float64]:
    """Trace the beam at half maximum.

    Parameters
    ----------
    beam : Beam
        Its position angle runs from north through east.
    sky : ndarray
        Pixels of the picture per degree.

    Returns
    -------
    ndarray
        Points (x, y) in pixels from the centre of the beam, shape (n, 2).
    """
    pa = np.radians(beam.pa_deg)
    turn = np.linspace(0.0, 2.0 * np.pi, 90, endpoint=False)
    along, across = beam.major_deg / 2.0 * np.cos(turn), beam.minor_deg / 2.0 * np.sin(turn)
    east = along * np.sin(pa) + across * np.cos(pa)
    north = along * np.cos(pa) - across * np.sin(pa)
    outline: Matrix = (sky @ np.stack([east, north])).T
    return outline


def draw_beam(picture: Image.Image, centre: tuple[float, float], outline: npt.NDArray[np.float64], ink: Colour) -> None:
    """Draw the beam at its true size: see-through, with a firm edge.

    Parameters
    ----------
    picture : PIL.Image.Image
        Drawn upon.
    centre : tuple of float
        Where (x, y); whole numbers are the corners of pixels.
    outline : ndarray
        As `outline_beam` returns it.
    ink : tuple of int
        Colour.
    """
    points = outline + centre
    left, top = (int(v) for v in np.floor(points.min(axis=0)) - 1)
    width, height = (int(v) for v in np.ceil(points.max(axis=0)) + 1 - (left, top))
    mask = Image.new("L", (width * _FINE, height * _FINE))
    # Pillow's polygon covers the pixels that its corners lie in, hence the half pixel.
    corners = [(x, y) for x, y in ((points - (left, top)) * _FINE - 0.5).tolist()]
    ImageDraw.Draw(mask).polygon(corners, fill=_BEAM_FILL, outline=255, width=int(1.5 * _FINE))
    picture.paste(ink, (left, top), mask.reduce(_FINE))


def draw_target(picture: Image.Image, centre: tuple[float, float], gap: float, length: float, ink: Colour) -> None:
    """Draw a cross with an open middle, so that the source is not hidden.

    Parameters
    ----------
    picture : PIL.Image.Image
        Drawn upon.
    centre : tuple of float
        Where (x, y); whole numbers are the corners of pixels.
    gap, length : float
        How far from the centre the four lines begin, and how long they are, in pixels.
    ink : tuple of int
        Colour.
    """
    x, y = (round(c - 0.5) for c in centre)
    near, far = round(gap), round(gap + length)
    width = 1 if length < 16 else 3  # odd, so that the lines point at the centre
    pen = ImageDraw.Draw(picture)
    for sign in (-1, 1):
        pen.line([(x + sign * near, y), (x + sign * far, y)], ink, width)
        pen.line([(x, y + sign * near), (x, y + sign * far)], ink, width)


def draw_compass(picture: Image.Image, centre: tuple[float, float], reach: float, sky: Matrix, ink: Colour) -> None:
    """Draw arrows to north and east.

    Parameters
    ----------
    picture : PIL.Image.Image
        Drawn upon.
    centre : tuple of float
        Middle (x, y) of a square of 2 `reach` pixels that holds arrows and letters.
    reach : float
        Half the side of that square, in pixels.
    sky : ndarray
        Pixels of the picture per degree.
    ink : tuple of int
        Colour.
    """
    pen = ImageDraw.Draw(picture)
    arms = sky / np.linalg.norm(sky, axis=0)
    # The two arms reach to one side of where they meet, so the meeting point moves to the other.
    origin = np.array(centre) - arms.sum(axis=1) * reach * 0.4
    for arm, letter in zip(arms.T, "EN", strict=True):
        tip = origin + arm * reach * 0.85
        side = np.array([-arm[1], arm[0]]) * reach * 0.16
        back = tip - arm * reach * 0.35
        pen.line([tuple(origin), tuple(back)], ink, 1)
        pen.polygon([tuple(tip), tuple(back + side), tuple(back - side)], ink)
        draw_text(pen, tuple(origin + arm * reach * 1.15), letter, max(10, round(reach * 0.6)), ink, "mm")


def choose_scale(longest_deg: float) -> float:
    """Choose a round angle no longer than given.

    Parameters
    ----------
    longest_deg : float
        In degrees.

    Returns
    -------
    float
        1, 2, 5, 10, 20 or 30 arcseconds, arcminutes or degrees, in degrees; a power of ten of an arcsecond below.

    Examples
    --------
    >>> round(choose_scale(0.01) * 3600)
    30
    """
    longest_arcsec = longest_deg * 3600.0 * (1 + 1e-9)
    fitting = _ROUND_ARCSEC[longest_arcsec >= _ROUND_ARCSEC]
    arcsec = fitting.max() if fitting.size else 10.0 ** np.floor(np.log10(longest_arcsec))
    return float(arcsec) / 3600.0


def point_alike(matrices: Iterable[Matrix]) -> bool:
    """Tell whether north and east have the same directions in all, within 2 degrees."""
    arms = [matrix / np.linalg.norm(matrix, axis=0) for matrix in matrices]
    return all(np.allclose(arm, arms[0], atol=0.035) for arm in arms)
