"""Whatever is wrong: what was asked, what was found and what to do; no traceback, and the right exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from astropy.io import fits

from support import ramp, shared_data, sky_header, write_image

RUN = "from dsa110_contimg.cli.app import main; main()"


def run(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    good = write_image(folder / "good.fits", ramp(64, 64), sky_header())
    (folder / "empty.fits").write_bytes(b"")
    (folder / "truncated.fits").write_bytes(good.read_bytes()[:-4000])
    fits.HDUList([fits.PrimaryHDU()]).writeto(folder / "no_image.fits")
    cube = sky_header((64, 64), CTYPE3="FREQ", CRVAL3=1.4e9)
    write_image(folder / "cube.fits", ramp(2, 64, 64), cube)
    (folder / "folder").mkdir()
    (folder / "corrupt.ms").mkdir()
    (folder / "corrupt.ms" / "table.dat").write_bytes(b"\xbe\xbe\xbe\xbe" + b"nonsense" * 50)
    (folder / "catalogue.csv").write_text("colour,size\nred,3\n")
    paths = {path.name: path for path in folder.iterdir()}
    return {**paths, "absent.fits": folder / "absent.fits", "caltable": shared_data("tables/caltables_sma/sma.ms.bcal")}


IMAGE = [
    ("absent.fits", "150", "30", [], 4, "no image at"),
    ("folder", "150", "30", [], 4, "no table.dat"),
    ("empty.fits", "150", "30", [], 4, "empty"),
    ("truncated.fits", "150", "30", [], 4, "truncated"),
    ("no_image.fits", "150", "30", [], 4, "no image of the sky"),
    ("caltable", "150", "30", [], 4, "no image"),
    ("corrupt.ms", "150", "30", [], 4, "corrupt.ms"),
    ("good.fits", "nan", "30", [], 2, "right ascension"),
    ("good.fits", "150", "inf", [], 2, "declination"),
    ("good.fits", "150", "91", [], 2, "pole"),
    ("good.fits", "150", "30", ["--size", "0arcmin"], 2, "size"),
    ("good.fits", "150", "30", ["--size", "-1arcmin"], 2, "size"),
    ("good.fits", "150", "30", ["--size", "9arcmin"], 2, "64 × 64"),
    ("good.fits", "151", "30", ["--size", "20arcsec"], 1, "64×64"),
    ("good.fits", "330", "-30", ["--size", "20arcsec"], 1, "far side"),
    ("cube.fits", "150", "30", ["--size", "20arcsec"], 2, "2 channels"),
]


@pytest.mark.parametrize(("name", "ra", "dec", "options", "code", "says"), IMAGE)
def test_cutout(
    name: str, ra: str, dec: str, options: list[str], code: int, says: str, inputs: dict[str, Path], tmp_path: Path
) -> None:
    finished = run("cutout", inputs[name], ra, dec, *options, "-o", tmp_path / "stamp.fits")
    assert_told(finished, code, says)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["good.fits"], 4, "FITS"),
        (["folder"], 4, "no table.dat"),
        (["absent.fits"], 4, "no table at"),
        (["corrupt.ms"], 4, "corrupt.ms"),
        (["caltable", "CPARAN"], 2, "CPARAM"),
        (["caltable", "CPARAM", "--rows", "x"], 2, "no row"),
    ],
)
def test_table(args: list[str], code: int, says: str, inputs: dict[str, Path]) -> None:
    assert_told(run("table", inputs[args[0]], *args[1:]), code, says)


@pytest.mark.parametrize(
    ("catalogue", "code", "says"),
    [("catalogue.csv", 4, "colour, size"), ("absent.fits", 4, "no catalogue"), ("empty.fits", 4, "empty")],
)
def test_stamps(catalogue: str, code: int, says: str, inputs: dict[str, Path], tmp_path: Path) -> None:
    assert_told(run("stamps", inputs[catalogue], inputs["good.fits"], "-o", tmp_path / "out"), code, says)


def test_a_folder_that_cannot_be_written(inputs: dict[str, Path]) -> None:
    assert_told(
        run("cutout", inputs["good.fits"], 150, 30, "--size", "20arcsec", "-o", "/nowhere/a.fits"), 2, "/nowhere"
    )
    assert_told(run("simulate", "/proc/nowhere"), 2, "/proc/nowhere")


def assert_told(finished: subprocess.CompletedProcess[str], code: int, says: str) -> None:
    assert finished.returncode == code, finished.stderr
    assert says in finished.stderr
    assert "Error: " in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""
