"""Write the planes of a simulated image as FITS: axes in any order, plain, gzipped or in compressed tiles."""

from __future__ import annotations

import gzip
import io

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

COMPRESSIONS = {"RICE_1": 16.0, "GZIP_2": 0.0, "HCOMPRESS_1": 16.0}
"""Ways to compress tiles, and how many steps of quantisation there are to one rms; 0 loses nothing."""


def order_axes(planes: NDArray[np.float32], axes: tuple[str, ...]) -> NDArray[np.float32]:
    """Arrange planes, shape (n_channels, ny, nx), as the array of a file whose header names these axes.

    Returns
    -------
    ndarray
        The same pixels; the shape has the axes in reverse order, as numpy sees a FITS file, with axes of length 1
        for STOKES and TIME.
    """
    names = axes[::-1]
    given = ("FREQ", "DEC", "RA") if "FREQ" in names else ("DEC", "RA")
    array = planes if "FREQ" in names else planes[0]
    array = array.transpose([given.index(name) for name in names if name in given])
    return np.expand_dims(array, [position for position, name in enumerate(names) if name not in given])


def write_fits(
    path: Path,
    array: NDArray[np.float32],
    cards: dict[str, Any],
    compression: str | None,
    tile_shape: tuple[int, int] | None,
) -> None:
    """Write an array and its cards as FITS.

    Parameters
    ----------
    path : Path
        Where to write; gzipped if the name ends in ``.gz``.
    array : ndarray
        Pixels in Jy/beam, with the last axis of the header first.
    cards : dict
        The header, without the cards that describe the array itself.
    compression : str or None
        A key of `COMPRESSIONS`, which puts the image into extension 1; None for the primary array.
    tile_shape : tuple of int or None
        Pixels of a tile along the last two axes of the array; None for rows (16 of them for HCOMPRESS_1).
    """
    from astropy.io import fits

    header = fits.Header(cards)
    if compression is None:
        hdus = fits.HDUList([fits.PrimaryHDU(array, header)])
    else:
        rows = 16 if compression == "HCOMPRESS_1" else 1
        tile = (1,) * (array.ndim - 2) + (tile_shape or (min(rows, array.shape[-2]), array.shape[-1]))
        image = fits.CompImageHDU(
            array,
            header,
            compression_type=compression,
            tile_shape=tile,
            quantize_level=COMPRESSIONS[compression],
        )
        hdus = fits.HDUList([fits.PrimaryHDU(), image])
    if path.suffix != ".gz":
        hdus.writeto(path)
        return
    # astropy would put the time of day into the file, so that the same seed would give other bytes.
    plain = io.BytesIO()
    hdus.writeto(plain)
    path.write_bytes(gzip.compress(plain.getbuffer(), compresslevel=6, mtime=0))
