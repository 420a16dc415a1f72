"""What of CASA is installed, and what does not go together; nothing of it is imported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

from dsa110_contimg.casa.environment import find_casa_data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LIBRARIES = ("python-casacore", "casatools", "casatasks", "casadata", "casaconfig", "arcae")
"""The distributions that an inventory looks for."""

Version = tuple[int, ...]


@dataclass(frozen=True)
class Library:
    """One of CASA's libraries, as its metadata describes it."""

    name: str
    """The name that pip knows."""
    version: str | None
    """The installed version; None if it is not installed."""
    location: str | None
    """The folder it is installed in; None if it is not installed."""


@dataclass(frozen=True)
class Combination:
    """Libraries that are known not to get along."""

    libraries: tuple[str, ...]
    """Who is part of it."""
    severity: str
    """``"bad"`` for what crashes or hangs, ``"note"`` for what to be careful with."""
    what: str
    """What happens, and what to do."""
    source: str
    """Where it is on public record."""


@dataclass(frozen=True)
class Inventory:
    """What of CASA is installed."""

    libraries: tuple[Library, ...]
    """Every library that was looked for."""
    data: Path | None
    """The data that they would use; None if there is none."""
    combinations: tuple[Combination, ...]
    """The known combinations that the installed versions form."""

    @property
    def is_bad(self) -> bool:
        """Whether something installed is known to crash or hang with something else installed."""
        return any(combination.severity == "bad" for combination in self.combinations)


def take_inventory() -> Inventory:
    """Look which of CASA's libraries are installed, from their metadata alone.

    Returns
    -------
    Inventory
        The libraries, the data they would use, and the known-bad combinations among them.
    """
    libraries = tuple(_look_up(name) for name in LIBRARIES)
    versions = {library.name: _parse_version(library.version) for library in libraries if library.version is not None}
    return Inventory(libraries, find_casa_data(), find_combinations(versions))


def find_combinations(versions: Mapping[str, Version]) -> tuple[Combination, ...]:
    """Find the known combinations that a set of versions forms.

    Parameters
    ----------
    versions : mapping
        The version of each installed library, as a tuple of integers.

    Returns
    -------
    tuple of Combination
        Those that apply, the bad ones first.
    """
    return tuple(
        combination
        for combination, applies in _KNOWN
        if set(combination.libraries) <= set(versions) and applies(versions)
    )


def _look_up(name: str) -> Library:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return Library(name, None, None)
    return Library(name, distribution.version, str(distribution.locate_file("")))


def _parse_version(text: str) -> Version:
    release = re.match(r"\d+(?:\.\d+)*", text)  # 3.8.0 of 3.8.0rc1
    return tuple(int(number) for number in release[0].split(".")) if release else ()


def _always(_: Mapping[str, Version]) -> bool:
    return True


_KNOWN: tuple[tuple[Combination, Callable[[Mapping[str, Version]], bool]], ...] = (
    (
        Combination(
            ("python-casacore", "casatools"),
            "bad",
            "Loading both in one process ends in SIGSEGV or 'free(): invalid pointer': each brings its own casacore, "
            "and the loader mixes them. Run: pip install 'python-casacore>=3.8.1', or keep them in two environments.",
            "https://github.com/casacore/python-casacore/issues/251, https://github.com/ratt-ru/dask-ms/issues/378",
        ),
        lambda versions: versions["python-casacore"] < (3, 8, 1),
    ),
    (
        Combination(
            ("python-casacore", "casatools"),
            "note",
            "From python-casacore 3.8.1 on both can be loaded in one process and no crash is known, but the two still "
            "share symbols of two copies of casacore. Better use them in two processes.",
            "https://github.com/casangi/xradio/issues/429, https://github.com/casangi/xradio/issues/479",
        ),
        lambda versions: versions["python-casacore"] >= (3, 8, 1),
    ),
    (
        Combination(
            ("casatools",),
            "note",
            "Importing casatools in one thread while another thread imports an extension module can hang for ever. "
            "Finish `import numpy` first.",
            "measured with casatools 6.7.0.31: 8 of 8 runs hung with astropy.table in the other thread",
        ),
        _always,
    ),
)
