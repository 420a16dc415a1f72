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

    rms_jy_per_beam: float = 0.0186
    """An image with more noise, in Jy/beam, fails (DSA-110's limit for an epoch)."""
    noise_ratio_warn: float = 1.5
    """An image with more noise than so many times what is expected is warned of."""
    noise_ratio_fail: float = 3.0
    """An image with more noise than so many times what is expected fails."""
    dynamic_range_warn: float = 100.0
    """An image with a lower dynamic range is warned of (DSA-110's gate for images)."""
    dynamic_range_fail: float = 30.0
    """An image with a lower dynamic range fails (DSA-110's gate for images)."""
    coverage: float = 0.5
    """An image with a smaller fraction of finite pixels fails."""
    zero_pixels: float = 0.05
    """An image with a larger fraction of finite pixels that are exactly zero is warned of: a twentieth of them makes
    the noise 7 % too low."""
    beam_pixels_low: float = 1.0
    """A beam whose full minor axis is so many pixels or fewer is undersampled, and warned of (TraP)."""
    beam_pixels_high: float = 30.0
    """A beam with a semi-axis of more pixels is oversampled, and warned of (TraP)."""
    beam_elongation: float = 2.0
    """A beam with a larger ratio of its axes is elliptical, and warned of (TraP)."""
    residual_ratio_warn: float = 1.15
    """A residual image with more noise at its centre than so many times that at its edge is warned of (Apertif DR1)."""
    residual_ratio_fail: float = 1.225
    """A residual image with more noise at its centre than so many times that at its edge fails (Apertif DR1)."""
    residual_negative: float = -4.5
    """With a ratio that is warned of, a residual image fails if its ten most negative beams lie below so many times the
    noise, and `residual_excess_beams` is exceeded, too (Apertif DR1)."""
    residual_excess_beams: float = 400.0
    """With a ratio that is warned of, a residual image fails if a larger excess of its area, in beams, lies below -2
    times the noise, and `residual_negative` is exceeded, too (Apertif DR1)."""
    residual_beams: float = 500.0
    """With fewer beams at the centre or at the edge of a residual image nothing is said: the ratio would not be known
    to 4 %."""
    position_offset_arcsec: float = 2.0
    """An image whose median offset from a reference catalogue is larger, in arcseconds, is warned of (ASKAP)."""
    flux_ratio_warn: float = 0.1
    """An image whose median flux ratio to a reference catalogue is further from 1 is warned of (ASKAP)."""
    flux_ratio_fail: float = 0.2
    """An image whose median flux ratio to a reference catalogue is further from 1 fails (DSA-110)."""
    flux_ratio_sources: int = 3
    """With fewer sources there is no flux ratio, and no offset of positions (DSA-110)."""
    completeness: float = 0.6
    """An image that shows a smaller fraction of the sources of a reference catalogue fails (DSA-110)."""
    completeness_sources: int = 5
    """With fewer sources there is no completeness (DSA-110)."""
    completeness_snr: float = 5.0
    """A source is shown if its peak is more than so many times the local noise."""
    detection_snr: float = 3.0
    """A forced flux that is fewer times its error is an upper limit, at so many times its error."""
    edge_beams: float = 1.2
    """A source closer to the edge of the image than so many major axes of the beam (FWHM) is flagged (VAST)."""
    pair_significance: float = 4.3
    """Two fluxes that differ by more than so many times their common error differ significantly (Mooley 2016)."""
    pair_modulation: float = 0.26
    """Two fluxes that differ by more than so many times their mean differ much (Mooley 2016)."""
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
