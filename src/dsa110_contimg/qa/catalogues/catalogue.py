"""A catalogue of sources: read from a file, or taken from a table."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsa110_contimg.errors import CatalogueNotFoundError, ContimgWarning, UnreadableCatalogueError
from dsa110_contimg.qa.catalogues.columns import find_positions, read_declinations, read_names, read_right_ascensions
from dsa110_contimg.qa.catalogues.fluxes import read_fluxes
from dsa110_contimg.qa.catalogues.reading import convert_table, name_columns, read_table, spread_positions
from dsa110_contimg.qa.notation import list_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt


@dataclass(frozen=True, eq=False, slots=True)
class Catalogue:
    """Names, positions and fluxes of sources."""

    names: tuple[str, ...]
    """As in the catalogue, or made from the position where it gives none; not always unique: see `name_files`."""
    ra_deg: npt.NDArray[np.float64]
    """Right ascensions in degrees (ICRS), shape (n,), read-only."""
    dec_deg: npt.NDArray[np.float64]
    """Declinations in degrees (ICRS), shape (n,), read-only."""
    flux_jy: npt.NDArray[np.float64] | None = None
    """Flux densities in Jy, shape (n,), read-only, NaN where there is none; None where no column is known to be one."""
    frequency_hz: npt.NDArray[np.float64] | None = None
    """The frequencies of the fluxes in Hz, shape (n,), read-only, NaN where there is none; None where none is told."""
    remarks: tuple[str, ...] = ()
    """Where the fluxes are from, or why there are none, in sentences."""

    def __len__(self) -> int:
        return len(self.names)


def read_catalogue(path: str | os.PathLike[str]) -> Catalogue:
    """Read the names, positions and fluxes of a catalogue.

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

    Of several fluxes the total (integrated) one is taken, which for a source without extent is also its peak, whatever
    the beam was. Its unit is that of the column, or part of its name (``flux_mjy``); without one there are no fluxes,
    and `Catalogue.remarks` tells why. Frequencies are those of a column, of the table's metadata, or of the name of the
    flux (``S1.4``, ``S150MHz``).
    """
    path = Path(path)
    if not path.exists():
        raise CatalogueNotFoundError(f"There is no catalogue at {path}.", hint="Check the path.")
    return extract_catalogue(read_table(path), str(path))


def extract_catalogue(table: Any, name: str) -> Catalogue:
    """Find the names, positions and fluxes in a table that is in memory already.

    Parameters
    ----------
    table : astropy.table.Table
        The table. Its columns may be changed.
    name : str
        What to call it in messages.

    Returns
    -------
    Catalogue
        The rows that have a position, in their order; errors and warnings as of `read_catalogue`.
    """
    table = spread_positions(table)
    table.convert_bytestring_to_unicode()
    ra_column, dec_column = find_positions(table, name)
    ra, dec = read_right_ascensions(table[ra_column]), read_declinations(table[dec_column])
    good = (np.abs(ra) <= 360.0) & (np.abs(dec) <= 90.0)  # false for NaN
    if not good.any():
        raise UnreadableCatalogueError(
            f"None of the {len(table)} rows of {name} has a position in its columns {ra_column} and {dec_column}.",
            hint="Check the values and the units of these columns: degrees, radians and hours are understood.",
        )
    if not good.all():
        rows = [str(row + 1) for row in np.flatnonzero(~good).tolist()]
        message = (
            f"{len(rows)} of {good.size} rows of {Path(name).name} have no position and were left out: "
            f"rows {list_names(rows)}."
        )
        warnings.warn(message, ContimgWarning, stacklevel=3)
    ra, dec, table = ra[good], dec[good], table[good.nonzero()[0]]
    fluxes = read_fluxes(table)
    for array in (ra, dec, fluxes.flux_jy, fluxes.frequency_hz):
        if array is not None:
            array.flags.writeable = False
    names = read_names(table, ra, dec)
    return Catalogue(names, ra, dec, fluxes.flux_jy, fluxes.frequency_hz, fluxes.remarks)


def find_catalogue(given: Catalogue | str | os.PathLike[str] | Any) -> Catalogue:
    """Find the catalogue in whatever was given for one.

    Parameters
    ----------
    given : Catalogue, path-like, or table
        A catalogue, the path of one, or a table of astropy or pandas, which stays as it is.

    Returns
    -------
    Catalogue
        The rows that have a position; errors and warnings as of `read_catalogue`.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if isinstance(given, Catalogue):
        return given
    if isinstance(given, (str, os.PathLike)):
        return read_catalogue(given)
    if name_columns(given) is None:
        raise TypeError(f"A {type(given).__name__} is no catalogue: give a path, or a table of astropy or pandas.")
    return extract_catalogue(convert_table(given), "the table")
