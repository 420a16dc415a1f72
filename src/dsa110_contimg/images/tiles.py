"""The table behind a tile-compressed FITS image, and its tiles where they are Rice-coded: decoded by the helper."""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dsa110_contimg.images.blocks import Block
from dsa110_contimg.images.native import helper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.images.blocks import Windows
    from dsa110_contimg.images.header import Header
    from dsa110_contimg.images.pixels import Plane

    ReadBytes = Callable[[int, int], bytes]
    """Returns the bytes from one position of the file to another; an EOFError where it has become shorter."""

_FORM = re.compile(r"(?P<repeat>\d*)(?P<kind>[LXBIJKAEDCMPQ])(?P<element>(?<=[PQ])[LBIJKAEDCM])?")
_BYTES = {"L": 1, "X": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}
_TYPES = {"B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
CELLS = ("COMPRESSED_DATA", "GZIP_COMPRESSED_DATA", "UNCOMPRESSED_DATA")
"""Columns that hold tiles."""
_DITHERS = {"NO_DITHER": 0, "SUBTRACTIVE_DITHER_1": 1, "SUBTRACTIVE_DITHER_2": 2}
_PIXELS = {8: "u1", 16: "i2", 32: "i4", -32: "f4", -64: "f8"}
_WITH_GZIP_HEADER = 31


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a FITS table."""

    name: str
    """Its name (``TTYPE``)."""
    kind: str
    """Letter of its type; P and Q are descriptors of what lies in the heap."""
    element: str | None
    """Letter of what a descriptor points to."""
    position: int
    """Its first byte in a row."""
    size: int
    """Number of bytes in a row."""

    def read(self, table: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the values of all rows; of descriptors (n, 2), the length and the offset."""
        stored = np.ascontiguousarray(table[:, self.position : self.position + self.size])
        if self.element:
            return stored.view(">i4" if self.kind == "P" else ">i8").astype(np.int64)
        return stored.view(_TYPES[self.kind])[:, 0].astype(np.float64 if self.kind in "ED" else np.int64)

    @property
    def element_bytes(self) -> int:
        """Size of what a descriptor counts."""
        return _BYTES[self.element or self.kind]


def read_fields(header: Header) -> list[Field]:
    """Read the columns of a FITS table; a ValueError where a format is none."""
    fields, position = [], 0
    for number in range(1, int(header.number("TFIELDS", 0)) + 1):
        form = _FORM.match(header.string(f"TFORM{number}"))
        if form is None:
            raise ValueError(f"TFORM{number} = {header.get(f'TFORM{number}')!r} is no format")
        repeat = int(form["repeat"] or 1)
        size = -(-repeat // 8) if form["kind"] == "X" else repeat * _BYTES[form["kind"]]
        fields.append(Field(header.string(f"TTYPE{number}"), form["kind"], form["element"], position, size))
        position += size
    return fields


@dataclass(frozen=True, slots=True)
class Tiling:
    """How an image is divided into tiles; axes in numpy order (the slowest first)."""

    shape: tuple[int, ...]
    """Number of pixels along each axis."""
    tile: tuple[int, ...]
    """Number of pixels of a tile along each axis; the last one may be cut short."""

    @classmethod
    def from_header(cls, header: Header) -> Tiling:
        """Read it from the cards of the table; a ValueError where tiles have no length or are missing."""
        axes = range(int(header.number("ZNAXIS", 0)), 0, -1)
        shape = tuple(int(header.number(f"ZNAXIS{axis}", 0)) for axis in axes)
        given = (int(header.number(f"ZTILE{axis}", shape[-1] if axis == 1 else 1)) for axis in axes)
        tile = tuple(min(length, side) for length, side in zip(shape, given, strict=True))
        if not tile or min(tile) < 1:
            raise ValueError(f"an image of {shape} pixels cannot have tiles of {tile}")
        tiling = cls(shape, tile)
        if math.prod(tiling.counts) > header.number("NAXIS2", 0):
            raise ValueError(f"the image has {math.prod(tiling.counts)} tiles, and its table fewer rows")
        return tiling

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of tiles along each axis."""
        return tuple(-(-length // side) for length, side in zip(self.shape, self.tile, strict=True))

    def on(self, plane: Plane) -> tuple[int, int]:
        """Return the number of rows and columns (ny, nx) of a tile on a plane."""
        return self.tile[plane.row_axis], self.tile[plane.column_axis]


@dataclass(frozen=True, slots=True)
class RiceFormat:
    """What Rice-coded pixels are, and how they become those of the image."""

    bytepix: int
    """Bytes of a coded integer: 1, 2 or 4."""
    block: int
    """Pixels that share one parameter of the code."""
    bitpix: int
    """Type of the image's pixels, as FITS names it; of floats, the codes are quantised ones."""
    dither: int
    """How floats were dithered: 0 not, else the method."""
    seed: int
    """Where the dither begins (``ZDITHER0``)."""
    scale: float
    """``BSCALE`` of the image."""
    zero: float
    """``BZERO`` of the image."""
    blank: int | None
    """``BLANK`` of the image."""


class RiceTiles:
    """The tiles of a Rice-coded image.

    Parameters
    ----------
    header : Header
        The cards of the table that holds the tiles.
    tiling : Tiling
        How they divide the image.
    how : RiceFormat
        What the tiles are.
    read_bytes : callable
        Reads bytes of the file.
    data_start : int
        Where the table begins.
    dtype : numpy.dtype
        Type of the pixels to give: float32 or float64.
    """

    def __init__(
        self,
        header: Header,
        tiling: Tiling,
        how: RiceFormat,
        read_bytes: ReadBytes,
        data_start: int,
        dtype: np.dtype[Any],
    ) -> None:
        self._tiling, self._how, self._read_bytes, self._dtype = tiling, how, read_bytes, dtype
        self._counts = tiling.counts
        self._n_rows, self._width = int(header.number("NAXIS2", 0)), int(header.number("NAXIS1", 0))
        self._start = data_start
        self._heap = data_start + int(header.number("THEAP", self._n_rows * self._width))
        self._fields = {
            field.name: field for field in read_fields(header) if field.name in {*CELLS, "ZSCALE", "ZZERO", "ZBLANK"}
        }
        self._blank = header.number("ZBLANK", how.blank)
        self._helper: Any = helper

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        stored = self._read_bytes(self._start, self._start + self._n_rows * self._width)
        table = np.frombuffer(stored, np.uint8).reshape(self._n_rows, self._width)
        return {name: field.read(table) for name, field in self._fields.items()}

    def read(self, plane: Plane, windows: Windows) -> Iterator[Block]:
        """Decode each tile that the windows touch, up to the last pixel that they need of it."""
        tile, shape = self._tiling.on(plane), plane.shape
        scratch = [np.empty(math.prod(self._tiling.tile), kind) for kind in (f"i{self._how.bytepix}", self._dtype)]
        for ty, tx in np.argwhere(windows.find_needed(shape, tile)).tolist():
            rows = slice(ty * tile[0], min((ty + 1) * tile[0], shape[0]))
            columns = slice(tx * tile[1], min((tx + 1) * tile[1], shape[1]))
            rows, columns = windows.find_bounds(rows, columns)
            yield Block(rows.start, columns.start, self._read_part(plane, rows, columns, *scratch))

    def _read_part(
        self, plane: Plane, rows: slice, columns: slice, codes: NDArray[Any], floats: NDArray[Any]
    ) -> NDArray[Any]:
        """Return a rectangle of one tile; a view of the floats."""
        index = list(plane.select(rows, columns))
        number, size, begin, end = 0, 1, 0, 0
        lengths, inside = [], []
        for at, length, side, count in zip(index, self._tiling.shape, self._tiling.tile, self._counts, strict=True):
            first, last = (at.start, at.stop - 1) if isinstance(at, slice) else (at, at)
            tile = first // side
            here = min(side, length - tile * side)
            number, size = number * count + tile, size * here
            begin, end = begin * here + first - tile * side, end * here + last - tile * side
            lengths.append(here)
            part = slice(first - tile * side, last + 1 - tile * side)
            inside.append(part if isinstance(at, slice) else part.start)
        self._decode(number, (begin, end + 1), codes[:size], floats[:size])
        return plane.turn(floats[:size].reshape(lengths)[tuple(inside)])

    def _decode(self, number: int, part: tuple[int, int], codes: NDArray[Any], floats: NDArray[Any]) -> None:
        """Decode pixels of a tile, from one to another; the rest of the floats is not touched."""
        how, pixels = self._how, floats[slice(*part)]
        coded = self._read_cell("COMPRESSED_DATA", number)
        if coded:
            self._helper.decode_rice(coded, how.bytepix, how.block, part[1], codes)
        if coded and how.bitpix < 0:
            is_double = floats.dtype == np.float64
            self._helper.dequantise(codes, *part, self._find_quantisation(number), floats, is_double)
        else:
            stored = codes.view(_PIXELS[how.bitpix]) if coded else self._read_plain(number, len(floats))
            pixels[:] = stored[slice(*part)]
        if how.scale != 1.0:
            pixels *= how.scale
        if how.zero != 0.0:
            pixels += how.zero
        if how.bitpix > 0 and how.blank is not None:
            pixels[stored[slice(*part)] == how.blank] = math.nan

    def _find_quantisation(self, number: int) -> tuple[float, float, bool, int, int, int]:
        """Return scale, zero, whether there is a blank, the blank, the dither and the seed of a tile."""
        columns, how = self._columns, self._how
        blank = columns["ZBLANK"][number] if "ZBLANK" in columns else self._blank
        seed = number + how.seed - 1 if how.dither else 0
        scale, zero = float(columns["ZSCALE"][number]), float(columns["ZZERO"][number])
        return scale, zero, blank is not None, int(blank or 0), how.dither, seed

    def _read_cell(self, name: str, number: int) -> bytes:
        if name not in self._columns:
            return b""
        length, offset = self._columns[name][number].tolist()
        start = self._heap + offset
        return self._read_bytes(start, start + length * self._fields[name].element_bytes) if length else b""

    def _read_plain(self, number: int, size: int) -> NDArray[Any]:
        """Return the pixels of a tile that could not be coded."""
        packed = self._read_cell("GZIP_COMPRESSED_DATA", number)
        if packed:
            plain = zlib.decompressobj(_WITH_GZIP_HEADER).decompress(packed, size * 8 + 1)
            kind = f">{'f' if self._how.bitpix < 0 else 'i'}{max(len(plain) // size, 1)}"
        else:
            plain = self._read_cell("UNCOMPRESSED_DATA", number)
            kind = _TYPES[self._fields["UNCOMPRESSED_DATA"].element or "B"] if plain else "u1"
        kind = "u1" if kind == ">i1" else kind
        return np.frombuffer(plain, kind).reshape(size)


def find_rice_format(header: Header, image: Header) -> RiceFormat | None:
    """Say how the tiles are Rice-coded; None where they are not, or in a way that the helper does not know.

    Parameters
    ----------
    header : Header
        The cards of the table.
    image : Header
        The cards of the image.
    """
    if helper is None or header.string("ZCMPTYPE") not in {"RICE_1", "RICE_ONE"}:
        return None
    given = {header.string(f"ZNAME{i}").upper(): f"ZVAL{i}" for i in range(1, 10) if f"ZNAME{i}" in header}
    bytepix = int(header.number(given.get("BYTEPIX", ""), 4))
    block = int(header.number(given.get("BLOCKSIZE", ""), 32))
    bitpix, dither = int(header.number("ZBITPIX", 0)), header.string("ZQUANTIZ") or "NO_DITHER"
    fields = {field.name: field for field in read_fields(header)}
    scale, zero = image.number("BSCALE", 1.0), image.number("BZERO", 0.0)
    seed, blank = int(header.number("ZDITHER0", 0)), image.number("BLANK")
    if bitpix > 0:
        # astropy leaves blanks of unsigned integers, and those that are zero, as they are.
        is_odd = blank is not None and (blank == 0 or (scale == 1.0 and zero == 2.0 ** (bitpix - 1)))
        is_known = bytepix * 8 == bitpix and not {"ZSCALE", "ZBLANK"} & set(fields) and not is_odd
        dither = "NO_DITHER"
    else:
        is_known = bytepix == 4 and {"ZSCALE", "ZZERO"} <= set(fields) and dither in _DITHERS
        is_known &= dither == "NO_DITHER" or 1 <= seed <= 10_000
    coded = fields.get("COMPRESSED_DATA")
    if not is_known or bitpix not in _PIXELS or not 1 <= block <= 1024 or coded is None or coded.element != "B":
        return None
    return RiceFormat(
        *(bytepix, block, bitpix, _DITHERS[dither], seed, scale, zero), None if blank is None else int(blank)
    )
