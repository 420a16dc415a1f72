"""From the sky to pixels: SIN and TAN in a few lines of numpy, everything else through wcslib.

Positions go in as unit vectors in ICRS, so that nothing special happens at right ascension 0 or at the poles.

References
----------
Calabretta & Greisen 2002, A&A 395, 1077 (WCS paper II), sections 2.4 and 5.1.
Kaplan 2005, USNO Circular 179, section 3.5 (orientation of FK5 J2000 in ICRS).
"""

from __future__ import annotations

import math

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from numpy.typing import ArrayLike, NDArray

    from dsa110_contimg.images.celestial import Celestial

    class Projection(Protocol):
        """Where the sky falls on the pixels of one image."""

        def project(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            """Return pixels (2, n), x and y counted from zero, of unit vectors (3, n); NaN where there is none."""
            ...


_PLAIN = {("RA---SIN", "DEC--SIN"), ("RA---TAN", "DEC--TAN")}
_DEGREES = 180.0 / math.pi


def unit_vectors(ra_deg: ArrayLike, dec_deg: ArrayLike) -> NDArray[np.float64]:
    """Turn positions into unit vectors.

    Parameters
    ----------
    ra_deg, dec_deg : array_like, shape (n,)
        Positions in degrees.

    Returns
    -------
    numpy.ndarray, shape (3, n)
        Unit vectors.
    """
    angles = np.radians(np.array([ra_deg, dec_deg], np.float64).reshape(2, -1))
    (cos_ra, cos_dec), (sin_ra, sin_dec) = np.cos(angles), np.sin(angles)
    return np.array([cos_dec * cos_ra, cos_dec * sin_ra, sin_dec])


def local_axes(projection: Projection, ra_deg: ArrayLike, dec_deg: ArrayLike) -> NDArray[np.float64]:
    """Measure how east and north lie on the pixels at positions.

    Parameters
    ----------
    projection : Projection
        The image's projection.
    ra_deg, dec_deg : array_like, shape (...)
        Positions in degrees, or one.

    Returns
    -------
    numpy.ndarray, shape (..., 2, 2)
        ``[[dx/dE, dx/dN], [dy/dE, dy/dN]]`` in pixels per degree on the sky; NaN at the rim of the projection.
    """
    ra, dec = np.broadcast_arrays(np.asarray(ra_deg, np.float64), np.asarray(dec_deg, np.float64))
    here = unit_vectors(ra, dec)
    east, north = unit_vectors(ra + 90.0, np.zeros_like(ra)), unit_vectors(ra, dec + 90.0)
    step = math.radians(1 / 3600)
    around = np.concatenate([here + step * east, here - step * east, here + step * north, here - step * north], axis=1)
    pixels = projection.project(around / math.sqrt(1 + step**2)).reshape(2, 4, -1)
    axes = np.stack([pixels[:, 0] - pixels[:, 1], pixels[:, 2] - pixels[:, 3]], axis=1) / (2 * step * _DEGREES)
    return axes.transpose(2, 0, 1).reshape(*ra.shape, 2, 2)


def _directions(ra_deg: float, dec_deg: float) -> NDArray[np.float64]:
    """Return the unit vectors (3, 3) to the east, to the north and along the line of sight of a position."""
    ra, dec = math.radians(ra_deg), math.radians(dec_deg)
    east = (-math.sin(ra), math.cos(ra), 0.0)
    north = (-math.sin(dec) * math.cos(ra), -math.sin(dec) * math.sin(ra), math.cos(dec))
    sight = (math.cos(dec) * math.cos(ra), math.cos(dec) * math.sin(ra), math.sin(dec))
    return np.array([east, north, sight])


def make_projection(celestial: Celestial) -> Projection:
    """Choose the way to place positions on an image.

    Parameters
    ----------
    celestial : Celestial
        The image's sky coordinates.

    Returns
    -------
    Projection
        `Zenithal` for plain SIN and TAN in ICRS or FK5 J2000, `Wcslib` for everything else.
    """
    plain = not celestial.sip and not any(value for _, _, value in celestial.pv)
    frame = _find_rotation(celestial)
    if plain and frame is not None and celestial.ctype in _PLAIN:
        return Zenithal(celestial, frame)
    return Wcslib(celestial)


def _find_rotation(celestial: Celestial) -> NDArray[np.float64] | None:
    """Return the matrix from ICRS to the image's frame, where it needs no astropy."""
    frame = find_frame(celestial)
    if frame == "ICRS":
        return np.eye(3)
    if frame == "FK5" and celestial.equinox in {None, 2000.0}:
        return _turn(0, 19.9) @ _turn(1, 9.1) @ _turn(2, -22.9)
    return None


def _turn(axis: int, mas: float) -> NDArray[np.float64]:
    """Return the matrix that turns the other two axes about one."""
    sine, cosine = math.sin(math.radians(mas / 3_600_000)), math.cos(math.radians(mas / 3_600_000))
    matrix = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first], matrix[first, second], matrix[second, first], matrix[second, second] = (
        cosine,
        sine,
        -sine,
        cosine,
    )
    return matrix


