"""A report that grows as images arrive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dsa110_contimg.simulate import SimulatedEpochs, simulate_epochs

PATIENCE = 60.0
FILES = {".lock", "index.html", "light_curves.parquet", "report.json"}


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> SimulatedEpochs:
    return simulate_epochs(tmp_path_factory.mktemp("field"), 4, 3, n_variables=0, shape=(128, 128), seed=5)


@contextmanager
def watching(arriving: Path, out: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "dsa110_contimg",
        "watch",
        str(arriving),
        "-o",
        str(out),
        "--every",
        "0.2",
        *options,
    ]
    with (
        (out.parent / "said").open("w") as said,
        subprocess.Popen(command, stdout=said, stderr=said, text=True) as child,
    ):
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def wait_for(holds: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert child.poll() is None, f"it ended with {child.returncode}"
        assert time.monotonic() < end
        time.sleep(0.05)


def reported(out: Path) -> list[str]:
    """Return the names of the images in the report."""
    try:
        told = json.loads((out / "report.json").read_text())
    except FileNotFoundError:
        return []
    return [Path(image["path"]).name for image in told["images"]]


def test_the_report_grows(field: SimulatedEpochs, tmp_path: Path) -> None:
    arriving, out = tmp_path / "arriving", tmp_path / "out"
    arriving.mkdir()
    first, second, third, fourth = (image.read_bytes() for image in field.images)
    (arriving / "1.fits").write_bytes(first)
    with watching(arriving, out, "--sources", str(field.catalogue)) as child:
        wait_for(lambda: reported(out) == ["1.fits"], child)
        # One that is being written is not read, however long that takes.
        with (arriving / "2.fits").open("wb") as file:
            file.write(second[: len(second) // 2])
            file.flush()
            wait_for(lambda: "Not complete" in (tmp_path / "said").read_text(), child)
            assert reported(out) == ["1.fits"]
            file.write(second[len(second) // 2 :])
        wait_for(lambda: reported(out) == ["1.fits", "2.fits"], child)
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE) == 130
    # What arrives while nobody watches is found; what was there is still there.
    (arriving / "3.fits").write_bytes(third)
    with watching(arriving, out, "--sources", str(field.catalogue)) as child:
        wait_for(lambda: reported(out) == ["1.fits", "2.fits", "3.fits"], child)
        child.kill()
    (arriving / ".4.fits").write_bytes(fourth)
    (arriving / ".4.fits").rename(arriving / "4.fits")
    with watching(arriving, out, "--sources", str(field.catalogue)) as child:
        wait_for(lambda: len(reported(out)) == 4, child)
        wait_for(lambda: {path.name for path in out.iterdir()} == FILES, child)
    told = json.loads((out / "report.json").read_text())
    assert len(told["sources"]) == 3
    assert all(len(source["flux"]) == 4 for source in told["sources"])


def test_a_killed_run_leaves_a_whole_report(field: SimulatedEpochs, tmp_path: Path) -> None:
    arriving, out = tmp_path / "arriving", tmp_path / "out"
    arriving.mkdir()
    for number, image in enumerate(field.images):
        (arriving / f"{number}.fits").write_bytes(image.read_bytes())
        with watching(arriving, out, "--sources", str(field.catalogue)) as child:
            wait_for(lambda: out.is_dir() and any(p.name.endswith("report.json") for p in out.iterdir()), child)
            time.sleep(0.15 * number)
            child.kill()
        page = out / "index.html"
        if page.exists():
            assert page.read_text().rstrip().endswith("</html>")
            json.loads((out / "report.json").read_text())
    with watching(arriving, out) as child:
        wait_for(lambda: len(reported(out)) == 4, child)


def test_unchanged_images_are_not_measured_again(field: SimulatedEpochs, tmp_path: Path) -> None:
    from dsa110_contimg.qa.reporting import measuring

    night = measuring.list_night(
        field.images,
        measurement_sets=(),
        caltables=(),
        sources=None,
        reference=None,
        size_arcmin=2.0,
        hdu=None,
        stokes=None,
        channel=None,
    )
    known: dict[str, measuring.Known] = {}
    first = measuring.measure_night(night, lambda things, _: things, known)
    kept = {path: one.finding for path, one in known.items()}
    os.utime(field.images[1], ns=(1, 1))
    again = measuring.measure_night(night, lambda things, _: things, known)
    assert [known[path].finding is kept[path] for path in map(str, field.images)] == [True, False, True, True]
    assert [image.quality.rms for image in again.images] == [image.quality.rms for image in first.images]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--sources", "nowhere.csv"], 4, "There is no catalogue at nowhere.csv"),
        (["--every", "0"], 2, "0"),
    ],
)
def test_mistakes_are_told_at_once(tmp_path: Path, options: list[str], code: int, said: str) -> None:
    command = [sys.executable, "-m", "dsa110_contimg", "watch", str(tmp_path), "-o", str(tmp_path / "out"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
