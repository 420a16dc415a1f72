"""A sheet as a whole: one stretch, order, labels, units."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from dsa110_contimg.qa.drawing import legend, overlays, panel
from dsa110_contimg.qa.stamps import sheet as stamp_sheet
from dsa110_contimg.qa.stamps.sheet import draw_sheet, draw_stamp
from stand_ins import make_stamp, turn_sky
from support import run_python


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect every text that is drawn, in order."""
    drawn: list[str] = []
    draw_text = stamp_sheet.draw_text

    def note(pen: object, where: object, text: str, *more: object) -> None:
        drawn.append(text)
        draw_text(pen, where, text, *more)

    for module in (stamp_sheet, legend, overlays, panel):
        monkeypatch.setattr(module, "draw_text", note)
    return drawn


@pytest.fixture
def panels(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Collect the panels that are drawn, as arrays, in order."""
    drawn: list[np.ndarray] = []
    draw_panel = stamp_sheet.draw_panel

    def note(*args: object) -> object:
        picture = draw_panel(*args)
        drawn.append(np.asarray(picture))
        return picture

    monkeypatch.setattr(stamp_sheet, "draw_panel", note)
    return drawn


def flat_stamp(value: float, **more: object) -> object:
    """Make a stamp whose top right pixel has a value that no other has."""
    stamp = make_stamp(beam=None, **more)
    stamp.data[-1, -1] = value
    return stamp


def test_same_brightness_has_the_same_colour_in_all_panels(panels: list[np.ndarray]) -> None:
    stamps = [
        flat_stamp(3e-4, seed=1),
        flat_stamp(3e-4, seed=2, peak=1.0),
        flat_stamp(0.3, seed=3, noise=0.1, unit="mJy/beam"),
    ]
    draw_sheet(stamps, title="x")
    colours = {tuple(picture[2, -3].tolist()) for picture in panels}
    assert len(colours) == 1
    other = {tuple(picture[2, 2].tolist()) for picture in panels}
    assert len(other) > 1


def test_brighter_epochs_are_brighter(panels: list[np.ndarray]) -> None:
    draw_sheet([make_stamp(0.001 * (i + 1), noise=0, mjd=59000.0 + i) for i in range(5)], title="x")
    middles = [picture[picture.shape[0] * 29 // 60, picture.shape[1] * 61 // 120].sum() for picture in panels]
    assert all(a < b for a, b in pairwise(middles))


def test_epochs_are_in_order_of_date_and_those_without_come_last(texts: list[str]) -> None:
    stamps = [
        make_stamp(mjd=None, image="/d/undated.fits"),
        make_stamp(mjd=59066.0),
        make_stamp(image="/d/off.fits", status="off-image", mjd=59065.0),
        make_stamp(mjd=59064.19022),
    ]
    draw_sheet(stamps, title="x")
    labels = [text for text in texts if text.startswith("2020-") or text == "undated.fits"]
    assert labels == ["2020-08-03 04:33", "2020-08-04 00:00", "2020-08-05 00:00", "undated.fits"]
    assert texts.index("off the image") < texts.index("2020-08-05 00:00")


def test_images_of_the_same_minute_are_told_apart_by_file(texts: list[str]) -> None:
    draw_sheet([make_stamp(image="/d/low.fits"), make_stamp(image="/d/high.fits")], title="x")
    assert {"low.fits", "high.fits"} <= set(texts)
    assert "2020-08-03 06:00" not in texts


def test_heading_says_where_how_large_and_when(texts: list[str]) -> None:
    draw_sheet([make_stamp(mjd=59064.0), make_stamp(mjd=59070.0)], title="J1000-30")
    heading = " ".join(texts)
    for fact in ("J1000-30", "10:00:00.00 -30:00:00.0", "2' x 2'", "2 epochs", "2020-08-03 to 2020-08-09"):
        assert fact in heading, fact


@pytest.mark.parametrize(
    ("peak", "noise", "unit", "shown"),
    [
        (1e-4, 1e-5, "Jy/beam", "uJy/beam"),
        (0.1, 0.01, "mJy/beam", "uJy/beam"),
        (5e-3, 2e-4, "JY/BEAM", "mJy/beam"),
        (20.0, 1.0, "Jy/beam", "Jy/beam"),
        (20.0, 1.0, None, "no unit"),
    ],
)
def test_colour_bar_has_readable_values_and_the_unit(
    texts: list[str], peak: float, noise: float, unit: str | None, shown: str
) -> None:
    draw_sheet([make_stamp(peak, noise=noise, unit=unit)], title="x")
    start = texts.index(shown) + 1
    values = [float(text) for text in texts[start : texts.index("target")]]
    assert len(values) >= 4
    assert all(a < b for a, b in pairwise(values))
    assert 0.1 <= max(values) < 10000
    assert all(len(text) <= 6 for text in texts[start : texts.index("target")])


def test_units_that_cannot_be_compared_are_said(texts: list[str]) -> None:
    draw_sheet([make_stamp(unit="K"), make_stamp(unit="Jy/beam")], title="x")
    assert "K and Jy/beam" in texts


def test_legend_explains_what_is_there_and_nothing_else(texts: list[str]) -> None:
    draw_sheet([make_stamp()], title="x")
    assert {'beam 24" x 12", PA 30°', "target", '20"', "N", "E"} <= set(texts)
    assert "no data" not in texts
    texts.clear()
    torn = make_stamp(beam=None)
    torn.data[:5] = np.nan
    draw_sheet([torn, make_stamp()], title="x")
    assert {"beam (differs between panels)", "no data"} <= set(texts)


def test_images_turned_differently_have_their_own_compass(texts: list[str]) -> None:
    stamps = [make_stamp(sky_axes=turn_sky(angle)) for angle in (0, 40, 80)]
    draw_sheet(stamps, title="x")
    assert texts.count("N") == texts.count("E") == 3


@pytest.mark.parametrize("value", [np.nan, 0.0, 3.5, -2.0])
def test_stamps_of_one_value_can_be_drawn(value: float, texts: list[str]) -> None:
    stamp = make_stamp(noise=0)
    stamp.data[:] = value
    draw_sheet([stamp], title="x")
    assert ("blank" in texts) == bool(np.isnan(value))


def test_stamps_that_differ_in_the_last_digit_only_can_be_drawn() -> None:
    stamp = make_stamp(noise=0)
    stamp.data[:] = 1.0
    stamp = replace(stamp, data=stamp.data.astype(np.float64))
    stamp.data[0, 0] = np.nextafter(1.0, 2.0)
    draw_sheet([stamp], title="x")


def test_a_unit_longer_than_the_sheet_leaves_room_for_the_bar() -> None:
    draw_sheet([make_stamp(unit="W" * 68)], title="x")


def test_blank_stamps_are_labelled(texts: list[str]) -> None:
    draw_sheet([replace(make_stamp(noise=0), status="blank"), make_stamp()], title="x")
    assert texts.count("blank") == 1


def test_a_sheet_without_any_stamp_is_still_a_sheet(texts: list[str]) -> None:
    missing = [("a.fits", "unreadable"), ("b.fits", "off-image")]
    draw_sheet([make_stamp(image=image, status=status, mjd=None) for image, status in missing], title="x")
    assert {"a.fits", "b.fits", "unreadable", "off the image"} <= set(texts)
    assert any(text.endswith("2 epochs") for text in texts)


def test_no_panel_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one panel"):
        draw_sheet([], title="x")


@pytest.mark.parametrize("count", [1, 2, 5, 12, 100])
def test_the_margin_stays_white(count: int) -> None:
    stamps = [make_stamp(seed=i, mjd=59000.0 + i, image=f"/d/{'long' * 30}.fits") for i in range(count)]
    picture = np.asarray(draw_sheet(stamps, title="A very long name of a source " * 5))
    for edge in (picture[:15], picture[-15:], picture[:, :15], picture[:, -15:]):
        assert (edge == 255).all()


def test_one_stamp_is_named_after_its_image(texts: list[str]) -> None:
    draw_stamp(make_stamp(image="/d/field.fits"))
    assert texts[0] == "field.fits" or "field.fits" in texts
    draw_stamp(make_stamp(), title="3C 48")
    assert "3C 48" in texts


def test_drawing_needs_neither_matplotlib_nor_astropy() -> None:
    code = "import sys, dsa110_contimg.qa.stamps.sheet; print({'matplotlib', 'astropy'} & set(sys.modules))"
    assert run_python(code).stdout.strip() == "set()"
