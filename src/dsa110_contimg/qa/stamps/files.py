"""Stamps as FITS files."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import PurePath

from dsa110_contimg._files import replacing
from dsa110_contimg.images.header import BLOCK, format_card
from dsa110_contimg.qa.stamps.cutout import NOT_ON_IMAGE
from dsa110_contimg.qa.stamps.headers import choose_bitpix, close_header, format_header, in_ascii

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from dsa110_contimg.qa.stamps.cutout import Cutout

_ENDINGS = frozenset({".gz", ".fz", ".fits", ".fit", ".fts", ".image"})


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
        If the parent is unreadable, so that the stamp has no sky.
    UnwritableOutputError
        If the folder is absent or cannot be written to.
    """
    content = format_header(cutout) + _format_pixels(cutout)
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def write_fits_series(cutouts: Iterable[Cutout], path: str | PathLike[str], *, name: str | None = None) -> None:
    """Write the stamps of one source, one an epoch, as the extensions of one FITS file.

    Parameters
    ----------
    cutouts : iterable of Cutout
        The stamps. Those off their image and those of unreadable images are left out.
    path : path-like
        The file; what is there is replaced once the new file is complete.
    name : str, optional
        Name of the source.

    Raises
    ------
    ValueError
        If there is no stamp, so that the source has no position.
    UnwritableOutputError
        If the folder is absent or cannot be written to.

    Notes
    -----
    The primary HDU has no pixels. It names the source (``OBJECT``) and its position in ICRS (``RA_TARG``,
    ``DEC_TARG``, in degrees). Each extension has the cards of a file of its own (`write_fits`). It is named after the
    image; where images in several folders have the same name, ``EXTVER`` counts them.
    """
    stamps = iter(cutouts)
    first = next(stamps, None)
    if first is None:
        raise ValueError("no stamps were given")
    versions = Counter[str]()
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        file.write(_format_primary(first, name))
        for cutout in chain([first], stamps):
            if cutout.status in NOT_ON_IMAGE:
                continue
            title = _name_extension(cutout.image)
            versions[title.upper()] += 1  # the names of extensions have no case
            file.write(format_header(cutout, (title, versions[title.upper()])))
            file.write(_format_pixels(cutout))


def _format_primary(cutout: Cutout, name: str | None) -> bytes:
    return close_header(
        format_card("SIMPLE", True),
        format_card("BITPIX", 8),
        format_card("NAXIS", 0),
        format_card("EXTEND", True),
        format_card("OBJECT", in_ascii(name)) if name else "",
        format_card("RADESYS", "ICRS", "frame of RA_TARG and DEC_TARG"),
        format_card("RA_TARG", cutout.ra_deg, "[deg] right ascension of the source"),
        format_card("DEC_TARG", cutout.dec_deg, "[deg] declination of the source"),
    )


def _name_extension(image: str) -> str:
    path = PurePath(in_ascii(image))
    while path.suffix.lower() in _ENDINGS:
        path = path.with_suffix("")
    return path.name


def _format_pixels(cutout: Cutout) -> bytes:
    pixels = cutout.data.astype(">f4" if choose_bitpix(cutout) == -32 else ">f8", order="C").tobytes()
    return pixels.ljust(-(-len(pixels) // BLOCK) * BLOCK, b"\0")
