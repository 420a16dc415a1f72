"""``dsa110-qa stamps``, with stamps in the place of cut ones."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from dsa110_contimg import errors
from dsa110_contimg.cli.app import verbs
from dsa110_contimg.cli.stamps import command
from stand_ins import StandIn, make_stamp

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = "name,ra,dec\nA,150,-30\nB/2,151,-30\nfar,10,80\n"
DATES = {"one.fits": 59064.0, "two.fits": 59074.0}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Stand in for create_cutout, and collect what it was asked for."""
    calls: list[tuple[str, float]] = []

    def create_cutout(image: str, ra_deg: float, dec_deg: float, size_arcmin: float, **plane: object) -> StandIn:
        calls.append((image, ra_deg))
        if image == "missing.fits":
            raise errors.ImageNotFoundError("There is nothing at missing.fits.", hint="Check the path.")
        if ra_deg == 10 or (image == "two.fits" and ra_deg == 151):
            raise errors.NoOverlapError(f"The position is not on {image}.", hint="Choose another.")
        warnings.warn("No beam.", errors.ContimgWarning, stacklevel=2)
        return replace(make_stamp(0.005), image=image, ra_deg=ra_deg, dec_deg=dec_deg, mjd=DATES[image])

    module = ModuleType("dsa110_contimg.qa.postage_stamps")
    module.create_cutout = create_cutout  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(verbs.commands, "stamps", command)
    return calls


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.csv"
    path.write_text(CATALOGUE)
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(verbs, ["stamps", *map(str, args)])


def test_one_sheet_a_source(asked: list[tuple[str, float]], catalogue: Path, tmp_path: Path) -> None:
    result = run(catalogue, "one.fits", "two.fits", "-o", tmp_path / "deep" / "sheets")
    sheets = [tmp_path / "deep" / "sheets" / name for name in ("A.png", "B_2.png")]
    assert result.stdout.splitlines() == [str(sheet) for sheet in sheets]
    assert sorted(sheets[0].parent.iterdir()) == sheets
    for sheet in sheets:
        with Image.open(sheet) as picture:
            assert picture.format == "PNG"
    assert result.exit_code == 1  # a finding: one source is on no image
    assert "3 sources, 2 images: 2 sheets" in result.stderr
    assert "On no image: far." in result.stderr


def test_all_fine(asked: list[tuple[str, float]], catalogue: Path, tmp_path: Path) -> None:
    catalogue.write_text("\n".join(CATALOGUE.splitlines()[:3]))
    result = run(catalogue, "one.fits", "two.fits", "-o", tmp_path / "sheets")
    assert result.exit_code == 0, result.output
    assert "On no image" not in result.stderr


def test_an_unreadable_image_is_tried_once_and_stops_nothing(
    asked: list[tuple[str, float]], catalogue: Path, tmp_path: Path
) -> None:
    result = run(catalogue, "missing.fits", "one.fits", "-o", tmp_path / "sheets")
    assert result.exit_code == 4
    assert "Unreadable: There is nothing at missing.fits." in result.stderr
    assert len(result.stdout.splitlines()) == 2
    assert [image for image, _ in asked].count("missing.fits") == 1


def test_json_says_what_became_of_every_stamp(asked: list[tuple[str, float]], catalogue: Path, tmp_path: Path) -> None:
    found = json.loads(run(catalogue, "one.fits", "two.fits", "missing.fits", "-o", tmp_path / "s", "--json").stdout)
    assert [source["name"] for source in found] == ["A", "B/2", "far"]
    assert found[0]["sheet"] == str(tmp_path / "s" / "A.png")
    assert found[2]["sheet"] is None
    status = [[stamp["status"] for stamp in source["stamps"]] for source in found]
    assert status == [
        ["full", "full", "unreadable"],
        ["full", "off-image", "unreadable"],
        ["off-image", "off-image", "unreadable"],
    ]
    # The date of an image that a source is not on is known from a source that is.
    assert found[1]["stamps"][1]["mjd"] == DATES["two.fits"]


def test_warnings_are_said_once(asked: list[tuple[str, float]], catalogue: Path, tmp_path: Path) -> None:
    result = run(catalogue, "one.fits", "two.fits", "-o", tmp_path / "sheets")
    assert result.stderr.count("Warning: No beam.") == 1


def test_left_out_rows_are_said(asked: list[tuple[str, float]], catalogue: Path, tmp_path: Path) -> None:
    catalogue.write_text("name,ra,dec\nA,150,-30\nB,,\n")
    result = run(catalogue, "one.fits", "-o", tmp_path / "sheets")
    assert result.exit_code == 0
    assert "rows 2." in result.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "could not be read"), ("x,y\n1,2\n", "It has: x, y"), ("ra,dec\n,\n", "None of the 1 rows")],
)
def test_a_bad_catalogue_is_said(
    asked: list[tuple[str, float]], catalogue: Path, tmp_path: Path, content: str, says: str
) -> None:
    catalogue.write_text(content)
    result = run(catalogue, "one.fits", "-o", tmp_path / "sheets")
    assert result.exit_code == 4
    assert says in result.stderr
    assert not (tmp_path / "sheets").exists()


def test_usage(asked: list[tuple[str, float]], catalogue: Path, tmp_path: Path) -> None:
    assert run(catalogue, "one.fits").exit_code == 2
    assert run(catalogue, "-o", tmp_path).exit_code == 2
    assert run(catalogue, "one.fits", "-o", catalogue).exit_code == 2
    assert run(catalogue, "one.fits", "-o", catalogue / "below").exit_code == 2
    assert not asked
