"""The header of a simulated image: its axes, its sky and its beam."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.simulate.checks import require, require_among, require_at_least, require_position, require_positive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images import Beam

PROJECTIONS = ("AZP", "SZP", "TAN", "STG", "SIN", "ARC", "ZEA", "AIR", "CYP", "CEA", "CAR", "MER", "SFL", "PCO", "AIT")
"""Codes that need no parameters (PVi_m) and whose scale at the reference pixel is CDELT, as the beam supposes."""
FRAMES = ("icrs", "fk5", "galactic")
AXES = {
    2: ("RA", "DEC"),
    3: ("RA", "DEC", "FREQ"),
    4: ("RA", "DEC", "STOKES", "FREQ"),
    5: ("RA", "DEC", "STOKES", "FREQ", "TIME"),
}
"""The axes of an image, in the order of the header, by their number."""

FREQUENCY_HZ, BANDWIDTH_HZ = 1.4e9, 250e6


@dataclass(frozen=True, slots=True)
class ImageGeometry:
    """Where the pixels of an image lie, and on which axes."""

    shape: tuple[int, int]
    """Number of pixels along the latitude and the longitude axis, (ny, nx)."""
    ra_deg: float
    """ICRS right ascension of the reference pixel in degrees."""
    dec_deg: float
    """ICRS declination of the reference pixel in degrees."""
    pixel_arcsec: tuple[float, float]
    """Size of a pixel in arcsec, (y, x)."""
    projection: str
    """Code of the projection, such as SIN."""
    frame: str
    """Sky frame: icrs, fk5 (equinox J2000) or galactic."""
    axes: tuple[str, ...]
    """Names of the axes in the order of the header."""
    n_channels: int
    """Number of channels along FREQ."""
    rotation_deg: float
    """Angle from the y axis of the image to north, in degrees, towards the east."""

    def __post_init__(self) -> None:
        require(len(self.shape) == 2, f"shape is {self.shape}.", "Give two numbers of pixels: (ny, nx).")
        require_at_least(1, ny=self.shape[0], nx=self.shape[1], n_channels=self.n_channels)
        require_positive(pixel_arcsec_y=self.pixel_arcsec[0], pixel_arcsec_x=self.pixel_arcsec[1])
        require_position(self.ra_deg, self.dec_deg)
        require_among("projection", self.projection, PROJECTIONS)
        require_among("frame", self.frame, FRAMES)
        require(
            len(set(self.axes)) == len(self.axes) and {"RA", "DEC"} <= set(self.axes) <= set(AXES[5]),
            f"The axes {self.axes} are no axes of an image.",
            f"Name RA, DEC and none or more of {', '.join(AXES[5][2:])}, each once, in any order.",
        )
        require(
            self.n_channels == 1 or "FREQ" in self.axes,
            f"{self.n_channels} channels do not fit on the axes {self.axes}.",
            "Add a FREQ axis, or ask for one channel.",
        )

    @property
    def world_per_pixel(self) -> NDArray[np.float64]:
        """Degrees towards east and north, (2,), per pixel along x and y, (2,): a matrix (2, 2), at the reference."""
        step = np.diag([-self.pixel_arcsec[1], self.pixel_arcsec[0]]) / 3600
        turn = math.radians(self.rotation_deg)
        return np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) @ step


def read_axes(axes: int | tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the axes, given their number or their names."""
    if isinstance(axes, int):
        require_among("number of axes", axes, AXES)
        return AXES[axes]
    return tuple(axes)


def write_header(geometry: ImageGeometry, beam: Beam, mjd: float) -> dict[str, Any]:
    """Write the cards of an image, without those that describe the array itself.

    Parameters
    ----------
    geometry : ImageGeometry
        Where the pixels lie.
    beam : Beam
        The synthesised beam.
    mjd : float
        Modified Julian date (UTC) of the observation.

    Returns
    -------
    dict
        Keywords and values, in the order of the file.
    """
    cards: dict[str, Any] = {"OBJECT": "SIMULATED", "TELESCOP": "DSA-110", "BUNIT": "Jy/beam", "BTYPE": "Intensity"}
    cards |= {"BMAJ": beam.major_deg, "BMIN": beam.minor_deg, "BPA": beam.pa_deg}
    for number, name in enumerate(geometry.axes, start=1):
        ctype, crval, cdelt, crpix, cunit = _describe_axis(name, geometry)
        cards |= {
            f"CTYPE{number}": ctype,
            f"CRVAL{number}": crval,
            f"CDELT{number}": cdelt,
            f"CRPIX{number}": crpix,
        } | ({f"CUNIT{number}": cunit} if cunit else {})
    cards |= _write_rotation(geometry) | _FRAME_CARDS[geometry.frame]
    date = np.datetime64("1858-11-17T00:00:00.000") + np.timedelta64(round(mjd * 86_400_000), "ms")
    return cards | {"RESTFRQ": FREQUENCY_HZ, "TIMESYS": "UTC", "DATE-OBS": str(date), "MJD-OBS": mjd}


