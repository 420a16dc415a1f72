"""One stamp of 100 × 100 px from a 8192² image with four axes: a warm call, and a call in a fresh process."""

from __future__ import annotations

import itertools
import math

import numpy as np

from benchmarks.race import cache_folder, judge, race, race_processes, show
from dsa110_contimg.qa import create_cutout
from dsa110_contimg.simulate import simulate_image

RA, DEC, PIXEL_ARCSEC, SIDE, LENGTH = 150.0, 30.0, 2.0, 8192, 100
SIZE_ARCMIN = LENGTH * PIXEL_ARCSEC / 60

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

OBVIOUS = """
from astropy.io import fits
from astropy.wcs import WCS
from astropy.coordinates import SkyCoord
from astropy.nddata import Cutout2D
import astropy.units as u

def obvious(path, ra_deg, dec_deg, size_arcmin):
    with fits.open(path) as hdus:
        wcs = WCS(hdus[0].header).celestial
        position = SkyCoord(ra_deg, dec_deg, unit="deg")
        return Cutout2D(hdus[0].data.squeeze(), position, size_arcmin * u.arcmin, wcs, "partial", copy=True).data
"""
"""The way people write it: the loop that facts and issues of other projects are full of."""


def main() -> None:
    """Print both races."""
    path = make_image()
    race_warm(path)
    race_fresh(path)


def make_image() -> Path:
    """Simulate the image, unless an earlier run did."""
    path = cache_folder() / f"{SIDE}.fits"
    if not path.exists():
        options = {"ra_deg": RA, "dec_deg": DEC, "pixel_arcsec": PIXEL_ARCSEC}
        simulate_image(path, shape=(SIDE, SIDE), noise_is_correlated=False, seed=1, **options)  # type: ignore[arg-type]
    return path


def race_warm(path: Path) -> None:
    """Cut stamps at ever new positions in one process."""
    import fitsio

    namespace: dict[str, object] = {}
    exec(OBVIOUS, namespace)
    obvious = namespace["obvious"]
    random = np.random.default_rng(1)
    y, x = random.integers(LENGTH, SIDE - LENGTH, (2, 10_000))
    scale = PIXEL_ARCSEC / 3600
    dec = DEC + (y - SIDE / 2) * scale
    ra = RA - (x - SIDE / 2) * scale / math.cos(math.radians(DEC))
    turns = [itertools.cycle(zip(ra.tolist(), dec.tolist(), strict=True)) for _ in range(2)]
    corners = itertools.cycle(zip(y.tolist(), x.tolist(), strict=True))
    source = np.memmap(path, ">f4", "r")
    target = np.empty(LENGTH * LENGTH, "f4")

    def slice_with_fitsio() -> object:
        row, column = next(corners)
        with fitsio.FITS(str(path)) as hdus:
            return hdus[0][0:1, 0:1, row : row + LENGTH, column : column + LENGTH]

    def copy_memory() -> None:
        target[:] = source[: LENGTH * LENGTH]

    results = race(
        {
            "create_cutout": lambda: create_cutout(path, *next(turns[0]), SIZE_ARCMIN),
            "obvious way (astropy)": lambda: obvious(path, *next(turns[1]), SIZE_ARCMIN),  # type: ignore[operator]
            "fitsio slice, position known": slice_with_fitsio,
            "limit: memcpy of 40 kB": copy_memory,
        },
        rounds=30,
        calls=20,
        title="One stamp, warm",
    )
    ratio = results["obvious way (astropy)"].seconds / results["create_cutout"].seconds
    goal = judge("times faster than the obvious way", ratio, 20, at_least=True)
    show("One stamp of 100 × 100 px from 8192², warm", results, "create_cutout", [goal])


def race_fresh(path: Path) -> None:
    """Cut one stamp in a new interpreter."""
    call = f"({str(path)!r}, {RA}, {DEC}, {SIZE_ARCMIN})"
    results = race_processes(
        {
            "create_cutout": f"from dsa110_contimg.qa import create_cutout; create_cutout{call}",
            "obvious way (astropy)": f"{OBVIOUS}\nobvious{call}",
            "limit: import numpy": "import numpy",
            "limit: python": "pass",
        },
        11,
        "One stamp, fresh process",
    )
    ours = results["create_cutout"]
    ratio = results["obvious way (astropy)"].seconds / ours.seconds
    goals = [
        judge("times faster than the obvious way", ratio, 10, at_least=True),
        judge("MB at most", ours.megabytes or math.inf, 40, at_least=False),
    ]
    share = 100 * results["limit: import numpy"].seconds / ours.seconds
    goals.append(f"importing numpy, without which there is no array, takes {share:.0f} % of ours")
    show("One stamp in a fresh process, bytecode warm", results, "create_cutout", goals)
