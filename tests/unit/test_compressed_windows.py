"""Windows of tile-compressed images: the pixels of astropy's full decode, each tile decoded once."""

from __future__ import annotations

import gzip
import random
import threading
import warnings
from collections import Counter
from pathlib import Path

import astropy
import numpy as np
import pytest
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning
from packaging.version import Version

from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images import compressed, tiles
from dsa110_contimg.images.fits_files import open_fits
from dsa110_contimg.images.native import helper
from dsa110_contimg.images.pixels import Plane
from support import shared_data, sky_header

NY, NX = 150, 170
ORIGINS = np.array(
    [[-5, -7], [0, 0], [60, 70], [65, 72], [149, 169], [140, 3], [-20, 0], [3, 170], [64, 110], [64, 110]]
)


@pytest.fixture(params=["helper", "astropy"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "astropy":
        monkeypatch.setattr(tiles, "helper", None)
    elif helper is None:
        pytest.skip("the helper is not built")
    return request.param


def write(path: Path, data: np.ndarray, **options: object) -> Path:
    cards = {key: options.pop(key) for key in list(options) if key.isupper()}
    hdu = fits.CompImageHDU(data, sky_header(data.shape, **cards), **options)
    hdu.writeto(path, overwrite=True)
    return path


def decode(path: Path) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VerifyWarning)  # real images have BLANK beside floats
        with fits.open(path) as hdus:
            return hdus[1].data.copy()


def expect(plane: np.ndarray, origins: np.ndarray, lengths: tuple[int, int]) -> np.ndarray:
    """Cut windows out of a padded plane."""
    margin = 300
    padded = np.pad(plane, margin, constant_values=-9)
    return np.array(
        [padded[y : y + lengths[0], x : x + lengths[1]] for y, x in (np.asarray(origins) + margin).tolist()]
    )


def assert_gathers(path: Path, decoder: str, plane: Plane | None = None, lengths: tuple[int, int] = (11, 9)) -> None:
    pixels = open_fits(str(path), None).pixels
    whole = decode(path)
    n = whole.ndim
    plane = plane or Plane((0,) * n, n - 2, n - 1, (whole.shape[-2], whole.shape[-1]))
    index = plane.select(slice(None), slice(None))
    flat = whole[index] if plane.row_axis < plane.column_axis else whole[index].T
    wanted = expect(flat.astype(pixels.dtype), ORIGINS, lengths)
    out = np.full((len(ORIGINS), *lengths), 77, pixels.dtype)
    statuses = pixels.gather(plane, ORIGINS, out, -9.0)
    assert out.tobytes() == np.ascontiguousarray(wanted).tobytes()
    inside = [(y > -lengths[0] and x > -lengths[1] and y < flat.shape[0] and x < flat.shape[1]) for y, x in ORIGINS]
    assert [status != 3 for status in statuses] == inside


NOISE = np.random.default_rng(110).normal(size=(NY, NX)).astype("f4") * 7
INTEGERS = np.random.default_rng(9).integers(0, 200, (NY, NX))


@pytest.mark.parametrize("tile", [None, (32, 64), (1, 50), (150, 170), (7, 170)], ids=str)
@pytest.mark.parametrize("dither", [-1, 1, 2])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_quantised_floats(tmp_path: Path, decoder: str, tile: tuple[int, ...] | None, dither: int, dtype: str) -> None:
    data = NOISE.astype(dtype)
    data[64, 70:75], data[3, 3], data[20:30, 100:] = np.nan, 0, 0
    data[140] = 0  # cannot be quantised: packed as it is
    data[66] = np.nan
    path = write(
        tmp_path / "a.fits", data, compression_type="RICE_1", tile_shape=tile, quantize_method=dither, dither_seed=9990
    )
    assert_gathers(path, decoder)
    uses_helper = open_fits(str(path), None).pixels._rice is not None
    assert uses_helper == (decoder == "helper")


@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "u2", "u4"])
@pytest.mark.parametrize("tile", [(1, NX), (30, 34)], ids=str)
def test_integers(tmp_path: Path, decoder: str, compression: str, dtype: str, tile: tuple[int, int]) -> None:
    if compression == "HCOMPRESS_1":
        tile = (30, 34)
    if compression == "PLIO_1" and dtype in {"u2", "u4"}:
        pytest.skip("astropy writes no such file")
    data = INTEGERS.astype(dtype)
    assert_gathers(write(tmp_path / "a.fits", data, compression_type=compression, tile_shape=tile), decoder)


