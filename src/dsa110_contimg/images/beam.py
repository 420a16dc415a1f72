"""The synthesised beam of a radio image, and the four places where images keep it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dsa110_contimg.images.header import Header

    PlaneBeams = Mapping[tuple[int, int], "Beam"]  # by (channel, Stokes), counted from zero


@dataclass(frozen=True, slots=True)
class Beam:
    """An elliptical Gaussian beam.

    Parameters
    ----------
    major_deg, minor_deg : float
        Full width at half maximum along the major and the minor axis, in degrees.
    pa_deg : float
        Position angle of the major axis in degrees, from north through east.

    Examples
    --------
    >>> beam = Beam(major_deg=15 / 3600, minor_deg=10 / 3600, pa_deg=30.0)
    >>> round(beam.major_deg * 3600, 6)
    15.0
    >>> round(beam.area_deg2 * 3600**2, 2)  # 1.1331 times 15 times 10
    169.96
    """

    major_deg: float
    """Full width at half maximum along the major axis, in degrees."""
    minor_deg: float
    """Full width at half maximum along the minor axis, in degrees."""
    pa_deg: float
    """Position angle of the major axis in degrees, from north through east."""

    @property
    def area_deg2(self) -> float:
        """The area under the beam in square degrees: π / (4 ln 2) times its two axes."""
        return math.pi / (4.0 * math.log(2.0)) * self.major_deg * self.minor_deg


_NUMBER = r"([-+]?[\d.]+(?:[EeDd][-+]?\d+)?)"
_CLEAN = rf"CLEAN\s+BMAJ=\s*{_NUMBER}\s+BMIN=\s*{_NUMBER}(?:\s+BPA=\s*{_NUMBER})?"


def find_beam(header: Header, plane_beams: Callable[[], PlaneBeams], channel: int, stokes: int) -> Beam | None:
    """Find the beam of one plane of an image.

    Looks at the keywords ``BMAJ``, ``BMIN``, ``BPA``, then at the beams that the image keeps for each plane, then at
    the last line ``CLEAN BMAJ= ... BMIN= ... BPA=`` that AIPS left in the history.

    Parameters
    ----------
    header : Header
        The image's header.
    plane_beams : callable
        Reads the beams of the planes; called only where the keywords name none.
    channel, stokes : int
        The plane, counted from zero.

    Returns
    -------
    Beam or None
        The beam; None where there is none. A beam of size zero is none.

    Raises
    ------
    ValueError
        If a keyword of the beam is no number.
    """
    found = make_beam(header.number("BMAJ"), header.number("BMIN"), header.number("BPA"))
    if found is None:
        found = _pick_beam(plane_beams(), channel, stokes)
    if found is None:
        cleaned = re.findall(_CLEAN, header.string("HISTORY"))
        if cleaned:
            found = make_beam(*(float(field.upper().replace("D", "E")) if field else None for field in cleaned[-1]))
    return found


def _pick_beam(beams: PlaneBeams, channel: int, stokes: int) -> Beam | None:
    # Where only one channel, or one Stokes parameter, has a beam, it stands for all of them.
    channels, parameters = {key[0] for key in beams}, {key[1] for key in beams}
    if len(channels) == 1:
        (channel,) = channels
    if len(parameters) == 1:
        (stokes,) = parameters
    return beams.get((channel, stokes))


def make_beam(major_deg: float | None, minor_deg: float | None, pa_deg: float | None) -> Beam | None:
    """Make a beam from numbers that may be absent.

    Parameters
    ----------
    major_deg, minor_deg, pa_deg : float or None
        Axes and position angle in degrees. Without a minor axis the beam is round; without an angle it is zero.

    Returns
    -------
    Beam or None
        The beam; None where an axis is zero, negative, not finite or absent.
    """
    minor_deg = major_deg if minor_deg is None else minor_deg
    if major_deg is None or minor_deg is None or not (0 < major_deg < math.inf and 0 < minor_deg < math.inf):
        return None
    return Beam(major_deg, minor_deg, pa_deg if pa_deg is not None and math.isfinite(pa_deg) else 0.0)
