"""Stamps with known contents, for tests of what is done with stamps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dsa110_contimg.images.beam import Beam

BEAM = Beam(major_deg=24 / 3600, minor_deg=12 / 3600, pa_deg=30.0)


@dataclass(frozen=True, eq=False)
class StandIn:
    """What `Cutout` has, and no more."""

    data: np.ndarray
    target: tuple[float, float]
    sky_axes: np.ndarray
    ra_deg: float = 150.0
    dec_deg: float = -30.0
    size_arcmin: float = 2.0
    image: str = "/data/epoch.fits"
    origin: tuple[int, int] = (0, 0)
    unit: str | None = "Jy/beam"
    beam: Beam | None = BEAM
    mjd: float | None = 59064.25
    status: str = "full"
    header: dict[str, object] = field(default_factory=dict)


def turn_sky(rotation_deg: float = 0.0, *, mirrored: bool = False, shape: tuple[int, int] = (60, 60)) -> np.ndarray:
    """Return ``sky_axes`` of a stamp of 2 arcmin: north turned from up to the right, east left of it, or mirrored."""
    turn = np.radians(rotation_deg)
    north = np.array([np.sin(turn), np.cos(turn)])
    east = np.array([-np.cos(turn), np.sin(turn)]) * (-1 if mirrored else 1)
    return np.diag([shape[1] * 30.0, shape[0] * 30.0]) @ np.stack([east, north], axis=1)


def make_stamp(
    peak: float = 0.0, *, noise: float = 1e-4, seed: int = 0, shape: tuple[int, int] = (60, 60), **more: object
) -> StandIn:
    """Make a stamp of noise with one bright pixel, the target, next to the middle."""
    data = np.random.default_rng(seed).normal(0.0, noise, shape).astype(np.float32)
    y, x = shape[0] // 2, shape[1] // 2
    data[y, x] += peak
    return StandIn(data, (y, x), more.pop("sky_axes", turn_sky(shape=shape)), **more)
