"""Stamps of many sources in many images, as one array.

Importing this module loads no numpy, which would start threads: what it needs is imported in its functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.errors import ContimgError
    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.qa.stamps.cutout import Cutout
    from dsa110_contimg.qa.stamps.cutting import Parent, Request


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CutoutStack:
    """Stamps of many sources in many images, from `create_cutouts`.

    ``stack[i, k]`` is the stamp of source ``k`` in image ``i``.
    """

    data: Any
    """Pixels, shape (n_images, n_sources, ny, nx), float32 in native byte order, read-only; NaN where there is no sky.
    A numpy array, in memory or mapped from a ``.npy`` file, or a Zarr array."""
    codes: NDArray[np.uint8]
    """Status of each stamp as a number, shape (n_images, n_sources); `status` has the words."""
    origin: NDArray[np.int64]
    """Row and column (y0, x0) of the image that became pixel (0, 0), shape (n_images, n_sources, 2)."""
    target: NDArray[np.float64]
    """Where in the stamp the position is (y, x), shape (n_images, n_sources, 2); NaN where the image does not reach."""
    parents: tuple[Parent, ...]
    """What the stamps of each image have in common: its header, unit, beam, date and sky coordinates."""
    request: Request
    """What was asked for: positions, size and plane."""
    given_names: tuple[str, ...] | None
    """Names of the sources as they were given; `names` has one for each in any case."""
    errors: Mapping[str, ContimgError]
    """Why each unreadable image is unreadable, by its path."""

    def __repr__(self) -> str:
        n_images, n_sources, ny, nx = self.shape
        counts = ", ".join(f"{count} {status}" for status, count in self.count_statuses().items())
        return f"<CutoutStack {n_images} images × {n_sources} sources, {ny}×{nx} px ({counts})>"

    def __len__(self) -> int:
        return len(self.parents)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape (n_images, n_sources, ny, nx)."""
        n_images, n_sources, ny, nx = self.data.shape
        return n_images, n_sources, ny, nx

    @cached_property
    def status(self) -> NDArray[np.str_]:
        """Status of each stamp, shape (n_images, n_sources): full, partial, blank, off-image or unreadable."""
        import numpy as np

        from dsa110_contimg.images.gathering import STATUSES

        words: NDArray[np.str_] = np.array(STATUSES)[self.codes]
        words.flags.writeable = False
        return words

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the sources; from the position where none was given."""
        from dsa110_contimg.qa.catalogues import name_positions

        return self.given_names or name_positions(self.ra_deg, self.dec_deg)

    @property
    def ra_deg(self) -> NDArray[np.float64]:
        """Right ascensions of the sources in ICRS, in degrees, shape (n_sources,)."""
        return self.request.ra_deg

    @property
    def dec_deg(self) -> NDArray[np.float64]:
        """Declinations of the sources in ICRS, in degrees, shape (n_sources,)."""
        return self.request.dec_deg

    @property
    def size_arcmin(self) -> float:
        """Length of a side as it was asked for, in arcminutes."""
        return self.request.size_arcmin

    @property
    def images(self) -> tuple[str, ...]:
        """Paths of the images."""
        return tuple(parent.image for parent in self.parents)

    @cached_property
    def mjd(self) -> NDArray[np.float64]:
        """Start of each observation as a Modified Julian Date in days, shape (n_images,); NaN where it is unknown."""
        import numpy as np

        return np.array([np.nan if parent.mjd is None else parent.mjd for parent in self.parents])

    @property
    def beams(self) -> tuple[Beam | None, ...]:
        """Synthesised beam of each image; None where it names none."""
        return tuple(parent.beam for parent in self.parents)

    @property
    def units(self) -> tuple[str | None, ...]:
        """Unit of the pixels of each image; None where it names none."""
        return tuple(parent.unit for parent in self.parents)

    def __getitem__(self, index: tuple[int, int]) -> Cutout:
        import numpy as np

        from dsa110_contimg.qa.stamps.cutting import make_cutout

        i, k = (range(length)[number] for number, length in zip(index, self.codes.shape, strict=True))
        origin, target = self.origin[i, k].tolist(), self.target[i, k].tolist()
        return make_cutout(
            self.parents[i],
            np.asarray(self.data[i, k]),
            int(self.codes[i, k]),
            (origin[0], origin[1]),
            (target[0], target[1]),
            (float(self.ra_deg[k]), float(self.dec_deg[k])),
            self.size_arcmin,
        )

    def __iter__(self) -> Iterator[Cutout]:
        n_images, n_sources = self.codes.shape
        return (self[i, k] for i in range(n_images) for k in range(n_sources))

    def of_source(self, k: int) -> tuple[Cutout, ...]:
        """Return the stamps of one source, one an image.

        Parameters
        ----------
        k : int
            The source, counted from zero.

        Returns
        -------
        tuple of Cutout
            In the order of the images, the off-image and the unreadable ones too.
        """
        return tuple(self[i, k] for i in range(len(self)))

    def wcs(self, i: int, k: int) -> Any:
        """Make the WCS of one stamp.

        Parameters
        ----------
        i, k : int
            Image and source, counted from zero.

        Returns
        -------
        astropy.wcs.WCS
            Two celestial axes.

        Raises
        ------
        UnreadableImageError
            If the image could not be read.
        """
        return self[i, k].wcs

    def count_statuses(self) -> dict[str, int]:
        """Count the stamps of each status that occurs.

        Returns
        -------
        dict
            Number of stamps by status.
        """
        import numpy as np

        from dsa110_contimg.images.gathering import STATUSES

        counts = np.bincount(self.codes.ravel(), minlength=len(STATUSES)).tolist()
        return {status: count for status, count in zip(STATUSES, counts, strict=True) if count}
