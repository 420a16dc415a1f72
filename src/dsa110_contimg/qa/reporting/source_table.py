"""The table of sources, and the section of each."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsa110_contimg.qa.notation import format_date, format_number, format_position
from dsa110_contimg.qa.photometry.flags import Flag
from dsa110_contimg.qa.reporting.cells import Cell, Column, Row, choose_shown_unit, show_number
from dsa110_contimg.qa.reporting.plots import draw_light_curve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dsa110_contimg.qa.light_curves import LightCurves
    from dsa110_contimg.qa.reporting.strips import Strip

COLUMNS = (
    Column("Source"),
    Column("Position", "Right ascension and declination, ICRS"),
    Column("Variable", "Whether it stands out from the population"),
    Column("η", "Reduced χ² of a constant flux, weights 1/σ²"),
    Column("V", "Standard deviation over mean"),
    Column("|Vs|", "The most significant difference of two epochs, in their common error"),
    Column("|m|", "That difference over the mean of the two"),
    Column("Mean flux", "Mean of the forced fluxes"),
    Column("S/N", "Median of flux over error"),
    Column("Epochs", "How many measurements count, of how many images"),
    Column("Flags", "What is doubtful about the others"),
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp of a strip, and what was measured there."""

    left: int
    """Where in the strip it begins, in pixels."""
    top: int
    """Where in the strip it begins, in pixels."""
    date: str
    """Date, or name of the image."""
    flux: str
    """Flux with error, or upper limit, in the unit of the section."""
    flags: str
    """What is doubtful."""


@dataclass(frozen=True, slots=True)
class Section:
    """All about one source."""

    number: int
    """The source, counted from zero: its anchor is ``s`` and this number."""
    name: str
    """Its name."""
    key: str
    """What it is filtered by."""
    position: str
    """Where it is."""
    facts: tuple[str, ...]
    """Its numbers, in words."""
    plot: str
    """Its light curve as SVG."""
    picture: str
    """Its strip of stamps, in base 64; an empty text if there are none."""
    side: int
    """Width and height of a stamp in pixels."""
    stretch: str
    """From which to which brightness the colours go."""
    unit: str
    """Unit of the fluxes at the stamps."""
    stamps: tuple[Stamp, ...]
    """One an epoch."""


def order_sources(curves: LightCurves) -> NDArray[np.intp]:
    """Put sources in the order in which a reader wants them: variables first, then by η, those without η last."""
    eta = np.nan_to_num(curves.variability.eta, nan=-1.0)
    return np.lexsort((-eta, ~curves.variability.is_variable))


def list_rows(curves: LightCurves) -> Iterator[Row]:
    """Yield a row for each source, in the order of `order_sources`.

    Parameters
    ----------
    curves : LightCurves
        What was measured.

    Yields
    ------
    Row
        Its key has ``variable`` or ``steady``, and ``flagged`` if an epoch is.
    """
    found = curves.variability
    for k in order_sources(curves).tolist():
        snr = curves.snr[k][np.isfinite(curves.snr[k])]
        flags = _count_flags(curves.flags[k])
        cells = (
            Cell(curves.names[k], curves.names[k], "name", f"s{k}"),
            Cell(format_position(curves.ra_deg[k], curves.dec_deg[k]), float(curves.ra_deg[k])),
            Cell("variable" if found.is_variable[k] else "–", float(not found.is_variable[k]), "variable"),
            show_number(float(found.eta[k])),
            show_number(float(found.v[k])),
            show_number(float(found.pair_significance[k])),
            show_number(float(found.pair_modulation[k])),
            _show_flux(curves, k),
            show_number(float(np.median(snr)) if snr.size else None),
            Cell(f"{found.n_epochs[k]} of {len(curves.images)}", float(found.n_epochs[k]), "number"),
            Cell(flags or "–", flags or None),
        )
        yield Row(cells, _make_key(curves, k))


