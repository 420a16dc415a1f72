"""FITS headers of stamps, without astropy.

Nearly all cards are the same in all stamps of one image. They are made once, as a template; what a stamp adds is where
it was cut.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from dsa110_contimg.images.header import BLOCK, format_card, format_commentary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.images.celestial import Celestial
    from dsa110_contimg.images.header import Value
    from dsa110_contimg.qa.stamps.cutout import Cutout

# What describes the parent's own layout, coordinates, beam table or checksum, and would be wrong in a stamp.
_PARENTS_OWN = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|GROUPS|PCOUNT|GCOUNT|BSCALE|BZERO|BLANK|DATAMIN|DATAMAX|CHECKSUM|DATASUM|EXTNAME"
    r"|EXTVER|EXTLEVEL|INHERIT|TFIELDS|WCSAXES[A-Z]?|WCSNAME[A-Z]?|(CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA|CNAME|CRDER|CSYER)\d+[A-Z]?"
    r"|(PC|CD|PV|PS)\d+_\d+[A-Z]?|(PC|CD)\d{6}|(A|B|AP|BP)_(ORDER|DMAX|\d+_\d+)|(LONPOLE|LATPOLE|EQUINOX|RADESYS|SPECSYS)[A-Z]?"
    r"|EPOCH|RADECSYS|VELREF|ALTRVAL|ALTRPIX|BMAJ|BMIN|BPA|CASAMBM|LTV\d+|LTM\d+_\d+|STOKES|CHANNEL"
    r"|(TTYPE|TFORM|TUNIT|TDIM|ZTILE|ZNAXIS|ZNAME|ZVAL)\d+|THEAP|Z(IMAGE|CMPTYPE|BITPIX|NAXIS|SIMPLE|TENSION|EXTEND|PCOUNT|GCOUNT|QUANTIZ"
    r"|DITHER0|BLANK|SCALE|ZERO|MASKCMP|HECKSUM|DATASUM)"
)

# What cannot be copied: COMMENT tells of the cards beside it, and the others are words of the format itself.
_LEFT_OUT = frozenset({"", "COMMENT", "CONTINUE", "HIERARCH", "END"})

_KEYWORD = re.compile(r"[A-Z0-9_-]{1,8}|[A-Z0-9_-][A-Z0-9_ -]*")


def format_header(cutout: Cutout, extension: tuple[str, int] | None = None) -> bytes:
    """Format the header of a stamp.

    Parameters
    ----------
    cutout : Cutout
        The stamp.
    extension : tuple, optional
        Name and version of the image extension that the stamp becomes; a primary HDU by default.

    Returns
    -------
    bytes
        Whole blocks of cards. They describe two axes and the sky once, and keep the beam, the parent's other cards,
        and where the stamp was cut.

    Raises
    ------
    UnreadableImageError
        If the parent is unreadable, so that the stamp has no sky.
    """
    x, y = cutout.celestial.crpix
    y0, x0 = cutout.origin
    ny, nx = cutout.data.shape
    template = _find_template(cutout)
    return close_header(
        _format_layout((ny, nx), choose_bitpix(cutout), extension),
        template.sky,
        format_card("CRPIX1", x),
        format_card("CRPIX2", y),
        format_card("LTV1", -x0, "physical x is the parent's pixel"),
        format_card("LTV2", -y0, "physical y is the parent's pixel"),
        template.others,
        format_commentary("HISTORY", f"dsa110-contimg: rows {y0}:{y0 + ny}, columns {x0}:{x0 + nx} of"),
        template.image,
    )


def close_header(*cards: str) -> bytes:
    """Join cards, end them, and fill the last block."""
    text = f"{''.join(cards)}{'END':80}"
    return text.ljust(-(-len(text) // BLOCK) * BLOCK).encode("ascii")


def choose_bitpix(cutout: Cutout) -> int:
    """Return how FITS names the type of a stamp's pixels."""
    return -32 if cutout.data.dtype.itemsize <= 4 else -64


def in_ascii(text: str) -> str:
    """Write what FITS does not allow in a header as blanks or in escapes."""
    return (
        "".join(letter if letter.isprintable() else " " for letter in text).encode("ascii", "backslashreplace").decode()
    )


@dataclass(frozen=True, slots=True)
class _Template:
    """Cards that all stamps of one plane of an image have in common."""

    sky: str
    """The coordinates, but for the pixel of the reference point."""
    others: str
    """Beam, unit, plane, and what is the parent's own."""
    image: str
    """The last line of history: the parent's path."""


