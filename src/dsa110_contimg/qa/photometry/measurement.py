"""What one image has at known positions: peak, forced flux, noise, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dsa110_contimg.errors import NoiseMapError
from dsa110_contimg.images.opening import open_image
from dsa110_contimg.qa.photometry.blends import find_blends
from dsa110_contimg.qa.photometry.flags import Flag
from dsa110_contimg.qa.photometry.forced_fluxes import fit_beams
from dsa110_contimg.qa.photometry.kernels import is_sensible, project_beam
from dsa110_contimg.qa.photometry.local_noise import choose_window, measure_noise
from dsa110_contimg.qa.photometry.noise_maps import open_noise_map
from dsa110_contimg.qa.photometry.windows import find_on_image, read_windows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images.radio_images import RadioImage
    from dsa110_contimg.qa.photometry.noise_maps import NoiseMap

    Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """What is asked of every image."""

    ra_deg: Doubles
    """Right ascensions in ICRS, in degrees, shape (n,)."""
    dec_deg: Doubles
    """Declinations in ICRS, in degrees, shape (n,)."""
    edge_beams: float
    """Sources nearer to the edge than so many major axes of the beam are flagged."""
    hdu: int | str | None = None
    """The HDU of each image; the first image of the sky by default."""
    stokes: str | None = None
    """The Stokes parameter, where an image has several."""
    channel: int | None = None
    """The spectral channel, where an image has several."""


@dataclass(frozen=True, eq=False, slots=True)
class Photometry:
    """What was measured on one image, in its own unit; arrays have the shape (n,)."""

    unit: str | None
    """Unit of the pixels, as the image says it."""
    mjd: float | None
    """Start of the observation as a Modified Julian Date in days; None where the image names none."""
    peak: Doubles
    """The brightest of the 3 × 3 pixels around the position; NaN where none has sky."""
    flux: Doubles
    """The forced flux; NaN where there is none."""
    flux_error: Doubles
    """Its error; NaN where there is none."""
    local_rms: Doubles
    """The noise of a pixel at the position; NaN where there is none."""
    flags: NDArray[np.uint16]
    """What may be wrong, as in `Flag`."""
    noise_map_error: NoiseMapError | None = None
    """Why the noise map could not be used."""


def measure_sources(path: str, noise_map: str | None, question: Question) -> Photometry:
    """Measure the sources on one image.

    Parameters
    ----------
    path : str
        The image.
    noise_map : str or None
        Its noise map, if it has one. Where that cannot be used, the image has no noise.
    question : Question
        What to measure.

    Returns
    -------
    Photometry
        What was measured.

    Raises
    ------
    ImageError
        If the image cannot be read, or has no such plane.
    """
    image = open_image(path, question.hdu)
    positions = image.find_pixels(question.ra_deg, question.dec_deg)
    if noise_map is None:
        return _measure(image, positions, question, None)
    try:
        opened = open_noise_map(
            noise_map,
            image,
            positions,
            (question.ra_deg, question.dec_deg),
            stokes=question.stokes,
            channel=question.channel,
        )
        return _measure(image, positions, question, opened)
    except NoiseMapError as error:
        found = _measure(image, positions, question, None)
        # The local rms would be another kind of noise than that of the other epochs.
        _add(found.flags, np.isfinite(found.local_rms), Flag.NO_NOISE)
        found.flux_error[:] = found.local_rms[:] = np.nan
        return replace(found, noise_map_error=error)


def _measure(image: RadioImage, positions: Doubles, question: Question, noise_map: NoiseMap | None) -> Photometry:
    plane = image.axes.choose_plane(image.path, stokes=question.stokes, channel=question.channel)
    beam = image.find_beam(plane)
    if beam is not None and not is_sensible(image, beam):
        beam = None
    n, there = len(positions), find_on_image(image, positions)
    positions = positions[there]
    shape = None if beam is None else project_beam(image, beam, positions)
    scales, edge = image.pixel_scales_deg, 0.0 if beam is None else question.edge_beams * beam.major_deg
    peak, flux, error, noise = np.full((4, n), np.nan)
    flags = np.full(n, Flag.OFF_IMAGE, np.uint16)
    flags[there] = 0 if beam else Flag.NO_BEAM
    window = choose_window(None if shape is None else shape.major_pixels)
    for windows in read_windows(image, plane, positions, window):
        part = there[windows.part]
        centre, peak[part] = windows.measure_nearest()
        is_blank = np.isnan(centre)
        medians, rms = measure_noise(windows.pixels)
        if beam is not None and shape is not None:
            forced = fit_beams(windows, shape, noise_map)
            is_blank |= forced.is_blank
            rms = rms if noise_map is None else forced.noise
            flux[part] = np.where(is_blank, np.nan, forced.flux)
            error[part] = np.where(is_blank | ~(rms > 0), np.nan, forced.error_factor * rms)
            _add(flags, part[windows.find_blank_distances(scales) < edge], Flag.NEAR_EDGE)
            _add(flags, part[np.abs(medians) * forced.leverage > error[part]], Flag.OFFSET)
        elif noise_map is not None:
            rms = noise_map.read(windows.find_nearest() + windows.origins, (1, 1))[:, 0, 0]
        noise[part] = rms
        _add(flags, part[is_blank], Flag.BLANK)
        _add(flags, part[~(rms > 0)], Flag.NO_NOISE)
    if noise_map is not None and there.size and not (noise > 0).any():
        raise NoiseMapError(
            f"The noise map {noise_map.image.path} is zero, negative or blank at every source.",
            hint="Give a map of the noise, which is above zero, or none.",
        )
    if shape is not None:
        inside = (np.minimum(positions, np.array(image.shape) - 1.0 - positions) + 0.5) * scales
        _add(flags, there[inside.min(axis=1, initial=np.inf) < edge], Flag.NEAR_EDGE)
        is_blended = find_blends(positions, shape.shapes, flux[there], error[there])
        _add(flags, there[is_blended], Flag.BLENDED)
    return Photometry(image.unit, image.mjd, peak, flux, error, noise, flags)


def _add(flags: NDArray[np.uint16], where: NDArray[Any], flag: Flag) -> None:
    flags[where] |= np.uint16(flag)
