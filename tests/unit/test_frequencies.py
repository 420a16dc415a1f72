"""The frequency of a plane, wherever the header keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images import open_image
from dsa110_contimg.simulate import simulate_image
from support import shared_data, sky_header, write_image

if TYPE_CHECKING:
    from pathlib import Path

AXIS = {"CTYPE3": "FREQ", "CRVAL3": 1.4e9, "CDELT3": 1e6, "CRPIX3": 1.0, "CUNIT3": "Hz"}


def find(path: Path, shape: tuple[int, ...], channel: int | None = None, **cards: object) -> float | None:
    header = sky_header(shape, **cards)
    image = open_image(write_image(path / "a.fits", np.ones(shape, "f4"), header))
    return image.find_frequency(image.axes.choose_plane(image.path, stokes=None, channel=channel))


@pytest.mark.parametrize(
    ("shape", "channel", "cards", "expected"),
    [
        ((1, 8, 8), None, AXIS, 1.4e9),
        ((5, 8, 8), 3, AXIS, 1.403e9),
        ((5, 8, 8), 3, AXIS | {"CRPIX3": 3.0}, 1.401e9),
        ((5, 8, 8), 2, AXIS | {"CRVAL3": 1400.0, "CDELT3": 1.0, "CUNIT3": "MHz"}, 1.402e9),
        ((8, 8), None, AXIS, 1.4e9),  # the axis is gone, and its cards are not
        ((8, 8), None, AXIS | {"CRPIX3": 7.0}, 1.4e9),
        ((8, 8), None, {"RESTFRQ": 1.42e9}, 1.42e9),
        ((8, 8), None, {"RESTFREQ": 1.42e9}, 1.42e9),
        ((1, 8, 8), None, AXIS | {"RESTFRQ": 1.42e9}, 1.4e9),  # CASA writes the line of hydrogen there
        ((4, 8, 8), 1, {"CTYPE3": "VRAD", "CRVAL3": 1e3, "CDELT3": 10.0, "RESTFRQ": 1.42e9}, 1.42e9),
        ((8, 8), None, {}, None),
        ((8, 8), None, AXIS | {"CRVAL3": 0.0}, None),
        ((1, 8, 8), None, AXIS | {"CUNIT3": "m/s"}, None),
    ],
)
def test_where_it_stands(
    tmp_path: Path, shape: tuple[int, ...], channel: int | None, cards: dict[str, object], expected: float | None
) -> None:
    found = find(tmp_path, shape, channel, **cards)
    assert found is None if expected is None else found == pytest.approx(expected, rel=1e-12)


def test_a_cube_without_a_step_has_a_frequency_at_its_reference_only(tmp_path: Path) -> None:
    cards = {key: value for key, value in AXIS.items() if key != "CDELT3"}
    assert find(tmp_path, (5, 8, 8), 0, **cards) == 1.4e9
    assert find(tmp_path, (5, 8, 8), 1, **cards) is None


def test_a_keyword_that_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="CRVAL3 = 'high'") as caught:
        find(tmp_path, (8, 8), **(AXIS | {"CRVAL3": "high"}))
    assert "frequency" in caught.value.hint


def test_simulated_channels(tmp_path: Path) -> None:
    image = open_image(simulate_image(tmp_path / "a.fits", shape=(16, 16), n_channels=5).path)
    found = [image.find_frequency(image.axes.choose_plane("", stokes=None, channel=k)) for k in range(5)]
    np.testing.assert_allclose(found, 1.4e9 + 50e6 * np.arange(-2, 3))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("vast_epochs/epoch01.fits", 888e6),
        ("fornax_a/Fornaxa_vla.FITS", 1.51e9),
        ("1904-66/1904-66_SIN.fits", 1420405750.0),
        ("1904-66/1904-66_SIN.lb.fits", None),
    ],
)
def test_real_images(image: str, expected: float | None) -> None:
    opened = open_image(shared_data(f"images/{image}"))
    assert opened.find_frequency(opened.axes.choose_plane(opened.path, stokes=None, channel=None)) == expected
