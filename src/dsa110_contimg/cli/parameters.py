"""What several verbs take: positions, sizes, which plane of an image, and what there is of a night."""

from __future__ import annotations

import re
from pathlib import Path

import click

from dsa110_contimg.errors import BadPositionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Command = Callable[..., Any]

_SIZE = re.compile(r"(\d+\.?\d*|\.\d+)\s*(arcsec|arcmin|deg|[\"'°d])", re.IGNORECASE)
_ARCMIN_IN = {"arcsec": 1 / 60, '"': 1 / 60, "arcmin": 1.0, "'": 1.0, "deg": 60.0, "d": 60.0, "°": 60.0}


def read_size(text: str) -> float:
    """Read the side of a stamp with its unit (2arcmin, 90arcsec, 0.1deg), and return arcminutes."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise click.BadParameter(f"{text!r} is not a size with its unit, such as 2arcmin, 90arcsec or 0.1deg.")
    return float(match[1]) * _ARCMIN_IN[match[2].lower()]


def read_right_ascension(text: str) -> float:
    """Read degrees or sexagesimal hours, and return degrees."""
    from dsa110_contimg.qa.notation import parse_right_ascension

    try:
        return parse_right_ascension(text)
    except BadPositionError as error:
        raise click.BadParameter(str(error)) from error


def read_declination(text: str) -> float:
    """Read degrees, as a number or sexagesimal, and return degrees."""
    from dsa110_contimg.qa.notation import parse_declination

    try:
        return parse_declination(text)
    except BadPositionError as error:
        raise click.BadParameter(str(error)) from error


def _read_extension(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def size_option(command: Command) -> Command:
    """Add ``--size`` to a verb, as `size_arcmin`."""
    explanation = "Side of a stamp, with its unit: arcsec, arcmin or deg."
    add = click.option(
        "--size", "size_arcmin", metavar="ANGLE", type=read_size, default="2arcmin", show_default=True, help=explanation
    )
    return add(command)


def folder_option(command: Command) -> Command:
    """Add ``-o`` for a folder of results, as `folder`."""
    add = click.option(
        "-o",
        "--output",
        "folder",
        metavar="DIR",
        required=True,
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder for the results; made if it is not there.",
    )
    return add(command)


def night_options(command: Command) -> Command:
    """Add what a report is made of besides images, and where it goes."""
    for add in (
        folder_option,
        click.option("--reference", metavar="CATALOG", help="Catalogue to hold positions and fluxes against."),
        click.option("--sources", metavar="CATALOG", help="Catalogue of sources to follow over the images."),
        click.option("--caltable", "caltables", metavar="TABLE", multiple=True, help="A caltable; may be repeated."),
        click.option(
            "--ms", "measurement_sets", metavar="MS", multiple=True, help="A Measurement Set; may be repeated."
        ),
    ):
        command = add(command)
    return command


def plane_options(command: Command) -> Command:
    """Add ``--hdu``, ``--stokes`` and ``--channel`` to a verb."""
    for add in (
        click.option("--channel", metavar="N", type=int, help="Channel of a cube, counted from 0."),
        click.option("--stokes", metavar="S", help="Stokes parameter of a cube: I, Q, U, V."),
        click.option(
            "--hdu",
            metavar="HDU",
            type=_read_extension,
            help="FITS extension that holds the image: its number or name.",
        ),
    ):
        command = add(command)
    return command
