"""Opening an image: from a file, a folder or an address, and keeping the last ones open."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict

from dsa110_contimg.errors import ImageNotFoundError, UnreadableImageError
from dsa110_contimg.images.fits_files import open_fits
from dsa110_contimg.images.radio_images import RadioImage, identity_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

    from dsa110_contimg.images.radio_images import Identity
    from dsa110_contimg.images.servers import Version

_HELD_BYTES = 256 * 1024**2
_OPEN_IMAGES = 64

_opened: OrderedDict[tuple[str, int | str | None], tuple[Identity | Version, RadioImage]] = OrderedDict()
_opening = threading.Lock()


def open_image(path: str | PathLike[str], hdu: int | str | None = None) -> RadioImage:
    """Open an image of the sky.

    Parameters
    ----------
    path : path-like
        A FITS file (plain, gzipped or tile-compressed) or the folder of a CASA image; the address of a FITS file
        that begins with ``https://``, ``http://`` or ``s3://``.
    hdu : int or str, optional
        Number of the HDU counted from zero, or its ``EXTNAME``; the first image of the sky by default.

    Returns
    -------
    RadioImage
        The image. Its pixels are read when they are asked for.

    Raises
    ------
    ImageNotFoundError
        If there is nothing at the path.
    UnreadableImageError
        If it is no image of the sky, or a damaged one, or its server sends none.
    MissingDependencyError
        If an address is given, and the extra ``remote`` is not installed.

    Notes
    -----
    The last 64 FITS files stay open, gzipped ones up to 256 MiB of pixels together; a file that was written anew in
    the meantime is opened anew.
    """
    name = os.fspath(path)
    if "://" in name:
        return _open_address(name, hdu)
    try:
        status = os.stat(name)  # noqa: PTH116 - pathlib costs 10 ms at start-up
        if stat.S_ISDIR(status.st_mode):
            return _open_folder(name, hdu)
        if stat.S_ISFIFO(status.st_mode):  # to open one would wait for its writer, for ever if there is none
            raise UnreadableImageError(
                f"{name} is a pipe, which has no pixels to go back to.", hint="Write the image to a file first."
            )
        key = identity_of(status)
        absolute = os.path.abspath(name)  # noqa: PTH100
        with _opening:
            kept = _opened.get((absolute, hdu))
            if kept is not None and kept[0] == key:
                _opened.move_to_end((absolute, hdu))
                return kept[1]
        image = RadioImage(name, open_fits(name, hdu), key)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageNotFoundError(f"There is no image at {name}.", hint="Check the path.") from error
    except PermissionError as error:
        raise UnreadableImageError(
            f"{name} may not be read: {error.strerror}.", hint="Change its permissions."
        ) from error
    except OSError as error:  # such as a socket, a link to itself, a disk that fails
        raise UnreadableImageError(f"{name} cannot be read: {error.strerror}.", hint="Check the path.") from error
    _keep((absolute, hdu), key, image)
    return image


def _open_address(address: str, hdu: int | str | None) -> RadioImage:
    from dsa110_contimg.images.remote import RemoteFile, is_current

    with _opening:
        kept = _opened.get((address, hdu))
    if kept is not None and is_current(address, kept[0]):
        return kept[1]
    file = RemoteFile(address)
    image = RadioImage(file.name, open_fits(file.name, hdu, file))  # no identity: every answer is checked
    _keep((address, hdu), file.version, image)
    return image


def _keep(place: tuple[str, int | str | None], identity: Identity | Version, image: RadioImage) -> None:
    with _opening:
        _opened[place] = identity, image
        _opened.move_to_end(place)
        while len(_opened) > _OPEN_IMAGES or sum(kept.held_bytes for _, kept in _opened.values()) > _HELD_BYTES:
            _opened.popitem(last=False)


def _open_folder(path: str, hdu: int | str | None) -> RadioImage:
    from dsa110_contimg.images.casa_images import open_casa_image

    if hdu is not None:
        raise UnreadableImageError(
            f"HDU {hdu!r} was asked for; {path} is a folder.", hint="Leave hdu out for CASA images."
        )
    return RadioImage(path, open_casa_image(path))
