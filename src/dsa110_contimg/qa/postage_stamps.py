"""Stamps: small images cut around positions on the sky.

Importing this module loads no numpy, which would start threads: what it needs is imported in its functions.
"""

from __future__ import annotations

import math
import os

from dsa110_contimg.qa.stamps.cutout import Cutout as Cutout  # noqa: TC001 - people import it from here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from os import PathLike
    from typing import Any, Literal

    from numpy.typing import ArrayLike

    from dsa110_contimg.qa.stamps.inputs import Images, Positions
    from dsa110_contimg.qa.stamps.stack import CutoutStack


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
    return next(make_cutouts(stamps, request, stamps.parent.size_pixels))


def create_cutouts(
    images: Images,
    ra_deg: Positions,
    dec_deg: ArrayLike | None = None,
    size_arcmin: float = 2.0,
    *,
    names: Sequence[str] | None = None,
    hdu: int | str | None = None,
    stokes: str | None = None,
    channel: int | None = None,
    out: str | PathLike[str] | None = None,
    threads: int | None = None,
    progress: Callable[[Sequence[int]], Iterable[int]] | None = None,
    on_error: Literal["mark", "raise"] = "mark",
    client: Any = None,
) -> CutoutStack:
    """Cut a stamp around every source in every image.

    Parameters
    ----------
    images : path-like, iterable of path-like, or table
        A path, a pattern such as ``"night/*.fits"``, a list of these, or a table of astropy or pandas with a column
        ``image`` and perhaps ``mjd``, which then counts more than the header's date.
    ra_deg : array_like, shape (n_sources,), or SkyCoord, table, path-like
        Right ascensions in ICRS, in degrees; or, without `dec_deg`, a SkyCoord, or a catalogue: a table, or its path.
    dec_deg : array_like, shape (n_sources,), optional
        Declinations in ICRS, in degrees.
    size_arcmin : float
        Length of a side in arcminutes; pixels are counted as in `create_cutout`.
    names : sequence of str, optional
        Names of the sources; those of the catalogue, or made from the positions, by default.
    hdu, stokes, channel : optional
        Which image of a file and which plane of a cube, as in `create_cutout`.
    out : path-like, optional
        A ``.npy`` file or a ``.zarr`` store to put the pixels in, for stacks larger than memory.
    threads : int, optional
        How many images are cut at once; one for each processor by default.
    progress : callable, optional
        Wraps the sequence of images, as ``tqdm.tqdm`` does.
    on_error : {"mark", "raise"}
        Whether a stamp that is off its image, or whose image cannot be read, gets that status, or raises the error
        that `create_cutout` raises.
    client : distributed.Client, optional
        A dask cluster to spread the images over. Its workers must see the images under the same paths.

    Returns
    -------
    CutoutStack
        Pixels of shape (n_images, n_sources, ny, nx), and the status of each stamp.

    Raises
    ------
    ImageNotFoundError
        If no image was given, or a pattern fits none.
    MixedScalesError
        If images have pixels of different size: see `split_by_scale`.
    BadPositionError
        If a coordinate is not finite, a declination is beyond a pole, or the size is not positive.
    CatalogueError
        If the catalogue is not there or has no positions.
    UnwritableOutputError, OutputExistsError
        If `out` cannot be written.
    ImageError
        If not a single image can be read: what is wrong with the first one.

    Notes
    -----
    Each stamp has the pixels that `create_cutout` gives, bit for bit; pixels of 64 bits are rounded to float32.
    Beyond the result, memory is bounded by two blocks of 128 MiB a thread, whatever the number of sources and images;
    with `out` the result is on disk. A tile of a compressed image is decoded once for all sources of a block.

    A file that changes, shrinks or is removed while it is read is marked unreadable, and `CutoutStack.errors` says why.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_epochs
    >>> folder = tempfile.TemporaryDirectory()
    >>> field = simulate_epochs(folder.name, n_epochs=3, n_sources=4, n_variables=1, shape=(200, 200))
    >>> stack = create_cutouts(f"{folder.name}/epoch_*.fits", field.catalogue, size_arcmin=1.0)
    >>> stack
    <CutoutStack 3 images × 4 sources, 24×24 px (12 full)>
    >>> stack[2, 0].mjd - stack[1, 0].mjd
    3.0
    >>> folder.cleanup()
    """
    from dsa110_contimg.qa.stamps.cutting import make_request
    from dsa110_contimg.qa.stamps.inputs import list_images, list_sources
    from dsa110_contimg.qa.stamps.runners import choose_runner
    from dsa110_contimg.qa.stamps.stacking import stack_cutouts

    sources = list_sources(ra_deg, dec_deg, names)
    return stack_cutouts(
        list_images(images),
        make_request(sources.ra_deg, sources.dec_deg, size_arcmin, hdu=hdu, stokes=stokes, channel=channel),
        sources.names,
        out=out,
        runner=choose_runner(threads, client),
        progress=progress or iter,
        must_succeed=_must_succeed(on_error),
    )


