"""`measure_ms` on sets that nobody here wrote, on damaged ones, and on one larger than the memory it may take."""

from __future__ import annotations

import importlib.util
import json
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dsa110_contimg import errors
from dsa110_contimg.qa import measure_ms
from dsa110_contimg.simulate import simulate_measurement_set
from support import run_python, shared_data
from table_damage import copy_and_damage

EVLA, ALMA = "evla_3c48_simple.ms", "X5707_1spw_1scan_10chan_1time_1bl_noatm.ms"


def find(name: str, folder: Path) -> Path:
    if name == EVLA:
        spec = importlib.util.find_spec("casa_formats_io")
        if spec is None or spec.origin is None:
            pytest.skip("casa_formats_io is not installed")
        return Path(spec.origin).parent / "casa_low_level_io/tests/data/simple.ms"
    if name == ALMA:
        with tarfile.open(shared_data(f"tables/oddities/{name}.tar.gz")) as archive:
            archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        return next(folder.rglob("*.ms"))
    return shared_data(f"tables/oddities/{name}")


MEASURE = """
import json, sys
from dsa110_contimg.qa import measure_ms

quality = measure_ms(sys.argv[1])
print(json.dumps({
    "rows": quality.n_rows,
    "n": quality.n_flags,
    "flagged": quality.n_flagged,
    "fraction": quality.flag_fraction,
    "per_ddid": {str(count.number): count.flag_fraction for count in quality.data_descriptions},
    "n_subtables": len(quality.subtables),
    "broken_subtables": [*quality.dangling_subtables, *quality.unreadable_subtables],
    "nonfinite_data": quality.n_nonfinite,
    "histograms": [int(histogram.counts.sum()) for histogram in (
        quality.amplitude_by_uv_distance, quality.amplitude_by_time,
    )],
    "drawn": quality.n_unflagged - quality.n_zero_unflagged - quality.n_nonfinite_unflagged,
    "visibilities": quality.n_visibilities,
}))
"""


@pytest.mark.parametrize(
    "name", [EVLA, ALMA, "1090008640_birli.ms", "test_adp4_0_00300673800807520000_58342_05_00_14.ms"]
)
def test_the_reference_is_reproduced(name: str, tmp_path: Path) -> None:
    """In a process of its own: DATA of the EVLA set is ragged, and would corrupt the heap if it were read at once."""
    expected = json.loads(shared_data("reference/ms_flags.json").read_text())[name]
    child = run_python(MEASURE, str(find(name, tmp_path)))
    assert (child.returncode, child.stderr) == (0, "")
    told = json.loads(child.stdout)
    assert {key: told.get(key) for key in expected if key != "data_ragged"} == {
        key: value for key, value in expected.items() if key != "data_ragged"
    }
    assert told["visibilities"] == expected["n"]
    assert told["histograms"] == [told["drawn"]] * 2


MEMORY = """
import json, resource, sys
from dsa110_contimg.qa import measure_ms

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

measure_ms(sys.argv[1])  # what is loaded once
before = peak()
quality = measure_ms(sys.argv[2])
print(json.dumps({"taken": peak() - before, "n": quality.n_visibilities, "flagged": quality.n_flagged}))
"""


def test_memory_does_not_grow_with_the_set(tmp_path: Path) -> None:
    small = simulate_measurement_set(tmp_path / "small.ms", 4, 2, n_channels=768)
    large = simulate_measurement_set(tmp_path / "large.ms", 40, 24, n_channels=768, dead_antennas=[1], seed=1)
    n_bytes = sum(path.stat().st_size for path in large.path.rglob("*") if path.is_file())
    assert n_bytes > 200e6
    child = run_python(MEMORY, str(small.path), str(large.path))
    assert (child.returncode, child.stderr) == (0, "")
    told = json.loads(child.stdout)
    assert told["n"] == large.n_rows * 768 * 2
    assert told["flagged"] == 39 * 24 * 768 * 2
    assert told["taken"] < 80e6


def test_a_damaged_set_is_measured_or_refused(tmp_path: Path) -> None:
    """Any other error goes through, and any warning is one."""
    pristine = [
        simulate_measurement_set(
            tmp_path / f"{number}.ms", 4, 3, n_channels=n_channels, storage="standard", seed=number
        ).path
        for number, n_channels in enumerate([8, (4, 8)])
    ]
    random = np.random.default_rng(20)
    told = Counter[str]()
    for attempt in range(60):
        copy_and_damage(pristine[attempt % 2], tmp_path / "damaged.ms", random)
        try:
            quality = measure_ms(tmp_path / "damaged.ms")
        except errors.ContimgError as error:
            told[type(error).__name__] += 1
        else:
            told["measured"] += 1
            assert quality.n_flagged <= quality.n_flags
            histograms = (quality.amplitude_by_uv_distance, quality.amplitude_by_time)
            assert all(histogram.counts.sum() <= quality.n_unflagged for histogram in histograms)
    assert told["measured"] > 10
    assert told.total() - told["measured"] > 5
