"""When an image was observed."""

from __future__ import annotations

import re
from datetime import date

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.images.header import Header

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d*)?))?)?")
_MJD_ZERO = date(1858, 11, 17).toordinal()
_OLD = re.compile(r"(\d\d)/(\d\d)/(\d\d)$")  # day/month/year of the 20th century, before 1999


def read_mjd(header: Header) -> float | None:
    """Read the start of an observation.

    Parameters
    ----------
    header : Header
        The image's header: ``MJD-OBS``, or else ``DATE-OBS`` in either of the forms of the FITS standard.

    Returns
    -------
    float or None
        Modified Julian Date in days, in the time scale of the header; None where there is no date.
    """
    number = header.get("MJD-OBS")
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        return float(number)
    text = header.string("DATE-OBS")
    old = _OLD.match(text)
    if old:
        day, month, year = (int(field) for field in old.groups())
        return _count_days(1900 + year, month, day)
    match = _ISO.match(text)
    if match is None:
        return None
    days = _count_days(int(match[1]), int(match[2]), int(match[3]))
    hour, minute, second = (float(field or 0) for field in match.groups()[3:])
    return None if days is None else days + (hour + (minute + second / 60) / 60) / 24


def _count_days(year: int, month: int, day: int) -> float | None:
    try:
        return float(date(year, month, day).toordinal() - _MJD_ZERO)
    except ValueError:  # there is no such day
        return None
