"""Every source of a catalogue in every image, as files: a job that can be stopped and started again.

A source is finished when its record is written, which happens last; so a job that is started again finds what is
finished, and does the rest.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from dsa110_contimg._files import make_folder, replacing
from dsa110_contimg.errors import ContimgError
from dsa110_contimg.qa.catalogues import name_files
from dsa110_contimg.qa.postage_stamps import iter_cutouts
from dsa110_contimg.qa.stamps.cutout import NOT_ON_IMAGE
from dsa110_contimg.qa.stamps.cutting import make_request, open_plane
from dsa110_contimg.qa.stamps.files import write_fits, write_fits_series
from dsa110_contimg.qa.stamps.records import (
    SourceRecord,
    fingerprint,
    read_record,
    record_stamp,
    remove_files,
    retire_record,
    write_record,
)
from dsa110_contimg.qa.stamps.runners import count_threads
from dsa110_contimg.qa.stamps.sheet import draw_sheet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from typing import Any, Literal

    from dsa110_contimg.qa.catalogues import Catalogue
    from dsa110_contimg.qa.stamps.cutout import Cutout

WRITTEN_BELOW = ("sheets", "fits", "fits/*", ".records")
"""Folders in the folder of results that a job writes to, as patterns."""

_BATCH_BYTES = 256 * 1024**2
_FEWEST, _MOST = 1, 256


@dataclass(frozen=True, eq=False, slots=True)
class StampJob:
    """What to cut and where to put it."""

    sources: Catalogue
    """The sources."""
    images: tuple[str, ...]
    """Paths or addresses of the images."""
    folder: Path
    """Where the results go; it must exist."""
    size_arcmin: float
    """Length of a side in arcminutes."""
    hdu: int | str | None = None
    """Which image of each file."""
    stokes: str | None = None
    """Which Stokes parameter of a cube."""
    channel: int | None = None
    """Which channel of a cube."""
    fits: Literal["source", "each"] = "source"
    """Whether the stamps of a source are the extensions of one FITS file, or a file each."""

    def run(
        self, unreadable: dict[str, ContimgError], *, force: bool = False, client: Any = None
    ) -> Generator[tuple[int, SourceRecord]]:
        """Do what is not done yet.

        Parameters
        ----------
        unreadable : dict
            Gets each image that cannot be read, and why.
        force : bool
            Whether to do everything anew.
        client : distributed.Client, optional
            A dask cluster that cuts the stamps.

        Yields
        ------
        tuple of int and SourceRecord
            Each source, counted from zero, as soon as its files stand at their places.

        Raises
        ------
        UnwritableOutputError
            If a file cannot be written. What was yielded stays.
        """
        names = name_files(self.sources.names)
        asked = (self.size_arcmin, self.hdu, self.stokes, self.channel, self.fits)
        images = fingerprint(self.images, *asked)
        at = list(zip(self.sources.ra_deg.tolist(), self.sources.dec_deg.tolist(), strict=True))
        bases = [fingerprint((), images, *source) for source in zip(names, self.sources.names, at, strict=True)]
        for part in ("sheets", "fits", ".records"):
            make_folder(self.folder / part)
        todo = []
        for k, (name, basis) in enumerate(zip(names, bases, strict=True)):
            found = None if force else read_record(self._record(name), basis, self.folder)
            if found is None:
                todo.append(k)
            else:
                yield k, found
        with ThreadPoolExecutor(count_threads(None)) as pool:
            for batch in self._divide(todo):
                cutouts = self._cut(batch, client)
                errors = ((stamp.image, stamp.error) for stamps in cutouts for stamp in stamps)
                unreadable.update((image, error) for image, error in errors if error is not None)
                yield from pool.map(lambda k, stamps: (k, self._finish(k, names[k], bases[k], stamps)), batch, cutouts)

    def _divide(self, todo: list[int]) -> Iterator[list[int]]:
        """Divide sources into batches that fit into memory; neighbours together, because they share tiles and pages."""
        if not todo:
            return
        todo = sorted(todo, key=lambda k: float(self.sources.dec_deg[k]))
        plane = {"hdu": self.hdu, "stokes": self.stokes, "channel": self.channel}
        request = make_request(self.sources.ra_deg, self.sources.dec_deg, self.size_arcmin, **plane)
        pixels = 1
        for image in self.images:
            with suppress(ContimgError):  # told when it is cut
                pixels = max(pixels, int(np.prod(open_plane(image, request)[2])))
        step = min(max(_BATCH_BYTES // (4 * pixels * len(self.images)), _FEWEST), _MOST)
        for start in range(0, len(todo), step):
            yield todo[start : start + step]

    def _cut(self, batch: list[int], client: Any) -> list[tuple[Cutout, ...]]:
        stream = iter_cutouts(
            self.images,
            self.sources.ra_deg[batch],
            self.sources.dec_deg[batch],
            self.size_arcmin,
            hdu=self.hdu,
            stokes=self.stokes,
            channel=self.channel,
            client=client,
        )
        by_image = [[next(stream) for _ in batch] for _ in self.images]
        return list(zip(*by_image, strict=True))

    def _record(self, name: str) -> Path:
        return self.folder / ".records" / f"{name}.json"

    def _finish(self, k: int, name: str, basis: str, cutouts: Sequence[Cutout]) -> SourceRecord:
        """Write the files of a source, and its record last; an older record vouches for nothing meanwhile."""
        before = retire_record(self._record(name))
        there = [cutout for cutout in cutouts if cutout.status not in NOT_ON_IMAGE]
        paths = self._write_fits(name, self.sources.names[k], cutouts)
        sheet, sheet_pixels = None, (0, 0)
        if there:
            sheet = f"sheets/{name}.png"
            picture = draw_sheet(cutouts, title=self.sources.names[k])
            sheet_pixels = picture.size
            with replacing(self.folder / sheet) as unfinished:
                picture.save(unfinished)
        stamps = tuple(record_stamp(cutout, path) for cutout, path in zip(cutouts, paths, strict=True))
        position = float(self.sources.ra_deg[k]), float(self.sources.dec_deg[k])
        record = SourceRecord(self.sources.names[k], *position, stamps, sheet, sheet_pixels)
        write_record(self._record(name), record, basis)
        remove_files(self.folder, before - record.files)
        return record

    def _write_fits(self, file: str, name: str, cutouts: Sequence[Cutout]) -> list[str | None]:
        """Write the stamps, and return where each one is; None for those that are on no image."""
        if self.fits == "source":
            path = f"fits/{file}.fits"
            if any(cutout.status not in NOT_ON_IMAGE for cutout in cutouts):
                write_fits_series(cutouts, self.folder / path, name=name)
            return [None if cutout.status in NOT_ON_IMAGE else path for cutout in cutouts]
        make_folder(self.folder / "fits" / file)
        paths: list[str | None] = []
        for cutout, stem in zip(cutouts, name_files([PurePath(image).stem for image in self.images]), strict=True):
            path = f"fits/{file}/{stem}.fits"
            if cutout.status not in NOT_ON_IMAGE:
                write_fits(cutout, self.folder / path)
            paths.append(None if cutout.status in NOT_ON_IMAGE else path)
        return paths
