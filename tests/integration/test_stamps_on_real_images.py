"""Every real image and CASA image gives right stamps, or the right error; both verbs run on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.nddata import Cutout2D
from astropy.wcs import WCS
from click.testing import CliRunner, Result
from PIL import Image

from dsa110_contimg.cli.app import verbs
from dsa110_contimg.cli.cutout import command as cutout_command
from dsa110_contimg.cli.stamps import command as stamps_command
from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images import Beam, open_image
from dsa110_contimg.qa import create_cutout
from support import SHARED, shared_data

pytestmark = pytest.mark.filterwarnings("ignore:Invalid 'BLANK' keyword", "ignore::astropy.wcs.FITSFixedWarning")

FILES = sorted(str(path.relative_to(SHARED)) for path in SHARED.glob("images/*/*.[fF]*"))
EPOCHS = [f"images/vast_epochs/epoch0{number}.fits" for number in (1, 2, 3, 4)]
NO_IMAGE = {"m33_beams_bintable.fits.gz", "ngc0925_na.fits.gz"}  # headers without pixels


@pytest.mark.parametrize("relative", FILES)
def test_every_real_image(relative: str) -> None:
    path = shared_data(relative)
    if path.name in NO_IMAGE:
        with pytest.raises(UnreadableImageError, match="no image of the sky"):
            create_cutout(path, 0.0, 0.0)
        return
    with fits.open(path) as hdus:
        hdu = next(hdu for hdu in hdus if hdu.data is not None)
        wcs = WCS(hdu.header).celestial
        channel = 1 if hdu.header["NAXIS"] == 3 and hdu.header["NAXIS3"] > 1 else None
        plane = np.asarray(hdu.data if channel is None else hdu.data[channel]).squeeze()
        rng = np.random.default_rng(1)
        scale = open_image(path).celestial.pixel_scales_deg
        seen = set()
        for _ in range(50):
            x, y = rng.uniform(-4, plane.shape[1] + 3), rng.uniform(-4, plane.shape[0] + 3)
            sky = wcs.pixel_to_world(x, y)
            if not np.isfinite(sky.data.lon.deg):
                continue  # beyond the edge of an all-sky projection
            sky = sky.icrs
            length = int(rng.integers(11, 16))
            stamp = create_cutout(path, sky.ra.deg, sky.dec.deg, length * scale[0] * 60, channel=channel)
            theirs = Cutout2D(plane, (x, y), length, mode="partial", fill_value=np.nan)
            np.testing.assert_array_equal(stamp.data, theirs.data)
            assert stamp.wcs.pixel_to_world(*stamp.target[::-1]).icrs.separation(sky).arcsec < 1e-4
            seen.add(stamp.status)
    assert seen & {"full", "partial"}


def test_casa_images() -> None:
    m17 = shared_data("tables/casa_images/M17_SWex_unit.image")
    image = open_image(m17)
    assert (image.shape, image.axes.lengths, image.unit) == ((6, 6), (6, 6, 5, 1), "Jy/beam")
    assert image.mjd == pytest.approx(57481.54373611111)
    scale = image.celestial.pixel_scales_deg[0] * 60
    sky = image.celestial.make_wcs(image.shape).pixel_to_world(3, 2).icrs
    stamp = create_cutout(m17, sky.ra.deg, sky.dec.deg, 3 * scale, channel=4)
    from casacore.tables import table

    with table(str(m17), ack=False) as pixels, table(str(m17 / "mask0"), ack=False) as mask:
        whole, good = pixels.getcell("map", 0), mask.getcell("PagedArray", 0)
    expected = np.where(good, whole, np.nan)[0, 4, 1:4, 2:5]
    np.testing.assert_array_equal(stamp.data, expected)
    assert stamp.target == pytest.approx((1, 1), abs=1e-6)
    assert stamp.beam == Beam(2.06104898452752 / 3600, 1.49125885963452 / 3600, -74.62673187256)
    # The keywords that CASA itself would write to FITS (its image is a part of a larger one, so CRPIX is off it).
    assert stamp.header["CRPIX1"] == 177.0
    assert stamp.header["CRVAL1"] == pytest.approx(4.80118261)
    assert sky.separation(SkyCoord(275.1, -16.2, unit="deg")).deg < 1
    bima = create_cutout(
        shared_data("tables/casa_images/NGC0925.bima.mmom0.image"), *centre("NGC0925.bima.mmom0.image"), 1 / 60
    )
    assert bima.data.shape == (1, 1)
    assert bima.unit == "Jy/beam.km/s"
    assert bima.beam is not None


def centre(name: str) -> tuple[float, float]:
    image = open_image(shared_data(f"tables/casa_images/{name}"))
    sky = image.celestial.make_wcs(image.shape).pixel_to_world(0, 0).icrs
    return sky.ra.deg, sky.dec.deg


def test_a_folder_that_only_looks_like_a_casa_image() -> None:
    with pytest.raises(UnreadableImageError, match="no CASA image") as caught:
        create_cutout(shared_data("tables/casa_images/floatarray_NOT_AN_IMAGE.image"), 0.0, 0.0)
    assert caught.value.hint


def run(*args: object) -> Result:
    for command in (cutout_command, stamps_command):
        verbs.add_command(command)
    return CliRunner().invoke(verbs, [str(arg) for arg in args])


def test_sheets_of_all_sources_of_the_real_epochs(tmp_path: Path) -> None:
    catalogue = shared_data("images/vast_epochs/epoch01.selavy.components.csv")
    result = run("stamps", catalogue, *map(shared_data, EPOCHS), "-o", tmp_path / "sheets", "--json")
    assert result.exit_code == 1  # one source lies far off the field
    sources = json.loads(result.stdout)
    on_the_field = [source for source in sources if source["sheet"]]
    assert (len(sources), len(on_the_field)) == (5, 4)
    assert [source["name"] for source in sources if not source["sheet"]] == ["J222253-452721"]
    assert "On no image: J222253-452721" in result.stderr
    for source in on_the_field:
        assert [stamp["status"] for stamp in source["stamps"]] == ["full"] * 4
        with Image.open(source["sheet"]) as picture:
            assert picture.width > 800


def test_one_unreadable_image_does_not_stop_the_rest(tmp_path: Path) -> None:
    (tmp_path / "broken.fits").write_bytes(shared_data(EPOCHS[0]).read_bytes()[:100_000])
    catalogue = shared_data("images/vast_epochs/epoch01.selavy.components.csv")
    result = run("stamps", catalogue, shared_data(EPOCHS[1]), tmp_path / "broken.fits", "-o", tmp_path / "out")
    assert result.exit_code == 4
    assert len(list((tmp_path / "out" / "sheets").iterdir())) == 4
    assert "truncated" in result.stderr
    assert "Traceback" not in result.output


def test_cutout_writes_what_create_cutout_cuts(tmp_path: Path) -> None:
    image = shared_data(EPOCHS[0])
    result = run("cutout", image, "10:00:04.93", "-30:00:58.0", "--size", "1arcmin", "-o", tmp_path / "stamp.fits")
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'stamp.fits'}\n"), result.output
    stamp = create_cutout(image, 150.0205416667, -30.0161111111, 1.0)
    with fits.open(tmp_path / "stamp.fits") as hdus:
        np.testing.assert_array_equal(hdus[0].data, stamp.data)
        assert hdus[0].header["BMAJ"] == stamp.beam.major_deg
    told = run("cutout", image, "10:00:04.93", "-30:00:58.0").stdout
    assert "15 x 10 arcsec" in told
    assert run("cutout", image, 10, 80).exit_code == 1
    assert run("cutout", tmp_path / "absent.fits", 10, 80).exit_code == 4
    for result in (run("cutout", tmp_path, 10, 80), run("cutout", image, 150.02, -30.016, "--channel", 3)):
        assert result.exit_code in {2, 4}
        assert result.stderr.startswith("Error: ")
        assert "Traceback" not in result.output


def test_a_stamp_is_shown_in_a_notebook_and_drawn_as_a_figure(tmp_path: Path) -> None:
    stamp = create_cutout(shared_data(EPOCHS[0]), 150.0205, -30.0161, 1.0)
    png = stamp._repr_png_()
    assert png.startswith(b"\x89PNG")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Polygon

    axes = stamp.draw()
    (beam,) = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    width, height = np.ptp(beam.get_xy(), axis=0)
    assert (width, height) == pytest.approx((5, 7.5), rel=0.01)  # 10 by 15 arcsec in pixels of 2 arcsec, north up
    assert len(axes.lines) == 4
    pyplot.close(axes.figure)
    with pytest.raises(TypeError, match="projection"):
        stamp.draw(pyplot.figure().add_subplot())
    pyplot.close("all")
