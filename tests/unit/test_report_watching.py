"""Which images of a folder are complete."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dsa110_contimg.errors import ImageNotFoundError
from dsa110_contimg.qa.reporting.watching import Arrivals
from dsa110_contimg.simulate import simulate_image
from support import shared_data


@pytest.fixture
def image(tmp_path: Path) -> bytes:
    return simulate_image(tmp_path / "made.fits", shape=(64, 64)).path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "arriving"
    made.mkdir()
    return made


def names(arrivals: Arrivals) -> list[str]:
    return [Path(path).name for path in arrivals.complete]


def test_an_image_is_complete_once_it_stands_still(folder: Path, image: bytes) -> None:
    arrivals = Arrivals(folder)
    assert not arrivals.look()
    (folder / "a.fits").write_bytes(image)
    assert not arrivals.look()
    assert arrivals.look()
    assert names(arrivals) == ["a.fits"]
    assert not arrivals.look()  # nothing is new


def test_an_image_that_is_being_written_is_not_read(folder: Path, image: bytes) -> None:
    arrivals = Arrivals(folder)
    path = folder / "a.fits"
    for end in (1000, 5000, 9000):
        path.write_bytes(image[:end])
        assert not arrivals.look()
        assert not arrivals.waiting  # it grows, so that nothing is said of it
    assert not arrivals.look()
    assert list(arrivals.waiting) == [str(path)]
    assert "truncated" in arrivals.waiting[str(path)] or "bytes" in arrivals.waiting[str(path)]
    path.write_bytes(image)
    assert not arrivals.look()
    assert arrivals.look()
    assert not arrivals.waiting
    assert names(arrivals) == ["a.fits"]


def test_a_file_of_full_length_that_still_changes_is_not_complete(folder: Path, image: bytes) -> None:
    arrivals, path = Arrivals(folder), folder / "a.fits"
    for number in range(4):  # as a program does that makes room first, and then fills it
        path.write_bytes(image)
        os.utime(path, ns=(number, number))
        assert not arrivals.look()
    assert arrivals.look()


def test_an_image_that_is_written_anew_has_to_stand_still_again(folder: Path, image: bytes) -> None:
    arrivals, path = Arrivals(folder), folder / "a.fits"
    path.write_bytes(image)
    arrivals.look()
    assert arrivals.look()
    path.write_bytes(image)
    os.utime(path, ns=(1, 1))
    assert arrivals.look()  # there is one fewer
    assert not arrivals.complete
    assert arrivals.look()
    assert names(arrivals) == ["a.fits"]


def test_an_image_that_is_removed_is_gone(folder: Path, image: bytes) -> None:
    arrivals = Arrivals(folder)
    for name in ("a.fits", "b.fits"):
        (folder / name).write_bytes(image)
    arrivals.look()
    assert arrivals.look()
    (folder / "a.fits").unlink()
    assert arrivals.look()
    assert names(arrivals) == ["b.fits"]


def test_other_files_and_hidden_ones_are_left_alone(folder: Path, image: bytes) -> None:
    for name in ("a.fits.part", ".hidden.fits", "notes.txt", "catalogue.csv"):
        (folder / name).write_bytes(image)
    arrivals = Arrivals(folder)
    assert not arrivals.look()
    assert not arrivals.look()
    assert not arrivals.waiting


@pytest.mark.parametrize("name", ["a.fits.gz", "a.fits.fz"])
def test_compressed_images_arrive_too(folder: Path, name: str) -> None:
    whole = simulate_image(folder.parent / name, shape=(64, 64), compression="RICE_1" if name.endswith("fz") else None)
    data = whole.path.read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    arrivals = Arrivals(folder)
    arrivals.look()
    assert not arrivals.look()
    assert list(arrivals.waiting) == [str(folder / name)]
    (folder / name).write_bytes(data)
    arrivals.look()
    assert arrivals.look()
    assert names(arrivals) == [name]


def test_the_folder_of_a_casa_image(folder: Path) -> None:
    shutil.copytree(shared_data("tables/casa_images/NGC0925.bima.mmom0.image"), folder / "bima.image")
    (folder / "bima.image").chmod(0o755)
    arrivals = Arrivals(folder)
    arrivals.look()
    assert arrivals.look()
    table = next(path for path in (folder / "bima.image").iterdir() if path.is_file())
    os.utime(table, ns=(2**62, 2**62))
    assert arrivals.look()
    assert not arrivals.complete


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError, match="cannot be listed"):
        Arrivals(tmp_path / "nowhere").look()
