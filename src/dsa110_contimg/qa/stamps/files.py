"""Stamps as FITS files, written without astropy: a header that is made once an image, and the pixels."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath

from dsa110_contimg._files import replacing
from dsa110_contimg.images.header import BLOCK, format_card
from dsa110_contimg.qa.stamps.headers import format_cards, in_ascii

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from dsa110_contimg.qa.stamps.cutout import Cutout

_LONGEST_NAME = 60


def write_fits(cutout: Cutout, path: str | PathLike[str]) -> None:
    """Write a stamp as a FITS file; see `Cutout.write`.

    Parameters
    ----------
    cutout : Cutout
        The stamp.
    path : path-like
        The file.

    Raises
    ------
    UnreadableImageError
        If the stamp's image could not be read.
    UnwritableOutputError
        If the folder is absent or cannot be written to.
    """
    content = _format_hdu(cutout, format_card("SIMPLE", True), "")
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def write_fits_series(cutouts: Iterable[Cutout], path: str | PathLike[str], *, name: str) -> None:
    """Write the stamps of one source as the extensions of one FITS file.

    Parameters
    ----------
    cutouts : iterable of Cutout
        The stamps; those that are off their image or unreadable are left out.
    path : path-like
        The file; what is there is replaced once the new file is complete.
    name : str
        Name of the source.

    Raises
    ------
    UnwritableOutputError
        If the folder is absent or cannot be written to.

    Notes
    -----
    ``EXTNAME`` is the name of the image's file, ``EXTVER`` counts those of equal names.
    """
    stamps = [cutout for cutout in cutouts if cutout.status not in {"off-image", "unreadable"}]
    first = [
        format_card("SIMPLE", True),
        format_card("BITPIX", 8),
        format_card("NAXIS", 0),
        format_card("EXTEND", True),
        format_card("OBJECT", in_ascii(name)[:_LONGEST_NAME]),
    ]
    if stamps:
        first.append(format_card("RA_TARG", stamps[0].ra_deg, "[deg] position in ICRS"))
        first.append(format_card("DEC_TARG", stamps[0].dec_deg, "[deg] position in ICRS"))
    versions: Counter[str] = Counter()
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        file.write(_close_header("".join(first)))
        for stamp in stamps:
            label = in_ascii(PurePath(stamp.image).stem)[:_LONGEST_NAME]
            versions[label.upper()] += 1
            named = format_card("EXTNAME", label) + format_card("EXTVER", versions[label.upper()])
            counted = format_card("PCOUNT", 0) + format_card("GCOUNT", 1)
            file.write(_format_hdu(stamp, format_card("XTENSION", "IMAGE"), counted + named))


def _format_hdu(cutout: Cutout, first: str, last: str) -> bytes:
    """Write header and pixels of a stamp, between the cards of a primary HDU or of an extension."""
    (ny, nx), itemsize = cutout.data.shape, cutout.data.dtype.itemsize
    layout = (("BITPIX", -8 * itemsize), ("NAXIS", 2), ("NAXIS1", nx), ("NAXIS2", ny))
    cards = first + "".join(format_card(keyword, number) for keyword, number in layout) + last
    pixels = cutout.data.astype(f">f{itemsize}").tobytes()
    return _close_header(cards + format_cards(cutout)) + pixels + bytes(-len(pixels) % BLOCK)


def _close_header(cards: str) -> bytes:
    text = f"{cards}{'END':80}"
    return text.ljust(-(-len(text) // BLOCK) * BLOCK).encode("ascii")
