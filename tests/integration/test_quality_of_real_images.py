"""Real images are measured as other programs measured them, from whatever file they come."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.stats import mad_std, sigma_clipped_stats

from dsa110_contimg.errors import AmbiguousPlaneError, UnreadableImageError
from dsa110_contimg.qa import ImageQuality, measure_image
from dsa110_contimg.simulate import Source, simulate_image
from support import SHARED, run_python, shared_data

REFERENCE = SHARED / "reference" / "image_quality.json"
ANSWERS = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else [{"name": "absent"}]
NUMBERS = {
    "median": "median",
    "mad_std": "rms",
    "sigclip_std": "clipped_rms",
    "peak": "peak",
    "min": "minimum",
    "dr_mad": "dynamic_range",
    "neg_ratio": "negative_ratio",
    "beam_area_pix": "beam_area_pixels",
    "pix_per_beam_minor": "beam_minor_pixels",
}
FORNAX = "images/fornax_a/Fornaxa_vla.FITS"


def locate(name: str) -> str:
    return FORNAX if name == "fornaxa_vla" else f"images/vast_epochs/{name.removeprefix('vast_')}.fits"


def not_passed(quality: ImageQuality) -> dict[str, str]:
    return {found.name: str(found.verdict) for found in quality.gates if found.verdict in ("WARN", "FAIL")}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["name"])
def test_the_answers_of_others(answer: dict[str, float]) -> None:
    shared_data("reference/image_quality.json")
    quality = measure_image(shared_data(locate(answer["name"])))
    for theirs, ours in NUMBERS.items():
        assert getattr(quality, ours) == pytest.approx(answer[theirs], rel=0.01), ours
    assert quality.shape == tuple(answer["shape"])
    assert 1 - quality.coverage == pytest.approx(answer["nan_fraction"], rel=0.01, abs=1e-12)
    beam = quality.beam
    in_arcsec = (beam.major_deg * 3600, beam.minor_deg * 3600, beam.pa_deg)
    assert in_arcsec == pytest.approx((answer["bmaj_arcsec"], answer["bmin_arcsec"], answer["bpa"]), rel=0.01)
    # √mean(x²) of all pixels, sources and all, is what it must not be.
    assert quality.dynamic_range > 10 * answer["dr_raw"]
    assert (quality.verdict, not_passed(quality)) == ("PASS", {})


def test_two_kinds_of_noise_differ_where_there_is_extended_emission() -> None:
    quality = measure_image(shared_data(FORNAX))
    assert quality.rms / quality.clipped_rms == pytest.approx(1.5, abs=0.02)


def test_the_same_from_a_compressed_copy() -> None:
    plain = measure_image(shared_data(FORNAX))
    packed = measure_image(shared_data("images/compressed/fornaxa_vla_gzip_lossless.fits.fz"))
    assert vars(packed) == vars(plain) | {"path": packed.path}


@pytest.mark.parametrize("relative", [FORNAX, "images/1904-66/1904-66_SIN.fits", "images/vast_epochs/epoch02.fits"])
def test_the_same_from_the_casa_image(relative: str, tmp_path: Path) -> None:
    pytest.importorskip("casacore")
    path = shared_data(relative)
    copy = tmp_path / "a.image"
    child = run_python(
        "import sys; from casacore.images import image; image(sys.argv[1]).saveas(sys.argv[2])", str(path), str(copy)
    )
    assert child.returncode == 0, child.stderr
    plain, casa = measure_image(path), measure_image(copy)
    rounded = {"pixel_scales_deg": pytest.approx(plain.pixel_scales_deg), "gates": None}
    # A gate's value may differ in the last digit of the beam, which CASA keeps in arcseconds.
    assert vars(casa) | {"gates": None} == vars(plain) | rounded | {
        "path": str(copy),
        "plane": casa.plane,
        "unit": casa.unit,
        "mjd": casa.mjd,
        "beam": casa.beam,
    }
    assert casa.beam.major_deg == pytest.approx(plain.beam.major_deg)
    assert [found.verdict for found in casa.gates] == [found.verdict for found in plain.gates]


@pytest.mark.filterwarnings("ignore:Invalid 'BLANK' keyword")
@pytest.mark.parametrize("name", ["1904-66_SIN.fits", "1904-66_AIT.fits", "1904-66_SIN.lb.fits"])
def test_images_of_which_half_is_blank(name: str) -> None:
    path = shared_data(f"images/1904-66/{name}")
    quality = measure_image(path)
    pixels = fits.getdata(path).squeeze()
    known = pixels[np.isfinite(pixels)].astype("f8")
    assert quality.coverage == known.size / pixels.size
    assert 0.4 < quality.coverage < 0.7
    assert quality.median == np.median(known)
    assert quality.rms == pytest.approx(mad_std(known))
    assert quality.clipped_rms == pytest.approx(sigma_clipped_stats(known, sigma=3, maxiters=10)[2])
    assert (quality.peak, quality.minimum) == (known.max(), known.min())
    assert pixels[quality.peak_pixel] == quality.peak
    assert pixels[quality.minimum_pixel] == quality.minimum
    # Parkes has a beam of 14 arcmin, in which there is more to see; .lb names no unit.
    failed = "coverage" if name.endswith(".lb.fits") else "noise (Jy/beam)"
    assert not_passed(quality) == {failed: "FAIL"}


def test_a_cube_with_a_table_of_beams(tmp_path: Path) -> None:
    """The beams of a plane are its own; the real table comes from CASA, the image is made for it."""
    with fits.open(shared_data("images/compressed/m33_beams_bintable.fits.gz")) as hdus:
        table = hdus["BEAMS"].copy()
    n = len(table.data)
    truth = simulate_image(tmp_path / "cube.fits", [Source(180.0, 37.0, 1.0)], n_channels=n, shape=(8, 8), axes=3)
    path = tmp_path / "beams.fits"
    with fits.open(truth.path) as hdus:
        for keyword in ("BMAJ", "BMIN", "BPA"):
            del hdus[0].header[keyword]
        hdus[0].header["CASAMBM"] = True
        hdus.append(table)
        hdus.writeto(path)
    with pytest.raises(AmbiguousPlaneError):
        measure_image(path)
    for channel in (0, n - 1):
        row = next(row for row in table.data if row["CHAN"] == channel)
        quality = measure_image(path, channel=channel)
        assert quality.beam.major_deg * 3600 == pytest.approx(row["BMAJ"])
        assert quality.beam.minor_deg * 3600 == pytest.approx(row["BMIN"])
        assert quality.plane == {"channel": channel}


def test_casa_images() -> None:
    tables = pytest.importorskip("casacore.tables")
    m17 = shared_data("tables/casa_images/M17_SWex_unit.image")
    with pytest.raises(AmbiguousPlaneError):
        measure_image(m17)
    quality = measure_image(m17, channel=4)
    assert (quality.shape, quality.unit, quality.plane) == ((6, 6), "Jy/beam", {"stokes": "I", "channel": 4})
    with tables.table(str(m17 / "mask0"), ack=False) as mask:
        assert quality.n_finite == mask.getcell("PagedArray", 0)[0, 4].sum() < 36
    one = measure_image(shared_data("tables/casa_images/NGC0925.bima.mmom0.image"))
    assert one.shape == (1, 1)
    assert not_passed(one) == {"equal pixels": "FAIL"}
    with pytest.raises(UnreadableImageError):
        measure_image(shared_data("tables/casa_images/floatarray_NOT_AN_IMAGE.image"))


def test_what_cannot_be_measured_is_an_error(tmp_path: Path) -> None:
    for name in ("m33_beams_bintable.fits.gz", "ngc0925_na.fits.gz"):  # headers without pixels
        with pytest.raises(UnreadableImageError, match="no image of the sky"):
            measure_image(shared_data(f"images/compressed/{name}"))
    epoch = shared_data("images/vast_epochs/epoch01.fits")
    (tmp_path / "half.fits").write_bytes(epoch.read_bytes()[:100_000])
    with pytest.raises(UnreadableImageError, match="truncated"):
        measure_image(tmp_path / "half.fits")
    with pytest.raises(UnreadableImageError, match="truncated"):
        measure_image(epoch, residual=tmp_path / "half.fits")


def test_the_epoch_that_is_invalid_is_so_by_its_date_alone() -> None:
    """VAST calls it so because it has no catalogue; it is the fourth epoch, a day later."""
    invalid = measure_image(shared_data("images/vast_epochs/epoch-invalid.fits"))
    fourth = measure_image(shared_data("images/vast_epochs/epoch04.fits"))
    assert invalid.mjd == pytest.approx(fourth.mjd + 1)
    assert vars(invalid) == vars(fourth) | {"path": invalid.path, "mjd": invalid.mjd}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_an_image_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    simulate_image(path, [Source(180.0, 37.0, 1.0)], shape=(5000, 5000), noise_is_correlated=False)  # 100 MB
    shutil.copy(path, tmp_path / "residual.fits")
    child = run_python(
        "import sys\n"
        "from dsa110_contimg.qa import measure_image\n"
        "def megabytes(): return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024\n"
        "measure_image(sys.argv[2]); before = megabytes()\n"  # what is imported is not what is measured
        "quality = measure_image(sys.argv[1], residual=sys.argv[1])\n"
        "print(megabytes() - before, quality.residual.is_scaled)",
        str(path),
        str(simulate_image(tmp_path / "small.fits").path),
    )
    more, is_scaled = child.stdout.split()
    assert 95 < float(more) < 150
    assert is_scaled == "False"
