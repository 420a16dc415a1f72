"""How simulated sources vary."""

from __future__ import annotations

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    LightCurve = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def stay_constant(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 at every phase, shape (n_epochs,)."""
    return np.ones_like(phase)


def flare(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a single burst to four times the quiescent flux, shape (n_epochs,); the phase runs from 0 to 1."""
    # Its peak falls on an epoch, so that it is seen however few there are.
    peak = phase[np.argmin(np.abs(phase - 0.6))]
    burst: NDArray[np.float64] = np.exp(-(((phase - peak) / 0.12) ** 2))
    return 1 + 3 * burst


def swing(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1.3 periods of a sinusoid of amplitude 0.6, shape (n_epochs,); the phase runs from 0 to 1."""
    # Not a multiple of half a period, which a few even epochs could meet in its zeros.
    return 1 + 0.6 * np.cos(2.6 * np.pi * phase)


def fade(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a transient that fades by the factor exp(-5), shape (n_epochs,); the phase runs from 0 to 1."""
    return 2 * np.exp(-5 * phase)


LIGHT_CURVES: dict[str, LightCurve] = {"static": stay_constant, "flare": flare, "sinusoid": swing, "transient": fade}
"""The shape of each kind of source: flux, relative to its own, against phase."""

VARIABLE_KINDS = tuple(kind for kind in LIGHT_CURVES if kind != "static")