def make_section(curves: LightCurves, k: int, strip: Strip | None) -> Section:
    """Gather all about one source.

    Parameters
    ----------
    curves : LightCurves
        What was measured.
    k : int
        The source, counted from zero.
    strip : Strip or None
        Its stamps; None if there are none.

    Returns
    -------
    Section
        What the page shows of it.
    """
    found, mean = curves.variability, float(curves.variability.mean_flux[k])
    factor, unit = _choose_unit(curves, k)
    plot = draw_light_curve(
        curves.mjd,
        curves.flux[k],
        curves.flux_error[k],
        curves.upper_limit[k],
        curves.flags[k] != 0,
        mean,
        unit=curves.unit or "",
    )
    facts = [
        f"mean {_show_flux(curves, k).text}",
        f"η {format_number(float(found.eta[k]))}",
        f"V {format_number(float(found.v[k]))}",
        f"largest |Vs| {format_number(float(found.pair_significance[k]))}",
        f"|m| {format_number(float(found.pair_modulation[k]))}",
        f"{found.n_epochs[k]} of {len(curves.images)} epochs count",
    ]
    return Section(
        number=k,
        name=curves.names[k],
        key=_make_key(curves, k),
        position=format_position(curves.ra_deg[k], curves.dec_deg[k]),
        facts=tuple(facts),
        plot=plot,
        picture="" if strip is None else base64.b64encode(strip.webp).decode(),
        side=0 if strip is None else strip.side,
        stretch="" if strip is None else strip.stretch,
        unit=unit,
        stamps=tuple(_list_stamps(curves, k, strip, factor)),
    )


def _choose_unit(curves: LightCurves, k: int) -> tuple[float, str]:
    known = np.abs(curves.flux[k][np.isfinite(curves.flux[k])])
    errors = curves.flux_error[k][np.isfinite(curves.flux_error[k])]
    return choose_shown_unit(
        float(known.max(initial=0.0)), float(errors.min()) if errors.size else 0.0, curves.unit or ""
    )


def _list_stamps(curves: LightCurves, k: int, strip: Strip | None, factor: float) -> Iterator[Stamp]:
    for epoch, image in enumerate(curves.images):
        row, column = divmod(epoch, 1 if strip is None else strip.columns)
        side = 0 if strip is None else strip.side
        mjd, flux, limit = (
            float(of) for of in (curves.mjd[epoch], curves.flux[k, epoch], curves.upper_limit[k, epoch])
        )
        error = float(curves.flux_error[k, epoch])
        if flux != flux:
            told = "no flux"
        elif limit == limit:
            told = f"< {format_number(limit * factor)}"
        elif error != error:
            told = f"{format_number(flux * factor)}, error unknown"
        else:
            told = f"{format_number(flux * factor)} ± {error * factor:.2g}"
        date = Path(image).name if mjd != mjd else format_date(mjd)
        yield Stamp(column * side, row * side, date, told, _name_flags(int(curves.flags[k, epoch])))


def _show_flux(curves: LightCurves, k: int) -> Cell:
    mean = float(curves.variability.mean_flux[k])
    if mean != mean:
        return show_number(None)
    errors = curves.flux_error[k][np.isfinite(curves.flux_error[k])]
    factor, unit = choose_shown_unit(abs(mean), float(np.median(errors)) if errors.size else 0.0, curves.unit or "")
    return show_number(mean, f"{format_number(mean * factor)} {unit}")


def _make_key(curves: LightCurves, k: int) -> str:
    words = ["variable" if curves.variability.is_variable[k] else "steady"]
    return " ".join([*words, *(["flagged"] if curves.flags[k].any() else [])])


def _count_flags(flags: NDArray[np.uint16]) -> str:
    counts = ((flag, int(np.count_nonzero(flags & flag.value))) for flag in Flag)
    return ", ".join(f"{_write(flag)} {count}" for flag, count in counts if count)


def _name_flags(flags: int) -> str:
    return ", ".join(_write(flag) for flag in Flag if flags & flag.value)


def _write(flag: Flag) -> str:
    return (flag.name or "").replace("_", " ").lower()
