"""What stands on top of a report: what failed and what was warned of, with value and threshold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dsa110_contimg.qa.gates import Verdict, find_troubles
from dsa110_contimg.qa.notation import format_number, list_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.qa.gates import Gate
    from dsa110_contimg.qa.reporting.findings import Findings, ImageFinding, TableFinding

_MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class Highlight:
    """One gate that did not pass, of one thing or of several."""

    verdict: Verdict
    """FAIL or WARN."""
    gate: str
    """What was asked."""
    names: tuple[str, ...]
    """Of which images or tables, the worst first."""
    value: str
    """The value, of the worst; an empty text if there is none."""
    threshold: str
    """What it was held against."""
    reason: str
    """What it means, of the worst."""

    @property
    def whom(self) -> str:
        """The names in words."""
        return list_names(self.names, _MOST_NAMES)


def find_highlights(findings: Findings) -> list[Highlight]:
    """Gather the gates that did not pass.

    Parameters
    ----------
    findings : Findings
        What was found.

    Returns
    -------
    list of Highlight
        What failed first, then what was warned of, each in the order of the report. Images of which the same gate says
        the same are told together; of these the one that differs most from the others comes first.
    """
    together: dict[tuple[Verdict, str, str, str], list[tuple[Gate, str]]] = {}
    for kind, found in (("image", findings.images), ("table", findings.tables)):
        for finding in found:
            for gate in find_troubles(finding.gates):
                # Tables are told one by one: each has its own antennas.
                apart = finding.path if kind == "table" or gate.value is None else ""
                key = gate.verdict, gate.name, gate.threshold, apart
                together.setdefault(key, []).append((gate, name_thing(finding)))
    highlights = [_sum_up(gates) for gates in together.values()]
    return sorted(highlights, key=lambda highlight: highlight.verdict != Verdict.FAIL)


def name_thing(finding: ImageFinding | TableFinding) -> str:
    """Name an image or a table by the end of its path."""
    return Path(finding.path).name or finding.path


def _sum_up(gates: Sequence[tuple[Gate, str]]) -> Highlight:
    is_low = " below " in gates[0][0].threshold and " above " not in gates[0][0].threshold
    ordered = sorted(gates, key=lambda pair: (pair[0].value or 0.0) * (1 if is_low else -1))
    worst = ordered[0][0]
    value = "" if worst.value is None else format_number(worst.value)
    names = tuple(name for _, name in ordered)
    return Highlight(worst.verdict, worst.name, names, value, worst.threshold, worst.reason)
