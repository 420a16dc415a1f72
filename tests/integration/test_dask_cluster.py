"""The same stamps from a dask cluster, bit for bit, also when one of its workers is killed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dsa110_contimg.qa import CasaTable, create_cutouts, iter_cutouts
from dsa110_contimg.simulate import SimulatedEpochs, simulate_epochs, simulate_measurement_set

distributed = pytest.importorskip("distributed", reason="dask's distributed is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> SimulatedEpochs:
    return simulate_epochs(tmp_path_factory.mktemp("field"), n_epochs=8, n_sources=5, n_variables=1, shape=(200, 200))


def start(command: list[str], says: str, folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a program and wait for what it says; it runs in a folder of its own, where dask leaves files."""
    environment = {**os.environ, "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "0", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stderr=subprocess.PIPE, text=True, cwd=folder, env=environment
    )
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(says, line)
        if found:
            # What else it says must not fill the pipe.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, found[0]
    raise AssertionError(f"{command} ended with {process.wait()}")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler and two workers, each a process, on loopback."""
    folder = tmp_path_factory.mktemp("dask")
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler, address = start(
        ["distributed.cli.dask_scheduler", "--port", "0", *local], r"tcp://127\.0\.0\.1:\d+", folder
    )
    options = ["--nthreads", "1", "--no-nanny", *local]
    workers = [start(["distributed.cli.dask_worker", address, *options], "Registered to", folder)[0] for _ in range(2)]
    yield address, workers
    for process in (*workers, scheduler):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def test_the_command_gives_the_same_on_a_cluster(
    field: SimulatedEpochs, cluster: tuple[str, list[subprocess.Popen[str]]], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "dsa110_contimg", "stamps", str(field.catalogue), *map(str, field.images), "-o"]
    for folder, more in (("here", []), ("there", ["--dask", cluster[0]])):
        subprocess.run([*command, str(tmp_path / folder), *more], check=True, capture_output=True, timeout=120)
    here, there = (sorted((tmp_path / folder).rglob("*.*s*")) for folder in ("here", "there"))
    names = [path.relative_to(tmp_path / "here") for path in here]
    assert names == [path.relative_to(tmp_path / "there") for path in there]
    assert len([name for name in names if name.suffix == ".fits"]) == 5
    for one, other in zip(here, there, strict=True):
        if one.suffix in {".fits", ".csv"}:
            assert one.read_bytes() == other.read_bytes()


def test_a_column_is_read_on_a_cluster(cluster: tuple[str, list[subprocess.Popen[str]]], tmp_path: Path) -> None:
    truth = simulate_measurement_set(tmp_path / "a.ms", n_antennas=6, n_times=4, n_channels=(8, 4), flag_fraction=0.1)
    window = CasaTable(truth.path).select(data_desc_id=1)
    lazy = abs(window.DATA_F.to_dask(rows_per_chunk=7)).mean(axis=0)
    with distributed.Client(cluster[0], timeout=30):
        assert np.ma.allclose(lazy.compute(), abs(window.DATA_F[:]).mean(axis=0))


def test_the_same_bit_for_bit_and_nothing_lost_when_a_worker_is_killed(
    field: SimulatedEpochs, cluster: tuple[str, list[subprocess.Popen[str]]], tmp_path: Path
) -> None:
    address, workers = cluster
    here = create_cutouts(field.images, field.catalogue, size_arcmin=1.0)
    with distributed.Client(address, timeout=30) as client:
        client.wait_for_workers(2, timeout=60)
        (tmp_path / "broken.fits").write_bytes(b"junk")
        images = [*field.images, tmp_path / "broken.fits"]
        there = create_cutouts(images, field.catalogue, size_arcmin=1.0, client=client, out=tmp_path / "a.npy")
        assert there.data[:-1].tobytes() == here.data.tobytes()
        assert (there.status[:-1] == here.status).all()
        assert set(there.status[-1]) == {"unreadable"}
        np.testing.assert_array_equal(there.target[:-1], here.target)
        assert there[2, 3].wcs.wcs.compare(here[2, 3].wcs.wcs)
        stream = iter_cutouts(field.images, field.catalogue, size_arcmin=1.0, client=client)
        assert b"".join(stamp.data.tobytes() for stamp in stream) == here.data.tobytes()

        # One dies in mid-run: after the first images are done, with many to come.
        def kill_one(images: range) -> Iterator[int]:
            for number in images:
                yield number
                if number == 5:
                    workers[0].send_signal(signal.SIGKILL)

        many = list(field.images) * 20
        there = create_cutouts(many, field.catalogue, size_arcmin=1.0, client=client, progress=kill_one)
        assert workers[0].wait(timeout=30) == -signal.SIGKILL
        assert there.data.tobytes() == here.data.tobytes() * 20
        assert there.count_statuses() == {"full": 8 * 20 * 5}
        deadline = time.monotonic() + 30
        while len(client.scheduler_info()["workers"]) != 1:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_no_scheduler_is_said(field: SimulatedEpochs, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dsa110_contimg", "stamps", field.catalogue, field.images[0], "-o", tmp_path / "o"]
    finished = subprocess.run(
        [*command, "--dask", "tcp://127.0.0.1:9"], capture_output=True, text=True, check=False, timeout=120
    )
    assert finished.returncode == 2
    assert "no dask scheduler answers at tcp://127.0.0.1:9" in finished.stderr
    assert "Traceback" not in finished.stderr
