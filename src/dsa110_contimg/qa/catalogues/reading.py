"""Tables of every kind, as tables of astropy: from files of whatever form, or from memory."""

from __future__ import annotations

import gzip
import io
import warnings
import zlib

from dsa110_contimg.errors import UnreadableCatalogueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def read_table(path: Path) -> Any:
    """Read a file as a table of astropy.

    Parameters
    ----------
    path : Path
        CSV, ECSV or another text table, VOTable, or FITS table, gzipped or not. Told apart by what is in it.

    Returns
    -------
    astropy.table.Table
        The table; the first one of several.

    Raises
    ------
    UnreadableCatalogueError
        When it is none.
    """
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


def name_columns(table: Any) -> list[str] | None:
    """Return the names of the columns of a table of astropy or pandas; None for what is no table."""
    if hasattr(table, "colnames"):
        return list(table.colnames)
    if hasattr(table, "columns") and hasattr(table, "iloc"):
        return list(map(str, table.columns))
    return None


def convert_table(table: Any) -> Any:
    """Return a table of astropy or pandas as one of astropy, whose columns may be changed without harm to the other."""
    from astropy.table import Table

    # Not table.copy: a QTable holds quantities, which are no columns.
    return Table(table, copy=False) if hasattr(table, "colnames") else Table.from_pandas(table)


def spread_positions(table: Any) -> Any:
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
