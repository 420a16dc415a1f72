"""The truth that a simulated image claims, measured from its pixels with astropy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS, WCSSUB_LATITUDE, WCSSUB_LONGITUDE

from dsa110_contimg.errors import BadSimulationError, OutputExistsError, UnwritableOutputError
from dsa110_contimg.images import Beam
from dsa110_contimg.simulate import Source, simulate_image
from dsa110_contimg.simulate.image_headers import PROJECTIONS

if TYPE_CHECKING:
    from pathlib import Path

ROUND = Beam(15 / 3600, 15 / 3600, 0.0)
SHAPE = (120, 160)


def image_hdu(path: Path) -> tuple[np.ndarray, fits.Header]:
    with fits.open(path) as hdus:
        hdu = next(hdu for hdu in hdus if hdu.data is not None)
        return np.asarray(hdu.data), hdu.header.copy()


def moments(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centroid (y, x) and the covariance (x, y) of an image of one source, without noise."""
    y, x = np.indices(data.shape)
    weight = data / data.sum()
    my, mx = (weight * y).sum(), (weight * x).sum()
    covariance = np.cov(np.stack([x.ravel(), y.ravel()]), aweights=weight.ravel(), ddof=0)
    return np.array([my, mx]), covariance


@pytest.mark.parametrize("frame", ["icrs", "fk5", "galactic"])
@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("dec_deg", [-40.0, 0.0, 37.0])
def test_sources_are_where_astropy_sees_them(tmp_path: Path, projection: str, frame: str, dec_deg: float) -> None:
    source = Source(180.04, dec_deg + 0.02, 0.5)
    truth = simulate_image(
        tmp_path / "a.fits", [source], 0.0, shape=SHAPE, dec_deg=dec_deg, projection=projection, frame=frame
    )
    data, header = image_hdu(truth.path)
    wcs = WCS(header).celestial
    x, y = wcs.world_to_pixel(SkyCoord(source.ra_deg, source.dec_deg, unit="deg", frame="icrs"))
    np.testing.assert_allclose(truth.positions[0], [y, x], atol=1e-6)
    np.testing.assert_allclose(moments(data.squeeze())[0], [y, x], atol=0.01)
    np.testing.assert_allclose(wcs.proj_plane_pixel_scales()[0].to_value("arcsec"), 2.5, rtol=1e-6)


def test_a_point_source_peaks_at_its_flux_density(tmp_path: Path) -> None:
    truth = simulate_image(tmp_path / "a.fits", [Source(180, 37, 0.25)], 0.0, shape=SHAPE)
    data, _ = image_hdu(truth.path)
    y, x = truth.positions[0].astype(int)
    assert data[0, 0, y, x] == pytest.approx(0.25, rel=1e-6)
    assert data.max() == data[0, 0, y, x]


@pytest.mark.parametrize("rotation_deg", [0.0, 25.0, -100.0])
@pytest.mark.parametrize("pixel_arcsec", [2.5, (2.0, 3.0)])
@pytest.mark.parametrize("pa_deg", [0.0, 30.0, 120.0])
def test_the_beam_has_its_width_and_leans_from_north_to_east(
    tmp_path: Path, rotation_deg: float, pixel_arcsec: float | tuple[float, float], pa_deg: float
) -> None:
    beam = Beam(24 / 3600, 14 / 3600, pa_deg)
    truth = simulate_image(
        tmp_path / "a.fits",
        [Source(180, 37, 1.0)],
        0.0,
        shape=(161, 161),
        beam=beam,
        rotation_deg=rotation_deg,
        pixel_arcsec=pixel_arcsec,
    )
    data, header = image_hdu(truth.path)
    (_, centre_x), covariance = moments(data.squeeze())
    centre_y = moments(data.squeeze())[0][0]
    # Step one pixel along the two ends of the ellipse's long axis, and ask astropy which way that is on the sky.
    values, vectors = np.linalg.eigh(covariance)
    wcs = WCS(header).celestial
    step_x, step_y = 0.01 * vectors[:, 1]
    here = wcs.pixel_to_world(centre_x, centre_y)
    there = wcs.pixel_to_world(centre_x + step_x, centre_y + step_y)
    if pixel_arcsec == 2.5:
        widths = np.sqrt(8 * math.log(2) * values) * 2.5
        np.testing.assert_allclose(widths, [14, 24], rtol=1e-3)
        difference = (here.position_angle(there).deg - pa_deg + 90) % 180 - 90
        assert abs(difference) < 0.1
    else:  # the long axis in pixels is another one than on the sky: compare there
        jacobian = wcs.pixel_scale_matrix
        on_sky = jacobian @ covariance @ jacobian.T
        values, vectors = np.linalg.eigh(on_sky)
        np.testing.assert_allclose(np.sqrt(8 * math.log(2) * values) * 3600, [14, 24], rtol=1e-3)
        east, north = vectors[:, 1]
        assert abs((math.degrees(math.atan2(east, north)) - pa_deg + 90) % 180 - 90) < 0.1


