"""FITS files: the HDU that holds an image of the sky, in a plain, gzipped or tile-compressed file."""

from __future__ import annotations

import math
import mmap
import os
from dataclasses import dataclass

from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images.angles import degrees_per_unit
from dsa110_contimg.images.axes import find_axes
from dsa110_contimg.images.beam import make_beam
from dsa110_contimg.images.header import BLOCK, CARD, Header
from dsa110_contimg.images.pixels import MappedPixels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from dsa110_contimg.images.axes import Axes
    from dsa110_contimg.images.beam import Beam, PlaneBeams
    from dsa110_contimg.images.pixels import Pixels
    from dsa110_contimg.images.remote import RemoteFile

    Buffer = mmap.mmap | bytes | RemoteFile

_FIRST = b"SIMPLE  ="
_GZIP = b"\x1f\x8b"
_SIGNATURES = {
    b"\x1f\x9d": "a file compressed by compress (.Z)",
    b"BZh": "a file compressed by bzip2",
    b"\xfd7zXZ": "a file compressed by xz",
    b"PK\x03\x04": "a zip archive",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89HDF": "an HDF5 file",
    b"\xbe\xbe\xbe\xbe": "a file of a CASA table; the image is the folder around it",
}


@dataclass(frozen=True, slots=True, eq=False)
class FitsImage:
    """One image HDU of a FITS file."""

    hdu: int
    """Number of the HDU, counted from zero."""
    header: Header
    """The HDU's cards; for a compressed image, those of the image it holds."""
    axes: Axes
    """Which axes are the sky, and how the others are chosen."""
    pixels: Pixels
    """The pixels."""
    path: str
    """The file, absolute: its beams may be read after the working directory has changed."""
    far: RemoteFile | bytes | None = None
    """The file, or its content, where it is at an address and no path leads to it."""

    def read_plane_beams(self) -> PlaneBeams:
        """Read the table of beams that CASA adds to a cube whose beam changes from plane to plane.

        Returns
        -------
        mapping
            The beams by (channel, Stokes); empty where there is no such table.
        """
        if self.header.get("CASAMBM") is not True:
            return {}
        from astropy.io import fits

        beams: dict[tuple[int, int], Beam] = {}
        with fits.open(_for_astropy(self.path, self.far)) as hdus:
            if "BEAMS" not in hdus:
                return {}
            table = hdus["BEAMS"]
            degrees = [degrees_per_unit(table.columns[name].unit or "deg") for name in ("BMAJ", "BMIN", "BPA")]
            for row in table.data:
                sizes = (float(row[name]) * unit for name, unit in zip(("BMAJ", "BMIN", "BPA"), degrees, strict=True))
                beam = make_beam(*sizes)
                if beam is not None:
                    beams[int(row["CHAN"]), int(row["POL"])] = beam
        return beams


def open_fits(path: str, hdu: int | str | None, remote: RemoteFile | None = None) -> FitsImage:
    """Find the image of the sky in a FITS file.

    Parameters
    ----------
    path : str
        The file; for the errors' messages alone where it is far away.
    hdu : int or str or None
        Number of the HDU counted from zero, or its ``EXTNAME``; None for the first one with two axes of sky.
    remote : RemoteFile, optional
        The file, where it is far away.

    Returns
    -------
    FitsImage
        The image, its pixels not yet read.

    Raises
    ------
    UnreadableImageError
        If the file is empty, not FITS, truncated, damaged, or has no image of the sky (there).
    """
    buffer = _load(path) if remote is None else _load_remote(path, remote)
    far = None if remote is None or isinstance(buffer, mmap.mmap) else buffer
    seen: list[str] = []
    for found in _read_hdus(path, buffer):
        asked = found.answers_to(hdu)
        if asked is False:
            seen.append(found.description)
            continue
        try:
            image = _make_image(path, buffer, found, far)
        except ValueError as error:
            raise UnreadableImageError(f"HDU {found.number} of {path}: {error}.", hint=_DAMAGED) from error
        if isinstance(image, FitsImage):
            return image
        if asked:
            raise UnreadableImageError(
                f"HDU {hdu!r} of {path} was asked for; it is no image of the sky: {image}.",
                hint="Leave hdu out to take the first image that has two axes of sky.",
            )
        seen.append(f"{found.description}: {image}")
    listing = "; ".join(seen)
    if hdu is not None:
        raise UnreadableImageError(
            f"{path} has no HDU {hdu!r}. It has {listing}.", hint="Choose one of these with hdu=."
        )
    raise UnreadableImageError(
        f"{path} holds no image of the sky. It has {listing}.",
        hint="An image needs two axes whose CTYPE are sky coordinates, such as RA---SIN and DEC--SIN.",
    )


