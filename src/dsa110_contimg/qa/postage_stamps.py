"""Stamps: small images cut around positions on the sky.

Importing this module loads no numpy, which would start threads: what it needs is imported in its functions.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property

from dsa110_contimg.errors import BadPositionError, NoOverlapError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.images.celestial import Celestial
    from dsa110_contimg.images.header import Value


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Cutout:
    """A stamp: the pixels around one position, and where they are from.

    Notes
    -----
    ``data, wcs, metadata = create_cutout(...)`` still unpacks, for callers of the old form; new code reads the fields.
    """

    data: NDArray[np.floating[Any]]
    """Pixels, shape (ny, nx), in `unit`: native byte order, read-only. NaN where there is no sky."""
    ra_deg: float
    """Right ascension of the position in ICRS, in degrees."""
    dec_deg: float
    """Declination of the position in ICRS, in degrees."""
    size_arcmin: float
    """Length of a side as it was asked for, in arcminutes."""
    image: str
    """Path of the parent image."""
    plane: Mapping[str, int | str]
    """Which plane of a cube this is: ``stokes`` (a name), ``channel`` (from zero), where the parent has such axes."""
    origin: tuple[int, int]
    """Row and column (y0, x0) of the parent plane that became pixel (0, 0); negative beyond its edge."""
    target: tuple[float, float]
    """Where in the stamp the position is (y, x); the centre of a pixel is at integers."""
    unit: str | None
    """Unit of the pixels, as the parent's ``BUNIT`` says it."""
    beam: Beam | None
    """Synthesised beam of the plane; None where the parent names none."""
    mjd: float | None
    """Start of the observation as a Modified Julian Date in days; None where the parent names none."""
    status: str
    """``"full"``; ``"partial"`` where some pixels have no sky; ``"blank"`` where none has, or all are zero."""
    header: Mapping[str, Value]
    """The parent's cards, read-only."""
    parent_celestial: Celestial
    """Sky coordinates of the parent in canonical form, from which `wcs` is made."""

    def __repr__(self) -> str:
        ny, nx = self.data.shape
        return f"<Cutout {ny}×{nx} px at {self.ra_deg:.6f} {self.dec_deg:+.6f} of {self.image} ({self.status})>"

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.data.flags.writeable = False  # which pickling forgets

    def __iter__(self) -> Iterator[Any]:
        beam = self.beam
        yield self.data
        yield self.wcs
        yield {
            "image": self.image,
            "ra_deg": self.ra_deg,
            "dec_deg": self.dec_deg,
            "size_arcmin": self.size_arcmin,
            "unit": self.unit,
            "mjd": self.mjd,
            "status": self.status,
            "origin": self.origin,
            "target": self.target,
            "beam_major_deg": None if beam is None else beam.major_deg,
            "beam_minor_deg": None if beam is None else beam.minor_deg,
            "beam_pa_deg": None if beam is None else beam.pa_deg,
        }

    @cached_property
    def wcs(self) -> Any:
        """Two celestial axes of the stamp as an `astropy.wcs.WCS`, made when they are first asked for."""
        return self.parent_celestial.shift(*self.origin).make_wcs(self.data.shape)

    @cached_property
    def sky_axes(self) -> NDArray[np.float64]:
        """How east and north lie on the stamp: ``[[dx/dE, dx/dN], [dy/dE, dy/dN]]`` in pixels per degree.

        Where the map is torn, as at the pole of a cylindrical projection, those of the reference point.
        """
        import numpy as np

        from dsa110_contimg.images.projections import local_axes, make_projection

        celestial = self.parent_celestial
        axes = local_axes(make_projection(celestial), self.ra_deg, self.dec_deg)
        height, width = celestial.pixel_scales_deg
        # Where the map is torn (the rim, the pole of a cylinder) there are no local directions.
        if not 1e-5 < abs(np.linalg.det(axes)) * height * width < 1e5:
            return np.linalg.inv(np.array(celestial.matrix))
        return axes

    def write(self, path: str | PathLike[str]) -> None:
        """Write the stamp as a FITS file.

        Parameters
        ----------
        path : path-like
            The file; what is there is replaced once the new file is complete.

        Raises
        ------
        UnwritableOutputError
            If the folder is absent or cannot be written to.

        Notes
        -----
        The file has two axes and one description of the sky. It keeps the beam and the parent's other cards, and says
        where it was cut: ``LTV1`` and ``LTV2`` (which DS9 shows as physical coordinates), and a line of history.
        """
        from dsa110_contimg.qa.stamp_files import write_fits

        write_fits(self, path)

    def draw(self, ax: Any = None) -> Any:
        """Draw the stamp with matplotlib: sky axes, beam at its true size and angle, and a mark on the target.

        Parameters
        ----------
        ax : astropy.visualization.wcsaxes.WCSAxes, optional
            Axes to draw on, made with ``projection=cutout.wcs``; a new figure by default.

        Returns
        -------
        astropy.visualization.wcsaxes.WCSAxes
            The axes.

        Raises
        ------
        MissingDependencyError
            If matplotlib is not installed.
        TypeError
            If the axes were made without the projection of a WCS.
        """
        from dsa110_contimg.qa.stamp_figure import draw_figure

        return draw_figure(self, ax)

    def _repr_png_(self) -> bytes:
        from io import BytesIO

        from dsa110_contimg.qa.stamp_sheet import draw_stamp

        picture = BytesIO()
        draw_stamp(self).save(picture, "PNG")
        return picture.getvalue()


