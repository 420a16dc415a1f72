"""Let casacore look into a table without leaving anything there."""

from __future__ import annotations

import os
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path

from dsa110_contimg._files import remove_own
from dsa110_contimg.casa.native.parents import find_parents, rename_parents
from dsa110_contimg.casa.tables import is_table
from dsa110_contimg.errors import TableError, TableTooLargeError, UnreadableTableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Entrance:
    """The folder through which casacore enters a table.

    casacore creates ``table.lock`` wherever it is missing and may be written, whatever lock is asked for. There it
    enters through a folder of links instead, and writes its file beside the links. The tables that this one stands on
    are entered in the same way.

    Parameters
    ----------
    folder : Path
        The table's absolute folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder
        """The table's folder, as the person knows it."""
        self.folder = folder
        """The folder that casacore is given."""
        parents = find_parents(folder.resolve())
        self._parents = tuple(Entrance(parent) for parent in parents if is_table(parent))
        if (folder / "table.lock").exists() and not parents:
            return
        links = Path(tempfile.mkdtemp(prefix="dsa110-contimg-"))
        weakref.finalize(self, remove_own, links, os.getpid())
        self.folder = links / "table"
        self.folder.mkdir()
        for entry in folder.iterdir():
            (self.folder / entry.name).symlink_to(entry)
        if parents:
            # Relative names of theirs lead nowhere from here.
            entered = {parent.path: parent.folder for parent in self._parents}
            description = self.folder / "table.dat"
            description.unlink()
            content = (folder / "table.dat").read_bytes()
            description.write_bytes(rename_parents(content, [entered.get(parent, parent) for parent in parents]))

    @property
    def parts(self) -> tuple[Entrance, ...]:
        """The tables that hold the cells: this one, or those that it stands on in the end."""
        return tuple(part for parent in self._parents for part in parent.parts) or (self,)

    @property
    def stands_on_others(self) -> bool:
        """Whether the table holds no cells itself."""
        return bool(self._parents)

    def outside(self, text: str) -> str:
        """Replace the paths of our links by those that the person knows.

        Parameters
        ----------
        text : str
            A path or a message from casacore.

        Returns
        -------
        str
            The same in the person's terms.
        """
        for parent in self._parents:
            text = parent.outside(text)
        if self.folder == self.path:
            return text
        return text.replace(str(self.folder), str(self.path)).replace(str(self.folder.parent), str(self.path.parent))

    @contextmanager
    def translate(
        self,
        asked: str,
        hint: str,
        kind: type[TableError] = UnreadableTableError,
        *,
        raised: tuple[type[Exception], ...] = (RuntimeError,),
    ) -> Iterator[None]:
        """Turn what casacore raises into an error of ours that keeps its message.

        Parameters
        ----------
        asked : str
            What was asked, the beginning of the message.
        hint : str
            What to do now.
        kind : type
            The class of the error.
        raised : tuple of type, optional
            The classes of what the library raises; python-casacore's unless given.
        """
        try:
            yield
        except UnicodeDecodeError as error:
            text = error.object[max(0, error.start - 20) : error.end + 20]
            raise kind(f"{asked}: it holds {text!r}, which is no UTF-8 text.", hint=hint) from error
        except MemoryError as error:
            raise TableTooLargeError(
                f"{asked}: it needs more memory than may be used.",
                hint="If the table is whole, allow more: CasaTable(path, memory_limit=2**34). Otherwise it is damaged: "
                "copy it again from its source.",
            ) from error
        except raised as error:
            raise kind(f"{asked}: {self.outside(str(error)).strip()}", hint=hint) from error


def advise_opening() -> str:
    """Say what to do about a table that casacore does not open.

    Returns
    -------
    str
        The hint of the error.
    """
    if not os.environ.get("HOME"):  # as in a cron job or a service
        return "Set HOME to a folder, any will do: casacore, which looks there for settings, works only with one."
    return "Copy the table again from its source."
