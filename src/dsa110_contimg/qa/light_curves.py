"""Light curves: what known sources do from image to image.

Importing this module loads no numpy; `measure_light_curves` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsa110_contimg.qa.photometry.flags import Flag as Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from typing import Any

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from dsa110_contimg.errors import ContimgError
    from dsa110_contimg.qa.photometry.variability import Variability
    from dsa110_contimg.qa.stamps.inputs import Images, Positions
    from dsa110_contimg.qa.thresholds import Thresholds


@dataclass(frozen=True, eq=False, repr=False)
class LightCurves:
    """Fluxes of sources in images, and which of the sources vary.

    Arrays have the shape (n_sources, n_epochs) unless they say otherwise, and are read-only. Epochs are in the order of
    time; those without a date come last, by name. What could not be measured is NaN, and `flags` tells why.
    """

    names: tuple[str, ...]
    """Names of the sources."""
    ra_deg: NDArray[np.float64]
    """Right ascensions of the sources in ICRS, in degrees, shape (n_sources,)."""
    dec_deg: NDArray[np.float64]
    """Declinations of the sources in ICRS, in degrees, shape (n_sources,)."""
    images: tuple[str, ...]
    """Paths of the images, one an epoch, also of those that were left out."""
    mjd: NDArray[np.float64]
    """Start of each observation as a Modified Julian Date in days, shape (n_epochs,); NaN where it is unknown."""
    unit: str | None
    """Unit of all fluxes, without a prefix: ``"Jy/beam"``; None where the images name none."""
    peak: NDArray[np.float64]
    """The brightest of the 3 × 3 pixels around the position."""
    flux: NDArray[np.float64]
    """The forced flux: the height of the beam that fits best at the position."""
    flux_error: NDArray[np.float64]
    """The standard error of the forced flux."""
    local_rms: NDArray[np.float64]
    """The noise of a pixel at the position: that of the noise map, or else the robust rms of the neighbourhood."""
    snr: NDArray[np.float64]
    """The forced flux over its error."""
    upper_limit: NDArray[np.float64]
    """`Thresholds.detection_snr` times the error of the forced flux, where nothing is detected; NaN elsewhere."""
    flags: NDArray[np.uint16]
    """What may be wrong with a flux: values of `Flag`, added up; 0 where nothing is."""
    variability: Variability
    """How much each source varies."""
    unreadable: dict[str, ContimgError]
    """Images and noise maps that were left out, and why."""
    remarks: tuple[str, ...]
    """What a reader has to know, in sentences."""

    def __repr__(self) -> str:
        n_sources, n_epochs = self.flux.shape
        variable = int(self.variability.is_variable.sum())
        return f"<LightCurves of {n_sources} sources in {n_epochs} images, {variable} variable>"

    def to_table(self) -> Any:
        """Return a table with a row for each source and epoch, sources one after the other.

        Returns
        -------
        astropy.table.Table
            With units and descriptions of the columns. ``flag_names`` has the flags as words.
        """
        from dsa110_contimg.qa.photometry.tables import make_table

        return make_table(self)

    def to_source_table(self) -> Any:
        """Return a table with a row for each source: how much it varies.

        Returns
        -------
        astropy.table.Table
            With units and descriptions of the columns.
        """
        from dsa110_contimg.qa.photometry.tables import make_source_table

        return make_source_table(self)

    def write(self, path: str | PathLike[str]) -> None:
        """Write the table of `to_table`.

        Parameters
        ----------
        path : path-like
            A name that ends in ``.parquet``, ``.ecsv`` (these keep units and descriptions) or ``.csv``. What is there
            is replaced once the new file is complete.

        Raises
        ------
        UnwritableOutputError
            If the name ends otherwise, or the folder is absent or cannot be written to.
        OutputExistsError
            If something stands there that is no file.
        MissingDependencyError
            If a Parquet file is asked for, and pyarrow is not installed.
        """
        from dsa110_contimg.qa.photometry.tables import write_table

        write_table(self, path)


def measure_light_curves(
    images: Images,
    positions: Positions,
    dec_deg: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    noise_maps: Images | None = None,
    hdu: int | str | None = None,
    stokes: str | None = None,
    channel: int | None = None,
    thresholds: Thresholds | None = None,
) -> LightCurves:
    """Measure known sources in many images, and tell which of them vary.

    Parameters
    ----------
    images : path-like, iterable of path-like, or table
        A path, a pattern such as ``"night/*.fits"``, a list of these, or a table of astropy or pandas with a column
        ``image`` and perhaps ``mjd``, which then counts more than the header's date.
    positions : array_like, shape (n_sources,), or SkyCoord, table, path-like
        Right ascensions in ICRS, in degrees; or, without `dec_deg`, a SkyCoord, or a catalogue: a table, or its path.
    dec_deg : array_like, shape (n_sources,), optional
        Declinations in ICRS, in degrees.
    names : sequence of str, optional
        Names of the sources; those of the catalogue, or made from the positions, by default.
    noise_maps : path-like, iterable of path-like, or table, optional
        A noise map for each image, in the order of `images`, on the same pixels. Without them the noise is the robust
        rms around each source.
    hdu, stokes, channel : optional
        Which image of a file and which plane of a cube, as in `create_cutout`.
    thresholds : Thresholds, optional
        `detection_snr`, `edge_beams`, `pair_significance` and `pair_modulation` count here; the usual ones by default.

    Returns
    -------
    LightCurves
        The fluxes. An image that cannot be read, or has another unit than most, is left out, with the reason.

    Raises
    ------
    ImageNotFoundError
        If no image was given, or a pattern fits none.
    NoiseMapError
        If there are not as many noise maps as images.
    BadPositionError
        If a coordinate is not finite, or a declination is beyond a pole.
    TypeError, ValueError
        If there are right ascensions alone, or not as many names as positions.
    CatalogueError
        If the catalogue is not there or has no positions.
    ImageError
        If not a single image can be read: what is wrong with the first one.

    Notes
    -----
    The forced flux is F = Σ(d·k/n²) / Σ(k²/n²) over the pixels d, with the beam k (a Gaussian with a peak of 1 at the
    position, between the pixels) and the noise n, in a window of ±1.5 BMAJ. It is that of a point source that stands
    alone; nothing is fitted but its height. No background is subtracted: an image from an interferometer has none.

    The robust rms is 1.4826 times the median absolute deviation in 50 × 50 pixels with the central 10 × 10 masked
    (5 BMAJ and 1 BMAJ where that is more). The error of F is 2/√3 = 1.155 times the noise of a pixel, because the noise
    of neighbouring pixels is correlated by the beam; `photometry.kernels.PixelBeam.find_error_factors` derives it. The
    errors of forced_phot and of the VAST pipeline are the noise of a pixel itself.

    A flux with any flag stays in the table, and does not count for `variability`: see `Flag`. `BLENDED` is found in
    each image from the other sources of the list, so give all sources of the field, and not only those of interest.

    A variable source has η above a limit that comes from all sources of the list, and a pair of epochs that differs by
    at least 4.3 times its error and more than 0.26 times its mean: see `photometry.variability.measure_variability`.

    As many images are measured at once as there are processors. Memory does not grow with their size, and with the
    number of sources and images only as the result does.

    References
    ----------
    Condon 1997, PASP 109, 166 (errors of fits in correlated noise); Murphy et al. 2021, PASA 38, e054, and
    https://github.com/askap-vast/forced_phot (the forced flux); Swinbank et al. 2015, Astronomy and Computing 11, 25
    (V and η); Mooley et al. 2016, ApJ 818, 105 (pairs).

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_epochs
    >>> folder = tempfile.TemporaryDirectory()
    >>> field = simulate_epochs(folder.name, n_epochs=6, n_sources=12, n_variables=1, shape=(300, 300))
    >>> curves = measure_light_curves(f"{folder.name}/epoch_*.fits", field.catalogue)
    >>> curves
    <LightCurves of 12 sources in 6 images, 1 variable>
    >>> curves.variability.is_variable.nonzero()[0].tolist(), field.variables
    ([0], (0,))
    >>> folder.cleanup()
    """
    from dsa110_contimg.qa.photometry.epochs import measure_epochs
    from dsa110_contimg.qa.stamps.inputs import list_images, list_sources
    from dsa110_contimg.qa.thresholds import Thresholds

    return measure_epochs(
        list_images(images),
        list_sources(positions, dec_deg, names),
        None if noise_maps is None else list_images(noise_maps),
        plane=(hdu, stokes, channel),
        thresholds=thresholds or Thresholds(),
    )
