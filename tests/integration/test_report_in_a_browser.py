"""The page of a report in a real browser: nothing goes wrong, nothing overlaps, sorting and filtering work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser import needs_browser, open_page, wait_until
from dsa110_contimg.qa import create_report
from dsa110_contimg.simulate import simulate_caltable, simulate_epochs, simulate_measurement_set

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_browser

# Boxes of things that are read: none may stick out of the page, and no two of them may cover each other.
LAY_OUT = """
() => {
  const read = "h1, h2, h3, nav a, .filters label, .plot, .stamps figure, dl div, .pictures figure, .highlights li";
  const things = [...document.querySelectorAll(read)]
    .filter(thing => thing.checkVisibility({ contentVisibilityAuto: true }) && thing.getClientRects().length);
  const boxes = things.map(thing => ({ thing, box: thing.getBoundingClientRect() }));
  const name = thing => `${thing.tagName}.${thing.className} ${thing.textContent.trim().slice(0, 30)}`;
  const found = [];
  for (const { thing, box } of boxes)
    if (box.right > document.documentElement.clientWidth + 1 || box.left < -1) found.push(`outside: ${name(thing)}`);
  for (let i = 0; i < boxes.length; i++)
    for (let k = i + 1; k < boxes.length; k++) {
      const [a, b] = [boxes[i], boxes[k]];
      if (a.thing.contains(b.thing) || b.thing.contains(a.thing)) continue;
      const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (width > 1 && height > 1) found.push(`${name(a.thing)} over ${name(b.thing)}`);
    }
  const { scrollWidth, clientWidth } = document.documentElement;
  return { found, count: boxes.length, scrolls: scrollWidth > clientWidth };
}
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    field = simulate_epochs(folder / "field", 5, 8, n_variables=2, shape=(300, 300), bad_epoch=2, seed=5)
    measured = simulate_measurement_set(folder / "night.ms", 6, 3, dead_antennas=[2], seed=1)
    solved = simulate_caltable(folder / "night.bcal", "B", 6, dead_antennas=[4], seed=1)
    corrupt = folder / "a_file_with_quite_a_long_name_that_ends_in_the_middle_of_its_pixels.fits"
    corrupt.write_bytes(field.images[0].read_bytes()[:20000])
    made = create_report(
        [*field.images, corrupt],
        folder / "report",
        measurement_sets=[measured.path],
        caltables=[solved.path],
        sources=field.catalogue,
        reference=field.catalogue,
    )
    return made.page


def names(page: Page, table: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        f"#{table} > tbody > tr:not([hidden])", "rows => rows.map(row => row.cells[0].textContent.trim())"
    )
    return found


