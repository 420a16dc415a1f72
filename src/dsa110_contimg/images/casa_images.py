"""CASA images: a folder with one cell of pixels, a mask, and coordinates as records, told as FITS cards.

References
----------
McMullin et al. 2007, ASP Conf. Ser. 376, 127 (CASA); the records are those of casacore's ``CoordinateSystem::save``.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dsa110_contimg.casa.tables import open_table
from dsa110_contimg.errors import TableError, UnreadableImageError
from dsa110_contimg.images.axes import find_axes
from dsa110_contimg.images.beam import make_beam
from dsa110_contimg.images.header import Header, format_card

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.tables import TableReader
    from dsa110_contimg.images.axes import Axes
    from dsa110_contimg.images.beam import Beam, PlaneBeams
    from dsa110_contimg.images.header import Value
    from dsa110_contimg.images.pixels import Index

    Record = Mapping[str, Any]

_PIXELS, _MASK = "map", "PagedArray"

# The direction systems of casacore's MDirection as FITS knows them: longitude, latitude, RADESYS, EQUINOX.
_SYSTEMS: dict[str, tuple[str, str, str, float | None]] = {
    "J2000": ("RA", "DEC", "FK5", 2000.0),
    "ICRS": ("RA", "DEC", "ICRS", None),
    "B1950": ("RA", "DEC", "FK4", 1950.0),
    "GALACTIC": ("GLON", "GLAT", "", None),
    "ECLIPTIC": ("ELON", "ELAT", "", 2000.0),
}
_STOKES_CODES = {
    "I": 1,
    "Q": 2,
    "U": 3,
    "V": 4,
    "RR": -1,
    "LL": -2,
    "RL": -3,
    "LR": -4,
    "XX": -5,
    "YY": -6,
    "XY": -7,
    "YX": -8,
}


@dataclass(frozen=True, slots=True, eq=False)
class CasaImage:
    """A CASA image."""

    header: Header
    """The image's coordinates, beam, unit and date as FITS cards."""
    axes: Axes
    """Which axes are the sky, and how the others are chosen."""
    pixels: CasaPixels
    """The pixels."""
    imageinfo: Record
    """The image's record of beams."""

    def read_plane_beams(self) -> PlaneBeams:
        """Read the beams of the planes, where each has its own.

        Returns
        -------
        mapping
            The beams by (channel, Stokes); empty where the image has one beam or none.
        """
        record = self.imageinfo.get("perplanebeams", {})
        channels = int(record.get("nChannels", 0))
        beams: dict[tuple[int, int], Beam] = {}
        for number in range(channels * max(int(record.get("nStokes", 0)), 1)):
            beam = _make_beam(record.get(f"*{number}", {}))
            if beam is not None:
                beams[number % channels, number // channels] = beam
        return beams


class CasaPixels:
    """The cell of pixels of a CASA image, and that of its mask.

    Parameters
    ----------
    image : TableReader
        The table of the image.
    mask : TableReader or None
        The table of its mask, if it has one.
    """

    held_bytes = 0

    def __init__(self, image: TableReader, mask: TableReader | None) -> None:
        self._image, self._mask = image, mask

    def read(self, index: Index) -> NDArray[np.floating[Any]]:
        """Read the pixels at an index, masked ones as NaN.

        Parameters
        ----------
        index : tuple of int or slice
            One entry an axis, in numpy order.

        Returns
        -------
        numpy.ndarray
            Native floats that the caller owns.

        Raises
        ------
        UnreadableImageError
            If the table of the image or of its mask cannot be read.
        """
        start = tuple(entry.start if isinstance(entry, slice) else entry for entry in index)
        stop = tuple(entry.stop if isinstance(entry, slice) else entry + 1 for entry in index)
        degenerate = tuple(axis for axis, entry in enumerate(index) if not isinstance(entry, slice))
        try:
            found = self._image.read_cell_slice(_PIXELS, 0, start, stop)
            good = None if self._mask is None else self._mask.read_cell_slice(_MASK, 0, start, stop)
        except TableError as error:
            raise UnreadableImageError(f"The pixels cannot be read: {error.message}", hint=error.hint) from error
        pixels: NDArray[np.floating[Any]] = found.astype("f4" if found.dtype == np.float32 else "f8")
        if good is not None:
            pixels[~good] = math.nan
        return pixels.squeeze(degenerate)


def open_casa_image(path: str) -> CasaImage:
    """Open a CASA image.

    Parameters
    ----------
    path : str
        The image's folder.

    Returns
    -------
    CasaImage
        The image, its pixels not yet read.

    Raises
    ------
    UnreadableImageError
        If the folder is no CASA image, or has no two axes of sky.
    MissingDependencyError
        If python-casacore is not installed.
    """
    try:
        table = open_table(path)
        shape = _find_shape(path, table)
        keywords: Record = table.keywords
        name = keywords.get("Image_defaultmask")
        mask = _open_mask(path, str(name), shape) if name else None
    except TableError as error:
        raise UnreadableImageError(f"{path} is no CASA image: {error.message}", hint=error.hint) from error
    try:
        header = make_header(keywords, shape[::-1])
        axes = find_axes(header, shape[::-1])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UnreadableImageError(
            f"The coordinates of {path} cannot be understood: {error}.", hint="Export the image to FITS with CASA."
        ) from error
    if axes is None:
        raise UnreadableImageError(f"{path} has no two axes of sky.", hint="Give an image of the sky.")
    return CasaImage(header, axes, CasaPixels(table, mask), keywords.get("imageinfo", {}))


def _find_shape(path: str, table: TableReader) -> tuple[int, ...]:
    if _PIXELS not in table.columns or table.nrows != 1 or "coords" not in table.keywords:
        columns = ", ".join(table.columns) or "none"
        raise UnreadableImageError(
            f"{path} is a CASA table but no image: it has {table.nrows} rows and the columns {columns}.",
            hint=f"Look into it with: dsa110-qa table {path}",
        )
    return _cell_shape(table, _PIXELS)


def _cell_shape(table: TableReader, column: str) -> tuple[int, ...]:
    (shape,) = table.cell_shapes(column, 0, 1)
    return shape or ()


def _open_mask(path: str, name: str, shape: tuple[int, ...]) -> TableReader:
    mask = open_table(os.path.join(path, name))  # noqa: PTH118 - paths are text in this room
    found = _cell_shape(mask, _MASK)
    if found != shape:
        raise UnreadableImageError(
            f"The mask {name} of {path} has the shape {found}, the image {shape}.",
            hint="Write the image anew with a mask of its own shape.",
        )
    return mask


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
    beam = _make_beam(keywords.get("imageinfo", {}).get("restoringbeam", {}))
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


def _make_beam(record: Record) -> Beam | None:
    sizes = [record.get(name) for name in ("major", "minor", "positionangle")]
    return make_beam(*(None if size is None else _in_degrees(size) for size in sizes))


def _in_degrees(quantity: Record) -> float:
    units = {"deg": 1.0, "arcmin": 1 / 60, "arcsec": 1 / 3600, "rad": math.degrees(1)}
    unit = str(quantity["unit"])
    if unit not in units:
        raise ValueError(f"its beam is given in {unit!r}")
    return float(quantity["value"]) * units[unit]