def test_north_lies_towards_the_left_if_the_image_is_turned_east(tmp_path: Path) -> None:
    truth = simulate_image(tmp_path / "a.fits", [Source(180, 37.02, 1.0)], 0.0, rotation_deg=20.0)
    y, x = truth.positions[0] - 128
    assert math.degrees(math.atan2(-x, y)) == pytest.approx(20.0, abs=1e-3)


@pytest.mark.parametrize("noise_is_correlated", [True, False])
@pytest.mark.parametrize("shape", [(512, 384), (301, 415)])
def test_noise_has_the_rms_asked_for(tmp_path: Path, noise_is_correlated: bool, shape: tuple[int, int]) -> None:
    truth = simulate_image(tmp_path / "a.fits", (), 2e-3, shape=shape, noise_is_correlated=noise_is_correlated, seed=4)
    data, _ = image_hdu(truth.path)
    assert data.std() == pytest.approx(2e-3, rel=0.03)
    assert abs(data.mean()) < 2e-4
    assert 1.4826 * np.median(np.abs(data - np.median(data))) == pytest.approx(2e-3, rel=0.04)
    assert data.min() < -3 * 2e-3


def test_noise_is_as_wide_as_the_beam(tmp_path: Path) -> None:
    truth = simulate_image(tmp_path / "a.fits", (), 1.0, shape=(512, 512), beam=ROUND, pixel_arcsec=2.5)
    data, _ = image_hdu(truth.path)
    plane = data.squeeze()
    sigma = 6 / math.sqrt(8 * math.log(2))
    # That of an interferometer has the beam for its autocorrelation.
    for lag in (2, 4):
        measured = (plane[:, lag:] * plane[:, :-lag]).mean() / plane.var()
        assert measured == pytest.approx(math.exp(-(lag**2) / (2 * sigma**2)), abs=0.03)


def test_no_two_epochs_of_noise_are_alike_but_for_their_seed(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.fits", "b.fits", "c.fits")]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        simulate_image(path, [Source(180, 37, 0.1)], seed=seed)
    first, same, other = (path.read_bytes() for path in paths)
    assert first == same
    assert first != other


@pytest.mark.parametrize("suffix", [".fits.gz", ".fits.fz"])
def test_the_same_seed_gives_the_same_bytes_compressed_too(tmp_path: Path, suffix: str) -> None:
    compression = "RICE_1" if suffix.endswith("fz") else None
    first, same = (simulate_image(tmp_path / f"{name}{suffix}", compression=compression).path for name in "ab")
    assert first.read_bytes() == same.read_bytes()


@pytest.mark.parametrize(
    ("axes", "n_channels", "shape"),
    [
        (2, 1, (120, 160)),
        (3, 5, (5, 120, 160)),
        (4, 1, (1, 1, 120, 160)),
        (5, 2, (1, 2, 1, 120, 160)),
        (("RA", "DEC", "FREQ", "STOKES"), 3, (1, 3, 120, 160)),
        (("FREQ", "RA", "DEC"), 3, (120, 160, 3)),
        (("DEC", "STOKES", "RA"), 1, (160, 1, 120)),
    ],
)
def test_axes_come_in_the_order_asked_for(
    tmp_path: Path, axes: int | tuple[str, ...], n_channels: int, shape: tuple[int, ...]
) -> None:
    truth = simulate_image(
        tmp_path / "a.fits", [Source(180.01, 37.02, 1.0)], shape=SHAPE, axes=axes, n_channels=n_channels
    )
    data, header = image_hdu(truth.path)
    assert data.shape == shape
    assert data.dtype == np.dtype(">f4")
    if isinstance(axes, tuple):
        assert [header[f"CTYPE{i + 1}"].split("-")[0] for i in range(len(axes))] == list(axes)
    wcs = WCS(header).sub([WCSSUB_LONGITUDE, WCSSUB_LATITUDE])
    x, y = wcs.wcs_world2pix(180.01, 37.02, 0)
    np.testing.assert_allclose(truth.positions[0], [y, x], atol=1e-9)
    names = axes[::-1] if isinstance(axes, tuple) else None
    if names is not None:
        data = np.moveaxis(data, (names.index("DEC"), names.index("RA")), (-2, -1))
    planes = data.reshape(-1, *SHAPE)
    peaks = [np.unravel_index(plane.argmax(), SHAPE) for plane in planes]
    assert all(math.hypot(py - y, px - x) < 0.8 for py, px in peaks)
    assert len({plane.tobytes() for plane in planes}) == n_channels


@pytest.mark.parametrize("tile_shape", [None, (32, 40)])
@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_2", "HCOMPRESS_1"])
@pytest.mark.parametrize("axes", [2, 4])
def test_compressed_images_hold_the_same_sky(
    tmp_path: Path, compression: str, tile_shape: tuple[int, int] | None, axes: int
) -> None:
    sources = [Source(180.01, 37.02, 0.1)]
    plain = simulate_image(tmp_path / "a.fits", sources, shape=SHAPE, nan_corners=20, axes=axes)
    packed = simulate_image(
        tmp_path / "b.fits",
        sources,
        shape=SHAPE,
        nan_corners=20,
        axes=axes,
        compression=compression,
        tile_shape=tile_shape,
    )
    with fits.open(packed.path) as hdus:
        assert hdus[0].data is None
        assert isinstance(hdus[1], fits.CompImageHDU)
        assert hdus[1].compression_type == compression
    expected, found = image_hdu(plain.path)[0], image_hdu(packed.path)[0]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    tolerance = 0 if compression == "GZIP_2" else 0.25 * 1e-3
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def test_the_header_says_when_where_and_how(tmp_path: Path) -> None:
    truth = simulate_image(tmp_path / "a.fits", mjd=60300.25)
    header = fits.getheader(truth.path)
    assert (header["BMAJ"], header["BMIN"], header["BPA"]) == (15 / 3600, 10 / 3600, 30.0)
    assert header["BUNIT"] == "Jy/beam"
    assert header["TELESCOP"] == "DSA-110"
    assert header["RADESYS"] == "ICRS"
    assert (header["MJD-OBS"], header["DATE-OBS"]) == (60300.25, "2023-12-22T06:00:00.000")
    assert header["CRVAL4"] == 1.4e9
    # A card holds 16 digits of a number.
    for keyword, value in truth.header.items():
        assert header[keyword] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-14))
    with fits.open(truth.path) as hdus:
        hdus.verify("exception")


