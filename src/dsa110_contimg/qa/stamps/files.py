"""Stamps as FITS files."""

from __future__ import annotations

import re

from dsa110_contimg._files import replacing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike
    from typing import Any

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


_LEFT_OUT = {"", "COMMENT", "CONTINUE"}


def make_hdu(cutout: Cutout) -> Any:
    """Make the FITS HDU of a stamp.

    Parameters
    ----------
    cutout : Cutout
        The stamp.

    Returns
    -------
    astropy.io.fits.PrimaryHDU
        Two axes, one description of the sky, the beam, the parent's other cards, and where it was cut from.
    """
    from astropy.io import fits

    hdu = fits.PrimaryHDU(cutout.data)
    header = hdu.header
    _copy_cards(cutout.header, header)
    sky = cutout.wcs.to_header(relax=True)
    sky.remove("MJDREF", ignore_missing=True)
    header.update(sky)
    for keyword in ("DATE-OBS", "MJD-OBS"):  # wcslib makes one from the other; the parent's own words count
        if keyword in cutout.header:
            header[keyword] = cutout.header[keyword]
    if cutout.unit:
        header["BUNIT"] = _in_ascii(cutout.unit)
    if cutout.beam is not None:
        header["BMAJ"] = cutout.beam.major_deg, "[deg] beam, full width at half maximum"
        header["BMIN"] = cutout.beam.minor_deg, "[deg] beam, full width at half maximum"
        header["BPA"] = cutout.beam.pa_deg, "[deg] beam, north through east"
    for keyword, value in cutout.plane.items():
        header[keyword.upper()] = value, "plane of the parent image"
    y0, x0 = cutout.origin
    header["LTV1"], header["LTV2"] = (
        (-x0, "physical x is the parent's pixel"),
        (-y0, "physical y is the parent's pixel"),
    )
    header["LTM1_1"], header["LTM2_2"] = 1, 1
    header.add_history(
        f"dsa110-contimg: rows {y0}:{y0 + cutout.data.shape[0]}, columns {x0}:{x0 + cutout.data.shape[1]} of"
    )
    header.add_history(_in_ascii(cutout.image))
    return hdu


def _copy_cards(parent: Mapping[str, Value], header: Any) -> None:
    """Write the parent's cards anew, in standard form, whatever form they had."""
    for keyword, value in parent.items():
        name = keyword.upper()
        if _PARENTS_OWN.fullmatch(name) or name in _LEFT_OUT:
            continue
        if name == "HISTORY":
            for line in str(value).splitlines():
                header.add_history(_in_ascii(line))
        elif re.fullmatch(r"[A-Z0-9_-]{1,8}", name):
            header[name] = _in_ascii(value) if isinstance(value, str) else value
        elif re.fullmatch(r"[A-Z0-9_ -]+", name):
            header[f"HIERARCH {name}"] = _in_ascii(value) if isinstance(value, str) else value


def _in_ascii(text: str) -> str:
    return (
        "".join(letter if letter.isprintable() else " " for letter in text).encode("ascii", "backslashreplace").decode()
    )


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
    UnwritableOutputError
        If the folder is absent or cannot be written to.
    """
    hdu = make_hdu(cutout)
    with replacing(path) as unfinished:
        hdu.writeto(unfinished, overwrite=True)
