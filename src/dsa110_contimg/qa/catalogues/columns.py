"""Columns of catalogues: which of them are the position and the name, and what stands in them."""

from __future__ import annotations

import re

import numpy as np

from dsa110_contimg.errors import BadPositionError, NoPositionColumnsError, UnreadableCatalogueError
from dsa110_contimg.qa.catalogues.names import name_positions
from dsa110_contimg.qa.notation import parse_declination, parse_right_ascension

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

_POSITIONS = (
    ("ra_deg", "dec_deg"),
    ("ra_deg_cont", "dec_deg_cont"),  # Selavy
    ("ra", "dec"),
    ("ra", "de"),
    ("ra", "decl"),  # TraP
    ("raj2000", "dej2000"),
    ("raj2000", "decj2000"),
    ("_raj2000", "_dej2000"),  # computed by VizieR, in degrees
    ("_ra_icrs", "_de_icrs"),
    ("_ra", "_de"),
    ("ra_j2000", "dec_j2000"),
    ("ra_2000", "dec_2000"),  # HEASARC: RA(2000)
    ("ra_icrs", "de_icrs"),
    ("ra_icrs", "dec_icrs"),
    ("radeg", "decdeg"),
    ("radeg", "dedeg"),
    ("ra_degrees", "dec_degrees"),
    ("ra_mean", "dec_mean"),
    ("ramean", "decmean"),  # Pan-STARRS
    ("wavg_ra", "wavg_dec"),  # VAST pipeline
    ("wm_ra", "wm_decl"),  # TraP
    ("s_ra", "s_dec"),  # ObsCore
    ("alpha_j2000", "delta_j2000"),  # SExtractor
    ("alphawin_j2000", "deltawin_j2000"),
    ("right_ascension", "declination"),
    ("rightascension", "declination"),
    ("rajd", "decjd"),  # the ATNF pulsar catalogue, in degrees
    ("raj", "decj"),  # the same as texts
    ("ra_hms_cont", "dec_dms_cont"),
    ("ra_hms", "dec_dms"),
    ("ra_str", "dec_str"),  # Aegean, Gaul
)
_NAMES = (
    *("name", "source_name", "component_name", "src_name", "iau_name", "main_id", "designation", "object"),
    *("source_id", "component_id", "gaul_id", "objid", "uuid", "id", "source", "recno"),
)
_DEGREES_IN = dict.fromkeys(("deg", "degree", "degrees"), 1.0)
_DEGREES_IN |= dict.fromkeys(("h", "hr", "hour", "hours", "hourangle", "15 deg"), 15.0)
_DEGREES_IN |= dict.fromkeys(("rad", "radian", "radians"), 180.0 / np.pi)


def simplify(name: str) -> str:
    """Write a name of a column as names are compared.

    Parameters
    ----------
    name : str
        As in the table.

    Returns
    -------
    str
        In lower case, with underscores for everything that is no letter, digit or dot, and none at the end.

    Examples
    --------
    >>> simplify("RA (deg)"), simplify("_RAJ2000"), simplify("S1.4 [mJy]")
    ('ra_deg', '_raj2000', 's1.4_mjy')
    """
    return re.sub(r"[^\w.]+", "_", name.strip().lower()).rstrip("_")


def find_positions(table: Any, name: str) -> tuple[str, str]:
    """Find the columns of right ascension and declination.

    Parameters
    ----------
    table : astropy.table.Table
        The table.
    name : str
        What to call it in messages.

    Returns
    -------
    tuple of str
        Their names.

    Raises
    ------
    NoPositionColumnsError
        When no pair of columns is known to be a position.
    """
    columns = {simplify(column): column for column in reversed(table.colnames)}
    for ra, dec in _POSITIONS:
        if ra in columns and dec in columns:
            return columns[ra], columns[dec]
    for ra in table.colnames:
        dec = f"{ra[:-2]}dec"
        if ra.endswith(".ra") and dec in table.colnames:  # of a SkyCoord
            return ra, dec
    by_ucd = {str(table[column].meta.get("ucd", "")).lower(): column for column in reversed(table.colnames)}
    for ra, dec in (("pos.eq.ra;meta.main", "pos.eq.dec;meta.main"), ("pos.eq.ra", "pos.eq.dec")):
        if ra in by_ucd and dec in by_ucd:
            return by_ucd[ra], by_ucd[dec]
    raise NoPositionColumnsError(
        f"No columns of {name} are known to be a position. It has: {', '.join(table.colnames)}.",
        hint="Name them ra and dec (degrees, or texts such as 10:00:04.9 and -30:00:57).",
    )


