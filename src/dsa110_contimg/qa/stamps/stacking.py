"""Stamps of many sources in many images: blocks of bounded memory, on threads or on a cluster, in order."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from dsa110_contimg.errors import ContimgError, MixedScalesError
from dsa110_contimg.images.opening import open_image
from dsa110_contimg.images.windows import count_pixels
from dsa110_contimg.qa.stamps.cutting import make_cutouts, mark_unreadable, open_plane, refuse_off_image
from dsa110_contimg.qa.stamps.stack import CutoutStack
from dsa110_contimg.qa.stamps.stores import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from os import PathLike
    from typing import Any

    from dsa110_contimg.qa.stamps.cutout import Cutout
    from dsa110_contimg.qa.stamps.cutting import Floats, Request, Stamps
    from dsa110_contimg.qa.stamps.inputs import ImageList
    from dsa110_contimg.qa.stamps.runners import Runner
    from dsa110_contimg.qa.stamps.stores import Store

    Progress = Callable[[Sequence[int]], Iterable[int]]
    Pixels = tuple[int, int]

_BLOCK_BYTES = 128 * 1024**2
_FILLED_AT_ONCE = 1000
_WORTH_SHARING = 16 * 1024**2


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Some sources of one image, cut in one go."""

    number: int
    """Which image, counted from zero."""
    image: str
    """Its path."""
    part: slice
    """Which sources."""
    request: Request
    """What to cut: the positions of these sources."""
    shape: Pixels | None
    """Shape (ny, nx) of its stamps; None where the image could not be opened."""
    is_last: bool
    """Whether it is the image's last block."""


