"""Measurement Sets of which every flag, and the amplitude of every visibility, is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsa110_contimg._files import staged
from dsa110_contimg.casa.writing import STORAGES, new_measurement_set
from dsa110_contimg.simulate.antennas import place_antennas
from dsa110_contimg.simulate.checks import (
    require,
    require_among,
    require_at_least,
    require_each_below,
    require_not_negative,
    require_position,
    start_chance,
)
from dsa110_contimg.simulate.observations import CORRELATIONS, Observation
from dsa110_contimg.simulate.visibilities import Visibilities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from numpy.typing import NDArray

RFI_FACTOR = 50.0
"""How many times louder than source and noise together a channel with interference is."""


@dataclass(frozen=True, eq=False)
class SimulatedMeasurementSet:
    """A Measurement Set on disk, and the truth about it."""

    path: Path
    """Where it is."""
    n_rows: int
    """Number of rows of the main table: times × spectral windows × baselines."""
    n_times: int
    """Number of integrations."""
    n_channels: tuple[int, ...]
    """Number of channels of each spectral window."""
    n_correlations: int
    """Number of correlations."""
    antenna_names: tuple[str, ...]
    """Names of the antennas."""
    dead_antennas: tuple[int, ...]
    """Antennas that saw nothing but noise, counted from 0."""
    rfi_channels: tuple[int, ...]
    """Channels with interference, counted from 0, in every window that has them."""
    flux_jy: float
    """Amplitude of the parallel hands of every good visibility, before noise, in Jy; the phase is 0."""
    noise_jy: float
    """Standard deviation of the real and of the imaginary part in Jy."""
    rfi_jy: float
    """Amplitude of the interference in Jy; its phase is random."""
    flag_fraction: float
    """Flagged values by all values of FLAG."""
    flag_fraction_by_antenna: NDArray[np.float64]
    """The same over the rows in which each antenna takes part, shape (n_antennas,); read-only."""


def simulate_measurement_set(
    path: str | PathLike[str],
    n_antennas: int = 16,
    n_times: int = 8,
    *,
    n_channels: int | Sequence[int] = 64,
    n_correlations: int = 2,
    storage: str = "tiled",
    flux_jy: float = 1.0,
    noise_jy: float = 0.1,
    flag_fraction: float = 0.0,
    dead_antennas: Sequence[int] = (),
    rfi_channels: Sequence[int] = (),
    bad_is_flagged: bool = True,
    ra_deg: float = 180.0,
    dec_deg: float = 37.0,
    mjd: float = 60300.25,
    seed: int = 0,
) -> SimulatedMeasurementSet:
    """Write a Measurement Set (version 2) of one point source at the phase centre.

    Parameters
    ----------
    path : str or path-like
        The folder to write.
    n_antennas : int
        Number of antennas, at least 2. There are no autocorrelations.
    n_times : int
        Number of integrations, of 12.9 seconds.
    n_channels : int or sequence of int
        Number of channels; several numbers make as many spectral windows. Where they differ, the columns DATA and
        FLAG are ragged: ``(2, 4)`` gives cells of shape (2, n_correlations) and (4, n_correlations).
    n_correlations : {1, 2, 4}
        XX; XX and YY; or XX, XY, YX and YY. Only XX and YY see the source.
    storage : {"tiled", "standard", "dysco"}
        How DATA lies on disk. Dysco loses precision, adds a WEIGHT_SPECTRUM and cannot be ragged.
    flux_jy : float
        Flux density of the source in Jy.
    noise_jy : float
        Standard deviation of the real and of the imaginary part of a visibility in Jy.
    flag_fraction : float
        Fraction of the values that are flagged by chance, beside what is flagged because it is bad.
    dead_antennas : sequence of int
        Antennas, counted from 0, that see nothing but noise.
    rfi_channels : sequence of int
        Channels, counted from 0, that are 50 times louder than the rest.
    bad_is_flagged : bool
        Whether dead antennas and channels with interference are flagged.
    ra_deg, dec_deg : float
        Phase centre (J2000) in degrees.
    mjd : float
        Modified Julian date (UTC) at which it begins.
    seed : int
        The same seed gives the same values.

    Returns
    -------
    SimulatedMeasurementSet
        The truth.

    Raises
    ------
    BadSimulationError
        When an argument is impossible.
    OutputExistsError
        When something stands at the path.
    UnwritableOutputError
        When the folder around it is absent, or casacore cannot write.
    MissingDependencyError
        When python-casacore is absent, or has no Dysco.

    Notes
    -----
    Rows are sorted by time, spectral window, antenna 1 and antenna 2. One integration of one window is in memory at
    a time.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = simulate_measurement_set(f"{folder}/night.ms", 5, 2, n_channels=(2, 4), dead_antennas=[3])
    >>> truth.n_rows
    40
    >>> truth.flag_fraction_by_antenna
    array([0.25, 0.25, 0.25, 1.  , 0.25])
    """
    path = Path(path)
    windows = tuple(n_channels) if isinstance(n_channels, Iterable) else (n_channels,)
    _check(n_antennas, n_times, windows, n_correlations, storage)
    require_not_negative(flux_jy=flux_jy, noise_jy=noise_jy, flag_fraction=flag_fraction, mjd=mjd)
    require_position(ra_deg, dec_deg)
    require(flag_fraction <= 1, f"flag_fraction is {flag_fraction}.", "Give a fraction from 0 to 1.")
    require_each_below(n_antennas, "dead antenna", dead_antennas)
    require_each_below(max(windows), "channel with interference", rfi_channels)

    random = start_chance(seed)
    observation = Observation(
        place_antennas(random, n_antennas), n_times, windows, n_correlations, ra_deg, dec_deg, mjd, seed
    )
    visibilities = Visibilities(
        random=random,
        observation=observation,
        flux_jy=flux_jy,
        noise_jy=noise_jy,
        rfi_jy=RFI_FACTOR * (flux_jy + noise_jy),
        flag_fraction=flag_fraction,
        dead_antennas=tuple(dead_antennas),
        rfi_channels=tuple(rfi_channels),
        bad_is_flagged=bad_is_flagged,
    )
    flagged, total = np.zeros(n_antennas), np.zeros(n_antennas)
    with (
        staged(path.parent, [path.name]) as hidden,
        new_measurement_set(
            hidden / path.name,
            _SPECTRA | (_WEIGHTS if storage == "dysco" else {}),
            storage,
            cell_shape=(max(windows), n_correlations),
        ) as writer,
    ):
        for name, columns in observation.write_subtables().items():
            writer.fill_subtable(name, columns)
        for rows in visibilities.draw():
            if storage == "dysco":
                rows["WEIGHT_SPECTRUM"] = np.broadcast_to(rows["WEIGHT"][:, np.newaxis, :], rows["DATA"].shape).copy()
            writer.append_rows(rows)
            counts = rows["FLAG"].sum(axis=(1, 2))
            for antenna in (rows["ANTENNA1"], rows["ANTENNA2"]):
                np.add.at(flagged, antenna, counts)
                np.add.at(total, antenna, rows["FLAG"][0].size)
    by_antenna = flagged / total
    by_antenna.flags.writeable = False
    return SimulatedMeasurementSet(
        path=path,
        n_rows=n_times * len(windows) * n_antennas * (n_antennas - 1) // 2,
        n_times=n_times,
        n_channels=windows,
        n_correlations=n_correlations,
        antenna_names=observation.antenna_names,
        dead_antennas=visibilities.dead_antennas,
        rfi_channels=visibilities.rfi_channels,
        flux_jy=flux_jy,
        noise_jy=noise_jy,
        rfi_jy=visibilities.rfi_jy,
        flag_fraction=float(flagged.sum() / total.sum()),
        flag_fraction_by_antenna=by_antenna,
    )


_SPECTRA: dict[str, type[np.generic]] = {"DATA": np.complex64, "FLAG": np.bool_}
_WEIGHTS: dict[str, type[np.generic]] = {"WEIGHT_SPECTRUM": np.float32}


def _check(n_antennas: int, n_times: int, windows: tuple[int, ...], n_correlations: int, storage: str) -> None:
    require_at_least(2, n_antennas=n_antennas)
    require_at_least(1, n_times=n_times, spectral_windows=len(windows))
    for count in windows:
        require_at_least(1, n_channels=count)
    require_among("number of correlations", n_correlations, CORRELATIONS)
    require_among("storage", storage, STORAGES)
    require(
        storage != "dysco" or len(set(windows)) == 1,
        f"Spectral windows of {', '.join(map(str, windows))} channels were to be stored with Dysco.",
        'Give all windows as many channels, or choose storage="tiled".',
    )