_FRAME_CARDS: dict[str, dict[str, Any]] = {
    "icrs": {"RADESYS": "ICRS", "EQUINOX": 2000.0},
    "fk5": {"RADESYS": "FK5", "EQUINOX": 2000.0},
    "galactic": {},
}


def _describe_axis(name: str, geometry: ImageGeometry) -> tuple[str, float, float, float, str]:
    (ny, nx), (dy, dx) = geometry.shape, geometry.pixel_arcsec
    longitude, latitude = _reference_position(geometry)
    names = ("GLON", "GLAT") if geometry.frame == "galactic" else ("RA--", "DEC-")
    bandwidth_hz = BANDWIDTH_HZ / geometry.n_channels
    # The reference is a whole pixel, n // 2 + 1, as CASA and AIPS put it.
    return {
        "RA": (f"{names[0]}-{geometry.projection}", longitude, -dx / 3600, nx // 2 + 1.0, "deg"),
        "DEC": (f"{names[1]}-{geometry.projection}", latitude, dy / 3600, ny // 2 + 1.0, "deg"),
        "STOKES": ("STOKES", 1.0, 1.0, 1.0, ""),
        "FREQ": ("FREQ", FREQUENCY_HZ, bandwidth_hz, (geometry.n_channels + 1) / 2, "Hz"),
        "TIME": ("TIME", 0.0, 1.0, 1.0, "s"),
    }[name]


def _reference_position(geometry: ImageGeometry) -> tuple[float, float]:
    if geometry.frame == "icrs":
        return geometry.ra_deg, geometry.dec_deg
    from astropy.coordinates import SkyCoord

    position = SkyCoord(geometry.ra_deg, geometry.dec_deg, unit="deg").transform_to(geometry.frame).spherical
    return float(position.lon.deg), float(position.lat.deg)


def _write_rotation(geometry: ImageGeometry) -> dict[str, float]:
    if geometry.rotation_deg == 0:
        return {}
    i, j = geometry.axes.index("RA") + 1, geometry.axes.index("DEC") + 1
    step = np.array([-geometry.pixel_arcsec[1], geometry.pixel_arcsec[0]]) / 3600
    pc = geometry.world_per_pixel / step[:, np.newaxis]
    return {f"PC{a}_{b}": float(pc[p, q]) for p, a in enumerate((i, j)) for q, b in enumerate((i, j))}


def locate(header: dict[str, Any], geometry: ImageGeometry, ra_deg: object, dec_deg: object) -> NDArray[np.float64]:
    """Find the pixels of ICRS positions.

    Parameters
    ----------
    header : dict
        The cards of the image.
    geometry : ImageGeometry
        Where its pixels lie.
    ra_deg, dec_deg : array_like
        ICRS positions in degrees, shape (n,).

    Returns
    -------
    ndarray
        Positions in pixels from 0, shape (n, 2), in the order (y, x); NaN where the projection does not reach.
    """
    from astropy.coordinates import SkyCoord
    from astropy.io.fits import Header
    from astropy.wcs import WCS, WCSSUB_LATITUDE, WCSSUB_LONGITUDE

    sky = SkyCoord(ra_deg, dec_deg, unit="deg").transform_to(geometry.frame).spherical
    # Not .celestial, which keeps DEC before RA where the header has it so.
    wcs = WCS(Header(header)).sub([WCSSUB_LONGITUDE, WCSSUB_LATITUDE])
    x, y = wcs.wcs_world2pix(sky.lon.deg, sky.lat.deg, 0)
    return np.stack([y, x], axis=-1)
