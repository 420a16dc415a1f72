"""Distributions whose versions are known not to go together; the knowledge stands in ``known_pairs.toml``."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, replace
from functools import cache
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


@cache
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


def find_known_pair(versions: Mapping[str | None, str | None]) -> KnownPair | None:
    """Find what is known of exactly these distributions.

    Parameters
    ----------
    versions : mapping
        The version of each, by its name.

    Returns
    -------
    KnownPair or None
        The first that fits.

    Examples
    --------
    >>> find_known_pair({"python-casacore": "3.7.1", "casatools": "6.7.0.31"}).risk
    'high'
    >>> find_known_pair({"numpy": "2.0", "scipy": "1.13"}) is None
    True
    """
    named = {normalise(name or ""): version for name, version in versions.items()}
    return next((pair for pair in read_known_pairs() if set(pair.versions) == set(named) and _fits(pair, named)), None)


def _fits(pair: KnownPair, versions: Mapping[str, str | None]) -> bool:
    return all(matches_version(versions.get(name), conditions) for name, conditions in pair.versions.items())


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
    installed = {normalise(name): name for name in collection.distributions.versions}
    versions = {normalise(name): version for name, version in collection.distributions.versions.items()}
    found, seen = list(hazards), set[tuple[str, ...]]()
    for pair in read_known_pairs():
        names = tuple(sorted(pair.versions))
        if names in seen or not set(names) <= set(installed) or not _fits(pair, versions):
            continue
        seen.add(names)
        known = _describe(pair, tuple(collection.name(installed[name]) for name in names))
        own = next((one for one in found if one.distributions == known.distributions and _is_about_both(one)), None)
        if own is None:
            found.append(known)
        else:
            evidence = (*known.evidence, *own.evidence)
            found[found.index(own)] = replace(known, libraries=own.libraries, evidence=evidence)
    return found


def _describe(pair: KnownPair, names: tuple[str, ...]) -> Hazard:
    told = "are known not to go together" if pair.risk == "high" else "are better watched together"
    return Hazard(
        kind="known-pair",
        risk=pair.risk,
        title=f"{' and '.join(names)} {told}",
        distributions=names,
        libraries=(),
        evidence=(pair.what,),
        advice=pair.advice,
        source=pair.source,
    )


def _is_about_both(hazard: Hazard) -> bool:
    return hazard.kind in ("duplicate-library", "shared-symbols") and hazard.risk != "low"


def normalise(name: str) -> str:
    """Return the name of a distribution in the form in which two spellings of one are equal."""
    return re.sub(r"[-_.]+", "-", name).lower()
