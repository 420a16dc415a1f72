"""create_cutouts: what it takes, what it gives, and what it refuses."""

from __future__ import annotations

import pickle
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

from dsa110_contimg import errors
from dsa110_contimg.qa import create_cutout, create_cutouts, iter_cutouts, split_by_scale
from dsa110_contimg.qa.catalogues import read_catalogue
from dsa110_contimg.qa.stamps.stores import open_store
from dsa110_contimg.simulate import SimulatedEpochs, simulate_epochs, simulate_image


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> SimulatedEpochs:
    return simulate_epochs(
        tmp_path_factory.mktemp("field"), n_epochs=3, n_sources=4, n_variables=1, shape=(200, 200), seed=1
    )


def positions(field: SimulatedEpochs) -> tuple[np.ndarray, np.ndarray]:
    catalogue = read_catalogue(field.catalogue)
    return catalogue.ra_deg, catalogue.dec_deg


def test_every_way_to_name_images_and_sources_gives_the_same(field: SimulatedEpochs) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    ra, dec = positions(field)
    table = Table({"ra": ra, "dec": dec})
    wanted = create_cutouts(list(field.images), ra, dec, 1.0).data.tobytes()
    sources = [
        *((ra.tolist(), dec.tolist()), (ra * u.deg, (dec * u.deg).to(u.rad))),
        *((SkyCoord(ra, dec, unit="deg"),), (SkyCoord(ra, dec, unit="deg").galactic,)),
        *((table,), (table.to_pandas(),), (read_catalogue(field.catalogue),), (str(field.catalogue),)),
    ]
    for given in sources:
        stack = create_cutouts(field.images, *given, size_arcmin=1.0)
        assert stack.shape == (3, 4, 24, 24)
        assert stack.data.tobytes() == wanted
    paths = [str(path) for path in field.images]
    images = [
        *(f"{field.folder}/epoch_*.fits", [f"{field.folder}/epoch_0[12].fits", paths[2]], iter(paths)),
        *(Table({"image": paths}), pandas.DataFrame({"Path": paths})),
    ]
    for given in images:
        stack = create_cutouts(given, ra, dec, 1.0)
        assert stack.images == tuple(paths)
        assert stack.data.tobytes() == wanted


def test_what_a_stack_holds(field: SimulatedEpochs) -> None:
    stack = create_cutouts(field.images, field.catalogue, size_arcmin=1.0)
    np.testing.assert_allclose(stack.mjd, field.mjd)
    assert stack.names == tuple(source.name for source in field.sources)
    assert stack.beams == (field.beam,) * 3
    assert stack.units == ("Jy/beam",) * 3
    assert stack.errors == {}
    assert len(stack) == 3
    assert [stamp.image for stamp in stack.of_source(2)] == [str(path) for path in field.images]
    assert len(list(stack)) == 12
    assert stack[-1, -1].image == str(field.images[2])
    assert stack.wcs(1, 2).wcs.compare(stack[1, 2].wcs.wcs)
    with pytest.raises(IndexError):
        stack[3, 0]
    with pytest.raises(IndexError):
        stack[0, 4]
    with pytest.raises(ValueError, match="read-only"):
        stack.status[0, 0] = "full"
    revived = pickle.loads(pickle.dumps(stack))
    assert revived.data.tobytes() == stack.data.tobytes()
    assert "3 images × 4 sources, 24×24 px (12 full)" in repr(stack)


def test_dates_of_a_table_count_more_than_those_of_headers(field: SimulatedEpochs) -> None:
    table = Table({"image": [str(path) for path in field.images], "mjd": [1.0, np.nan, 3.0]})
    ra, dec = positions(field)
    assert create_cutouts(table, ra, dec, 1.0).mjd.tolist() == [1.0, field.mjd[1], 3.0]
    assert [stamp.mjd for stamp in iter_cutouts(table, ra[:1], dec[:1], 1.0)] == [1.0, field.mjd[1], 3.0]


@pytest.mark.parametrize("ending", ["npy", "zarr"])
@pytest.mark.parametrize("threads", [1, 2])
def test_pixels_on_disk(field: SimulatedEpochs, tmp_path: Path, ending: str, threads: int) -> None:
    if ending == "zarr":
        pytest.importorskip("zarr", reason="Zarr is not installed")
    (tmp_path / "broken.fits").write_bytes(b"junk")
    images = [tmp_path / "broken.fits", *field.images]
    in_memory = create_cutouts(images, field.catalogue, size_arcmin=1.0)
    out = tmp_path / f"stamps.{ending}"
    on_disk = create_cutouts(images, field.catalogue, size_arcmin=1.0, out=out, threads=threads)
    assert np.asarray(on_disk.data[:]).tobytes() == in_memory.data.tobytes()
    assert on_disk[1, 2].data.tobytes() == in_memory[1, 2].data.tobytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.fits", out.name]
    if ending == "npy":
        assert np.load(out).tobytes() == in_memory.data.tobytes()
    with pytest.raises(ValueError, match="read-only"):
        on_disk.data[0, 0] = 0


