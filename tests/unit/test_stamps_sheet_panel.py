"""One panel, by its pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsa110_contimg.images.beam import Beam
from dsa110_contimg.qa.drawing.colour_maps import MARK, NO_DATA, NO_DATA_LINES, create_cubehelix
from dsa110_contimg.qa.drawing.overlays import choose_scale, point_alike
from dsa110_contimg.qa.drawing.panel import choose_side, colour_pixels, draw_empty_panel, draw_panel
from dsa110_contimg.qa.drawing.stretch import Stretch
from stand_ins import BEAM, StandIn, make_stamp, turn_sky

STRETCH = Stretch(low=0.0, high=10.0, centre=0.0, softening=1.0)
SIDE = 420


def draw_black(stamp: StandIn) -> np.ndarray:
    """Draw the marks of a stamp over black; return how much ink there is, from 0 to 1."""
    picture = draw_panel(stamp, np.zeros(stamp.data.shape), STRETCH, SIDE)
    return np.asarray(picture)[..., 0] / MARK[0]


def measure_beam(ink: np.ndarray, sky_axes: np.ndarray, shape: tuple[int, int]) -> tuple[float, float, float]:
    """Measure major and minor axis (degrees) and position angle of the ellipse in the lower left corner."""
    corner = ink[SIDE * 5 // 8 :, : SIDE * 3 // 8]
    y, x = np.nonzero(corner > 0.2)
    # Row 0 of a picture is at the top; a filled ellipse has the variance (axis / 4) squared along each of its axes.
    covariance = np.cov(np.stack([x * shape[1] / SIDE, -y * shape[0] / SIDE]))
    to_sky = np.linalg.inv(sky_axes)
    variances, axes = np.linalg.eigh(to_sky @ covariance @ to_sky.T)
    east, north = axes[:, 1]
    return 4 * np.sqrt(variances[1]), 4 * np.sqrt(variances[0]), np.degrees(np.arctan2(east, north)) % 180


@pytest.mark.parametrize("pa_deg", [0.0, 30.0, 90.0, 155.0])
@pytest.mark.parametrize(
    ("rotation", "mirrored", "shape"),
    [
        (0, False, (60, 60)),
        (35, False, (60, 60)),
        (-110, False, (60, 60)),
        (0, True, (60, 60)),
        (50, True, (60, 60)),
        (0, False, (30, 60)),
        (25, True, (84, 42)),
    ],
)
def test_beam_has_its_true_size_and_angle_on_the_sky(
    rotation: float, mirrored: bool, shape: tuple[int, int], pa_deg: float
) -> None:
    sky = turn_sky(rotation, mirrored=mirrored, shape=shape)
    stamp = make_stamp(shape=shape, sky_axes=sky, beam=replace(BEAM, pa_deg=pa_deg))
    major, minor, pa = measure_beam(draw_black(stamp), sky, shape)
    assert major == pytest.approx(BEAM.major_deg, rel=0.03)
    assert minor == pytest.approx(BEAM.minor_deg, rel=0.05)
    assert (pa - pa_deg + 90) % 180 - 90 == pytest.approx(0, abs=2)


def test_position_angle_runs_from_north_to_the_left_where_east_is_left() -> None:
    ink = draw_black(make_stamp(beam=Beam(24 / 3600, 8 / 3600, 45.0)))[SIDE * 5 // 8 :, : SIDE * 3 // 8]
    y, x = np.nonzero(ink > 0.2)
    assert np.corrcoef(x, y)[0, 1] > 0.5  # from top left to bottom right: x and the row grow together


def test_beam_stands_in_the_corner_and_whole() -> None:
    ink = draw_black(make_stamp(beam=Beam(50 / 3600, 40 / 3600, 70.0)))
    columns, rows = np.flatnonzero(ink[SIDE * 2 // 3 :].any(axis=0)), np.flatnonzero(ink[:, : SIDE // 4].any(axis=1))
    assert 5 < columns.min() < 20
    assert SIDE - 20 < rows.max() < SIDE - 5


def test_beam_larger_than_the_stamp_is_not_drawn() -> None:
    vast = draw_black(make_stamp(beam=Beam(1.0, 1.0, 0.0)))
    assert not vast[SIDE * 5 // 8 :, : SIDE * 3 // 8].any()


def test_no_beam_no_ellipse() -> None:
    assert not draw_black(make_stamp(beam=None))[SIDE * 5 // 8 :, : SIDE * 3 // 8].any()


@pytest.mark.parametrize("target", [(30.0, 30.0), (29.5, 29.5), (20.25, 41.0)])
def test_mark_is_centred_on_the_target_and_leaves_it_free(target: tuple[float, float]) -> None:
    stamp = replace(make_stamp(beam=None), target=target)
    ink = draw_black(stamp) > 0.5
    rows, columns = np.nonzero(ink)
    x, y = (target[1] + 0.5) * SIDE / 60, SIDE - (target[0] + 0.5) * SIDE / 60
    assert (columns.min() + columns.max() + 1) / 2 == pytest.approx(x, abs=1)
    assert (rows.min() + rows.max() + 1) / 2 == pytest.approx(y, abs=1)
    pixel = SIDE // 60  # free for two pixels of the stamp in every direction
    assert not ink[round(y) - 2 * pixel : round(y) + 2 * pixel, round(x) - 2 * pixel : round(x) + 2 * pixel].any()


def test_the_last_row_is_at_the_top() -> None:
    values = np.zeros((10, 10))
    values[9, 0] = 10.0
    picture = colour_pixels(values, STRETCH, 100)
    assert (picture[:10, :10] == 255).all()
    assert (picture[10:] == 0).all()
    assert (picture[:, 10:] == 0).all()


def test_pixels_that_are_not_square_fill_a_square_panel() -> None:
    values = np.zeros((5, 10))
    values[0, 9] = 10.0
    picture = colour_pixels(values, STRETCH, 100)
    assert (picture[80:, 90:] == 255).all()
    assert np.count_nonzero(picture[..., 0]) == 20 * 10


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_missing_sky_is_hatched(hole: float) -> None:
    values = np.full((10, 10), 5.0)
    values[:5] = hole
    picture = colour_pixels(values, STRETCH, 100)
    assert {tuple(c) for c in picture[50:].reshape(-1, 3).tolist()} == {NO_DATA, NO_DATA_LINES}
    assert len(np.unique(picture[:50].reshape(-1, 3), axis=0)) == 1


def test_marks_and_hatch_are_not_colours_of_the_map() -> None:
    for colour in (MARK, NO_DATA, NO_DATA_LINES):
        assert np.abs(create_cubehelix().astype(int) - colour).max(axis=1).min() > 5, colour


def test_colour_map_brightens_at_every_step() -> None:
    grey = create_cubehelix().astype(float) @ [0.30, 0.59, 0.11]
    assert (np.diff(grey) > 0).all()


def test_stamps_larger_than_a_panel_are_averaged_and_stay_hatched_only_where_empty() -> None:
    values = np.zeros((40, 40))
    values[:2, :2] = [[10.0, np.nan], [10.0, 10.0]]
    values[20:, 20:] = np.nan
    picture = colour_pixels(values, STRETCH, 20)
    assert (picture[19, 0] == 255).all()
    assert {tuple(c) for c in picture[:10, 10:].reshape(-1, 3).tolist()} == {NO_DATA, NO_DATA_LINES}
    assert (picture[10:, 10:] == 0).all()


def test_empty_panel_is_hatched_and_says_why() -> None:
    with_reason, without = np.asarray(draw_empty_panel("unreadable", 200)), np.asarray(draw_empty_panel("", 200))
    assert (with_reason != without).any()
    assert (with_reason[:60] == without[:60]).all()


@pytest.mark.parametrize(
    ("pixels", "columns", "side"), [(60, 2, 420), (60, 10, 120), (100, 10, 100), (97, 10, 97), (10, 1, 420)]
)
def test_panels_are_whole_multiples_of_stamps(pixels: int, columns: int, side: int) -> None:
    assert choose_side([(pixels, pixels)], columns) == side


def test_huge_stamps_do_not_make_huge_panels() -> None:
    assert choose_side([(5000, 5000)], 10) <= 240


@pytest.mark.parametrize(
    ("longest", "chosen"), [(0.9, 0.5), (31 / 3600, 30 / 3600), (1.0, 1.0), (0.04 / 3600, 0.01 / 3600)]
)
def test_scale_is_a_round_angle(longest: float, chosen: float) -> None:
    assert choose_scale(longest) == pytest.approx(chosen)


def test_directions_are_compared_whatever_the_scale() -> None:
    assert point_alike([turn_sky(0), 3 * turn_sky(1)])
    assert not point_alike([turn_sky(0), turn_sky(5)])
    assert not point_alike([turn_sky(0), turn_sky(0, mirrored=True)])
