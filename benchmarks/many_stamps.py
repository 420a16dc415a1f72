"""Stamps by the thousand: from one mosaic, from fifty epochs, from a compressed image."""

from __future__ import annotations

import math
from functools import partial
from unittest import mock

import numpy as np

from benchmarks.one_stamp import DEC, LENGTH, OBVIOUS, PIXEL_ARCSEC, RA, SIDE, SIZE_ARCMIN, make_image
from benchmarks.race import cache_folder, judge, race, race_processes, show
from dsa110_contimg.qa import create_cutouts
from dsa110_contimg.simulate import simulate_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    Obvious = Callable[[Path, float, float, float], NDArray[Any]]

N_SOURCES = 1000
EPOCHS, EPOCH_SIDE, EPOCH_SOURCES = 50, 4096, 200


def main() -> None:
    """Print every race."""
    mosaic = make_image()
    race_mosaic(mosaic)
    race_epochs()
    race_compressed(mosaic)
    race_memory(mosaic)


def make_flat(mosaic: Path) -> Path:
    """Write the mosaic without its degenerate axes, for a peer that cannot read those."""
    from astropy.io import fits
    from astropy.wcs import WCS

    path = cache_folder() / f"{SIDE}_flat.fits"
    if not path.exists():
        with fits.open(mosaic) as hdus:
            header = WCS(hdus[0].header).celestial.to_header()
            fits.PrimaryHDU(hdus[0].data.squeeze(), header).writeto(path)
    return path


def make_compressed(mosaic: Path) -> Path:
    """Compress the mosaic as fpack does: floats quantised with dither, RICE, a tile a row."""
    from astropy.io import fits

    path = cache_folder() / f"{SIDE}_rice.fits"
    if not path.exists():
        with fits.open(mosaic) as hdus:
            fits.CompImageHDU(
                hdus[0].data, hdus[0].header, compression_type="RICE_1", quantize_level=16, quantize_method=1
            ).writeto(path)
    return path


def scatter(n: int, side: int, seed: int) -> tuple[NDArray[np.float64], ...]:
    """Return rows, columns (the first of a stamp), right ascensions and declinations of positions inside an image."""
    y, x = np.random.default_rng(seed).integers(LENGTH, side - 2 * LENGTH, (2, n))
    scale = PIXEL_ARCSEC / 3600
    dec = DEC + (y + LENGTH / 2 - side / 2) * scale
    ra = RA - (x + LENGTH / 2 - side / 2) * scale / np.cos(np.radians(dec))
    return y, x, ra, dec


def obvious_way() -> Obvious:
    """Return the loop that people write, for one stamp."""
    namespace: dict[str, Any] = {}
    exec(OBVIOUS, namespace)
    found: Obvious = namespace["obvious"]
    return found


def copy_pixels(n: int) -> Callable[[], object]:
    """Return what copies as many pixels as n stamps have, out of memory that was used before into memory that was."""
    source, target = (np.ones(n * LENGTH * LENGTH, np.float32) for _ in range(2))
    return partial(np.copyto, target, source)


def slice_with_fitsio(paths: list[Path], y: NDArray[Any], x: NDArray[Any], degenerate: int) -> None:
    """Slice every stamp at its known place, each file opened once."""
    import fitsio

    for path in paths:
        with fitsio.FITS(str(path)) as hdus:
            hdu = hdus[0]
            for row, column in zip(y.tolist(), x.tolist(), strict=True):
                hdu[(slice(0, 1),) * degenerate + (slice(row, row + LENGTH), slice(column, column + LENGTH))]


def slice_with_astropy(paths: list[Path], ra: NDArray[Any], dec: NDArray[Any]) -> None:
    """Do the best that astropy can: open once, positions in one call, Cutout2D by pixels."""
    from astropy.coordinates import SkyCoord
    from astropy.io import fits
    from astropy.nddata import Cutout2D
    from astropy.wcs import WCS

    for path in paths:
        with fits.open(path) as hdus:
            pixels = hdus[0].data.squeeze()
            places = WCS(hdus[0].header).celestial.world_to_pixel(SkyCoord(ra, dec, unit="deg"))
            for place in zip(*(axis.tolist() for axis in places), strict=True):
                Cutout2D(pixels, place, LENGTH, mode="partial", copy=True)


