"""Measure the quality of an image.

Importing this module loads no numpy, which would start threads: its functions import what they need.
"""

from __future__ import annotations

from dsa110_contimg.qa.thresholds import Thresholds
from dsa110_contimg.qa.whole_images.quality import ImageQuality, ResidualQuality

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

__all__ = ["ImageQuality", "ResidualQuality", "measure_image"]


def measure_image(
    image: str | PathLike[str],
    *,
    expected_rms: float | None = None,
    residual: str | PathLike[str] | None = None,
    hdu: int | str | None = None,
    stokes: str | None = None,
    channel: int | None = None,
    thresholds: Thresholds | None = None,
) -> ImageQuality:
    """Measure how good an image is.

    Parameters
    ----------
    image : str or path-like
        A FITS image (two to five axes in any order; plain, gzipped or tile-compressed), the folder of a CASA image, or
        the address of a FITS image.
    expected_rms : float, optional
        The noise that it should have, in the unit of the image: from theory, or from other images of the field.
    residual : str or path-like, optional
        The residual image that cleaning left, before it is corrected for the primary beam.
    hdu, stokes, channel : optional
        Which image of a file and which plane of a cube, as in `create_cutout`; of the residual image, too.
    thresholds : Thresholds, optional
        What the gates are held against; the usual ones unless given.

    Returns
    -------
    ImageQuality
        What was measured, and the gates. A gate that cannot say anything is SKIP, with the reason.

    Raises
    ------
    ImageNotFoundError
        If there is nothing at a path.
    UnreadableImageError
        If one is no image of the sky, or a damaged one.
    AmbiguousPlaneError
        If one is a cube and its plane was not chosen, or the plane that was chosen is not there.
    MissingDependencyError
        If a CASA image is given and python-casacore is not installed, or an address without the extra ``remote``.

    Notes
    -----
    The plane is read once and held in memory once, as 32-bit floats for most images; one sort then gives every number.
    A blank image is no error: its numbers are NaN, and its gates say so.

    Noise is 1.4826 times the median absolute deviation about the median. Beside it stands the standard deviation of
    what lies within three of them about the median. Where they differ much, the image has extended emission
    or artifacts. Sources do not count as noise: the dynamic range is the peak over the robust noise.

    In a residual image [1]_ [2]_ R is the noise at the centre over that at the edge. Ex-2 is the area at the centre,
    in beams, that lies below -2 times the noise at the edge, without what normal noise has there. MaxNeg is the level
    below which ten beams of the centre lie, in units of the noise at the edge. The centre is half a degree high and
    wide; an area of Apertif's images for which MaxNeg of normal noise is the -3.2 that they name (within a radius of
    half a degree it would be -3.6). The edge is further than a degree from the middle of the image. On an image less
    than two degrees high or wide, the centre is the inner quarter of its area, and the edge the outer quarter. Angles
    are those at the reference point. It fails if R > 1.225, or if R > 1.15, MaxNeg < -4.5 and Ex-2 > 400 beams.

    References
    ----------
    .. [1] E. A. K. Adams et al., "First release of Apertif imaging survey data", A&A 667, A38, 2022.
    .. [2] ASTRON, "Apertif DR1 documentation: validation of processed data products, continuum".

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import Source, simulate_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = simulate_image(f"{folder}/field.fits", [Source(180.0, 37.0, flux_jy=0.5)], 1e-3, seed=1)
    ...     quality = measure_image(truth.path, expected_rms=1e-3)
    >>> f"{quality.rms:.4f} {quality.unit}, peak {quality.peak:.2f} at {quality.peak_pixel}"
    '0.0010 Jy/beam, peak 0.50 at (128, 128)'
    >>> f"{quality.dynamic_range:.0f}, {quality.coverage:.0%} of the pixels, {quality.verdict}"
    '498, 100% of the pixels, PASS'
    """
    from dsa110_contimg.qa.whole_images.measuring import measure

    return measure(image, expected_rms, residual, hdu, stokes, channel, thresholds or Thresholds())
