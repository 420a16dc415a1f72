"""``dsa110-qa table``: look into a CASA table."""

from __future__ import annotations

import click

from dsa110_contimg.cli.console import draw_grid, open_console, print_json, talk
from dsa110_contimg.qa.plain_values import make_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.qa.visualization import CasaTable
    from dsa110_contimg.qa.visualization.columns import Column
    from dsa110_contimg.qa.visualization.summary import TableSummary


def _read_rows(text: str) -> slice:
    """Read rows in numpy's words: ``0:10``, ``-5:``, ``::100``, or one number."""
    try:
        numbers = [int(part) if part.strip() else None for part in text.split(":")]
        if len(numbers) == 1 and numbers[0] is not None:
            return slice(numbers[0], numbers[0] + 1 or None)
        rows = slice(*numbers)
        rows.indices(0)  # refuses a step of 0
    except (TypeError, ValueError) as error:
        raise click.BadParameter(f"{text!r} is no row and no slice; write 7, 0:10, -5: or ::100.") from error
    return rows


@click.command("table", short_help="Look into a CASA table.")
@click.argument("path", type=click.Path())
@click.argument("column", required=False)
@click.option(
    "--rows",
    metavar="SLICE",
    type=_read_rows,
    default="0:10",
    show_default=True,
    help="Rows of COLUMN to print: 7, 0:10, -5:, ::100.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; complex is [real, imaginary], NaN and flagged null.")
def command(path: str, column: str | None, rows: slice, as_json: bool) -> None:
    """Print what is in the CASA table PATH, or the values of its COLUMN.

    COLUMN may end in _F, as in DATA_F, to leave out what is flagged. Subtables are tables: field.ms/ANTENNA.
    """
    from dsa110_contimg.qa.visualization import CasaTable

    with CasaTable(path) as table:
        if column is None:
            _print_table(table, as_json)
        else:
            _print_column(table, table[column], rows, as_json)


def _print_table(table: CasaTable, as_json: bool) -> None:
    summary = table.summarise()
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(summary), "keywords": make_plain(_without_subtables(table))})
    else:
        _draw(summary)


def _print_column(table: CasaTable, column: Column, rows: slice, as_json: bool) -> None:
    numbers = range(len(column))[rows]
    if as_json:
        print_json(
            {
                "path": table.path,
                "column": column.name,
                "type": column.description.value_type,
                "unit": column.unit,
                "rows": list(numbers),
                "values": [make_plain(column[row]) for row in numbers],
            }
        )
        return
    unit = f", in {column.unit}" if column.unit else ""
    talk(f"{column.name}: {len(numbers)} of {len(column)} rows{unit}")
    width = len(str(max(numbers, default=0)))
    for row in numbers:
        text = str(column[row]).replace("\n", "\n" + " " * (width + 2))
        click.echo(f"{row:>{width}}  {text}")


def _draw(summary: TableSummary) -> None:
    from dsa110_contimg.qa.visualization.summary import count_subtables

    console = open_console()
    console.print(summary.path, style="bold", soft_wrap=True)
    console.print(f"{summary.kind or 'CASA table'}, {summary.nrows:,} rows, {len(summary.columns)} columns\n")
    columns = [
        (column.name, column.value_type, column.cell, column.unit, *column.first[:1]) for column in summary.columns
    ]
    console.print(draw_grid(("Column", "Type", "Cell", "Unit", "First value"), columns))
    console.print(f"\nKeywords: {len(summary.keywords)}")
    if summary.keywords:
        console.print(draw_grid(("Keyword", "Value"), list(summary.keywords.items())))
    console.print(f"\nSubtables: {count_subtables(summary)}")
    for name, subtable in summary.subtables.items():
        found = "" if subtable.exists else f"  DANGLING: nothing is at {subtable.path}"
        console.print(f"  {name}{found}", soft_wrap=True)


def _without_subtables(table: CasaTable) -> dict[str, object]:
    return {name: value for name, value in table.keywords.items() if name not in table.subtables}
