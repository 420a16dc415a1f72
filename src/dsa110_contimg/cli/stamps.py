"""``dsa110-qa stamps``: every source of a catalogue in every image, one sheet a source."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import click

from dsa110_contimg import errors
from dsa110_contimg._files import make_folder, replacing
from dsa110_contimg.cli.console import EXIT_FINDING, EXIT_UNREADABLE, print_json, talk, talk_warnings, track
from dsa110_contimg.cli.parameters import plane_options, size_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dsa110_contimg.qa.stamps.cutout import Cutout
    from dsa110_contimg.qa.stamps.sheet import EmptyPanel

_SHOWN_NAMES = 10


@click.command("stamps", short_help="Draw every source in every image, one sheet a source.")
@click.argument("catalogue", metavar="CATALOG")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the sheets; made if it is not there.",
)
@size_option
@plane_options
@click.option("--json", "as_json", is_flag=True, help="Print what became of every source as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    catalogue: str,
    images: tuple[str, ...],
    folder: Path,
    size_arcmin: float,
    hdu: int | str | None,
    stokes: str | None,
    channel: int | None,
    as_json: bool,
) -> None:
    """Draw every source of CATALOG in every IMAGE, one PNG sheet a source.

    CATALOG is a CSV, ECSV, VOTable or FITS table with the positions of the sources. All epochs of a source are drawn
    in one stretch, labelled with their dates. The paths of the sheets go to standard output.

    Exit codes: 0 fine, 1 some source is on no image, 2 usage, 3 missing dependency, 4 some image, or the catalogue,
    is unreadable. An unreadable image does not stop the others.
    """
    from functools import partial

    from dsa110_contimg.qa.catalogues import name_files, read_catalogue
    from dsa110_contimg.qa.postage_stamps import create_cutout

    job = _Job(images, partial(create_cutout, hdu=hdu, stokes=stokes, channel=channel))
    with talk_warnings():
        sources = read_catalogue(catalogue)
        make_folder(folder)
        rows = zip(sources.names, name_files(sources.names), sources.ra_deg, sources.dec_deg, strict=True)
        results = []
        for name, file, ra, dec in track(rows, "sources", total=len(sources)):
            panels = job.cut(float(ra), float(dec), size_arcmin)
            sheet = _draw(panels, name, folder / f"{file}.png")
            results.append(_describe(name, float(ra), float(dec), sheet, panels))
            if sheet is not None and not as_json:
                click.echo(sheet)
    if as_json:
        print_json(results)
    missed = [result["name"] for result in results if result["sheet"] is None]
    _summarise(len(results), missed, job.unreadable, images, folder)
    ctx.exit(EXIT_UNREADABLE if job.unreadable else EXIT_FINDING if missed else 0)


@dataclass
class _Job:
    """Cuts one source after the other, and remembers what it learnt about the images."""

    images: tuple[str, ...]
    create: Callable[..., Cutout]
    unreadable: dict[str, str] = field(default_factory=dict)
    """What is wrong with each image that could not be read; it is not tried again."""
    _dates: dict[str, float | None] = field(default_factory=dict)

    def cut(self, ra_deg: float, dec_deg: float, size_arcmin: float) -> list[Cutout | EmptyPanel]:
        return [self._cut_one(image, ra_deg, dec_deg, size_arcmin) for image in self.images]

    def _cut_one(self, image: str, ra_deg: float, dec_deg: float, size_arcmin: float) -> Cutout | EmptyPanel:
        from dsa110_contimg.qa.stamps.sheet import EmptyPanel

        if image in self.unreadable:
            return EmptyPanel(image, "unreadable")
        try:
            cutout = self.create(image, ra_deg, dec_deg, size_arcmin)
        except errors.NoOverlapError:
            # The date is known from a source that is on this image, if there was one.
            return EmptyPanel(image, "off the image", self._dates.get(image))
        except errors.ContimgError as error:
            self.unreadable[image] = str(error)
            return EmptyPanel(image, "unreadable")
        self._dates[image] = cutout.mjd
        return cutout


def _draw(panels: list[Cutout | EmptyPanel], name: str, path: Path) -> Path | None:
    from dsa110_contimg.qa.stamps.sheet import EmptyPanel, draw_sheet

    if all(isinstance(panel, EmptyPanel) for panel in panels):
        return None
    with replacing(path) as hidden:
        draw_sheet(panels, title=name).save(hidden)
    return path


def _describe(
    name: str, ra: float, dec: float, sheet: Path | None, panels: list[Cutout | EmptyPanel]
) -> dict[str, Any]:
    from dsa110_contimg.qa.stamps.sheet import EmptyPanel

    words = {"off the image": "off-image"}
    stamps = [
        {
            "image": panel.image,
            "status": words.get(panel.reason, panel.reason) if isinstance(panel, EmptyPanel) else panel.status,
            "mjd": panel.mjd,
        }
        for panel in panels
    ]
    return {
        "name": name,
        "ra_deg": ra,
        "dec_deg": dec,
        "sheet": None if sheet is None else str(sheet),
        "stamps": stamps,
    }


def _summarise(
    count: int, missed: list[str], unreadable: dict[str, str], images: tuple[str, ...], folder: Path
) -> None:
    talk(f"{count} sources, {len(images)} images: {count - len(missed)} sheets in {folder}.")
    if missed:
        more = f" and {len(missed) - _SHOWN_NAMES} more" if len(missed) > _SHOWN_NAMES else ""
        talk(f"On no image: {', '.join(missed[:_SHOWN_NAMES])}{more}.")
    for message in unreadable.values():
        talk(f"Unreadable: {message}")
