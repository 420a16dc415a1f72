"""The frequency of an image, and the places where headers keep it."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.images.axes import Axes
    from dsa110_contimg.images.header import Header

_HERTZ_IN = {"": 1.0, "HZ": 1.0, "KHZ": 1e3, "MHZ": 1e6, "GHZ": 1e9}
_MOST_AXES = 9


def find_frequency(header: Header, axes: Axes, plane: tuple[int, ...]) -> float | None:
    """Find the frequency of one plane of an image.

    Looks at the axis of frequency, also one that the pixels do not have any more, and then at the rest frequency
    (``RESTFRQ``, ``RESTFREQ``), which is that of another spectral axis, such as velocity.

    Parameters
    ----------
    header : Header
        The image's header.
    axes : Axes
        Its axes.
    plane : tuple of int
        From `Axes.choose_plane`.

    Returns
    -------
    float or None
        Hertz, at the middle of the channel; None where the header tells none.

    Raises
    ------
    ValueError
        If a keyword is no number.
    """
    found = None
    for number in range(1, max(_MOST_AXES, len(plane)) + 1):
        if header.string(f"CTYPE{number}").upper().startswith("FREQ"):
            found = _read_axis(header, number, plane[number - 1] if number - 1 == axes.spectral else None)
            break
    for keyword in ("RESTFRQ", "RESTFREQ"):
        if found is None:
            found = header.number(keyword)
    return found if found is not None and 0 < found < math.inf else None


def _read_axis(header: Header, number: int, channel: int | None) -> float | None:
    """Read the frequency of a channel; at the reference where the pixels have no such axis."""
    factor = _HERTZ_IN.get(header.string(f"CUNIT{number}").upper())
    value = header.number(f"CRVAL{number}")
    if factor is None or value is None:
        return None
    offset = 0.0 if channel is None else channel + 1 - header.number(f"CRPIX{number}", 0.0)
    step = header.number(f"CDELT{number}", header.number(f"CD{number}_{number}"))
    if offset and step is None:
        return None
    return factor * (value + offset * (step or 0.0))
