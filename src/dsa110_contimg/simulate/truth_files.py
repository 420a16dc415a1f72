"""What is known about a simulated field, for people and programs to read."""

from __future__ import annotations

import csv
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from dsa110_contimg.simulate.epochs import SimulatedEpochs


def write_catalogue(path: Path, field: SimulatedEpochs) -> None:
    """Write the sources of a field and their mean fluxes as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "ra_deg", "dec_deg", "flux_jy"])
        writer.writerows([s.name, s.ra_deg, s.dec_deg, f"{s.flux_jy:.9g}"] for s in field.sources)


def write_truth(path: Path, field: SimulatedEpochs) -> None:
    """Write everything that is known about a field as JSON."""
    truth = {
        "epochs": [
            {"image": image.name, "mjd": mjd, "noise_jy_per_beam": noise, "bad": epoch == field.bad_epoch}
            for epoch, (image, mjd, noise) in enumerate(
                zip(field.images, field.mjd.tolist(), field.noise_jy_per_beam.tolist(), strict=True)
            )
        ],
        "sources": [
            {"name": s.name, "ra_deg": s.ra_deg, "dec_deg": s.dec_deg, "kind": kind, "fluxes_jy": fluxes}
            for s, kind, fluxes in zip(field.sources, field.kinds, field.fluxes_jy.T.tolist(), strict=True)
        ],
    }
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
