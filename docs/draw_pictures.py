"""Draw the pictures of the documentation: ``make docs``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from dsa110_contimg.qa import create_cutout, create_report
from dsa110_contimg.qa.stamps.sheet import draw_sheet
from dsa110_contimg.simulate import simulate_epochs, simulate_measurement_set

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Draw the sheet of a source that flares, a figure of one stamp, and the top of a report in a browser."""
    with tempfile.TemporaryDirectory() as folder:
        field = simulate_epochs(folder, seed=1)
        source = field.sources[field.variables[0]]
        epochs = [create_cutout(path, source.ra_deg, source.dec_deg) for path in field.images]
        draw_sheet(epochs, title=source.name).save(PICTURES / "sheet.png", optimize=True)
        brightest = int(field.fluxes_jy[:, field.variables[0]].argmax())
        epochs[brightest].draw().figure.savefig(PICTURES / "figure.png", dpi=80)
    with tempfile.TemporaryDirectory() as folder:
        night = simulate_epochs(folder, bad_epoch=6, seed=1)
        measured = simulate_measurement_set(f"{folder}/field.ms", dead_antennas=[4], rfi_channels=[20, 21], seed=1)
        report = create_report(
            night.images, f"{folder}/report", measurement_sets=[measured.path], sources=night.catalogue
        )
        _take_picture(report.page, PICTURES / "report.png")


def _take_picture(page: Path, picture: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1100, "height": 800})
        view.goto(page.as_uri())
        view.wait_for_timeout(500)
        view.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
