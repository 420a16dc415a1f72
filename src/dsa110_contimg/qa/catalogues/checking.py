"""Put together how an image compares with a reference catalogue."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np

from dsa110_contimg.images.opening import open_image
from dsa110_contimg.qa.caltables.statistics import median, robust_deviation
from dsa110_contimg.qa.catalogue_check import CatalogueCheck
from dsa110_contimg.qa.catalogues.catalogue import find_catalogue
from dsa110_contimg.qa.catalogues.comparison import ISOLATION_BEAMS, choose_points, find_scales
from dsa110_contimg.qa.catalogues.gates import judge_check
from dsa110_contimg.qa.catalogues.measuring import measure
from dsa110_contimg.qa.catalogues.neighbours import find_isolated
from dsa110_contimg.qa.notation import format_angle, split_unit
from dsa110_contimg.qa.photometry.kernels import is_sensible
from dsa110_contimg.qa.photometry.windows import find_on_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.images.radio_images import RadioImage
    from dsa110_contimg.qa.catalogues.catalogue import Catalogue
    from dsa110_contimg.qa.thresholds import Thresholds

_OUT_OF_FOCUS = 1.1
"""Sources that are more than so many times as large as the beam, or smaller, are remarked on."""


def check(
    image: str | os.PathLike[str],
    reference: Catalogue | str | os.PathLike[str] | Any,
    thresholds: Thresholds,
    *,
    spectral_index: float,
    reference_frequency_hz: float | None,
    hdu: int | str | None,
    stokes: str | None,
    channel: int | None,
) -> CatalogueCheck:
    """Check an image against a reference catalogue; see `qa.catalogue_check.check_catalogue`."""
    if reference_frequency_hz is not None and not 0 < reference_frequency_hz < math.inf:
        raise ValueError(f"reference_frequency_hz={reference_frequency_hz} was asked for; give a number above zero.")
    if not math.isfinite(spectral_index):
        raise ValueError(f"spectral_index={spectral_index} was asked for; give a finite number.")
    catalogue = find_catalogue(reference)
    opened = open_image(image, hdu)
    plane = opened.axes.choose_plane(opened.path, stokes=stokes, channel=channel)
    beam, remarks = _find_beam(opened, plane)
    frequency = opened.find_frequency(plane)

    positions = opened.find_pixels(catalogue.ra_deg, catalogue.dec_deg)
    part = find_on_image(opened, positions)
    measured = measure(opened, plane, beam, catalogue.ra_deg[part], catalogue.dec_deg[part], positions[part])
    has_sky = np.isfinite(measured.centre)
    part, measured = part[has_sky], measured.select(has_sky)

    is_isolated = np.zeros(part.size, bool)
    if beam is not None:
        is_isolated = _find_isolated(opened, beam, catalogue, positions)[part]
    rms = np.where(measured.local_rms > 0, measured.local_rms, np.nan)
    snr = measured.height / rms
    is_used = choose_points(is_isolated, snr, measured.beam_ratio) & np.isfinite(measured.offset_deg).all(axis=1)
    is_shown = measured.peak > thresholds.completeness_snr * rms  # false for NaN

    factor, base = split_unit(opened.unit)
    flux = measured.height * (factor if base == "Jy/beam" else np.nan)
    scales, frequencies, told = find_scales(catalogue, part, frequency, reference_frequency_hz, spectral_index)
    fluxes = np.full(part.size, np.nan) if catalogue.flux_jy is None else catalogue.flux_jy[part]
    ratio = flux / np.where(fluxes > 0, fluxes * scales, np.nan)
    if catalogue.flux_jy is None:
        told = []
    east, north = 3600.0 * measured.offset_deg.T
    is_compared = is_used & np.isfinite(ratio)
    remarks = [*catalogue.remarks, *told, *remarks, *_remark_on_width(measured.beam_ratio[is_used])]
    result = CatalogueCheck(
        path=opened.path,
        reference=os.fspath(reference) if isinstance(reference, (str, os.PathLike)) else "a table in memory",
        plane=opened.axes.describe_plane(plane),
        unit=opened.unit,
        beam=beam,
        frequency_hz=frequency,
        spectral_index=spectral_index,
        n_catalogue=len(catalogue),
        names=tuple(catalogue.names[k] for k in part.tolist()),
        ra_deg=_freeze(catalogue.ra_deg[part]),
        dec_deg=_freeze(catalogue.dec_deg[part]),
        reference_flux_jy=_freeze(fluxes),
        reference_frequency_hz=_freeze(frequencies),
        local_rms=_freeze(rms),
        peak=_freeze(measured.peak),
        is_shown=_freeze(is_shown),
        is_isolated=_freeze(is_isolated),
        is_used=_freeze(is_used),
        snr=_freeze(snr),
        delta_ra_arcsec=_freeze(east),
        delta_dec_arcsec=_freeze(north),
        flux_jy=_freeze(flux),
        flux_ratio=_freeze(ratio),
        beam_ratio=_freeze(measured.beam_ratio),
        median_delta_ra_arcsec=median(east[is_used]),
        median_delta_dec_arcsec=median(north[is_used]),
        delta_ra_mad_arcsec=robust_deviation(east[is_used]),
        delta_dec_mad_arcsec=robust_deviation(north[is_used]),
        median_flux_ratio=median(ratio[is_compared]),
        flux_ratio_mad=robust_deviation(ratio[is_compared]),
        completeness=_divide(int(is_shown.sum()), int(np.isfinite(rms).sum())),
        thresholds=thresholds,
        remarks=tuple(remarks),
    )
    return replace(result, gates=judge_check(result))


def _find_beam(image: RadioImage, plane: tuple[int, ...]) -> tuple[Beam | None, list[str]]:
    """Find the beam, and what is to be said of it: one in the wrong unit would make windows of the whole sky."""
    beam = image.find_beam(plane)
    if beam is None or is_sensible(image, beam):
        return beam, []
    told = (
        f"The beam is said to be {format_angle(beam.major_deg)} by {format_angle(beam.minor_deg)}, which cannot be: a "
        f"pixel is {format_angle(min(image.pixel_scales_deg))} wide, and the image {min(image.shape)} pixels. "
        "It is left out."
    )
    return None, [told]


def _find_isolated(
    image: RadioImage, beam: Beam, catalogue: Catalogue, positions: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Find the sources without neighbours, on the image or beyond its edge; those that are far away are not asked."""
    distance = ISOLATION_BEAMS * beam.major_deg
    # Twice as far as it is at the reference point, because projections stretch the sky.
    near = find_on_image(image, positions, margin=2.0 * distance / min(image.pixel_scales_deg))
    is_isolated = np.zeros(len(catalogue), bool)
    is_isolated[near] = find_isolated(catalogue.ra_deg[near], catalogue.dec_deg[near], distance)
    return is_isolated


def _remark_on_width(beam_ratio: NDArray[np.float64]) -> list[str]:
    if not beam_ratio.size or 1 / _OUT_OF_FOCUS <= (width := median(beam_ratio)) <= _OUT_OF_FOCUS:
        return []
    cause = "the image is out of focus, or its beam is not" if width > 1 else "its beam is not"
    return [f"Sources are {width:.3g} times as large as the beam, in area and in the median: {cause} the header's."]


def _divide(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _freeze(values: NDArray[Any]) -> NDArray[Any]:
    values.flags.writeable = False
    return values
