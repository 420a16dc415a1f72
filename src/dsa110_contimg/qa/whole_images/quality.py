"""What was measured of an image. Importing this module loads no numpy."""

from __future__ import annotations

from dataclasses import dataclass

from dsa110_contimg.qa.gates import Gate, Verdict, worst

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsa110_contimg.images import Beam
    from dsa110_contimg.qa.thresholds import Thresholds


@dataclass(frozen=True)
class ResidualQuality:
    """How far a residual image is from normal noise. What could not be measured is NaN."""

    path: str
    """Where the residual image is."""
    is_scaled: bool
    """Whether centre and edge are scaled to the image, because a circle of two degrees does not fit on it."""
    inner_size_deg: tuple[float, float]
    """Height and width of the rectangle that is the centre, in degrees: half a degree, or half of the image's."""
    outer_size_deg: tuple[float, float]
    """Height and width of what the edge lies outside of, in degrees: a circle of two degrees, or, if it is scaled,
    the rectangle of three quarters of the image's area."""
    n_inner: int
    """The number of finite pixels at the centre."""
    n_outer: int
    """The number of finite pixels at the edge."""
    beam_area_pixels: float | None
    """The area of the beam in pixels: the residual image's own, else the image's; None where neither names one."""
    inner_rms: float
    """Noise at the centre, 1.4826 times the median of the absolute values, in the unit of the residual image."""
    outer_rms: float
    """Noise at the edge, in the same way: what is taken for the noise that there should be."""
    ratio: float
    """R, the noise at the centre over that at the edge."""
    excess_beams: float
    """Ex-2, the area at the centre that lies below -2 times the noise at the edge, in beams, without what normal noise
    has there: 2.275 %."""
    largest_negative: float
    """MaxNeg, the level at the centre below which ten beams lie, in units of the noise at the edge."""

    @property
    def inner_beams(self) -> float | None:
        """The area of the finite pixels at the centre, in beams; None without a beam."""
        return None if self.beam_area_pixels is None else self.n_inner / self.beam_area_pixels

    @property
    def outer_beams(self) -> float | None:
        """The area of the finite pixels at the edge, in beams; None without a beam."""
        return None if self.beam_area_pixels is None else self.n_outer / self.beam_area_pixels


@dataclass(frozen=True, eq=False)
class ImageQuality:
    """What was measured of an image, and what the gates say.

    Pixel values are in `unit`. Only finite pixels are measured; what could not be measured is NaN.
    """

    path: str
    """Path or address of the image."""
    shape: tuple[int, int]
    """Number of pixels of the plane, (ny, nx)."""
    plane: Mapping[str, int | str]
    """Which plane of a cube this is: ``stokes`` (a name), ``channel`` (from zero), where the image has such axes."""
    unit: str | None
    """Unit of the pixels, as ``BUNIT`` says it; None where the image names none."""
    mjd: float | None
    """Start of the observation as a Modified Julian Date in days; None where the image names none."""
    beam: Beam | None
    """Synthesised beam of the plane; None where the image names none."""
    pixel_scales_deg: tuple[float, float]
    """Size (y, x) of a pixel at the reference point, in degrees."""
    n_finite: int
    """The number of pixels that are neither NaN nor infinite."""
    n_zero: int
    """How many of them are exactly zero."""
    n_equal: int
    """How many of them are exactly the median: all of a constant image."""
    median: float
    """The median."""
    rms: float
    """Noise: 1.4826 times the median absolute deviation about the median."""
    clipped_rms: float
    """Noise: the standard deviation of what is within three of them about the median, found in ten steps at most."""
    peak: float
    """The brightest pixel."""
    peak_pixel: tuple[int, int] | None
    """Where (y, x) it is, counted from zero; None where no pixel is finite."""
    minimum: float
    """The deepest pixel."""
    minimum_pixel: tuple[int, int] | None
    """Where (y, x) it is, counted from zero; None where no pixel is finite."""
    expected_rms: float | None
    """The noise that was expected; None where the caller expected none."""
    residual: ResidualQuality | None
    """What the residual image shows; None where none was given."""
    thresholds: Thresholds
    """What the gates were held against."""
    gates: tuple[Gate, ...] = ()
    """The gates, each with its value beside the threshold; always the same ones in the same order."""

    @property
    def verdict(self) -> Verdict:
        """The worst that a gate says."""
        return worst(self.gates)

    @property
    def n_pixels(self) -> int:
        """The number of pixels."""
        return self.shape[0] * self.shape[1]

    @property
    def coverage(self) -> float:
        """The finite pixels by all of them."""
        return self.n_finite / self.n_pixels

    @property
    def dynamic_range(self) -> float:
        """Peak by noise (`rms`); NaN where the noise is zero, or there is none."""
        return self.peak / self.rms if self.rms > 0 else float("nan")

    @property
    def negative_ratio(self) -> float:
        """The depth of the deepest negative by the peak, 0 where there is none; NaN where the peak is not above 0."""
        return max(-self.minimum, 0.0) / self.peak if self.peak > 0 else float("nan")

    @property
    def beam_area_pixels(self) -> float | None:
        """The area under the beam, π / (4 ln 2) times its two axes, in pixels; None without a beam."""
        height, width = self.pixel_scales_deg
        return None if self.beam is None else self.beam.area_deg2 / (height * width)

    @property
    def beam_minor_pixels(self) -> float | None:
        """The full minor axis of the beam (FWHM) in pixels, along their longer side; None without a beam."""
        if self.beam is None:
            return None
        return min(self.beam.minor_deg, self.beam.major_deg) / max(self.pixel_scales_deg)
