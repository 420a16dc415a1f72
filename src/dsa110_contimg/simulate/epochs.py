"""One field at several epochs, with sources that stay constant and sources that vary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from dsa110_contimg._files import make_folder, staged
from dsa110_contimg.simulate.checks import (
    require,
    require_at_least,
    require_not_negative,
    require_position,
    require_positive,
    start_chance,
)
from dsa110_contimg.simulate.fields import draw_fluxes, find_sky, scatter
from dsa110_contimg.simulate.light_curves import VARIABLE_KINDS
from dsa110_contimg.simulate.sky_images import BEAM, simulate_image
from dsa110_contimg.simulate.sources import Source
from dsa110_contimg.simulate.truth_files import write_catalogue, write_truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from os import PathLike

    from numpy.typing import ArrayLike, NDArray

    from dsa110_contimg.images import Beam

FIRST_MJD, CADENCE_DAYS = 60300.25, 3.0
BAD_NOISE_FACTOR, BAD_STRIPES_FACTOR = 10.0, 10.0
"""What makes an epoch bad: more noise, and stripes of so many times the ordinary noise."""


@dataclass(frozen=True, eq=False)
class SimulatedEpochs:
    """The images of one field on disk, and the truth about them."""

    folder: Path
    """Where everything is."""
    images: tuple[Path, ...]
    """The image of each epoch, in the order of time."""
    catalogue: Path
    """CSV of the sources: name, ra_deg, dec_deg, flux_jy (the mean over the epochs)."""
    truth: Path
    """JSON of everything that is known."""
    sources: tuple[Source, ...]
    """The sources with their mean fluxes, as in the catalogue."""
    kinds: tuple[str, ...]
    """How each source varies: static, flare, sinusoid or transient."""
    fluxes_jy: NDArray[np.float64]
    """Flux density in Jy, shape (n_epochs, n_sources); read-only."""
    mjd: NDArray[np.float64]
    """Modified Julian date (UTC) of each epoch, shape (n_epochs,); read-only."""
    noise_jy_per_beam: NDArray[np.float64]
    """The rms of the noise of each epoch in Jy/beam, shape (n_epochs,); read-only."""
    beam: Beam
    """The synthesised beam."""
    bad_epoch: int | None
    """The epoch that went wrong, counted from 0, or None."""

    @property
    def variables(self) -> tuple[int, ...]:
        """Return which sources vary, counted from 0."""
        return tuple(index for index, kind in enumerate(self.kinds) if kind != "static")


def simulate_epochs(
    folder: str | PathLike[str],
    n_epochs: int = 12,
    n_sources: int = 40,
    *,
    n_variables: int = 3,
    shape: tuple[int, int] = (512, 512),
    ra_deg: float = 180.0,
    dec_deg: float = 37.0,
    pixel_arcsec: float = 2.5,
    beam: Beam = BEAM,
    noise_jy_per_beam: float = 2e-4,
    separation_beams: float = 5.0,
    bad_epoch: int | None = None,
    seed: int = 0,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> SimulatedEpochs:
    """Write one field as it is seen every three days, with a catalogue and the truth.

    The files are ``epoch_01.fits`` and so on, ``catalogue.csv`` and ``truth.json``.

    Parameters
    ----------
    folder : str or path-like
        Where to write. It is made if it is absent.
    n_epochs : int
        Number of epochs.
    n_sources : int
        Number of point sources, of 4 to 200 mJy.
    n_variables : int
        How many of them vary: a flare, a sinusoid and a fading transient, in turn.
    shape : tuple of int
        Number of pixels, (ny, nx).
    ra_deg, dec_deg : float
        ICRS position of the reference pixel in degrees.
    pixel_arcsec : float
        Size of a pixel in arcsec.
    beam : Beam
        The synthesised beam.
    noise_jy_per_beam : float
        The rms of the noise in Jy/beam.
    separation_beams : float
        Least distance between two sources, and between a source and the edge, in major axes of the beam (FWHM).
        0 allows blends.
    bad_epoch : int, optional
        An epoch, counted from 0, that has ten times the noise, and stripes.
    seed : int
        The same seed gives the same bytes.
    progress : callable
        Wraps the sequence of epochs, as ``tqdm.tqdm`` does.

    Returns
    -------
    SimulatedEpochs
        The truth.

    Raises
    ------
    BadSimulationError
        When an argument is impossible, or the sources do not fit on the image so far apart.
    OutputExistsError
        When one of the files is there already; nothing is written then.
    UnwritableOutputError
        When the folder cannot be made or written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     field = simulate_epochs(folder, n_epochs=2, n_sources=4, n_variables=1, shape=(200, 200))
    >>> field.fluxes_jy.shape, field.kinds
    ((2, 4), ('flare', 'static', 'static', 'static'))
    """
    require_at_least(1, n_epochs=n_epochs, n_sources=n_sources, ny=shape[0], nx=shape[1])
    require_at_least(0, n_variables=n_variables)
    require_position(ra_deg, dec_deg)
    require_positive(pixel_arcsec=pixel_arcsec, beam_major_deg=beam.major_deg)
    require_not_negative(noise_jy_per_beam=noise_jy_per_beam, separation_beams=separation_beams)
    require(
        n_variables <= n_sources,
        f"{n_variables} of {n_sources} sources were to vary.",
        "Ask for fewer variables or for more sources.",
    )
    require(
        n_variables == 0 or n_epochs > 1,
        f"{n_variables} sources were to vary in a single epoch.",
        "Ask for no variables or for more epochs.",
    )
    require(
        bad_epoch is None or 0 <= bad_epoch < n_epochs,
        f"Epoch {bad_epoch} of {n_epochs} was to be bad.",
        f"Choose one from 0 to {n_epochs - 1}, or None.",
    )
    random = start_chance((seed, 0))
    distance = separation_beams * beam.major_deg * 3600 / pixel_arcsec
    ra, dec = find_sky(scatter(random, n_sources, shape, distance), shape, ra_deg, dec_deg, pixel_arcsec)
    kinds = tuple(VARIABLE_KINDS[i % len(VARIABLE_KINDS)] if i < n_variables else "static" for i in range(n_sources))
    fluxes = draw_fluxes(random, kinds, n_epochs)
    is_bad = np.arange(n_epochs) == (-1 if bad_epoch is None else bad_epoch)
    field = SimulatedEpochs(
        folder=Path(folder),
        images=tuple(Path(folder) / f"epoch_{epoch + 1:02d}.fits" for epoch in range(n_epochs)),
        catalogue=Path(folder) / "catalogue.csv",
        truth=Path(folder) / "truth.json",
        sources=tuple(map(Source, ra, dec, fluxes.mean(axis=0).tolist())),
        kinds=kinds,
        fluxes_jy=_freeze(fluxes),
        mjd=_freeze(FIRST_MJD + CADENCE_DAYS * np.arange(n_epochs)),
        noise_jy_per_beam=_freeze(noise_jy_per_beam * np.where(is_bad, BAD_NOISE_FACTOR, 1.0)),
        beam=beam,
        bad_epoch=bad_epoch,
    )
    draw = partial(simulate_image, shape=shape, ra_deg=ra_deg, dec_deg=dec_deg, pixel_arcsec=pixel_arcsec, beam=beam)
    names = [path.name for path in (*field.images, field.catalogue, field.truth)]
    make_folder(field.folder)
    with staged(field.folder, names) as hidden:
        for epoch in progress(range(n_epochs)):
            draw(
                hidden / field.images[epoch].name,
                [replace(s, flux_jy=flux) for s, flux in zip(field.sources, fluxes[epoch].tolist(), strict=True)],
                float(field.noise_jy_per_beam[epoch]),
                mjd=float(field.mjd[epoch]),
                stripes_jy_per_beam=BAD_STRIPES_FACTOR * noise_jy_per_beam * float(is_bad[epoch]),
                seed=(seed, epoch + 1),
            )
        write_catalogue(hidden / field.catalogue.name, field)
        write_truth(hidden / field.truth.name, field)
    return field


def _freeze(values: ArrayLike) -> NDArray[np.float64]:
    array = np.array(values, np.float64)
    array.flags.writeable = False
    return array
