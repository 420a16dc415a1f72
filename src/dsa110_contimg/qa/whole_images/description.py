"""What was measured of an image, as plain values."""

from __future__ import annotations

from dataclasses import asdict

from dsa110_contimg.qa.plain_values import make_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.qa.image_quality import ImageQuality


def describe_image(quality: ImageQuality) -> dict[str, Any]:
    """Describe what was measured, in values that JSON can say.

    Parameters
    ----------
    quality : ImageQuality
        What was measured.

    Returns
    -------
    dict
        Every field, and what follows from them; NaN is None.
    """
    told: dict[str, Any] = make_plain(
        {
            "verdict": quality.verdict,
            **asdict(quality),
            "n_pixels": quality.n_pixels,
            "coverage": quality.coverage,
            "dynamic_range": quality.dynamic_range,
            "negative_ratio": quality.negative_ratio,
            "beam_area_pixels": quality.beam_area_pixels,
            "beam_minor_pixels": quality.beam_minor_pixels,
        }
    )
    return told
