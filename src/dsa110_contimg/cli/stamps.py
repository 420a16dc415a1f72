"""``dsa110-qa stamps``: every source of a catalogue in every image, as FITS files, sheets, a table and a page."""

from __future__ import annotations

from contextlib import closing, contextmanager

import click

from dsa110_contimg._files import claimed, make_folder
from dsa110_contimg.cli.console import EXIT_FINDING, EXIT_UNREADABLE, print_json, talk, talk_warnings, track
from dsa110_contimg.cli.parameters import folder_option, plane_options, size_option
from dsa110_contimg.qa.notation import list_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any, Literal

    from dsa110_contimg.errors import ContimgError
    from dsa110_contimg.qa.stamps.records import SourceRecord


@click.command("stamps", short_help="Cut and draw every source in every image.")
@click.argument("catalogue", metavar="CATALOG")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@folder_option
@size_option
@plane_options
@click.option(
    "--fits",
    type=click.Choice(["source", "each"]),
    default="source",
    show_default=True,
    help="One FITS file a source, with an extension a stamp; or one each stamp.",
)
@click.option("--force", is_flag=True, help="Do anew what is finished already.")
@click.option("--dask", "scheduler", metavar="ADDRESS", help="Scheduler of a dask cluster that cuts the stamps.")
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
    fits: Literal["source", "each"],
    force: bool,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Cut and draw every source of CATALOG in every IMAGE.

    CATALOG is a CSV, ECSV, VOTable or FITS table with the positions of the sources. DIR gets fits/ with the stamps,
    sheets/ with a picture a source (all epochs in one stretch), the table stamps.csv (and .parquet), and index.html to
    look at it all. The paths of the sheets go to standard output, each once its source is finished.

    Stopped and started again, it does what is not finished yet, and what depends on images that have changed.

    Exit codes: 0 fine, 1 some source is on no image, 2 usage, 3 missing dependency, 4 some image, or the catalogue,
    is unreadable. An unreadable image does not stop the others.
    """
    from dsa110_contimg.qa.catalogues import read_catalogue
    from dsa110_contimg.qa.stamps.contact_sheet import write_contact_sheet
    from dsa110_contimg.qa.stamps.inputs import list_images
    from dsa110_contimg.qa.stamps.job import WRITTEN_BELOW, StampJob
    from dsa110_contimg.qa.stamps.table import write_tables

    unreadable: dict[str, ContimgError] = {}
    with talk_warnings(), _connect(scheduler) as client:
        paths = list_images(images).paths
        sources = read_catalogue(catalogue)
        make_folder(folder)
        job = StampJob(sources, paths, folder, size_arcmin, hdu, stokes, channel, fits)
        finished: dict[int, SourceRecord] = {}
        # Closed within the claim: what is being written when the person presses Ctrl-C ends before another may begin.
        with claimed(folder, WRITTEN_BELOW), closing(job.run(unreadable, force=force, client=client)) as run:
            for k, record in track(run, "sources", total=len(sources)):
                finished[k] = record
                if record.sheet is not None and not as_json:
                    click.echo(folder / record.sheet)
            records = [finished[k] for k in range(len(sources))]
            tables = write_tables(records, folder)
            write_contact_sheet(records, folder / "index.html", size_arcmin=size_arcmin)
    if as_json:
        print_json([_describe(record, folder) for record in records])
    _summarise(records, unreadable, folder, tables)
    statuses = {stamp.status for record in records for stamp in record.stamps}
    missed = any(record.sheet is None for record in records)
    ctx.exit(EXIT_UNREADABLE if "unreadable" in statuses else EXIT_FINDING if missed else 0)


@contextmanager
def _connect(scheduler: str | None) -> Iterator[Any]:
    """Connect to a dask cluster, if one is named."""
    if scheduler is None:
        yield None
        return
    from dsa110_contimg._lazy import needs

    with needs("dask"):
        from distributed import Client
    try:
        client = Client(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"no dask scheduler answers at {scheduler}: {error}", param_hint="--dask") from error
    with client:
        yield client


def _describe(record: SourceRecord, folder: Path) -> dict[str, Any]:
    from dataclasses import asdict

    sheet = None if record.sheet is None else str(folder / record.sheet)
    return {key: value for key, value in asdict(record).items() if key != "sheet_pixels"} | {"sheet": sheet}


def _summarise(
    records: list[SourceRecord], unreadable: dict[str, ContimgError], folder: Path, tables: list[str]
) -> None:
    missed = [record.name for record in records if record.sheet is None]
    count = len(records[0].stamps)
    talk(f"{len(records)} sources, {count} image{'s' * (count != 1)}: {len(records) - len(missed)} sheets in {folder}.")
    if missed:
        talk(f"On no image: {list_names(missed)}.")
    for error in unreadable.values():
        talk(f"Unreadable: {error}")
    seen_before = {stamp.image for record in records for stamp in record.stamps if stamp.status == "unreadable"}
    for image in sorted(seen_before - set(unreadable)):
        talk(f"Unreadable, as an earlier run found: {image}")
    talk(f"Tables: {', '.join(tables)}. Look at {folder / 'index.html'}")
