"""FITS headers: eighty-character cards read into a mapping, without astropy.

Loading astropy takes ten times longer than cutting a stamp does, so the cards are read here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import overload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Value = str | bool | int | float | complex | None

CARD = 80
BLOCK = 2880

_COMMENTARY = frozenset({"COMMENT", "HISTORY", ""})
_STRING = re.compile(r"\s*'((?:[^']|'')*)'")
_INTEGER = re.compile(r"[+-]?\d+$")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([EeDd][+-]?\d+)?$")
_COMPLEX = re.compile(r"\(\s*([^,\s]+)\s*,\s*([^)\s]+)\s*\)")


class Header(Mapping[str, "Value"]):
    """The cards of one header, as a read-only mapping of keyword to value.

    Parameters
    ----------
    text : str
        The cards, eighty characters each, without line ends.

    Notes
    -----
    Where a keyword stands twice the first card counts, as in astropy. The lines of ``COMMENT``, ``HISTORY`` and
    of blank keywords are joined by newlines. Long strings (``CONTINUE``) are joined; ``HIERARCH`` keywords are
    known by what follows that word. A keyword without a value is None.

    References
    ----------
    Pence et al. 2010, A&A 524, A42 (FITS standard, version 3.0), section 4.

    Examples
    --------
    >>> header = Header(f"{'BMAJ    =           0.00416 / degrees':80}{'OBJECT  = ''3C48''':80}")
    >>> header["BMAJ"], header["OBJECT"]
    (0.00416, '3C48')
    """

    __slots__ = ("_values", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        """The cards as they were read."""
        self._values = _read_cards(text)

    def __getitem__(self, keyword: str) -> Value:
        return self._values[keyword]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Header of {len(self)} keywords>"

    @overload
    def number(self, keyword: str) -> float | None: ...
    @overload
    def number(self, keyword: str, default: float) -> float: ...
    @overload
    def number(self, keyword: str, default: float | None) -> float | None: ...
    def number(self, keyword: str, default: float | None = None) -> float | None:
        """Return a value as a number, or the default where the keyword is absent or has no value.

        Parameters
        ----------
        keyword : str
            The keyword.
        default : float, optional
            What to return where there is no value.

        Returns
        -------
        float or None
            The number.

        Raises
        ------
        ValueError
            If the value is there and is not a number.
        """
        value = self._values.get(keyword)
        if value is None:
            return default
        if isinstance(value, (bool, complex)):
            raise ValueError(f"{keyword} = {value!r} is not a real number")  # noqa: TRY004 - the file is wrong, not a type
        try:
            return float(value)
        except ValueError:
            raise ValueError(f"{keyword} = {value!r} is not a number") from None

    def string(self, keyword: str) -> str:
        """Return a value as text without blanks at its ends; empty where the keyword is absent.

        Parameters
        ----------
        keyword : str
            The keyword.

        Returns
        -------
        str
            The text.
        """
        value = self._values.get(keyword)
        return "" if value is None else str(value).strip()


def _read_cards(text: str) -> dict[str, Value]:
    values: dict[str, Value] = {}
    commentary: dict[str, list[str]] = {}
    continued: str | None = None  # the keyword whose string ended with "&"
    for start in range(0, len(text), CARD):
        card = text[start : start + CARD]
        keyword = card[:8].rstrip()
        if keyword == "END":
            break
        if keyword == "CONTINUE" and continued is not None:
            more = _read_value(card[8:])
            whole = str(values[continued])[:-1] + (more if isinstance(more, str) else "")
            values[continued] = whole
            continued = continued if whole.endswith("&") else None
            continue
        continued = None
        if keyword in _COMMENTARY:
            commentary.setdefault(keyword, []).append(card[8:].rstrip())
            continue
        if keyword == "HIERARCH" and "=" in card:
            keyword, _, rest = card[9:].partition("=")
            keyword = keyword.strip()
        elif card[8:9] == "=":
            rest = card[9:]
        else:  # no value indicator: text, by the standard
            commentary.setdefault(keyword, []).append(card[8:].rstrip())
            continue
        if keyword not in values:
            value = _read_value(rest)
            values[keyword] = value
            if isinstance(value, str) and value.endswith("&"):
                continued = keyword
    for keyword, lines in commentary.items():
        values.setdefault(keyword, "\n".join(lines))
    return values


def _read_value(field: str) -> Value:
    quoted = _STRING.match(field)
    if quoted:
        return quoted[1].replace("''", "'").rstrip()
    bare = field.partition("/")[0].strip()
    if bare in {"T", "F"}:
        return bare == "T"
    if _INTEGER.match(bare):
        return int(bare)
    if _NUMBER.match(bare):
        return float(bare.replace("D", "E").replace("d", "e"))
    pair = _COMPLEX.match(bare)
    if pair and _NUMBER.match(pair[1]) and _NUMBER.match(pair[2]):
        return complex(float(pair[1]), float(pair[2]))
    return bare or None


def format_card(keyword: str, value: Value, comment: str = "") -> str:
    """Write one card, or as many as a long string needs.

    Parameters
    ----------
    keyword : str
        In capitals. One of more than eight characters, or with blanks, becomes a ``HIERARCH`` card.
    value : str, bool, int, float, complex or None
        The value, a string in ASCII. None is a card without value.
    comment : str
        Written as far as there is room.

    Returns
    -------
    str
        Eighty characters, or a multiple. Empty for what no card can hold: a number that is not finite, or a string
        too long for a ``HIERARCH`` card.

    References
    ----------
    FITS standard 4.0, section 4.2.1.2 (long strings); Wicenec et al. 2009, the ESO HIERARCH keyword convention.

    Examples
    --------
    >>> format_card("NAXIS", 2).rstrip()
    'NAXIS   =                    2'
    """
    field = _format_value(value)
    is_hierarch = len(keyword) > 8 or " " in keyword
    start = f"HIERARCH {keyword} = " if is_hierarch else f"{keyword:8}= "
    if field is None:
        return ""
    if len(start) + len(field) <= CARD:
        card = start + field
        return (f"{card} / {comment}" if comment else card)[:CARD].ljust(CARD)
    return "" if is_hierarch or not isinstance(value, str) else _continue_string(start, value)


def format_commentary(keyword: str, text: str) -> str:
    """Write a commentary text in as many cards as it needs; 72 characters stand on each."""
    parts = [text[start : start + CARD - 8] for start in range(0, max(len(text), 1), CARD - 8)]
    return "".join(f"{keyword:8}{part}".ljust(CARD) for part in parts)


def _format_value(value: Value) -> str | None:
    if value is None:
        return ""
    if isinstance(value, str):
        quoted = value.replace("'", "''")
        return f"'{quoted:8}'"
    if isinstance(value, bool):
        return f"{'T' if value else 'F':>20}"
    if isinstance(value, complex):
        parts = [_format_float(part) for part in (value.real, value.imag)]
        return None if None in parts else f"({parts[0]}, {parts[1]})"
    text = str(value) if isinstance(value, int) else _format_float(value)
    return None if text is None else f"{text:>20}"


def _format_float(value: float) -> str | None:
    """Return the shortest text that is read as the same number, with a decimal point; None if it is not finite."""
    if not math.isfinite(value):
        return None
    digits, exponent, power = repr(float(value)).upper().partition("E")
    return f"{digits if '.' in digits else f'{digits}.0'}{exponent}{power}"


def _continue_string(start: str, value: str) -> str:
    cards = []
    while value:
        # A quote is written twice, and the pair must not be torn.
        room, taken = CARD - len(start) - 3, 0
        while taken < len(value) and room >= (width := 1 + (value[taken] == "'")):
            room, taken = room - width, taken + 1
        part, value = value[:taken].replace("'", "''"), value[taken:]
        cards.append(f"{start}'{part}{'&' if value else ''}'".ljust(CARD))
        start = "CONTINUE  "
    return "".join(cards)
