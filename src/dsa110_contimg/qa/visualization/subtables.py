"""Look into the subtables of a table."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dsa110_contimg.errors import CasaError, TableError
from dsa110_contimg.qa.visualization.summary import summarise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dsa110_contimg.casa.tables import SubtableReference, TableReader
    from dsa110_contimg.errors import ContimgError
    from dsa110_contimg.qa.visualization.summary import TableSummary

_ROWS_LOOKED_AT = 1_000
"""How many rows of a subtable are asked for the shape of their cells: there are many subtables."""


@dataclass(frozen=True)
class SubtableSummary:
    """What there is to say about a subtable."""

    name: str
    """The keyword that points at it."""
    path: str
    """Where it should be."""
    exists: bool
    """Whether a table is there; if not, the reference dangles."""
    summary: TableSummary | None
    """What is in it; None where nothing is there or it cannot be read, and for the table that points at itself."""
    problem: ContimgError | None
    """Why it cannot be read."""


def summarise_subtables(
    path: str, subtables: Mapping[str, SubtableReference], open_subtable: Callable[[str], TableReader], *, most: int
) -> tuple[SubtableSummary, ...]:
    """Sum up the subtables of a table, but not the subtables of these.

    Parameters
    ----------
    path : str
        The table that they belong to; where it points at itself, it is not read again.
    subtables : mapping
        The references to them, by name.
    open_subtable : callable
        Opens the table at a path.
    most : int
        How many to sum up, the first ones.

    Returns
    -------
    tuple of SubtableSummary
        In the order of the keywords. One that is damaged has its problem told in its place.
    """
    summarised: dict[str, tuple[TableSummary | None, ContimgError | None]] = {os.path.realpath(path): (None, None)}
    found = []
    for name, subtable in list(subtables.items())[:most]:
        place = os.path.realpath(subtable.path)
        if subtable.exists and place not in summarised:  # several keywords may point at one table
            summarised[place] = _look_into(subtable.path, open_subtable)
        found.append(SubtableSummary(name, subtable.path, subtable.exists, *summarised.get(place, (None, None))))
    return tuple(found)


def _look_into(
    path: str, open_subtable: Callable[[str], TableReader]
) -> tuple[TableSummary | None, ContimgError | None]:
    try:
        reader = open_subtable(path)
        try:
            return summarise(reader, _ROWS_LOOKED_AT), None
        finally:
            reader.close()
    except (TableError, CasaError) as error:
        return None, error
