"""Fluxes of a catalogue: which column they are, in which unit, at which frequency."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.qa.catalogues.columns import read_numbers, simplify
from dsa110_contimg.qa.notation import split_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

_TOTAL = (
    *("total_flux", "flux_total", "totalflux", "int_flux", "flux_int", "integrated_flux", "flux_integrated"),
    *("total_flux_source", "total_flux_gaussian", "isl_total_flux"),
    *("s_int", "sint", "s_total", "stotal", "s_tot", "stot", "st", "fint", "f_int", "ftot", "f_tot", "fintwide"),
)
_PLAIN = ("flux", "flux_density", "fluxdensity", "s", "s_nu")
_PEAK = (
    *("peak_flux", "flux_peak", "peakflux", "s_peak", "speak", "s_pk", "spk", "sp", "fpeak", "f_peak", "fpk", "peak"),
    "fpwide",
)
_WORDS = (("total", _TOTAL), ("", _PLAIN), ("peak", _PEAK))
_AT_FREQUENCY = re.compile(r"(?:s|flux|flux_density)_?(\d+(?:\.\d+)?)_?(mhz|ghz)?")
_UNIT_AT_END = re.compile(r"_?(m|u|µ|μ|milli|micro)?jy(?:_?(?:per_?)?b(?:ea)?m)?$")
_JANSKYS = {"Jy", "Jy/beam"}

_FREQUENCIES = (
    *("frequency", "freq", "ref_freq", "reffreq", "reference_frequency", "freq0", "ref_frequency", "obs_freq"),
    *("restfrq", "restfreq"),
)
_HERTZ_IN = {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
_HERTZ_AT_END = re.compile(r"_?(k|m|g)?hz$")
_QUANTITY = re.compile(r"\s*([-+]?\d[\d.]*(?:e[-+]?\d+)?)\s*([kmg]?hz)\s*", re.IGNORECASE)

_SELAVY = {"ra_deg_cont", "flux_int", "flux_peak"}
"""Columns by which a catalogue of components of ASKAP's Selavy is known, whose files name no units."""
_SELAVY_UNITS = {"flux_int": "mJy", "flux_peak": "mJy/beam", "freq": "MHz"}
"""What they are in (the catalogue of continuum components in CASDA)."""


@dataclass(frozen=True, eq=False, slots=True)
class Fluxes:
    """The fluxes of a catalogue."""

    flux_jy: NDArray[np.float64] | None
    """In Jy, shape (n,); None where there are none."""
    frequency_hz: NDArray[np.float64] | None
    """Their frequencies in Hz, shape (n,); None where none is told."""
    remarks: tuple[str, ...]
    """Where they are from, or why there are none."""


def read_fluxes(table: Any) -> Fluxes:
    """Read the fluxes of a catalogue.

    Parameters
    ----------
    table : astropy.table.Table
        The table.

    Returns
    -------
    Fluxes
        Those of the first column that is usual for fluxes and has a unit: total ones first, then what does not tell
        which, then peaks.
    """
    problems = []
    for kind, column in _find_columns(table):
        unit = _find_unit(table, column)
        if unit is None:
            problems.append(f"The column {column} has no unit, and none is guessed.")
            continue
        factor, base = split_unit(unit)
        if base not in _JANSKYS:
            problems.append(f"The column {column} is in {unit}, which is no flux density.")
            continue
        try:
            flux = read_numbers(table[column]) * factor
        except ValueError as error:
            problems.append(f"The column {column} is not numbers: {error}.")
            continue
        frequency, remark = _find_frequencies(table, column)
        told = f"Fluxes are those of the column {column} ({f'{kind}, ' if kind else ''}in {unit})."
        return Fluxes(flux, frequency, (told, *([remark] if remark else [])))
    if not problems:
        problems.append(f"No column is known to be a flux. There are: {', '.join(table.colnames)}.")
    advice = "There are no fluxes; name their column flux_jy or flux_mjy, or give it a unit."
    return Fluxes(None, None, (*problems, advice))


