"""Distributions whose versions are known not to go together; the knowledge stands in ``known_pairs.toml``."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, replace
from pathlib import Path

from dsa110_contimg.doctor.environment.hazards import Hazard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsa110_contimg.doctor.environment.hazards import Risk
    from dsa110_contimg.doctor.environment.libraries import Collection

RECORD = Path(__file__).with_name("known_pairs.toml")
"""Where the known pairs stand."""
_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_CONDITION = re.compile(r"(<=|>=|==|<|>)\s*(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class KnownPair:
    """Distributions that are known not to go together."""

    versions: Mapping[str, str]
    """The versions of each that it is about, by the name of the distribution."""
    risk: Risk
    """How bad it is."""
    what: str
    """What happens."""
    advice: str
    """What to do."""
    source: str
    """Where it is on public record."""


def read_known_pairs() -> tuple[KnownPair, ...]:
    """Read every pair that is known.

    Returns
    -------
    tuple of KnownPair
        In the order of the file; of those that fit, the first counts.
    """
    import tomllib

    with RECORD.open("rb") as file:
        return tuple(KnownPair(**pair) for pair in tomllib.load(file)["pair"])


def matches_version(version: str | None, conditions: str) -> bool:
    """Return whether a version meets every one of some conditions.

    Examples
    --------
    >>> matches_version("3.7.1", "<3.8.1"), matches_version("1.5.3.post1", "==1.5.3"), matches_version("2.0", ">=2,<2")
    (True, True, False)
    """
    if not conditions:
        return True
    release = re.match(r"\d+(?:\.\d+)*", version or "")
    if release is None:
        return False  # a version that cannot be read is not said to be bad
    return all(
        _compare(_read_version(release[0]), sign, _read_version(wanted))
        for sign, wanted in _CONDITION.findall(conditions)
    )


def _compare(version: tuple[int, ...], sign: str, wanted: tuple[int, ...]) -> bool:
    if sign == "==":
        return version[: len(wanted)] == wanted
    size = max(len(version), len(wanted))
    padded, other = (one + (0,) * (size - len(one)) for one in (version, wanted))
    return bool(_COMPARISONS[sign](padded, other))


def _read_version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def join_known_pairs(collection: Collection, hazards: list[Hazard]) -> list[Hazard]:
    """Add what is on public record to what was found.

    Parameters
    ----------
    collection : Collection
        The libraries of an environment, whose distributions have versions.
    hazards : list of Hazard
        What was found without knowing the record.

    Returns
    -------
    list of Hazard
        A hazard about exactly the distributions of a known pair takes on its rank, its words and its source, for what
        was seen to happen counts for more than signs; a known pair without such a hazard becomes one of its own.
    """
    installed = {_normalise(name): name for name in collection.distributions.versions}
    versions = {_normalise(name): version for name, version in collection.distributions.versions.items()}
    found, seen = list(hazards), set()
    for pair in read_known_pairs():
        names = tuple(sorted(installed[name] for name in pair.versions if name in installed))
        fits = len(names) == len(pair.versions) and all(
            matches_version(versions[name], conditions) for name, conditions in pair.versions.items()
        )
        if not fits or names in seen:
            continue
        seen.add(names)
        titled = tuple(sorted(map(collection.name, names), key=str.lower))
        known = Hazard(
            kind="known-pair",
            risk=pair.risk,
            title=f"{' and '.join(titled)} are known not to go together"
            if pair.risk == "high"
            else f"{' and '.join(titled)} are to be watched together",
            distributions=titled,
            libraries=(),
            evidence=(pair.what,),
            advice=pair.advice,
            source=pair.source,
        )
        own = next((one for one in found if one.distributions == titled and _is_about_both(one)), None)
        if own is None:
            found.append(known)
        else:
            found[found.index(own)] = replace(
                known, libraries=own.libraries, evidence=(*known.evidence, *own.evidence)
            )
    return found


def _is_about_both(hazard: Hazard) -> bool:
    return hazard.kind in ("duplicate-library", "shared-symbols") and hazard.risk != "low"


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
