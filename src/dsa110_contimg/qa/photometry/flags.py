"""What may be wrong with the flux of one source in one image."""

from __future__ import annotations

from enum import IntFlag


class Flag(IntFlag):
    """What may be wrong with a flux; several may be at once, and zero says that nothing is.

    Values with a flag are kept as far as they could be measured. None of them is used to tell whether a source varies.

    Examples
    --------
    >>> Flag(3)
    <Flag.BLENDED|NEAR_EDGE: 3>
    """

    BLENDED = 1
    """Another source of the list is so near that the flux is partly that one's."""
    NEAR_EDGE = 2
    """The edge of the image is nearer than `Thresholds.edge_beams` major axes of the beam, or so is a pixel without sky
    among those that the local rms is measured from; not told where there is no beam."""
    OFF_IMAGE = 4
    """The position is not on the image; nothing is measured."""
    BLANK = 8
    """There is no sky at the position, or at some pixel within the half maximum of the beam; there is no flux."""
    NO_BEAM = 16
    """The image names no beam, or one below half a pixel or above two fifths of the image; there is no flux, only peak
    and local rms."""
    NO_NOISE = 32
    """The noise is zero or not known, and so is the error of the flux, in which all pixels weigh the same."""
    UNREADABLE = 64
    """The image was left out; `LightCurves.unreadable` tells why."""
    OFFSET = 128
    """The median around the source is so far from zero that it shifts the flux by more than its error: it stands on
    stripes, on a negative bowl or on extended emission."""


def name_flags(code: int) -> str:
    """Write flags as text.

    Parameters
    ----------
    code : int
        Flags, added up.

    Returns
    -------
    str
        Their names, separated by spaces; an empty text if there is none.

    Examples
    --------
    >>> name_flags(Flag.BLENDED | Flag.NEAR_EDGE)
    'BLENDED NEAR_EDGE'
    """
    return " ".join(flag.name or "" for flag in Flag(int(code)))
