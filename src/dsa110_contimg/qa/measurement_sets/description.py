"""What was measured of a Measurement Set, as plain values."""

from __future__ import annotations

from dataclasses import asdict

from dsa110_contimg.qa.plain_values import make_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.qa.measurement_sets.quality import MSQuality


def describe_measurement_set(quality: MSQuality) -> dict[str, Any]:
    """Describe what was measured, in values that JSON can say.

    Parameters
    ----------
    quality : MSQuality
        What was measured.

    Returns
    -------
    dict
        Every field, and what follows from them; NaN is None.
    """
    told = {
        "verdict": quality.verdict,
        **asdict(quality),
        "duration_s": quality.duration_s,
        "flag_fraction": quality.flag_fraction,
        "zero_fraction": quality.zero_fraction,
        "nonfinite_fraction": quality.nonfinite_fraction,
        "dead_antennas": quality.dead_antennas,
        "marked_antennas": quality.marked_antennas,
        "unused_antennas": quality.unused_antennas,
    }
    for name in ("antennas", "fields", "correlations", "data_descriptions"):
        told[name] = [asdict(counted) | {"flag_fraction": counted.flag_fraction} for counted in getattr(quality, name)]
    for antenna, described in zip(quality.antennas, told["antennas"], strict=True):
        described["mark"] = quality.mark(antenna)
    for window, described in zip(quality.windows, told["windows"], strict=True):
        described |= {"flag_fraction": window.flag_fraction, "flag_fractions": window.flag_fractions}
    result: dict[str, Any] = make_plain(told)
    return result
