"""How positions, angles, dates, brightness and many names are written, and how positions are read.

Everything here is plain Python, so that the command line can use it without loading numpy.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

from dsa110_contimg.errors import BadPositionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

_DECIMAL = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(?P<unit>h|d|deg|°)?", re.IGNORECASE)
_SEXAGESIMAL = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<whole>\d+)(?P<mark>\s*[hd°:]\s*|\s+)"
    r"(?P<minutes>\d+(?:\.\d*)?)\s*(?:[m:'’′]\s*|\s+|$)"
    r"(?:(?P<seconds>\d+(?:\.\d*)?)\s*(?:s|\"|”|″|'')?)?",
    re.IGNORECASE,
)

_FIRST_MJD, _LAST_MJD = -678575.0, 2973483.0  # the years 1 and 9999, the limits of datetime
_JANSKY = re.compile(r"(?P<prefix>k|m|u|µ|μ|n|M|milli|micro)?jy(?P<rest>.*)", re.IGNORECASE)
_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "m": 1e-3, "milli": 1e-3, "n": 1e-9}
_PREFIXES |= dict.fromkeys(("u", "µ", "μ", "micro"), 1e-6)
_PER_BEAM = re.compile(r"\s*(/\s*beam|[. *]?\s*beam\s*(\*\*|\^)?\s*\(?-1\)?)\s*", re.IGNORECASE)


def parse_right_ascension(text: str) -> float:
    """Read a right ascension.

    Parameters
    ----------
    text : str
        Degrees as a number (``150.02``), hours as sexagesimal (``10:00:04.9``, ``10h00m04.9s``, ``10 00 04.9``) or
        degrees as sexagesimal (``150d01m13s``).

    Returns
    -------
    float
        Degrees.

    Raises
    ------
    BadPositionError
        When the text is no right ascension, or is beyond 24 hours or 360 degrees.

    Examples
    --------
    >>> parse_right_ascension("10:00:00"), parse_right_ascension("150.25"), parse_right_ascension("150d15m00s")
    (150.0, 150.25, 150.25)
    """
    value, mark = _parse(text, "right ascension", "degrees (150.02) or hours (10:00:04.9, 10h00m04.9s)")
    degrees = value * 15.0 if mark in ("h", ":") else value
    if abs(degrees) > 360.0:
        raise BadPositionError(
            f"The right ascension {text.strip()!r} is {degrees:g} degrees, more than a full circle.",
            hint="Give degrees as a number (150.02) and hours with colons or letters (10:00:04.9, 10h00m04.9s).",
        )
    return degrees


def parse_declination(text: str) -> float:
    """Read a declination.

    Parameters
    ----------
    text : str
        Degrees as a number (``-30.016``) or as sexagesimal (``-30:00:57``, ``-30d00m57s``, ``-30 00 57``).

    Returns
    -------
    float
        Degrees.

    Raises
    ------
    BadPositionError
        When the text is no declination, is given in hours, or is beyond a pole.

    Examples
    --------
    >>> parse_declination("-00:30:00"), parse_declination("+41d15m00s")
    (-0.5, 41.25)
    """
    forms = "degrees (-30.016, -30:00:57 or -30d00m57s)"
    degrees, mark = _parse(text, "declination", forms)
    if mark == "h":
        raise BadPositionError(f"The declination {text.strip()!r} is in hours.", hint=f"Give it in {forms}.")
    if abs(degrees) > 90.0:
        raise BadPositionError(f"The declination {text.strip()!r} is beyond the pole.", hint=f"Give it in {forms}.")
    return degrees


def _parse(text: str, what: str, forms: str) -> tuple[float, str]:
    """Return the number and how it was marked: "h", "d", ":" (no letter) or "" (a decimal number)."""
    text = text.strip()
    if match := _DECIMAL.fullmatch(text):
        return float(match["number"]), (match["unit"] or "")[:1].lower()
    match = _SEXAGESIMAL.fullmatch(text)
    if match is None or float(match["minutes"]) >= 60.0 or float(match["seconds"] or 0.0) >= 60.0:
        raise BadPositionError(f"{text!r} is not a {what}.", hint=f"Give it in {forms}.")
    value = int(match["whole"]) + float(match["minutes"]) / 60.0 + float(match["seconds"] or 0.0) / 3600.0
    return -value if match["sign"] == "-" else value, match["mark"].strip().lower() or ":"


def format_position(ra_deg: float, dec_deg: float) -> str:
    """Write a position as hours and degrees, to 0.01 s and 0.1 arcsec.

    Parameters
    ----------
    ra_deg, dec_deg : float
        Right ascension and declination in degrees.

    Returns
    -------
    str
        Right ascension and declination, separated by a space.

    Examples
    --------
    >>> format_position(150.020532, -30.016111)
    '10:00:04.93 -30:00:58.0'
    >>> format_position(359.9999999, -0.000001)  # carried over, and no minus before zero
    '00:00:00.00 +00:00:00.0'
    """
    hundredths = round(ra_deg * 24000.0) % 8_640_000
    tenths = round(abs(dec_deg) * 36000.0)
    sign = "-" if dec_deg < 0 and tenths else "+"
    ra = f"{hundredths // 360000:02d}:{hundredths // 6000 % 60:02d}:{hundredths % 6000 / 100:05.2f}"
    return f"{ra} {sign}{tenths // 36000:02d}:{tenths // 600 % 60:02d}:{tenths % 600 / 10:04.1f}"


def format_angle(angle_deg: float) -> str:
    """Write a small angle in the unit that suits it.

    Parameters
    ----------
    angle_deg : float
        Angle in degrees.

    Returns
    -------
    str
        To three digits, with the sign of arcseconds, arcminutes or degrees.

    Examples
    --------
    >>> format_angle(15 / 3600), format_angle(2 / 60), format_angle(1.5)
    ('15"', "2'", '1.5°')
    """
    if round(angle_deg * 3600, 6) < 60:
        return f'{angle_deg * 3600:.3g}"'
    if round(angle_deg * 60, 6) < 60:
        return f"{angle_deg * 60:.3g}'"
    return f"{angle_deg:.3g}°"


def format_date(mjd: float, precision: Literal["minutes", "seconds"] = "minutes") -> str:
    """Write a Modified Julian Date as an ISO date.

    Parameters
    ----------
    mjd : float
        Modified Julian Date in days.
    precision : {"minutes", "seconds"}
        What to write it to; what is smaller is cut off.

    Returns
    -------
    str
        Date and time on the clock of the MJD (UTC for most images); ``MJD`` and the number where no calendar goes.

    Examples
    --------
    >>> format_date(59064.19022545)
    '2020-08-03 04:33'
    >>> format_date(59064.19022545, "seconds")
    '2020-08-03 04:33:55'
    """
    if not _FIRST_MJD <= mjd <= _LAST_MJD:
        return f"MJD {mjd:g}"
    return (datetime(1858, 11, 17) + timedelta(days=mjd)).isoformat(" ", precision)


def format_number(value: float | None) -> str:
    """Write a number for a person.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    str
        Whole numbers in full, others to four digits, or to whole numbers from ten thousand to a million; a dash for
        what was not measured: None or NaN.

    Examples
    --------
    >>> format_number(12345), format_number(1.23456e-4), format_number(13152.7), format_number(None)
    ('12,345', '0.0001235', '13,153', '–')
    """
    if value is None or value != value:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e6 else f"{value:.4g}"


def list_names(names: Sequence[str], most: int = 10) -> str:
    """List names in one sentence, not all of them if they are many.

    Parameters
    ----------
    names : sequence of str
        The names.
    most : int
        How many of them are told.

    Returns
    -------
    str
        Separated by commas, and how many more there are.

    Examples
    --------
    >>> list_names(["a", "b"]), list_names(["a", "b", "c", "d"], most=2)
    ('a, b', 'a, b and 2 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def split_unit(unit: str | None) -> tuple[float, str]:
    """Split a unit of brightness into a factor and the unit without its prefix.

    Parameters
    ----------
    unit : str or None
        As in the image: ``BUNIT``.

    Returns
    -------
    factor : float
        What to multiply the pixels by.
    base : str
        The unit they then have; empty where the image gives none.

    Examples
    --------
    >>> split_unit("mJy/beam"), split_unit("JY/BEAM"), split_unit("K")
    ((0.001, 'Jy/beam'), (1.0, 'Jy/beam'), (1.0, 'K'))
    """
    text = (unit or "").strip()
    match = _JANSKY.fullmatch(text)
    if match is None:
        return 1.0, text
    prefix = match["prefix"] or ""
    return _PREFIXES[prefix if prefix in _PREFIXES else prefix.lower()], "Jy" + _PER_BEAM.sub("/beam", match["rest"])


def choose_unit(peak: float, noise: float, base: str) -> tuple[float, str]:
    """Choose the prefix with which values are easily read.

    Parameters
    ----------
    peak, noise : float
        The largest and the smallest value that matter, in `base`.
    base : str
        A unit as `split_unit` returns it.

    Returns
    -------
    factor : float
        What to multiply values in `base` by.
    unit : str
        The unit they then have. The prefix for 1e-6 is written u, because Pillow's own font has no µ.

    Examples
    --------
    >>> choose_unit(1e-4, 1e-5, "Jy/beam")
    (1000000.0, 'uJy/beam')
    """
    if not base.startswith("Jy") and base != "K":
        return 1.0, base or "unit not given"
    readable = min(peak, 100.0 * noise) if noise > 0 else peak
    power = min(max(-math.floor(math.log10(readable) / 3.0 + 1e-9), 0), 3) if readable > 0 else 0
    return 10.0 ** (3 * power), ("", "m", "u", "n")[power] + base