class _Identity:
    """A key that is equal to itself only: a header is compared by what it is, since its cards are too many."""

    __slots__ = ("header",)

    def __init__(self, header: Mapping[str, Value]) -> None:
        self.header = header

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.header is self.header

    def __hash__(self) -> int:
        return id(self.header)


def _find_template(cutout: Cutout) -> _Template:
    return _make_template(
        _Identity(cutout.header),
        cutout.parent_celestial,
        cutout.beam,
        tuple(cutout.plane.items()),
        cutout.unit,
        cutout.image,
    )


@lru_cache(maxsize=64)
def _make_template(
    parent: _Identity,
    celestial: Celestial,
    beam: Beam | None,
    plane: tuple[tuple[str, int | str], ...],
    unit: str | None,
    image: str,
) -> _Template:
    cards: dict[str, Value] = {"LTM1_1": 1.0, "LTM2_2": 1.0}
    if unit:
        cards["BUNIT"] = unit
    described = "".join(format_card(keyword.upper(), value, "plane of the parent image") for keyword, value in plane)
    return _Template(
        sky=_format_cards(dict(_describe_sky(celestial))),
        others=described + _format_beam(beam) + _format_cards(cards) + _copy_cards(parent.header, cards),
        image=format_commentary("HISTORY", in_ascii(image)),
    )


@lru_cache(maxsize=64)
def _format_layout(shape: tuple[int, int], bitpix: int, extension: tuple[str, int] | None) -> str:
    first = format_card("SIMPLE", True) if extension is None else format_card("XTENSION", "IMAGE")
    cards: dict[str, Value] = {"BITPIX": bitpix, "NAXIS": 2, "NAXIS1": shape[1], "NAXIS2": shape[0]}
    if extension is not None:
        cards |= {"PCOUNT": 0, "GCOUNT": 1, "EXTNAME": extension[0], "EXTVER": extension[1]}
    return first + _format_cards(cards)


def _describe_sky(celestial: Celestial) -> Iterator[tuple[str, Value]]:
    yield "WCSAXES", 2
    for axis in (1, 2):
        yield f"CTYPE{axis}", celestial.ctype[axis - 1]
        yield f"CUNIT{axis}", "deg"
        yield f"CRVAL{axis}", celestial.crval[axis - 1]
        yield f"CDELT{axis}", celestial.cdelt[axis - 1]
    for i, row in enumerate(celestial.pc, start=1):
        for j, element in enumerate(row, start=1):
            if element != float(i == j):
                yield f"PC{i}_{j}", element
    for axis, number, value in celestial.pv:
        yield f"PV{axis}_{number}", value
    if celestial.lonpole is not None:
        yield "LONPOLE", celestial.lonpole
    if celestial.latpole is not None:
        yield "LATPOLE", celestial.latpole
    if celestial.radesys:
        yield "RADESYS", celestial.radesys
    if celestial.equinox is not None:
        yield "EQUINOX", celestial.equinox
    for keyword, value in celestial.sip:
        yield keyword, int(value) if keyword.endswith("_ORDER") else value


def _format_beam(beam: Beam | None) -> str:
    if beam is None:
        return ""
    return "".join(
        format_card(keyword, value, f"[deg] beam, {what}")
        for keyword, value, what in (
            ("BMAJ", beam.major_deg, "full width at half maximum"),
            ("BMIN", beam.minor_deg, "full width at half maximum"),
            ("BPA", beam.pa_deg, "north through east"),
        )
        if math.isfinite(value)
    )


def _copy_cards(parent: Mapping[str, Value], known: Mapping[str, Value]) -> str:
    """Write the parent's cards anew, in standard form, whatever form they had; its history comes last."""
    cards: dict[str, Value] = {}
    history = ""
    for keyword, value in parent.items():
        name = keyword.upper()
        if name == "HISTORY":
            lines = str(value or "").splitlines()
            history += "".join(format_commentary(name, in_ascii(line)) for line in lines)
        elif (
            name not in _LEFT_OUT
            and name not in known
            and _KEYWORD.fullmatch(name)
            and not _PARENTS_OWN.fullmatch(name)
        ):
            cards.setdefault(name, value)
    return _format_cards(cards) + history


def _format_cards(cards: Mapping[str, Value]) -> str:
    """Write cards, but for what FITS has no form for: numbers that are not finite, or too long for their card."""
    written = []
    for keyword, value in cards.items():
        if isinstance(value, (float, complex)) and not math.isfinite(abs(value)):
            continue
        try:
            written.append(format_card(keyword, in_ascii(value) if isinstance(value, str) else value))
        except ValueError:
            continue
    return "".join(written)
