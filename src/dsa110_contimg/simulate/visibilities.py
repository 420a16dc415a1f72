"""The rows of a simulated main table: one integration of one spectral window after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from dsa110_contimg.simulate.antennas import compute_uvw
from dsa110_contimg.simulate.observations import CORRELATIONS, INTEGRATION_SECONDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.simulate.observations import Observation

_PARALLEL_HANDS = (9, 12)


@dataclass(frozen=True, eq=False, slots=True)
class Visibilities:
    """What each baseline measures: the source, noise, interference, and flags."""

    random: np.random.Generator
    """Where chance comes from."""
    observation: Observation
    """Who observed, when and what."""
    flux_jy: float
    """Flux density of the source at the phase centre in Jy."""
    noise_jy: float
    """Standard deviation of the real and of the imaginary part in Jy."""
    rfi_jy: float
    """Amplitude of interference in Jy."""
    flag_fraction: float
    """Fraction of the values flagged by chance."""
    dead_antennas: tuple[int, ...]
    """Antennas that see nothing but noise."""
    rfi_channels: tuple[int, ...]
    """Channels with interference, in every window that has them."""
    bad_is_flagged: bool
    """Whether dead antennas and interference are flagged."""

    def draw(self) -> Iterator[dict[str, NDArray[Any]]]:
        """Yield the columns of one integration of one spectral window, each of shape (n_baselines, *cell)."""
        observation = self.observation
        first, second = np.triu_indices(len(observation.positions), k=1)
        dead = np.isin(first, self.dead_antennas) | np.isin(second, self.dead_antennas)
        for time, window in product(observation.times.tolist(), range(len(observation.n_channels))):
            uvw = compute_uvw(observation.positions, time, observation.ra_deg, observation.dec_deg)
            rows = self._describe_rows(time, window, first, second)
            rows["UVW"] = uvw[second] - uvw[first]
            rows["FLAG"] = self._draw_flags(dead, observation.n_channels[window])
            rows["FLAG_ROW"] = np.logical_and.reduce(rows["FLAG"], axis=(1, 2))
            rows["DATA"] = self._draw_data(dead, observation.n_channels[window])
            yield rows

    def _describe_rows(
        self, time: float, window: int, first: NDArray[np.intp], second: NDArray[np.intp]
    ) -> dict[str, NDArray[Any]]:
        n = first.size
        correlations = (n, self.observation.n_correlations)
        # Without noise every weight would be infinite; 1 is what other writers put there.
        sigma = self.noise_jy or 1.0
        zeros = ("ARRAY_ID", "FEED1", "FEED2", "FIELD_ID", "OBSERVATION_ID", "PROCESSOR_ID", "STATE_ID")
        return {
            "TIME": np.full(n, time),
            "ANTENNA1": first.astype(np.int32),
            "ANTENNA2": second.astype(np.int32),
            "DATA_DESC_ID": np.full(n, window, np.int32),
            "TIME_CENTROID": np.full(n, time),
            "INTERVAL": np.full(n, INTEGRATION_SECONDS),
            "EXPOSURE": np.full(n, INTEGRATION_SECONDS),
            "SCAN_NUMBER": np.ones(n, np.int32),
            "SIGMA": np.full(correlations, sigma, np.float32),
            "WEIGHT": np.full(correlations, sigma**-2, np.float32),
        } | {name: np.zeros(n, np.int32) for name in zeros}

    def _rfi_in(self, n_channels: int) -> list[int]:
        return [channel for channel in self.rfi_channels if channel < n_channels]

    def _draw_flags(self, dead: NDArray[np.bool_], n_channels: int) -> NDArray[np.bool_]:
        """Return flags, shape (n_baselines, n_channels, n_correlations)."""
        shape = (dead.size, n_channels, self.observation.n_correlations)
        if self.flag_fraction:
            flags: NDArray[np.bool_] = self.random.random(shape, dtype=np.float32) < self.flag_fraction
        else:
            flags = np.zeros(shape, np.bool_)
        if self.bad_is_flagged:
            flags[dead] = True
            flags[:, self._rfi_in(n_channels)] = True
        return flags

    def _draw_data(self, dead: NDArray[np.bool_], n_channels: int) -> NDArray[np.complex64]:
        """Return visibilities in Jy, shape (n_baselines, n_channels, n_correlations)."""
        codes = CORRELATIONS[self.observation.n_correlations]
        shape = (dead.size, n_channels, len(codes))
        parts = self.random.standard_normal((*shape[:-1], 2 * shape[-1]), dtype=np.float32)
        parts *= np.float32(self.noise_jy)
        data: NDArray[np.complex64] = parts.view(np.complex64)
        parallel = np.isin(codes, _PARALLEL_HANDS)
        data += np.float32(self.flux_jy) * (~dead[:, np.newaxis, np.newaxis] & parallel)
        channels = self._rfi_in(n_channels)
        phase = self.random.uniform(0, 2 * math.pi, (dead.size, len(channels), len(codes)))
        data[:, channels] += (self.rfi_jy * np.exp(1j * phase)).astype(np.complex64)
        return data
