"""Tile-compressed FITS images, decoded by astropy."""

from __future__ import annotations

import re
import threading
import warnings
import weakref
import zlib
from contextlib import contextmanager

import numpy as np

from dsa110_contimg.errors import ImageError, UnreadableImageError
from dsa110_contimg.images.gathering import gather_each
from dsa110_contimg.images.header import Header

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from numpy.typing import NDArray

    from dsa110_contimg.images.pixels import Index, Plane

_TILES = {"COMPRESSED_DATA", "GZIP_COMPRESSED_DATA", "UNCOMPRESSED_DATA"}
_FORM = re.compile(r"(?P<repeat>\d*)(?P<kind>[LXBIJKAEDCMPQ])(?P<element>(?<=[PQ])[LBIJKAEDCM])?")
_BYTES = {"L": 1, "X": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}

_opening = threading.Lock()  # catch_warnings changes what all threads share


class CompressedPixels:
    """Pixels of which astropy decompresses the tiles that an index touches.

    Parameters
    ----------
    path : str
        The file.
    number : int
        Number of the HDU, counted from zero.
    content : str or file object
        What astropy opens.

    Raises
    ------
    UnreadableImageError
        If astropy cannot open it.
    """

    held_bytes = 0

    def __init__(self, path: str, number: int, content: str | BinaryIO) -> None:
        from astropy.io import fits
        from astropy.utils.exceptions import AstropyWarning

        self._path = path
        self._reading = threading.Lock()  # the section seeks in one file
        with _opening, warnings.catch_warnings(), _decoding(path):
            # Said for somebody who wants to mend the file; what touches the pixels is an error.
            warnings.simplefilter("ignore", AstropyWarning)
            hdus = fits.open(content)
            weakref.finalize(self, hdus.close)
            hdu = hdus[number]
            self.header = Header(hdu.header.tostring(endcard=False, padding=False))
            """The cards of the image that is compressed, not of the table that holds it."""
            self._section = hdu.section
            self.dtype = _choose_type(np.dtype(hdu.section.dtype))

    def gather(
        self, plane: Plane, origins: NDArray[np.int64], out: NDArray[np.floating[Any]], fill_value: float
    ) -> NDArray[np.uint8]:
        """Fill windows; see `Pixels`."""
        return gather_each(lambda *at: plane.read(self, *at), plane.shape, origins, out, fill_value)

    def read(self, index: Index) -> NDArray[np.floating[Any]]:
        """Decompress the pixels at an index; see `Pixels`. A damaged tile is an UnreadableImageError."""
        with self._reading, _decoding(self._path):
            found = np.asarray(self._section[index])
        return found.astype(self.dtype)


def _choose_type(stored: np.dtype[Any]) -> np.dtype[Any]:
    """As astropy does: integers of 8 and 16 bits fit float32, longer ones need float64."""
    return np.dtype("f8" if stored.itemsize > (4 if stored.kind == "f" else 2) else "f4")


def check_tiles(path: str, header: Header, buffer: mmap.mmap | bytes, data_start: int) -> None:
    """Check that every tile lies where its descriptor says; astropy's decoders crash Python where one does not.

    Parameters
    ----------
    path : str
        The file, for the error's message.
    header : Header
        The cards of the table that holds the tiles.
    buffer : mmap.mmap or bytes
        The whole file.
    data_start : int
        Where the table begins.

    Raises
    ------
    UnreadableImageError
        If a descriptor points outside the table's heap, or to fewer bytes than any tile has.
    ValueError
        If a keyword of the table is no number.
    """
    n_rows, width = int(header.number("NAXIS2", 0)), int(header.number("NAXIS1", 0))
    table = np.ndarray((n_rows, width), np.uint8, buffer, data_start)
    heap = n_rows * width + int(header.number("PCOUNT", 0)) - int(header.number("THEAP", n_rows * width))
    shortest = 5 if header.string("ZCMPTYPE").startswith("RICE") else 1  # one pixel as it is, and one code
    position = 0
    for field in range(1, int(header.number("TFIELDS", 0)) + 1):
        form = _FORM.match(header.string(f"TFORM{field}"))
        if form is None:
            raise ValueError(f"TFORM{field} = {header.get(f'TFORM{field}')!r} is no format")
        size = int(form["repeat"] or 1) * _BYTES[form["kind"]]
        if form["element"] and header.string(f"TTYPE{field}") in _TILES:
            pairs = table[:, position : position + size].copy().view(">i4" if form["kind"] == "P" else ">i8")
            length, offset = pairs.astype(np.int64).T
            end = offset + length * _BYTES[form["element"]]
            wrong = (length < 0) | (offset < 0) | (end > heap) | ((length > 0) & (length < shortest))
            if wrong.any():
                raise UnreadableImageError(
                    f"{path} is damaged: tile {int(wrong.argmax()) + 1} of {n_rows} is not where the file says it is.",
                    hint="Copy or make the file again.",
                )
        position += size


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
        *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, TypeError, ValueError),
        *(CfitsioException, VerifyError, zlib.error),
    ) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableImageError(
            f"The compressed image in {path} cannot be decoded: {reason}.",
            hint="The file is damaged: copy or make it again.",
        ) from error
