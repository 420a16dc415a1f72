"""The pictures of tables, as a browser lays them out among the styles of JupyterLab."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING

import pytest

from dsa110_contimg.qa.visualization import CasaTable
from dsa110_contimg.simulate import simulate_measurement_set

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]

# What JupyterLab 4 says about outputs, as far as pictures of tables have to stand it.
STYLE = """
body { background: #111; color: #eee; }
.jp-RenderedHTMLCommon :not(pre) > code { background: #333; color: #f00; padding: 1px 5px; }
.jp-RenderedHTMLCommon table { table-layout: fixed; margin-left: auto; margin-right: auto; color: #f00; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th, .jp-RenderedHTMLCommon tr {
  vertical-align: middle; padding: 0.5em; line-height: normal; white-space: normal; max-width: none; border: none;
}
:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td, :not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon th {
  text-align: right;
}
"""
MEASURE = """
const right = part => part.getBoundingClientRect().right;
const boxes = [...document.querySelectorAll(".box")], facts = {};
for (const box of boxes) {
  const all = selector => [...box.querySelectorAll(selector)];
  const closed = box.scrollHeight;
  for (const fold of all("details")) fold.open = true;
  facts[box.id] = {
    overflows: box.scrollWidth > box.clientWidth,
    unfolds: box.scrollHeight > 2 * closed,
    folds: all("details").length,
    wide: all("[tabindex]").filter(part => part.scrollWidth > part.clientWidth).length,
    outside: all("summary, [tabindex], code, li").filter(part => right(part) > right(box) + 1).length,
    colours: [...new Set(all("*:not(style)").map(part => getComputedStyle(part).color))],
    grounds: [...new Set(all("th, td, code, div, details").map(part => getComputedStyle(part).backgroundColor))],
    alignments: [...new Set(all("th, td").map(part => getComputedStyle(part).textAlign))],
  };
}
document.getElementById("facts").textContent = JSON.stringify(facts);
"""


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")
def test_a_browser_lays_the_pictures_out(tmp_path: Path) -> None:
    truth = simulate_measurement_set(tmp_path / "a.ms", n_antennas=4, n_times=2, n_channels=(8, 16), seed=1)
    shutil.rmtree(tmp_path / "a.ms" / "FEED")
    table = CasaTable(truth.path)
    pictures = {"narrow": (table, 359), "wide": (table, 1400), "column": (table.TIME, 359)}
    boxes = [
        f'<div class="jp-RenderedHTMLCommon box" id="{name}" style="width: {width}px">{shown._repr_html_()}</div>'
        for name, (shown, width) in pictures.items()
    ]
    page = tmp_path / "page.html"
    content = f"<style>{STYLE}</style>{''.join(boxes)}<pre id=facts></pre><script>{MEASURE}</script>"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8>{content}", encoding="utf-8")
    browser = [CHROMIUM, "--headless", "--no-sandbox", *QUIET, f"--user-data-dir={tmp_path / 'profile'}"]
    run = subprocess.run([*browser, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=100)
    facts = json.loads(unescape(re.search(r'<pre id="facts">(.*?)</pre>', run.stdout)[1]))
    for name, fact in facts.items():
        assert not fact["overflows"], name
        assert fact["outside"] == 0, name
        assert fact["colours"] == ["rgb(238, 238, 238)"], name
        assert fact["grounds"] == ["rgba(0, 0, 0, 0)"], name
        assert fact["alignments"] == ["left"], name
    assert (
        facts["narrow"]["folds"]
        == facts["wide"]["folds"]
        == 2
        + sum(
            found.exists + bool(found.exists and len(CasaTable(found).keywords)) for found in table.subtables.values()
        )
    )
    assert facts["narrow"]["unfolds"]
    assert facts["narrow"]["wide"] > 0  # it is the tables that scroll, not the page
    assert facts["column"]["folds"] == 1
