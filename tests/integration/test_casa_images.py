"""The same stamp comes out of a FITS image and out of the CASA image that casacore makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from dsa110_contimg.errors import AmbiguousPlaneError, UnreadableImageError
from dsa110_contimg.images import Beam, open_image
from dsa110_contimg.images.casa_images import CasaImage
from dsa110_contimg.images.casa_records import make_header
from dsa110_contimg.qa import create_cutout
from dsa110_contimg.simulate import Source, simulate_image
from support import run_python, shared_data

# In a process of its own, because casacore's image library talks, and is no part of what is tested here.
CONVERT = "import sys; from casacore.images import image; image(sys.argv[1]).saveas(sys.argv[2])"


def convert(fits_image: Path, folder: Path) -> Path:
    casa_image = folder / f"{fits_image.stem}.image"
    child = run_python(CONVERT, str(fits_image), str(casa_image))
    assert child.returncode == 0, child.stderr
    return casa_image


@pytest.mark.filterwarnings("ignore:Invalid 'BLANK' keyword")
@pytest.mark.parametrize(
    "relative",
    [
        "1904-66/1904-66_SIN.fits",
        "1904-66/1904-66_SIN.lb.fits",
        "1904-66/1904-66_AIT.fits",
        "1904-66/small_4D.fits",
        "fornax_a/Fornaxa_vla.FITS",
        "vast_epochs/epoch01.fits",
    ],
)
def test_a_casa_image_gives_the_stamps_of_its_fits_image(relative: str, tmp_path: Path) -> None:
    original = shared_data(f"images/{relative}")
    casa_image = convert(original, tmp_path)
    assert_same_stamps(original, casa_image, seed=1)


@pytest.mark.parametrize(
    "axes", [("RA", "DEC", "STOKES", "FREQ"), ("RA", "DEC", "FREQ", "STOKES"), ("DEC", "RA", "FREQ")]
)
@pytest.mark.parametrize("frame", ["icrs", "fk5", "galactic"])
def test_axes_frames_and_blank_corners(axes: tuple[str, ...], frame: str, tmp_path: Path) -> None:
    made = simulate_image(
        tmp_path / "cube.fits",
        [Source(180.001, 37.002, 0.5)],
        shape=(48, 64),
        axes=axes,
        frame=frame,
        n_channels=3,
        rotation_deg=20.0,
        nan_corners=True,
        beam=Beam(15 / 3600, 10 / 3600, 30.0),
        seed=1,
    )
    casa_image = convert(made.path, tmp_path)
    with pytest.raises(AmbiguousPlaneError, match="3 channels"):
        create_cutout(casa_image, 180.0, 37.0, 0.2)
    assert_same_stamps(made.path, casa_image, seed=2, channel=1)


def assert_same_stamps(original: Path, casa_image: Path, seed: int, channel: int | None = None) -> None:
    image = open_image(original)
    chance = np.random.default_rng(seed)
    compared = 0
    for _ in range(20):
        x, y = chance.uniform(0, image.shape[1]), chance.uniform(0, image.shape[0])
        sky = image.celestial.make_wcs(image.shape).pixel_to_world(x, y)
        if not np.isfinite(sky.data.lon.deg):
            continue  # beyond the rim of an all-sky projection
        size = 9.2 * image.pixel_scales_deg[0] * 60
        ours, theirs = (
            create_cutout(path, sky.icrs.ra.deg, sky.icrs.dec.deg, size, channel=channel)
            for path in (original, casa_image)
        )
        np.testing.assert_array_equal(ours.data, theirs.data)
        assert ours.origin == theirs.origin
        assert theirs.data.flags.owndata
        assert not theirs.data.flags.writeable
        assert ours.target == pytest.approx(theirs.target, abs=1e-5)
        assert ours.status == theirs.status
        assert ours.plane.get("channel", 0) == theirs.plane.get("channel", 0)
        compared += 1
    assert compared > 5
    assert theirs.mjd == pytest.approx(ours.mjd) or ours.mjd is None
    assert (theirs.unit or "").lower() == (ours.unit or "").lower()
    assert (ours.beam is None) == (theirs.beam is None)
    if ours.beam is not None:
        expected = (ours.beam.major_deg, ours.beam.minor_deg, ours.beam.pa_deg)
        assert (theirs.beam.major_deg, theirs.beam.minor_deg, theirs.beam.pa_deg) == pytest.approx(expected, rel=1e-6)


def coords(**direction: object) -> dict[str, object]:
    record = {
        "system": "J2000",
        "projection": "SIN",
        "units": ["rad", "rad"],
        "crval": [1.0, 0.5],
        "cdelt": [-1e-5, 1e-5],
        "crpix": [10.0, 20.0],
        "pc": np.eye(2),
        "longpole": 180.0,
        "latpole": 0.0,
        **direction,
    }
    return {"direction0": record, "pixelmap0": [0, 1]}


@pytest.mark.parametrize(
    ("unit", "value"), [("deg", 0.01), ("arcsec", 36.0), ("arcmin", 0.6), ("rad", np.radians(0.01))]
)
def test_a_beam_in_every_unit(unit: str, value: float) -> None:
    quantity = {"value": value, "unit": unit}
    beam = {"major": quantity, "minor": quantity, "positionangle": {"value": np.radians(30), "unit": "rad"}}
    header = make_header({"coords": coords(), "imageinfo": {"restoringbeam": beam}}, (64, 64))
    assert (header["BMAJ"], header["BMIN"], header["BPA"]) == pytest.approx((0.01, 0.01, 30.0))


def test_beams_of_the_planes() -> None:
    record = {"nChannels": 3, "nStokes": 2}
    for number in range(6):  # channels first, as casacore's ImageBeamSet counts
        size = {"value": number + 1.0, "unit": "deg"}
        record[f"*{number}"] = {"major": size, "minor": size, "positionangle": {"value": 0.0, "unit": "deg"}}
    beams = CasaImage(None, None, None, {"perplanebeams": record}).read_plane_beams()  # type: ignore[arg-type]
    assert beams[2, 0] == Beam(3.0, 3.0, 0.0)
    assert beams[0, 1] == Beam(4.0, 4.0, 0.0)
    assert len(beams) == 6


@pytest.mark.parametrize(
    ("system", "ctype", "radesys"),
    [
        ("B1950", "RA---SIN", "FK4"),
        ("ICRS", "RA---SIN", "ICRS"),
        ("GALACTIC", "GLON-SIN", None),
        ("ECLIPTIC", "ELON-SIN", None),
    ],
)
def test_every_system(system: str, ctype: str, radesys: str | None) -> None:
    header = make_header({"coords": coords(system=system)}, (64, 64))
    assert header["CTYPE1"] == ctype
    assert header.get("RADESYS") == radesys


@pytest.mark.parametrize("name", ["table.f0_TSM0", "table.f0", "table.dat", "mask0/table.dat"])
def test_a_damaged_casa_image_is_a_clear_error(name: str, tmp_path: Path) -> None:
    original = shared_data("tables/casa_images/M17_SWex_unit.image")
    image = open_image(original)
    sky = image.celestial.make_wcs(image.shape).pixel_to_world(3, 3)
    copy = tmp_path / "a.image"
    shutil.copytree(original, copy, copy_function=shutil.copyfile)
    (copy / name).unlink()
    with pytest.raises(UnreadableImageError, match=r"a\.image|pixels") as caught:
        create_cutout(copy, sky.ra.deg, sky.dec.deg, 0.01, channel=0)
    assert caught.value.hint
