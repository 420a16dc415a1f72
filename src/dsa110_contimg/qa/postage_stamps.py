"""Stamps: small images cut around positions on the sky.

Importing this module loads no numpy, which would start threads: what it needs is imported in its functions.
"""

from __future__ import annotations

import math
import os

from dsa110_contimg.qa.stamps.cutout import Cutout as Cutout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike


def create_cutout(
    image: str | PathLike[str],
    ra_deg: float,
    dec_deg: float,
    size_arcmin: float = 2.0,
    *,
    hdu: int | str | None = None,
    stokes: str | None = None,
    channel: int | None = None,
    fill_value: float = math.nan,
) -> Cutout:
    """Cut a stamp around a position.

    Parameters
    ----------
    image : path-like
        A FITS image (two to five axes in any order; plain, gzipped or tile-compressed) or the folder of a CASA image.
    ra_deg, dec_deg : float
        Position in ICRS, in degrees. The frame of the image is honoured.
    size_arcmin : float
        Length of a side in arcminutes. The number of pixels is this over the pixel's own size along each axis at the
        reference point, rounded.
    hdu : int or str, optional
        Number of the HDU counted from zero, or its ``EXTNAME``; the first image of the sky by default.
    stokes : str, optional
        Stokes parameter or correlation, such as ``"I"`` or ``"XX"``; needed where the image has several.
    channel : int, optional
        Spectral channel counted from zero; needed where the image has several.
    fill_value : float
        What stands where the stamp reaches beyond the image.

    Returns
    -------
    Cutout
        The stamp. The position is always in its central pixel; beyond the edge of the image it is filled.

    Raises
    ------
    ImageNotFoundError
        If there is nothing at the path.
    UnreadableImageError
        If it is no image of the sky, or a damaged one.
    AmbiguousPlaneError
        If the image is a cube and its plane was not chosen, or the plane that was chosen is not there.
    BadPositionError
        If a coordinate is not finite, the declination is beyond a pole, or the size is not positive, less than a
        pixel, or larger than the image.
    NoOverlapError
        If no pixel of the stamp is on the image.

    Notes
    -----
    The pixels are those of ``astropy.nddata.Cutout2D(..., mode="partial", fill_value=nan)`` wherever that is right;
    for pixels that are not square it exchanges height and width (https://github.com/astropy/astropy/issues/11362).
    Away from the reference point the size of a pixel changes (0.35 % at 5° in SIN); the stamp keeps its pixels.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import Source, simulate_image
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f"{folder.name}/field.fits"
    >>> truth = simulate_image(path, ra_deg=150.0, dec_deg=30.0, sources=[Source(150.0, 30.0, flux_jy=1.0)], seed=1)
    >>> stamp = create_cutout(path, 150.0, 30.0, size_arcmin=1.0)
    >>> stamp.status, stamp.unit
    ('full', 'Jy/beam')
    >>> bool(abs(stamp.data.max() - 1.0) < 0.01)
    True
    >>> folder.cleanup()
    """
    from dsa110_contimg.qa.stamps.cutting import cut_stamps, make_cutouts, make_request, refuse_off_image

    request = make_request(ra_deg, dec_deg, size_arcmin, hdu=hdu, stokes=stokes, channel=channel, fill_value=fill_value)
    stamps = cut_stamps(os.fspath(image), request)
    refuse_off_image(stamps, request)
    return next(make_cutouts(stamps, request, slice(1), (0, 0)))
