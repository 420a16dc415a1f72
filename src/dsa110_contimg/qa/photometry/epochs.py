"""Light curves from many images: all of them measured, put into the order of time, and into one unit."""

from __future__ import annotations

import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from dsa110_contimg.errors import ContimgError, MixedUnitsError, NoiseMapError
from dsa110_contimg.qa.catalogues import name_positions
from dsa110_contimg.qa.light_curves import LightCurves
from dsa110_contimg.qa.notation import split_unit
from dsa110_contimg.qa.photometry.flags import Flag
from dsa110_contimg.qa.photometry.measurement import Photometry, Question, measure_sources
from dsa110_contimg.qa.photometry.remarks import make_remarks
from dsa110_contimg.qa.photometry.variability import measure_variability
from dsa110_contimg.qa.stamps.cutting import check_positions, name_image
from dsa110_contimg.qa.stamps.runners import count_threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.qa.stamps.inputs import ImageList, SourceList
    from dsa110_contimg.qa.thresholds import Thresholds

_FLUXES = ("peak", "flux", "flux_error", "local_rms")


@dataclass(frozen=True, eq=False, slots=True)
class Epoch:
    """One image, and what came of it."""

    image: str
    """Its path, as anybody may see it."""
    mjd: float
    """Start of the observation as a Modified Julian Date in days; NaN where it is unknown."""
    found: Photometry | ContimgError
    """What was measured, or why it was left out."""
    noise_map: str | None
    """The path of its noise map."""


def measure_epochs(
    images: ImageList,
    sources: SourceList,
    noise_maps: ImageList | None,
    *,
    plane: tuple[int | str | None, str | None, int | None],
    thresholds: Thresholds,
) -> LightCurves:
    """Measure light curves.

    Parameters
    ----------
    images : ImageList
        The images.
    sources : SourceList
        The sources.
    noise_maps : ImageList or None
        A noise map for each image.
    plane : tuple
        hdu, stokes and channel, as of `measure_light_curves`.
    thresholds : Thresholds
        Limits.

    Returns
    -------
    LightCurves
        The light curves; errors as of `measure_light_curves`.
    """
    ra, dec = (degrees.copy() for degrees in check_positions(sources.ra_deg, sources.dec_deg))
    maps = _pair(noise_maps, len(images.paths))
    question = Question(ra, dec, thresholds.edge_beams, *plane)
    with ThreadPoolExecutor(count_threads(None), thread_name_prefix="photometry") as pool:
        found = list(pool.map(_try_measuring, images.paths, maps, repeat(question)))
    if all(isinstance(one, ContimgError) for one in found):
        raise found[0]  # type: ignore[misc]
    unit, epochs = _unite(sorted(map(_make_epoch, images.paths, images.mjd, found, maps), key=_order))
    measured = _stack(epochs, ra.size)
    flux, error, flags = measured["flux"], measured["flux_error"], measured["flags"]
    with np.errstate(invalid="ignore"):
        snr = flux / error
        limit = np.where(snr < thresholds.detection_snr, thresholds.detection_snr * error, np.nan)
    variability = measure_variability(flux, error, (flags == 0) & np.isfinite(error), thresholds)
    mjd = np.array([epoch.mjd for epoch in epochs])
    for array in (ra, dec, mjd, snr, limit, *measured.values()):
        array.flags.writeable = False
    return LightCurves(
        names=sources.names or name_positions(ra, dec),
        ra_deg=ra,
        dec_deg=dec,
        images=tuple(epoch.image for epoch in epochs),
        mjd=mjd,
        unit=unit or None,
        snr=snr,
        upper_limit=limit,
        variability=variability,
        unreadable=_list_errors(epochs),
        remarks=make_remarks(epochs, unit, flags, variability),
        **measured,
    )


def _pair(noise_maps: ImageList | None, n_images: int) -> Sequence[str | None]:
    if noise_maps is None:
        return (None,) * n_images
    if len(noise_maps.paths) != n_images:
        raise NoiseMapError(
            f"{n_images} images and {len(noise_maps.paths)} noise maps were given.",
            hint="Give one for each image, in the same order.",
        )
    return noise_maps.paths


def _try_measuring(path: str, noise_map: str | None, question: Question) -> Photometry | ContimgError:
    try:
        return measure_sources(path, noise_map, question)
    except ContimgError as error:
        return error


def _make_epoch(path: str, mjd: float | None, found: Photometry | ContimgError, noise_map: str | None) -> Epoch:
    """Date an image; what a table says counts more than what its header says."""
    if mjd is None and isinstance(found, Photometry):
        mjd = found.mjd
    known = mjd is not None and math.isfinite(mjd)
    return Epoch(name_image(path), mjd if mjd is not None and known else math.nan, found, noise_map)


def _order(epoch: Epoch) -> tuple[bool, float, str]:
    undated = math.isnan(epoch.mjd)
    return undated, 0.0 if undated else epoch.mjd, epoch.image


def _unite(epochs: Sequence[Epoch]) -> tuple[str, list[Epoch]]:
    """Bring all fluxes into the unit that most images have, without prefix, and leave out images with another one."""
    units = {k: split_unit(one.found.unit) for k, one in enumerate(epochs) if isinstance(one.found, Photometry)}
    ((unit, n_same),) = Counter(base for _, base in units.values()).most_common(1)
    united = list(epochs)
    for k, (factor, base) in units.items():
        one = epochs[k]
        if base != unit:
            told = [f"in {given}" if given else "without a unit" for given in (base, unit)]
            united[k] = replace(
                one,
                found=MixedUnitsError(
                    f"{one.image} is {told[0]}; {n_same} of {len(units)} images are {told[1]}.",
                    hint="Convert it, give it its BUNIT, or measure it by itself.",
                ),
            )
        elif factor != 1.0:
            united[k] = replace(one, found=_scale(one.found, factor))  # type: ignore[arg-type]
    return unit, united


def _scale(found: Photometry, factor: float) -> Photometry:
    return replace(found, **{name: factor * getattr(found, name) for name in _FLUXES})


def _stack(epochs: Sequence[Epoch], n_sources: int) -> dict[str, NDArray[Any]]:
    """Put what was measured into arrays (n_sources, n_epochs)."""
    arrays: dict[str, NDArray[Any]] = {name: np.full((n_sources, len(epochs)), np.nan) for name in _FLUXES}
    arrays["flags"] = np.full((n_sources, len(epochs)), Flag.UNREADABLE, np.uint16)
    for k, epoch in enumerate(epochs):
        if isinstance(epoch.found, Photometry):
            for name, array in arrays.items():
                array[:, k] = getattr(epoch.found, name)
    return arrays


def _list_errors(epochs: Sequence[Epoch]) -> dict[str, ContimgError]:
    errors: dict[str, ContimgError] = {}
    for epoch in epochs:
        if isinstance(epoch.found, ContimgError):
            errors[epoch.image] = epoch.found
        elif epoch.noise_map is not None and epoch.found.noise_map_error is not None:
            errors[name_image(epoch.noise_map)] = epoch.found.noise_map_error
    return errors
