"""From the name of a module to its file, as an interpreter's import system finds it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dsa110_contimg.doctor.imports.graph import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsa110_contimg.doctor.imports.graph import ModuleKind
    from dsa110_contimg.doctor.imports.interpreter import Setting


@dataclass(frozen=True)
class Found:
    """A module, where its submodules are, and where its source is."""

    module: Module
    """The module."""
    folders: tuple[str, ...] | None = None
    """The folders of a package; nothing for what is none."""
    source: str | None = None
    """The source file, if there is one."""
    fault: str | None = None
    """What could not be read about it."""


class Finder:
    """Find modules as an interpreter would.

    Parameters
    ----------
    setting : Setting
        What the interpreter answered.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._found: dict[str, Found] = {}
        self._listings: dict[str, frozenset[str]] = {}
        self._suffixes: tuple[tuple[str, ModuleKind], ...] = (
            *((suffix, "extension") for suffix in setting.suffixes),
            (".py", "source"),
            (".pyc", "compiled"),
        )

    def find(self, name: str) -> Found:
        """Return a module; one that is not found is ``"missing"``."""
        if name not in self._found:
            self._found[name] = self._find(name) or Found(Module(name, "missing"))
        return self._found[name]

    def _find(self, name: str) -> Found | None:
        setting = self._setting
        if name in setting.loaded:
            return self._find_loaded(name)
        parent, _, tail = name.rpartition(".")
        if not parent:
            if name in setting.builtin:
                return Found(Module(name, "builtin"))
            folders: tuple[str, ...] | None = setting.path
        else:
            folders = self.find(parent).folders
        if folders is None:
            return None
        found = self._search(name, tail, folders)
        if found is None and name in setting.redirections:
            found = self._find_redirected(name)
        if name in setting.frozen:
            file = found.source if found else None
            return Found(Module(name, "builtin", file), found.folders if found else None, file)
        return found

    def _find_loaded(self, name: str) -> Found:
        file, is_builtin, folders = self._setting.loaded[name]
        if folders is not None and file is None and not is_builtin:
            return Found(Module(name, "namespace"), folders)
        if file is None or not Path(file).is_file():
            return Found(Module(name, "builtin"), folders)
        kind: ModuleKind = next((kind for suffix, kind in self._suffixes if file.endswith(suffix)), "source")
        if is_builtin:
            return Found(Module(name, "builtin", file), folders, file if kind == "source" else None)
        return self._make(name, file, kind, folders)

    def _find_redirected(self, name: str) -> Found | None:
        path = self._setting.redirections[name]
        folder, tail = os.path.split(path.rstrip("/"))
        if tail.startswith("__init__."):
            folder, tail = os.path.split(folder)
        for suffix, kind in self._suffixes:
            if tail.endswith(suffix) and Path(path).is_file() and not path.endswith(f"/__init__{suffix}"):
                return self._make(name, path, kind, None)
        return self._search(name, tail, (folder,))

    def _search(self, name: str, tail: str, folders: Iterable[str]) -> Found | None:
        portions = []
        for folder in folders:
            listing = self._list(folder)
            if tail in listing:
                inside = f"{folder}/{tail}"
                for suffix, kind in self._suffixes:
                    if f"__init__{suffix}" in self._list(inside):
                        return self._make(name, f"{inside}/__init__{suffix}", kind, (inside,))
            for suffix, kind in self._suffixes:
                file = f"{folder}/{tail}{suffix}"
                if f"{tail}{suffix}" in listing and os.path.isfile(file):  # noqa: PTH113 - a thousand times, with text
                    return self._make(name, file, kind, None)
            if tail in listing and os.path.isdir(inside):  # noqa: PTH112
                portions.append(inside)
        return Found(Module(name, "namespace"), tuple(portions)) if portions else None

    def _make(self, name: str, file: str, kind: ModuleKind, folders: tuple[str, ...] | None) -> Found:
        if kind == "extension":
            from dsa110_contimg.doctor.native.elf import Library

            library = Library(file)
            return Found(Module(name, kind, file, library.needed), folders, fault=library.fault)
        if kind == "compiled":
            return Found(Module(name, kind, file), folders, fault="it is bytecode without source")
        return Found(Module(name, "package" if folders is not None else kind, file), folders, file)

    def _list(self, folder: str) -> frozenset[str]:
        """Return the names in a folder; one that cannot be read has none."""
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))  # noqa: PTH208
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]
