"""The native libraries of a process in the order of their initialisation, and which extension modules need them."""

from __future__ import annotations

from functools import cache
from pathlib import PurePath

from dsa110_contimg.doctor.examination import NativeLibrary
from dsa110_contimg.doctor.native.roles import is_loader, is_recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsa110_contimg.doctor.native.frames import FrameReader


class Loading:
    """The libraries that a process loaded.

    Parameters
    ----------
    reader : FrameReader
        What knows the process's memory map and library files.
    brought : sequence of tuple
        In the order of loading: the extension module that was being imported, if one was, and the file that it brought.
    """

    def __init__(self, reader: FrameReader, brought: Sequence[tuple[str | None, str]]) -> None:
        self._reader = reader
        self._brought = brought
        self._mapped = [path for path in reader.mappings.libraries() if not is_recorder(path)]
        self._by_name = {PurePath(path).name: path for path in reversed(self._mapped)}
        for path in reversed(self._mapped):
            if soname := reader.libraries.read(path).soname:
                self._by_name[soname] = path
        self._needed = cache(self._find_needed)

    def _find_needed(self, path: str) -> tuple[str, ...]:
        names = self._reader.libraries.read(path).needed
        return tuple(found for name in names if (found := self._by_name.get(PurePath(name).name)))

    def _walk(self, path: str, seen: set[str]) -> Iterator[str]:
        """Yield what a library needs, then itself: the loader initialises in that order."""
        if path in seen:
            return
        seen.add(path)
        for needed in self._needed(path):
            yield from self._walk(needed, seen)
        yield path

    def order(self) -> tuple[NativeLibrary, ...]:
        """Return the libraries in the order of their initialisation.

        Returns
        -------
        tuple of NativeLibrary
            First the interpreter's own; then for each extension module what it needs, depth first, and itself; last
            what native code loaded by itself, whose order is not known.
        """
        seen = set[str]()
        starts: list[tuple[str | None, str]] = [
            (None, path) for path in self._mapped if self._reader.is_interpreter(path) or is_loader(path)
        ]
        starts += [(module, self._by_name.get(PurePath(path).name, path)) for module, path in self._brought]
        starts += [(None, path) for path in self._mapped]
        found = []
        for module, start in starts:
            for path in self._walk(start, seen):
                origin = self._reader.distributions.find(path)
                found.append(NativeLibrary(path, origin.distribution, origin.version, module))
        return tuple(found)

    def find_needs(self) -> list[tuple[str, str]]:
        """Return each library with each extension module that needs it, also by way of others."""
        return [
            (library, module)
            for module, path in self._brought
            if module is not None
            for library in self._walk(self._by_name.get(PurePath(path).name, path), set())
        ]
