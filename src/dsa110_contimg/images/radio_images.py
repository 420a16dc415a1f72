"""A radio image as the rest of the package sees it, from whatever file it comes."""

from __future__ import annotations

import math
import os
from functools import cached_property

import numpy as np

from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images.beam import find_beam
from dsa110_contimg.images.celestial import read_celestial
from dsa110_contimg.images.dates import read_mjd
from dsa110_contimg.images.frequencies import find_frequency
from dsa110_contimg.images.pixels import Plane
from dsa110_contimg.images.projections import make_projection, unit_vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from numpy.typing import ArrayLike, NDArray

    from dsa110_contimg.images.axes import Axes
    from dsa110_contimg.images.beam import Beam, PlaneBeams
    from dsa110_contimg.images.header import Header
    from dsa110_contimg.images.pixels import Pixels

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


_BAND_BYTES = 16 * 1024**2
"""A plane that is read whole is read in bands of rows of so many bytes: large beside a tile, small beside the plane."""


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

    def find_frequency(self, plane: tuple[int, ...]) -> float | None:
        """Find the frequency of one plane; see `images.frequencies.find_frequency`.

        Parameters
        ----------
        plane : tuple of int
            From `Axes.choose_plane`.

        Returns
        -------
        float or None
            Hertz; None where the header tells none.

        Raises
        ------
        UnreadableImageError
            If a keyword of it is no number.
        """
        try:
            return find_frequency(self.header, self.axes, plane)
        except ValueError as error:
            raise UnreadableImageError(f"{self.path}: {error}.", hint="Correct the header's frequency.") from error

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

    def read_plane(self, plane: tuple[int, ...]) -> NDArray[np.floating[Any]]:
        """Read one plane whole.

        Parameters
        ----------
        plane : tuple of int
            From `Axes.choose_plane`.

        Returns
        -------
        numpy.ndarray, shape (ny, nx)
            The pixels, contiguous, for the caller to keep or to change: NaN where a pixel is blank.

        Raises
        ------
        UnreadableImageError
            As `gather` does.

        Notes
        -----
        Bands of whole rows are the windows of one call of `gather`: so every tile is decoded once, and the pages of a
        map are let go behind each band. Beside the plane itself little memory is needed.
        """
        ny, nx = self.shape
        n_bands = min(max(math.ceil(ny * nx * self.dtype.itemsize / _BAND_BYTES), 1), ny)
        rows = math.ceil(ny / n_bands)
        bands = np.empty((n_bands, rows, nx), self.dtype)  # the last ones may reach beyond the image
        origins = np.zeros((n_bands, 2), np.int64)
        origins[:, 0] = np.arange(n_bands) * rows
        self.gather(plane, origins, bands, math.nan)
        return bands.reshape(-1, nx)[:ny]

    def _changed(self) -> UnreadableImageError:
        return UnreadableImageError(
            f"{self.path} changed, or was removed, while it was read.", hint="Start again once it is complete."
        )


def identity_of(status: os.stat_result) -> Identity:
    """Tell time, size and inode of a file, by which one that was written anew is known."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def _identify(path: str) -> Identity | None:
    try:
        return identity_of(os.stat(path))  # noqa: PTH116
    except OSError:
        return None
