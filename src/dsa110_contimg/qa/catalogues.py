"""Catalogues of sources: names and positions, from whatever file they come in."""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsa110_contimg.errors import (
    BadPositionError,
    CatalogueNotFoundError,
    ContimgWarning,
    NoPositionColumnsError,
    UnreadableCatalogueError,
)
from dsa110_contimg.qa.notation import format_position, parse_declination, parse_right_ascension

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Any

    import numpy.typing as npt

_POSITIONS = (
    ("ra_deg", "dec_deg"),
    ("ra_deg_cont", "dec_deg_cont"),  # Selavy
    ("ra", "dec"),
    ("ra", "de"),
    ("raj2000", "dej2000"),
    ("raj2000", "decj2000"),
    ("_raj2000", "_dej2000"),  # computed by VizieR, in degrees
    ("ra_j2000", "dec_j2000"),
    ("ra_icrs", "de_icrs"),
    ("ra_icrs", "dec_icrs"),
    ("wavg_ra", "wavg_dec"),  # VAST pipeline
    ("alpha_j2000", "delta_j2000"),  # SExtractor
    ("right_ascension", "declination"),
    ("rightascension", "declination"),
    ("ra_hms_cont", "dec_dms_cont"),
    ("ra_str", "dec_str"),  # Aegean, Gaul
)
_NAMES = (
    *("name", "source_name", "component_name", "src_name", "iau_name", "main_id", "designation", "object"),
    *("source_id", "component_id", "gaul_id", "objid", "uuid", "id", "source", "recno"),
)
_DEGREES_IN = dict.fromkeys(("deg", "degree", "degrees"), 1.0)
_DEGREES_IN |= dict.fromkeys(("h", "hr", "hour", "hours", "hourangle", "15 deg"), 15.0)
_DEGREES_IN |= dict.fromkeys(("rad", "radian", "radians"), 180.0 / np.pi)
_LONGEST_FILE_NAME = 120
_SHOWN_ROWS = 10


@dataclass(frozen=True, eq=False, slots=True)
class Catalogue:
    """Names and positions of sources."""

    names: tuple[str, ...]
    """As in the catalogue, or made from the position where it gives none; not always unique: see `name_files`."""
    ra_deg: npt.NDArray[np.float64]
    """Right ascensions in degrees (ICRS), shape (n,), read-only."""
    dec_deg: npt.NDArray[np.float64]
    """Declinations in degrees (ICRS), shape (n,), read-only."""

    def __len__(self) -> int:
        return len(self.names)


def read_catalogue(path: str | os.PathLike[str]) -> Catalogue:
    """Read the names and positions of a catalogue.

    Parameters
    ----------
    path : str or path-like
        CSV, ECSV or another text table, VOTable, or FITS table. Told apart by what is in the file, not by its name.

    Returns
    -------
    Catalogue
        The rows that have a position, in their order.

    Raises
    ------
    CatalogueNotFoundError
        When there is no such file.
    UnreadableCatalogueError
        When the file is no table, or none of its rows has a position.
    NoPositionColumnsError
        When no pair of columns is known to be a position.

    Warns
    -----
    ContimgWarning
        When rows were left out because their position is masked, NaN or impossible; it says which. One such row in
        10 000 should not cost the other 9999.

    Notes
    -----
    Columns are found by the names that are usual (``ra`` and ``dec``, ``RAJ2000`` and ``DEJ2000``, ``ra_deg_cont``
    and ``dec_deg_cont``, ...), in any case; else in a VOTable by their UCD. Units are honoured: degrees unless the
    column says radians or hours. Texts are read as `parse_right_ascension` and `parse_declination` do.
    """
    path = Path(path)
    if not path.exists():
        raise CatalogueNotFoundError(f"There is no catalogue at {path}.", hint="Check the path.")
    return extract_catalogue(_read_table(path), str(path))


def extract_catalogue(table: Any, name: str) -> Catalogue:
    """Find the names and positions in a table that is in memory already.

    Parameters
    ----------
    table : astropy.table.Table
        The table.
    name : str
        What to call it in messages.

    Returns
    -------
    Catalogue
        The rows that have a position, in their order; errors and warnings as of `read_catalogue`.
    """
    table = _spread_positions(table)
    table.convert_bytestring_to_unicode()
    ra_column, dec_column = _find_positions(table, name)
    ra = _read_angles(table[ra_column], parse_right_ascension)
    dec = _read_angles(table[dec_column], parse_declination)
    good = (np.abs(ra) <= 360.0) & (np.abs(dec) <= 90.0)  # false for NaN
    if not good.any():
        raise UnreadableCatalogueError(
            f"None of the {len(table)} rows of {name} has a position in its columns {ra_column} and {dec_column}.",
            hint="Check the values and the units of these columns: degrees, radians and hours are understood.",
        )
    if not good.all():
        rows = np.flatnonzero(~good) + 1
        shown = ", ".join(str(row) for row in rows[:_SHOWN_ROWS]) + (", ..." if rows.size > _SHOWN_ROWS else "")
        message = (
            f"{rows.size} of {good.size} rows of {Path(name).name} have no position and were left out: rows {shown}."
        )
        warnings.warn(message, ContimgWarning, stacklevel=3)
    ra, dec = ra[good], dec[good]
    names = _read_names(table[good.nonzero()[0]], ra, dec)
    ra.flags.writeable = dec.flags.writeable = False
    return Catalogue(names, ra, dec)