def cut_with_cutana(path: Path, ra: NDArray[Any], dec: NDArray[Any]) -> Callable[[], object]:
    """Return Cutana's core extractor at work on a file that it can read, which is one with two axes."""
    import cutana.cutout_extraction
    from astropy.io import fits
    from astropy.wcs import WCS
    from loguru import logger

    logger.disable("cutana")
    sources = [{"SourceID": str(k), "RA": ra[k], "Dec": dec[k], "diameter_pixel": LENGTH} for k in range(ra.size)]

    def cut() -> None:
        with fits.open(path) as hdus:
            wcs = {"PRIMARY": WCS(hdus[0].header)}
            cutana.cutout_extraction.extract_cutouts_batch_vectorized(sources, hdus, wcs, ["PRIMARY"])

    return cut


def race_mosaic(path: Path) -> None:
    """Cut 1000 sources out of one image with four axes."""
    obvious = obvious_way()
    y, x, ra, dec = scatter(N_SOURCES, SIDE, 1)
    few = range(20)  # the obvious way for all of them would take a quarter of a minute a round

    results = race(
        {
            "create_cutouts": lambda: create_cutouts(path, ra, dec, SIZE_ARCMIN),
            "create_cutouts, one thread": lambda: create_cutouts(path, ra, dec, SIZE_ARCMIN, threads=1),
            "obvious way (astropy), 20 of them": lambda: [obvious(path, ra[k], dec[k], SIZE_ARCMIN) for k in few],
            "fitsio slices, positions known": lambda: slice_with_fitsio([path], y, x, 2),
            "Cutana's core extractor, two axes": cut_with_cutana(make_flat(path), ra, dec),
            "astropy at its best": lambda: slice_with_astropy([path], ra, dec),
            "limit: memcpy of the same bytes": copy_pixels(N_SOURCES),
        },
        rounds=15,
        calls=3,
        title="1000 stamps",
        again=True,
    )
    ours = results["create_cutouts"].seconds
    obviously = results["obvious way (astropy), 20 of them"].seconds * N_SOURCES / len(few)
    goals = [
        judge("times faster than the obvious way", obviously / ours, 150, at_least=True),
        judge("times faster than fitsio", results["fitsio slices, positions known"].seconds / ours, 20, at_least=True),
        judge(
            "times faster than Cutana",
            results["Cutana's core extractor, two axes"].seconds / ours,
            1.7,
            at_least=True,
        ),
        judge("times memcpy", ours / results["limit: memcpy of the same bytes"].seconds, 10, at_least=False),
    ]
    show("1000 stamps of 100 × 100 px from 8192² with four axes, page cache warm", results, "create_cutouts", goals)


def make_epochs() -> list[Path]:
    """Simulate 50 images of one field, unless an earlier run did."""
    paths = [cache_folder() / f"epoch_{number:02d}.fits" for number in range(EPOCHS)]
    for number, path in enumerate(paths):
        if not path.exists():
            where = {"ra_deg": RA, "dec_deg": DEC, "pixel_arcsec": PIXEL_ARCSEC}
            simulate_image(path, shape=(EPOCH_SIDE, EPOCH_SIDE), noise_is_correlated=False, seed=number, **where)  # type: ignore[arg-type]
    return paths


