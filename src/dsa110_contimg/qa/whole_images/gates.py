"""Hold what was measured of an image against the thresholds."""

from __future__ import annotations

from dsa110_contimg.qa.gates import Gate, Verdict, judge
from dsa110_contimg.qa.notation import split_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.qa.whole_images.quality import ImageQuality

_BLANK = "No pixel is finite."
_NO_BEAM = "The image names no beam."
_DIGITS = 6
"""Headers give beams and pixels to so many digits: what is a pixel, or twice as long, must not be a hair more."""


def judge_image(quality: ImageQuality) -> tuple[Gate, ...]:
    """Ask every question there is about an image.

    Parameters
    ----------
    quality : ImageQuality
        What was measured.

    Returns
    -------
    tuple of Gate
        The gates, always the same ones in the same order: pixels, noise, beam, residual image.
    """
    return (
        _judge_coverage(quality),
        _judge_zeros(quality),
        _judge_equals(quality),
        _judge_noise(quality),
        _judge_expectation(quality),
        _judge_dynamic_range(quality),
        *_judge_beam(quality),
        *_judge_residual(quality),
    )


def _judge_coverage(quality: ImageQuality) -> Gate:
    return judge(
        "coverage",
        quality.coverage,
        fail_below=quality.thresholds.coverage,
        n_samples=quality.n_pixels,
        reason="Too few pixels are finite." if quality.n_finite else f"The image is blank: {_BLANK.lower()}",
    )


def _judge_zeros(quality: ImageQuality) -> Gate:
    n, zeros = quality.n_finite, quality.n_zero
    every = "All finite pixels are zero."
    return judge(
        "zero pixels",
        zeros / n if n else None,
        warn_above=quality.thresholds.zero_pixels,
        fail_above=0.5,
        n_samples=n,
        reason=(every if zeros == n else "Exact zeros count as pixels, and make the noise too low.") if n else _BLANK,
    )


def _judge_equals(quality: ImageQuality) -> Gate:
    n, equal = quality.n_finite, quality.n_equal
    many = f"All finite pixels are {quality.median:g}." if equal == n else f"Most finite pixels are {quality.median:g}."
    return judge(
        "equal pixels",
        equal / n if n else None,
        fail_above=0.5,
        n_samples=n,
        reason=f"{many} The noise cannot be measured." if n else _BLANK,
    )


def _judge_noise(quality: ImageQuality) -> Gate:
    factor, base = split_unit(quality.unit)
    why_not = _why_no_noise(quality)
    if base != "Jy/beam":
        why_not = f"The unit is {base}, not Jy/beam." if base else "The image names no unit."
    return judge(
        "noise (Jy/beam)",
        None if why_not else quality.rms * factor,
        fail_above=quality.thresholds.rms_jy_per_beam,
        n_samples=quality.n_finite,
        reason=why_not or "The image is too noisy.",
    )


def _judge_expectation(quality: ImageQuality) -> Gate:
    expected = quality.expected_rms
    why_not = _why_no_noise(quality)
    if expected is None:
        why_not = "No noise was expected."
    elif not 0 < expected < float("inf"):
        why_not = f"The noise that is expected, {expected:g}, is no positive number."
    return judge(
        "noise against expected",
        None if why_not or expected is None else quality.rms / expected,
        warn_above=quality.thresholds.noise_ratio_warn,
        fail_above=quality.thresholds.noise_ratio_fail,
        n_samples=quality.n_finite,
        reason=why_not or f"The noise is {quality.rms:.3g}, and {expected:.3g} is expected.",
    )


def _judge_dynamic_range(quality: ImageQuality) -> Gate:
    why_not = _why_no_noise(quality)
    low = f"The peak is {quality.peak:.3g}, the noise {quality.rms:.3g}."
    return judge(
        "dynamic range",
        None if why_not else quality.dynamic_range,
        warn_below=quality.thresholds.dynamic_range_warn,
        fail_below=quality.thresholds.dynamic_range_fail,
        n_samples=quality.n_finite,
        reason=why_not or low,
    )


