"""Reading a column of 1.37 GB through a worker, beside python-casacore in place, arcae, dask-ms and xarray-ms."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

import numpy as np

from benchmarks.elsewhere import Elsewhere
from benchmarks.race import cache_folder, judge, race, race_processes, show
from dsa110_contimg.qa import CasaTable
from dsa110_contimg.simulate import simulate_measurement_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CELL = (768, 2)
ROWS_OF_100_MB = 8192
ROWS_OF_500_MB = 40_000

ECHO = "import socket; s = socket.socket(fileno=0)\nwhile data := s.recv(4096): s.sendall(data)"
"""The least that two processes can say to each other."""

ARCAE = """
import arcae, numpy as np
table = arcae.table({path!r}, ninstances={instances})
out = np.empty(({rows}, 768, 2), np.complex64)
def call(): return table.getcol("DATA", index=(slice(0, {rows}),), result=out).shape
"""
DASK_MS = """
from daskms import xds_from_ms
def call():
    (data,) = xds_from_ms({path!r}, columns=["DATA"], chunks={{"row": 10_000}})
    return data.DATA.data[:{rows}].compute().shape
"""
XARRAY_MS = """
import xarray, xarray_ms
def call():
    tree = xarray.open_datatree({path!r}, engine="xarray-ms:msv2")
    return next(node for node in tree.subtree if "VISIBILITY" in node.data_vars).VISIBILITY.values.shape
