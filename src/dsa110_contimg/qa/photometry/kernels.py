"""The beam on the pixels of an image: what a point source looks like there, and what its noise is like."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.images.celestial import Celestial
    from dsa110_contimg.images.radio_images import RadioImage

    Doubles = NDArray[np.float64]

FWHM_PER_SIGMA = math.sqrt(8.0 * math.log(2.0))
"""Full width at half maximum of a Gaussian over its standard deviation."""
_HALF_WINDOW_BEAMS = 1.5
"""How far the kernel reaches along each axis of the image, in major axes of the beam (FWHM)."""
_ZENITHAL = frozenset({"AZP", "SZP", "TAN", "STG", "SIN", "ARC", "ZPN", "ZEA", "AIR", "NCP", "TPV", ""})
_UNDERSAMPLED_PIXELS = 2.0
_SMALLEST_PIXELS = 0.5
_LARGEST_PART = 0.4
_ERROR_FACTOR = 2.0 / math.sqrt(3.0)


@dataclass(frozen=True, eq=False, slots=True)
class PixelBeam:
    """The beam on the pixels of one image, as each source has it."""

    shapes: Doubles
    """Inverse covariances of the Gaussian in 1/pixel²: xx, xy and yy, shape (n, 3), or (1, 3) if all are the same."""
    major_pixels: tuple[float, float]
    """How many pixels the major axis (FWHM) is long if it lies along y, and along x."""
    minor_pixels: float
    """The shortest full width at half maximum in pixels."""

    @property
    def reach(self) -> tuple[float, float]:
        """How far from the position a pixel of the kernel may be along y and x, in pixels."""
        y, x = self.major_pixels
        return _HALF_WINDOW_BEAMS * y + 0.5, _HALF_WINDOW_BEAMS * x + 0.5

    def select(self, part: NDArray[np.intp]) -> tuple[Doubles, Doubles, Doubles]:
        """Return xx, xy and yy of some sources, each of shape (m, 1), or (1, 1) if all are the same."""
        xx, xy, yy = (self.shapes if len(self.shapes) == 1 else self.shapes[part]).T[:, :, np.newaxis]
        return xx, xy, yy

    def draw(self, part: NDArray[np.intp], first: tuple[int, int], shape: tuple[int, int], targets: Doubles) -> Doubles:
        """Draw the kernels of some sources.

        Parameters
        ----------
        part : numpy.ndarray, shape (m,)
            Which sources.
        first : tuple of int
            The first row and column (y, x) to draw.
        shape : tuple of int
            How many rows and columns (ny, nx) to draw: all within `reach`, and at each end at most one more.
        targets : numpy.ndarray, shape (m, 2)
            Where the positions are (y, x), counted as `first` is.

        Returns
        -------
        numpy.ndarray, shape (m, ny, nx)
            Gaussians with a peak of 1 at the position, and 0 outside of the window.

        Notes
        -----
        The window is that of forced_phot (nbeam = 3): from the pixel nearest to position - 1.5 BMAJ to the one nearest
        to position + 1.5 BMAJ along each axis, which are those within 1.5 BMAJ + 0.5 pixels. At its edge the beam is
        below 0.2 % of its peak.
        """
        xx, xy, yy = self.select(part)
        # Counted from the middle, so that no digits are lost. The exponent is a polynomial in y and x, and so the
        # kernels of all sources are one product of matrices.
        middle = np.array(first) + np.array(shape) // 2
        y, x = (np.indices(shape, np.float64) + (np.array(first) - middle)[:, np.newaxis, np.newaxis]).reshape(2, -1)
        at_y, at_x = (targets - middle).T[:, :, np.newaxis]
        constant = -0.5 * (yy * at_y**2 + 2 * xy * at_y * at_x + xx * at_x**2)
        terms = (constant, yy * at_y + xy * at_x, xx * at_x + xy * at_y, -0.5 * yy, -xy, -0.5 * xx)
        coefficients = np.concatenate([np.broadcast_to(term, constant.shape) for term in terms], axis=1)
        # Not with @, whose threads would stand in the way of those that measure other images.
        exponents = np.einsum("nk,kp->np", coefficients, np.stack([np.ones_like(y), y, x, y**2, y * x, x**2]))
        kernels: Doubles = np.exp(exponents, out=exponents).reshape(-1, *shape)
        for axis, far in enumerate(self.reach):
            for edge in (0, -1):
                is_beyond = np.abs((first[axis], first[axis] + shape[axis] - 1)[edge] - targets[:, axis]) > far
                np.moveaxis(kernels, 1 + axis, 1)[is_beyond, edge] = 0.0
        return kernels

    def find_error_factors(self, part: NDArray[np.intp], kernels: Doubles) -> Doubles | float:
        """Tell how much the error of a forced flux is more than the noise of a pixel.

        Parameters
        ----------
        part : numpy.ndarray, shape (m,)
            Which sources.
        kernels : numpy.ndarray, shape (m, ny, nx)
            From `draw`.

        Returns
        -------
        float or numpy.ndarray, shape (m,)
            The error of a forced flux over the rms of a pixel.

        Notes
        -----
        The noise of neighbouring pixels is the same to the extent ρ, its autocorrelation. In an image from an
        interferometer with natural weights that is the beam itself, ρ = k. The flux F = Σdk/Σk² then has the variance
        n² ΣΣ k(i) k(j) ρ(i-j) / (Σk²)². In place of the sums stand integrals, which are the same to 0.3 % if the beam
        is two pixels wide or more. Let the beam be a round Gaussian of variance s²; any other is one, if the axes of
        the plane are stretched, which changes no ratio. Then Σk² = πs², and by Parseval's theorem the double sum is
        ∫(2πs²)³ exp(-6π²s²f²) d²f = 4/3 π²s⁴. What is left is n² 4/3: the error is 2/√3 = 1.155 times the noise.

        Below two pixels it depends on where between the pixels the source is, and the sums are carried out.

        That is more than the noise n that the brightest pixel has: for noise like this, a mean over the beam has no
        advantage over one pixel at the position, if there was one. For a beam narrower than the noise is wide, or for
        white noise, it has.
        """
        if self.minor_pixels >= _UNDERSAMPLED_PIXELS:
            return _ERROR_FACTOR
        ny, nx = kernels.shape[1:]
        power = np.abs(np.fft.rfft2(kernels, s=(2 * ny, 2 * nx))) ** 2
        products = np.fft.irfft2(power, s=(2 * ny, 2 * nx))  # Σ k(i) k(i + lag), for every lag
        lag_y, lag_x = np.fft.fftfreq(2 * ny, 1 / (2 * ny)), np.fft.fftfreq(2 * nx, 1 / (2 * nx))
        xx, xy, yy = (entry[:, :, np.newaxis] for entry in self.select(part))
        y, x = lag_y[:, np.newaxis], lag_x
        correlation = np.exp(-0.5 * (xx * x**2 + 2 * xy * x * y + yy * y**2))
        factors: Doubles = np.sqrt((products * correlation).sum(axis=(1, 2))) / (kernels**2).sum(axis=(1, 2))
        return factors


def project_beam(image: RadioImage, beam: Beam, positions: Doubles) -> PixelBeam:
    """Find the shape of the beam on the pixels at some positions.

    Parameters
    ----------
    image : RadioImage
        The image.
    beam : Beam
        Its beam.
    positions : numpy.ndarray, shape (n, 2)
        Pixels (y, x).

    Returns
    -------
    PixelBeam
        The beam at each position.

    Notes
    -----
    The position angle runs from north through east, north being that of the image's own frame. A cleaned image has
    the same beam everywhere on its plane, so that in zenithal projections (SIN, TAN, ...) north, east and the size of a
    pixel are those of the reference point. Others (CAR, AIT, ...), which are drawn from such images anew, stretch the
    sky, and have the north, east and size of a pixel that are at the source.
    """
    angle = math.radians(beam.pa_deg)
    axes = np.array([[math.sin(angle), math.cos(angle)], [math.cos(angle), -math.sin(angle)]])
    axes *= np.array([beam.major_deg, beam.minor_deg]) / FWHM_PER_SIGMA
    on_pixels = find_sky_axes(image, positions) @ axes  # columns: major and minor axis, in pixels (x, y)
    whitening = np.linalg.inv(on_pixels)
    inverse = np.swapaxes(whitening, 1, 2) @ whitening
    shapes = np.stack([inverse[:, 0, 0], inverse[:, 0, 1], inverse[:, 1, 1]], axis=1)
    widths = np.linalg.svd(on_pixels, compute_uv=False)[:, 1] * FWHM_PER_SIGMA
    major_y, major_x = (beam.major_deg / scale for scale in image.pixel_scales_deg)
    return PixelBeam(shapes, (major_y, major_x), float(widths.min(initial=np.inf)))


def is_sensible(image: RadioImage, beam: Beam) -> bool:
    """Tell whether a beam can be that of an image: at least half a pixel, and at most two fifths of the image wide.

    Parameters
    ----------
    image : RadioImage
        The image.
    beam : Beam
        What it says is its beam.

    Returns
    -------
    bool
        False where the numbers are probably in another unit than degrees.
    """
    scales = image.pixel_scales_deg
    widest = min(length * scale for length, scale in zip(image.shape, scales, strict=True))
    return beam.minor_deg >= _SMALLEST_PIXELS * min(scales) and beam.major_deg <= _LARGEST_PART * widest


def find_sky_axes(image: RadioImage, positions: Doubles) -> Doubles:
    """Find how east and north of the image's own frame lie on the pixels; see `project_beam`.

    Parameters
    ----------
    image : RadioImage
        The image.
    positions : numpy.ndarray, shape (n, 2)
        Pixels (y, x).

    Returns
    -------
    numpy.ndarray, shape (n, 2, 2)
        ``[[dx/dE, dx/dN], [dy/dE, dy/dN]]`` in pixels per degree; shape (1, 2, 2) where all positions have the same.
    """
    celestial = image.celestial
    to_pixels = np.linalg.inv(np.array(celestial.matrix))
    if celestial.projection in _ZENITHAL:
        return (to_pixels @ _turn_to_pole(celestial))[np.newaxis]
    found = _differentiate(celestial, image.shape, positions)
    return np.where(np.isfinite(found).all(axis=(1, 2), keepdims=True), found, to_pixels)


def _turn_to_pole(celestial: Celestial) -> Doubles:
    """Return how east and north lie at the reference point of a zenithal projection, whose y axis need not be north."""
    # Paper II, sections 2.4 and 2.5: the pole is at the native longitude LONPOLE, 0 where the reference is the pole.
    pole = celestial.lonpole
    phi = math.radians(pole if pole is not None else (0.0 if celestial.crval[1] >= 90 else 180.0))
    return np.array([[-math.cos(phi), math.sin(phi)], [-math.sin(phi), -math.cos(phi)]])


def _differentiate(celestial: Celestial, shape: tuple[int, int], positions: Doubles) -> Doubles:
    """Return `find_sky_axes` at each position, from the sky half a pixel to each side; NaN or infinite at a rim."""
    wcs = celestial.make_wcs(shape)
    y, x = positions.T
    around = np.array([[x + 0.5, x - 0.5, x, x], [y, y, y + 0.5, y - 0.5]])
    longitude, latitude = (
        np.reshape(world, (4, -1)) for world in wcs.all_pix2world(around[0].ravel(), around[1].ravel(), 0)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        east = (np.stack([longitude[0] - longitude[1], longitude[2] - longitude[3]]) + 180.0) % 360.0 - 180.0
        east *= np.cos(np.radians(latitude.mean(axis=0)))
        north = np.stack([latitude[0] - latitude[1], latitude[2] - latitude[3]])
        determinant = east[0] * north[1] - east[1] * north[0]
        rows = np.array([[north[1], -east[1]], [-north[0], east[0]]]) / determinant
    return np.moveaxis(rows, -1, 0)
