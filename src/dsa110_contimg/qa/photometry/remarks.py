"""What a reader of light curves has to know, in sentences."""

from __future__ import annotations

import math
from pathlib import Path

from dsa110_contimg.qa.notation import list_names
from dsa110_contimg.qa.photometry.flags import Flag
from dsa110_contimg.qa.photometry.measurement import Photometry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.qa.photometry.epochs import Epoch
    from dsa110_contimg.qa.photometry.variability import Variability

_LARGE_FRACTION = 0.1


def make_remarks(
    epochs: Sequence[Epoch], unit: str, flags: NDArray[np.uint16], variability: Variability
) -> tuple[str, ...]:
    """Write the remarks.

    Parameters
    ----------
    epochs : sequence of Epoch
        The images in their order.
    unit : str
        Unit of the fluxes; an empty text if there is none.
    flags : numpy.ndarray, shape (n_sources, n_epochs)
        Flags of the fluxes.
    variability : Variability
        What varies.

    Returns
    -------
    tuple of str
        A sentence or two each; nothing where all is as it should be.
    """
    return (*_tell_of_images(epochs, unit), *_tell_of_sources(flags, variability))


def _tell_of_images(epochs: Sequence[Epoch], unit: str) -> Iterator[str]:
    measured = [epoch for epoch in epochs if isinstance(epoch.found, Photometry)]
    for epoch in measured:
        if isinstance(epoch.found, Photometry) and epoch.found.noise_map_error is not None:
            yield f"{_name(epoch)} has no noise, and no errors of its fluxes: {epoch.found.noise_map_error.message}"
    undated = [epoch for epoch in measured if math.isnan(epoch.mjd)]
    if undated:
        told = "what has none stands last, in the order of names"
        yield f"{_count(undated, measured)} no date; {told}: {_list(undated)}."
    if not unit:
        yield "The images name no unit; fluxes are in that of their pixels, whatever it is."
    without_beam = [epoch for epoch in measured if _all(epoch, Flag.NO_BEAM | Flag.OFF_IMAGE, Flag.NO_BEAM)]
    if without_beam:
        yield f"{_count(without_beam, measured)} no beam that can be, and so no forced fluxes: {_list(without_beam)}."


def _tell_of_sources(flags: NDArray[np.uint16], variability: Variability) -> Iterator[str]:
    n_sources = len(flags)
    nowhere = int(((flags & (Flag.OFF_IMAGE | Flag.UNREADABLE)) > 0).all(axis=1).sum())
    if nowhere:
        yield f"{nowhere} of {n_sources} sources are on none of the images."
    few = int((variability.n_epochs < 2).sum()) - nowhere
    if few and flags.shape[1] > 1:
        yield f"{few} of {n_sources} sources have fewer than two fluxes without a flag; whether they vary is not known."
    if variability.systematic_fraction > _LARGE_FRACTION:
        yield (
            f"The fluxes of the median source differ between images by {variability.systematic_fraction:.0%} beyond "
            "their errors: calibration differs, or most sources of the list vary. Only what varies more is called "
            "variable."
        )


def _all(epoch: Epoch, among: Flag, flag: Flag) -> bool:
    """Tell whether every source has one of some flags, and at least one has this one."""
    if not isinstance(epoch.found, Photometry):
        return False
    flags = epoch.found.flags
    return bool(((flags & among) > 0).all() and ((flags & flag) > 0).any())


def _count(some: Sequence[Epoch], of: Sequence[Epoch]) -> str:
    return f"{len(some)} of {len(of)} images {'has' if len(some) == 1 else 'have'}"


def _list(epochs: Sequence[Epoch]) -> str:
    return list_names([_name(epoch) for epoch in epochs])


def _name(epoch: Epoch) -> str:
    return Path(epoch.image).name
