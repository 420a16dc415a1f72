"""The records of a CASA image, told as FITS cards.

References
----------
McMullin et al. 2007, ASP Conf. Ser. 376, 127 (CASA); the records are those of casacore's ``CoordinateSystem::save``.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from dsa110_contimg.images.angles import degrees_per_unit
from dsa110_contimg.images.axes import STOKES
from dsa110_contimg.images.beam import make_beam
from dsa110_contimg.images.header import Header, format_card

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.images.header import Value

    Record = Mapping[str, Any]

# The direction systems of casacore's MDirection as FITS knows them: longitude, latitude, RADESYS, EQUINOX.
_SYSTEMS: dict[str, tuple[str, str, str, float | None]] = {
    "J2000": ("RA", "DEC", "FK5", 2000.0),
    "ICRS": ("RA", "DEC", "ICRS", None),
    "B1950": ("RA", "DEC", "FK4", 1950.0),
    "GALACTIC": ("GLON", "GLAT", "", None),
    "ECLIPTIC": ("ELON", "ELAT", "", 2000.0),
}
_STOKES_CODES = {name: code for code, name in STOKES.items()}


def make_header(keywords: Record, lengths: tuple[int, ...]) -> Header:
    """Tell a CASA image's keywords as FITS cards.

    Parameters
    ----------
    keywords : mapping
        The keywords of the image's table: ``coords``, ``units``, ``imageinfo``, ``miscinfo``.
    lengths : tuple of int
        Number of pixels along each axis, in FITS order.

    Returns
    -------
    Header
        The cards.

    Raises
    ------
    KeyError, TypeError, ValueError, IndexError
        If a record is not as casacore writes it.
    """
    coords = keywords["coords"]
    cards: dict[str, Value] = {f"NAXIS{axis + 1}": length for axis, length in enumerate(lengths)}
    for name, record in coords.items():
        match = re.match(r"(direction|spectral|stokes|linear|tabular)(\d+)$", name)
        if match:
            axes = [int(axis) + 1 for axis in coords[f"pixelmap{match[2]}"]]
            if all(axes):  # zero: the axis was removed from the image
                _TELL[match[1]](cards, record, axes)
    beam = read_beam(keywords.get("imageinfo", {}).get("restoringbeam", {}))
    if beam is not None:
        cards |= {"BMAJ": beam.major_deg, "BMIN": beam.minor_deg, "BPA": beam.pa_deg}
    _tell_rest(cards, keywords)
    return Header("".join(format_card(keyword, value) for keyword, value in cards.items()))


def _tell_direction(cards: dict[str, Value], record: Record, axes: list[int]) -> None:
    longitude, latitude, radesys, equinox = _SYSTEMS[record["system"]]
    projection = str(record["projection"])
    for row, (axis, name) in enumerate(zip(axes, (longitude, latitude), strict=True)):
        cards[f"CTYPE{axis}"] = f"{name:-<5}{projection}"
        cards[f"CUNIT{axis}"] = record["units"][row]
        cards[f"CRVAL{axis}"] = float(record["crval"][row])
        cards[f"CDELT{axis}"] = float(record["cdelt"][row])
        cards[f"CRPIX{axis}"] = float(record["crpix"][row]) + 1
        for column, other in enumerate(axes):
            cards[f"PC{axis}_{other}"] = float(record["pc"][row][column])
    for number, value in enumerate(np.atleast_1d(record.get("projection_parameters", []))):
        if value:
            cards[f"PV{axes[1]}_{number + 1}"] = float(value)
    cards["LONPOLE"], cards["LATPOLE"] = float(record["longpole"]), float(record["latpole"])
    if radesys:
        cards["RADESYS"] = radesys
    if equinox is not None:
        cards["EQUINOX"] = equinox


def _tell_spectral(cards: dict[str, Value], record: Record, axes: list[int]) -> None:
    axis = axes[0]
    cards[f"CTYPE{axis}"] = "FREQ"
    cards[f"CUNIT{axis}"] = str(record.get("unit", "Hz"))
    linear = record.get("wcs")
    if linear is not None:
        cards[f"CRVAL{axis}"], cards[f"CDELT{axis}"] = float(linear["crval"]), float(linear["cdelt"])
        cards[f"CRPIX{axis}"] = float(linear["crpix"]) + 1
    elif "tabular" in record:
        cards[f"CRVAL{axis}"], cards[f"CRPIX{axis}"] = float(record["tabular"]["worldvalues"][0]), 1.0
    if record.get("restfreq"):
        cards["RESTFRQ"] = float(record["restfreq"])


def _tell_stokes(cards: dict[str, Value], record: Record, axes: list[int]) -> None:
    codes = [_STOKES_CODES[str(name)] for name in record["stokes"]]
    steps = {second - first for first, second in pairwise(codes)} or {1}
    if len(steps) > 1:
        raise ValueError(f"its Stokes axis has uneven steps ({', '.join(record['stokes'])})")
    cards[f"CTYPE{axes[0]}"] = "STOKES"
    cards[f"CRVAL{axes[0]}"], cards[f"CDELT{axes[0]}"] = float(codes[0]), float(steps.pop())
    cards[f"CRPIX{axes[0]}"] = 1.0


def _tell_linear(cards: dict[str, Value], record: Record, axes: list[int]) -> None:
    for row, axis in enumerate(axes):
        cards[f"CTYPE{axis}"] = str(record["axes"][row])[:68]


_TELL = {
    "direction": _tell_direction,
    "spectral": _tell_spectral,
    "stokes": _tell_stokes,
    "linear": _tell_linear,
    "tabular": _tell_linear,
}


def _tell_rest(cards: dict[str, Value], keywords: Record) -> None:
    coords, info = keywords["coords"], keywords.get("imageinfo", {})
    texts = {
        "BUNIT": keywords.get("units"),
        "OBJECT": info.get("objectname"),
        "TELESCOP": coords.get("telescope"),
        "OBSERVER": coords.get("observer"),
    }
    cards |= {keyword: text[:68] for keyword, text in texts.items() if isinstance(text, str) and text}
    days = coords.get("obsdate", {}).get("m0", {}).get("value")
    if days:
        cards["MJD-OBS"] = float(days)


def read_beam(record: Record) -> Beam | None:
    """Read the record of one beam.

    Parameters
    ----------
    record : mapping
        The quantities ``major``, ``minor`` and ``positionangle``, or nothing.

    Returns
    -------
    Beam or None
        The beam; None where there is none.

    Raises
    ------
    ValueError
        If it is given in a unit that is no angle.
    """
    sizes = [record.get(name) for name in ("major", "minor", "positionangle")]
    return make_beam(
        *(None if size is None else float(size["value"]) * degrees_per_unit(size["unit"]) for size in sizes)
    )
