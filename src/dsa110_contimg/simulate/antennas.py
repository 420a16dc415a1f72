"""An array of antennas on the ground, and the baselines that it shows to the sky."""

from __future__ import annotations

import math

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGITUDE_DEG, LATITUDE_DEG, HEIGHT_M = -118.2834, 37.2339, 1188.0
"""The Owens Valley Radio Observatory."""
ARM_M, CLEARANCE_M = 1200.0, 5.0
_EQUATOR_M, _FLATTENING = 6378137.0, 1 / 298.257223563


def place_antennas(random: np.random.Generator, n_antennas: int) -> NDArray[np.float64]:
    """Place antennas on an east-west and a north-south arm, as a T.

    Parameters
    ----------
    random : Generator
        Where chance comes from.
    n_antennas : int
        Number of antennas; every third one stands on the north-south arm.

    Returns
    -------
    ndarray
        Geocentric (ITRF) positions in metres, shape (n_antennas, 3).
    """
    number = np.arange(n_antennas)
    northern = number % 3 == 2
    # Even steps, each moved by less than half of one, so that no two antennas touch and no two baselines repeat.
    along = (number + random.uniform(-0.35, 0.35, n_antennas)) * max(CLEARANCE_M, ARM_M / n_antennas)
    east = np.where(northern, random.uniform(-1, 1, n_antennas), along - ARM_M / 2)
    north = np.where(northern, CLEARANCE_M + along, random.uniform(-1, 1, n_antennas))
    lon, lat = math.radians(LONGITUDE_DEG), math.radians(LATITUDE_DEG)
    east_axis = np.array([-math.sin(lon), math.cos(lon), 0.0])
    north_axis = np.array([-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)])
    # The ground is taken to be flat: over an arm the Earth falls away by 0.1 m.
    return _find_site(lon, lat) + np.outer(east, east_axis) + np.outer(north, north_axis)


def compute_uvw(
    positions: NDArray[np.float64], mjd_seconds: float, ra_deg: float, dec_deg: float
) -> NDArray[np.float64]:
    """Turn antenna positions towards a phase centre.

    Parameters
    ----------
    positions : ndarray
        Geocentric positions in metres, shape (n_antennas, 3).
    mjd_seconds : float
        Time (UTC) in seconds of modified Julian date.
    ra_deg, dec_deg : float
        Phase centre in degrees.

    Returns
    -------
    ndarray
        (u, v, w) of each antenna in metres, shape (n_antennas, 3). The baseline from antenna 1 to antenna 2 is
        the second less the first, as the Measurement Set's definition has it.

    Notes
    -----
    Precession, nutation and aberration are left out; they turn the baselines by a third of a degree at most.

    References
    ----------
    Thompson, Moran & Swenson, "Interferometry and Synthesis in Radio Astronomy", eq. 4.1. The sidereal time is
    the linear part of IAU 1982.
    """
    days = mjd_seconds / 86400 - 51544.5
    hour_angle = math.radians((280.46061837 + 360.98564736629 * days) % 360 - ra_deg)
    declination = math.radians(dec_deg)
    sin_h, cos_h = math.sin(hour_angle), math.cos(hour_angle)
    sin_d, cos_d = math.sin(declination), math.cos(declination)
    turn: NDArray[np.float64] = np.array(
        [[sin_h, cos_h, 0.0], [-sin_d * cos_h, sin_d * sin_h, cos_d], [cos_d * cos_h, -cos_d * sin_h, sin_d]]
    )
    uvw: NDArray[np.float64] = positions @ turn.T
    return uvw


def _find_site(lon: float, lat: float) -> NDArray[np.float64]:
    """Return the geocentric position of the observatory in metres, shape (3,), on the WGS 84 ellipsoid."""
    eccentricity_squared = _FLATTENING * (2 - _FLATTENING)
    normal = _EQUATOR_M / math.sqrt(1 - eccentricity_squared * math.sin(lat) ** 2)
    return np.array(
        [
            (normal + HEIGHT_M) * math.cos(lat) * math.cos(lon),
            (normal + HEIGHT_M) * math.cos(lat) * math.sin(lon),
            (normal * (1 - eccentricity_squared) + HEIGHT_M) * math.sin(lat),
        ]
    )
