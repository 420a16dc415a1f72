"""CASA images: a folder with one cell of pixels, a mask, and records of coordinates and beams."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.casa.tables import open_table
from dsa110_contimg.errors import CasaError, TableError, UnreadableImageError
from dsa110_contimg.images.axes import find_axes
from dsa110_contimg.images.casa_records import make_header, read_beam
from dsa110_contimg.images.gathering import gather_each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.images.axes import Axes
    from dsa110_contimg.images.beam import Beam, PlaneBeams
    from dsa110_contimg.images.casa_records import Record
    from dsa110_contimg.images.header import Header
    from dsa110_contimg.images.pixels import Index, Plane

_PIXELS, _MASK = "map", "PagedArray"
_CELL = range(1)
"""All pixels are one cell of the table's one row."""
_FLOAT, _DOUBLE = np.dtype("f4"), np.dtype("f8")


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
            beam = read_beam(record.get(f"*{number}", {}))
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
        self.dtype = _FLOAT if image.columns[_PIXELS].value_type == "float" else _DOUBLE

    def gather(
        self, plane: Plane, origins: NDArray[np.int64], out: NDArray[np.floating[Any]], fill_value: float
    ) -> NDArray[np.uint8]:
        """Fill windows; see `Pixels`. A table that cannot be read is an UnreadableImageError."""
        return gather_each(lambda *at: plane.read(self, *at), plane.shape, origins, out, fill_value)

    def read(self, index: Index) -> NDArray[np.floating[Any]]:
        """Read the pixels at an index; see `Pixels`. A table that cannot be read is an UnreadableImageError."""
        part = tuple(entry if isinstance(entry, slice) else slice(entry, entry + 1) for entry in index)
        degenerate = tuple(axis for axis, entry in enumerate(index) if not isinstance(entry, slice))
        try:
            found = self._image.read(_PIXELS, _CELL, part)[0]
            good = None if self._mask is None else self._mask.read(_MASK, _CELL, part)[0]
        except (CasaError, TableError) as error:
            raise UnreadableImageError(f"The pixels cannot be read: {error.message}", hint=error.hint) from error
        # Squeezed before it is copied, so that the caller gets an array of its own and no view.
        pixels: NDArray[np.floating[Any]] = found.squeeze(degenerate).astype(self.dtype)
        if good is not None:
            pixels[~good.squeeze(degenerate)] = math.nan
        return pixels


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
    except (CasaError, TableError) as error:
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
    (shape,) = table.cell_shapes(column, _CELL)
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
