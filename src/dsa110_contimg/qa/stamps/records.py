"""What became of a source: its stamps, what they measure and where they are, written down once it is finished."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass

from dsa110_contimg._files import replacing
from dsa110_contimg.qa.stamps.cutout import NOT_ON_IMAGE
from dsa110_contimg.qa.stamps.statistics import measure_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dsa110_contimg.qa.stamps.cutout import Cutout


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
    told = json.dumps([asked, [_identify(image) for image in images]], default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _identify(image: str) -> list[object]:
    if "://" in image:
        return [image]
    absolute = os.path.abspath(image)  # noqa: PTH100 - as the path was given, links and all
    try:
        status = os.stat(absolute)  # noqa: PTH116
    except OSError:
        return [absolute, None]
    return [absolute, status.st_size, status.st_mtime_ns, status.st_ino]


def write_record(path: Path, record: SourceRecord, basis: str) -> None:
    """Write a record, with the fingerprint of what it is based on."""
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps({"basis": basis, **asdict(record)}, allow_nan=False))


def read_record(path: Path, basis: str, folder: Path) -> SourceRecord | None:
    """Read a record if it is based on the same, and every file that it names is in the folder of results."""
    try:
        told = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if told.pop("basis", None) != basis:
        return None
    stamps = tuple(StampRecord(**stamp) for stamp in told.pop("stamps"))
    record = SourceRecord(**told | {"stamps": stamps, "sheet_pixels": tuple(told["sheet_pixels"])})
    return record if all((folder / file).is_file() for file in record.files) else None