@pytest.mark.parametrize("dtype", ["i2", "i4"])
def test_extreme_integers(tmp_path: Path, decoder: str, dtype: str) -> None:
    limits = np.iinfo(dtype)
    data = np.random.default_rng(3).integers(limits.min, limits.max, (NY, NX), dtype, endpoint=True)
    data[60:70] = 5
    data[65, ::2] = limits.min
    assert_gathers(write(tmp_path / "a.fits", data, compression_type="RICE_1"), decoder)


@pytest.mark.parametrize("cards", [{"BLANK": 7}, {"BSCALE": 0.3, "BZERO": -2.5, "BLANK": 7}, {"BSCALE": 2.0}], ids=str)
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4"])
def test_scaled_integers(tmp_path: Path, decoder: str, dtype: str, cards: dict[str, float]) -> None:
    path = write(tmp_path / "a.fits", INTEGERS.astype(dtype), compression_type="RICE_1")
    with fits.open(path, mode="update", disable_image_compression=True) as hdus:
        hdus[1].header.update(cards)
    assert_gathers(path, decoder)


@pytest.mark.parametrize("compression", ["GZIP_1", "GZIP_2"])
def test_lossless_floats(tmp_path: Path, decoder: str, compression: str) -> None:
    assert_gathers(write(tmp_path / "a.fits", NOISE, compression_type=compression, quantize_level=0), decoder)


@pytest.mark.parametrize(
    ("shape", "tile", "plane"),
    [
        ((3, NY, NX), (1, 1, NX), Plane((2, 0, 0), 1, 2, (NY, NX))),
        ((3, NY, NX), (2, 40, 30), Plane((1, 0, 0), 1, 2, (NY, NX))),
        ((3, NY, NX), (2, 40, 30), Plane((2, 0, 0), 2, 1, (NX, NY))),
        ((NY, 2, NX), (40, 2, 30), Plane((0, 1, 0), 0, 2, (NY, NX))),
        ((NY, NX, 3), (40, 30, 2), Plane((0, 0, 2), 1, 0, (NX, NY))),
        ((1, 1, NY, NX), (1, 1, 1, NX), None),
        ((1, 2, 1, NY, NX), (1, 2, 1, 31, 33), Plane((0, 1, 0, 0, 0), 3, 4, (NY, NX))),
    ],
    ids=str,
)
def test_planes_of_cubes(
    tmp_path: Path, decoder: str, shape: tuple[int, ...], tile: tuple[int, ...], plane: Plane | None
) -> None:
    data = np.random.default_rng(5).normal(size=shape).astype("f4")
    header = fits.Header()
    lon, lat = (len(shape) - plane.column_axis, len(shape) - plane.row_axis) if plane else (1, 2)
    for axis in range(1, len(shape) + 1):
        header[f"CTYPE{axis}"] = {lon: "RA---SIN", lat: "DEC--SIN"}.get(axis, f"OTHER{axis}")
        header[f"CDELT{axis}"], header[f"CRVAL{axis}"], header[f"CRPIX{axis}"] = 0.001, 30.0, 1.0
    path = tmp_path / "a.fits"
    fits.CompImageHDU(data, header, compression_type="RICE_1", tile_shape=tile).writeto(path)
    assert_gathers(path, decoder, plane)


