"""Native libraries that more than one distribution brings, and symbols of which a process keeps only one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations

from dsa110_contimg.doctor.environment.hazards import Hazard
from dsa110_contimg.doctor.environment.runtimes import is_runtime
from dsa110_contimg.doctor.native.demangling import demangle, shorten_symbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dsa110_contimg.doctor.environment.hazards import Risk
    from dsa110_contimg.doctor.environment.libraries import Collection, Native

_STANDARD = re.compile(r"_Z(?:GV|GR|TV|TI|TS|TT)?Z*N?K?(?:S[tabsiod]|9__gnu_cxx)")
"""Names of C++'s own library; their code is the same for all, and every C++ program shares them."""
COPIES = "copies of "
"""What the title of copies that keep to themselves begins with."""
LEAST_EXPORTS = 20
"""With fewer symbols in common, libraries of different names are not taken for copies of each other."""
_MOST_OWNERS = 6
_MOST_NAMES = 3


@dataclass
class Overlap:
    """What the native libraries of two distributions have in common."""

    pairs: set[tuple[Native, Native]] = field(default_factory=set)
    """Libraries that are copies of one another, by their name, their build or what they export."""
    unique: set[str] = field(default_factory=set)
    """Symbols of which the loader keeps one for the whole process, those of C++'s own library left out."""
    sharing: set[tuple[Native, Native]] = field(default_factory=set)
    """Libraries that have such symbols in common."""

    @property
    def mixed(self) -> list[tuple[Native, Native]]:
        """Libraries that have such symbols in common, of which one was built for the old form of std::string."""
        return [
            (one, other)
            for one, other in sorted(self.sharing, key=lambda pair: (pair[0].path, pair[1].path))
            if {one.library.string_abis, other.library.string_abis} == {frozenset({"old"}), frozenset({"new"})}
        ]


def find_duplicates(collection: Collection) -> list[Hazard]:
    """Find libraries that more than one distribution brings.

    Parameters
    ----------
    collection : Collection
        The native libraries of an environment.

    Returns
    -------
    list of Hazard
        One for each two distributions that share symbols of which a process keeps one, and one for each library whose
        copies keep to themselves.
    """
    overlaps = find_overlaps(collection.natives)
    telling = {owners: overlap for owners, overlap in overlaps.items() if overlap.unique}
    paired = {pair for overlap in telling.values() for pair in overlap.pairs}
    told = {native for pair in paired for native in pair}
    found = [_describe_pair(collection, owners, overlap) for owners, overlap in telling.items()]
    families: defaultdict[tuple[str, ...], set[Native]] = defaultdict(set)
    for overlap in overlaps.values():
        for one, other in overlap.pairs - paired:
            if not is_runtime(one) and not (one in told and other in told):
                families[tuple(sorted({one.family, other.family}))] |= {one, other}
    return found + [_describe_copies(collection, names, natives) for names, natives in families.items()]


def find_overlaps(natives: Iterable[Native]) -> dict[tuple[str, str], Overlap]:
    """Find what the libraries of each two distributions have in common, by the names of the two."""
    natives = [native for native in natives if native.library.fault is None]
    overlaps: defaultdict[tuple[str, str], Overlap] = defaultdict(Overlap)
    bundled = [native for native in natives if not native.is_extension]
    for pair in _pair_up(native for native in bundled):
        overlaps[_name_pair(pair)].pairs.add(pair)
    linked = _find_linked(natives)
    for symbol, owners in _index(natives).items():
        for pair in _cross(owners):
            if _name_pair(pair) not in linked:
                overlap = overlaps[_name_pair(pair)]
                overlap.unique.add(symbol)
                overlap.sharing.add(pair)
    return dict(overlaps)


def _name_pair(pair: tuple[Native, Native]) -> tuple[str, str]:
    return pair[0].owner, pair[1].owner


def _cross(natives: Iterable[Native]) -> Iterator[tuple[Native, Native]]:
    """Yield each two libraries of different distributions, in the order of their owners' names."""
    ordered = sorted(natives, key=lambda native: (native.owner.lower(), native.path))
    return (pair for pair in combinations(ordered, 2) if pair[0].owner != pair[1].owner)


def _pair_up(bundled: Iterable[Native]) -> Iterator[tuple[Native, Native]]:
    """Yield each two libraries that are copies: of one name, one build, or with most of their symbols in common."""
    bundled = list(bundled)
    groups: defaultdict[tuple[str, str], list[Native]] = defaultdict(list)
    exporters: defaultdict[bytes, list[Native]] = defaultdict(list)
    for native in bundled:
        groups["family", native.family].append(native)
        if native.library.build_id:
            groups["build", native.library.build_id].append(native)
        for symbol in native.library.exported:
            exporters[symbol].append(native)
    for group in groups.values():
        yield from _cross(group)
    shared: Counter[tuple[Native, Native]] = Counter()
    for owners, number in Counter(tuple(owners) for owners in exporters.values()).items():
        if 1 < len(owners) <= _MOST_OWNERS:
            shared.update(dict.fromkeys(_cross(owners), number))
    for (one, other), number in shared.items():
        if number >= max(LEAST_EXPORTS, min(len(one.library.exported), len(other.library.exported)) / 2):
            yield one, other


