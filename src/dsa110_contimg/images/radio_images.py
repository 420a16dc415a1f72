"""A radio image as the rest of the package sees it, from whatever file it comes."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from functools import cached_property

from dsa110_contimg.errors import ImageNotFoundError, UnreadableImageError
from dsa110_contimg.images.beam import find_beam
from dsa110_contimg.images.celestial import read_celestial
from dsa110_contimg.images.dates import read_mjd
from dsa110_contimg.images.fits_files import open_fits
from dsa110_contimg.images.pixels import Plane
from dsa110_contimg.images.projections import make_projection, unit_vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any, Protocol

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from dsa110_contimg.images.axes import Axes
    from dsa110_contimg.images.beam import Beam, PlaneBeams
    from dsa110_contimg.images.header import Header
    from dsa110_contimg.images.pixels import Pixels
    from dsa110_contimg.images.servers import Version

    Identity = tuple[int, int, int]

    class Source(Protocol):
        """What FITS files and CASA images have in common."""

        @property
        def header(self) -> Header:
            """The image's cards."""
            ...

        @property
        def axes(self) -> Axes:
            """Which axes are the sky, and how the others are chosen."""
            ...

        @property
        def pixels(self) -> Pixels:
            """The pixels."""
            ...

        def read_plane_beams(self) -> PlaneBeams:
            """Read the beams of the planes, where each has its own."""
            ...


class RadioImage:
    """One image of the sky: where things are on it, and its pixels.

    Parameters
    ----------
    path : str
        Where the image is.
    source : Source
        The file's side of it.
    identity : tuple of int, optional
        Time, size and inode of the file that was opened.

    Raises
    ------
    UnreadableImageError
        If its coordinates cannot be understood.
    """

    def __init__(self, path: str, source: Source, identity: Identity | None = None) -> None:
        self.path = path
        """Where the image is."""
        self.header = source.header
        """The image's cards."""
        self.axes = source.axes
        """Which axes are the sky, and how the others are chosen."""
        self.identity = identity
        """Time, size and inode of the file when it was opened; None for what is no file."""
        self._source = source
        self._beams: dict[tuple[int, int], Beam | None] = {}
        try:
            self.celestial = read_celestial(self.header, self.axes.longitude, self.axes.latitude)
            """The sky coordinates in canonical form."""
            self.projection = make_projection(self.celestial)
            """The way from the sky to the pixels."""
        except ValueError as error:
            raise UnreadableImageError(
                f"{path}: {error}.", hint="Correct the WCS keywords of its header, or write the image anew."
            ) from error

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (ny, nx) of one plane."""
        return self.axes.shape

    @cached_property
    def pixel_scales_deg(self) -> tuple[float, float]:
        """Size (y, x) of a pixel at the reference point, in degrees."""
        return self.celestial.pixel_scales_deg

    @property
    def held_bytes(self) -> int:
        """Memory that the open image holds."""
        return self._source.pixels.held_bytes

    @cached_property
    def unit(self) -> str | None:
        """Unit of the pixels, as ``BUNIT`` says it; None where it does not."""
        return self.header.string("BUNIT") or None

    @cached_property
    def mjd(self) -> float | None:
        """Start of the observation as a Modified Julian Date in days; None where the header names none."""
        return read_mjd(self.header)

    def find_beam(self, plane: tuple[int, ...]) -> Beam | None:
        """Find the beam of one plane; see `images.beam.find_beam`.

        Parameters
        ----------
        plane : tuple of int
            From `Axes.choose_plane`.

        Returns
        -------
        Beam or None
            The beam; None where the image names none.

        Raises
        ------
        UnreadableImageError
            If a keyword of the beam is no number.
        """
        channel, stokes = (0 if axis is None else plane[axis] for axis in (self.axes.spectral, self.axes.stokes))
        if (channel, stokes) not in self._beams:
            try:
                found = find_beam(self.header, self._source.read_plane_beams, channel, stokes)
            except ValueError as error:
                raise UnreadableImageError(f"{self.path}: {error}.", hint="Correct the header's beam.") from error
            self._beams[channel, stokes] = found
        return self._beams[channel, stokes]

    def find_pixels(self, ra_deg: ArrayLike, dec_deg: ArrayLike) -> NDArray[np.float64]:
        """Find where positions fall.

        Parameters
        ----------
        ra_deg, dec_deg : array_like, shape (n,)
            Positions in ICRS, in degrees.

        Returns
        -------
        numpy.ndarray, shape (n, 2)
            The pixels (y, x) counted from zero, on or off the image; NaN where the projection does not reach.
        """
        return self.projection.project(unit_vectors(ra_deg, dec_deg))[::-1].T

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels: float32, or float64 where 32 bits do not hold what is stored."""
        return self._source.pixels.dtype

    def gather(
        self, plane: tuple[int, ...], origins: NDArray[np.int64], out: NDArray[np.floating[Any]], fill_value: float
    ) -> NDArray[np.uint8]:
        """Fill windows of one plane, which may reach beyond the image.

        Parameters
        ----------
        plane : tuple of int
            From `Axes.choose_plane`.
        origins : numpy.ndarray, shape (n, 2)
            Row and column (y0, x0) of each window's first pixel; may be negative.
        out : numpy.ndarray, shape (n, ny, nx)
            The windows, filled here: NaN where a pixel is blank.
        fill_value : float
            What stands beyond the edge of the image.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Status of each window, as a number in `gathering.STATUSES`.

        Raises
        ------
        UnreadableImageError
            If the pixels cannot be decompressed or read, or the file has changed since it was opened.
        """
        axes, last = self.axes, len(self.axes.lengths) - 1
        at = Plane(plane[::-1], last - axes.latitude, last - axes.longitude, axes.shape)
        try:
            statuses = self._source.pixels.gather(at, origins, out, fill_value)
        except EOFError as error:
            raise self._changed() from error
        if self.identity is not None and self.identity != _identify(self.path):
            raise self._changed()
        return statuses

    def _changed(self) -> UnreadableImageError:
        return UnreadableImageError(
            f"{self.path} changed, or was removed, while it was read.", hint="Start again once it is complete."
        )


