"""The errors about columns, which more than one room raises."""

from __future__ import annotations

from difflib import get_close_matches

from dsa110_contimg.errors import ColumnNotFoundError, RaggedColumnError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsa110_contimg.casa.tables import Shape


def missing_column(column: str, columns: Iterable[str], path: str) -> ColumnNotFoundError:
    """Make the error for a column that is not there.

    Parameters
    ----------
    column : str
        The name that was asked for.
    columns : iterable of str
        The names there are.
    path : str
        The table's path.

    Returns
    -------
    ColumnNotFoundError
        It names the near ones.
    """
    names = list(columns)
    capitals = {name.upper(): name for name in names}
    near = [capitals[name] for name in get_close_matches(column.upper(), capitals, n=3)]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names) or 'no columns at all'}."
    return ColumnNotFoundError(f"There is no column {column!r} in {path}.", hint=hint)


def ragged_column(column: str, path: str, shapes: dict[Shape | None, int], has_data_desc_id: bool) -> RaggedColumnError:
    """Make the error for cells that make no array.

    Parameters
    ----------
    column : str
        The column's name.
    path : str
        The table's path.
    shapes : dict
        How many cells have each shape; None counts those without a value.
    has_data_desc_id : bool
        Whether the table has a column DATA_DESC_ID, whose values tell cells of different shape apart.

    Returns
    -------
    RaggedColumnError
        It says how to select rows whose cells agree.
    """
    counts = [
        f"{count} {'without a value' if shape is None else f'of shape {shape}'}" for shape, count in shapes.items()
    ]
    shown = ", ".join(counts[:5]) + (", ..." if len(counts) > 5 else "")
    how = f"table.select(data_desc_id=0).{column}[:]" if has_data_desc_id else f"table.{column}[i]"
    hint = f"Select rows whose cells agree: {how}" + (f", or one cell: table.{column}[i]" if has_data_desc_id else "")
    if set(shapes) == {None}:
        hint = f"Nothing was ever written there. Look at another column of {path}."
    return RaggedColumnError(f"The cells of {column} in {path} make no array: {shown}.", hint=hint)
