"""Images that arrive in a folder: which of them are there, and complete."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from dsa110_contimg.errors import ContimgError, ImageNotFoundError, MissingDependencyError
from dsa110_contimg.images import open_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Print = tuple[int, int, int]

_ENDINGS = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fits.fz", ".image")
"""By which names images are known: FITS files, and the folders of CASA images."""


@dataclass(slots=True)
class Arrivals:
    """What was seen in a folder so far."""

    folder: Path
    """Where images arrive."""
    _seen: dict[str, Print] = field(default_factory=dict)
    """Time, size and number of what each path had at the last look."""
    _complete: dict[str, Print] = field(default_factory=dict)
    """The same of those that were found to be complete, as they were then."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Why the others that stand still are not complete, by path."""

    def look(self) -> bool:
        """Look into the folder once more.

        Returns
        -------
        bool
            Whether other images are complete than at the last look.

        Raises
        ------
        ImageNotFoundError
            If the folder is not there.

        Notes
        -----
        An image is complete if it has not changed since the last look, and can be opened: a FITS file that is shorter
        than its header says cannot. One that changes later on is not complete again until it stands still.
        """
        found = dict(self._list())
        still = {path: seen for path, seen in found.items() if self._seen.get(path) == seen}
        self._seen = found
        before, self._complete = self._complete, {}
        self.waiting = {path: why for path, why in self.waiting.items() if path in still}
        for path, seen in still.items():
            if before.get(path) == seen or self._open(path):
                self._complete[path] = seen
        return self._complete != before

    @property
    def complete(self) -> tuple[str, ...]:
        """The paths of the complete images, by name."""
        return tuple(sorted(self._complete))

    def _list(self) -> Iterator[tuple[str, Print]]:
        try:
            paths = [path for path in self.folder.iterdir() if path.name.endswith(_ENDINGS) and path.name[0] != "."]
        except OSError as error:
            raise ImageNotFoundError(
                f"The folder {self.folder} cannot be listed: {error.strerror}.", hint="Name the folder of the images."
            ) from error
        for path in paths:
            try:
                yield str(path), _print(path)
            except OSError:  # removed, or renamed, in the meantime
                continue

    def _open(self, path: str) -> bool:
        try:
            open_image(path)
        except MissingDependencyError:
            raise
        except ContimgError as error:
            self.waiting[path] = error.message
            return False
        self.waiting.pop(path, None)
        return True


def _print(path: Path) -> Print:
    """Tell by what a change shows: the last change, the size, and the number of files."""
    status = path.stat()
    if not path.is_dir():
        return status.st_mtime_ns, status.st_size, status.st_ino
    inside = [os.stat(file.path) for file in os.scandir(path) if file.is_file()]  # noqa: PTH116 - scandir's own
    return (
        max([status.st_mtime_ns, *(one.st_mtime_ns for one in inside)]),
        sum(one.st_size for one in inside),
        len(inside),
    )
