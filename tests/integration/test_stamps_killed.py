"""``dsa110-qa stamps`` killed at random moments: what it reported as done is whole, and stays."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

from astropy.io import fits
from PIL import Image

from dsa110_contimg.simulate import simulate_epochs

KILLS = 10


def test_killed_at_random_moments(tmp_path: Path) -> None:
    field = simulate_epochs(tmp_path / "field", n_epochs=4, n_sources=60, n_variables=2, shape=(512, 512), seed=3)
    command = [sys.executable, "-m", "dsa110_contimg", "stamps", str(field.catalogue), *map(str, field.images), "-o"]
    undisturbed = subprocess.run([*command, tmp_path / "whole"], capture_output=True, text=True, check=True)
    chance, out = random.Random(7), tmp_path / "out"
    reported: dict[str, int] = {}
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen([*command, out], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        lines: list[str] = []
        reader = threading.Thread(target=lines.extend, args=(process.stdout,))
        reader.start()
        # Before the first, or some way into the rest.
        wanted, deadline = chance.randrange(-1, 12), time.monotonic() + 60
        while len(lines) <= len(reported) + wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        killed += process.wait() == -9
        reader.join()
        process.stdout.close()
        for line in (line.strip() for line in lines if line.endswith("\n")):
            with Image.open(line) as picture:
                picture.load()
            with fits.open(out / "fits" / f"{Path(line).stem}.fits") as hdus:
                hdus.verify("exception")
                assert len(hdus) == 5
            inode = Path(line).stat().st_ino
            assert reported.setdefault(line, inode) == inode, "done again"
        # Under its own name no file is ever half-written.
        for path in out.glob("sheets/[!.]*.png"):
            with Image.open(path) as picture:
                picture.load()
    assert killed >= KILLS // 2
    finished = subprocess.run([*command, out], capture_output=True, text=True, check=True)
    assert sorted(finished.stdout.replace(str(out), "").split()) == sorted(
        undisturbed.stdout.replace(str(tmp_path / "whole"), "").split()
    )
    assert all(Path(line).stat().st_ino == inode for line, inode in reported.items())
    assert (out / "stamps.csv").read_text() == (tmp_path / "whole" / "stamps.csv").read_text()
    assert not [path for path in out.rglob(".*") if path.is_file() and path.name != ".lock"]
