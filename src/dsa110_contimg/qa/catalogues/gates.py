"""Hold a comparison with a catalogue against the thresholds."""

from __future__ import annotations

import numpy as np

from dsa110_contimg.qa.catalogues.comparison import ISOLATION_BEAMS, LEAST_SNR
from dsa110_contimg.qa.gates import judge
from dsa110_contimg.qa.notation import list_names, split_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.qa.catalogue_check import CatalogueCheck
    from dsa110_contimg.qa.gates import Gate


def judge_check(check: CatalogueCheck) -> tuple[Gate, ...]:
    """Ask every question there is about an image and a catalogue.

    Parameters
    ----------
    check : CatalogueCheck
        What was measured.

    Returns
    -------
    tuple of Gate
        Position offset, flux ratio and completeness, in this order.
    """
    return _judge_offset(check), _judge_fluxes(check), _judge_completeness(check)


def _judge_offset(check: CatalogueCheck) -> Gate:
    n = int(check.is_used.sum())
    why_not = _why_few(check, check.is_used)
    return judge(
        "position offset (″)",
        None if why_not else check.offset_arcsec,
        warn_above=check.thresholds.position_offset_arcsec,
        n_samples=n,
        reason=why_not
        or f"Sources lie {_tell_side(check.median_delta_ra_arcsec, 'east', 'west')} and "
        f"{_tell_side(check.median_delta_dec_arcsec, 'north', 'south')} of their positions in the catalogue.",
    )


def _judge_fluxes(check: CatalogueCheck) -> Gate:
    thresholds, has_ratio = check.thresholds, np.isfinite(check.flux_ratio) & check.is_used
    why_not = _why_no_fluxes(check) or _why_few(check, has_ratio, "have a flux in the catalogue")
    return judge(
        "flux ratio",
        None if why_not else check.median_flux_ratio,
        warn_below=1.0 - thresholds.flux_ratio_warn,
        warn_above=1.0 + thresholds.flux_ratio_warn,
        fail_below=1.0 - thresholds.flux_ratio_fail,
        fail_above=1.0 + thresholds.flux_ratio_fail,
        n_samples=int(has_ratio.sum()),
        reason=why_not
        or f"Fluxes are {check.median_flux_ratio:.3g} times those of the catalogue, scattering by "
        f"{check.flux_ratio_mad:.2g}.",
    )


def _judge_completeness(check: CatalogueCheck) -> Gate:
    is_judged = check.local_rms > 0  # false for NaN
    n, needed = int(is_judged.sum()), check.thresholds.completeness_sources
    missing = [name for name, lost in zip(check.names, is_judged & ~check.is_shown, strict=True) if lost]
    why_not = ""
    if n < needed:
        lost = len(check.names) - n
        unknown = f"; the noise around {lost} more is zero or unknown" if lost else ""
        why_not = _why_none(check) or f"The image has {n} sources of the catalogue{unknown}; {needed} are needed."
    return judge(
        "completeness",
        None if why_not else check.completeness,
        fail_below=check.thresholds.completeness,
        n_samples=n,
        reason=why_not or f"{len(missing)} of {n} sources of the catalogue are not shown: {list_names(missing)}.",
    )


def _why_none(check: CatalogueCheck) -> str:
    if check.names:
        return ""
    return f"None of the {check.n_catalogue} sources of the catalogue lies where the image has sky."


def _why_no_fluxes(check: CatalogueCheck) -> str:
    if not check.names:
        return ""
    if not np.isfinite(check.reference_flux_jy).any():
        return " ".join(["The catalogue has no fluxes.", *check.remarks[:1]])
    if split_unit(check.unit)[1] != "Jy/beam":
        return f"The image is in {check.unit}, not in Jy/beam." if check.unit else "The image names no unit."
    return ""


def _why_few(check: CatalogueCheck, counted: NDArray[np.bool_], last: str = "") -> str:
    """Say where the sources were lost, if too few are left; an empty text if enough are."""
    needed = check.thresholds.flux_ratio_sources
    if counted.sum() >= needed:
        return ""
    if not check.names:
        return _why_none(check)
    if check.beam is None:
        return "The image names no beam, or one that cannot be."
    is_bright = check.is_isolated & (check.snr >= LEAST_SNR)
    told = (
        f"Of {len(check.names)} sources of the catalogue on the image {check.is_isolated.sum()} have no other within "
        f"{ISOLATION_BEAMS:g} beams, {is_bright.sum()} of these have {LEAST_SNR:g} times the noise, "
        f"{check.is_used.sum()} of these are no wider than a point"
    )
    if last:
        told += f", {counted.sum()} of these {last}"
    return f"{told}; {needed} are needed."


def _tell_side(arcsec: float, positive: str, negative: str) -> str:
    return f"{abs(arcsec):.2f}″ {negative if arcsec < 0 else positive}"
