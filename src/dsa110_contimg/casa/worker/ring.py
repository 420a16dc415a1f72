"""Shared memory through which large answers pass, slot by slot, while the next slot is filled."""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.readings import Reading

SLOTS = 3
"""One that is filled, one that is emptied, and one between them."""

SLOT_BYTES = 2 * 2**20
"""As large as fits into a processor's cache, so that the second copy of a value costs little."""


class Ring:
    """Slots of memory that two processes share.

    Parameters
    ----------
    descriptor : int
        The shared memory, of `SLOTS` × `SLOT_BYTES`; it is mapped, and the descriptor can be closed.
    """

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, SLOTS * SLOT_BYTES)

    def slot(self, number: int, part: Reading) -> NDArray[Any]:
        """Look at a slot as the array of a part of an answer; the slots are used in turn."""
        start = number % SLOTS * SLOT_BYTES
        return np.ndarray(part.shape, part.dtype, self._memory, start)


def values_per_slot(reading: Reading) -> int:
    """Tell how many values of a reading fit into a slot."""
    return SLOT_BYTES // reading.dtype.itemsize


def create_memory() -> int:
    """Make shared memory for a ring.

    Returns
    -------
    int
        Its descriptor. No name leads to it, so that it is gone when both processes have let go. On Linux it is sealed:
        neither process can shrink it, which would be a SIGBUS in the other.
    """
    if not hasattr(os, "memfd_create"):
        with tempfile.TemporaryFile() as file:
            os.ftruncate(file.fileno(), SLOTS * SLOT_BYTES)
            return os.dup(file.fileno())
    descriptor = os.memfd_create("dsa110-contimg", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, SLOTS * SLOT_BYTES)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