def find_frame(celestial: Celestial) -> str:
    """Name the frame of an image by ``CTYPE``, ``RADESYS`` and ``EQUINOX``.

    Parameters
    ----------
    celestial : Celestial
        The image's sky coordinates.

    Returns
    -------
    str
        ``ICRS``, ``FK5``, ``FK4``, ``FK4-NO-E``, another ``RADESYS``, or the name of the longitude
        (``GLON``, ``ELON``, ...). Without ``RADESYS``, an equinox before 1984 means FK4, a later one FK5, none ICRS.
    """
    longitude = celestial.ctype[0].partition("-")[0]
    if longitude != "RA":
        return longitude
    if celestial.radesys:
        return celestial.radesys
    if celestial.equinox is None:
        return "ICRS"
    return "FK4" if celestial.equinox < 1984 else "FK5"


class Zenithal:
    """SIN and TAN: the position's components along east, north and the line of sight of the reference point.

    Parameters
    ----------
    celestial : Celestial
        Sky coordinates of such an image.
    frame : numpy.ndarray, shape (3, 3)
        Rotation from ICRS to the image's frame.
    """

    def __init__(self, celestial: Celestial, frame: NDArray[np.float64]) -> None:
        east, north, sight = _directions(*celestial.crval)
        pole = celestial.lonpole
        phi = math.radians(pole if pole is not None else (0.0 if celestial.crval[1] >= 90 else 180.0))
        x = math.sin(phi) * north - math.cos(phi) * east
        y = -math.cos(phi) * north - math.sin(phi) * east
        self._basis = np.stack([x, y, sight]) @ frame
        self._pixels = np.linalg.inv(np.array(celestial.matrix)) * _DEGREES
        self._origin = np.array(celestial.crpix)[:, np.newaxis] - 1.0
        self._gnomonic = celestial.projection == "TAN"

    def project(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Place unit vectors on the pixels; see `Projection`. NaN on the far half of the sky."""
        turned = _multiply(self._basis, vectors)
        depth = np.where(turned[2] > 1e-15, turned[2], np.nan)
        plane = turned[:2] / depth if self._gnomonic else turned[:2] + 0.0 * depth
        placed: NDArray[np.float64] = _multiply(self._pixels, plane) + self._origin
        return placed


def _multiply(matrix: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Multiply in a fixed order: with BLAS the last digit of a position depends on how many others there are."""
    product: NDArray[np.float64] = matrix[:, :1] * vectors[0]
    for column in range(1, matrix.shape[1]):
        product += matrix[:, column : column + 1] * vectors[column]
    return product


class Wcslib:
    """Every projection that wcslib knows and every frame that astropy knows.

    Parameters
    ----------
    celestial : Celestial
        The image's sky coordinates.

    Raises
    ------
    ValueError
        If wcslib or astropy does not know the projection, its parameters, or the frame.
    """

    def __init__(self, celestial: Celestial) -> None:
        from astropy.wcs import WcsError

        self._celestial = celestial
        self._wcs = celestial.make_wcs((0, 0))
        try:
            self._wcs.wcs.set()
        except WcsError as error:
            raise ValueError(f"its coordinates are not understood: {str(error).splitlines()[-1].strip()}") from error
        self._frame = _make_frame(celestial, self._wcs)

    def __reduce__(self) -> tuple[type[Wcslib], tuple[Celestial]]:
        return type(self), (self._celestial,)

    def project(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Place unit vectors on the pixels; see `Projection`. NaN where the projection does not reach."""
        from astropy.coordinates import SkyCoord
        from astropy.wcs import NoConvergence, WcsError

        longitude, latitude = np.arctan2(vectors[1], vectors[0]), np.arcsin(np.clip(vectors[2], -1, 1))
        there = SkyCoord(longitude, latitude, unit="rad", frame="icrs").transform_to(self._frame).spherical
        world = np.stack([there.lon.deg, there.lat.deg])
        try:
            x, y = self._wcs.all_world2pix(*world, 0)
        except (NoConvergence, WcsError):
            # One position that cannot be placed must not take the others with it.
            if world.shape[1] == 1:
                return np.full((2, 1), np.nan)
            return np.concatenate([self.project(vectors[:, i : i + 1]) for i in range(world.shape[1])], axis=1)
        placed: NDArray[np.float64] = np.stack([x, y])
        placed[:, ~self._returns(placed, world)] = np.nan
        return placed

    def _returns(self, pixels: NDArray[np.float64], world: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which pixels lead back to where they came from; wcslib also places what lies behind the sphere."""
        back = np.stack(self._wcs.all_pix2world(*pixels, 0))
        apart = np.sum(unit_vectors(*back) * unit_vectors(*world), axis=0)
        there: NDArray[np.bool_] = apart > 1 - 1e-9
        return there


def _make_frame(celestial: Celestial, wcs: Any) -> Any:
    from astropy.coordinates import BarycentricMeanEcliptic
    from astropy.time import Time
    from astropy.wcs.utils import wcs_to_celestial_frame

    name = find_frame(celestial)
    if name == "ELON":
        return BarycentricMeanEcliptic(equinox=Time(celestial.equinox or 2000.0, format="jyear"))
    try:
        return wcs_to_celestial_frame(wcs)
    except ValueError:
        raise ValueError(f"its frame {name!r} is not known") from None
