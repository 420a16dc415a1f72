"""The native libraries of an environment, and to which distribution each belongs."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

from dsa110_contimg.doctor.native.distributions import Distributions
from dsa110_contimg.doctor.native.elf import Library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dsa110_contimg.doctor.environment.facts import Facts
    from dsa110_contimg.doctor.examination import LibraryOrigin

_LIBRARY = re.compile(r".\.so(\.\d+)*$")
_TAG = re.compile(r"\.((?:cpython|pypy|graalpy|abi\d)[^.]*)\.so$")
_HASH = re.compile(r"-[0-9a-f]{8}(?=[-.])")
_VERSIONED = re.compile(r"(.*\.so(?:\.\d+)?)(?:\.\d+)*$")


@dataclass(frozen=True, eq=False)
class Native:
    """A native library of an environment."""

    library: Library
    """Its file."""
    origin: LibraryOrigin
    """Which distribution it belongs to, as far as a record tells."""
    owner: str
    """The distribution, or else the folder in site-packages that it stands in."""

    @property
    def path(self) -> str:
        """The file."""
        return self.library.path

    @cached_property
    def real_path(self) -> str:
        """The file, behind all links."""
        return os.path.realpath(self.path)

    @cached_property
    def name(self) -> str:
        """The name of the file."""
        return PurePath(self.path).name

    @cached_property
    def tag(self) -> str | None:
        """The Python that an extension module says it is for, such as ``cpython-311-x86_64-linux-gnu``."""
        found = _TAG.search(self.name)
        return found[1] if found else None

    @cached_property
    def is_extension(self) -> bool:
        """Whether it is an extension module: it says so by its name, or has what Python calls at import."""
        if self.tag is not None:
            return True
        stem = self.name.partition(".")[0]
        return not self.name.startswith("lib") and self.library.defines(f"PyInit_{stem}")

    @cached_property
    def family(self) -> str:
        """Its name without the hash that auditwheel adds, and of its version no more than binaries depend on."""
        return name_family(self.library.soname or self.name)


def name_family(name: str) -> str:
    """Return the name that the copies of a library have in common.

    Examples
    --------
    >>> name_family("libgfortran-040039e1-0352e75f.so.5.0.0"), name_family("libcasa_tables.so.8")
    ('libgfortran.so.5', 'libcasa_tables.so.8')
    """
    bare = _HASH.sub("", name)
    found = _VERSIONED.match(bare)
    return found[1] if found else bare


class Collection:
    """The native libraries of an environment.

    Parameters
    ----------
    facts : Facts
        What its interpreter says of itself.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        """What its interpreter says of itself."""
        prefix = facts.prefixes[0] if facts.prefixes else None
        self.distributions = Distributions(facts.site_packages, prefix)
        """Which file belongs to which distribution."""
        conda = [str(Path(prefix, "lib"))] if prefix and Path(prefix, "conda-meta").is_dir() else []
        files = [*_find_libraries(facts.site_packages), *_find_libraries(conda, is_deep=False)]
        # A library often has several names, which are links to one file.
        files = list({os.path.realpath(path): path for path in reversed(files)}.values())[::-1]
        self.natives = tuple(self._read(path) for path in files)
        """All of them, in the order of their folders."""

    def _read(self, path: str) -> Native:
        origin = self.distributions.find(path)
        return Native(Library(path), origin, origin.distribution or self._name_folder(path))

    def _name_folder(self, path: str) -> str:
        for folder in self.facts.site_packages:
            if path.startswith(f"{folder}/"):
                return path[len(folder) + 1 :].partition("/")[0]
        return str(PurePath(path).parent)

    def name(self, owner: str) -> str:
        """Write a distribution with its version."""
        version = self.distributions.versions.get(owner)
        return f"{owner} {version}" if version else owner


def _find_libraries(folders: Iterable[str], *, is_deep: bool = True) -> Iterator[str]:
    for folder in folders:
        for here, below, files in os.walk(folder):
            below[:] = sorted(name for name in below if name != "__pycache__") if is_deep else []
            for name in sorted(files):
                if ".so" in name and _LIBRARY.search(name):
                    yield f"{here}/{name}"
