"""Radio images of which every source, the beam and the noise are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from dsa110_contimg._files import staged
from dsa110_contimg.images import Beam
from dsa110_contimg.simulate.checks import (
    require,
    require_among,
    require_at_least,
    require_not_negative,
    require_positive,
    start_chance,
)
from dsa110_contimg.simulate.fits_writing import COMPRESSIONS, order_axes, write_fits
from dsa110_contimg.simulate.image_headers import ImageGeometry, locate, read_axes, write_header
from dsa110_contimg.simulate.pixels import add_source, add_stripes, blank_corners, draw_noise, project_beam

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.simulate.sources import Source

BEAM = Beam(major_deg=15 / 3600, minor_deg=10 / 3600, pa_deg=30.0)
"""The beam of a simulated image unless another one is given: 15 by 10 arcsec at 30 degrees."""


@dataclass(frozen=True, eq=False)
class SimulatedImage:
    """An image on disk, and the truth about it."""

    path: Path
    """Where the image is."""
    sources: tuple[Source, ...]
    """What is in it."""
    positions: NDArray[np.float64]
    """Where the sources are, in pixels from 0, shape (n_sources, 2), in the order (y, x); read-only."""
    noise_jy_per_beam: float
    """The rms of the noise in Jy/beam."""
    beam: Beam
    """The synthesised beam."""
    shape: tuple[int, int]
    """Number of pixels, (ny, nx)."""
    mjd: float
    """Modified Julian date (UTC) of the observation."""
    header: Mapping[str, Any]
    """The cards of the header, but for those that describe the array itself; read-only."""


def simulate_image(
    path: str | PathLike[str],
    sources: Sequence[Source] = (),
    noise_jy_per_beam: float = 1e-3,
    *,
    shape: tuple[int, int] = (256, 256),
    ra_deg: float = 180.0,
    dec_deg: float = 37.0,
    pixel_arcsec: float | tuple[float, float] = 2.5,
    rotation_deg: float = 0.0,
    projection: str = "SIN",
    frame: str = "icrs",
    axes: int | tuple[str, ...] = 4,
    n_channels: int = 1,
    beam: Beam = BEAM,
    mjd: float = 60000.0,
    noise_is_correlated: bool = True,
    stripes_jy_per_beam: float = 0.0,
    nan_corners: bool | int = False,
    compression: str | None = None,
    tile_shape: tuple[int, int] | None = None,
    seed: int | Sequence[int] = 0,
) -> SimulatedImage:
    """Write a radio image of known sources, beam and noise.

    Parameters
    ----------
    path : str or path-like
        The FITS file to write; gzipped if the name ends in ``.gz``.
    sources : sequence of Source
        Point sources. Each must lie on the image.
    noise_jy_per_beam : float
        The rms of the noise in Jy/beam; 0 for none.
    shape : tuple of int
        Number of pixels, (ny, nx).
    ra_deg, dec_deg : float
        ICRS position of the reference pixel (ny // 2, nx // 2, counted from 0), in degrees.
    pixel_arcsec : float or tuple of float
        Size of a pixel in arcsec; two numbers are (y, x).
    rotation_deg : float
        Angle from the y axis of the image to north, in degrees, towards the east (the old CROTA2).
    projection : str
        A code of the FITS standard that needs no parameters, such as SIN, TAN, CAR or AIT.
    frame : {"icrs", "fk5", "galactic"}
        Sky frame of the header.
    axes : int or tuple of str
        Number of axes, 2 to 5, or the names RA, DEC, STOKES, FREQ, TIME in the order of the header.
    n_channels : int
        Planes along FREQ. All show the same sources; the noise of each is its own.
    beam : Beam
        The synthesised beam. Its position angle is counted in the frame of the header.
    mjd : float
        Modified Julian date (UTC) of the observation.
    noise_is_correlated : bool
        Whether the autocorrelation of the noise is the beam, as in an image from an interferometer, or it is white.
    stripes_jy_per_beam : float
        Amplitude of the stripes that one bad baseline leaves, in Jy/beam.
    nan_corners : bool or int
        Blank the corners: triangles with legs of so many pixels; True for a quarter of the shorter side.
    compression : {None, "RICE_1", "GZIP_2", "HCOMPRESS_1"}
        Compress in tiles, which puts the image into extension 1. GZIP_2 loses nothing, the others quantise.
    tile_shape : tuple of int, optional
        Pixels of a tile, (y, x); rows if left out.
    seed : int or sequence of int
        The same seed gives the same bytes.

    Returns
    -------
    SimulatedImage
        The truth.

    Raises
    ------
    BadSimulationError
        When an argument is impossible, or a source is not on the image.
    OutputExistsError
        When something stands at the path.
    UnwritableOutputError
        When the folder is absent or cannot be written to.

    Notes
    -----
    A point source has the shape of the beam, peaks between the pixels where its position falls, and its peak in
    Jy/beam is its flux density in Jy. As in a cleaned image, the beam is the same all over the pixel plane: its
    scale and orientation are those of the reference pixel. The noise wraps around the edges.
    Blank corners hide what lies under them, and the truth still lists it.

    If DEC comes before RA in the header, y still counts along DEC: the array in the file is transposed.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import Source, simulate_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     image = simulate_image(f"{folder}/field.fits", [Source(180.0, 37.0, flux_jy=0.1)], 1e-3)
    >>> image.positions
    array([[128., 128.]])
    """
    path = Path(path)
    geometry = ImageGeometry(
        shape, ra_deg, dec_deg, _per_axis(pixel_arcsec), projection, frame, read_axes(axes), n_channels, rotation_deg
    )
    require_positive(beam_minor_deg=beam.minor_deg, beam_major_deg=beam.major_deg)
    require(beam.minor_deg <= beam.major_deg, f"The minor axis of {beam} is the longer one.", "Swap the axes.")
    require_not_negative(noise_jy_per_beam=noise_jy_per_beam, stripes_jy_per_beam=stripes_jy_per_beam, mjd=mjd)
    require_among("compression", compression, (None, *COMPRESSIONS))
    if tile_shape is not None:
        require_at_least(1, tile_ny=tile_shape[0], tile_nx=tile_shape[1])
    require_at_least(0, nan_corners=nan_corners)
    cards = write_header(geometry, beam, mjd)
    positions = _place(sources, cards, geometry)
    covariance = project_beam(beam, geometry.world_per_pixel)
    random = start_chance(seed)
    planes = np.empty((n_channels, *shape), np.float32)
    for plane in planes:
        plane[:] = draw_noise(random, shape, noise_jy_per_beam, covariance if noise_is_correlated else None)
        if stripes_jy_per_beam:
            add_stripes(plane, stripes_jy_per_beam, random)
        for source, position in zip(sources, positions, strict=True):
            add_source(plane, position, source.flux_jy, covariance)
        blank_corners(plane, min(shape) // 4 if nan_corners is True else int(nan_corners))
    with staged(path.parent, [path.name]) as hidden:
        write_fits(hidden / path.name, order_axes(planes, geometry.axes), cards, compression, tile_shape)
    return SimulatedImage(path, tuple(sources), positions, noise_jy_per_beam, beam, shape, mjd, MappingProxyType(cards))


def _per_axis(pixel_arcsec: float | tuple[float, float]) -> tuple[float, float]:
    return pixel_arcsec if isinstance(pixel_arcsec, tuple) else (pixel_arcsec, pixel_arcsec)


def _place(sources: Sequence[Source], cards: dict[str, Any], geometry: ImageGeometry) -> NDArray[np.float64]:
    """Return the pixels (y, x) of the sources, shape (n, 2), read-only; all of them must be on the image."""
    if not sources:
        positions = np.empty((0, 2))
    else:
        positions = locate(cards, geometry, [s.ra_deg for s in sources], [s.dec_deg for s in sources])
    for source, position in zip(sources, positions, strict=True):
        require(
            bool(np.all((position >= -0.5) & (position < np.array(geometry.shape) - 0.5))),
            f"{source.name} at RA {source.ra_deg}, Dec {source.dec_deg} degrees falls on pixel (y, x) = "
            f"({position[0]:.1f}, {position[1]:.1f}) of an image of {geometry.shape[0]} by {geometry.shape[1]}.",
            "Leave the source out, or make the image larger.",
        )
    positions.flags.writeable = False
    return positions
