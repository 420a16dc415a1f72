"""Tile-compressed FITS images, decoded by astropy."""

from __future__ import annotations

import threading
import warnings
import weakref
import zlib
from contextlib import contextmanager

import numpy as np

from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images.header import Header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images.pixels import Index

_opening = threading.Lock()  # catch_warnings changes what all threads share


class CompressedPixels:
    """Pixels of which astropy decompresses the tiles that an index touches.

    Parameters
    ----------
    path : str
        The file.
    number : int
        Number of the HDU, counted from zero.

    Raises
    ------
    UnreadableImageError
        If astropy cannot open it.
    """

    held_bytes = 0

    def __init__(self, path: str, number: int) -> None:
        from astropy.io import fits
        from astropy.utils.exceptions import AstropyWarning

        self._path = path
        self._reading = threading.Lock()  # the section seeks in one file
        with _opening, warnings.catch_warnings(), _decoding(path):
            # Said for somebody who wants to mend the file; what touches the pixels is an error.
            warnings.simplefilter("ignore", AstropyWarning)
            hdus = fits.open(path)
            weakref.finalize(self, hdus.close)
            hdu = hdus[number]
            self.header = Header(hdu.header.tostring(endcard=False, padding=False))
            """The cards of the image that is compressed, not of the table that holds it."""
            self._section = hdu.section

    def read(self, index: Index) -> NDArray[np.floating[Any]]:
        """Decompress the pixels at an index.

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
            If a tile is damaged.
        """
        with self._reading, _decoding(self._path):
            found = np.asarray(self._section[index])
        wide = found.dtype.itemsize > (4 if found.dtype.kind == "f" else 2)
        return found.astype("f8" if wide else "f4")


@contextmanager
def _decoding(path: str) -> Iterator[None]:
    """Turn what astropy and its decoders raise on damaged bytes into an error of ours."""
    from astropy.io.fits.hdu.compressed._compression import CfitsioException
    from astropy.io.fits.verify import VerifyError

    try:
        yield
    except (
        *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, TypeError, ValueError),
        *(CfitsioException, VerifyError, zlib.error),
    ) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableImageError(
            f"The compressed image in {path} cannot be decoded: {reason}.",
            hint="The file is damaged: copy or make it again.",
        ) from error
