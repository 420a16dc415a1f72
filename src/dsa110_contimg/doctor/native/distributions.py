"""Which distribution a file belongs to, by the records that pip and conda keep of what they installed."""

from __future__ import annotations

import csv
import json
import os
from functools import cached_property
from pathlib import Path

from dsa110_contimg.doctor.examination import LibraryOrigin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Distributions:
    """The distributions of an environment.

    Parameters
    ----------
    sys_path : sequence of str
        The search path of its interpreter.
    prefix : str or None
        The folder of the environment, where conda keeps its records.
    """

    def __init__(self, sys_path: Sequence[str], prefix: str | None) -> None:
        self._folders = list(dict.fromkeys(os.path.realpath(path) for path in sys_path if path))
        self._prefix = Path(prefix) if prefix else None
        self._found: dict[str, LibraryOrigin] = {}

    def find(self, path: str) -> LibraryOrigin:
        """Find the distribution of a file; one that no record lists has none."""
        if path not in self._found:
            name, version = self._owners.get(os.path.realpath(path), (None, None))
            self._found[path] = LibraryOrigin(path, name, version)
        return self._found[path]

    @cached_property
    def versions(self) -> dict[str, str | None]:
        """The version of each distribution, by its name; of two, that of the one that comes first."""
        found: dict[str, str | None] = {}
        for name, version in [*(owner for _, _, owner in self._records), *(owner for _, owner in self._read_conda())]:
            found.setdefault(name, version)
        return found

    @cached_property
    def _records(self) -> list[tuple[str, Path, tuple[str, str | None]]]:
        """Each record, with the folder that it counts from, and the name and version of its distribution."""
        found = []
        for folder in self._folders:
            for record in _find_records(folder):
                name, _, version = record.parent.name.rpartition(".")[0].partition("-")
                found.append((folder, record, _read_name(record.parent) or (name, version or None)))
        return found

    @cached_property
    def _owners(self) -> dict[str, tuple[str, str | None]]:
        """The name and version of the distribution that each recorded file belongs to."""
        found: dict[str, tuple[str, str | None]] = {}
        for folder, record, owner in self._records:
            for file in _read_files(record):
                # Joined as text: os.path.join and Path take a hundred times longer for 50,000 files.
                file = f"{folder}/{file}" if not file.startswith("/") else file
                found[os.path.normpath(file) if "/../" in file else file] = owner
        for file, owner in self._read_conda():
            found.setdefault(file, owner)
        return found

    def _read_conda(self) -> Iterator[tuple[str, tuple[str, str | None]]]:
        if self._prefix is None:
            return
        for record in sorted(self._prefix.glob("conda-meta/*.json")):
            try:
                told = json.loads(record.read_bytes())
                for file in told["files"]:
                    yield os.path.realpath(self._prefix / file), (told["name"], told.get("version"))
            except (OSError, ValueError, KeyError, TypeError):
                continue  # a damaged record says nothing


def _find_records(folder: str) -> Iterator[Path]:
    try:
        names = sorted(entry.name for entry in Path(folder).iterdir())
    except OSError:
        return
    for name in names:
        if name.endswith(".dist-info"):
            yield Path(folder, name, "RECORD")
        elif name.endswith(".egg-info"):
            yield Path(folder, name, "installed-files.txt")


def _read_name(folder: Path) -> tuple[str, str | None] | None:
    """Return name and version as the distribution itself writes them."""
    name = version = None
    for file in ("METADATA", "PKG-INFO"):
        try:
            with folder.joinpath(file).open(encoding="utf-8", errors="replace") as stream:
                for line in stream:
                    if line.startswith("Name: "):
                        name = line[6:].strip()
                    elif line.startswith("Version: "):
                        version = line[9:].strip()
                    if (name and version) or not line.strip():
                        break
        except OSError:
            continue
        if name:
            return name, version
    return None


def _read_files(record: Path) -> Iterator[str]:
    """Yield the files of a record; those of an egg count from its own folder."""
    try:
        with record.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            if record.name == "RECORD":
                yield from (row[0] for row in csv.reader(stream) if row)
            else:
                yield from (f"{record.parent.name}/{line.rstrip()}" for line in stream)
    except (OSError, csv.Error):
        return  # a distribution without a record, such as an editable one
