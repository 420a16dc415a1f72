"""Which sources can be compared with a catalogue, and at which frequency."""

from __future__ import annotations

import math

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.qa.catalogues.catalogue import Catalogue

    Doubles = NDArray[np.float64]

ISOLATION_BEAMS = 3.0
"""How far away the next source of the catalogue must be, in major axes of the beam (FWHM): then it is not mistaken for
this one, and adds nothing to it."""
LEAST_SNR = 10.0
"""How many times the noise a source must have: then noise moves it by no more than 4 % of the beam."""
_WIDER = 1.1
"""How much larger than the others, in area, a source may be that is as good as a point."""
_WIDER_SIGMAS = 3.0
"""How many times what noise does to the area it may be larger besides."""
_OUT_OF_FOCUS = 2.0
"""The area of the beam in an image that is as much out of focus as any; where more is usual, sources are extended."""


def choose_points(is_isolated: NDArray[np.bool_], snr: Doubles, beam_ratio: Doubles) -> NDArray[np.bool_]:
    """Choose the sources of which positions and fluxes mean something.

    Parameters
    ----------
    is_isolated : ndarray
        Whether each source stands alone, shape (n,).
    snr : ndarray
        Its height over the noise, shape (n,); NaN where nothing is known.
    beam_ratio : ndarray
        Its area over that of the beam, shape (n,); NaN where there is no peak.

    Returns
    -------
    ndarray
        Whether each is isolated, bright and unresolved, shape (n,).

    Notes
    -----
    Noise whose autocorrelation is the beam changes the logarithm of an area by 1 / (S/N) (rms). A source is held
    against the median of the others and not against the beam: where phases were bad every source is too wide and too
    faint, and it is the flux ratio that has to say so.
    """
    is_good = is_isolated & (snr >= LEAST_SNR) & (beam_ratio > 0)  # false for NaN
    if not is_good.any():
        return is_good
    logs = np.log(np.where(is_good, beam_ratio, 1.0))
    usual = min(max(float(np.median(logs[is_good])), 0.0), math.log(_OUT_OF_FOCUS))
    noise = np.divide(_WIDER_SIGMAS, snr, out=np.zeros_like(snr), where=is_good)
    return is_good & (logs <= usual + math.log(_WIDER) + noise)


def find_scales(
    catalogue: Catalogue,
    part: NDArray[np.intp],
    frequency_hz: float | None,
    reference_frequency_hz: float | None,
    spectral_index: float,
) -> tuple[Doubles, Doubles, list[str]]:
    """Find what fluxes of a catalogue are multiplied by to be those at the frequency of an image.

    Parameters
    ----------
    catalogue : Catalogue
        The catalogue.
    part : ndarray
        Which of its sources.
    frequency_hz : float or None
        The frequency of the image in Hz.
    reference_frequency_hz : float or None
        The frequency of the catalogue in Hz, if it was given.
    spectral_index : float
        The exponent of the power law.

    Returns
    -------
    tuple
        Factors, shape (m,); frequencies of the catalogue in Hz, shape (m,), NaN where unknown; what is to be said of
        them, in sentences.
    """
    known = np.full(part.size, np.nan)
    if reference_frequency_hz is not None:
        known[:] = reference_frequency_hz
    elif catalogue.frequency_hz is not None:
        known[:] = catalogue.frequency_hz[part]
    if frequency_hz is None:
        told = "The image tells no frequency; it is taken to be that of the catalogue."
        return np.ones(part.size), known, [told]
    remarks = []
    is_known = np.isfinite(known)
    frequencies = np.where(is_known, known, frequency_hz)
    if is_known.any() and (frequencies != frequency_hz).any():
        span = dict.fromkeys(_write_frequency(hz) for hz in (known[is_known].min(), known[is_known].max()))
        remarks.append(
            f"Fluxes of the catalogue are scaled from {' to '.join(span)} to the {_write_frequency(frequency_hz)} "
            f"of the image with a spectral index of {spectral_index:g}."
        )
    if not is_known.all():
        who = f"{(~is_known).sum()} sources of the catalogue tell" if is_known.any() else "The catalogue tells"
        remarks.append(f"{who} no frequency; it is taken to be that of the image, {_write_frequency(frequency_hz)}.")
    return (frequency_hz / frequencies) ** spectral_index, known, remarks


def _write_frequency(hertz: float) -> str:
    return f"{hertz / 1e6:.6g} MHz"