def test_what_is_on_disk_is_whole_or_not_there(field: SimulatedEpochs, tmp_path: Path) -> None:
    (tmp_path / "broken.fits").write_bytes(b"junk")
    out = tmp_path / "stamps.npy"
    out.write_bytes(b"what was there")
    with pytest.raises(errors.UnreadableImageError):
        create_cutouts([*field.images, tmp_path / "broken.fits"], field.catalogue, out=out, on_error="raise")
    assert out.read_bytes() == b"what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.fits", "stamps.npy"]
    for wrong in (tmp_path / "stamps.txt", tmp_path / "absent" / "stamps.npy"):
        with pytest.raises(errors.UnwritableOutputError):
            create_cutouts(field.images, field.catalogue, out=wrong)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.fits", "stamps.npy"]


def test_a_disk_without_room_is_found_first(tmp_path: Path) -> None:
    with pytest.raises(errors.UnwritableOutputError, match=r"left|large"), open_store(tmp_path / "stamps.npy") as make:
        make((10**3, 10**6, 1000, 100))  # 400 TB
    assert not list(tmp_path.iterdir())


def test_marks_in_the_place_of_errors(field: SimulatedEpochs, tmp_path: Path) -> None:
    broken, absent = tmp_path / "broken.fits", tmp_path / "absent.fits"
    broken.write_bytes(field.images[0].read_bytes()[:100_000])
    ra, dec = (np.append(values, extra) for values, extra in zip(positions(field), (10.0, -80.0), strict=True))
    images = [broken, field.images[0], absent]
    stack = create_cutouts(images, ra, dec, 1.0)
    assert stack.status[:, -1].tolist() == ["unreadable", "off-image", "unreadable"]
    assert stack.count_statuses() == {"full": 4, "off-image": 1, "unreadable": 10}
    assert {path: type(error) for path, error in stack.errors.items()} == {
        str(broken): errors.UnreadableImageError,
        str(absent): errors.ImageNotFoundError,
    }
    assert np.isnan(stack.data[[0, 2]]).all()
    assert np.isnan(stack.data[1, -1]).all()
    assert isinstance(stack[2, 0].error, errors.ImageNotFoundError)
    with pytest.raises(errors.UnreadableImageError):
        stack.wcs(0, 0)
    for cut in (create_cutouts, lambda *args, **how: list(iter_cutouts(*args, **how))):
        with pytest.raises(errors.ImageNotFoundError):
            cut([field.images[0], absent], ra[:1], dec[:1], 1.0, on_error="raise")
        with pytest.raises(errors.NoOverlapError) as many:
            cut(field.images[0], ra, dec, 1.0, on_error="raise")
        with pytest.raises(errors.NoOverlapError) as one:
            create_cutout(field.images[0], 10.0, -80.0, 1.0)
        assert str(many.value) == str(one.value)
    assert [stamp.status for stamp in iter_cutouts(images, ra, dec, 1.0)] == stack.status.ravel().tolist()


def test_nothing_readable_is_an_error(field: SimulatedEpochs, tmp_path: Path) -> None:
    with pytest.raises(errors.ImageNotFoundError):
        create_cutouts(tmp_path / "absent.fits", field.catalogue)
    cube = simulate_image(tmp_path / "cube.fits", n_channels=4, shape=(100, 100))
    with pytest.raises(errors.AmbiguousPlaneError, match="none was chosen"):
        create_cutouts(cube.path, 180.0, 37.0, 1.0)
    assert create_cutouts(cube.path, 180.0, 37.0, 1.0, channel=1).parents[0].plane == {"stokes": "I", "channel": 1}
    with pytest.raises(errors.BadPositionError, match="has 200 × 200"):
        create_cutouts(field.images, field.catalogue, size_arcmin=60.0)


