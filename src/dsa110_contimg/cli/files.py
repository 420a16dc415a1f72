"""Files that are there whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside the one asked for, and rename it when all went well.

    Parameters
    ----------
    path : Path
        What is to be there in the end. An older file there is replaced.

    Yields
    ------
    Path
        Where to write; it has the same ending.

    Raises
    ------
    click.UsageError
        When the folder or the disk does not take the file.
    """
    temporary = path.with_name(f".part-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