def race_epochs() -> None:
    """Cut 200 sources out of 50 images."""
    paths = make_epochs()
    obvious = obvious_way()
    y, x, ra, dec = scatter(EPOCH_SOURCES, EPOCH_SIDE, 2)
    few = range(4)

    def obviously() -> None:
        for path in paths[:5]:
            for k in few:
                obvious(path, ra[k], dec[k], SIZE_ARCMIN)

    results = race(
        {
            "create_cutouts, two threads": lambda: create_cutouts(paths, ra, dec, SIZE_ARCMIN, threads=2),
            "create_cutouts, one thread": lambda: create_cutouts(paths, ra, dec, SIZE_ARCMIN, threads=1),
            "obvious way (astropy), 20 of them": obviously,
            "fitsio slices, positions known": lambda: slice_with_fitsio(paths, y, x, 2),
            "astropy at its best": lambda: slice_with_astropy(paths, ra, dec),
            "limit: memcpy of the same bytes": copy_pixels(EPOCHS * EPOCH_SOURCES),
        },
        rounds=7,
        calls=1,
        title="200 × 50 stamps",
        again=True,
    )
    ours = results["create_cutouts, two threads"].seconds
    whole = results["obvious way (astropy), 20 of them"].seconds * EPOCHS * EPOCH_SOURCES / 20
    goals = [
        judge("times faster than the obvious way", whole / ours, 200, at_least=True),
        judge("times faster than astropy at its best", results["astropy at its best"].seconds / ours, 5, at_least=True),
        judge(
            "times faster with two threads than with one",
            results["create_cutouts, one thread"].seconds / ours,
            1,
            at_least=True,
        ),
    ]
    show("200 sources × 50 images of 4096²", results, "create_cutouts, two threads", goals)


def race_compressed(mosaic: Path) -> None:
    """Cut 20 sources out of a row-tiled RICE image, with the compiled helper and without."""
    import fitsio
    import rustfits
    from astropy.io import fits

    from dsa110_contimg.images import opening, tiles

    path = make_compressed(mosaic)
    y, x, ra, dec = scatter(20, SIDE, 4)
    places = list(zip(y.tolist(), x.tolist(), strict=True))

    def cut() -> object:
        opening._opened.clear()  # noqa: SLF001 - the peers open the file each time, too
        return create_cutouts(path, ra, dec, SIZE_ARCMIN)

    def cut_without_helper() -> object:
        with mock.patch.object(tiles, "helper", None):
            return cut()

    def with_fitsio() -> None:
        with fitsio.FITS(str(path)) as hdus:
            for row, column in places:
                hdus[1][0:1, 0:1, row : row + LENGTH, column : column + LENGTH]

    def with_astropy() -> None:
        with fits.open(path) as hdus:
            for row, column in places:
                hdus[1].section[0, 0, row : row + LENGTH, column : column + LENGTH]

    def with_rustfits() -> None:
        with rustfits.FITS(str(path)) as hdus:
            for row, column in places:
                hdus[1][0:1, 0:1, row : row + LENGTH, column : column + LENGTH]

    results = race(
        {
            "create_cutouts": cut,
            "create_cutouts, without the helper": cut_without_helper,
            "fitsio": with_fitsio,
            "astropy": with_astropy,
            "rustfits (blank pixels wrong)": with_rustfits,
            "limit: memcpy of the same bytes": copy_pixels(20),
        },
        rounds=7,
        calls=1,
        title="Compressed",
    )
    peers = min(results["fitsio"].seconds, results["astropy"].seconds)
    goals = [
        judge("times faster than fitsio and astropy", peers / results["create_cutouts"].seconds, 2, at_least=True),
        judge(
            "times faster without the helper",
            peers / results["create_cutouts, without the helper"].seconds,
            1,
            at_least=True,
        ),
    ]
    show("20 stamps from a row-tiled RICE image of 8192²", results, "create_cutouts", goals)


def race_memory(path: Path) -> None:
    """Cut 10 000 sources out of one image in a new process, and look at its largest memory."""
    _, _, ra, dec = scatter(10_000, SIDE, 3)
    positions = cache_folder() / "positions.npy"
    np.save(positions, np.stack([ra, dec]))
    script = "import numpy; from dsa110_contimg.qa import create_cutouts; positions = numpy.load({!r}); {}"
    cut = f"stack = create_cutouts({str(path)!r}, *positions, {SIZE_ARCMIN})"
    results = race_processes(
        {
            "10 000 stamps": script.format(str(positions), cut),
            "limit: the output and numpy": script.format(
                str(positions), "numpy.ones((10_000, 100, 100), numpy.float32)"
            ),
        },
        3,
        "Memory",
    )
    output = 10_000 * LENGTH * LENGTH * 4 / 1e6
    over = (results["10 000 stamps"].megabytes or math.inf) - output
    goals = [judge("MB over the output", over, 100, at_least=False)]
    show(f"10 000 sources in one image, output {output:.0f} MB", results, "10 000 stamps", goals)


if __name__ == "__main__":
    main()
