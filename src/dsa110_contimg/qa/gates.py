"""Gates: what decides whether data are good, each with its value beside the threshold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(StrEnum):
    """What a gate says."""

    PASS = "PASS"  # noqa: S105 - a verdict
    """The value is as it should be."""
    WARN = "WARN"
    """Somebody should look."""
    FAIL = "FAIL"
    """Not good enough to be used."""
    SKIP = "SKIP"
    """Nothing can be said; the gate tells why."""


_FROM_GOOD_TO_BAD = (Verdict.SKIP, Verdict.PASS, Verdict.WARN, Verdict.FAIL)


@dataclass(frozen=True)
class Gate:
    """One question about the data, and its answer."""

    name: str
    """What is asked, in the words of a report: ``"flag fraction"``."""
    verdict: Verdict
    """The answer."""
    value: float | None
    """The measured value; None if the gate was skipped."""
    threshold: str
    """What the value was held against, in words: ``"WARN above 0.3"``."""
    n_samples: int
    """How many values went into it."""
    reason: str
    """What it means where the verdict is not PASS, and why it was skipped where it is SKIP; else an empty text."""


def worst(gates: Iterable[Gate]) -> Verdict:
    """Sum up gates.

    Parameters
    ----------
    gates : iterable of Gate
        The gates.

    Returns
    -------
    Verdict
        FAIL if any failed, else WARN if any warned, else PASS if any passed, else SKIP.
    """
    return max((gate.verdict for gate in gates), key=_FROM_GOOD_TO_BAD.index, default=Verdict.SKIP)


def find_troubles(gates: Iterable[Gate]) -> list[Gate]:
    """Find the gates that failed or warned, those that failed first."""
    found = [gate for gate in gates if gate.verdict in (Verdict.FAIL, Verdict.WARN)]
    return sorted(found, key=lambda gate: gate.verdict != Verdict.FAIL)


def judge(
    name: str,
    value: float | None,
    *,
    warn_above: float | None = None,
    fail_above: float | None = None,
    warn_below: float | None = None,
    fail_below: float | None = None,
    n_samples: int,
    reason: str,
) -> Gate:
    """Hold a value against thresholds.

    Parameters
    ----------
    name : str
        What is asked.
    value : float or None
        The measured value; None (or NaN) skips the gate.
    warn_above, fail_above, warn_below, fail_below : float, optional
        The thresholds there are; a value equal to one passes it.
    n_samples : int
        How many values went into it.
    reason : str
        What it means if the value is outside, or why it was skipped.

    Returns
    -------
    Gate
        The gate, with the thresholds in words.
    """
    words = [
        f"{verdict} {word} {limit:g}"
        for verdict, word, limit in (
            (Verdict.WARN, "above", warn_above),
            (Verdict.FAIL, "above", fail_above),
            (Verdict.WARN, "below", warn_below),
            (Verdict.FAIL, "below", fail_below),
        )
        if limit is not None
    ]
    threshold = ", ".join(words)
    if value is None or value != value:
        return Gate(name, Verdict.SKIP, None, threshold, n_samples, reason)
    if _is_outside(value, fail_below, fail_above):
        return Gate(name, Verdict.FAIL, value, threshold, n_samples, reason)
    if _is_outside(value, warn_below, warn_above):
        return Gate(name, Verdict.WARN, value, threshold, n_samples, reason)
    return Gate(name, Verdict.PASS, value, threshold, n_samples, "")


def _is_outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)