def test_corners_are_blank_when_asked(tmp_path: Path) -> None:
    truth = simulate_image(tmp_path / "a.fits", shape=SHAPE, nan_corners=True)
    plane = image_hdu(truth.path)[0].squeeze()
    assert np.isnan(plane[[0, 0, -1, -1], [0, -1, 0, -1]]).all()
    assert np.isfinite(plane[60, 80])
    assert np.isnan(plane).sum() == 4 * 30 * 31 / 2


def test_stripes_add_their_power_to_the_noise(tmp_path: Path) -> None:
    truth = simulate_image(tmp_path / "a.fits", (), 1e-3, shape=(400, 400), stripes_jy_per_beam=10e-3)
    assert image_hdu(truth.path)[0].std() == pytest.approx(math.hypot(1e-3, 10e-3 / math.sqrt(2)), rel=0.05)


def test_the_truth_cannot_be_changed(tmp_path: Path) -> None:
    truth = simulate_image(tmp_path / "a.fits", [Source(180, 37, 1.0)])
    with pytest.raises(ValueError, match="read-only"):
        truth.positions[0] = 0
    with pytest.raises(TypeError):
        truth.header["BMAJ"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"shape": (0, 10)}, "ny is 0"),
        ({"shape": (10, -1)}, "nx is -1"),
        ({"shape": (10, 10, 10)}, "shape is"),
        ({"projection": "MOON"}, "'MOON' is no projection"),
        ({"frame": "fk9"}, "'fk9' is no frame"),
        ({"axes": 6}, "6 is no number of axes"),
        ({"axes": ("RA", "FREQ")}, "are no axes of an image"),
        ({"axes": ("RA", "DEC", "RA")}, "are no axes of an image"),
        ({"axes": 2, "n_channels": 3}, "3 channels do not fit"),
        ({"compression": "ZIP"}, "'ZIP' is no compression"),
        ({"tile_shape": (0, 4), "compression": "RICE_1"}, "tile_ny is 0"),
        ({"noise_jy_per_beam": -1.0}, "noise_jy_per_beam is -1"),
        ({"noise_jy_per_beam": math.nan}, "noise_jy_per_beam is nan"),
        ({"pixel_arcsec": 0.0}, "pixel_arcsec_y is 0"),
        ({"beam": Beam(1 / 3600, 0.0, 0.0)}, "beam_minor_deg is 0"),
        ({"beam": Beam(1 / 3600, 2 / 3600, 0.0)}, "is the longer one"),
        ({"dec_deg": 91.0}, "is no position on the sky"),
        ({"seed": -1}, "seed is -1"),
        ({"sources": [Source(182, 37, 1.0)]}, "J120800.0"),
        ({"sources": [Source(0, -37, 1.0)]}, "falls on pixel"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_left(tmp_path: Path, wrong: dict[str, object], says: str) -> None:
    with pytest.raises(BadSimulationError, match=says) as caught:
        simulate_image(tmp_path / "a.fits", **wrong)  # type: ignore[arg-type]
    assert caught.value.hint
    assert isinstance(caught.value, ValueError)
    assert list(tmp_path.iterdir()) == []


def test_what_stands_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_text("mine")
    with pytest.raises(OutputExistsError, match=r"a\.fits"):
        simulate_image(path)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnwritableOutputError, match="nowhere"):
        simulate_image(tmp_path / "nowhere" / "a.fits")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        args[0].write_text("half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dsa110_contimg.simulate.sky_images.write_fits", fail)
    with pytest.raises(OSError, match="No space"):
        simulate_image(tmp_path / "a.fits")
    assert list(tmp_path.iterdir()) == []
