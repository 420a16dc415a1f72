"""Which versions to install when two distributions are known not to go together."""

from __future__ import annotations

from typing import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dsa110_contimg.doctor.examination import Conflict


class KnownPair(Protocol):
    """What is on public record of two distributions."""

    @property
    def advice(self) -> str:
        """What to do."""

    @property
    def source(self) -> str:
        """Where it is on public record."""


def offer_versions(
    conflict: Conflict, known_pairs: Callable[[Mapping[str | None, str | None]], KnownPair | None]
) -> str | None:
    """Say which versions to install when two distributions are known not to go together.

    Parameters
    ----------
    conflict : Conflict
        Two distributions whose libraries got in each other's way.
    known_pairs : callable
        Takes the version of each distribution by its name, and returns what is known of them, or nothing.

    Returns
    -------
    str or None
        What to do, with its source; nothing when the pair is not known, or belongs to no distribution.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from dsa110_contimg.doctor.examination import Conflict, LibraryOrigin
    >>> libraries = LibraryOrigin("/a.so", "alpha", "1.0"), LibraryOrigin("/b.so", "beta", "2.0")
    >>> known = SimpleNamespace(advice="Install alpha 1.1 or newer.", source="https://example.org/1")
    >>> offer_versions(Conflict("crossed-call", None, libraries, ""), lambda versions: known)
    'Install alpha 1.1 or newer. (On record: https://example.org/1)'
    """
    versions = {library.distribution: library.version for library in conflict.libraries}
    if None in versions or len(versions) < 2:
        return None
    pair = known_pairs(versions)
    return f"{pair.advice} (On record: {pair.source})" if pair is not None else None
