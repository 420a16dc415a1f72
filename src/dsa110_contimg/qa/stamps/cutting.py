"""The one way in which stamps are cut: the sources of a request out of one image, whether there is one or a million."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dsa110_contimg.errors import BadPositionError, ContimgError, NoOverlapError, UnreadableImageError
from dsa110_contimg.images.gathering import OFF_IMAGE, STATUSES, UNREADABLE
from dsa110_contimg.images.opening import open_image
from dsa110_contimg.images.windows import count_pixels, find_origins
from dsa110_contimg.qa.notation import list_names
from dsa110_contimg.qa.stamps.cutout import Cutout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.images.celestial import Celestial
    from dsa110_contimg.images.header import Value
    from dsa110_contimg.images.radio_images import RadioImage

    Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class Request:
    """What is cut out of every image: the positions, and how."""

    ra_deg: NDArray[np.float64]
    """Right ascensions in ICRS, in degrees, shape (n,)."""
    dec_deg: NDArray[np.float64]
    """Declinations in ICRS, in degrees, shape (n,)."""
    size_arcmin: float
    """Length of a side in arcminutes."""
    hdu: int | str | None = None
    """The HDU of each image; the first image of the sky by default."""
    stokes: str | None = None
    """The Stokes parameter, where an image has several."""
    channel: int | None = None
    """The spectral channel, where an image has several."""
    fill_value: float = math.nan
    """What stands beyond the edge of an image."""


def make_request(ra_deg: ArrayLike, dec_deg: ArrayLike, size_arcmin: float, **how: Any) -> Request:
    """Check positions and size.

    Parameters
    ----------
    ra_deg, dec_deg : array_like, shape (n,)
        Positions in ICRS, in degrees.
    size_arcmin : float
        Length of a side in arcminutes.
    **how
        The other fields of `Request`.

    Returns
    -------
    Request
        What to cut.

    Raises
    ------
    BadPositionError
        If a coordinate is not finite, a declination is beyond a pole, or the size is not positive.
    """
    ra, dec = check_positions(ra_deg, dec_deg)
    if not (math.isfinite(size_arcmin) and size_arcmin > 0):
        raise BadPositionError(f"A size of {size_arcmin} arcmin was asked for.", hint="Give a size above zero.")
    return Request(ra, dec, float(size_arcmin), **how)


def check_positions(ra_deg: ArrayLike, dec_deg: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return right ascensions and declinations in degrees, shape (n,); BadPositionError as of `make_request`."""
    ra, dec = (np.atleast_1d(np.asarray(degrees, np.float64)) for degrees in (ra_deg, dec_deg))
    if ra.shape != dec.shape or ra.ndim != 1:
        raise BadPositionError(
            f"The right ascensions have the shape {ra.shape}, the declinations {dec.shape}.",
            hint="Give one of each for every source.",
        )
    wrong = ~(np.isfinite(ra) & np.isfinite(dec))
    if wrong.any():
        raise BadPositionError(f"{_name_worst(wrong, ra, dec)} is no position.", hint="Give finite degrees.")
    wrong = np.abs(dec) > 90
    if wrong.any():
        raise BadPositionError(
            f"{_name_worst(wrong, ra, dec)} is beyond the pole.",
            hint="Give degrees from -90 to 90; were RA and Dec exchanged?",
        )
    return ra, dec


def _name_worst(wrong: NDArray[np.bool_], ra: NDArray[np.float64], dec: NDArray[np.float64]) -> str:
    first, *others = np.flatnonzero(wrong).tolist()
    told = f"RA {ra[first]:g}, Dec {dec[first]:g}"
    if wrong.size == 1:
        return told
    more = list_names([str(k) for k in others])
    return f"{told} (source {first}, counted from 0{f'; also {more}' if more else ''})"


@dataclass(frozen=True, eq=False, slots=True)
class Parent:
    """What all stamps of one image have in common."""

    image: str
    """Its path, as it was given."""
    plane: Mapping[str, int | str]
    """Which plane it is, in words."""
    unit: str | None
    """Unit of the pixels."""
    beam: Beam | None
    """Beam of the plane."""
    mjd: float | None
    """Start of the observation as a Modified Julian Date in days."""
    header: Mapping[str, Value]
    """The image's cards."""
    celestial: Celestial | None
    """The image's sky coordinates; None where it is unreadable."""
    size_pixels: tuple[int, int]
    """Shape (ny, nx) of the image."""
    error: ContimgError | None = None
    """Why it is unreadable."""


@dataclass(frozen=True, eq=False, slots=True)
class Stamps:
    """Stamps cut out of one image."""

    parent: Parent
    """The image."""
    data: Floats | None
    """Pixels, shape (n, ny, nx); None where the image is unreadable."""
    statuses: NDArray[np.uint8]
    """Status of each stamp, shape (n,), as a number in `gathering.STATUSES`."""
    origins: NDArray[np.int64]
    """Row and column (y0, x0) of the image that became pixel (0, 0), shape (n, 2)."""
    targets: NDArray[np.float64]
    """Where in the stamp the position is (y, x), shape (n, 2); NaN where the projection does not reach."""


