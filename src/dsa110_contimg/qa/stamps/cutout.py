"""One stamp: the pixels around a position, and where they are from.

Importing this module loads no numpy, which would start threads: what it needs is imported in its functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dsa110_contimg.errors import UnreadableImageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.errors import ContimgError
    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.images.celestial import Celestial
    from dsa110_contimg.images.header import Value


NOT_ON_IMAGE = frozenset({"off-image", "unreadable"})
"""Statuses of stamps without a pixel of their image."""


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
    """``"full"``; ``"partial"`` where some pixels have no sky; ``"blank"`` where none has, or all are zero;
    ``"off-image"`` and ``"unreadable"``, all NaN, in stacks only, where `create_cutout` raises an error."""
    header: Mapping[str, Value]
    """The parent's cards, read-only."""
    parent_celestial: Celestial | None
    """Sky coordinates of the parent in canonical form, from which `wcs` is made; None where it is unreadable."""
    error: ContimgError | None = None
    """Why the parent is unreadable, where the status says so."""

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

    @property
    def celestial(self) -> Celestial:
        """Sky coordinates of the stamp in canonical form; UnreadableImageError where its parent is unreadable."""
        if self.parent_celestial is None:
            raise UnreadableImageError(
                f"{self.image} could not be read, so that this stamp has no sky.", hint="Skip what is unreadable."
            ) from self.error
        return self.parent_celestial.shift(*self.origin)

    @cached_property
    def wcs(self) -> Any:
        """Two celestial axes of the stamp as an `astropy.wcs.WCS`, made when they are first asked for."""
        return self.celestial.make_wcs(self.data.shape)

    @cached_property
    def sky_axes(self) -> NDArray[np.float64]:
        """How east and north lie on the stamp: ``[[dx/dE, dx/dN], [dy/dE, dy/dN]]`` in pixels per degree.

        Where the map is torn, as at the pole of a cylindrical projection, those of the reference point.
        """
        import numpy as np

        from dsa110_contimg.images.projections import local_axes, make_projection

        celestial = self.celestial  # a shift of origin turns nothing
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
        from dsa110_contimg.qa.stamps.files import write_fits

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
        from dsa110_contimg.qa.stamps.figure import draw_figure

        return draw_figure(self, ax)

    def _repr_png_(self) -> bytes:
        from io import BytesIO

        from dsa110_contimg.qa.stamps.sheet import draw_stamp

        picture = BytesIO()
        draw_stamp(self).save(picture, "PNG")
        return picture.getvalue()
