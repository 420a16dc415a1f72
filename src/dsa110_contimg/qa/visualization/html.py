"""The one place where HTML is written: the pictures of tables and columns in a notebook.

Whatever came from a table is escaped by the template's autoescape, and cut to a length: what is drawn stays small,
however large the table.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dsa110_contimg.qa.visualization.summary import count_subtables, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2.environment import TemplateModule

    from dsa110_contimg.errors import ContimgError
    from dsa110_contimg.qa.visualization.subtables import SubtableSummary
    from dsa110_contimg.qa.visualization.summary import ColumnDetails, TableSummary

_TEMPLATE = Path(__file__).with_name("pictures.html.jinja")

MOST_SUBTABLES = 50
"""How many subtables are drawn."""


def draw_table(summary: TableSummary, subtables: Sequence[SubtableSummary]) -> str:
    """Draw the summary of a table for a notebook.

    Parameters
    ----------
    summary : TableSummary
        The summary.
    subtables : sequence of SubtableSummary
        The summaries of its subtables, or of the first of them.

    Returns
    -------
    str
        HTML in which everything that came from the table is escaped.
    """
    return _draw("table", summary, subtables, count_subtables(summary))


def draw_column(details: ColumnDetails, kind: str) -> str:
    """Draw one column for a notebook.

    Parameters
    ----------
    details : ColumnDetails
        What there is to say about it.
    kind : str
        What the column is called in Python.

    Returns
    -------
    str
        HTML in which everything that came from the table is escaped.
    """
    return _draw("column", details, kind)


def draw_note(text: str, error: ContimgError | None = None) -> str:
    """Draw what can be said where nothing can be read.

    Parameters
    ----------
    text : str
        What it is.
    error : ContimgError, optional
        Why it cannot be read.

    Returns
    -------
    str
        HTML in which both are escaped.
    """
    return _draw("note", text, error)


def _draw(picture: str, *shown: object) -> str:
    return str(getattr(_pictures(), picture)(*shown))


@cache
def _pictures() -> TemplateModule:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["shorten"] = shorten
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).module
