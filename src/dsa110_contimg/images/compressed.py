"""Tile-compressed FITS images: each tile decoded once, by the compiled helper or by astropy."""

from __future__ import annotations

import mmap
import os
import threading
import warnings
import weakref
import zlib
from contextlib import contextmanager

import numpy as np

from dsa110_contimg.errors import ImageError, UnreadableImageError
from dsa110_contimg.images.blocks import Block, Windows, find_bands, find_runs
from dsa110_contimg.images.header import Header
from dsa110_contimg.images.tiles import CELLS, RiceTiles, Tiling, find_rice_format, read_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from numpy.typing import NDArray

    from dsa110_contimg.images.fits_files import Buffer
    from dsa110_contimg.images.pixels import Index, Plane
    from dsa110_contimg.images.tiles import ReadBytes

_MOST_BYTES = 64 << 20
"""Memory that the pixels of one band of rows may take, where a row of tiles takes no more."""

_opening = threading.Lock()  # catch_warnings changes what all threads share


class CompressedPixels:
    """Pixels in compressed tiles, each of which is decoded once for all windows that it touches.

    Rice-coded tiles are decoded by the compiled helper, all others (and without the helper, all) by astropy.

    Parameters
    ----------
    path : str
        The file.
    number : int
        Number of the HDU, counted from zero.
    content : str or file object
        What astropy opens.
    table : Header
        The cards of the table that holds the tiles.
    buffer : Buffer
        The whole file.
    data_start : int
        Where the table begins.

    Raises
    ------
    UnreadableImageError
        If it cannot be opened or its tiles do not fit the image.
    """

    held_bytes = 0

    def __init__(
        self, path: str, number: int, content: str | BinaryIO, table: Header, buffer: Buffer, data_start: int
    ) -> None:
        from astropy.io import fits
        from astropy.utils.exceptions import AstropyWarning

        self._path = path
        self._reading = threading.Lock()  # the section seeks in one file
        with _opening, warnings.catch_warnings(), _decoding(path):
            # Said for somebody who wants to mend the file; what touches the pixels is an error.
            warnings.simplefilter("ignore", AstropyWarning)
            # Not mapped: a file that becomes shorter would end Python.
            hdus = fits.open(content, memmap=False)
            weakref.finalize(self, hdus.close)
            hdu = hdus[number]
            self.header = Header(hdu.header.tostring(endcard=False, padding=False))
            """The cards of the image that is compressed, not of the table that holds it."""
            self._section = hdu.section
            self.dtype = _choose_type(np.dtype(hdu.section.dtype))
        with _decoding(path):
            self._tiling = Tiling.from_header(table)
            how = find_rice_format(table, self.header)
            self._rice = how and RiceTiles(table, self._tiling, how, self._open(buffer), data_start, self.dtype)

    def gather(
        self, plane: Plane, origins: NDArray[np.int64], out: NDArray[np.floating[Any]], fill_value: float
    ) -> NDArray[np.uint8]:
        """Fill windows; see `Pixels`."""
        windows = Windows(origins, (out.shape[1], out.shape[2]), plane.shape)
        blocks = self._rice.read(plane, windows) if self._rice else self._read_bands(plane, windows)
        with _decoding(self._path):
            return windows.fill(blocks, out, fill_value)

    def _read_bands(self, plane: Plane, windows: Windows) -> Iterator[Block]:
        """Read bands of whole tiles, such that every tile that is needed is in one of them, and no other is."""
        height, width = self._tiling.on(plane)
        most = max(_MOST_BYTES // (plane.shape[1] * self.dtype.itemsize * height), 1)
        needed = windows.find_needed(plane.shape, (height, width))
        for band in find_bands(needed, most):
            rows = slice(band.start * height, min(band.stop * height, plane.shape[0]))
            for run in find_runs(needed[band.start]):
                columns = slice(run.start * width, min(run.stop * width, plane.shape[1]))
                yield Block(rows.start, columns.start, plane.read(self, rows, columns))

    def _open(self, buffer: Buffer) -> ReadBytes:
        if not isinstance(buffer, mmap.mmap):
            return lambda start, stop: _check_length(buffer[start:stop], stop - start)
        # Not from the map, for the same reason as above.
        file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, file)
        return lambda start, stop: _check_length(os.pread(file, stop - start, start), stop - start)

    def read(self, index: Index) -> NDArray[np.floating[Any]]:
        """Decompress the pixels at an index; see `Pixels`. A damaged tile is an UnreadableImageError."""
        with self._reading, _decoding(self._path):
            found = np.asarray(self._section[index])
        return found.astype(self.dtype)


def _choose_type(stored: np.dtype[Any]) -> np.dtype[Any]:
    """As astropy does: integers of 8 and 16 bits fit float32, longer ones need float64."""
    return np.dtype("f8" if stored.itemsize > (4 if stored.kind == "f" else 2) else "f4")


def check_tiles(path: str, header: Header, rows: bytes) -> None:
    """Check that every tile lies where its descriptor says; astropy's decoders crash Python where one does not.

    Parameters
    ----------
    path : str
        The file, for the error's message.
    header : Header
        The cards of the table that holds the tiles.
    rows : bytes
        The rows of the table, without its heap.

    Raises
    ------
    UnreadableImageError
        If a descriptor points outside the table's heap, or to fewer bytes than any tile has.
    ValueError
        If a keyword of the table is no number.
    """
    n_rows, width = int(header.number("NAXIS2", 0)), int(header.number("NAXIS1", 0))
    table = np.frombuffer(rows, np.uint8).reshape(n_rows, width)
    heap = n_rows * width + int(header.number("PCOUNT", 0)) - int(header.number("THEAP", n_rows * width))
    shortest = 5 if header.string("ZCMPTYPE").startswith("RICE") else 1  # one pixel as it is, and one code
    for field in read_fields(header):
        if field.element and field.name in CELLS:
            length, offset = field.read(table).T
            end = offset + length * field.element_bytes
            wrong = (length < 0) | (offset < 0) | (end > heap) | ((length > 0) & (length < shortest))
            if wrong.any():
                raise UnreadableImageError(
                    f"{path} is damaged: tile {int(wrong.argmax()) + 1} of {n_rows} is not where the file says it is.",
                    hint="Copy or make the file again.",
                )


def _check_length(found: bytes, expected: int) -> bytes:
    if len(found) != expected:
        raise EOFError("it became shorter while it was read")
    return found


@contextmanager
def _decoding(path: str) -> Iterator[None]:
    """Turn what astropy and its decoders raise on damaged bytes into an error of ours."""
    from astropy.io.fits.hdu.compressed._compression import CfitsioException
    from astropy.io.fits.verify import VerifyError

    try:
        yield
    except ImageError:  # from a server
        raise
    except (
        *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError),
        *(RuntimeError, TypeError, ValueError),
        *(CfitsioException, VerifyError, zlib.error),
    ) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableImageError(
            f"The compressed image in {path} cannot be decoded: {reason}.",
            hint="The file is damaged: copy or make it again.",
        ) from error
