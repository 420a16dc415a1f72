"""``dsa110-qa cutout``, with a stamp in the place of a cut one."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from dsa110_contimg import errors
from dsa110_contimg.cli.app import verbs
from dsa110_contimg.cli.cutout import command
from dsa110_contimg.images.beam import Beam
from stand_ins import StandIn, make_stamp

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Stand in for create_cutout, and collect what it was asked for."""
    calls: list[tuple[object, ...]] = []

    def create_cutout(image: str, ra_deg: float, dec_deg: float, size_arcmin: float, **plane: object) -> StandIn:
        calls.append((image, ra_deg, dec_deg, size_arcmin, plane))
        if image == "off.fits":
            raise errors.NoOverlapError("The position is not on off.fits.", hint="Choose another.")
        if image == "bad.fits":
            raise errors.UnreadableImageError("bad.fits is no image.", hint="Choose another.")
        stamp = make_stamp(0.005, noise=1e-4, beam=Beam(15 / 3600, 10 / 3600, 30.0))
        stamp = replace(stamp, target=(30.0, 27.0))
        return replace(stamp, image=image, ra_deg=ra_deg, dec_deg=dec_deg, size_arcmin=size_arcmin)

    module = ModuleType("dsa110_contimg.qa.postage_stamps")
    module.create_cutout = create_cutout  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(verbs.commands, "cutout", command)
    return calls


def run(*args: object) -> Result:
    return CliRunner().invoke(verbs, ["cutout", *map(str, args)])


@pytest.mark.parametrize(
    ("ra", "dec", "degrees"),
    [
        ("150.02", "-30.016", (150.02, -30.016)),
        ("10:00:04.8", "-30:00:57.6", (150.02, -30.016)),
        ("10h00m04.8s", "-30d00m57.6s", (150.02, -30.016)),
        ("150.02", "+30.016", (150.02, 30.016)),
        ("-10", "-.5", (-10.0, -0.5)),
    ],
)
def test_positions_in_every_form(
    asked: list[tuple[object, ...]], ra: str, dec: str, degrees: tuple[float, float]
) -> None:
    assert run("a.fits", ra, dec).exit_code == 0
    assert asked[0][1:3] == pytest.approx(degrees, abs=1e-9)


def test_a_southern_declination_may_stand_among_options(asked: list[tuple[object, ...]]) -> None:
    result = run("a.fits", "--size", "90arcsec", 150, "-30:00:57", "--stokes", "I", "--hdu", "1", "--channel", 3)
    assert result.exit_code == 0, result.output
    assert asked[0][3] == 1.5
    assert asked[0][4] == {"hdu": 1, "stokes": "I", "channel": 3}


@pytest.mark.parametrize(
    ("size", "arcmin"),
    [("2arcmin", 2.0), ("90arcsec", 1.5), ("0.1deg", 6.0), ("3'", 3.0), ('30"', 0.5), ("1 deg", 60.0)],
)
def test_sizes(asked: list[tuple[object, ...]], size: str, arcmin: float) -> None:
    run("a.fits", 1, 2, "--size", size)
    assert asked[0][3] == pytest.approx(arcmin)


def test_summary_says_what_was_found(asked: list[tuple[object, ...]]) -> None:
    result = run("a.fits", "10:00:00", "-30:00:00")
    assert result.exit_code == 0
    for fact in (
        "10:00:00.00 -30:00:00.0",
        "2' x 2', 60 x 60 pixels, full",
        "2020-08-03 06:00",
        "15 x 10 arcsec, position angle 30 deg",
        "mJy/beam",
        "6.0 arcsec west, 0.0 arcsec north",  # the peak is 3 pixels of 2 arcsec to the right of the target
    ):
        assert fact in result.stdout, fact
    assert result.stderr == ""


def test_json_is_what_was_measured(asked: list[tuple[object, ...]]) -> None:
    found = json.loads(run("a.fits", 150, -30, "--json").stdout)
    assert found["measured"]["peak"] == pytest.approx(0.005, rel=0.1)
    assert found["measured"]["rms"] == pytest.approx(1e-4, rel=0.1)
    assert found["measured"]["peak_east_arcsec"] == pytest.approx(-6.0)
    assert found["beam"] == {"major_deg": 15 / 3600, "minor_deg": 10 / 3600, "pa_deg": 30.0}
    assert found["output"] is None


def test_png_is_written_and_named(asked: list[tuple[object, ...]], tmp_path: Path) -> None:
    result = run("a.fits", 150, -30, "-o", tmp_path / "a.png")
    assert result.stdout == f"{tmp_path / 'a.png'}\n"
    with Image.open(tmp_path / "a.png") as picture:
        assert np.ptp(np.asarray(picture)) == 255
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("off.fits", 150, -30), 1, "not on off.fits"),
        (("bad.fits", 150, -30), 4, "no image"),
        (("a.fits", 150, -30, "-o", "a.jpg"), 2, ".fits or .png"),
        (("a.fits", 150, -30, "-o", "/nowhere/a.png"), 2, "was to be written"),
        (("a.fits", 150, -30, "--size", "2"), 2, "with its unit"),
        (("a.fits", 150, -30, "--size", "0arcmin"), 2, "with its unit"),
        (("a.fits", 150, -30, "--size", "-2arcmin"), 2, "with its unit"),
        (("a.fits", "25:00:00", -30), 2, "full circle"),
        (("a.fits", 150, "-30h00m"), 2, "in hours"),
        (("a.fits", 150, -91), 2, "pole"),
        (("a.fits", 150, "nan"), 2, "not a declination"),
        (("a.fits", 150), 2, "DEC"),
        (("a.fits", 150, -30, "--wide"), 2, "No such option"),
    ],
)
def test_what_goes_wrong_is_said_without_a_traceback(
    asked: list[tuple[object, ...]], args: tuple[object, ...], code: int, says: str
) -> None:
    result = run(*args)
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.output


def test_every_option_is_explained() -> None:
    assert all(param.help for param in command.params if isinstance(param, click.Option))
