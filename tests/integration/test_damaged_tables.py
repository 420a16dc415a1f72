"""Whatever is wrong with the files of a table: the answer is data or an error of ours, and the caller lives on."""

from __future__ import annotations

import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from dsa110_contimg.simulate import simulate_measurement_set
from table_damage import copy_and_damage, look_at_everything

TIMEOUT = 5.0
MEMORY = 200 * 2**20


def resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


@pytest.mark.parametrize("backend", ["casacore", "arcae"])
@pytest.mark.parametrize(
    "seeds",
    [range(40), pytest.param(range(40, 1040), marks=pytest.mark.slow)],
    ids=lambda seeds: f"{len(seeds)} times",
)
def test_a_damaged_measurement_set_never_takes_the_caller_down(
    tmp_path: Path, seeds: range, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    truth = simulate_measurement_set(tmp_path / "whole.ms", 5, 3, n_channels=(4, 8), seed=1)
    look_at_everything(truth.path, TIMEOUT, backend)  # everything is imported now
    tally: Counter[str] = Counter()
    most, longest = 0, 0.0
    for seed in seeds:
        done = copy_and_damage(truth.path, tmp_path / "damaged.ms", np.random.default_rng(seed))
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
        before, begin = resident("VmRSS:"), time.monotonic()
        try:
            found = look_at_everything(tmp_path / "damaged.ms", TIMEOUT, backend)
        except BaseException as error:
            error.add_note(f"seed {seed}: {done}")
            raise
        longest = max(longest, time.monotonic() - begin)
        most = max(most, resident("VmHWM:") - before)
        tally[", ".join(sorted(set(found))) or "read"] += 1
    with capsys.disabled():
        print(  # noqa: T201 - the tally is the result
            f"\n{len(seeds)} damages of a Measurement Set, read with {backend}: "
            f"at most {most / 2**20:.0f} MiB and {longest:.1f} s each",
            *(f"{count:6}  {outcome}" for outcome, count in tally.most_common()),
            sep="\n",
        )
    assert tally.total() == len(seeds)
    assert most < MEMORY
