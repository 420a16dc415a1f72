"""A real browser for tests: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")


@contextmanager
def open_page(
    path: Path, width: int = 1440, height: int = 900, scheme: str = "light", before: str = ""
) -> Iterator[tuple[Page, list[str]]]:
    """Open a page from disk; yield it, and what went wrong on it: errors, and requests to anything but itself.

    What is to be done before its own scripts run is given as a script.
    """
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: None if _is_own(request.url, path) else faults.append(request.url))
        page.add_init_script(before)
        page.goto(path.as_uri())
        yield page, faults
        browser.close()


def wait_until(page: Page, holds: str, seconds: float = 30.0) -> None:
    """Wait until an expression is true; the page's own policy forbids Playwright to evaluate texts on it."""
    end = time.monotonic() + seconds
    while not page.evaluate(holds):
        assert time.monotonic() < end, holds
        page.wait_for_timeout(50)


def _is_own(url: str, path: Path) -> bool:
    return url == path.as_uri() or url.startswith(("data:", "blob:"))
