"""Headers are read as astropy reads them, without astropy."""

from __future__ import annotations

import math
import pickle

import pytest
from astropy.io import fits

from dsa110_contimg.images.header import CARD, Header, format_card
from support import SHARED, shared_data


def cards(*lines: str) -> Header:
    return Header("".join(line.ljust(CARD) for line in lines))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("BMAJ    =    4.1667E-03 / degrees", 4.1667e-3),
        ("CDELT1  =   -1.9D-03", -1.9e-3),
        ("NAXIS   =                    4", 4),
        ("SIMPLE  =                    T / a comment", True),
        ("BLOCKED =                    F", False),
        ("OBJECT  = 'O''Neill / star  ' / who", "O'Neill / star"),
        ("OBJECT  = ''", ""),
        ("OBJECT  =                      / nothing", None),
        ("GAIN    = (1.5, -2.0)", 1.5 - 2j),
        ("CRVAL1  = abc", "abc"),
        ("BIG     = 123456789012345678901", 123456789012345678901),
    ],
)
def test_value(line: str, value: object) -> None:
    header = cards(line)
    (found,) = header.values()
    assert found == value
    assert type(found) is type(value)


def test_long_strings_are_joined() -> None:
    header = cards("OBJECT  = 'one &'", "CONTINUE  'two &'", "CONTINUE  'three' / end", "NAXIS   = 0")
    assert header["OBJECT"] == "one two three"
    assert header["NAXIS"] == 0


def test_commentary_is_joined_by_lines_and_the_first_of_two_counts() -> None:
    header = cards("HISTORY one", "HISTORY two", "CRPIX1  = 1.0", "CRPIX1  = 2.0", "COMMENT = 3")
    assert header["HISTORY"] == "one\ntwo"
    assert header["CRPIX1"] == 1.0
    assert "COMMENT" in header


def test_hierarch_keywords_are_known_by_what_follows() -> None:
    assert cards("HIERARCH ESO DET GAIN = 1.5 / e-/ADU")["ESO DET GAIN"] == 1.5


def test_nothing_after_end_is_read() -> None:
    assert list(cards("NAXIS   = 0", "END", "NAXIS1  = 3")) == ["NAXIS"]


@pytest.mark.filterwarnings("ignore:Invalid 'BLANK' keyword")  # Fornax A has one, and float pixels
@pytest.mark.parametrize(
    "relative", [str(path.relative_to(SHARED)) for path in sorted(SHARED.glob("images/*/*.[fF]*"))]
)
def test_real_headers_read_as_in_astropy(relative: str) -> None:
    with fits.open(shared_data(relative), disable_image_compression=True) as hdus:
        for hdu in hdus:
            ours = Header(hdu.header.tostring())
            for keyword in set(hdu.header) - {"COMMENT", "HISTORY", ""}:
                theirs = hdu.header[keyword]
                theirs = None if isinstance(theirs, fits.card.Undefined) else theirs
                assert ours[keyword] == (theirs.rstrip() if isinstance(theirs, str) else theirs), keyword
            assert set(ours) == set(hdu.header)


def test_number_says_which_keyword_is_none() -> None:
    header = cards("CRVAL1  = 'abc'", "CRVAL2  = T", "CRVAL3  =", "CRVAL4  = '1.5'")
    for keyword in ("CRVAL1", "CRVAL2"):
        with pytest.raises(ValueError, match=keyword):
            header.number(keyword)
    assert header.number("CRVAL3", 7.0) == 7.0
    assert header.number("CRVAL4") == 1.5
    assert header.number("ABSENT") is None


def test_header_is_read_only_and_pickles() -> None:
    header = cards("NAXIS   = 0")
    with pytest.raises(TypeError):
        header["NAXIS"] = 1  # type: ignore[index]
    again = pickle.loads(pickle.dumps(header))
    assert dict(again) == dict(header)
    assert again.text == header.text


@pytest.mark.parametrize("value", [0, -3, 1.5e-9, math.pi, True, "O'Neill", "short"])
def test_format_card_reads_back(value: object) -> None:
    card = format_card("KEYWORD", value)  # type: ignore[arg-type]
    assert len(card) == CARD
    assert Header(card)["KEYWORD"] == value
    assert fits.Card.fromstring(card).value == value
