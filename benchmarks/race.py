"""Interleaved timing: every contender runs once a round, so that noise falls on all of them alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


# Of the memory that this program and its children ever held, not that of the parent it was forked from, which rusage
# would count.
_TELL_MEMORY = """
import os
children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
lines = [line for pid in ["self", *children] for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM")]
print(sum(int(line.split()[1]) for line in lines))
"""


@dataclass(frozen=True)
class Result:
    """What one contender needed."""

    seconds: float
    """Median time of a run."""
    megabytes: float | None = None
    """Median of the largest memory of a run, where it is a process of its own."""


def race(
    contenders: Mapping[str, Callable[[], object]], rounds: int, calls: int, title: str, *, again: bool = False
) -> dict[str, Result]:
    """Time some calls of each contender in a row, as a loop makes them, once a round; the first does not count.

    With `again`, each is called once more ahead of its time: a virtual machine gives memory that lies idle back to its
    host, and whoever comes next and asks for hundreds of megabytes would pay for that, and not for its own work.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in track(range(rounds + 1), title, console=Console(stderr=True), transient=True):
        for name, run in contenders.items():
            if again:
                run()
            start = time.perf_counter()
            for _ in range(calls):
                run()
            if number:
                times[name].append((time.perf_counter() - start) / calls)
    return {name: Result(statistics.median(found)) for name, found in times.items()}


def race_processes(scripts: Mapping[str, str], rounds: int, title: str) -> dict[str, Result]:
    """Time each script in a fresh interpreter once a round; the first round writes the bytecode."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in scripts}
    for number in track(range(rounds + 1), title, console=Console(stderr=True), transient=True):
        for name, script in scripts.items():
            command = [sys.executable, "-c", script + _TELL_MEMORY]
            start = time.perf_counter()
            child = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            elapsed = time.perf_counter() - start
            if number:
                found[name].append((elapsed, int(child.stdout.split()[-1]) / 1024))
    return {
        name: Result(*(statistics.median(column) for column in zip(*runs, strict=True))) for name, runs in found.items()
    }


def show(title: str, results: Mapping[str, Result], ours: str, goals: Sequence[str]) -> None:
    """Print medians, and how many times as long as ours each contender took."""
    table = Table(title=title, title_justify="left", caption="\n".join(goals), caption_justify="left")
    table.add_column("")
    for heading in ("median ms", "times ours", "MB"):
        table.add_column(heading, justify="right")
    for name, result in results.items():
        ratio = result.seconds / results[ours].seconds
        memory = "" if result.megabytes is None else f"{result.megabytes:.0f}"
        table.add_row(
            name, f"{result.seconds * 1e3:.3f}", f"{ratio:.2f}", memory, style="bold" if name == ours else None
        )
    Console(width=max(100, Console().width)).print(table)


def judge(what: str, value: float, goal: float, *, at_least: bool) -> str:
    """Say whether a goal was reached."""
    reached = value >= goal if at_least else value <= goal
    return f"{what}: {value:.1f}, goal {'≥' if at_least else '≤'} {goal:g} — {'reached' if reached else 'NOT REACHED'}"


def cache_folder() -> Path:
    """Return the folder where large inputs are kept between runs."""
    folder = Path(__file__).parents[1] / ".benchmarks"
    folder.mkdir(exist_ok=True)
    return folder
