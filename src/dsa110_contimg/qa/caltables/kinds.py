"""Kinds of caltables: what CASA calls them, and what their numbers are."""

from __future__ import annotations

from dataclasses import dataclass

GAIN, DELAY, OTHER = "gain", "delay", "other"
"""What the numbers of a caltable are: factors near 1, nanoseconds, or something that no gate knows."""


@dataclass(frozen=True)
class Kind:
    """A kind of caltable."""

    name: str
    """What it corrects, in words: ``"bandpass"``."""
    quantity: str
    """What its numbers are: ``"gain"``, ``"delay"`` or ``"other"``."""


UNKNOWN = Kind("unknown", OTHER)

_KINDS = {
    "G JONES": Kind("gain", GAIN),
    "GSPLINE": Kind("gain spline", GAIN),
    "T JONES": Kind("tropospheric gain", GAIN),
    "TF JONES": Kind("tropospheric gain by channel", GAIN),
    "B JONES": Kind("bandpass", GAIN),
    "BPOLY": Kind("bandpass polynomial", GAIN),
    "K JONES": Kind("delay", DELAY),
    "KMBD JONES": Kind("multi-band delay", DELAY),
    "KCROSS JONES": Kind("cross-hand delay", DELAY),
    "KANTPOS JONES": Kind("antenna positions", OTHER),
    "FRINGE JONES": Kind("fringe fit", OTHER),
    "X JONES": Kind("cross-hand phase", OTHER),
    "X MUELLER": Kind("cross-hand phase", OTHER),
    "XF JONES": Kind("cross-hand phase by channel", OTHER),
    "GLINXPH JONES": Kind("cross-hand phase", OTHER),
    "GLINXPHF JONES": Kind("cross-hand phase by channel", OTHER),
    "J JONES": Kind("polarised gain", OTHER),
    "A MUELLER": Kind("gain by baseline", OTHER),
    "M MUELLER": Kind("gain by baseline", OTHER),
    "MF MUELLER": Kind("bandpass by baseline", OTHER),
    "TOPAC": Kind("opacity", OTHER),
    "TFOPAC": Kind("opacity by channel", OTHER),
    "EGAINCURVE": Kind("gain curve", OTHER),
    "EPOWERCURVE": Kind("power curve", OTHER),
    "B TSYS": Kind("system temperature", OTHER),
    "G EVLASWPOW": Kind("switched power", OTHER),
    "F JONES": Kind("ionosphere", OTHER),
}
_LEAKAGES = ("D", "DF", "DGEN", "DFGEN", "DLIN", "DFLIN", "DLLS", "DFLLS")
_KINDS |= {f"{name} JONES": Kind("leakage by channel" if name[1:2] == "F" else "leakage", OTHER) for name in _LEAKAGES}


def find_kind(viscal: str) -> Kind:
    """Find the kind of a caltable by CASA's name of it.

    Parameters
    ----------
    viscal : str
        The keyword ``VisCal`` of the table, or the subtype of its table.info: ``"B Jones"``.

    Returns
    -------
    Kind
        The kind; `UNKNOWN` for a name that is not CASA's.

    References
    ----------
    The names are those of ``createSolvableVisCal`` in CASA's VisCalGlobals.cc. Delays are in nanoseconds (KJones.cc).

    Examples
    --------
    >>> find_kind("Kcross Jones")
    Kind(name='cross-hand delay', quantity='delay')
    """
    return _KINDS.get(" ".join(viscal.upper().split()), UNKNOWN)
