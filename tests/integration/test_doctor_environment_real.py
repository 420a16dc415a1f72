"""Environments of published wheels: the pair that crashes ranks first, and nothing that lives ranks as a cause."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dsa110_contimg.doctor import examine
from dsa110_contimg.doctor.environment.survey import survey_environment
from environments import make_environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="casatools is for Linux"),
    pytest.mark.skipif(
        sys.version_info[:2] not in ((3, 10), (3, 11)), reason="the wheels are for Python 3.10 and 3.11"
    ),
]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)


def test_the_pair_that_crashes_ranks_first(crashing: Path, tmp_path: Path) -> None:
    found = survey_environment(python=crashing, cwd=tmp_path)
    assert found.is_bad
    first, *others = found.hazards
    assert (first.risk, first.kind) == ("high", "known-pair")
    assert first.distributions == ("casatools 6.7.0.31", "python-casacore 3.7.1")
    assert any("STB_GNU_UNIQUE" in sentence and "casacore::" in sentence for sentence in first.evidence)
    assert any("python-casacore's for the old one" in sentence for sentence in first.evidence)
    assert any(
        "libcasa_tables.so.8" in library.path or "libcasa_tables-" in library.path for library in first.libraries
    )
    assert first.source is not None
    assert {hazard.risk for hazard in others} <= {"low"}


def test_the_symbols_alone_would_have_ranked_it_as_high(crashing: Path, tmp_path: Path) -> None:
    from dsa110_contimg.doctor.environment.duplicates import find_duplicates
    from dsa110_contimg.doctor.environment.facts import ask_facts
    from dsa110_contimg.doctor.environment.libraries import Collection

    found = find_duplicates(Collection(ask_facts(crashing, {}, tmp_path)))
    assert [hazard.distributions for hazard in found if hazard.risk == "high"] == [
        ("casatools 6.7.0.31", "python-casacore 3.7.1")
    ]


def test_what_was_built_for_another_numpy_is_told_before_it_raises(tmp_path: Path) -> None:
    python = make_environment("other-numpy", "numpy==2.1.3", "h5py==3.10.0", constrained=False)
    first = survey_environment(python=python, cwd=tmp_path).hazards[0]
    assert (first.risk, first.kind, first.distributions) == ("certain", "other-numpy", ("h5py 3.10.0",))
    found = examine("h5py", python=python, cwd=tmp_path)
    assert (found.verdict, "numpy" in (found.exception or "")) == ("raised", True)


def test_what_lives_together_is_no_cause(healthy: Path, tmp_path: Path) -> None:
    found = survey_environment(python=healthy, cwd=tmp_path)
    assert not found.is_bad
    assert found.libraries > 400
    (risk,) = [hazard for hazard in found.hazards if hazard.risk == "medium"]
    assert [name.rpartition(" ")[0] for name in risk.distributions] == ["casatools", "python-casacore"]
    assert "survive one process" in risk.evidence[0]
    assert any("same form of C++'s std::string" in sentence for sentence in risk.evidence)
    assert risk.advice
    assert {hazard.kind for hazard in found.hazards if hazard.risk == "low"} <= {"duplicate-library"}
