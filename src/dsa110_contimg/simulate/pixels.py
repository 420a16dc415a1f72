"""The pixels of a simulated image: sources in the shape of the beam, and noise that knows the beam too."""

from __future__ import annotations

import math

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.images import Beam

_REACH_SIGMA = 6.0
"""A source is drawn out to where it is 1.5e-8 of its peak."""


def project_beam(beam: Beam, world_per_pixel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the beam as the covariance of a Gaussian in the pixel plane.

    Parameters
    ----------
    beam : Beam
        The synthesised beam.
    world_per_pixel : ndarray
        Degrees towards east and north per pixel along x and y, shape (2, 2).

    Returns
    -------
    ndarray
        Covariance in square pixels, shape (2, 2), in the order (x, y).

    Notes
    -----
    The position angle runs from north through east, so the major axis points along (sin, cos) in (east, north).
    As in a cleaned image, the beam is the same everywhere in the pixel plane: the scale is that of the reference.
    """
    angle = math.radians(beam.pa_deg)
    axes = np.array([[math.sin(angle), math.cos(angle)], [math.cos(angle), -math.sin(angle)]])
    variances = np.square([beam.major_deg, beam.minor_deg]) / (8 * math.log(2))
    pixel_per_world = np.linalg.inv(world_per_pixel)
    covariance: NDArray[np.float64] = pixel_per_world @ (axes.T * variances @ axes) @ pixel_per_world.T
    return covariance


def add_source(
    plane: NDArray[np.float32], position: NDArray[np.float64], flux_jy: float, covariance: NDArray[np.float64]
) -> None:
    """Add a point source to a plane, in place.

    Parameters
    ----------
    plane : ndarray
        Pixels in Jy/beam, shape (ny, nx).
    position : ndarray
        Where the source is, in pixels from 0, (y, x), with fractions.
    flux_jy : float
        Flux density in Jy.
    covariance : ndarray
        The beam in square pixels, shape (2, 2), in the order (x, y).
    """
    reach = _REACH_SIGMA * np.sqrt(np.diag(covariance)[::-1])
    low = np.maximum(np.floor(position - reach), 0).astype(int)
    high = np.minimum(np.ceil(position + reach) + 1, plane.shape).astype(int)
    dy, dx = np.ogrid[low[0] : high[0], low[1] : high[1]]
    dy, dx = dy - position[0], dx - position[1]
    (xx, xy), (_, yy) = np.linalg.inv(covariance)
    plane[low[0] : high[0], low[1] : high[1]] += flux_jy * np.exp(-0.5 * (xx * dx**2 + 2 * xy * dx * dy + yy * dy**2))


def draw_noise(
    random: np.random.Generator, shape: tuple[int, int], rms: float, covariance: NDArray[np.float64] | None
) -> NDArray[np.float32]:
    """Draw noise of a known rms.

    Parameters
    ----------
    random : Generator
        Where chance comes from.
    shape : tuple of int
        (ny, nx).
    rms : float
        Root mean square that is expected, in Jy/beam.
    covariance : ndarray or None
        The beam in square pixels, shape (2, 2), in the order (x, y); None for noise without correlation.

    Returns
    -------
    ndarray
        Noise in Jy/beam, shape (ny, nx), float32.

    Notes
    -----
    As in an image from an interferometer, the autocorrelation of the noise is the beam: the noise of each visibility
    is its own, and weights are inverse variances, so that the power spectrum of the noise is what the beam is the
    Fourier transform of. White noise is multiplied by the square root of that, exp(-π²·kᵀΣk), which needs no image of
    the beam. By Parseval's theorem the mean square of that factor is the variance that is left, whatever the shape.
    """
    white = random.standard_normal(shape, dtype=np.float32)
    if covariance is None:
        white *= np.float32(rms)
        return white
    (xx, xy), (_, yy) = covariance
    ky = np.fft.fftfreq(shape[0])[:, np.newaxis].astype(np.float32)
    kx = np.fft.rfftfreq(shape[1]).astype(np.float32)
    xx, xy, yy = (np.float32(-(math.pi**2) * entry) for entry in (xx, 2 * xy, yy))
    transfer = np.exp(xx * kx**2 + xy * kx * ky + yy * ky**2)
    # All columns of the half spectrum stand for two, but for the first and, if nx is even, the last.
    weight = np.full(kx.size, 2.0)
    weight[0] = 1.0
    if shape[1] % 2 == 0:
        weight[-1] = 1.0
    power = float(np.einsum("ij,ij,j->", transfer, transfer, weight, dtype=np.float64)) / (shape[0] * shape[1])
    spectrum = np.fft.rfft2(white)
    spectrum *= transfer * np.float32(rms / math.sqrt(power))
    return np.fft.irfft2(spectrum, s=shape).astype(np.float32, copy=False)


def add_stripes(plane: NDArray[np.float32], amplitude: float, random: np.random.Generator) -> None:
    """Add the slanted ripple of one bad baseline to a plane in Jy/beam, shape (ny, nx), in place."""
    angle, phase = random.uniform(0, math.pi), random.uniform(0, 2 * math.pi)
    y, x = np.ogrid[: plane.shape[0], : plane.shape[1]]
    waves = 12 / max(plane.shape)
    plane += (amplitude * np.sin(2 * math.pi * waves * (x * math.cos(angle) + y * math.sin(angle)) + phase)).astype(
        np.float32
    )


def blank_corners(plane: NDArray[np.float32], width: int) -> None:
    """Set the four triangles whose legs are ``width`` pixels to NaN in a plane, shape (ny, nx), in place."""
    y, x = np.ogrid[: plane.shape[0], : plane.shape[1]]
    to_edge = np.minimum(y, plane.shape[0] - 1 - y) + np.minimum(x, plane.shape[1] - 1 - x)
    plane[to_edge < width] = np.nan
