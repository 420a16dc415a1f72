"""Every threshold of every gate, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """The values that gates are held against; each names where it comes from.

    Examples
    --------
    >>> from dataclasses import replace
    >>> replace(Thresholds(), flag_fraction=0.5).flag_fraction
    0.5
    """

    flag_fraction: float = 0.3
    """A Measurement Set or a caltable with a larger fraction of flagged values is warned of (NRAO)."""
    antenna_flag_fraction: float = 0.2
    """An antenna with a larger fraction of flagged values is marked (caracal issue 130)."""
    zero_fraction: float = 0.3
    """A larger fraction of unflagged visibilities that are exactly zero is warned of."""
    nonfinite_fraction: float = 0.0
    """A larger fraction of unflagged visibilities that are NaN or infinite is warned of."""
    zero_uvw_fraction: float = 0.5
    """If a larger fraction of the baselines has no coordinates, the set fails; any at all is warned of."""
    phase_scatter_deg: float = 30.0
    """An antenna whose solutions scatter more in phase, in degrees, is warned of."""
    snr: float = 3.0
    """A caltable whose median signal-to-noise ratio is lower is warned of."""
    amplitude_low: float = 0.1
    """An antenna whose median gain amplitude is lower is warned of."""
    amplitude_high: float = 10.0
    """An antenna whose median gain amplitude is higher is warned of."""
    delay_ns: float = 1000.0
    """A delay further from zero, in nanoseconds, is warned of."""
