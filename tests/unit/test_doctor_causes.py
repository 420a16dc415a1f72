"""Which of the surroundings made the difference is told only after it was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsa110_contimg.doctor.environment.causes import HIDDEN, MOST_RERUNS, confirm_causes, leave_out
from dsa110_contimg.doctor.examination import Examination, Exit, Finding, Interpreter
from dsa110_contimg.doctor.report.explanations import explain
from dsa110_contimg.doctor.report.text import draw_text

PRELOAD = Finding("LD_PRELOAD", "/x.so", "set", advice="unset it")
SHADOW = Finding("random", "/here/random.py", "loaded", "shadow")
LIBRARY = Finding("LD_LIBRARY_PATH", "/lib", "set")
REMARKS = (
    Finding("PYTHONPATH", "/there", "set"),
    Finding("OMP_NUM_THREADS", "1", "set"),
    Finding("stack size", "64 kB", "ulimit", "system"),
    Finding("SELinux", "enforcing", "read", "system"),
)
FAILED = Examination("import x", Interpreter("/python", "3.11.7"), "crashed", Exit(signal="SIGSEGV"))


class Runs:
    """Runs of a target that is healthy without some findings."""

    def __init__(self, *healing: Finding, again: str = "crashed") -> None:
        self.healing, self.again = healing, again
        self.asked: list[Finding | None] = []

    def __call__(self, finding: Finding | None) -> str:
        self.asked.append(finding)
        return self.again if finding is None else "healthy" if finding in self.healing else "crashed"


def find_causes(examination: Examination) -> list[Finding]:
    return [finding for finding in examination.environment if finding.role == "cause"]


def test_what_heals_when_it_is_gone_is_the_cause() -> None:
    runs = Runs(PRELOAD)
    found = confirm_causes(replace(FAILED, environment=(LIBRARY, *REMARKS, PRELOAD, SHADOW)), runs)  # type: ignore[arg-type]
    assert find_causes(found) == [replace(PRELOAD, role="cause")]
    assert runs.asked == [SHADOW, PRELOAD, None], "files in the way first, and none after the cause"
    assert [finding.name for finding in found.environment] == [
        finding.name for finding in (LIBRARY, *REMARKS, PRELOAD, SHADOW)
    ]


def test_what_fails_by_chance_has_no_cause() -> None:
    found = confirm_causes(replace(FAILED, environment=(PRELOAD,)), Runs(PRELOAD, again="healthy"))  # type: ignore[arg-type]
    assert find_causes(found) == []


def test_what_cannot_be_left_out_is_not_tried() -> None:
    runs = Runs()
    assert find_causes(confirm_causes(replace(FAILED, environment=REMARKS), runs)) == []  # type: ignore[arg-type]
    assert runs.asked == []


@pytest.mark.parametrize("verdict", ["healthy", "forbidden"])
def test_a_target_without_harm_is_not_run_again(verdict: str) -> None:
    runs = Runs(PRELOAD)
    found = replace(FAILED, verdict=verdict, environment=(PRELOAD,))  # type: ignore[arg-type]
    assert confirm_causes(found, runs) is found  # type: ignore[arg-type]
    assert runs.asked == []


def test_only_a_few_runs_are_made() -> None:
    runs = Runs()
    shadows = tuple(Finding(f"m{number}", f"/m{number}.py", "loaded", "shadow") for number in range(20))
    confirm_causes(replace(FAILED, environment=shadows), runs)  # type: ignore[arg-type]
    assert len(runs.asked) == MOST_RERUNS


def test_what_is_left_out() -> None:
    env = {"LD_PRELOAD": "/x.so", "HOME": "/none", "A": "1"}
    assert leave_out(PRELOAD, env, "/tmp/home") == {"HOME": "/none", "A": "1"}
    assert leave_out(SHADOW, env, "/tmp/home") == {**env, HIDDEN: "/here/random.py"}
    assert leave_out(Finding("HOME", "/none", "", "system"), env, "/tmp/home") == {**env, "HOME": "/tmp/home"}


def test_the_report_tells_the_cause_and_what_to_do() -> None:
    found = replace(FAILED, environment=(*REMARKS, replace(PRELOAD, role="cause")))
    told = explain(found)
    assert told.why[0].startswith("Without `LD_PRELOAD` (/x.so) the same target is healthy")
    assert told.advice[0] == "unset it"
    assert "LD_PRELOAD" in draw_text(found)
    assert not any("Without" in sentence for sentence in explain(replace(FAILED, environment=(PRELOAD,))).why)
