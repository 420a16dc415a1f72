"""Memory that is used again and again: fresh memory costs more time than what is done with it here."""

from __future__ import annotations

import math

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import DTypeLike, NDArray

    from dsa110_contimg.casa.tables import Shape


class Buffer:
    """Lend arrays that share their memory.

    Parameters
    ----------
    dtype : dtype-like
        The type of the values.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._values: NDArray[Any] = np.empty(0, dtype)

    def lend(self, shape: Shape) -> NDArray[Any]:
        """Lend an array, whose values are what was left there; what was lent before is overwritten with it.

        Parameters
        ----------
        shape : tuple of int
            The shape of the array.

        Returns
        -------
        numpy.ndarray
            The array, contiguous.
        """
        size = math.prod(shape)
        if self._values.size < size:
            self._values = np.empty(size, self._values.dtype)
        return self._values[:size].reshape(shape)
