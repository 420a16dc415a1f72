"""Measuring everything that was given, one thing after the other, whatever is wrong with any of them."""

from __future__ import annotations

import os
import statistics
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from dsa110_contimg.errors import ContimgError, ImageError, MissingDependencyError
from dsa110_contimg.images.radio_images import identity_of
from dsa110_contimg.qa.caltable_quality import measure_caltable
from dsa110_contimg.qa.catalogue_check import check_catalogue
from dsa110_contimg.qa.image_quality import measure_image
from dsa110_contimg.qa.light_curves import measure_light_curves
from dsa110_contimg.qa.ms_quality import measure_ms
from dsa110_contimg.qa.notation import list_names, split_unit
from dsa110_contimg.qa.reporting.findings import Findings, ImageFinding, LeftOut, Picture, TableFinding
from dsa110_contimg.qa.stamps.cutting import name_image
from dsa110_contimg.qa.stamps.inputs import list_images
from dsa110_contimg.qa.whole_images.gates import judge_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from os import PathLike
    from typing import Any, Literal

    from dsa110_contimg.images.radio_images import Identity
    from dsa110_contimg.qa.catalogues import Catalogue
    from dsa110_contimg.qa.image_quality import ImageQuality
    from dsa110_contimg.qa.stamps.inputs import Images

    Progress = Callable[[Sequence[str], str], Iterable[str]]

_FEWEST_EPOCHS = 3
"""With fewer images the noise of the others says nothing about what to expect."""


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """An image that was measured before."""

    identity: Identity
    """Time, size and inode of the file then."""
    finding: ImageFinding
    """What was found."""


@dataclass(frozen=True, slots=True)
class Night:
    """What a report is asked about."""

    images: tuple[str, ...]
    """Paths of images."""
    measurement_sets: tuple[str, ...]
    """Paths of Measurement Sets."""
    caltables: tuple[str, ...]
    """Paths of caltables."""
    sources: str | None
    """The catalogue of the sources to follow."""
    reference: str | None
    """The catalogue to hold images against."""
    size_arcmin: float
    """Length of a stamp's side in arcminutes."""
    hdu: int | str | None
    """Which extension of the images."""
    stokes: str | None
    """Which Stokes parameter of cubes."""
    channel: int | None
    """Which channel of cubes."""

    @property
    def addresses(self) -> dict[str, str]:
        """The images as they were given, by the names that anybody may see: without passwords and signatures."""
        return {name_image(path): path for path in self.images}

    @property
    def plane(self) -> dict[str, Any]:
        """The arguments that choose a plane."""
        return {"hdu": self.hdu, "stokes": self.stokes, "channel": self.channel}


def list_night(
    images: Images,
    *,
    measurement_sets: Sequence[str | PathLike[str]],
    caltables: Sequence[str | PathLike[str]],
    sources: str | PathLike[str] | None,
    reference: str | PathLike[str] | None,
    size_arcmin: float,
    hdu: int | str | None,
    stokes: str | None,
    channel: int | None,
) -> Night:
    """List what a report is asked about; arguments and errors as of `create_report`."""
    return Night(
        images=list_images(images).paths,
        measurement_sets=tuple(os.fspath(path) for path in measurement_sets),
        caltables=tuple(os.fspath(path) for path in caltables),
        sources=None if sources is None else os.fspath(sources),
        reference=None if reference is None else os.fspath(reference),
        size_arcmin=size_arcmin,
        hdu=hdu,
        stokes=stokes,
        channel=channel,
    )


def measure_night(night: Night, progress: Progress, known: dict[str, Known] | None = None) -> Findings:
    """Measure everything.

    Parameters
    ----------
    night : Night
        What is there.
    progress : callable
        Wraps the paths of each kind of thing, together with what to call them.
    known : dict, optional
        What an earlier call found of images, by path; those that have not changed since are not measured again, and
        what is found now is added.

    Returns
    -------
    Findings
        What was found; what is unreadable is part of it.

    Raises
    ------
    CatalogueError
        If a catalogue cannot be used, without which the report would not be the one that was asked for.
    MissingDependencyError
        If a library is absent.
    """
    from dsa110_contimg.qa.catalogues import read_catalogue

    sources = None if night.sources is None else read_catalogue(night.sources)
    reference = None if night.reference is None else read_catalogue(night.reference)
    known = {} if known is None else known
    images = expect_noise([_find_image(path, night, reference, known) for path in progress(night.images, "Images")])
    left_out = [LeftOut(image.path, image.error.message) for image in images if image.error is not None]
    tables = [_measure_table("Measurement Set", path) for path in progress(night.measurement_sets, "Measurement Sets")]
    tables += [_measure_table("caltable", path) for path in progress(night.caltables, "Caltables")]
    left_out += [LeftOut(table.path, table.error.message) for table in tables if table.error is not None]
    remarks = tuple(_remark_on_dates(images))
    curves = None
    readable = [night.addresses[image.path] for image in images if image.quality is not None]
    if sources is not None and readable:
        try:
            curves = measure_light_curves(readable, sources, **night.plane)
        except ImageError as error:  # such as all of them removed in the meantime
            left_out.append(LeftOut(str(night.sources), f"There are no light curves: {error.message}"))
    if curves is not None:
        left_out += [LeftOut(path, f"Not in the light curves: {e.message}") for path, e in curves.unreadable.items()]
        remarks = curves.remarks  # which tell of dates, too
    remarks += tuple(_remark_on_checks(images))
    return Findings(
        images=tuple(images),
        tables=tuple(tables),
        light_curves=curves,
        sources=night.sources,
        reference=night.reference,
        left_out=tuple(left_out),
        remarks=remarks,
    )