def test_pixels_of_different_size(field: SimulatedEpochs, tmp_path: Path) -> None:
    simulate_image(tmp_path / "coarse.fits", shape=(100, 100), pixel_arcsec=5.0)
    images = [tmp_path / "absent.fits", field.images[0], tmp_path / "coarse.fits", field.images[1]]
    for threads in (1, 2):
        with pytest.raises(errors.MixedScalesError, match=r"24×24 px.*12×12 px"):
            create_cutouts(images, 180.0, 37.0, 1.0, threads=threads)
    groups = split_by_scale(images, 1.0)
    assert groups == (tuple(str(images[k]) for k in (1, 3, 0)), (str(images[2]),))
    shapes = [stamp.data.shape for stamp in iter_cutouts(images, 180.0, 37.0, 1.0)]
    assert shapes[1:] == [(24, 24), (12, 12), (24, 24)]
    assert split_by_scale(images[:1]) == ((str(images[0]),),)


@pytest.mark.parametrize(
    ("ra", "dec", "size", "says"),
    [
        ([180.0, np.nan, 1.0, np.inf], [37.0] * 4, 1.0, r"RA nan, Dec 37 \(source 1, counted from 0; also 3\)"),
        ([180.0, 37.0], [37.0, 180.0], 1.0, r"RA 37, Dec 180 \(source 1, counted from 0\) is beyond the pole"),
        ([180.0], [37.0, 38.0], 1.0, r"shape \(1,\), the declinations \(2,\)"),
        ([180.0], [37.0], -1.0, "A size of -1.0"),
        ([180.0], [37.0], np.nan, "A size of nan"),
    ],
)
def test_bad_positions(field: SimulatedEpochs, ra: list[float], dec: list[float], size: float, says: str) -> None:
    with pytest.raises(errors.BadPositionError, match=says):
        create_cutouts(field.images, ra, dec, size)


def test_bad_arguments(field: SimulatedEpochs, tmp_path: Path) -> None:
    ra, dec = positions(field)
    with pytest.raises(TypeError, match="without declinations"):
        create_cutouts(field.images, ra)
    with pytest.raises(ValueError, match="2 names were given for 4"):
        create_cutouts(field.images, ra, dec, names=["a", "b"])
    with pytest.raises(ValueError, match="on_error='ignore'"):
        create_cutouts(field.images, ra, dec, on_error="ignore")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads=0"):
        create_cutouts(field.images, ra, dec, threads=0)
    with pytest.raises(errors.ImageNotFoundError, match="No image was given"):
        create_cutouts([], ra, dec)
    with pytest.raises(errors.ImageNotFoundError, match="fits the pattern"):
        create_cutouts(f"{tmp_path}/*.fits", ra, dec)
    with pytest.raises(errors.ImageError, match="It has: nights"):
        create_cutouts(Table({"nights": ["a"]}), ra, dec)
    with pytest.raises(errors.NoPositionColumnsError):
        create_cutouts(field.images, Table({"x": [1.0]}))


def test_no_sources_give_an_empty_stack(field: SimulatedEpochs) -> None:
    stack = create_cutouts(field.images, [], [], 1.0)
    assert stack.shape == (3, 0, 24, 24)
    assert list(stack) == list(iter_cutouts(field.images, [], [], 1.0)) == []


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_counts_images(field: SimulatedEpochs, threads: int) -> None:
    seen: list[int] = []

    def wrap(images: range) -> object:
        assert len(images) == 3
        for number in images:
            yield number
            seen.append(number)

    create_cutouts(field.images, field.catalogue, size_arcmin=1.0, threads=threads, progress=wrap)
    assert seen == [0, 1, 2]


def test_blocks_of_bounded_size_give_the_same(field: SimulatedEpochs, monkeypatch: pytest.MonkeyPatch) -> None:
    from dsa110_contimg.qa.stamps import stacking

    whole = create_cutouts(field.images, field.catalogue, size_arcmin=1.0)
    monkeypatch.setattr(stacking, "_BLOCK_BYTES", 24 * 24 * 4 * 3)
    for threads in (1, 2):
        blocks = create_cutouts(field.images, field.catalogue, size_arcmin=1.0, threads=threads)
        assert blocks.data.tobytes() == whole.data.tobytes()
        stream = iter_cutouts(field.images, field.catalogue, size_arcmin=1.0, threads=threads)
        assert b"".join(stamp.data.tobytes() for stamp in stream) == whole.data.tobytes()


def test_secrets_of_an_address_are_not_told(field: SimulatedEpochs) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    address = "http://me:secret@127.0.0.1:9/a.fits?signature=secret"
    ra, dec = positions(field)
    stack = create_cutouts([address, field.images[0]], ra, dec, 1.0)
    assert stack.status[:, 0].tolist() == ["unreadable", "full"]
    assert stack.images[0] == stack[0, 0].image == "http://127.0.0.1:9/a.fits"
    told = [repr(stack[0, 0]), *(f"{name} {error!r} {error}" for name, error in stack.errors.items())]
    assert not any("secret" in text for text in told)