_HELD_BYTES = 256 * 1024**2
_OPEN_IMAGES = 64

_opened: OrderedDict[tuple[str, int | str | None], tuple[Identity | Version, RadioImage]] = OrderedDict()
_opening = threading.Lock()


def open_image(path: str | PathLike[str], hdu: int | str | None = None) -> RadioImage:
    """Open an image of the sky.

    Parameters
    ----------
    path : path-like
        A FITS file (plain, gzipped or tile-compressed) or the folder of a CASA image; the address of a FITS file
        that begins with ``https://``, ``http://`` or ``s3://``.
    hdu : int or str, optional
        Number of the HDU counted from zero, or its ``EXTNAME``; the first image of the sky by default.

    Returns
    -------
    RadioImage
        The image. Its pixels are read when they are asked for.

    Raises
    ------
    ImageNotFoundError
        If there is nothing at the path.
    UnreadableImageError
        If it is no image of the sky, or a damaged one, or its server sends none.
    MissingDependencyError
        If an address is given, and the extra ``remote`` is not installed.

    Notes
    -----
    The last 64 FITS files stay open, gzipped ones up to 256 MiB of pixels together; a file that was written anew in
    the meantime is opened anew.
    """
    name = os.fspath(path)
    if "://" in name:
        return _open_address(name, hdu)
    try:
        status = os.stat(name)  # noqa: PTH116 - pathlib costs 10 ms at start-up
        if stat.S_ISDIR(status.st_mode):
            return _open_folder(name, hdu)
        if stat.S_ISFIFO(status.st_mode):  # to open one would wait for its writer, for ever if there is none
            raise UnreadableImageError(
                f"{name} is a pipe, which has no pixels to go back to.", hint="Write the image to a file first."
            )
        key = _identity_of(status)
        absolute = os.path.abspath(name)  # noqa: PTH100
        with _opening:
            kept = _opened.get((absolute, hdu))
            if kept is not None and kept[0] == key:
                _opened.move_to_end((absolute, hdu))
                return kept[1]
        image = RadioImage(name, open_fits(name, hdu), key)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageNotFoundError(f"There is no image at {name}.", hint="Check the path.") from error
    except PermissionError as error:
        raise UnreadableImageError(
            f"{name} may not be read: {error.strerror}.", hint="Change its permissions."
        ) from error
    except OSError as error:  # such as a socket, a link to itself, a disk that fails
        raise UnreadableImageError(f"{name} cannot be read: {error.strerror}.", hint="Check the path.") from error
    _keep((absolute, hdu), key, image)
    return image


def _open_address(address: str, hdu: int | str | None) -> RadioImage:
    from dsa110_contimg.images.remote import RemoteFile, is_current

    with _opening:
        kept = _opened.get((address, hdu))
    if kept is not None and is_current(address, kept[0]):
        return kept[1]
    file = RemoteFile(address)
    image = RadioImage(file.name, open_fits(file.name, hdu, file))  # no identity: every answer is checked
    _keep((address, hdu), file.version, image)
    return image


def _keep(place: tuple[str, int | str | None], identity: Identity | Version, image: RadioImage) -> None:
    with _opening:
        _opened[place] = identity, image
        _opened.move_to_end(place)
        while len(_opened) > _OPEN_IMAGES or sum(kept.held_bytes for _, kept in _opened.values()) > _HELD_BYTES:
            _opened.popitem(last=False)


def _identity_of(status: os.stat_result) -> Identity:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _identify(path: str) -> Identity | None:
    try:
        return _identity_of(os.stat(path))  # noqa: PTH116
    except OSError:
        return None


def _open_folder(path: str, hdu: int | str | None) -> RadioImage:
    from dsa110_contimg.images.casa_images import open_casa_image

    if hdu is not None:
        raise UnreadableImageError(
            f"HDU {hdu!r} was asked for; {path} is a folder.", hint="Leave hdu out for CASA images."
        )
    return RadioImage(path, open_casa_image(path))
