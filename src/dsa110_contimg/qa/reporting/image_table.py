"""The table of images, and their noise over time."""

from __future__ import annotations

import statistics
from collections import Counter

import numpy as np

from dsa110_contimg.qa.gates import Verdict, find_troubles
from dsa110_contimg.qa.notation import format_angle, format_date, format_number, split_unit
from dsa110_contimg.qa.reporting.cells import Cell, Column, Row, choose_shown_unit, show_number
from dsa110_contimg.qa.reporting.highlights import name_thing
from dsa110_contimg.qa.reporting.plots import draw_noise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsa110_contimg.images import Beam
    from dsa110_contimg.qa.image_quality import ImageQuality
    from dsa110_contimg.qa.reporting.findings import ImageFinding

_COLUMNS = (
    Column("Image"),
    Column("Date", "Start of the observation, in the time scale of the header"),
    Column("Verdict", "The worst of its gates"),
    Column("What", "The gates that did not pass"),
    Column("Noise", "1.4826 times the median absolute deviation, over all pixels"),
    Column("× expected", "Noise as a multiple of the median of all images in this report"),
    Column("Dynamic range", "Brightest pixel over noise"),
    Column("Peak", "Brightest pixel"),
    Column("Coverage", "Fraction of pixels that have a value"),
    Column("Beam", "Full width at half maximum of both axes, and position angle from north through east"),
)
_CHECKED = (
    Column("ΔRA (″)", "Median offset from the reference catalogue, image minus catalogue, times cos Dec"),
    Column("ΔDec (″)", "Median offset from the reference catalogue, image minus catalogue"),
    Column("Flux ratio", "Median ratio of fluxes, image over catalogue"),
    Column("Completeness", "Fraction of the sources of the reference catalogue that are seen"),
)


class _Brightness:
    """A column of brightness: all images whose unit differs by a prefix only have the same prefix in it."""

    def __init__(self, images: Sequence[ImageFinding], name: str) -> None:
        self._name = name
        known: dict[str, list[float]] = {}
        for quality in (image.quality for image in images if image.quality is not None):
            factor, base = split_unit(quality.unit)
            if (value := abs(getattr(quality, name)) * factor) > 0:
                known.setdefault(base, []).append(value)
        middles = {base: statistics.median(values) for base, values in known.items()}
        self._units = {base: choose_shown_unit(middle, 0.0, base) for base, middle in middles.items()}

    def show(self, quality: ImageQuality) -> Cell:
        """Make the cell of an image."""
        factor, base = split_unit(quality.unit)
        value = getattr(quality, self._name) * factor
        scale, unit = self._units.get(base, (1.0, base))
        return show_number(value, f"{format_number(value * scale)} {unit}")


def list_columns(images: Sequence[ImageFinding]) -> list[Column]:
    """List the columns; those of a reference catalogue only if there is one."""
    checked = _CHECKED if any(image.check is not None for image in images) else ()
    return [*_COLUMNS, *checked]


def list_rows(images: Sequence[ImageFinding]) -> Iterator[Row]:
    """Yield a row for each image.

    Parameters
    ----------
    images : sequence of ImageFinding
        In their order.

    Yields
    ------
    Row
        Its key is its verdict.
    """
    is_checked = len(list_columns(images)) > len(_COLUMNS)
    noise, peaks = (_Brightness(images, name) for name in ("rms", "peak"))
    for number, image in enumerate(images):
        quality, check = image.quality, image.check
        mjd = None if quality is None else quality.mjd
        cells = [
            Cell(name_thing(image), number, "name"),
            Cell("no date" if mjd is None else format_date(mjd), mjd),
            Cell(image.verdict, list(Verdict).index(image.verdict), "verdict"),
            Cell(told := _tell_gates(image), told or None, "gates"),
        ]
        if quality is None:
            cells += [Cell("–", None, "number")] * (len(_COLUMNS) - 4)
        else:
            expected = quality.expected_rms
            cells += [
                noise.show(quality),
                _show_decimals(quality.rms / expected if expected else None, 2),
                show_number(quality.dynamic_range),
                peaks.show(quality),
                show_number(quality.coverage, f"{100 * quality.coverage:.1f} %"),
                Cell("none") if quality.beam is None else Cell(_tell_beam(quality.beam), quality.beam.major_deg),
            ]
        if is_checked and check is None:
            cells += [Cell("–", None, "number")] * len(_CHECKED)
        elif is_checked and check is not None:
            cells += [
                _show_decimals(check.median_delta_ra_arcsec, 2),
                _show_decimals(check.median_delta_dec_arcsec, 2),
                _show_decimals(check.median_flux_ratio, 3),
                _show_decimals(check.completeness, 2),
            ]
        yield Row(tuple(cells), str(image.verdict), image.gates)


def plot_noise(images: Sequence[ImageFinding]) -> str:
    """Draw the noise of the images over time, of those in the unit that most of them have.

    Parameters
    ----------
    images : sequence of ImageFinding
        In the order of time.

    Returns
    -------
    str
        The plot as SVG; an empty text if no image has noise.
    """
    measured = [
        (image.quality, image.verdict) for image in images if image.quality is not None and image.quality.rms > 0
    ]
    units = Counter(split_unit(quality.unit)[1] for quality, _ in measured)
    if not units:
        return ""
    unit = units.most_common(1)[0][0]
    shown = [(quality, verdict) for quality, verdict in measured if split_unit(quality.unit)[1] == unit]
    factors = np.array([split_unit(quality.unit)[0] for quality, _ in shown])
    first, limits = shown[0][0], list[float]()
    if first.expected_rms is not None:
        thresholds = first.thresholds
        times = (1.0, thresholds.noise_ratio_warn, thresholds.noise_ratio_fail)
        limits = [first.expected_rms * float(factors[0]) * ratio for ratio in times]
    mjd = np.array([np.nan if quality.mjd is None else quality.mjd for quality, _ in shown])
    rms = np.array([quality.rms for quality, _ in shown]) * factors
    return draw_noise(mjd, rms, [verdict for _, verdict in shown], unit=unit, limits=limits)


def _show_decimals(value: float | None, digits: int) -> Cell:
    """Make the cell of a number whose digits further down say nothing."""
    return show_number(value, None if value is None else f"{value:.{digits}f}")


def _tell_beam(beam: Beam) -> str:
    return f"{format_angle(beam.major_deg)} × {format_angle(beam.minor_deg)}, {beam.pa_deg:.0f}°"


def _tell_gates(image: ImageFinding) -> str:
    told = []
    for gate in find_troubles(image.gates):
        value = f" {format_number(gate.value)}" if gate.value is not None else ""
        told.append(f"{gate.name}{value}")
    return ", ".join(told)