def test_a_tile_as_it_is(tmp_path: Path, decoder: str) -> None:
    """A tile without codes and without gzip, as CFITSIO writes it where neither is shorter."""
    if Version(astropy.__version__) < Version("8"):
        pytest.skip("this astropy, with which we compare, cannot read such a tile")
    path = write(tmp_path / "a.fits", NOISE, compression_type="RICE_1")
    with fits.open(path, disable_image_compression=True) as hdus:
        stored = hdus[1].data
        rows = [stored["COMPRESSED_DATA"][k] if k != 65 else np.zeros(0, "u1") for k in range(NY)]
        plain = [np.zeros(0, "f4") if k != 65 else NOISE[65] for k in range(NY)]
        columns = [
            fits.Column("COMPRESSED_DATA", "1PB()", array=np.array(rows, object)),
            fits.Column("UNCOMPRESSED_DATA", "1PE()", array=np.array(plain, object)),
            fits.Column("ZSCALE", "D", array=stored["ZSCALE"]),
            fits.Column("ZZERO", "D", array=stored["ZZERO"]),
        ]
        header = hdus[1].header.copy()
        for key in [key for key in header if key.startswith(("TTYPE", "TFORM", "TFIELDS", "NAXIS", "PCOUNT"))]:
            del header[key]
        table = fits.BinTableHDU.from_columns(columns, header)
    table.writeto(path, overwrite=True)
    np.testing.assert_array_equal(decode(path)[65], NOISE[65])
    assert_gathers(path, decoder)