"""


def main() -> None:
    """Print every race."""
    path = make_measurement_set()
    race_reused_buffer(path)
    race_whole_column(path)
    race_little(path)
    race_opening(path)
    race_standstill(path)


def make_measurement_set() -> Path:
    """Simulate the Measurement Set, unless an earlier run did."""
    path = cache_folder() / "96-antennas.ms"
    if not path.exists():
        simulate_measurement_set(path, 96, 24, n_channels=CELL[0], n_correlations=CELL[1], seed=1)
    return path


def race_reused_buffer(path: Path) -> None:
    """Read 100 MB into an array that is used again and again."""
    from casacore.tables import table

    with CasaTable(path) as ours, table(str(path), ack=False) as in_place:
        outs = [np.zeros((ROWS_OF_100_MB, *CELL), np.complex64) for _ in range(3)]
        column, rows = ours.DATA, slice(0, ROWS_OF_100_MB)
        peers = {
            "arcae, one instance": Elsewhere(ARCAE.format(path=str(path), rows=ROWS_OF_100_MB, instances=1)),
            "arcae, four instances": Elsewhere(ARCAE.format(path=str(path), rows=ROWS_OF_100_MB, instances=4)),
            "dask-ms": Elsewhere(DASK_MS.format(path=str(path), rows=ROWS_OF_100_MB)),
        }
        results = race(
            {
                "ours, out=buffer": lambda: column.read(rows, out=outs[0]),
                "casacore in place, getcolnp": lambda: in_place.getcolnp("DATA", outs[1], 0, ROWS_OF_100_MB),
                **peers,
                "limit: memcpy of 100 MB": lambda: np.copyto(outs[2], outs[1]),
            },
            15,
            1,
            "100 MB into a reused buffer",
        )
    for peer in peers.values():
        peer.close()
    ratio = results["ours, out=buffer"].seconds / results["casacore in place, getcolnp"].seconds
    goal = judge("times in-place getcolnp", ratio, 1.15, at_least=False)
    show("100 MB of a tiled column into a reused buffer", results, "ours, out=buffer", [goal])


def race_whole_column(path: Path) -> None:
    """Read the column once, in a fresh process."""
    arcae = ARCAE.format(path=str(path), rows=109_440, instances=4)
    results = race_processes(
        {
            "ours, column[:]": f"from dsa110_contimg.qa import CasaTable; x = CasaTable({str(path)!r}).DATA[:]",
            "casacore in place, getcol": (
                f"from casacore.tables import table; x = table({str(path)!r}, ack=False).getcol('DATA')"
            ),
            "arcae, four instances": f"{arcae}\ncall()",
            "dask-ms": DASK_MS.format(path=str(path), rows=109_440) + "\ncall()",
            "xarray-ms": "import warnings; warnings.simplefilter('ignore')"
            + XARRAY_MS.format(path=str(path))
            + "\ncall()",
            "limit: touching 1.37 GB for the first time": "import numpy; numpy.ones((109440, 768, 2), 'c8')",
        },
        5,
        "The whole column, once",
    )
    ours, theirs = results["ours, column[:]"], results["casacore in place, getcol"]
    goals = [
        judge("times in-place getcol", ours.seconds / theirs.seconds, 1.5, at_least=False),
        judge("its memory", (ours.megabytes or 0) / (theirs.megabytes or 1), 0.55, at_least=False),
    ]
    show("The whole column of 1.34 GB in a fresh process", results, "ours, column[:]", goals)


def race_little(path: Path) -> None:
    """Read 1 kB."""
    from casacore.tables import table

    here, there = socket.socketpair()
    with subprocess.Popen([sys.executable, "-c", ECHO], stdin=there.fileno()) as echo:
        there.close()

        def talk() -> None:
            here.sendall(bytes(1024))
            here.recv(4096)

        with CasaTable(path) as ours, table(str(path), ack=False) as in_place:
            column = ours._reader  # noqa: SLF001 - what indexing costs in Python is no matter of the worker
            out = np.empty((1, 64, 2), np.complex64)
            cell = (slice(0, 64), slice(0, 2))
            results = race(
                {
                    "ours": lambda: column.read("DATA", range(1), cell, out),
                    "casacore in place, getcolslicenp": lambda: in_place.getcolslicenp(
                        "DATA", out, [0, 0], [63, 1], [1, 1], 0, 1, 1
                    ),
                    "bare round trip": talk,
                },
                40,
                100,
                "1 kB",
            )
        here.close()
        echo.wait()
    ratio = results["ours"].seconds / results["bare round trip"].seconds
    show("1 kB of a tiled column", results, "ours", [judge("times a bare round trip", ratio, 3, at_least=False)])


def race_opening(path: Path) -> None:
    """Open a table while a worker is there, and in a fresh process."""
    from casacore.tables import table

    results = race(
        {
            "ours, worker warm": lambda: CasaTable(path).nrows,
            "casacore in place": lambda: table(str(path), ack=False).nrows(),
        },
        20,
        5,
        "Opening",
    )
    goal = judge("ms", results["ours, worker warm"].seconds * 1e3, 10, at_least=False)
    show("Opening a table", results, "ours, worker warm", [goal])


def race_standstill(path: Path) -> None:
    """See for how long another thread stands still while 500 MB are read."""
    from casacore.tables import table

    with CasaTable(path) as ours, table(str(path), ack=False) as in_place:
        out = np.zeros((ROWS_OF_500_MB, *CELL), np.complex64)
        column = ours.DATA
        reads: dict[str, Callable[[], object]] = {
            "ours": lambda: column.read(slice(0, ROWS_OF_500_MB), out=out),
            "casacore in place, getcolnp": lambda: in_place.getcolnp("DATA", out, 0, ROWS_OF_500_MB),
            "nothing is read": lambda: time.sleep(0.2),
        }
        found: dict[str, list[float]] = {name: [] for name in reads}
        for _ in range(7):
            for name, read in reads.items():
                found[name].append(_longest_standstill(read))
    medians = {name: float(np.median(times)) for name, times in found.items()}
    for name, seconds in medians.items():
        print(f"{name}: longest standstill of another thread {seconds * 1e3:.1f} ms")
    ratio = medians["ours"] / medians["casacore in place, getcolnp"]
    print(judge("times in-place casacore's", ratio, 0.1, at_least=False))


def _longest_standstill(read: Callable[[], object]) -> float:
    beats: list[float] = []
    done = threading.Event()

    def beat() -> None:
        while not done.is_set():
            beats.append(time.perf_counter())
            time.sleep(0.001)

    heart = threading.Thread(target=beat)
    heart.start()
    time.sleep(0.02)
    read()
    done.set()
    heart.join()
    return float(np.diff(beats).max())


if __name__ == "__main__":
    main()
