"""Plots of a report: SVG that follows the reader's screen."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from dsa110_contimg.qa.gates import Verdict
from dsa110_contimg.qa.reporting import plots

DAYS = 60300.0 + 3 * np.arange(6)
NONE = np.full(6, np.nan)


def draw(mjd=DAYS, flux=None, error=None, limit=NONE, doubtful=None, mean=0.02, unit="Jy/beam") -> str:
    flux = np.linspace(0.01, 0.03, 6) if flux is None else flux
    error = np.full(6, 1e-3) if error is None else error
    doubtful = np.zeros(6, bool) if doubtful is None else doubtful
    with plots.drawing():
        return plots.draw_light_curve(mjd, flux, error, limit, doubtful, mean, unit=unit)


def texts(svg: str) -> list[str]:
    return [
        (element.text or "").strip() for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def count_marks(svg: str) -> int:
    return len(re.findall(r"<use [^>]*var\(--mark\)", svg))


def test_colours_are_those_of_the_screen() -> None:
    svg = draw()
    assert svg.startswith("<svg")
    assert "prefers-color-scheme:dark" in svg
    assert "var(--mark)" in svg
    assert not any(stand_in in svg for stand_in in plots._COLOURS)
    assert "font-family: '" not in svg


def test_the_same_data_give_the_same_bytes() -> None:
    assert draw() == draw()


def test_dates_stand_below_where_all_epochs_have_one() -> None:
    assert "2023-12-22" in texts(draw())
    svg = draw(mjd=np.where(np.arange(6) == 3, np.nan, DAYS))
    assert "Epoch" in texts(svg)
    assert "2023-12-22" not in texts(svg)


def test_hours_stand_below_one_night() -> None:
    assert "12-22 00:00" in texts(draw(mjd=60300 + np.arange(6) / 24))


@pytest.mark.parametrize(
    ("flux", "unit"),
    [(0.02, "Flux density (mJy/beam)"), (2e-5, "Flux density (µJy/beam)"), (3.0, "Flux density (Jy/beam)")],
)
def test_the_unit_suits_the_fluxes(flux: float, unit: str) -> None:
    svg = draw(flux=np.full(6, flux), error=np.full(6, flux / 20), mean=flux)
    assert " ".join(text for text in texts(svg) if text.startswith(("Flux", "("))) == unit


def test_each_measurement_is_drawn_as_what_it_is() -> None:
    plain = draw()
    limited = draw(limit=np.where(np.arange(6) < 2, 0.01, np.nan))
    doubtful = draw(doubtful=np.arange(6) < 2)
    hole = draw(flux=np.where(np.arange(6) < 2, np.nan, 0.02))
    assert len({plain, limited, doubtful, hole}) == 4
    assert (count_marks(plain), count_marks(hole), count_marks(limited)) == (6, 4, 6)


def test_a_source_that_was_never_measured_has_an_empty_plot() -> None:
    svg = draw(flux=NONE, error=NONE, mean=np.nan)
    ElementTree.fromstring(svg)


def test_a_flux_without_an_error_has_no_bar() -> None:
    whole, bare = draw(), draw(error=np.where(np.arange(6) == 2, np.nan, 1e-3))
    assert count_marks(bare) == count_marks(whole) == 6
    assert "nan" not in bare.lower()


def test_noise_has_a_shape_for_each_verdict_and_its_limits() -> None:
    rms = np.array([2e-4, 2.1e-4, 4e-4, 2e-3, 2e-4, 2e-4])
    verdicts = [Verdict.PASS, Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.PASS, Verdict.PASS]
    with plots.drawing():
        svg = plots.draw_noise(DAYS, rms, verdicts, unit="Jy/beam", limits=(2e-4, 3e-4, 6e-4))
        bare = plots.draw_noise(DAYS, rms, verdicts, unit="Jy/beam", limits=())
    assert {"PASS", "WARN", "FAIL"} <= set(texts(svg))
    assert "SKIP" not in texts(svg)
    assert svg.count("stroke-dasharray") == bare.count("stroke-dasharray") + 2
    assert any("Jy/beam" in text for text in texts(svg))


def test_a_unit_from_a_header_cannot_break_out() -> None:
    svg = draw(unit="</script><script>alert(1)</script>")
    assert "<script" not in svg