@pytest.mark.parametrize("tile", [(1, NX), (30, 34)], ids=str)
def test_each_tile_is_decoded_once(
    tmp_path: Path, decoder: str, tile: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from astropy.io.fits.hdu.compressed import _tiled_compression

    path = write(tmp_path / "a.fits", NOISE, compression_type="RICE_1", tile_shape=tile)
    pixels = open_fits(str(path), None).pixels
    decoded: Counter[int] = Counter()
    real, real_raw = tiles.RiceTiles._decode, _tiled_compression._get_data_from_heap

    def count(self: object, number: int, *rest: object) -> None:
        decoded[number] += 1
        real(self, number, *rest)

    def count_raw(hdu: object, size: int, offset: int, *rest: object, **more: object) -> object:
        decoded[int(offset)] += 1
        return real_raw(hdu, size, offset, *rest, **more)

    monkeypatch.setattr(tiles.RiceTiles, "_decode", count)
    monkeypatch.setattr(_tiled_compression, "_get_data_from_heap", count_raw)
    out = np.empty((len(ORIGINS), 11, 9), "f4")
    pixels.gather(Plane((0, 0), 0, 1, (NY, NX)), ORIGINS, out, 0.0)
    touched = set()
    for y0, x0 in ORIGINS:
        touched |= {
            (y // tile[0], x // tile[1])
            for y in range(max(y0, 0), min(y0 + 11, NY))
            for x in range(max(x0, 0), min(x0 + 9, NX))
        }
    assert set(decoded.values()) == {1}
    assert len(decoded) == len(touched)


def test_bands_are_bounded(tmp_path: Path, decoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "_MOST_BYTES", 5 * NX * 4)
    read, sizes = compressed.CompressedPixels.read, []

    def watch(self: object, index: object) -> np.ndarray:
        found = read(self, index)
        sizes.append(found.nbytes)
        return found

    monkeypatch.setattr(compressed.CompressedPixels, "read", watch)
    assert_gathers(write(tmp_path / "a.fits", NOISE, compression_type="GZIP_1", quantize_level=0), decoder)
    assert max(sizes) == 5 * NX * 4


def test_two_threads(tmp_path: Path, decoder: str) -> None:
    path = write(tmp_path / "a.fits", NOISE, compression_type="RICE_1")
    pixels, wanted = open_fits(str(path), None).pixels, expect(decode(path), ORIGINS, (11, 9))
    results: list[np.ndarray] = []

    def work() -> None:
        for _ in range(5):
            out = np.empty((len(ORIGINS), 11, 9), "f4")
            pixels.gather(Plane((0, 0), 0, 1, (NY, NX)), ORIGINS, out, -9.0)
            results.append(out)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 10
    for out in results:
        np.testing.assert_array_equal(out, wanted)


def test_a_file_that_becomes_shorter(tmp_path: Path, decoder: str) -> None:
    path = write(tmp_path / "a.fits", NOISE, compression_type="RICE_1")
    pixels = open_fits(str(path), None).pixels
    out = np.empty((len(ORIGINS), 11, 9), "f4")
    pixels.gather(Plane((0, 0), 0, 1, (NY, NX)), ORIGINS, out, 0.0)
    with path.open("r+b") as file:
        file.truncate(8000)
    with pytest.raises(UnreadableImageError, match="shorter" if decoder == "helper" else None):
        pixels.gather(Plane((0, 0), 0, 1, (NY, NX)), ORIGINS, out, 0.0)


@pytest.mark.skipif(helper is None, reason="the helper is not built")
@pytest.mark.parametrize(("dtype", "bytepix"), [("u1", 1), ("i2", 2), ("i4", 4)])
def test_whatever_the_bytes_nothing_else_is_touched(dtype: str, bytepix: int) -> None:
    from astropy.io.fits.hdu.compressed._codecs import Rice1

    assert helper is not None
    chance = random.Random(110)
    data = np.cumsum(np.random.default_rng(1).integers(-9, 9, 500)).astype(dtype)
    sound = bytes(Rice1(blocksize=32, bytepix=bytepix, tilesize=500).encode(data))
    tally: Counter[str] = Counter()
    for _ in range(6000):
        damaged = bytearray(sound[: chance.randrange(len(sound) + 1)] if chance.random() < 0.3 else sound)
        for _ in range(chance.randrange(0, 12)):
            if damaged:
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        n = chance.randrange(501)
        out = np.full(600, 99, dtype)
        try:
            helper.decode_rice(bytes(damaged), bytepix, chance.choice([1, 16, 32, 1000]), n, out)
            tally["decoded"] += 1
        except ValueError:
            tally["refused"] += 1
        assert (out[n:] == 99).all()
    assert min(tally["decoded"], tally["refused"]) > 300
    out = np.full(500, 99, dtype)
    helper.decode_rice(sound, bytepix, 32, 500, out)
    np.testing.assert_array_equal(out, data)
    for wrong in ((3, 32, 10), (bytepix, 0, 10), (bytepix, 32, 501), (bytepix, 32, -1)):
        with pytest.raises(ValueError, match=r"buffers|codes"):
            helper.decode_rice(sound, *wrong, out)


def test_gzipped_once_more(tmp_path: Path, decoder: str) -> None:
    path = write(tmp_path / "a.fits", NOISE, compression_type="RICE_1")
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert_gathers(path, decoder)


@pytest.mark.parametrize("dtype", ["i4", "f4"])
def test_columns_that_nobody_asked_for(tmp_path: Path, decoder: str, dtype: str) -> None:
    path = write(tmp_path / "a.fits", INTEGERS.astype(dtype), compression_type="RICE_1")
    with fits.open(path, disable_image_compression=True) as hdus:
        stored = hdus[1].data
        tiles_of_it = np.array([stored["COMPRESSED_DATA"][k] for k in range(NY)], object)
        columns = [
            fits.Column("FLAGS", "3X", array=np.ones((NY, 3), bool)),
            fits.Column("COMPRESSED_DATA", "1PB()", array=tiles_of_it),
            fits.Column("NOTE", "7A", array=["a note"] * NY),
            *(fits.Column(name, "D", array=stored[name]) for name in ("ZSCALE", "ZZERO") if dtype == "f4"),
        ]
        kept = hdus[1].header.copy()
        for key in [key for key in kept if key.startswith(("TTYPE", "TFORM", "TFIELDS", "NAXIS", "PCOUNT", "THEAP"))]:
            del kept[key]
        table = fits.BinTableHDU.from_columns(columns, kept)
        table.writeto(tmp_path / "b.fits")
    assert_gathers(tmp_path / "b.fits", decoder)


def test_a_real_image(decoder: str) -> None:
    path = shared_data("images/compressed/fornaxa_vla_gzip_lossless.fits.fz")
    assert_gathers(path, decoder, lengths=(40, 30))
