"""Images that change, shrink or vanish while they are read are unreadable, and never the end of Python."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images.opening import open_image
from dsa110_contimg.qa import create_cutout, create_cutouts
from support import ramp, run_python, sky_header, write_image

SHAPE = (600, 500)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_image(tmp_path / "a.fits", ramp(*SHAPE), sky_header(SHAPE))


def test_a_file_that_shrinks_under_the_map_does_not_kill(image: Path) -> None:
    # In a child, because that is what would die.
    code = """
import os, signal, sys
import numpy as np
from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.images.opening import open_image

def caught():
    with open("/proc/self/status") as status:
        return next(line for line in status if line.startswith("SigCgt"))

before = caught()
opened = open_image(sys.argv[1])
os.truncate(sys.argv[1], 8192)
origins, out = np.array([[500, 10], [0, 0]]), np.empty((2, 50, 50), np.float32)
try:
    opened.gather((0, 0), origins, out, np.nan)
except UnreadableImageError as error:
    print(error, flush=True)
assert caught() == before
os.kill(os.getpid(), signal.SIGBUS)
"""
    finished = run_python(code, str(image))
    assert "changed, or was removed, while it was read" in finished.stdout
    assert finished.returncode == -7, finished.stderr  # a SIGBUS that is not ours still ends the process


def test_truncated_again_and_again_while_threads_read(image: Path) -> None:
    code = """
import os, sys, threading
import numpy as np
from dsa110_contimg.qa import create_cutouts
path, content = sys.argv[1], open(sys.argv[1], "rb").read()
stop = threading.Event()

def spoil():
    while not stop.is_set():
        os.truncate(path, 20000)
        with open(path, "r+b") as file:
            file.write(content)

spoiler = threading.Thread(target=spoil)
spoiler.start()
random = np.random.default_rng(1)
ra, dec = 150 + random.uniform(-0.1, 0.1, 200), 30 + random.uniform(-0.1, 0.1, 200)
seen = set()
for _ in range(150):
    try:
        stack = create_cutouts([path] * 4, ra, dec, 1.0, threads=2)
    except ValueError as error:  # not one could be read
        seen.add(type(error).__name__)
    else:
        seen |= set(np.unique(stack.status).tolist())
stop.set()
spoiler.join()
print(sorted(seen))
"""
    finished = run_python(code, str(image))
    assert finished.returncode == 0, (finished.returncode, finished.stderr)
    assert "UnreadableImageError" in finished.stdout or "unreadable" in finished.stdout


@pytest.mark.parametrize("change", ["rewritten", "removed", "replaced"])
def test_a_file_that_changes_is_marked(image: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = write_image(image.parent / "b.fits", 2 * ramp(*SHAPE), sky_header(SHAPE))
    gather, times = type(open_image(image)._source.pixels).gather, itertools.count(1)

    def spoil(*args: object) -> object:
        statuses = gather(*args)
        if args[0] is open_image(other)._source.pixels:
            return statuses
        if change == "rewritten":
            with image.open("r+b") as file:
                file.seek(6000)
                file.write(b"new")
            os.utime(image, ns=(1, next(times)))
        elif change == "removed":
            image.unlink()
        else:
            other.with_name("c.fits").write_bytes(other.read_bytes())
            other.with_name("c.fits").replace(image)
        return statuses

    monkeypatch.setattr(type(open_image(image)._source.pixels), "gather", spoil)
    with pytest.raises(UnreadableImageError, match="changed, or was removed"):
        create_cutout(image, 150.0, 30.0, 1.0)
    if change != "removed":
        stack = create_cutouts([image, other], 150.0, 30.0, 1.0)
        assert stack.status[:, 0].tolist() == ["unreadable", "full"]
        assert np.isnan(stack.data[0]).all()


def test_what_was_read_before_stays(image: Path) -> None:
    stack = create_cutouts(image, 150.0, 30.0, 1.0)
    copy = stack.data.copy()
    image.unlink()
    np.testing.assert_array_equal(stack.data, copy)


def test_an_image_that_changes_between_its_blocks_is_unreadable_as_a_whole(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dsa110_contimg.qa.stamps import stacking

    other = write_image(image.parent / "b.fits", ramp(*SHAPE), sky_header(SHAPE))
    pixels = type(open_image(image)._source.pixels)
    gather, calls = pixels.gather, itertools.count(1)

    def spoil(*args: object) -> object:
        if next(calls) == 2:
            os.utime(image, ns=(1, 1))
        return gather(*args)

    monkeypatch.setattr(stacking, "_BLOCK_BYTES", 2 * 30 * 30 * 4)
    monkeypatch.setattr(stacking, "_FILLED_AT_ONCE", 3)
    monkeypatch.setattr(pixels, "gather", spoil)
    stack = create_cutouts([image, other], [150.0] * 6, [30.0] * 6, 1.0, threads=1)
    assert set(stack.status[0]) == {"unreadable"}
    assert np.isnan(stack.data[0]).all()
    assert set(stack.status[1]) == {"full"}
    assert np.isfinite(stack.data[1]).all()


def test_an_image_that_appears_late_is_cut(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dsa110_contimg.qa.stamps import stacking

    def not_yet(*args: object) -> None:
        raise UnreadableImageError("It is not there yet.", hint="Wait.")

    whole = create_cutouts(image, 150.0, 30.0, 1.0)
    monkeypatch.setattr(stacking, "open_plane", not_yet)
    late = create_cutouts(image, 150.0, 30.0, 1.0)
    assert late.data.tobytes() == whole.data.tobytes()
    assert late.status.tolist() == [["full"]]


def test_an_image_that_is_replaced_by_one_of_another_scale_is_unreadable(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dsa110_contimg.qa.stamps import runners

    other = write_image(image.parent / "b.fits", ramp(*SHAPE), sky_header(SHAPE))
    cut = runners.try_cutting

    def replace_first(path: str, *rest: object) -> object:
        if path == str(image):  # after its block was planned
            write_image(image, ramp(*SHAPE), sky_header(SHAPE, pixel_arcsec=4.0))
        return cut(path, *rest)

    monkeypatch.setattr(runners, "try_cutting", replace_first)
    for threads in (1, 2):
        write_image(image, ramp(*SHAPE), sky_header(SHAPE))
        stack = create_cutouts([image, other], 150.0, 30.0, 1.0, threads=threads)
        assert stack.status[:, 0].tolist() == ["unreadable", "full"]
        assert "had 30×30 pixels, and have 15×15 now" in str(stack.errors[str(image)])