def _judge_beam(quality: ImageQuality) -> tuple[Gate, ...]:
    thresholds, beam, minor = quality.thresholds, quality.beam, quality.beam_minor_pixels
    n, why_not = int(beam is not None), _NO_BEAM
    semi_major = elongation = None
    is_narrow = False
    if beam is not None and minor is not None:
        short, long = sorted((beam.minor_deg, beam.major_deg))
        minor = round(minor, _DIGITS)
        semi_major = round(long / 2 / min(quality.pixel_scales_deg), _DIGITS)
        elongation = round(long / short, _DIGITS)
        is_narrow = minor <= thresholds.beam_pixels_low
    verdict = Verdict.SKIP if beam is None else Verdict.WARN if is_narrow else Verdict.PASS
    narrow = why_not if beam is None else "The beam is undersampled." if is_narrow else ""
    return (
        judge("beam", float(n), warn_below=1, n_samples=n, reason=_NO_BEAM),
        # A beam as wide as a pixel is too narrow, too, so that this one is no case for `judge`.
        Gate("beam's minor axis (px)", verdict, minor, f"WARN up to {thresholds.beam_pixels_low:g}", n, narrow),
        judge(
            "beam's semi-major axis (px)",
            semi_major,
            warn_above=thresholds.beam_pixels_high,
            n_samples=n,
            reason=why_not if beam is None else "The beam is oversampled.",
        ),
        judge(
            "beam's elongation",
            elongation,
            warn_above=thresholds.beam_elongation,
            n_samples=n,
            reason=why_not if beam is None else "The beam is elliptical.",
        ),
    )


def _judge_residual(quality: ImageQuality) -> tuple[Gate, ...]:
    thresholds, residual = quality.thresholds, quality.residual
    why_not = _why_no_residual(quality)
    ratio = negative = excess = float("nan")
    n_inner = n_outer = 0
    if residual is not None:
        ratio, negative, excess = residual.ratio, residual.largest_negative, residual.excess_beams
        n_inner, n_outer = residual.n_inner, residual.n_outer
    is_bad = (
        ratio > thresholds.residual_ratio_warn
        and negative < thresholds.residual_negative
        and excess > thresholds.residual_excess_beams
    )
    together = (
        f"FAIL below {thresholds.residual_negative:g} with a noise ratio above {thresholds.residual_ratio_warn:g} "
        f"and an excess of more than {thresholds.residual_excess_beams:g} beams"
    )
    reason = f"The noise ratio is {ratio:.3g}, and {excess:.0f} beams too many lie below -2 times the noise."
    verdict = Verdict.SKIP if why_not else Verdict.FAIL if is_bad else Verdict.PASS
    return (
        judge(
            "residual noise ratio",
            None if why_not else ratio,
            warn_above=thresholds.residual_ratio_warn,
            fail_above=thresholds.residual_ratio_fail,
            n_samples=n_inner + n_outer,
            reason=why_not or "The residual image has more noise at its centre than at its edge.",
        ),
        Gate(
            "residual negatives",
            verdict,
            None if why_not else negative,
            together,
            n_inner,
            why_not or (reason if is_bad else ""),
        ),
    )


def _why_no_noise(quality: ImageQuality) -> str | None:
    """Say why nothing can be held against the noise; None if it can."""
    if not quality.n_finite:
        return _BLANK
    return None if quality.rms > 0 else "The noise is exactly zero."


def _why_no_residual(quality: ImageQuality) -> str | None:
    """Say why nothing can be said from a residual image; None if it can."""
    residual = quality.residual
    if residual is None:
        return "No residual image was given."
    inner, outer, fewest = residual.inner_beams, residual.outer_beams, quality.thresholds.residual_beams
    if inner is None or outer is None:
        return "Neither the residual image nor the image names a beam."
    if min(inner, outer) < fewest:
        return f"The centre has {inner:.0f} beams, the edge {outer:.0f}; each needs {fewest:g}."
    return None if residual.inner_rms > 0 and residual.outer_rms > 0 else "The noise of a region is exactly zero."