def _find_columns(table: Any) -> Iterator[tuple[str, str]]:
    """Find what may be fluxes, the best first, each with the word for its kind."""
    columns = [(_UNIT_AT_END.sub("", simplify(column)), column) for column in table.colnames]
    for kind, names in _WORDS:
        yield from ((kind, column) for name in names for simple, column in columns if simple == name)
        if names is _PLAIN:
            yield from ((kind, column) for simple, column in columns if _AT_FREQUENCY.fullmatch(simple))


def _find_unit(table: Any, column: str) -> str | None:
    """Find the unit of a column: what it says, or what its name says, or what the program that wrote it means."""
    unit = str(getattr(table[column], "unit", None) or "").strip()
    if unit:
        return unit
    simple = simplify(column)
    if (match := _UNIT_AT_END.search(simple)) is not None:
        return f"{match[1] or ''}Jy"
    return _SELAVY_UNITS.get(simple) if set(map(simplify, table.colnames)) >= _SELAVY else None


def _find_frequencies(table: Any, flux: str) -> tuple[NDArray[np.float64] | None, str]:
    """Find the frequencies of a column of fluxes, and what is to be said of them."""
    hertz = _read_frequency_of(flux)
    if hertz is not None:
        return np.full(len(table), hertz), ""
    columns = {_HERTZ_AT_END.sub("", simplify(column)): column for column in reversed(table.colnames)}
    remark = ""
    for name in _FREQUENCIES:
        if name not in columns:
            continue
        factor = _find_hertz(table, columns[name])
        if factor is None:
            remark = f"The column {columns[name]} has no unit, so that the frequencies of the fluxes are not known."
            continue
        try:
            values = read_numbers(table[columns[name]]) * factor
        except ValueError as error:
            remark = f"The column {columns[name]} is not numbers: {error}."
            continue
        values[~(values > 0)] = np.nan
        return values, ""
    for key, value in table.meta.items():
        hertz = _read_metadatum(str(key), value)
        if hertz is not None:
            return np.full(len(table), hertz), ""
    return None, remark


def _read_frequency_of(flux: str) -> float | None:
    """Read the frequency that the name of a flux tells: S1.4 is GHz, as decimal points are; S150MHz says so."""
    match = _AT_FREQUENCY.fullmatch(_UNIT_AT_END.sub("", simplify(flux)))
    if match is None or not (match[2] or "." in match[1]):
        return None
    return float(match[1]) * _HERTZ_IN[match[2] or "ghz"]


def _find_hertz(table: Any, column: str) -> float | None:
    unit = str(getattr(table[column], "unit", None) or "").strip().lower()
    if unit:
        return _HERTZ_IN.get(unit)
    simple = simplify(column)
    if (match := _HERTZ_AT_END.search(simple)) is not None:
        return _HERTZ_IN[f"{match[1] or ''}hz"]
    if set(map(simplify, table.colnames)) >= _SELAVY and simple in _SELAVY_UNITS:
        return _HERTZ_IN[_SELAVY_UNITS[simple].lower()]
    return None


def _read_metadatum(key: str, value: object) -> float | None:
    """Read a frequency from the metadata of a table, in Hz; None where it is none, or does not tell its unit."""
    simple = simplify(key)
    if _HERTZ_AT_END.sub("", simple) not in _FREQUENCIES:
        return None
    text = str(value)
    if (match := _QUANTITY.fullmatch(text)) is not None:
        return float(match[1]) * _HERTZ_IN[match[2].lower()]
    unit = _HERTZ_AT_END.search(simple)
    if unit is None and simple not in {"restfrq", "restfreq"}:  # which are in Hz by the FITS standard
        return None
    try:
        hertz = float(text) * (_HERTZ_IN[f"{unit[1] or ''}hz"] if unit else 1.0)
    except ValueError:
        return None
    return hertz if 0 < hertz < np.inf else None
