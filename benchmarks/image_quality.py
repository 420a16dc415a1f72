"""Measuring an image of 10 000² pixels, beside three medians of it; and noise beside that of BANE."""

from __future__ import annotations

import contextlib
import logging
import math
import os
from pathlib import Path

import numpy as np

from benchmarks.race import cache_folder, judge, race, race_processes, show
from dsa110_contimg.images import open_image
from dsa110_contimg.qa import measure_image
from dsa110_contimg.simulate import Source, simulate_image

SIDE, FIELD_SIDE, N_SOURCES = 10_000, 2048, 60
EPOCHS = Path(__file__).parents[2] / "shared" / "data" / "images" / "vast_epochs"

READ = (
    "import numpy as np\nfrom dsa110_contimg.images import open_image\npixels = open_image({path!r}).read_plane((0, 0))"
)
MEDIANS = f"{READ}\nfor _ in range(3): np.median(pixels)"
"""Read as we read it, so that the medians are what differs."""


def main() -> None:
    """Print every race."""
    path = make_image()
    race_warm(path)
    race_fresh(path)
    race_bane()


def make_image() -> Path:
    """Simulate the large image, unless an earlier run did."""
    path = cache_folder() / f"{SIDE}_quality.fits"
    if not path.exists():
        simulate_image(path, [Source(180.0, 37.0, 1.0)], shape=(SIDE, SIDE), noise_is_correlated=False, axes=2, seed=1)
    return path


def make_field() -> Path:
    """Simulate a field of compact sources, unless an earlier run did."""
    path = cache_folder() / "compact.fits"
    if not path.exists():
        random = np.random.default_rng(1)
        ra, dec = 180 + random.uniform(-0.8, 0.8, N_SOURCES), 37 + random.uniform(-0.65, 0.65, N_SOURCES)
        fluxes = 10 ** random.uniform(-2.5, 0, N_SOURCES)
        sources = [Source(*at) for at in zip(ra.tolist(), dec.tolist(), fluxes.tolist(), strict=True)]
        simulate_image(path, sources, 1e-3, shape=(FIELD_SIDE, FIELD_SIDE), seed=1)
    return path


def race_warm(path: Path) -> None:
    """Measure it from the file, while the medians are given the pixels."""
    image = open_image(path)
    pixels = image.read_plane((0, 0))

    def take_medians() -> None:
        for _ in range(3):
            np.median(pixels)

    results = race(
        {
            "measure_image, from the file": lambda: measure_image(path),
            "three np.median, pixels in memory": take_medians,
            "limit: reading the file once": lambda: image.read_plane((0, 0)),
        },
        rounds=5,
        calls=1,
        title="A large image, warm",
        again=True,
    )
    ours = results["measure_image, from the file"].seconds
    ratio = results["three np.median, pixels in memory"].seconds / ours
    goals = [judge("times faster than three medians", ratio, 1, at_least=True)]
    share = 100 * results["limit: reading the file once"].seconds / ours
    goals.append(f"reading the file once takes {share:.0f} % of ours")
    show(f"Measuring an image of {SIDE}², warm", results, "measure_image, from the file", goals)


def race_fresh(path: Path) -> None:
    """Measure it in a new interpreter, for its memory."""
    call = f"from dsa110_contimg.qa import measure_image; measure_image({str(path)!r}"
    results = race_processes(
        {
            "measure_image": f"{call})",
            "measure_image, with a residual": f"{call}, residual={str(path)!r})",
            "three np.median": MEDIANS.format(path=str(path)),
            "limit: reading the file once": READ.format(path=str(path)),
        },
        3,
        "A large image, fresh process",
    )
    most = max(results[name].megabytes or math.inf for name in ("measure_image", "measure_image, with a residual"))
    goals = [judge("MB at most", most, 1200, at_least=False)]
    show(f"Measuring an image of {SIDE}², fresh process", results, "measure_image", goals)


def race_bane() -> None:
    """Measure fields of compact sources beside BANE, which makes a map of the noise."""
    from AegeanTools.BANE import filter_image

    logging.getLogger("AegeanTools").setLevel(logging.CRITICAL)
    field = make_field()
    cores = os.cpu_count() or 1
    answers: dict[str, float] = {}

    def run_bane(path: Path) -> None:
        with contextlib.redirect_stderr(None):
            answers[path.name] = float(np.nanmedian(filter_image(str(path), None, cores=cores)[1]))

    epochs = [EPOCHS / f"epoch0{number}.fits" for number in range(1, 5)]
    epochs = [path for path in epochs if path.exists()]
    for path in (field, *epochs):
        results = race(
            {"measure_image": lambda path=path: measure_image(path), "BANE": lambda path=path: run_bane(path)},  # type: ignore[misc]
            rounds=3,
            calls=1,
            title=f"Noise of {path.name}",
        )
        quality = measure_image(path)
        theirs = answers[path.name]
        ours = f"{quality.rms:.4g} (robust), {quality.clipped_rms:.4g} (clipped)"
        goals = [f"BANE's median is {theirs:.4g} Jy/beam; ours is {ours}"]
        for what, value in (("robust", quality.rms), ("clipped", quality.clipped_rms)):
            percent = 100 * abs(value / theirs - 1)
            goals.append(judge(f"% between BANE's noise and ours, {what}", percent, 5, at_least=False))
        if path is field:
            goals.append("the noise that was put in is 0.001 Jy/beam")
        show(f"Noise of {path.name}, {quality.shape[0]} × {quality.shape[1]}", results, "measure_image", goals)


if __name__ == "__main__":
    main()
