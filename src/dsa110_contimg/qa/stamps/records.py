"""What became of a source: its stamps, what they measure and where they are, written down once it is finished."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass

from dsa110_contimg._files import replacing
from dsa110_contimg.qa.stamps.cutout import NOT_ON_IMAGE
from dsa110_contimg.qa.stamps.statistics import measure_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dsa110_contimg.qa.stamps.cutout import Cutout

_FORMAT = 1
"""Goes up when records or the files they name change, so that what an older version finished is done anew."""


@dataclass(frozen=True, slots=True)
class StampRecord:
    """One stamp of a source."""

    image: str
    """Path or address of the image."""
    mjd: float | None
    """Start of the observation as a Modified Julian Date in days."""
    status: str
    """full, partial, blank, off-image or unreadable."""
    unit: str | None = None
    """Unit of peak and rms."""
    peak: float | None = None
    """The brightest pixel."""
    rms: float | None = None
    """Local noise, from the median absolute deviation."""
    peak_snr: float | None = None
    """The brightest pixel over the noise; None where the noise is zero."""
    peak_east_arcsec: float | None = None
    """How far the brightest pixel lies east of the position."""
    peak_north_arcsec: float | None = None
    """How far the brightest pixel lies north of the position."""
    fits: str | None = None
    """The stamp's FITS file, from the folder of results."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One source, finished."""

    name: str
    """Its name."""
    ra_deg: float
    """Right ascension in ICRS, in degrees."""
    dec_deg: float
    """Declination in ICRS, in degrees."""
    stamps: tuple[StampRecord, ...]
    """Its stamps, in the order of the images."""
    sheet: str | None
    """Its sheet, from the folder of results; None where it is on no image."""
    sheet_pixels: tuple[int, int]
    """Width and height of the sheet."""

    @property
    def files(self) -> set[str]:
        """Every file of this source, from the folder of results."""
        found = {self.sheet, *(stamp.fits for stamp in self.stamps)}
        return {file for file in found if file is not None}

    @property
    def best_snr(self) -> float | None:
        """The highest peak over noise of its stamps."""
        return max((stamp.peak_snr for stamp in self.stamps if stamp.peak_snr is not None), default=None)


def record_stamp(cutout: Cutout, fits: str | None) -> StampRecord:
    """Measure a stamp and note where it is.

    Parameters
    ----------
    cutout : Cutout
        The stamp.
    fits : str or None
        Its FITS file, from the folder of results.

    Returns
    -------
    StampRecord
        Numbers that are not finite are None.
    """
    measured = None if cutout.status in NOT_ON_IMAGE else measure_stamp(cutout)
    if measured is None:
        return StampRecord(cutout.image, cutout.mjd, cutout.status, cutout.unit, fits=fits)
    return StampRecord(
        *(cutout.image, cutout.mjd, cutout.status, cutout.unit, measured.peak, measured.rms),
        measured.peak / measured.rms if measured.rms > 0 else None,
        *(measured.peak_east_arcsec, measured.peak_north_arcsec, fits),
    )


def fingerprint(images: Sequence[str], *asked: object) -> str:
    """Sum up what results depend on: what was asked, and the images by path, size, time and inode.

    An image that is a folder is known by the files in it, which can be rewritten without a trace on the folder.

    Parameters
    ----------
    images : sequence of str
        Paths; an address is known by its text alone.
    *asked : object
        Everything else, as plain values.

    Returns
    -------
    str
        The same as long as nothing has changed.
    """
    told = json.dumps([_FORMAT, asked, [_identify(image) for image in images]], default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _identify(image: str) -> list[object]:
    if "://" in image:
        return [image]
    absolute = os.path.abspath(image)  # noqa: PTH100 - as the path was given, links and all
    try:
        status = os.stat(absolute)  # noqa: PTH116
    except OSError:
        return [absolute, None]
    if stat.S_ISDIR(status.st_mode):
        return [absolute, status.st_ino, sorted(_list_files(absolute))]
    # Permission given later changes neither size nor time.
    return [absolute, status.st_size, status.st_mtime_ns, status.st_ino, os.access(absolute, os.R_OK)]


def _list_files(folder: str) -> Iterator[tuple[str, int, int]]:
    for parent, _, names in os.walk(folder):
        for path in (os.path.join(parent, name) for name in names if name != "table.lock"):  # readers write it  # noqa: PTH118
            with suppress(FileNotFoundError):
                status = os.stat(path)  # noqa: PTH116
                yield path, status.st_size, status.st_mtime_ns


def write_record(path: Path, record: SourceRecord, basis: str | None) -> None:
    """Write a record, with the fingerprint of what it is based on."""
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps({"basis": basis, **asdict(record)}, allow_nan=False))


def read_record(path: Path, basis: str, folder: Path) -> SourceRecord | None:
    """Read a record if it still holds.

    Parameters
    ----------
    path : Path
        The record.
    basis : str
        Fingerprint of what it must be based on.
    folder : Path
        The folder of results, which must hold every file that the record names.

    Returns
    -------
    SourceRecord or None
        None also where an address was unreadable: nothing tells whether its server answers by now.
    """
    based_on, record = _load(path)
    if record is None or based_on != basis:
        return None
    if any(stamp.status == "unreadable" and "://" in stamp.image for stamp in record.stamps):
        return None
    return record if all((folder / file).is_file() for file in record.files) else None


def retire_record(path: Path) -> set[str]:
    """Let a record vouch for nothing from now on, because its files will be replaced; return which ones it names."""
    _, record = _load(path)
    if record is None:
        return set()
    write_record(path, record, None)
    return record.files


def remove_files(folder: Path, files: set[str]) -> None:
    """Remove files that a source has no longer; only in the folder of results, whatever a damaged record says."""
    inside = folder.resolve()
    for path in ((folder / file).resolve() for file in files):
        if path.is_file() and path.is_relative_to(inside):
            path.unlink()


def _load(path: Path) -> tuple[str | None, SourceRecord | None]:
    """Read a record and what it is based on; none where it is absent, damaged or of another version."""
    try:
        told = json.loads(path.read_bytes())
        basis = told.pop("basis")
        stamps = tuple(StampRecord(**stamp) for stamp in told.pop("stamps"))
        return basis, SourceRecord(**told | {"stamps": stamps, "sheet_pixels": tuple(told["sheet_pixels"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None, None
