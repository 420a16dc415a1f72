"""How long an import takes beside a bare interpreter: the shortest of several runs of each, taken in turn."""

from __future__ import annotations

import math
import os
import subprocess
import tempfile
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FEWEST_ROUNDS, MOST_ROUNDS = 5, 20
"""How often both are run: a machine that is busy can only make a run longer, so one over the limit is run on."""


def measure_ratio(
    statement: str, *, python: str, cwd: Path, env: Mapping[str, str], timeout: float, limit: float
) -> float:
    """Measure how many times as long as a bare interpreter an import takes, from its start to its end.

    Parameters
    ----------
    statement : str
        The import.
    python : str
        The interpreter.
    cwd : pathlib.Path
        The working directory.
    env : mapping
        The environment.
    timeout : float
        Seconds after which a run is given up.
    limit : float
        Once the ratio is at most this, `FEWEST_ROUNDS` are enough.

    Returns
    -------
    float
        The shortest run of the import over the shortest of the bare interpreter; infinite when a run was given up.

    Notes
    -----
    The bytecode is kept in a folder of its own, whatever PYTHONDONTWRITEBYTECODE says and whether or not the package's
    folder can be written; a first run of each, before those that count, fills it.
    """
    shortest = {"pass": math.inf, statement: math.inf}
    with tempfile.TemporaryDirectory(prefix="import-doctor-") as cache:
        environment = {**env, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        try:
            for round_ in range(MOST_ROUNDS + 1):  # the first one compiles, and is not the shortest
                for code in shortest:
                    shortest[code] = min(shortest[code], _time([python, "-c", code], cwd, environment, timeout))
                if round_ >= FEWEST_ROUNDS and shortest[statement] <= limit * shortest["pass"]:
                    break
        except subprocess.TimeoutExpired:
            return math.inf
    return shortest[statement] / shortest["pass"]


def _time(command: list[str], cwd: Path, env: Mapping[str, str], timeout: float) -> float:
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - a name of the system's
        began = time.perf_counter()
        subprocess.run(
            command, cwd=cwd, env=env, stdin=nothing, stdout=nothing, stderr=nothing, timeout=timeout, check=False
        )
        return time.perf_counter() - began
