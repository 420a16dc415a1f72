"""Which sources vary: V, η and pairs of epochs, and what is called variable among sources seen in the same images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsa110_contimg.qa.thresholds import Thresholds

    Doubles = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_FEWEST_SOURCES = 10
"""Fewer sources are no population."""
_SIGMAS = 4.0
"""How many widths above the population a source varies; 1 of 30 000 constant sources is so by chance."""
_STEPS = 60


@dataclass(frozen=True, eq=False)
class Variability:
    """How much each source varies; arrays have the shape (n_sources,) and are read-only.

    Only fluxes without a flag count. With fewer than two of them everything but `n_epochs` and `mean_flux` is NaN.
    """

    n_epochs: NDArray[np.int64]
    """How many fluxes count."""
    mean_flux: Doubles
    """Their mean, in the unit of the light curves; NaN if there is none."""
    v: Doubles
    """The standard deviation of the fluxes (with N - 1) over their mean."""
    eta: Doubles
    """The reduced χ² of the fluxes about their weighted mean (with N - 1); about 1 for a source that does not vary."""
    pair_significance: Doubles
    """The largest \\|Vs\\| of all pairs of epochs: the difference of two fluxes over its error."""
    pair_modulation: Doubles
    """\\|m\\| of that pair: the difference of the two fluxes over their mean."""
    is_variable: Flags
    """Whether the source varies: η is above its limit, and the pair differs significantly and much."""
    eta_limit: Doubles
    """The limit of η for each source; it grows with brightness where calibration differs between the images."""
    systematic_fraction: float
    """By which fraction of themselves the fluxes of constant sources differ between images, beyond their errors."""
    pair_significance_limit: float
    """The pair must differ by so many times its error, to which the systematic fraction is added."""
    pair_modulation_limit: float
    """The pair must differ by more than so many times its mean."""


def measure_variability(flux: Doubles, flux_error: Doubles, is_usable: Flags, thresholds: Thresholds) -> Variability:
    """Measure how much sources vary.

    Parameters
    ----------
    flux, flux_error : numpy.ndarray, shape (n_sources, n_epochs)
        Fluxes and their errors, in one unit.
    is_usable : numpy.ndarray, shape (n_sources, n_epochs)
        Which of them count; their errors must be above zero.
    thresholds : Thresholds
        Limits for pairs of epochs.

    Returns
    -------
    Variability
        The measures, and what is called variable.

    Notes
    -----
    With the weights w = 1/σ² and means ⟨⟩ over N epochs, V = s/⟨I⟩ and η = N/(N-1) (⟨wI²⟩ - ⟨wI⟩²/⟨w⟩), computed as
    Σw(I - ⟨wI⟩/⟨w⟩)²/(N-1), which is the same and loses no digits. Vs = ΔS/√(σ₁²+σ₂²), m = 2ΔS/(S₁+S₂).

    There is no fixed cut in η. It is χ²/(N-1) for a constant source whose errors are all known. Where images differ in
    calibration by the fraction f, it is 1 + f²⟨w⟩⟨I⟩² times that, and large for every bright source. So f is taken from
    the sources themselves: it makes the median source constant. To compare sources that were seen in different numbers
    of epochs, η over this factor is turned into a normal deviate z (Wilson & Hilferty: the cube root of χ²/N is almost
    normally distributed). The limit is 4 widths, the width of z being what the lower half of the sources shows, and not
    less than the 1 of theory. The pair must differ significantly even if f of each flux is added to its error. With
    fewer than 10 sources f = 0 and the width is 1. Where most sources of the list vary, f takes that for calibration,
    and only what varies more than most is called variable.

    References
    ----------
    Swinbank et al. 2015, Astronomy and Computing 11, 25 (V and η); Mooley et al. 2016, ApJ 818, 105 (Vs and m);
    Wilson & Hilferty 1931, PNAS 17, 684.
    """
    n = is_usable.sum(axis=1)
    degrees = np.where(n > 1, n - 1, np.nan)
    values, weights = np.where(is_usable, flux, 0.0), np.zeros(flux.shape)
    weights[is_usable] = flux_error[is_usable] ** -2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = values.sum(axis=1) / n
        scatter = np.sqrt((np.where(is_usable, values - mean[:, np.newaxis], 0.0) ** 2).sum(axis=1) / degrees)
        total = weights.sum(axis=1)
        weighted = (weights * values).sum(axis=1) / total
        eta = (weights * (values - weighted[:, np.newaxis]) ** 2).sum(axis=1) / degrees
        brightness = total / n * mean**2
        pair = _find_pairs(values, np.where(is_usable, flux_error, np.nan))
        fraction, limit = _find_limit(eta, brightness, degrees)
        significance = pair.difference / np.sqrt(pair.variance + fraction**2 * pair.squares)
        modulation = 2 * pair.difference / np.abs(pair.total)
        v = scatter / mean
    is_variable = (
        (eta > limit) & (significance >= thresholds.pair_significance) & (modulation > thresholds.pair_modulation)
    )
    arrays = (n, mean, v, eta, pair.difference / np.sqrt(pair.variance), modulation, is_variable, limit)
    for array in arrays:
        array.flags.writeable = False
    return Variability(*arrays, fraction, thresholds.pair_significance, thresholds.pair_modulation)


@dataclass(frozen=True, eq=False, slots=True)
class _Pair:
    """The two fluxes of each source that differ most significantly; NaN where there are not two."""

    difference: Doubles
    variance: Doubles
    total: Doubles
    squares: Doubles


def _find_pairs(values: Doubles, errors: Doubles) -> _Pair:
    """Try every pair, one epoch after the other, so that memory does not grow with their number squared."""
    n_sources, n_epochs = values.shape
    best, rows = np.full((5, n_sources), np.nan), np.arange(n_sources)
    best[0] = -1.0
    for epoch in range(n_epochs - 1):
        here, there = values[:, epoch, np.newaxis], values[:, epoch + 1 :]
        variance = errors[:, epoch, np.newaxis] ** 2 + errors[:, epoch + 1 :] ** 2
        difference = np.abs(here - there)
        squared = np.nan_to_num(difference**2 / variance, nan=-1.0)
        k = squared.argmax(axis=1)
        found = np.stack([squared, difference, variance, here + there, here**2 + there**2])[:, rows, k]
        is_better = found[0] > best[0]
        best[:, is_better] = found[:, is_better]
    return _Pair(*best[1:])


def _find_limit(eta: Doubles, brightness: Doubles, degrees: Doubles) -> tuple[float, Doubles]:
    """Return the systematic fraction, and the limit of η for each source; see `measure_variability`."""
    known = np.isfinite(eta)
    fraction, width = 0.0, 1.0
    if np.count_nonzero(known) >= _FEWEST_SOURCES:
        chi2, squares, nu = eta[known], brightness[known], degrees[known]

        def rank(fraction: float) -> Doubles:
            return _to_normal(chi2 / (1.0 + fraction**2 * squares), nu)

        low, high = 0.0, 1.0
        if np.median(rank(low)) > 0:
            for _ in range(_STEPS):
                fraction = (low + high) / 2
                low, high = (fraction, high) if np.median(rank(fraction)) > 0 else (low, fraction)
        below, middle = np.quantile(rank(fraction), [0.1587, 0.5])
        width = max(width, float(middle - below))
    return fraction, _from_normal(_SIGMAS * width, degrees) * (1.0 + fraction**2 * brightness)


def _to_normal(chi2: Doubles, degrees: Doubles) -> Doubles:
    """Turn a reduced χ² into the normal deviate that is as improbable."""
    spread = 2.0 / (9.0 * degrees)
    deviates: Doubles = (np.cbrt(chi2) - (1.0 - spread)) / np.sqrt(spread)
    return deviates


def _from_normal(deviate: float, degrees: Doubles) -> Doubles:
    spread = 2.0 / (9.0 * degrees)
    chi2: Doubles = (1.0 - spread + deviate * np.sqrt(spread)) ** 3
    return chi2
