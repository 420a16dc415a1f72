"""What is in a simulated field: where its sources are and how bright they are when."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.errors import BadSimulationError
from dsa110_contimg.simulate.light_curves import LIGHT_CURVES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FAINTEST_JY, BRIGHTEST_JY = 4e-3, 0.2


def scatter(
    random: np.random.Generator, n_sources: int, shape: tuple[int, int], distance: float
) -> NDArray[np.float64]:
    """Scatter sources over an image, no two of them and none and the edge closer than a distance.

    Returns
    -------
    ndarray
        Positions in pixels from 0, shape (n_sources, 2), in the order (y, x).

    Raises
    ------
    BadSimulationError
        When there is no room for them.
    """
    low, high = np.full(2, distance), np.array(shape) - 1 - distance
    placed = np.empty((n_sources, 2))
    count = 0
    # Trying 200 places for each source fills about half of the densest packing, and ends where there is no room.
    tries = random.uniform(size=(200 * n_sources, 2)) * (high - low) + low
    for place in tries if np.all(high >= low) else ():
        if np.all(np.hypot(*(placed[:count] - place).T) >= distance):
            placed[count] = place
            count += 1
            if count == n_sources:
                return placed
    raise BadSimulationError(
        f"{n_sources} sources, {distance:.1f} pixels apart, were to be put on {shape[0]} by {shape[1]} pixels; "
        f"only {count} fit.",
        hint="Ask for fewer sources, a larger image or a smaller separation.",
    )


def draw_fluxes(random: np.random.Generator, kinds: Sequence[str], n_epochs: int) -> NDArray[np.float64]:
    """Draw the light curves of sources.

    Parameters
    ----------
    random : Generator
        Where chance comes from.
    kinds : sequence of str
        Keys of `LIGHT_CURVES`, one for each source.
    n_epochs : int
        Number of epochs.

    Returns
    -------
    ndarray
        Flux densities in Jy, shape (n_epochs, n_sources).
    """
    # The counts of bright sources fall as S^-1.5 (Euclidean); those that vary are bright enough for it to show.
    counts = random.uniform(size=len(kinds))
    low, high = FAINTEST_JY**-1.5, BRIGHTEST_JY**-1.5
    base = (low - counts * (low - high)) ** (-1 / 1.5)
    phase = np.linspace(0, 1, n_epochs)
    curves = [
        LIGHT_CURVES[kind](phase) * (flux if kind == "static" else 0.01 + flux)
        for kind, flux in zip(kinds, base, strict=True)
    ]
    return np.stack(curves, axis=1)


def find_sky(
    pixels: NDArray[np.float64], shape: tuple[int, int], ra_deg: float, dec_deg: float, pixel_arcsec: float
) -> tuple[list[float], list[float]]:
    """Find the ICRS positions of pixels of an orthographic (SIN) image.

    Parameters
    ----------
    pixels : ndarray
        Positions in pixels from 0, shape (n, 2), in the order (y, x).
    shape : tuple of int
        Number of pixels, (ny, nx).
    ra_deg, dec_deg : float
        ICRS position of the reference pixel in degrees.
    pixel_arcsec : float
        Size of a pixel in arcsec.

    Returns
    -------
    tuple of list
        Right ascension and declination in degrees, rounded to the digits that a catalogue holds.
    """
    y, x = (pixels - np.array(shape) // 2).T * np.deg2rad(pixel_arcsec / 3600)
    x = -x
    declination = np.deg2rad(dec_deg)
    z = np.sqrt(1 - x**2 - y**2)
    dec = np.arcsin(y * np.cos(declination) + z * np.sin(declination))
    ra = np.deg2rad(ra_deg) + np.arctan2(x, z * np.cos(declination) - y * np.sin(declination))
    # 1e-8 degrees are 36 microarcsec.
    return np.round(np.rad2deg(ra) % 360, 8).tolist(), np.round(np.rad2deg(dec), 8).tolist()
