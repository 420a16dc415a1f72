"""FITS headers: eighty-character cards read into a mapping, without astropy.

Loading astropy takes ten times longer than cutting a stamp does, so the cards are read here.
"""

from __future__ import annotations

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
    """Write a keyword and its value as cards.

    Parameters
    ----------
    keyword : str
        In capitals; with more than eight characters, or with blanks, it is written after ``HIERARCH``.
    value : str, bool, int, float, complex or None
        The value; None is written as a keyword without a value.
    comment : str
        What follows the value, as far as there is room; never after a string that needs several cards.

    Returns
    -------
    str
        Eighty characters; a multiple of it where a long string goes on in ``CONTINUE`` cards.

    Raises
    ------
    ValueError
        If keyword and value do not fit on one card and the value is no string.

    Notes
    -----
    FITS has no form for numbers that are not finite. They are written as ``NAN`` or ``INF``, which `Header.number`
    reads; leave them out of files. Letters are written as they are: give ASCII where the text goes to a file.

    Examples
    --------
    >>> format_card("NAXIS", 2).rstrip()
    'NAXIS   =                    2'
    >>> format_card("OBJECT", "Barnard's star").rstrip()
    "OBJECT  = 'Barnard''s star'"
    """
    standard = len(keyword) <= 8 and " " not in keyword
    start = f"{keyword:8}= " if standard else f"HIERARCH {keyword} = "
    if isinstance(value, str):
        quoted = value.replace("'", "''")
        field = f"'{quoted:8}'"
        if len(start) + len(field) > CARD:
            return _format_long(start, value)
    else:
        field = _format_number(value)
        if standard:
            field = field.rjust(20)
        elif len(start) + len(field) > CARD:
            start = f"HIERARCH {keyword}="
    if len(start) + len(field) > CARD:
        raise ValueError(f"{keyword} = {value!r} does not fit on a card")
    if comment:
        field = f"{field:20} / {comment}"
    return f"{start}{field}"[:CARD].ljust(CARD)


def format_commentary(keyword: str, text: str) -> str:
    """Write text as cards without a value, broken wherever a card is full.

    Parameters
    ----------
    keyword : str
        ``HISTORY``, ``COMMENT`` or empty.
    text : str
        One line.

    Returns
    -------
    str
        Eighty characters a card.
    """
    room = CARD - 8
    cards = []
    while len(text) > room:
        at = len(text[:room].rstrip()) or room  # blanks at the end of a card would be lost
        cards.append(f"{keyword:8}{text[:at]:{room}}")
        text = text[at:]
    return "".join([*cards, f"{keyword:8}{text:{room}}"])


def _format_number(value: bool | int | float | complex | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, complex):
        return f"({_format_number(value.real)}, {_format_number(value.imag)})"
    mantissa, exponent, power = repr(float(value)).upper().partition("E")
    if exponent and "." not in mantissa:  # else some programs read an integer
        mantissa += ".0"
    return f"{mantissa}{exponent}{power}"


def _format_long(start: str, value: str) -> str:
    """Break a string into a card and CONTINUE cards, never between the two quotes that stand for one."""
    cards, piece = [], ""
    for letter in value.rstrip():  # blanks at the end mean nothing
        doubled = "''" if letter == "'" else letter
        if len(start) + len(piece) + len(doubled) > CARD - 3:  # two quotes and the ampersand
            cards.append(f"{start}'{piece}&'".ljust(CARD))
            start, piece = "CONTINUE  ", ""
        piece += doubled
    if piece.endswith("&"):  # the string's own, which astropy takes for a promise of more
        cards.append(f"{start}'{piece}&'".ljust(CARD))
        start, piece = "CONTINUE  ", ""
    cards.append(f"{start}'{piece}'".ljust(CARD))
    return "".join(cards)