def plan_blocks(images: ImageList, request: Request, *, share: int) -> Iterator[Block]:
    """Divide the work into blocks of bounded memory, in the order of images and sources.

    Parameters
    ----------
    images : ImageList
        The images. Each is opened when its turn comes, and no sooner.
    request : Request
        What to cut.
    share : int
        Among how many to share the sources of an image, where that is worth it.

    Yields
    ------
    Block
        The blocks.
    """
    n_sources = request.ra_deg.size
    for number, image in enumerate(images.paths):
        shape = None
        with suppress(ContimgError):  # told when the block is cut
            shape = open_plane(image, request)[2]
        stamp_bytes = 4 * shape[0] * shape[1] if shape else 4
        step = max(_BLOCK_BYTES // stamp_bytes, 1)
        if share > 1 and n_sources * stamp_bytes > _WORTH_SHARING:
            step = min(step, -(-n_sources // share))
        for start in range(0, max(n_sources, 1), step):
            part = slice(start, min(start + step, n_sources))
            those = replace(request, ra_deg=request.ra_deg[part], dec_deg=request.dec_deg[part])
            yield Block(number, image, part, those, shape, is_last=part.stop == n_sources)


def stack_cutouts(
    images: ImageList,
    request: Request,
    names: tuple[str, ...] | None,
    *,
    out: str | PathLike[str] | None,
    runner: Runner,
    progress: Progress,
    must_succeed: bool,
) -> CutoutStack:
    """Cut every source out of every image into one array.

    Parameters
    ----------
    images : ImageList
        The images.
    request : Request
        What to cut.
    names : tuple of str or None
        Names of the sources.
    out : path-like or None
        Where to put the pixels; see `open_store`.
    runner : Runner
        Runs the blocks.
    progress : callable
        Wraps the range of images.
    must_succeed : bool
        Whether to raise an error where a stamp would be marked as off-image or unreadable.

    Returns
    -------
    CutoutStack
        The stamps.

    Raises
    ------
    MixedScalesError
        If images have pixels of different size, so that their stamps have different shapes.
    ContimgError
        If no image can be read: what is wrong with the first one.
    """
    n_images, ticks = len(images.paths), iter(progress(range(len(images.paths))))
    with open_store(out) as make:
        stack = _Stack(n_images, request.ra_deg.size, make)
        blocks = plan_blocks(images, request, share=runner.workers if n_images < runner.workers else 1)
        for block, stamps in runner.run(blocks, stack.lend if runner.is_here else stack.expect):
            if must_succeed:
                _raise_first(block, stamps)
            stack.keep(block, stamps)
            if block.is_last:
                next(ticks, None)
        next(ticks, None)  # so that whoever counts sees the end
        store = stack.finish()
    return CutoutStack(
        data=store.read(),
        codes=stack.codes,
        origin=stack.origin,
        target=stack.target,
        parents=tuple(_date(parent, mjd) for parent, mjd in zip(stack.parents, images.mjd, strict=True)),
        request=request,
        given_names=names,
        errors=stack.errors,
    )


class _Stack:
    """A stack while it is filled, block by block.

    Parameters
    ----------
    n_images, n_sources : int
        How many of each.
    make : callable
        Makes the store of a shape.
    """

    def __init__(self, n_images: int, n_sources: int, make: Callable[[tuple[int, int, int, int]], Store]) -> None:
        self.codes = np.empty((n_images, n_sources), np.uint8)
        self.origin = np.empty((n_images, n_sources, 2), np.int64)
        self.target = np.empty((n_images, n_sources, 2), np.float64)
        self.parents: list[Any] = [None] * n_images
        self.errors: dict[str, ContimgError] = {}
        self._make = make
        self._store: Store | None = None
        self._first: Block | None = None
        self._unread = set[int]()

    def expect(self, block: Block) -> None:
        """Make the store when the shape of the stamps is known, and refuse another shape."""
        if block.shape is None:
            return
        if self._first is None:
            self._first, self._store = block, self._make((*self.codes.shape, *block.shape))
        elif block.shape != self._first.shape:
            raise _refuse_mixture(self._first, block)

    def lend(self, block: Block) -> Floats | None:
        """Return the place of a block; None where there will be no stamps."""
        self.expect(block)
        return None if block.shape is None or self._store is None else self._store.lend(block.number, block.part)

    def keep(self, block: Block, stamps: Stamps) -> None:
        """Keep what was cut."""
        i, part, parent = block.number, block.part, stamps.parent
        self.codes[i, part] = stamps.statuses
        self.origin[i, part] = stamps.origins
        self.target[i, part] = stamps.targets
        if parent.error is not None:
            self.errors.setdefault(parent.image, parent.error)
            self._unread.add(i)
        elif stamps.data is not None:
            # Once more, for an image that came into being after its block was planned.
            self.expect(replace(block, shape=(stamps.data.shape[1], stamps.data.shape[2])))
            if self._store is not None:
                self._store.keep(i, part, stamps.data)
        if self.parents[i] is None or parent.error is not None:
            self.parents[i] = parent

    def finish(self) -> Store:
        """Mark what could not be read; if that is everything, raise the first error.

        An image of which one block could not be read has changed meanwhile, so that the others are not to be trusted.
        """
        if self._store is None:
            raise next(iter(self.errors.values()))
        n_sources = self.codes.shape[1]
        for i in self._unread:
            nothing = mark_unreadable(self.parents[i].image, n_sources, self.parents[i].error)
            self.codes[i], self.origin[i], self.target[i] = nothing.statuses, nothing.origins, nothing.targets
            for start in range(0, n_sources, _FILLED_AT_ONCE):
                self._store.keep(i, slice(start, min(start + _FILLED_AT_ONCE, n_sources)), math.nan)
        for array in (self.codes, self.origin, self.target):
            array.flags.writeable = False
        return self._store


def stream_cutouts(images: ImageList, request: Request, *, runner: Runner, must_succeed: bool) -> Iterator[Cutout]:
    """Cut every source out of every image, one stamp after the other; see `stack_cutouts`."""
    shape: Pixels = (1, 1)
    for block, stamps in runner.run(plan_blocks(images, request, share=1), lambda _: None):
        shape = block.shape or shape
        if must_succeed:
            _raise_first(block, stamps)
        dated = replace(stamps, parent=_date(stamps.parent, images.mjd[block.number]))
        yield from make_cutouts(dated, block.request, shape)


def group_images(paths: Sequence[str], size_arcmin: float, hdu: int | str | None) -> tuple[tuple[str, ...], ...]:
    """Group images by the shape of their stamps; those that cannot be opened go with the first group."""
    groups: dict[Pixels | None, list[str]] = {}
    for path in paths:
        shape = None
        with suppress(ContimgError):  # told when it is cut
            shape = count_pixels(open_image(path, hdu), size_arcmin)
        groups.setdefault(shape, []).append(path)
    unreadable = groups.pop(None, [])
    first, *others = groups.values() or [[]]
    return (*first, *unreadable), *map(tuple, others)


def _raise_first(block: Block, stamps: Stamps) -> None:
    """Raise what `create_cutout` would raise for the first stamp that it would not make."""
    if stamps.parent.error is not None:
        raise stamps.parent.error
    refuse_off_image(stamps, block.request)


def _date(parent: Any, mjd: float | None) -> Any:
    return parent if mjd is None else replace(parent, mjd=mjd)


def _refuse_mixture(first: Block, other: Block) -> MixedScalesError:
    told = [f"{block.image} ({'×'.join(map(str, block.shape or ()))} px)" for block in (first, other)]
    return MixedScalesError(
        f"The stamps of {' and of '.join(told)} differ in shape, because their pixels differ in size.",
        hint="Make a stack for each group of split_by_scale(images), or take the stamps one by one with iter_cutouts.",
    )