def cut_stamps(image: str, request: Request, out: Floats | None = None) -> Stamps:
    """Cut the sources of a request out of one image.

    Parameters
    ----------
    image : str
        Path or address of the image.
    request : Request
        What to cut.
    out : numpy.ndarray, shape (n, ny, nx), optional
        Where to put the pixels; an array of the image's own type by default.

    Returns
    -------
    Stamps
        The stamps.

    Raises
    ------
    ImageError
        If the image is not there, cannot be read, has no such plane, is smaller than a stamp, or gives stamps of
        another shape than the place that was made for them.
    """
    opened, plane, shape = open_plane(image, request)
    positions = opened.find_pixels(request.ra_deg, request.dec_deg)
    origins = find_origins(positions, shape)
    if out is None:
        out = np.empty((len(origins), *shape), opened.dtype)
    elif out.shape != (len(origins), *shape):
        raise UnreadableImageError(
            f"{name_image(image)} changed while it was read: its stamps had {out.shape[1]}×{out.shape[2]} pixels, "
            f"and have {shape[0]}×{shape[1]} now.",
            hint="Start again once it is complete.",
        )
    statuses = opened.gather(plane, origins, out, request.fill_value)
    parent = Parent(
        name_image(image),
        opened.axes.describe_plane(plane),
        opened.unit,
        opened.find_beam(plane),
        opened.mjd,
        opened.header,
        opened.celestial,
        opened.shape,
    )
    return Stamps(parent, out, statuses, origins, positions - origins)


def try_cutting(image: str, request: Request, out: Floats | None = None) -> Stamps:
    """Cut stamps as `cut_stamps` does, or mark them where the image is unreadable: errors are part of the answer."""
    try:
        return cut_stamps(image, request, out)
    except ContimgError as error:
        return mark_unreadable(image, request.ra_deg.size, error)


def open_plane(image: str, request: Request) -> tuple[RadioImage, tuple[int, ...], tuple[int, int]]:
    """Open an image, choose its plane, and count the pixels (ny, nx) of a stamp; errors as `cut_stamps`."""
    opened = open_image(image, request.hdu)
    plane = opened.axes.choose_plane(opened.path, stokes=request.stokes, channel=request.channel)
    return opened, plane, count_pixels(opened, request.size_arcmin)


def mark_unreadable(image: str, n: int, error: ContimgError) -> Stamps:
    """Make the stamps of an image that could not be read."""
    parent = Parent(name_image(image), {}, None, None, None, {}, None, (0, 0), error)
    statuses, origins = np.full(n, UNREADABLE, np.uint8), np.zeros((n, 2), np.int64)
    return Stamps(parent, None, statuses, origins, np.full((n, 2), np.nan))


def name_image(image: str) -> str:
    """Return the name of an image that anybody may see: an address without its password and signature."""
    if "://" not in image:
        return image
    from dsa110_contimg.images.remote import split_address

    return split_address(image)[1]


def make_cutout(
    parent: Parent,
    data: Floats,
    status: int,
    origin: tuple[int, int],
    target: tuple[float, float],
    position: tuple[float, float],
    size_arcmin: float,
) -> Cutout:
    """Make the stamp of one source from its part of the arrays of many.

    Parameters
    ----------
    parent : Parent
        The image.
    data : numpy.ndarray, shape (ny, nx)
        The pixels; made read-only.
    status : int
        A number in `gathering.STATUSES`.
    origin, target : tuple
        As in `Cutout`.
    position : tuple of float
        Right ascension and declination in degrees.
    size_arcmin : float
        As it was asked for.

    Returns
    -------
    Cutout
        The stamp.
    """
    data.flags.writeable = False
    return Cutout(
        data=data,
        ra_deg=position[0],
        dec_deg=position[1],
        size_arcmin=size_arcmin,
        image=parent.image,
        plane=parent.plane,
        origin=origin,
        target=target,
        unit=parent.unit,
        beam=parent.beam,
        mjd=parent.mjd,
        status=STATUSES[status],
        header=parent.header,
        parent_celestial=parent.celestial,
        error=parent.error,
    )


def make_cutouts(stamps: Stamps, request: Request, shape: tuple[int, int]) -> Iterator[Cutout]:
    """Make the stamps of one image one after the other; where it is unreadable, blank ones of the shape (ny, nx)."""
    positions = zip(request.ra_deg.tolist(), request.dec_deg.tolist(), strict=True)
    places = zip(stamps.origins.tolist(), stamps.targets.tolist(), positions, strict=True)
    for k, (origin, target, position) in enumerate(places):
        # An array of its own, so that one stamp does not keep all the others in memory.
        data = np.full(shape, np.nan, np.float32) if stamps.data is None else stamps.data[k].copy()
        status = int(stamps.statuses[k])
        yield make_cutout(stamps.parent, data, status, tuple(origin), tuple(target), position, request.size_arcmin)


def refuse_off_image(stamps: Stamps, request: Request) -> None:
    """Raise NoOverlapError for the first stamp that is not on its image."""
    missed = np.flatnonzero(stamps.statuses == OFF_IMAGE)
    if not missed.size:
        return
    k = int(missed[0])
    ra, dec = float(request.ra_deg[k]), float(request.dec_deg[k])
    y, x = (stamps.targets[k] + stamps.origins[k]).tolist()
    check = "Check the position (ICRS, degrees) and whether this image covers that field."
    if math.isnan(y) or math.isnan(x):
        raise NoOverlapError(
            f"RA {ra:g}°, Dec {dec:g}° is on the far side of the sky from {stamps.parent.image}.", hint=check
        )
    ny, nx = stamps.parent.size_pixels
    raise NoOverlapError(
        f"RA {ra:g}°, Dec {dec:g}° falls on pixel (y, x) = ({y:.1f}, {x:.1f}) of {stamps.parent.image}, "
        f"which has {ny}×{nx} pixels.",
        hint=check,
    )