def column(page: Page, table: str, number: int) -> list[float]:
    found: list[float] = page.eval_on_selector_all(
        f"#{table} > tbody > tr:not([hidden])",
        f"rows => rows.map(row => row.cells[{number}].dataset.order).filter(order => order !== undefined).map(Number)",
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_nothing_goes_wrong_and_nothing_overlaps(report: Path, width: int, scheme: str) -> None:
    with open_page(report, width, 900, scheme) as (page, faults):
        wait_until(page, "[...document.querySelectorAll('img')].every(image => image.src && image.complete)")
        empty = page.eval_on_selector_all("img", "all => all.filter(image => !image.naturalWidth).length")
        page.add_style_tag(content="article { content-visibility: visible !important; }")
        layout = page.evaluate(LAY_OUT)
        ground, ink = page.evaluate(
            "() => { const style = getComputedStyle(document.body); return [style.backgroundColor, style.color]; }"
        )
        assert faults == []
    assert empty == 0
    assert layout["found"] == []
    assert not layout["scrolls"]
    assert layout["count"] > 80
    brightness = [sum(map(int, colour[4:-1].split(","))) for colour in (ground, ink)]
    assert (brightness[0] > brightness[1]) == (scheme == "light")


def test_tables_are_sorted_by_mouse_and_by_keyboard(report: Path) -> None:
    with open_page(report) as (page, faults):
        etas = column(page, "source-table", 3)
        assert etas == sorted(etas, reverse=True)
        head = page.locator("#source-table thead button", has_text="S/N")
        head.click()
        falling = column(page, "source-table", 8)
        assert falling == sorted(falling, reverse=True)
        assert page.locator("#source-table th[aria-sort=descending]").inner_text().startswith("S/N")
        head.press("Enter")
        assert column(page, "source-table", 8) == falling[::-1]
        page.locator("#source-table thead button", has_text="Source").press("Space")
        listed = names(page, "source-table")
        assert listed == sorted(listed)
        # The sections follow their rows.
        assert [text.split()[0] for text in page.locator("article[id^=s] h3").all_text_contents()] == listed
        page.locator("#image-table thead button", has_text="Noise").click()
        noise = column(page, "image-table", 4)
        assert len(noise) == 5
        assert noise == sorted(noise, reverse=True)
        assert "long_name" in names(page, "image-table")[-1]  # what has no noise comes last
        page.locator("#image-table thead button", has_text="Noise").click()
        assert "long_name" in names(page, "image-table")[-1]
        assert faults == []


def test_tables_are_filtered(report: Path) -> None:
    with open_page(report) as (page, faults):
        images = page.locator("form[data-for=image-table]")
        images.locator("select").select_option("FAIL")
        assert {name.split(".")[0][:6] for name in names(page, "image-table")} == {"epoch_", "a_file"}
        assert "epoch_03.fits" in names(page, "image-table")
        assert images.locator("[role=status]").inner_text() == "2 of 6 shown"
        images.locator("select").select_option("")
        images.locator("input").fill("epoch 04")
        assert names(page, "image-table") == ["epoch_04.fits"]
        sources = page.locator("form[data-for=source-table]")
        everything = names(page, "source-table")
        sources.locator("select").select_option("variable")
        variable = names(page, "source-table")
        assert len(variable) == 2
        assert page.locator("article[id^=s]:not([hidden])").count() == 2
        sources.locator("select").select_option("steady")
        assert sorted(variable + names(page, "source-table")) == sorted(everything)
        assert faults == []


def test_everything_can_be_reached_by_keyboard(report: Path) -> None:
    with open_page(report) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.tagName"))
        assert {"A", "BUTTON", "SELECT", "INPUT", "DIV", "SUMMARY"} <= reached
        unnamed = page.eval_on_selector_all("img", "all => all.filter(image => !image.alt).length")
        assert unnamed == 0


def test_it_prints_with_all_its_pictures(report: Path, tmp_path: Path) -> None:
    # Printed at once, before the browser had the time to show anything by itself.
    never = "window.requestIdleCallback = () => 0; window.IntersectionObserver = class { observe() {} };"
    with open_page(report, before=never) as (page, faults):
        assert page.eval_on_selector_all("img[data-strip]", "all => all.filter(image => image.src).length") == 0
        plots = page.locator(".pictures img").count()
        page.pdf(path=tmp_path / "print.pdf")
        assert faults == []
    n_sources = 8
    assert (tmp_path / "print.pdf").read_bytes().count(b"/Subtype /Image") >= plots + n_sources


def test_links_lead_to_what_they_name(report: Path) -> None:
    with open_page(report) as (page, _):
        broken = page.eval_on_selector_all(
            "a[href^='#']", "all => all.filter(link => !document.getElementById(link.hash.slice(1))).length"
        )
        assert broken == 0
        files = page.eval_on_selector_all("a:not([href^='#'])", "all => all.map(link => link.getAttribute('href'))")
        assert files
        assert all((report.parent / file).is_file() for file in files)


@pytest.mark.slow
def test_a_large_report_stays_usable(tmp_path: Path) -> None:
    field = simulate_epochs(tmp_path / "field", 30, 500, shape=(2048, 2048), bad_epoch=6, seed=1)
    made = create_report(field.images, tmp_path / "report", sources=field.catalogue)
    assert made.page.stat().st_size <= 40e6
    with open_page(made.page) as (page, faults):
        assert page.locator("article[id^=s]").count() == 500
        last = page.locator("article[id^=s]").last
        last.scroll_into_view_if_needed()
        wait_until(
            page, "[...document.querySelectorAll('article[id^=s]:last-of-type img')].every(image => image.naturalWidth)"
        )
        page.locator("form[data-for=source-table] select").select_option("variable")
        assert len(names(page, "source-table")) == 3
        assert faults == []
