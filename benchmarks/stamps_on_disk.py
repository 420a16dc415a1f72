"""Stamps as FITS files and as a sheet, beside astropy's writer and panels of WCS axes."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.many_stamps import scatter
from benchmarks.one_stamp import LENGTH, SIDE, SIZE_ARCMIN, make_image
from benchmarks.race import judge, race, show
from dsa110_contimg.qa import create_cutouts
from dsa110_contimg.qa.stamps.sheet import draw_sheet

N_FILES, N_PANELS = 100, 100

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.qa import Cutout


def main() -> None:
    """Print both races."""
    _, _, ra, dec = scatter(N_FILES, SIDE, 5)
    stamps = list(create_cutouts(make_image(), ra, dec, SIZE_ARCMIN))
    race_files(stamps)
    race_sheets(stamps[:N_PANELS])


def race_files(stamps: list[Cutout]) -> None:
    """Write stamps as FITS files, and let astropy verify each of ours."""
    from astropy.io import fits

    folder = Path(tempfile.mkdtemp())
    paths = [folder / f"{number}.fits" for number in range(len(stamps))]
    content = bytes(2880 * 2 + -(-LENGTH * LENGTH * 4 // 2880) * 2880)

    def write() -> None:
        for stamp, path in zip(stamps, paths, strict=True):
            stamp.write(path)

    with fits.open(stamps[0].image) as hdus:
        parent = hdus[0].header.copy()

    def write_with_astropy() -> None:
        for stamp, path in zip(stamps, paths, strict=True):
            header = parent.copy()
            header.update(stamp.wcs.to_header())
            fits.PrimaryHDU(stamp.data, header).writeto(path, overwrite=True)

    def write_bytes() -> None:
        for path in paths:
            path.write_bytes(content)

    results = race(
        {"write": write, "astropy's writeto": write_with_astropy, "limit: bytes to files": write_bytes},
        rounds=7,
        calls=1,
        title="FITS files",
        again=True,
    )
    write()
    for path, stamp in zip(paths, stamps, strict=True):
        with fits.open(path) as hdus:
            hdus.verify("exception")
            assert np.array_equal(hdus[0].data, stamp.data)
    shutil.rmtree(folder)
    ratio = results["astropy's writeto"].seconds / results["write"].seconds
    show(f"{len(stamps)} stamps as FITS files", results, "write", [judge("times faster", ratio, 50, at_least=True)])


def race_sheets(stamps: list[Cutout]) -> None:
    """Draw a sheet, and panels with WCS axes, colour bars and a tight layout, as plotting code does."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with tempfile.TemporaryDirectory() as folder:

        def draw() -> None:
            draw_sheet(stamps, title="sheet").save(f"{folder}/sheet.png")

        def draw_panels() -> None:
            figure = pyplot.figure(figsize=(30, 30))
            for number, stamp in enumerate(stamps):
                axes = figure.add_subplot(10, 10, number + 1, projection=stamp.wcs)
                figure.colorbar(axes.imshow(stamp.data, origin="lower"), ax=axes)
            figure.tight_layout()
            figure.savefig(f"{folder}/panels.png", bbox_inches="tight")
            pyplot.close(figure)

        def draw_quickly() -> None:
            figure, panels = pyplot.subplots(10, 10, figsize=(30, 30))
            for axes, stamp in zip(panels.ravel(), stamps, strict=True):
                axes.imshow(stamp.data, origin="lower")
            figure.savefig(f"{folder}/panels.png")
            pyplot.close(figure)

        contenders = {"draw_sheet": draw, "WCSAxes panels": draw_panels, "plain axes": draw_quickly}
        results = race(contenders, rounds=2, calls=1, title="Sheets")
    ratio = results["WCSAxes panels"].seconds / results["draw_sheet"].seconds
    goals = [judge("times faster than WCSAxes panels", ratio, 60, at_least=True)]
    show(f"A sheet of {len(stamps)} stamps, as PNG", results, "draw_sheet", goals)


if __name__ == "__main__":
    main()
