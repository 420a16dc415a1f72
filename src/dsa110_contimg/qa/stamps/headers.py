"""The header of a stamp: what its parent said of the sky and of itself, and where the stamp was cut."""

from __future__ import annotations

import re
from collections import OrderedDict

from dsa110_contimg.images.header import format_card, format_commentary

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
    r"|EPOCH|RADECSYS|VELREF|ALTRVAL|ALTRPIX|BUNIT|BMAJ|BMIN|BPA|CASAMBM|LTV\d+|LTM\d+_\d+|STOKES|CHANNEL"
    r"|(TTYPE|TFORM|TUNIT|TDIM|ZTILE|ZNAXIS|ZNAME|ZVAL)\d+|THEAP|Z(IMAGE|CMPTYPE|BITPIX|NAXIS|SIMPLE|TENSION|EXTEND|PCOUNT|GCOUNT|QUANTIZ"
    r"|DITHER0|BLANK|SCALE|ZERO|MASKCMP|HECKSUM|DATASUM)"
)
_LEFT_OUT = {"", "COMMENT", "CONTINUE", "END"}
_TEMPLATES = 64

_templates: OrderedDict[tuple[object, ...], tuple[object, str]] = OrderedDict()


def format_cards(cutout: Cutout) -> str:
    """Write the cards of a stamp, all but those that describe the layout of its data.

    Parameters
    ----------
    cutout : Cutout
        The stamp. Its parent must be readable.

    Returns
    -------
    str
        Cards of eighty characters, without ``END``.
    """
    (y0, x0), (ny, nx), (crpix_x, crpix_y) = cutout.origin, cutout.data.shape, cutout.celestial.crpix
    own = (
        format_card("CRPIX1", crpix_x, "pixel of the reference point"),
        format_card("CRPIX2", crpix_y, "pixel of the reference point"),
        format_card("LTV1", -x0, "physical x is the parent's pixel"),
        format_card("LTV2", -y0, "physical y is the parent's pixel"),
        format_commentary("HISTORY", f"dsa110-contimg: rows {y0}:{y0 + ny}, columns {x0}:{x0 + nx} of"),
        format_commentary("HISTORY", in_ascii(cutout.image)),
    )
    return _find_template(cutout) + "".join(own)


def in_ascii(text: str) -> str:
    """Write a text in the characters that a header may hold."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable.encode("ascii", "backslashreplace").decode()


def _find_template(cutout: Cutout) -> str:
    """Return the cards that all stamps of one image share, written once for all of them."""
    plane = tuple(cutout.plane.items())
    key = (id(cutout.header), cutout.parent_celestial, cutout.beam, cutout.unit, plane)
    kept = _templates.get(key)
    if kept is None:
        # The header is kept too, so that no other one can get its identity.
        kept = _templates[key] = cutout.header, "".join(_write_shared(cutout))
        while len(_templates) > _TEMPLATES:
            _templates.popitem(last=False)
    return kept[1]


def _write_shared(cutout: Cutout) -> Iterator[str]:
    yield from _write_sky(cutout.celestial)
    if cutout.unit:
        yield format_card("BUNIT", in_ascii(cutout.unit))
    yield from _write_beam(cutout.beam)
    for keyword, value in cutout.plane.items():
        yield format_card(keyword.upper(), value, "plane of the parent image")
    yield format_card("LTM1_1", 1)
    yield format_card("LTM2_2", 1)
    yield from _write_parents(cutout.header)


def _write_sky(sky: Celestial) -> Iterator[str]:
    """Write two axes of sky, without the reference pixel, which each stamp has of its own."""
    yield format_card("WCSAXES", 2)
    for axis in (1, 2):
        yield format_card(f"CTYPE{axis}", sky.ctype[axis - 1])
        yield format_card(f"CUNIT{axis}", "deg")
        yield format_card(f"CRVAL{axis}", float(sky.crval[axis - 1]))
        yield format_card(f"CDELT{axis}", float(sky.cdelt[axis - 1]))
        for other in (1, 2):
            element = float(sky.pc[axis - 1][other - 1])
            if element != (axis == other):
                yield format_card(f"PC{axis}_{other}", element)
    for keyword, number in (("LONPOLE", sky.lonpole), ("LATPOLE", sky.latpole), ("EQUINOX", sky.equinox)):
        if number is not None:
            yield format_card(keyword, float(number))
    if sky.radesys:
        yield format_card("RADESYS", sky.radesys)
    for axis, number, value in sky.pv:
        yield format_card(f"PV{axis}_{number}", float(value))
    for keyword, value in sky.sip:
        yield format_card(keyword, int(value) if keyword.endswith("_ORDER") else float(value))


def _write_beam(beam: Beam | None) -> Iterator[str]:
    if beam is not None:
        yield format_card("BMAJ", float(beam.major_deg), "[deg] beam, full width at half maximum")
        yield format_card("BMIN", float(beam.minor_deg), "[deg] beam, full width at half maximum")
        yield format_card("BPA", float(beam.pa_deg), "[deg] beam, north through east")


def _write_parents(parent: Mapping[str, Value]) -> Iterator[str]:
    """Write the parent's cards anew, in standard form, whatever form they had."""
    for keyword, value in parent.items():
        name = keyword.upper()
        if name in _LEFT_OUT or _PARENTS_OWN.fullmatch(name) or not re.fullmatch(r"[A-Z0-9_ -]+", name):
            continue
        if name == "HISTORY":
            for line in str(value).splitlines():
                yield format_commentary(name, in_ascii(line))
        else:
            yield format_card(name, in_ascii(value) if isinstance(value, str) else value)
