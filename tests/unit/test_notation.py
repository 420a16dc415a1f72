"""How positions, dates and units are read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.errors import BadPositionError
from dsa110_contimg.qa.notation import (
    choose_unit,
    format_angle,
    format_date,
    format_position,
    list_names,
    parse_declination,
    parse_right_ascension,
    split_unit,
)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("150.02", 150.02),
        ("1.5e2", 150.0),
        ("150.5d", 150.5),
        ("10h", 150.0),
        ("10:00:04.9", 150.0 + 4.9 / 240),
        ("10h00m04.9s", 150.0 + 4.9 / 240),
        (" 10 00 04.9 ", 150.0 + 4.9 / 240),
        ("10:30", 157.5),
        ("150d01m12s", 150.02),
        ("-10.5", -10.5),
    ],
)
def test_right_ascensions(text: str, degrees: float) -> None:
    assert parse_right_ascension(text) == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("-30:00:57", -30 - 57 / 3600),
        ("-30d00m57s", -30 - 57 / 3600),
        ("-30°00′57″", -30 - 57 / 3600),
        ("-30d 00' 57\"", -30 - 57 / 3600),
        ("-00:00:36", -0.01),
        ("+41 16 09", 41 + 16 / 60 + 9 / 3600),
        ("-.5", -0.5),
    ],
)
def test_declinations(text: str, degrees: float) -> None:
    assert parse_declination(text) == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize("text", ["", "nan", "inf", "abc", "10:60:00", "10:00:60", "25:00:00", "361", "10:00:04.9x"])
def test_what_is_no_right_ascension(text: str) -> None:
    with pytest.raises(BadPositionError) as caught:
        parse_right_ascension(text)
    assert repr(text) in caught.value.message


@pytest.mark.parametrize("text", ["", "nan", "-91", "90:00:01", "-30h00m57s", "--30", "10:-3:00"])
def test_what_is_no_declination(text: str) -> None:
    with pytest.raises(BadPositionError) as caught:
        parse_declination(text)
    assert repr(text) in caught.value.message


@given(st.floats(0, 360, exclude_max=True), st.floats(-90, 90))
def test_a_written_position_is_read_back(ra_deg: float, dec_deg: float) -> None:
    ra, dec = format_position(ra_deg, dec_deg).split()
    assert (parse_right_ascension(ra) - ra_deg + 180) % 360 - 180 == pytest.approx(0, abs=0.005 / 240 + 1e-9)
    assert parse_declination(dec) == pytest.approx(dec_deg, abs=0.05 / 3600 + 1e-9)


@pytest.mark.parametrize(("degrees", "text"), [(1 / 60, "1'"), (59.5 / 3600, '59.5"'), (90 / 3600, "1.5'"), (2, "2°")])
def test_angles(degrees: float, text: str) -> None:
    assert format_angle(degrees) == text


@pytest.mark.parametrize(
    ("mjd", "text"), [(0.0, "1858-11-17 00:00"), (60000.5, "2023-02-25 12:00"), (1e9, "MJD 1e+09")]
)
def test_dates(mjd: float, text: str) -> None:
    assert format_date(mjd) == text


@pytest.mark.parametrize(
    ("unit", "split"),
    [
        ("Jy beam-1", (1.0, "Jy/beam")),
        ("mJy beam^-1", (1e-3, "Jy/beam")),
        ("µJy / beam", (1e-6, "Jy/beam")),
        ("uJy/beam", (1e-6, "Jy/beam")),
        ("JY/BEAM ", (1.0, "Jy/beam")),
        ("MJy/sr", (1e6, "Jy/sr")),
        ("Jy/pixel", (1.0, "Jy/pixel")),
        ("m/s", (1.0, "m/s")),
        (None, (1.0, "")),
    ],
)
def test_units_are_split(unit: str | None, split: tuple[float, str]) -> None:
    assert split_unit(unit) == split


@given(st.floats(1e-9, 1e3), st.floats(1e-4, 1))
def test_chosen_units_are_readable(peak: float, share: float) -> None:
    factor, _ = choose_unit(peak, share * peak, "Jy/beam")
    assert 0.99 <= peak * factor < 1e5 or factor == 1.0


@pytest.mark.parametrize(
    ("count", "told"), [(0, ""), (1, "0"), (3, "0, 1, 2"), (4, "0, 1, 2 and 1 more"), (1000, "0, 1, 2 and 997 more")]
)
def test_many_names(count: int, told: str) -> None:
    assert list_names([str(k) for k in range(count)], most=3) == told
