"""The synthesised beam of a radio image."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    major_deg: float
    """Full width at half maximum along the major axis, in degrees."""
    minor_deg: float
    """Full width at half maximum along the minor axis, in degrees."""
    pa_deg: float
    """Position angle of the major axis in degrees, from north through east."""
