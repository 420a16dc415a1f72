"""Draw the pictures of the documentation: ``make docs``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dsa110_contimg.qa import create_cutout
from dsa110_contimg.qa.stamps.sheet import draw_sheet
from dsa110_contimg.simulate import simulate_epochs

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Draw the sheet of a source that flares, and a figure of one stamp."""
    with tempfile.TemporaryDirectory() as folder:
        field = simulate_epochs(folder, seed=1)
        source = field.sources[field.variables[0]]
        epochs = [create_cutout(path, source.ra_deg, source.dec_deg) for path in field.images]
        draw_sheet(epochs, title=source.name).save(PICTURES / "sheet.png", optimize=True)
        brightest = int(field.fluxes_jy[:, field.variables[0]].argmax())
        epochs[brightest].draw().figure.savefig(PICTURES / "figure.png", dpi=80)


if __name__ == "__main__":
    main()
