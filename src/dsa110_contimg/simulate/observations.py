"""What a simulated telescope did: its antennas, times, spectral windows and phase centre, and the subtables of that."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any] | list[NDArray[Any]]]

CORRELATIONS = {1: (9,), 2: (9, 12), 4: (9, 10, 11, 12)}
"""Codes of XX, XY, YX and YY in a POLARIZATION table, by their number."""
LOWEST_HZ, BANDWIDTH_HZ = 1.28e9, 187.5e6
INTEGRATION_SECONDS = 12.884902
DISH_M = 4.65


@dataclass(frozen=True, eq=False, slots=True)
class Observation:
    """One field, observed without a pause."""

    positions: NDArray[np.float64]
    """Geocentric positions of the antennas in metres, shape (n_antennas, 3)."""
    n_times: int
    """Number of integrations."""
    n_channels: tuple[int, ...]
    """Number of channels of each spectral window."""
    n_correlations: int
    """Number of correlations: 1, 2 or 4."""
    ra_deg: float
    """Right ascension (J2000) of the phase centre in degrees."""
    dec_deg: float
    """Declination (J2000) of the phase centre in degrees."""
    mjd: float
    """Modified Julian date (UTC) at which it began."""
    seed: int
    """The seed, for the history."""

    @property
    def times(self) -> NDArray[np.float64]:
        """Return the middle of each integration in seconds of modified Julian date, shape (n_times,)."""
        return self.mjd * 86400 + (np.arange(self.n_times, dtype=np.float64) + 0.5) * INTEGRATION_SECONDS

    @property
    def antenna_names(self) -> tuple[str, ...]:
        """Return the names of the antennas."""
        return tuple(f"DSA-{number + 1:03d}" for number in range(len(self.positions)))

    def write_subtables(self) -> dict[str, Columns]:
        """Return the columns of every subtable that has rows, by the name of the subtable."""
        return {
            "ANTENNA": self._antenna(),
            "DATA_DESCRIPTION": self._data_description(),
            "FEED": self._feed(),
            "FIELD": self._field(),
            "HISTORY": self._history(),
            "OBSERVATION": self._observation(),
            "POINTING": self._pointing(),
            "POLARIZATION": self._polarization(),
            "PROCESSOR": {"TYPE": np.array(["CORRELATOR"]), "SUB_TYPE": np.array(["SIMULATED"])},
            "SPECTRAL_WINDOW": self._spectral_window(),
            "STATE": {"OBS_MODE": np.array(["OBSERVE_TARGET.ON_SOURCE"]), "SIG": np.array([True])},
        }

    @property
    def _duration(self) -> float:
        return self.n_times * INTEGRATION_SECONDS

    @property
    def _middle(self) -> float:
        return self.mjd * 86400 + self._duration / 2

    @property
    def _direction(self) -> NDArray[np.float64]:
        return np.radians([[self.ra_deg, self.dec_deg]])

    def _antenna(self) -> Columns:
        n = len(self.positions)
        return {
            "NAME": np.array(self.antenna_names),
            "STATION": np.array([f"PAD-{number + 1:03d}" for number in range(n)]),
            "TYPE": np.full(n, "GROUND-BASED"),
            "MOUNT": np.full(n, "ALT-AZ"),
            "POSITION": self.positions,
            "OFFSET": np.zeros((n, 3)),
            "DISH_DIAMETER": np.full(n, DISH_M),
        }

    def _data_description(self) -> Columns:
        windows = np.arange(len(self.n_channels), dtype=np.int32)
        return {"SPECTRAL_WINDOW_ID": windows, "POLARIZATION_ID": np.zeros_like(windows)}

    def _feed(self) -> Columns:
        n = len(self.positions)
        return {
            "ANTENNA_ID": np.arange(n, dtype=np.int32),
            "SPECTRAL_WINDOW_ID": np.full(n, -1, np.int32),  # the same in all windows
            "TIME": np.full(n, self._middle),
            "INTERVAL": np.full(n, self._duration),
            "NUM_RECEPTORS": np.full(n, 2, np.int32),
            "BEAM_ID": np.full(n, -1, np.int32),
            "BEAM_OFFSET": np.zeros((n, 2, 2)),
            "POLARIZATION_TYPE": np.tile(["X", "Y"], (n, 1)),
            "POL_RESPONSE": np.tile(np.eye(2, dtype=np.complex64), (n, 1, 1)),
            "POSITION": np.zeros((n, 3)),
            "RECEPTOR_ANGLE": np.tile([0.0, math.pi / 2], (n, 1)),
        }

    def _field(self) -> Columns:
        direction = self._direction[np.newaxis]
        return {
            "NAME": np.array(["SIMULATED"]),
            "CODE": np.array(["T"]),
            "TIME": np.array([self._middle]),
            "SOURCE_ID": np.array([-1], np.int32),
            "DELAY_DIR": direction,
            "PHASE_DIR": direction,
            "REFERENCE_DIR": direction,
        }

    def _history(self) -> Columns:
        return {
            "TIME": np.array([self._middle]),
            "MESSAGE": np.array([f"Simulated, seed {self.seed}"]),
            "PRIORITY": np.array(["INFO"]),
            "ORIGIN": np.array(["dsa110_contimg.simulate"]),
            "APPLICATION": np.array(["dsa110-contimg"]),
            "APP_PARAMS": np.array([[""]]),
            "CLI_COMMAND": np.array([[""]]),
        }

    def _observation(self) -> Columns:
        start = self.mjd * 86400
        return {
            "TELESCOPE_NAME": np.array(["DSA-110"]),
            "OBSERVER": np.array(["simulator"]),
            "PROJECT": np.array(["simulation"]),
            "TIME_RANGE": np.array([[start, start + self._duration]]),
            "LOG": np.array([[""]]),
            "SCHEDULE": np.array([[""]]),
        }

    def _pointing(self) -> Columns:
        n = len(self.positions)
        direction = np.tile(self._direction, (n, 1, 1))
        return {
            "ANTENNA_ID": np.arange(n, dtype=np.int32),
            "TIME": np.full(n, self._middle),
            "INTERVAL": np.full(n, self._duration),
            "TIME_ORIGIN": np.full(n, self._middle),
            "DIRECTION": direction,
            "TARGET": direction,
            "TRACKING": np.full(n, True),
        }

    def _polarization(self) -> Columns:
        codes = np.array([CORRELATIONS[self.n_correlations]], np.int32)
        return {
            "NUM_CORR": np.array([self.n_correlations], np.int32),
            "CORR_TYPE": codes,
            "CORR_PRODUCT": np.stack([(codes - 9) // 2, (codes - 9) % 2], axis=-1),
        }

    def _spectral_window(self) -> Columns:
        n = len(self.n_channels)
        band = BANDWIDTH_HZ / n
        starts = LOWEST_HZ + band * np.arange(n)
        widths = [np.full(count, band / count) for count in self.n_channels]
        return {
            "NAME": np.array([f"SPW{window}" for window in range(n)]),
            "NUM_CHAN": np.array(self.n_channels, np.int32),
            "REF_FREQUENCY": starts,
            "CHAN_FREQ": [
                start + (np.arange(width.size) + 0.5) * width for start, width in zip(starts, widths, strict=True)
            ],
            "CHAN_WIDTH": widths,
            "EFFECTIVE_BW": widths,
            "RESOLUTION": widths,
            "TOTAL_BANDWIDTH": np.full(n, band),
            "MEAS_FREQ_REF": np.full(n, 5, np.int32),  # TOPO
            "NET_SIDEBAND": np.ones(n, np.int32),
        }
