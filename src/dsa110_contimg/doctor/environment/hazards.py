"""What in an environment may go wrong, ranked by how likely it is to; told in JSON and by the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from dsa110_contimg.doctor.examination import Finding, Interpreter, LibraryOrigin

    Risk = Literal["certain", "high", "medium", "low"]
    Kind = Literal[
        "known-pair",
        "duplicate-library",
        "shared-symbols",
        "duplicate-runtime",
        "other-python",
        "other-numpy",
        "missing-library",
        "executable-stack",
        "debug-build",
        "unreadable",
    ]

RISKS: tuple[Risk, ...] = ("certain", "high", "medium", "low")
"""From what will fail to what is only worth knowing."""
SCHEMA = 1
"""The version of the JSON; it changes only when a key goes or changes its meaning."""


@dataclass(frozen=True)
class Hazard:
    """Something that may make imports fail, found without importing anything."""

    kind: Kind
    """Of which kind it is."""
    risk: Risk
    """``certain`` when it fails whenever it is used; ``high`` when it is known to, or all signs are there; ``medium``
    and ``low`` when nothing says that it does."""
    title: str
    """What it is, in a few words."""
    distributions: tuple[str, ...]
    """The distributions that are part of it, with their versions."""
    libraries: tuple[LibraryOrigin, ...]
    """The files that are part of it."""
    evidence: tuple[str, ...]
    """What was seen, a sentence each."""
    advice: str
    """What to do."""
    source: str | None = None
    """Where it is on public record, if it is."""


@dataclass(frozen=True)
class Environment:
    """What an environment holds that may go wrong.

    Examples
    --------
    >>> from dsa110_contimg.doctor.environment.survey import survey_environment
    >>> found = survey_environment()
    >>> sorted({hazard.risk for hazard in found.hazards} - {"certain", "high", "medium", "low"})
    []
    """

    python: Interpreter
    """The interpreter whose environment it is."""
    site_packages: tuple[str, ...]
    """The folders of installed packages that were looked through."""
    libraries: int
    """How many native libraries were read."""
    hazards: tuple[Hazard, ...] = ()
    """What may go wrong, the worst first."""
    surroundings: tuple[Finding, ...] = ()
    """What in the surroundings can matter."""
    elapsed_s: float = 0.0
    """How long it took, in seconds."""

    @property
    def is_bad(self) -> bool:
        """Whether something fails for certain, or is known to."""
        return any(hazard.risk in ("certain", "high") for hazard in self.hazards)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON that other programs may rely on."""
        return {"schema": SCHEMA, **_list_tuples(asdict(self))}


def _list_tuples(value: Any) -> Any:
    """Return what JSON gives back of a value."""
    if isinstance(value, dict):
        return {key: _list_tuples(one) for key, one in value.items()}
    return [_list_tuples(one) for one in value] if isinstance(value, tuple) else value


def rank(hazards: list[Hazard]) -> tuple[Hazard, ...]:
    """Return hazards in the order of their risk; of two of the same risk, what is known comes first."""

    def order(hazard: Hazard) -> tuple[int, bool, int, str]:
        return RISKS.index(hazard.risk), hazard.source is None, -len(hazard.libraries), hazard.title

    return tuple(sorted(hazards, key=order))