def iter_cutouts(
    images: Images,
    ra_deg: Positions,
    dec_deg: ArrayLike | None = None,
    size_arcmin: float = 2.0,
    *,
    hdu: int | str | None = None,
    stokes: str | None = None,
    channel: int | None = None,
    threads: int | None = None,
    on_error: Literal["mark", "raise"] = "mark",
    client: Any = None,
) -> Iterator[Cutout]:
    """Cut a stamp around every source in every image, one after the other, in bounded memory.

    Parameters
    ----------
    images : path-like, iterable of path-like, or table
        As in `create_cutouts`; they may have pixels of different size.
    ra_deg : array_like, shape (n_sources,), or SkyCoord, table, path-like
        Right ascensions in degrees, or what has both coordinates.
    dec_deg : array_like, shape (n_sources,), optional
        Declinations in degrees.
    size_arcmin : float
        Length of a side in arcminutes.
    hdu, stokes, channel : optional
        Which image of a file and which plane of a cube.
    threads : int, optional
        How many images are cut at once.
    on_error : {"mark", "raise"}
        What becomes of a stamp that is off its image, or whose image cannot be read.
    client : distributed.Client, optional
        A dask cluster to spread the images over.

    Returns
    -------
    iterator of Cutout
        Image by image, and in each image in the order of the sources.

    Raises
    ------
    ContimgError
        As `create_cutouts` does; with ``on_error="mark"`` no image that cannot be read raises anything.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_epochs
    >>> folder = tempfile.TemporaryDirectory()
    >>> field = simulate_epochs(folder.name, n_epochs=2, n_sources=3, n_variables=0, shape=(200, 200))
    >>> [stamp.status for stamp in iter_cutouts(field.images, field.catalogue, size_arcmin=1.0)]
    ['full', 'full', 'full', 'full', 'full', 'full']
    >>> folder.cleanup()
    """
    from dsa110_contimg.qa.stamps.cutting import make_request
    from dsa110_contimg.qa.stamps.inputs import list_images, list_sources
    from dsa110_contimg.qa.stamps.runners import choose_runner
    from dsa110_contimg.qa.stamps.stacking import stream_cutouts

    sources = list_sources(ra_deg, dec_deg, None)
    request = make_request(sources.ra_deg, sources.dec_deg, size_arcmin, hdu=hdu, stokes=stokes, channel=channel)
    runner, must_succeed = choose_runner(threads, client), _must_succeed(on_error)
    return stream_cutouts(list_images(images), request, runner=runner, must_succeed=must_succeed)


def split_by_scale(
    images: Images, size_arcmin: float = 2.0, *, hdu: int | str | None = None
) -> tuple[tuple[str, ...], ...]:
    """Group images whose stamps have as many pixels, so that each group fits into one `CutoutStack`.

    Parameters
    ----------
    images : path-like, iterable of path-like, or table
        As in `create_cutouts`.
    size_arcmin : float
        Length of a side in arcminutes.
    hdu : int or str, optional
        Which image of each file.

    Returns
    -------
    tuple of tuple of str
        Paths, in their order. Images that cannot be opened stand in the first group.

    Raises
    ------
    ImageNotFoundError
        If no image was given, or a pattern fits none.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_image
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name, pixel_arcsec in (("a", 2.0), ("b", 3.0), ("c", 2.0)):
    ...     truth = simulate_image(f"{folder.name}/{name}.fits", shape=(100, 100), pixel_arcsec=pixel_arcsec)
    >>> [[path[-6:] for path in group] for group in split_by_scale(f"{folder.name}/*.fits")]
    [['a.fits', 'c.fits'], ['b.fits']]
    >>> folder.cleanup()
    """
    from dsa110_contimg.qa.stamps.inputs import list_images
    from dsa110_contimg.qa.stamps.stacking import group_images

    return group_images(list_images(images).paths, size_arcmin, hdu)


def _must_succeed(on_error: str) -> bool:
    if on_error not in {"mark", "raise"}:
        raise ValueError(f'on_error={on_error!r} was asked for; give "mark" or "raise".')
    return on_error == "raise"
