"""Measure an image: read it once, sort it once."""

from __future__ import annotations

import math
import os
from dataclasses import replace

from dsa110_contimg.images import open_image
from dsa110_contimg.qa.whole_images.extremes import find_extremes
from dsa110_contimg.qa.whole_images.gates import judge_image
from dsa110_contimg.qa.whole_images.order_statistics import OrderStatistics
from dsa110_contimg.qa.whole_images.quality import ImageQuality
from dsa110_contimg.qa.whole_images.residuals import measure_residual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

    from dsa110_contimg.qa.thresholds import Thresholds

    Path = str | PathLike[str]

_CLIP_SIGMA, _CLIP_ITERATIONS = 3.0, 10


def measure(
    image: Path,
    expected_rms: float | None,
    residual: Path | None,
    hdu: int | str | None,
    stokes: str | None,
    channel: int | None,
    thresholds: Thresholds,
) -> ImageQuality:
    """Measure an image and its residual image, and ask every question; arguments and errors as `measure_image`."""
    quality = _measure_plane(os.fspath(image), expected_rms, hdu, stokes, channel, thresholds)
    if residual is not None:  # after the pixels of the image are let go
        found = measure_residual(os.fspath(residual), quality.beam, hdu=hdu, stokes=stokes, channel=channel)
        quality = replace(quality, residual=found)
    return replace(quality, gates=judge_image(quality))


def _measure_plane(
    path: str,
    expected_rms: float | None,
    hdu: int | str | None,
    stokes: str | None,
    channel: int | None,
    thresholds: Thresholds,
) -> ImageQuality:
    opened = open_image(path, hdu)
    plane = opened.axes.choose_plane(opened.path, stokes=stokes, channel=channel)
    pixels = opened.read_plane(plane)
    peak, deepest = find_extremes(pixels) or (None, None)
    found = OrderStatistics(pixels.reshape(-1))
    median = found.find_median()
    return ImageQuality(
        path=opened.path if "://" in path else path,
        shape=opened.shape,
        plane=opened.axes.describe_plane(plane),
        unit=opened.unit,
        mjd=opened.mjd,
        beam=opened.find_beam(plane),
        pixel_scales_deg=opened.pixel_scales_deg,
        n_finite=found.n,
        n_zero=found.count_equal(0.0),
        n_equal=found.count_equal(median),
        median=median,
        rms=found.find_sigma(median),
        clipped_rms=found.clip(_CLIP_SIGMA, _CLIP_ITERATIONS),
        peak=found[-1] if found.n else math.nan,
        peak_pixel=peak,
        minimum=found[0] if found.n else math.nan,
        minimum_pixel=deepest,
        expected_rms=expected_rms,
        residual=None,
        thresholds=thresholds,
    )
