"""A plane that is read whole is what astropy reads, from every kind of file, in little memory beside it."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images import open_image, radio_images
from dsa110_contimg.images import pixels as pixels_module
from support import run_python, sky_header, write_image


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, shape)


def read(path: Path, **chosen: object) -> np.ndarray:
    image = open_image(path)
    found = image.read_plane(image.axes.choose_plane(str(path), **({"stokes": None, "channel": None} | chosen)))
    assert found.shape == image.shape
    assert found.dtype == image.dtype
    assert found.flags.c_contiguous
    assert found.flags.writeable
    return found


@pytest.mark.parametrize("by", ["compiled helper", "numpy"])
@pytest.mark.parametrize("band_bytes", [1, 3000, 16 * 1024**2])
@pytest.mark.parametrize("shape", [(37, 52), (64, 3), (1, 9), (7, 1), (1, 1)])
def test_bands_are_put_together(
    shape: tuple[int, int], band_bytes: int, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "numpy":
        monkeypatch.setattr(pixels_module, "helper", None)
    monkeypatch.setattr(radio_images, "_BAND_BYTES", band_bytes)
    pixels = noise(*shape).astype("f4")
    pixels[0, 0], pixels[-1, -1] = np.nan, np.inf
    np.testing.assert_array_equal(read(write_image(tmp_path / "a.fits", pixels, sky_header(shape))), pixels)


@pytest.mark.parametrize("band_bytes", [5000, 16 * 1024**2])
@pytest.mark.parametrize("kind", ["f8", "i2", "i4", "gzip", "RICE_1", "GZIP_2", "HCOMPRESS_1"])
def test_kinds_of_files(kind: str, band_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radio_images, "_BAND_BYTES", band_bytes)
    header, pixels = sky_header((61, 84)), noise(61, 84) * 100
    path = tmp_path / "a.fits"
    if kind in ("f8", "i2", "i4"):
        write_image(path, pixels.astype(kind), header)
    elif kind == "gzip":
        write_image(path, pixels.astype("f4"), header)
        path = tmp_path / "a.fits.gz"
        path.write_bytes(gzip.compress((tmp_path / "a.fits").read_bytes()))
    else:
        tile = (16, 16) if kind == "HCOMPRESS_1" else (10, 25)
        fits.CompImageHDU(pixels.astype("f4"), header, compression_type=kind, tile_shape=tile).writeto(path)
    with fits.open(path) as hdus:
        expected = hdus[-1].data
        np.testing.assert_array_equal(read(path), expected)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1), (1, 0, 2)])
def test_planes_of_cubes_however_the_axes_stand(
    order: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radio_images, "_BAND_BYTES", 700)
    header, sky = fits.Header(), sky_header((40, 50))
    for number, axis in enumerate(order, start=1):
        if axis == 2:
            header.update({f"CTYPE{number}": "FREQ", f"CRVAL{number}": 1.4e9, f"CDELT{number}": 1e6})
        else:
            header.update({f"{key}{number}": sky[f"{key}{axis + 1}"] for key in ("CTYPE", "CRVAL", "CDELT", "CRPIX")})
    cube = noise(3, 40, 50).astype("f4")  # channel, declination, right ascension
    stored = cube.transpose([2 - axis for axis in order[::-1]])
    path = write_image(tmp_path / "a.fits", np.ascontiguousarray(stored), header)
    for channel in range(3):
        np.testing.assert_array_equal(read(path, channel=channel), cube[channel])


def test_a_file_that_changes_is_an_error(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", noise(64, 64).astype("f4"), sky_header())
    image = open_image(path)
    write_image(path, noise(32, 32).astype("f4"), sky_header((32, 32)))
    with pytest.raises(UnreadableImageError, match="changed, or was removed"):
        image.read_plane((0, 0))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_the_pages_of_a_map_do_not_add_to_the_plane(tmp_path: Path) -> None:
    n = 5000  # 100 MB
    path = write_image(tmp_path / "a.fits", noise(n, n).astype("f4"), sky_header((n, n)))
    child = run_python(
        "import sys\n"
        "from dsa110_contimg.images import open_image\n"
        "def megabytes(): return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024\n"
        "image, before = open_image(sys.argv[1]), megabytes()\n"
        "plane = image.read_plane((0, 0))\n"
        "print(megabytes() - before, plane.nbytes / 2**20)",
        str(path),
    )
    more, plane = map(float, child.stdout.split())
    assert plane <= more < 1.4 * plane
