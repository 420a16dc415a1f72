"""What people name images and sources by: paths, globs, addresses, tables; arrays, SkyCoord, catalogues."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.errors import ImageError, ImageNotFoundError
from dsa110_contimg.qa.catalogues import Catalogue, find_catalogue
from dsa110_contimg.qa.catalogues.reading import name_columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    Path = str | PathLike[str]
    Images = Path | Iterable[Path] | Any  # Any: a table of astropy or pandas
    Positions = ArrayLike | Path | Catalogue | Any  # Any: a SkyCoord, or a table of astropy or pandas

_IMAGE_COLUMNS = ("image", "path", "file", "filename", "fits", "image_path")
_DATE_COLUMNS = ("mjd", "mjd_obs", "mjd-obs", "epoch_mjd")


@dataclass(frozen=True, eq=False, slots=True)
class ImageList:
    """Images in the order in which they were given."""

    paths: tuple[str, ...]
    """Paths or addresses."""
    mjd: tuple[float | None, ...]
    """Dates that a table gave them, which count more than those of their headers; None where it gave none."""


@dataclass(frozen=True, eq=False, slots=True)
class SourceList:
    """Positions of sources, and their names where they have some."""

    ra_deg: NDArray[np.float64]
    """Right ascensions in ICRS, in degrees, shape (n,)."""
    dec_deg: NDArray[np.float64]
    """Declinations in ICRS, in degrees, shape (n,)."""
    names: tuple[str, ...] | None
    """Names; None where none were given."""


def list_images(images: Images) -> ImageList:
    """List the images that were asked for.

    Parameters
    ----------
    images : path-like, iterable of path-like, or table
        One path or address, a pattern such as ``"night/*.fits"`` (sorted by name), several of these, or a table of
        astropy or pandas with a column ``image`` (or ``path``, ``file``, ...) and perhaps ``mjd``.

    Returns
    -------
    ImageList
        The images.

    Raises
    ------
    ImageNotFoundError
        If there is none, or a pattern fits none.
    ImageError
        If a table has no column of images.
    """
    if isinstance(images, (str, os.PathLike)):
        paths = _expand(os.fspath(images))
        return ImageList(tuple(paths), (None,) * len(paths))
    if (columns := name_columns(images)) is not None:
        return _read_table(images, columns)
    paths = [path for image in images for path in _expand(os.fspath(image))]
    if not paths:
        raise ImageNotFoundError("No image was given.", hint="Give at least one path.")
    return ImageList(tuple(paths), (None,) * len(paths))


def list_sources(positions: Positions, dec_deg: ArrayLike | None, names: Sequence[str] | None) -> SourceList:
    """List the sources that were asked for.

    Parameters
    ----------
    positions : array_like, SkyCoord, table, Catalogue or path-like
        Right ascensions in degrees; or, without `dec_deg`, what has both: an astropy SkyCoord, a table of astropy or
        pandas, a `Catalogue`, or the path of a catalogue.
    dec_deg : array_like or None
        Declinations in degrees.
    names : sequence of str, optional
        Names of the sources; those of the catalogue by default.

    Returns
    -------
    SourceList
        The sources.

    Raises
    ------
    CatalogueError
        If a catalogue is not there or has no positions.
    TypeError
        If there are right ascensions alone.
    ValueError
        If there are not as many names as positions.
    """
    given: tuple[str, ...] | None = None if names is None else tuple(map(str, names))
    if dec_deg is not None:
        ra, dec = _to_degrees(positions), _to_degrees(dec_deg)
    elif hasattr(positions, "icrs"):
        ra, dec = _to_degrees(positions.icrs.ra.deg), _to_degrees(positions.icrs.dec.deg)
    else:
        catalogue = _find_catalogue(positions)
        ra, dec, given = catalogue.ra_deg, catalogue.dec_deg, given or catalogue.names
    if given is not None and len(given) != ra.size:
        raise ValueError(f"{len(given)} names were given for {ra.size} positions.")
    return SourceList(ra, dec, given)


def _find_catalogue(positions: Any) -> Catalogue:
    if not isinstance(positions, (Catalogue, str, os.PathLike)) and name_columns(positions) is None:
        raise TypeError("Right ascensions were given without declinations: give dec_deg, a SkyCoord or a catalogue.")
    return find_catalogue(positions)


def _to_degrees(angles: Any) -> NDArray[np.float64]:
    if hasattr(angles, "to_value"):  # an astropy Quantity, in whatever unit
        angles = angles.to_value("deg")
    return np.atleast_1d(np.asarray(angles, np.float64))


def _expand(path: str) -> list[str]:
    if "://" in path or not glob.has_magic(path) or os.path.exists(path):  # noqa: PTH110 - paths stay as they were given
        return [path]
    found = sorted(glob.glob(os.path.expanduser(path)))  # noqa: PTH111, PTH207
    if not found:
        raise ImageNotFoundError(f"No image fits the pattern {path}.", hint="Check the pattern.")
    return found


def _read_table(table: Any, columns: list[str]) -> ImageList:
    known = {name.lower(): name for name in columns}
    image = next((known[name] for name in _IMAGE_COLUMNS if name in known), None)
    if image is None:
        raise ImageError(
            f"The table of images has no column of paths. It has: {', '.join(columns)}.", hint="Name it image."
        )
    date = next((known[name] for name in _DATE_COLUMNS if name in known), None)
    paths = tuple(str(path) for path in table[image])
    if not paths:
        raise ImageNotFoundError("The table of images has no rows.", hint="Give at least one image.")
    if date is None:
        return ImageList(paths, (None,) * len(paths))
    days = np.ma.filled(np.ma.asarray(table[date], dtype=np.float64), np.nan)
    return ImageList(paths, tuple(day if np.isfinite(day) else None for day in days.tolist()))
