"""Strips of stamps."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from dsa110_contimg.qa import create_cutouts
from dsa110_contimg.qa.reporting import strips
from dsa110_contimg.simulate import simulate_epochs, simulate_image

PLANE = {"hdu": None, "stokes": None, "channel": None}


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory):
    return simulate_epochs(tmp_path_factory.mktemp("field"), 4, 5, n_variables=1, shape=(256, 256), seed=2)


def follow(field, images=None) -> SimpleNamespace:
    """Return what strips need of light curves."""
    ra, dec = (np.array([getattr(source, name) for source in field.sources]) for name in ("ra_deg", "dec_deg"))
    paths = tuple(map(str, field.images)) if images is None else images
    return SimpleNamespace(images=paths, names=tuple(s.name for s in field.sources), ra_deg=ra, dec_deg=dec)


def draw(curves: SimpleNamespace, order: np.ndarray):
    return strips.draw_strips(curves, order, 1.0, PLANE, {path: path for path in curves.images})


def open_strip(strip: strips.Strip) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(strip.webp)).convert("RGB")).astype(int)


@pytest.mark.parametrize(("count", "side"), [(1, 128), (480, 128), (15000, 81), (10**6, 64)])
def test_stamps_become_smaller_where_there_are_many(count: int, side: int) -> None:
    assert strips.choose_side(count) == side


def test_each_source_has_its_epochs_side_by_side(field) -> None:
    order = np.array([3, 1, 0])
    drawn = list(draw(follow(field), order))
    assert len(drawn) == 3
    stack = create_cutouts(field.images, field.catalogue, size_arcmin=1.0)
    for k, strip in zip(order.tolist(), drawn, strict=True):
        assert strip == strips.draw_strip(stack.of_source(k), 128)
        assert open_strip(strip).shape == (128, 4 * 128, 3)
        assert strip.statuses == ("full",) * 4
        assert strip.stretch.endswith("mJy/beam")


def test_the_brightest_pixel_is_where_the_source_is(field) -> None:
    (strip,) = draw(follow(field), np.array([0]))
    first = open_strip(strip)[:, :128].sum(axis=2)
    y, x = np.unravel_index(int(first.argmax()), first.shape)
    assert abs(y - 64) < 12
    assert abs(x - 64) < 12


def test_sources_are_cut_in_parts(field, monkeypatch: pytest.MonkeyPatch) -> None:
    order = np.arange(5)
    whole = list(draw(follow(field), order))
    monkeypatch.setattr(strips, "_HELD_BYTES", 1)
    assert list(draw(follow(field), order)) == whole


def test_images_of_different_scales_stand_in_one_strip(field, tmp_path: Path) -> None:
    coarse = simulate_image(tmp_path / "coarse.fits", field.sources, 1e-4, shape=(128, 128), pixel_arcsec=5.0)
    mixed = (str(field.images[0]), str(coarse.path), str(field.images[1]))
    (strip,) = draw(follow(field, mixed), np.array([0]))
    picture = open_strip(strip)
    assert picture.shape == (128, 3 * 128, 3)
    assert strip.statuses == ("full",) * 3
    fine = draw(follow(field, (mixed[0], mixed[2])), np.array([0]))
    assert not np.array_equal(picture[:, 128:256], open_strip(next(fine))[:, 128:256])


def test_more_epochs_than_a_picture_is_wide_go_into_rows(field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "_WIDEST", 300)
    (strip,) = draw(follow(field), np.array([0]))
    assert strip.columns == 2
    assert open_strip(strip).shape == (256, 256, 3)


def test_a_source_off_the_image_says_so(field) -> None:
    curves = follow(field)
    curves.ra_deg = curves.ra_deg + 10.0
    (strip,) = draw(curves, np.array([0]))
    assert strip.statuses == ("off-image",) * 4
    assert strip.stretch == ""
    assert open_strip(strip).min() > 60  # hatched, with dark letters