_DAMAGED = "The file is damaged, or not written to its end: copy or make it again."


def _load(path: str) -> mmap.mmap | bytes:
    """Map a file, or decompress it to memory where it is gzipped."""
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs 10 ms at start-up
        start = file.read(len(_FIRST))
        if start == _FIRST:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if start[:2] == _GZIP:
            file.seek(0)
            return _decompress(path, file)
    raise _explain_start(path, start)


def _load_remote(path: str, remote: RemoteFile) -> RemoteFile | bytes:
    """Return a file far away, or fetch and decompress the whole of it where it is gzipped."""
    start = remote[: len(_FIRST)]
    if start == _FIRST:
        return remote
    if start[:2] == _GZIP:
        import io

        [whole] = remote.fetch([(0, len(remote))])
        return _decompress(path, io.BytesIO(whole))
    raise _explain_start(path, start)


def _for_astropy(path: str, far: RemoteFile | bytes | None) -> str | BinaryIO:
    """Return what `astropy.io.fits.open` takes."""
    if far is None:
        return path
    if isinstance(far, bytes):
        import io

        return io.BytesIO(far)
    return far.open()


def _explain_start(path: str, start: bytes) -> UnreadableImageError:
    if start == b"":
        return UnreadableImageError(f"{path} is empty (0 bytes).", hint=_DAMAGED)
    kind = next((kind for signature, kind in _SIGNATURES.items() if start.startswith(signature)), "something else")
    return UnreadableImageError(
        f"{path} is no FITS file but {kind} (it begins with {start!r}, not with {_FIRST!r}).",
        hint="Give a FITS image, plain or gzipped, or the folder of a CASA image.",
    )


def _decompress(path: str, file: BinaryIO) -> bytes:
    import gzip
    import zlib

    try:
        with gzip.GzipFile(fileobj=file) as gzipped:
            content = gzipped.read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableImageError(f"{path} cannot be decompressed: {error}.", hint=_DAMAGED) from error
    if not content.startswith(_FIRST):
        raise UnreadableImageError(f"{path} is gzipped, but what it holds is not FITS.", hint="Give a FITS image.")
    return content


@dataclass(frozen=True, slots=True)
class _Hdu:
    number: int
    header: Header
    data_start: int

    @property
    def is_compressed(self) -> bool:
        return self.header.get("ZIMAGE") is True

    @property
    def kind(self) -> str:
        return self.header.string("XTENSION") or "PRIMARY"

    @property
    def lengths(self) -> tuple[int, ...]:
        prefix = "Z" if self.is_compressed else ""
        return tuple(_count(self.header, f"{prefix}NAXIS{i + 1}") for i in range(_count(self.header, f"{prefix}NAXIS")))

    @property
    def data_bytes(self) -> int:
        header = self.header
        stored = [_count(header, f"NAXIS{i + 1}") for i in range(_count(header, "NAXIS"))]
        if not stored:
            return 0
        if stored[0] == 0 and header.get("GROUPS") is True:
            stored = stored[1:]
        elements = _count(header, "GCOUNT", 1) * (_count(header, "PCOUNT", 0) + math.prod(stored))
        return abs(int(header.number("BITPIX", 8))) // 8 * elements

    @property
    def description(self) -> str:
        name = self.header.string("EXTNAME")
        shape = "×".join(str(length) for length in self.lengths) or "no data"
        return f"HDU {self.number} {self.kind}{f' {name!r}' if name else ''} ({shape})"

    def answers_to(self, hdu: int | str | None) -> bool | None:
        """Say whether this HDU was asked for; None where none was asked for by name."""
        if hdu is None:
            return None
        if isinstance(hdu, str):
            return self.header.string("EXTNAME").upper() == hdu.strip().upper()
        return self.number == hdu


