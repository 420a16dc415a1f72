"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replace_when_done(path: str | os.PathLike[str]) -> Iterator[str]:
    """Write a file under a temporary name beside its place, and rename it when it is complete.

    Parameters
    ----------
    path : path-like
        The file's place; what is there stays until the new file is complete.

    Yields
    ------
    str
        The name to write to; it ends as the path does. If the block raises, it is removed.
    """
    folder, name = os.path.split(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(prefix=".unfinished-", suffix=f"-{name}", dir=folder)
    os.close(handle)
    try:
        yield temporary
        # mkstemp makes files that only their owner may read; a new file gets what the person's umask says.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
