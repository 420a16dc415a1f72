"""``dsa110-qa cutout``: one stamp, as a file or as a few lines about it."""

from __future__ import annotations

import re
from pathlib import Path

import click

from dsa110_contimg._files import replacing
from dsa110_contimg.cli.console import print_json, talk_warnings
from dsa110_contimg.cli.parameters import plane_options, read_declination, read_right_ascension, size_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.qa.stamps.cutout import Cutout
    from dsa110_contimg.qa.stamps.statistics import StampStatistics

_ENDINGS = (".fits", ".png")


class _SouthernCommand(click.Command):
    """A command that takes a dash and a digit for a number, and never for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # click has no way to say so, but a leading space hides the dash from it, and what reads numbers ignores it.
        return super().parse_args(ctx, [f" {arg}" if re.match(r"-\.?\d", arg) else arg for arg in args])


@click.command("cutout", cls=_SouthernCommand, short_help="Cut one stamp out of an image.")
@click.argument("image")
@click.argument("ra_deg", metavar="RA", type=read_right_ascension)
@click.argument("dec_deg", metavar="DEC", type=read_declination)
@size_option
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write: .fits or .png.")
@plane_options
@click.option("--json", "as_json", is_flag=True, help="Print what was measured as JSON.")
def command(
    image: str,
    ra_deg: float,
    dec_deg: float,
    size_arcmin: float,
    output: Path | None,
    hdu: int | str | None,
    stokes: str | None,
    channel: int | None,
    as_json: bool,
) -> None:
    """Cut one stamp out of IMAGE.

    RA and DEC (ICRS) are degrees (150.02 -30.016) or sexagesimal (10:00:04.9 -30:00:57, 10h00m04.9s -30d00m57s).
    Without -o, a summary of the stamp is printed.

    Exit codes: 0 fine, 1 the position is not on the image, 2 usage, 3 missing dependency, 4 unreadable image.
    """
    if output is not None and output.suffix.lower() not in _ENDINGS:
        raise click.BadParameter(f"{output} must end in {' or '.join(_ENDINGS)}.", param_hint="-o")
    from dsa110_contimg.qa.postage_stamps import create_cutout

    with talk_warnings():
        cutout = create_cutout(image, ra_deg, dec_deg, size_arcmin, hdu=hdu, stokes=stokes, channel=channel)
        if output is not None:
            _write(cutout, output)
    if as_json:
        print_json(_describe(cutout) | {"output": None if output is None else str(output)})
    elif output is not None:
        click.echo(output)
    else:
        click.echo(_summarise(cutout))


def _write(cutout: Cutout, output: Path) -> None:
    if output.suffix.lower() == ".fits":
        cutout.write(output)
        return
    from dsa110_contimg.qa.stamps.sheet import draw_stamp

    with replacing(output) as hidden:
        draw_stamp(cutout).save(hidden)


def _describe(cutout: Cutout) -> dict[str, Any]:
    from dataclasses import asdict

    from dsa110_contimg.qa.stamps.statistics import measure_stamp

    measured = measure_stamp(cutout)
    return {
        "image": cutout.image,
        "ra_deg": cutout.ra_deg,
        "dec_deg": cutout.dec_deg,
        "size_arcmin": cutout.size_arcmin,
        "shape": list(cutout.data.shape),
        "status": cutout.status,
        "mjd": cutout.mjd,
        "unit": cutout.unit,
        "beam": None if cutout.beam is None else asdict(cutout.beam),
        "measured": None if measured is None else asdict(measured),
    }


def _summarise(cutout: Cutout) -> str:
    from dsa110_contimg.qa.notation import format_angle, format_date, format_position
    from dsa110_contimg.qa.stamps.statistics import measure_stamp

    size, (ny, nx) = format_angle(cutout.size_arcmin / 60), cutout.data.shape
    position = format_position(cutout.ra_deg, cutout.dec_deg)
    lines = {
        "image": cutout.image,
        "position": f"{position} ({cutout.ra_deg:.6f}, {cutout.dec_deg:.6f})",
        "size": f"{size} x {size}, {nx} x {ny} pixels, {cutout.status}",
        "date": "not given" if cutout.mjd is None else f"{format_date(cutout.mjd)} (MJD {cutout.mjd:.4f})",
        "beam": "not given",
    }
    if cutout.beam is not None:
        major, minor = cutout.beam.major_deg * 3600, cutout.beam.minor_deg * 3600
        lines["beam"] = f"{major:.4g} x {minor:.4g} arcsec, position angle {cutout.beam.pa_deg:.4g} deg"
    measured = measure_stamp(cutout)
    lines |= {"peak": "no data"} if measured is None else _tell(measured, cutout.unit)
    return "\n".join(f"{name:<10}{text}" for name, text in lines.items())


def _tell(measured: StampStatistics, unit: str | None) -> dict[str, str]:
    from dsa110_contimg.qa.notation import choose_unit, split_unit

    to_base, base = split_unit(unit)
    to_shown, shown = choose_unit(abs(measured.peak) * to_base, measured.rms * to_base, base)
    factor, east, north = to_base * to_shown, measured.peak_east_arcsec, measured.peak_north_arcsec
    times = f" ({measured.peak / measured.rms:.1f} times the rms)" if measured.rms > 0 else ""
    return {
        "peak": f"{measured.peak * factor:.4g} {shown}{times}",
        "at": f"{abs(east):.1f} arcsec {'east' if east >= 0 else 'west'}, "
        f"{abs(north):.1f} arcsec {'north' if north >= 0 else 'south'} of the position",
        "rms": f"{measured.rms * factor:.4g} {shown} (robust)",
    }
