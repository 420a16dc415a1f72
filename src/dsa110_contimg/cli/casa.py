"""``dsa110-qa casa``: what of CASA is installed here."""

from __future__ import annotations

import click

from dsa110_contimg.cli.console import EXIT_FINDING, print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.casa.inventory import Inventory


@click.command("casa", short_help="Print what of CASA is installed, and what clashes.")
@click.option("--json", "as_json", is_flag=True, help="Print the inventory as JSON.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Print which of CASA's libraries are installed, and what does not go together.

    None of them is imported. Exit code 1 means that a combination is known to crash.
    """
    from dsa110_contimg.casa.inventory import take_inventory

    inventory = take_inventory()
    if as_json:
        print_json(_as_json(inventory))
    else:
        _print(inventory)
    if inventory.is_bad:
        ctx.exit(EXIT_FINDING)


def _as_json(inventory: Inventory) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "libraries": [asdict(library) for library in inventory.libraries],
        "data": None if inventory.data is None else str(inventory.data),
        "combinations": [asdict(combination) for combination in inventory.combinations],
        "is_bad": inventory.is_bad,
    }


def _print(inventory: Inventory) -> None:
    width = max(len(library.name) for library in inventory.libraries)
    for library in inventory.libraries:
        found = "not installed" if library.version is None else f"{library.version:<12}{library.location}"
        click.echo(f"{library.name:<{width}}  {found}")
    click.echo(f"{'CASA data':<{width}}  {inventory.data or 'none found'}")
    for combination in inventory.combinations:
        mark = "BAD" if combination.severity == "bad" else "Note"
        click.echo(
            f"\n{mark}: {' with '.join(combination.libraries)}\n  {combination.what}\n  See {combination.source}"
        )
    if not inventory.combinations:
        click.echo("\nNothing installed here is known to clash.")
