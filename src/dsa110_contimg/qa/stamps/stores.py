"""Where the pixels of a stack are put: in memory, in a .npy file or in a Zarr store."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from dsa110_contimg._files import replacing, staged
from dsa110_contimg._lazy import needs
from dsa110_contimg.errors import UnwritableOutputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike
    from typing import Any, Protocol

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Shape = tuple[int, int, int, int]

    class Store(Protocol):
        """Holds an array (n_images, n_sources, ny, nx) of float32 while it is filled."""

        def lend(self, image: int, part: slice) -> Floats:
            """Return a place for the stamps of some sources of one image."""
            ...

        def keep(self, image: int, part: slice, stamps: Floats | float) -> None:
            """Keep the stamps of some sources of one image, or one value for all of them."""
            ...

        def read(self) -> Any:
            """Return the whole array, read-only, once it stands at its place."""
            ...


@contextmanager
def open_store(out: str | PathLike[str] | None) -> Iterator[Callable[[Shape], Store]]:
    """Offer what makes the array, to be called once its shape is known.

    Parameters
    ----------
    out : path-like or None
        A path that ends in ``.npy`` (what is there is replaced) or in ``.zarr`` (must not be there); None for memory.

    Yields
    ------
    callable
        Makes the store of a shape. What it holds stands at its place when the block ends; if the block raises, nothing
        does.

    Raises
    ------
    UnwritableOutputError
        If the ending is another, the folder is absent, or there is no room.
    OutputExistsError
        If something stands where the Zarr store would be.
    MissingDependencyError
        If Zarr is not installed.
    """
    if out is None:
        yield MemoryStore
        return
    place = Path(out)
    if place.suffix == ".npy":
        with replacing(place) as hidden, hidden.open("r+b") as file:
            yield partial(NpyStore, file.fileno(), place)
    elif place.suffix == ".zarr":
        with staged(place.parent, [place.name]) as folder:
            yield partial(ZarrStore, folder / place.name, place)
    else:
        raise UnwritableOutputError(
            f"{place} was to hold the stamps; it ends in {place.suffix or 'nothing'}.", hint="Name a .npy or a .zarr."
        )


def _make_room(shape: Shape, part: slice) -> Floats:
    return np.empty((len(range(*part.indices(shape[1]))), *shape[2:]), np.float32)


class MemoryStore:
    """An array in memory.

    Parameters
    ----------
    shape : tuple of int
        Shape (n_images, n_sources, ny, nx).
    """

    def __init__(self, shape: Shape) -> None:
        self._data: Floats = np.empty(shape, np.float32)

    def lend(self, image: int, part: slice) -> Floats:
        """Return the place itself."""
        return self._data[image, part]

    def keep(self, image: int, part: slice, stamps: Floats | float) -> None:
        """Copy what does not stand at its place already."""
        there = self._data[image, part]
        if isinstance(stamps, float) or not np.may_share_memory(there, stamps):
            there[:] = stamps

    def read(self) -> Any:
        """Return the array, read-only."""
        self._data.flags.writeable = False
        return self._data


class NpyStore:
    """A .npy file. Its room is claimed at once, so that a full disk is found before anything is cut.

    Parameters
    ----------
    descriptor : int
        Of the file, open for writing.
    place : Path
        Where it will stand.
    shape : tuple of int
        Shape (n_images, n_sources, ny, nx).
    """

    def __init__(self, descriptor: int, place: Path, shape: Shape) -> None:
        self._descriptor, self._place, self._shape = descriptor, place, shape
        with os.fdopen(os.dup(descriptor), "wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
            self._start = file.tell()
        size = self._start + 4 * int(np.prod(shape))
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.ftruncate(descriptor, size)

    def lend(self, image: int, part: slice) -> Floats:  # noqa: ARG002 - the place is the same in size for all images
        """Return memory of its own."""
        return _make_room(self._shape, part)

    def keep(self, image: int, part: slice, stamps: Floats | float) -> None:
        """Write stamps to their place in the file."""
        _, n_sources, ny, nx = self._shape
        if isinstance(stamps, float):
            stamps = np.full_like(_make_room(self._shape, part), stamps)
        left = np.ascontiguousarray(stamps, "<f4").reshape(-1).view(np.uint8).data
        position = self._start + 4 * ny * nx * (image * n_sources + part.indices(n_sources)[0])
        while left:  # one call writes 2 GiB at most
            written = os.pwrite(self._descriptor, left, position)
            left, position = left[written:], position + written

    def read(self) -> Any:
        """Return the file as a read-only map."""
        return np.load(self._place, mmap_mode="r")


class ZarrStore:
    """A Zarr store, a chunk an image and some sources.

    Parameters
    ----------
    hidden, place : Path
        Where it is written to, and where it will stand.
    shape : tuple of int
        Shape (n_images, n_sources, ny, nx).
    """

    _CHUNK_BYTES = 8 * 1024**2

    def __init__(self, hidden: Path, place: Path, shape: Shape) -> None:
        with needs("zarr"):
            import zarr
        self._place, self._shape = place, shape
        _, n_sources, ny, nx = shape
        chunks = (1, min(max(self._CHUNK_BYTES // (4 * ny * nx), 1), n_sources), ny, nx)
        self._array = zarr.create_array(str(hidden), shape=shape, chunks=chunks, dtype="float32", fill_value=np.nan)

    def lend(self, image: int, part: slice) -> Floats:  # noqa: ARG002 - the place is the same in size for all images
        """Return memory of its own."""
        return _make_room(self._shape, part)

    def keep(self, image: int, part: slice, stamps: Floats | float) -> None:
        """Write stamps to their chunks."""
        try:
            self._array[image, part] = stamps
        except OSError as error:
            raise UnwritableOutputError(
                f"{self._place} cannot be written: {error.strerror}.", hint="Name a folder that has room."
            ) from error

    def read(self) -> Any:
        """Return the array as Zarr reads it."""
        import zarr

        return zarr.open_array(str(self._place), mode="r")
