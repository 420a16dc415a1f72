"""Look into the subtables of a table."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dsa110_contimg.casa.tables import SubtableReference
from dsa110_contimg.errors import CasaError, TableError
from dsa110_contimg.qa.visualization.summary import summarise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.casa.reader import TableReader
    from dsa110_contimg.casa.recipes import Recipe
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


def summarise_subtables(reader: TableReader, most: int) -> tuple[SubtableSummary, ...]:
    """Sum up the subtables of a table, but not the subtables of these.

    Parameters
    ----------
    reader : TableReader
        The reader of the table; the subtables are read in the same way.
    most : int
        How many to sum up, the first ones.

    Returns
    -------
    tuple of SubtableSummary
        In the order of the keywords. One that is damaged has its problem told in its place. Nothing is read twice
        where several keywords point at one table, or one at the table itself.
    """
    references = [(name, value) for name, value in reader.keywords.items() if isinstance(value, SubtableReference)]
    known: dict[str, tuple[TableSummary | None, ContimgError | None]] = {os.path.realpath(reader.path): (None, None)}
    found = []
    for name, subtable in references[:most]:
        place = os.path.realpath(subtable.path)
        if subtable.exists and place not in known:
            known[place] = _look_into(reader.recipe.elsewhere(subtable.path))
        found.append(SubtableSummary(name, subtable.path, subtable.exists, *known.get(place, (None, None))))
    return tuple(found)


def _look_into(recipe: Recipe) -> tuple[TableSummary | None, ContimgError | None]:
    try:
        reader = recipe.open()
        try:
            return summarise(reader, _ROWS_LOOKED_AT), None
        finally:
            reader.close()
    except (TableError, CasaError) as error:
        return None, error