def read_right_ascensions(column: Any) -> NDArray[np.float64]:
    """Return right ascensions in degrees, shape (n,); NaN where there is none."""
    return _read_angles(column, parse_right_ascension)


def read_declinations(column: Any) -> NDArray[np.float64]:
    """Return declinations in degrees, shape (n,); NaN where there is none."""
    return _read_angles(column, parse_declination)


def read_numbers(column: Any) -> NDArray[np.float64]:
    """Read a column of numbers.

    Parameters
    ----------
    column : astropy.table.Column
        The column; its numbers may stand in texts.

    Returns
    -------
    ndarray
        The numbers, shape (n,); NaN where a cell is masked or empty.

    Raises
    ------
    ValueError
        When its cells are no numbers, or hold several.
    """
    if column.ndim != 1:
        raise ValueError(f"a cell of it holds {column.shape[1:]} values")
    masked = np.ma.getmaskarray(np.ma.asarray(column))
    if column.dtype.kind in "OSU":
        cells = (
            "" if hidden or cell is None else str(cell) for cell, hidden in zip(column.tolist(), masked, strict=True)
        )
        return np.array([float(cell) if cell.strip() else np.nan for cell in cells], dtype=np.float64)
    return np.where(masked, np.nan, np.ma.getdata(np.ma.asarray(column, dtype=np.float64)))


def read_names(table: Any, ra_deg: NDArray[np.float64], dec_deg: NDArray[np.float64]) -> tuple[str, ...]:
    """Read the names of sources.

    Parameters
    ----------
    table : astropy.table.Table
        The table.
    ra_deg, dec_deg : ndarray
        Their positions in degrees, shape (n,).

    Returns
    -------
    tuple of str
        The names; that of the position where there is none.
    """
    positions = name_positions(ra_deg, dec_deg)
    columns = {simplify(column): column for column in reversed(table.colnames)}
    column = next((columns[name] for name in _NAMES if name in columns), None)
    if column is None:
        return positions
    masked = np.ma.getmaskarray(np.ma.asarray(table[column]))
    given = ["" if hidden else str(name).strip() for name, hidden in zip(table[column].tolist(), masked, strict=True)]
    return tuple(name or position for name, position in zip(given, positions, strict=True))


def _read_angles(column: Any, parse: Any) -> NDArray[np.float64]:
    if column.ndim != 1:
        raise UnreadableCatalogueError(
            f"A cell of the column {column.name} holds {column.shape[1:]} values.", hint="Give one angle a row."
        )
    if column.dtype.kind in "OSU":
        masked = np.ma.getmaskarray(np.ma.asarray(column))
        texts = ["" if hidden else str(text) for text, hidden in zip(column.tolist(), masked, strict=True)]
        return np.array([_parse_or_nan(text, parse) for text in texts], dtype=np.float64)
    unit = str(getattr(column, "unit", None) or "deg").lower()
    factor = _DEGREES_IN.get(unit)
    if factor is None:
        raise UnreadableCatalogueError(
            f"The column {column.name} is in {column.unit}, which is no unit of an angle.",
            hint="Give degrees, radians or hours.",
        )
    return read_numbers(column) * factor


def _parse_or_nan(text: str, parse: Any) -> float:
    try:
        degrees: float = parse(text)
    except BadPositionError:
        return np.nan
    return degrees
