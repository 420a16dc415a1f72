"""Which of the surroundings made the difference: shown by running the target again without it."""

from __future__ import annotations

import time
from dataclasses import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dsa110_contimg.doctor.examination import Examination, Finding, Verdict

HIDDEN = "IMPORT_DOCTOR_HIDDEN"
"""The variable that names a file which the child's import system must not see; the target never sees the variable."""
MOST_RERUNS = 4
"""How many findings are tried, each in a run of its own."""
LONGEST_S = 20.0
"""How long to go on trying, in seconds."""
_SUSPECTS = (
    *("LD_PRELOAD", "PYTHONHOME", "LD_LIBRARY_PATH", "HOME", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONMALLOC"),
    *("MALLOC_PERTURB_", "GLIBC_TUNABLES", "QT_QPA_PLATFORM", "QT_QPA_PLATFORM_PLUGIN_PATH", "QT_PLUGIN_PATH"),
    *("CASASITECONFIG", "CASAPATH"),
)
"""What is tried, after files in the way, the likeliest first. Not PYTHONPATH: without it the target may not be found,
and what stands there in another's place is found as a file in the way."""


def confirm_causes(examination: Examination, rerun: Callable[[Finding | None], Verdict]) -> Examination:
    """Find which of the surroundings made an import fail.

    Parameters
    ----------
    examination : Examination
        What was found, with the surroundings as remarks.
    rerun : callable
        Runs the target again without what a finding is about, or as it was, and returns what became of it.

    Returns
    -------
    Examination
        The same; a finding without which the target is healthy, while it fails again with it, is the cause. For a
        healthy target, and for one that loaded what is forbidden, nothing is run.
    """
    if examination.verdict in ("healthy", "forbidden"):
        return examination
    limit = time.monotonic() + LONGEST_S
    for finding in sorted(filter(_is_suspect, examination.environment), key=_order)[:MOST_RERUNS]:
        if time.monotonic() > limit:
            break
        # The second run tells that it was not chance.
        if rerun(finding) == "healthy" and rerun(None) != "healthy":
            cause = replace(finding, role="cause")
            found = tuple(cause if one is finding else one for one in examination.environment)
            return replace(examination, environment=found)
    return examination


def _is_suspect(finding: Finding) -> bool:
    return finding.kind in ("shadow", "startup") or finding.name in _SUSPECTS


def _order(finding: Finding) -> int:
    return -1 if finding.kind in ("shadow", "startup") else _SUSPECTS.index(finding.name)


def leave_out(finding: Finding, env: Mapping[str, str], home: str) -> dict[str, str]:
    """Return the environment of a child without what a finding is about.

    Parameters
    ----------
    finding : Finding
        A variable, or a file in the way.
    env : mapping
        The environment with it.
    home : str
        A folder that can be written, in place of a home that cannot.

    Returns
    -------
    dict
        The environment without it.
    """
    if finding.kind in ("shadow", "startup"):
        return {**env, HIDDEN: finding.value}
    if finding.name == "HOME":
        return {**env, "HOME": home}
    return {name: value for name, value in env.items() if name != finding.name}