def _index(natives: Iterable[Native]) -> dict[str, list[Native]]:
    """Return the libraries that define each symbol of which a process keeps one."""
    found: defaultdict[str, list[Native]] = defaultdict(list)
    for native in natives:
        for symbol in native.library.unique:
            if not _STANDARD.match(symbol):
                found[symbol].append(native)
    return found


def _find_linked(natives: Iterable[Native]) -> set[tuple[str, str]]:
    """Return the distributions of which one links to the other's libraries, and so shares its symbols on purpose."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for native in natives:
        owners[native.library.soname or native.name].add(native.owner)
    found = set()
    for native in natives:
        for name in native.library.needed:
            if native.owner not in owners[name]:
                for owner in owners[name]:
                    found |= {(native.owner, owner), (owner, native.owner)}
    return found


def _describe_pair(collection: Collection, owners: tuple[str, str], overlap: Overlap) -> Hazard:
    names = [collection.name(owner) for owner in owners]
    plain = {symbol for symbol in overlap.unique if not symbol.startswith("_ZGV")}  # no guard variables
    shown = shorten_symbol(demangle(min(plain or overlap.unique, key=lambda symbol: (len(symbol), symbol))))
    shared = (
        f"{len(overlap.unique)} symbols are defined in both of which the loader keeps only one for a process "
        f"(STB_GNU_UNIQUE), such as {shown}: code of one will work on data of the other."
    )
    evidence = [shared]
    if overlap.pairs:
        by_sharing = sorted(overlap.pairs, key=lambda pair: (pair not in overlap.sharing, pair[0].family))
        families = list(dict.fromkeys(one.family for one, other in by_sharing if one.family == other.family))
        evidence.append(f"Both bring their own {_list(families)}." if families else "Some are copies of one another.")
    mixed = overlap.mixed
    if mixed:
        old = next(native for native in mixed[0] if native.library.string_abis == {"old"})
        evidence.append(
            f"They were built for two forms of C++'s std::string: {old.owner}'s for the old one, so that what the two "
            "share differs in size and layout."
        )
    else:
        alike = any(one.library.string_abis & other.library.string_abis for one, other in overlap.sharing)
        told = "Both were built for the same form of C++'s std::string, which speaks for them. " if alike else ""
        evidence.append(f"{told}This is a risk, not a proof: many such pairs live in one process without harm.")
    risk: Risk = "high" if mixed and overlap.pairs else "medium"
    sharing = {native for pair in overlap.sharing for native in pair}
    natives = sorted(
        {native for pair in overlap.pairs or overlap.sharing for native in pair},
        key=lambda native: (native not in sharing, native.family, *_order(native)),
    )
    return Hazard(
        kind="duplicate-library" if overlap.pairs else "shared-symbols",
        risk=risk,
        title=f"{names[0]} and {names[1]} share symbols of which a process keeps one",
        distributions=tuple(names),
        libraries=tuple(native.origin for native in natives),
        evidence=tuple(evidence),
        advice="Use versions that go together, or a process for each of the two.",
    )


def _describe_copies(collection: Collection, families: tuple[str, ...], natives: set[Native]) -> Hazard:
    """Describe copies that keep to themselves; those of two names are alike by what they export."""
    ordered = sorted(natives, key=_order)
    names = sorted({collection.name(native.owner) for native in ordered}, key=str.lower)
    sonames = {native.library.soname for native in ordered}
    builds = {native.library.build_id for native in ordered}
    common = len(frozenset.intersection(*(native.library.exported for native in ordered)))
    evidence = [f"{_list(names, most=len(names))} bring copies that have {common:,} exported symbols in common."]
    risk: Risk = "low"
    advice = "Nothing, unless an import of two of them fails."
    if len(builds) == 1 and None not in builds:
        evidence.append("They are the same build, so either can stand in for the other.")
    elif len(sonames) == 1 and None not in sonames:
        risk = "medium"
        evidence.append(
            f"All are asked for as {ordered[0].library.soname} and differ: whichever is loaded first serves all of "
            "them, whether or not it fits."
        )
        advice = "Import the one first whose copy is newer, or use a process for each."
    else:
        evidence.append("Their names differ, so each user gets its own; symbols mix only where loaded globally.")
    return Hazard(
        kind="duplicate-library",
        risk=risk,
        title=f"{COPIES}{' and '.join(families)}",
        distributions=tuple(names),
        libraries=tuple(native.origin for native in ordered),
        evidence=tuple(evidence),
        advice=advice,
    )


def _order(native: Native) -> tuple[str, str]:
    return native.owner.lower(), native.path


def _list(names: list[str], most: int = _MOST_NAMES) -> str:
    """Write names with commas, and how many more there are."""
    more = len(names) - most
    shown = names[:most]
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