def create_cutout(
    image: str | PathLike[str],
    ra_deg: float,
    dec_deg: float,
    size_arcmin: float = 2.0,
    *,
    hdu: int | str | None = None,
    stokes: str | None = None,
    channel: int | None = None,
    fill_value: float = math.nan,
) -> Cutout:
    """Cut a stamp around a position.

    Parameters
    ----------
    image : path-like
        A FITS image (two to five axes in any order; plain, gzipped or tile-compressed) or the folder of a CASA image.
    ra_deg, dec_deg : float
        Position in ICRS, in degrees. The frame of the image is honoured.
    size_arcmin : float
        Length of a side in arcminutes. The number of pixels is this over the pixel's own size along each axis at the
        reference point, rounded.
    hdu : int or str, optional
        Number of the HDU counted from zero, or its ``EXTNAME``; the first image of the sky by default.
    stokes : str, optional
        Stokes parameter or correlation, such as ``"I"`` or ``"XX"``; needed where the image has several.
    channel : int, optional
        Spectral channel counted from zero; needed where the image has several.
    fill_value : float
        What stands where the stamp reaches beyond the image.

    Returns
    -------
    Cutout
        The stamp. The position is always in its central pixel; beyond the edge of the image it is filled.

    Raises
    ------
    ImageNotFoundError
        If there is nothing at the path.
    UnreadableImageError
        If it is no image of the sky, or a damaged one.
    AmbiguousPlaneError
        If the image is a cube and its plane was not chosen, or the plane that was chosen is not there.
    BadPositionError
        If a coordinate is not finite, the declination is beyond a pole, or the size is not positive, less than a
        pixel, or larger than the image.
    NoOverlapError
        If no pixel of the stamp is on the image.

    Notes
    -----
    The pixels are those of ``astropy.nddata.Cutout2D(..., mode="partial", fill_value=nan)`` wherever that is right;
    for pixels that are not square it exchanges height and width (https://github.com/astropy/astropy/issues/11362).
    Away from the reference point the size of a pixel changes (0.35 % at 5° in SIN); the stamp keeps its pixels.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import Source, simulate_image
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f"{folder.name}/field.fits"
    >>> truth = simulate_image(path, ra_deg=150.0, dec_deg=30.0, sources=[Source(150.0, 30.0, flux_jy=1.0)], seed=1)
    >>> stamp = create_cutout(path, 150.0, 30.0, size_arcmin=1.0)
    >>> stamp.status, stamp.unit
    ('full', 'Jy/beam')
    >>> bool(abs(stamp.data.max() - 1.0) < 0.01)
    True
    >>> folder.cleanup()
    """
    from dsa110_contimg.images.radio_images import open_image
    from dsa110_contimg.images.windows import count_pixels, cut_window, find_origin

    _check_position(ra_deg, dec_deg, size_arcmin)
    parent = open_image(image, hdu)
    plane = parent.axes.choose_plane(parent.path, stokes=stokes, channel=channel)
    shape = count_pixels(parent, size_arcmin)
    y, x = parent.find_pixels(ra_deg, dec_deg)
    if math.isnan(y) or math.isnan(x):
        raise NoOverlapError(
            f"RA {ra_deg:g}°, Dec {dec_deg:g}° is on the far side of the sky from {parent.path}.", hint=_CHECK_FIELD
        )
    origin = find_origin(y, shape[0]), find_origin(x, shape[1])
    cut = cut_window(parent, plane, origin, shape, fill_value)
    if cut is None:
        ny, nx = parent.shape
        raise NoOverlapError(
            f"RA {ra_deg:g}°, Dec {dec_deg:g}° falls on pixel (y, x) = ({y:.1f}, {x:.1f}) of {parent.path}, "
            f"which has {ny}×{nx} pixels.",
            hint=_CHECK_FIELD,
        )
    data, status = cut
    return Cutout(
        data=data,
        ra_deg=float(ra_deg),
        dec_deg=float(dec_deg),
        size_arcmin=float(size_arcmin),
        image=os.fspath(image),
        plane=parent.axes.describe_plane(plane),
        origin=origin,
        target=(y - origin[0], x - origin[1]),
        unit=parent.unit,
        beam=parent.find_beam(plane),
        mjd=parent.mjd,
        status=status,
        header=parent.header,
        parent_celestial=parent.celestial,
    )


_CHECK_FIELD = "Check the position (ICRS, degrees) and whether this image covers that field."


def _check_position(ra_deg: float, dec_deg: float, size_arcmin: float) -> None:
    if not (math.isfinite(ra_deg) and math.isfinite(dec_deg)):
        raise BadPositionError(f"RA {ra_deg}, Dec {dec_deg} is no position.", hint="Give finite degrees.")
    if abs(dec_deg) > 90:
        raise BadPositionError(
            f"Dec {dec_deg:g}° is beyond the pole.", hint="Give degrees from -90 to 90; were RA and Dec exchanged?"
        )
    if not (math.isfinite(size_arcmin) and size_arcmin > 0):
        raise BadPositionError(f"A size of {size_arcmin} arcmin was asked for.", hint="Give a size above zero.")
