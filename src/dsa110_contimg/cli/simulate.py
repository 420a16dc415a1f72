"""``dsa110-qa simulate``: a field and a Measurement Set to try everything on."""

from __future__ import annotations

from pathlib import Path

import click

from dsa110_contimg.cli.console import talk, track


@click.command("simulate", short_help="Simulate epochs of a field, and a Measurement Set.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--epochs", metavar="N", default=12, show_default=True, help="Number of epochs.")
@click.option("--sources", metavar="N", default=40, show_default=True, help="Number of sources.")
@click.option("--variables", metavar="N", default=3, show_default=True, help="How many of the sources vary.")
@click.option(
    "--bad-epoch", metavar="N", type=int, help="An epoch, counted from 1 as the files are, with much noise and stripes."
)
@click.option("--seed", metavar="N", default=1, show_default=True, help="The same seed gives the same data.")
def command(folder: Path, epochs: int, sources: int, variables: int, bad_epoch: int | None, seed: int) -> None:
    """Simulate a field at several epochs, and a Measurement Set, in DIR.

    DIR then holds one FITS image an epoch, catalogue.csv, truth.json and simulated.ms, in which one antenna is dead
    and two channels have interference. Prints the paths written.
    """
    from dsa110_contimg._files import refuse_existing
    from dsa110_contimg.simulate import simulate_epochs, simulate_measurement_set

    # Asked first, so that no epoch is written that a Measurement Set in the way would leave alone.
    refuse_existing(folder, ["simulated.ms"])
    field = simulate_epochs(
        folder,
        epochs,
        sources,
        n_variables=variables,
        bad_epoch=None if bad_epoch is None else bad_epoch - 1,
        seed=seed,
        progress=lambda numbers: track(numbers, "Epochs", total=len(numbers)),
    )
    for path in (*field.images, field.catalogue, field.truth):
        click.echo(path)
    measured = simulate_measurement_set(
        folder / "simulated.ms",
        n_channels=96,
        flag_fraction=0.03,
        dead_antennas=[4],
        rfi_channels=[20, 21],
        seed=seed,
    )
    click.echo(measured.path)
    names = ", ".join(field.sources[index].name for index in field.variables) or "none"
    bad = "" if field.bad_epoch is None else f" Bad epoch: {field.images[field.bad_epoch].name}."
    talk(f"Sources that vary: {names}. Dead antenna: {measured.antenna_names[4]}.{bad}")
