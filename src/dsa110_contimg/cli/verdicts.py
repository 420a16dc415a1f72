"""How the verbs that judge say what they found: the verdict, what led to it, and every gate."""

from __future__ import annotations

from dsa110_contimg.cli.console import draw_grid
from dsa110_contimg.qa.gates import find_troubles
from dsa110_contimg.qa.notation import format_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from dsa110_contimg.qa.gates import Gate, Verdict

STYLES = {"PASS": "green", "WARN": "yellow", "FAIL": "bold red", "SKIP": "dim"}
"""How each verdict looks."""


def draw_verdict(console: Console, verdict: Verdict, path: str, gates: Sequence[Gate]) -> None:
    """Print the verdict on top, and below it the gates that led to it, the worst first."""
    from rich.text import Text

    console.print(Text(f"{verdict}  ", STYLES[verdict]) + Text(path, "bold"), soft_wrap=True)
    for gate in find_troubles(gates):
        found = f"  {gate.verdict}  {gate.name}: {format_number(gate.value)} ({gate.threshold}). {gate.reason}"
        console.print(Text(found, STYLES[gate.verdict]))
    console.print()


def draw_gates(console: Console, gates: Sequence[Gate]) -> None:
    """Print every gate; of one that was skipped the reason stands in the place of the threshold."""
    rows = []
    for gate in gates:
        threshold = gate.reason if gate.verdict == "SKIP" else gate.threshold
        rows.append((gate.name, str(gate.verdict), format_number(gate.value), threshold, f"{gate.n_samples:,}"))
    styles = [STYLES[gate.verdict] for gate in gates]
    head = ("Gate", "Verdict", "Value", "Threshold", "Samples")
    console.print(draw_grid(head, rows, styles=styles, numbers=("Value", "Samples")))
    console.print()


def draw_paths(console: Console, paths: Sequence[Path]) -> None:
    """Print the pictures that were written, if there are any, a line each; paths are never broken."""
    from rich.text import Text

    if paths:
        console.print()
    for path in paths:
        console.print(Text(str(path)), soft_wrap=True)


def count(number: int, one: str, many: str | None = None) -> str:
    """Write how many there are of something."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
