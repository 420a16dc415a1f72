"""The point sources that a simulated sky is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A point source.

    Parameters
    ----------
    ra_deg, dec_deg : float
        ICRS position in degrees.
    flux_jy : float
        Flux density in Jy: what its brightest point reads in an image in Jy/beam.
    name : str, optional
        Its name; the IAU form of the position when left out.

    Examples
    --------
    >>> Source(150.1234567, -2.5, flux_jy=0.01).name
    'J100029.6-023000'
    """

    ra_deg: float
    """ICRS right ascension in degrees."""
    dec_deg: float
    """ICRS declination in degrees."""
    flux_jy: float
    """Flux density in Jy."""
    name: str = ""
    """Its name; the IAU form of the position when left out."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", name_position(self.ra_deg, self.dec_deg))


def name_position(ra_deg: float, dec_deg: float) -> str:
    """Name a position JHHMMSS.s±DDMMSS, truncated and not rounded, as the IAU asks.

    Parameters
    ----------
    ra_deg, dec_deg : float
        ICRS position in degrees.

    Returns
    -------
    str
        The name.

    References
    ----------
    IAU Commission 5, "Specifications concerning designations for astronomical radiation sources".

    Examples
    --------
    >>> name_position(0.0, 37.25)
    'J000000.0+371500'
    """
    # A millionth of the last digit keeps 37.25 degrees, which floats may hold as 37.2499999..., from losing a second.
    tenths = int((ra_deg % 360) * 2400 + 1e-6) % 864000
    seconds = int(abs(dec_deg) * 3600 + 1e-6)
    hours, minutes, tenths = tenths // 36000, tenths // 600 % 60, tenths % 600
    sign = "-" if dec_deg < 0 else "+"
    return (
        f"J{hours:02d}{minutes:02d}{tenths / 10:04.1f}"
        f"{sign}{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"
    )
