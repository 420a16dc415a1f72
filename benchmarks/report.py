"""The report of 500 sources in 30 epochs: how long it takes to make, how large it is, and when a browser shows it."""

from __future__ import annotations

import shutil
import statistics
import time

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.race import cache_folder, judge
from dsa110_contimg.qa import create_cutouts, create_report, measure_image, measure_light_curves
from dsa110_contimg.simulate import simulate_epochs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N_EPOCHS, N_SOURCES = 30, 500
LOADS = 5
FIRST_PAINT = "performance.getEntriesByType('paint').find(entry => entry.name === 'first-contentful-paint')?.startTime"


def main() -> None:
    """Print the parts of a report, and its goals."""
    folder = cache_folder() / f"night-{N_EPOCHS}-{N_SOURCES}"
    if not folder.exists():
        simulate_epochs(folder, N_EPOCHS, N_SOURCES, shape=(2048, 2048), bad_epoch=6, seed=1)
    images, catalogue = sorted(folder.glob("epoch_*.fits")), folder / "catalogue.csv"
    steps: dict[str, Callable[[], object]] = {
        "measure_image of every image": lambda: [measure_image(image) for image in images],
        "measure_light_curves": lambda: measure_light_curves(images, catalogue),
        "limit: cutting the stamps": lambda: create_cutouts(images, catalogue),
        "create_report": lambda: create_report(images, folder / "report", sources=catalogue),
    }
    title = f"A report of {N_SOURCES} sources in {N_EPOCHS} images of 2048²"
    table = Table(title=title, title_justify="left", min_width=70)
    for heading in ("", "s"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, run in steps.items():
        start = time.perf_counter()
        run()
        table.add_row(name, f"{time.perf_counter() - start:.2f}")
    page = folder / "report" / "index.html"
    table.add_row("first paint in chromium", f"{(paint := _find_first_paint(page)):.2f}")
    goals = [
        judge("megabytes of index.html", page.stat().st_size / 1e6, 40, at_least=False),
        judge("seconds to first paint", paint, 2, at_least=False),
    ]
    table.caption, table.caption_justify = "\n".join(goals), "left"
    Console(width=100).print(table)


def _find_first_paint(page: Path) -> float:
    """Return the median time in seconds from asking for the page to the first content on the screen."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(LOADS):
            view = browser.new_page(viewport={"width": 1440, "height": 900})
            view.goto(page.as_uri(), timeout=120_000)
            view.wait_for_function(FIRST_PAINT)
            found.append(float(view.evaluate(FIRST_PAINT)) / 1000)
            view.close()
        browser.close()
    return statistics.median(found)


if __name__ == "__main__":
    main()
