"""Light curves of a thousand sources in fifty images beside reading them, and fluxes beside those of other programs."""

from __future__ import annotations

import logging
import math
import warnings

import numpy as np

from benchmarks.many_stamps import N_SOURCES, make_epochs, scatter
from benchmarks.one_stamp import PIXEL_ARCSEC
from benchmarks.race import cache_folder, judge, race, race_processes, show
from dsa110_contimg.qa import create_cutouts, measure_light_curves
from dsa110_contimg.simulate import simulate_epochs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.simulate import SimulatedEpochs

    Doubles = NDArray[np.float64]

WINDOW = 50
LEAST_SNR, MOST_PERCENT = 20.0, 10.0
FEW_SOURCES, SIDE = 120, 1024


def main() -> None:
    """Print every race."""
    race_reading()
    race_peers()


def race_reading() -> None:
    """Measure 1000 sources in 50 images of 4096², beside what only reads the pixels around them."""
    paths = [str(path) for path in make_epochs()]
    _, _, ra, dec = scatter(N_SOURCES, 4096, 2)
    size = WINDOW * PIXEL_ARCSEC / 60
    reading, ours = "limit: create_cutouts of 50 × 50 px", "measure_light_curves"
    contenders: dict[str, Callable[[], object]] = {
        ours: lambda: measure_light_curves(paths, ra, dec),
        reading: lambda: create_cutouts(paths, ra, dec, size),
    }
    warm = race(contenders, rounds=7, calls=1, title="Light curves", again=True)
    positions = cache_folder() / "positions_1000.npy"
    np.save(positions, np.stack([ra, dec]))
    script = (
        f"import numpy; from dsa110_contimg.qa import {{0}}; {{0}}({paths!r}, *numpy.load({str(positions)!r}){{1}})"
    )
    fresh = race_processes(
        {ours: script.format("measure_light_curves", ""), reading: script.format("create_cutouts", f", {size}")},
        3,
        "Light curves, fresh process",
    )
    goals = [judge("times reading", warm[ours].seconds / warm[reading].seconds, 3, at_least=False)]
    show("1000 sources × 50 images of 4096², page cache and memory warm", warm, ours, goals)
    over = (fresh[ours].megabytes or math.inf) - (fresh[reading].megabytes or 0.0)
    goals = [judge("times reading", fresh[ours].seconds / fresh[reading].seconds, 3, at_least=False)]
    show(
        "the same in a fresh process",
        fresh,
        ours,
        [*goals, f"{over:+.0f} MB against all stamps; most is the cached files"],
    )


def race_peers() -> None:
    """Measure 120 sources in one image, beside PyBDSF, Aegean and photutils."""
    field = make_field()
    image = str(field.images[0])
    curves = measure_light_curves(image, field.catalogue)
    flux, is_bright = curves.flux[:, 0], (curves.snr[:, 0] > LEAST_SNR) & (curves.flags[:, 0] == 0)
    x, y = find_pixels(image, curves.ra_deg, curves.dec_deg)
    peers: dict[str, Callable[[], Doubles]] = {
        "PyBDSF, Gaussians of the beam's shape": lambda: with_bdsf(image, curves.ra_deg, curves.dec_deg),
        "Aegean": lambda: with_aegean(image, curves.ra_deg, curves.dec_deg),
        "photutils, Gaussians at known positions": lambda: with_photutils(image, x, y, flux),
    }
    ours = "measure_light_curves"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = race(
            {ours: lambda: measure_light_curves(image, field.catalogue), **peers},
            rounds=3,
            calls=1,
            title="Fluxes in one image",
        )
        found = {name: measure() for name, measure in peers.items()}
    truth = field.fluxes_jy[0]
    ratios = {name: np.median((fluxes / truth)[is_bright]) for name, fluxes in {ours: flux, **found}.items()}
    told = ", ".join(f"{name.partition(',')[0]} {ratio:.4f}" for name, ratio in ratios.items())
    goals = [f"{is_bright.sum()} sources with S/N > {LEAST_SNR:g}; median flux over the truth: {told}"]
    for name, fluxes in found.items():
        apart = 100 * float(np.abs(fluxes / flux - 1)[is_bright].max())
        goals.append(judge(f"largest difference from {name.partition(',')[0]}, %", apart, MOST_PERCENT, at_least=False))
    show("120 sources in an image of 1024²; the peers also find theirs, but for photutils", results, ours, goals)


def make_field() -> SimulatedEpochs:
    """Simulate the field anew, which takes less than a second."""
    import shutil

    folder = cache_folder() / "field"
    shutil.rmtree(folder, ignore_errors=True)
    return simulate_epochs(folder, 1, FEW_SOURCES, n_variables=0, shape=(SIDE, SIDE), seed=7)


def find_pixels(image: str, ra: Doubles, dec: Doubles) -> tuple[Doubles, Doubles]:
    """Return where positions are, as astropy has it."""
    from astropy.io import fits
    from astropy.wcs import WCS

    x, y = WCS(fits.getheader(image)).celestial.all_world2pix(ra, dec, 0)
    return x, y


def match(found: list[tuple[float, float, float]], ra: Doubles, dec: Doubles) -> Doubles:
    """Return the flux of the nearest of what was found (ra, dec, flux) to each position; NaN beyond half a beam."""
    there = np.array(found)
    apart = np.hypot(
        np.subtract.outer(ra, there[:, 0]) * np.cos(np.radians(dec))[:, np.newaxis], np.subtract.outer(dec, there[:, 1])
    )
    nearest = apart.argmin(axis=1)
    return np.where(apart.min(axis=1) < 7.5 / 3600, there[nearest, 2], np.nan)


def with_bdsf(image: str, ra: Doubles, dec: Doubles) -> Doubles:
    """Find and fit sources with PyBDSF."""
    import bdsf

    fitted = bdsf.process_image(image, quiet=True, rms_box=(50, 15), fix_to_beam=True)
    return match([(*gaussian.centre_sky, gaussian.peak_flux) for gaussian in fitted.gaussians], ra, dec)


def with_aegean(image: str, ra: Doubles, dec: Doubles) -> Doubles:
    """Find and fit sources with Aegean."""
    from AegeanTools.source_finder import SourceFinder

    logging.disable(logging.INFO)
    found = SourceFinder().find_sources_in_image(image, cores=1, cube_index=0, progress=False)
    logging.disable(logging.NOTSET)
    return match([(source.ra, source.dec, source.peak_flux) for source in found], ra, dec)


def with_photutils(image: str, x: Doubles, y: Doubles, guess: Doubles) -> Doubles:
    """Fit the beam at known positions with photutils."""
    from astropy.io import fits
    from astropy.table import Table
    from photutils.psf import GaussianPSF, PSFPhotometry

    data = fits.getdata(image).squeeze().astype(np.float64)
    # The beam is 15 by 10 arcsec at 30 degrees: 6 by 4 pixels, and north through east is 90 degrees from the x axis.
    beam = GaussianPSF(x_fwhm=6.0, y_fwhm=4.0, theta=120.0)
    beam.x_0.fixed = beam.y_0.fixed = True
    area = 2 * math.pi * 6.0 * 4.0 / (8 * math.log(2))
    fit: Any = PSFPhotometry(beam, (19, 19))
    table = fit(data, init_params=Table({"x": x, "y": y, "flux": guess * area}))
    fluxes: Doubles = np.asarray(table["flux_fit"]) / area
    return fluxes


if __name__ == "__main__":
    main()
