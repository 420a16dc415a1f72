"""Units of angle, as FITS and CASA write them."""

from __future__ import annotations

import math

_DEGREES = {"DEG": 1.0, "DEGREE": 1.0, "DEGREES": 1.0, "ARCMIN": 1 / 60, "ARCSEC": 1 / 3600, "MAS": 1 / 3_600_000}
_DEGREES |= {"RAD": math.degrees(1), "RADIAN": math.degrees(1)}


def degrees_per_unit(unit: str) -> float:
    """Tell how many degrees a unit is.

    Parameters
    ----------
    unit : str
        The unit, in capital or small letters.

    Returns
    -------
    float
        Degrees.

    Raises
    ------
    ValueError
        If it is no unit of angle.

    Examples
    --------
    >>> degrees_per_unit("arcmin") * 60
    1.0
    """
    try:
        return _DEGREES[unit.strip().upper()]
    except KeyError:
        raise ValueError(f"{unit!r} is not a unit of angle") from None