def expect_noise(images: Sequence[ImageFinding]) -> list[ImageFinding]:
    """Hold the noise of each image against the median of all in its unit, and put them in the order of time.

    Parameters
    ----------
    images : sequence of ImageFinding
        As they were measured.

    Returns
    -------
    list of ImageFinding
        The readable ones by date, then those without a date by name, then the unreadable ones by name. With fewer than
        three images in a unit their noise is held against nothing.
    """
    noise: dict[str, list[float]] = {}
    for image in images:
        if image.quality is not None and image.quality.rms > 0:
            noise.setdefault(split_unit(image.quality.unit)[1], []).append(_scale_noise(image.quality))
    expected = {unit: statistics.median(values) for unit, values in noise.items() if len(values) >= _FEWEST_EPOCHS}
    judged = []
    for image in images:
        if image.quality is not None:
            factor, unit = split_unit(image.quality.unit)
            if unit in expected:
                quality = replace(image.quality, expected_rms=expected[unit] / factor)
                image = replace(image, quality=replace(quality, gates=judge_image(quality)))
        judged.append(image)
    return sorted(judged, key=_find_place)


def _scale_noise(quality: ImageQuality) -> float:
    return quality.rms * split_unit(quality.unit)[0]


def _find_place(image: ImageFinding) -> tuple[bool, bool, float, str]:
    mjd = None if image.quality is None else image.quality.mjd
    return image.quality is None, mjd is None, mjd or 0.0, image.path


def _find_image(path: str, night: Night, reference: Catalogue | None, known: dict[str, Known]) -> ImageFinding:
    try:
        identity = identity_of(os.stat(path))  # noqa: PTH116 - it may be an address
    except OSError:
        return _measure_image(path, night, reference)
    if path not in known or known[path].identity != identity:
        known[path] = Known(identity, _measure_image(path, night, reference))
    return known[path].finding


def _measure_image(path: str, night: Night, reference: Catalogue | None) -> ImageFinding:
    try:
        quality = measure_image(path, **night.plane)
        check = None if reference is None else check_catalogue(path, reference, **night.plane)
    except MissingDependencyError:
        raise
    except ContimgError as error:
        return ImageFinding(name_image(path), None, None, error)
    return ImageFinding(name_image(path), quality, check, None)


def _measure_table(kind: Literal["Measurement Set", "caltable"], path: str) -> TableFinding:
    try:
        quality = measure_ms(path) if kind == "Measurement Set" else measure_caltable(path)
    except MissingDependencyError:
        raise
    except ContimgError as error:
        return TableFinding(kind, path, None, (), error)
    with tempfile.TemporaryDirectory() as folder:
        pictures = tuple(
            Picture(picture.stem.replace("_", " by ", 1).replace("_", " "), picture.read_bytes())
            for picture in map(Path, quality.write_pictures(folder))
        )
    return TableFinding(kind, path, quality, pictures, None)


def _remark_on_checks(images: Iterable[ImageFinding]) -> Iterator[str]:
    """Yield what the reference catalogue lacks, each sentence once, with the images that it is about if not all."""
    checks = [image for image in images if image.check is not None]
    said: dict[str, list[str]] = {}
    for image in checks:
        for remark in image.check.remarks if image.check is not None else ():
            said.setdefault(remark, []).append(Path(image.path).name)
    for remark, names in said.items():
        yield f"Reference: {remark}" if len(names) == len(checks) else f"Reference, {list_names(names)}: {remark}"


def _remark_on_dates(images: Iterable[ImageFinding]) -> Iterator[str]:
    undated = [Path(image.path).name for image in images if image.quality is not None and image.quality.mjd is None]
    if undated:
        count = f"{len(undated)} image{'s have' if len(undated) > 1 else ' has'}"
        yield f"{count} no date, and come last, in the order of their names: {list_names(undated)}."