def _count(header: Header, keyword: str, default: int = 0) -> int:
    value = header.number(keyword, default)
    if value < 0 or value != int(value):
        raise ValueError(f"{keyword} = {header.get(keyword)!r} is no count")
    return int(value)


def _read_hdus(path: str, buffer: Buffer) -> Iterator[_Hdu]:
    position, number = 0, 0
    while position < len(buffer):
        if number and buffer[position : position + 8] != b"XTENSION":
            return  # what follows the last HDU is none of ours
        text, data_start = _read_header(path, buffer, position, number)
        found = _Hdu(number, Header(text), data_start)
        try:
            data_bytes = found.data_bytes
        except ValueError as error:
            raise UnreadableImageError(f"HDU {number} of {path}: {error}.", hint=_DAMAGED) from error
        if data_start + data_bytes > len(buffer):
            raise UnreadableImageError(
                f"{path} is truncated: HDU {number} needs {data_start + data_bytes} bytes, the file has {len(buffer)}.",
                hint=_DAMAGED,
            )
        yield found
        position = data_start + -(-data_bytes // BLOCK) * BLOCK
        number += 1


def _read_header(path: str, buffer: Buffer, start: int, number: int) -> tuple[str, int]:
    for position in range(start, len(buffer), BLOCK):
        block = buffer[position : position + BLOCK]
        for card in range(0, BLOCK, CARD):
            if block[card : card + CARD].rstrip() == b"END":
                return buffer[start : position + card].decode("latin-1"), position + BLOCK
    raise UnreadableImageError(f"{path} is truncated: the header of HDU {number} has no END.", hint=_DAMAGED)


def _make_image(path: str, buffer: Buffer, found: _Hdu, far: RemoteFile | bytes | None) -> FitsImage | str:
    """Return the image that an HDU holds, or why it holds none."""
    if found.kind not in {"PRIMARY", "IMAGE"} and not found.is_compressed:
        return "no image"
    if math.prod(found.lengths) == 0 or len(found.lengths) < 2 or found.header.get("GROUPS") is True:
        return "no pixels"
    axes = find_axes(found.header, found.lengths)
    if axes is None:
        return "no two axes of sky"
    # pathlib costs 10 ms at start-up
    absolute = os.path.abspath(path) if far is None else path  # noqa: PTH100
    if not found.is_compressed:
        return FitsImage(found.number, found.header, axes, _make_pixels(buffer, found), absolute, far)
    from dsa110_contimg.images.compressed import CompressedPixels, check_tiles

    table_bytes = _count(found.header, "NAXIS1") * _count(found.header, "NAXIS2")
    check_tiles(path, found.header, buffer[found.data_start : found.data_start + table_bytes], 0)
    compressed = CompressedPixels(path, found.number, _for_astropy(path, far))
    return FitsImage(found.number, compressed.header, axes, compressed, absolute, far)


def _make_pixels(buffer: Buffer, found: _Hdu) -> Pixels:
    if isinstance(buffer, (mmap.mmap, bytes)):
        return MappedPixels(buffer, found.data_start, found.lengths, found.header)
    from dsa110_contimg.images.remote_pixels import RemotePixels

    return RemotePixels(buffer, found.data_start, found.lengths, found.header)
