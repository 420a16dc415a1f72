"""The one place where HTML is written."""

from __future__ import annotations

from html import escape

from dsa110_contimg.qa.visualization.summary import count_subtables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsa110_contimg.qa.visualization.summary import TableSummary


class _Markup(str):
    """Text that is HTML already; every other text is escaped before it goes into a page."""

    __slots__ = ()


def draw_html(summary: TableSummary) -> str:
    """Draw the summary of a table for a notebook.

    Parameters
    ----------
    summary : TableSummary
        The summary.

    Returns
    -------
    str
        HTML in which everything that came from the table is escaped.
    """
    title = f"{summary.kind or 'CASA table'}, {summary.nrows:,} rows, {len(summary.columns)} columns"
    shown = max((len(column.first) for column in summary.columns), default=0)
    head = ["Column", "Type", "Cell", "Unit", *(f"Row {row}" for row in range(shown)), "Comment"]
    columns = [
        (_tag("b", column.name), column.value_type, column.cell, column.unit, *column.first, column.comment)
        for column in summary.columns
    ]
    subtables = [
        (name, "present" if subtable.exists else _tag("b", "dangling: nothing is there"), subtable.path)
        for name, subtable in summary.subtables.items()
    ]
    return _tag(
        "div",
        _tag("div", _tag("b", title), _Markup("<br>"), _tag("code", summary.path)),
        _grid(head, columns),
        _fold(f"Keywords: {len(summary.keywords)}", _grid(["Keyword", "Value"], summary.keywords.items())),
        _fold(f"Subtables: {count_subtables(summary)}", _grid(["Subtable", "Is it there?", "Path"], subtables)),
    )


def _tag(name: str, *content: str, **attributes: str) -> _Markup:
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    inside = "".join(text if isinstance(text, _Markup) else escape(text) for text in content)
    return _Markup(f"<{name}{written}>{inside}</{name}>")


def _grid(head: list[str], rows: Iterable[tuple[str, ...]]) -> _Markup:
    left = "text-align: left; vertical-align: top; padding: 1px 8px"
    return _tag(
        "table",
        _tag("thead", _tag("tr", *(_tag("th", text, style=left) for text in head))),
        _tag("tbody", *(_tag("tr", *(_tag("td", text, style=left) for text in row)) for row in rows)),
    )


def _fold(title: str, content: _Markup) -> _Markup:
    return _tag("details", _tag("summary", title), content)