def name_positions(ra_deg: npt.NDArray[np.float64], dec_deg: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Name sources by their positions.

    Parameters
    ----------
    ra_deg, dec_deg : ndarray
        Positions in degrees, shape (n,).

    Returns
    -------
    tuple of str
        In the form J100004.93-300058.0.
    """
    return tuple(
        "J" + format_position(*at).replace(":", "").replace(" ", "")
        for at in zip(ra_deg.tolist(), dec_deg.tolist(), strict=True)
    )


def name_files(names: Sequence[str]) -> list[str]:
    """Make names of sources fit to be names of files, each of its own.

    Parameters
    ----------
    names : sequence of str
        Names of sources.

    Returns
    -------
    list of str
        Without ending. Letters, digits and ``+-._`` stay, anything else becomes an underscore. A name that came
        before, in whatever case, gets a number: ``-2``, ``-3``.

    Examples
    --------
    >>> name_files(["NGC 925", "ngc 925", "../etc", "J1000-30"])
    ['NGC_925', 'ngc_925-2', '_etc', 'J1000-30']
    """
    files: list[str] = []
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for name in names:
        # No leading dot or dash: such a file would be hidden, or taken for an option.
        stem = re.sub(r"[^\w+.-]+", "_", name.strip(), flags=re.ASCII).lstrip(".-")[:_LONGEST_FILE_NAME] or "source"
        file = stem
        while file.lower() in taken:  # Macs do not tell A from a
            counts[stem.lower()] = counts.get(stem.lower(), 1) + 1
            file = f"{stem}-{counts[stem.lower()]}"
        taken.add(file.lower())
        files.append(file)
    return files


def _read_table(path: Path) -> Any:
    from astropy.table import Table
    from astropy.utils.exceptions import AstropyWarning

    try:
        # Read whole here: astropy leaves files open that turn out to be something else.
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)  # about the letter of a standard, not about the data
            source, options = _choose_reader(content)
            table = Table.read(source, **options)
    # What astropy's readers raise on files that are not what they seem; ExpatError and VOTable's errors are among them.
    except (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, SyntaxError, zlib.error) as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise UnreadableCatalogueError(
            f"{path} could not be read as a table: {reason}",
            hint="Give a CSV, ECSV, VOTable or FITS table.",
        ) from error
    return table


def _spread_positions(table: Any) -> Any:
    """Put columns of numbers in the place of astropy's SkyCoord; leave out what else is no column, such as Time."""
    from astropy.coordinates import SkyCoord

    for name in table.colnames:
        column = table[name]
        if isinstance(column, SkyCoord):
            at = column.icrs
            table[f"{name}.ra"], table[f"{name}.dec"] = at.ra.deg, at.dec.deg
        if not hasattr(column, "dtype"):
            table.remove_column(name)
    return table


def _choose_reader(content: bytes) -> tuple[Any, dict[str, Any]]:
    """Choose astropy's reader by the beginning of the file, and give it the content in the form that it takes."""
    if content.startswith(b"SIMPLE  ="):
        return io.BytesIO(content), {"format": "fits", "hdu": _find_table_hdu(content)}
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return io.BytesIO(content), {"format": "votable", "table_id": 0}
    text = content.decode("utf-8-sig")
    if not text.strip():
        raise ValueError("it is empty")
    if "\0" in text:
        raise ValueError("it is neither text nor FITS")
    lines = text.splitlines()
    if text.startswith("# %ECSV"):
        return lines, {"format": "ascii.ecsv"}
    return lines, {"format": "ascii.csv" if "," in text.lstrip().partition("\n")[0] else "ascii"}


def _find_table_hdu(content: bytes) -> int:
    from astropy.io import fits

    with fits.open(io.BytesIO(content)) as hdus:
        for number, hdu in enumerate(hdus):
            # A compressed image is stored as a table, yet it is none.
            if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)) and not isinstance(hdu, fits.CompImageHDU):
                return number
    raise ValueError("the FITS file holds no table")


def _find_positions(table: Any, name: str) -> tuple[str, str]:
    columns = {name.lower(): name for name in table.colnames}
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


def _read_angles(column: Any, parse: Any) -> npt.NDArray[np.float64]:
    """Return degrees; NaN where there is no angle."""
    if column.ndim != 1:
        raise UnreadableCatalogueError(
            f"A cell of the column {column.name} holds {column.shape[1:]} values.", hint="Give one angle a row."
        )
    masked = np.ma.getmaskarray(np.ma.asarray(column))
    if column.dtype.kind in "OSU":
        texts = ["" if hidden else str(text) for text, hidden in zip(column.tolist(), masked, strict=True)]
        return np.array([_parse_or_nan(text, parse) for text in texts], dtype=np.float64)
    unit = str(getattr(column, "unit", None) or "deg").lower()
    factor = _DEGREES_IN.get(unit)
    if factor is None:
        raise UnreadableCatalogueError(
            f"The column {column.name} is in {column.unit}, which is no unit of an angle.",
            hint="Give degrees, radians or hours.",
        )
    values = np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)
    return np.where(masked, np.nan, np.asarray(values) * factor)


def _parse_or_nan(text: str, parse: Any) -> float:
    try:
        degrees: float = parse(text)
    except BadPositionError:
        return np.nan
    return degrees


def _read_names(table: Any, ra_deg: npt.NDArray[np.float64], dec_deg: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Return the names; where there is none, that of the position."""
    positions = name_positions(ra_deg, dec_deg)
    columns = {name.lower(): name for name in table.colnames}
    column = next((columns[name] for name in _NAMES if name in columns), None)
    if column is None:
        return positions
    masked = np.ma.getmaskarray(np.ma.asarray(table[column]))
    given = ["" if hidden else str(name).strip() for name, hidden in zip(table[column].tolist(), masked, strict=True)]
    return tuple(name or position for name, position in zip(given, positions, strict=True))
