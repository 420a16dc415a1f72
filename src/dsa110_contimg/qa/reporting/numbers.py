"""Every number of a report, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from dsa110_contimg.qa.measurement_sets.description import describe_measurement_set
from dsa110_contimg.qa.measurement_sets.quality import MSQuality
from dsa110_contimg.qa.photometry.flags import Flag
from dsa110_contimg.qa.plain_values import make_plain
from dsa110_contimg.qa.whole_images.description import describe_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from dsa110_contimg.qa.light_curves import LightCurves
    from dsa110_contimg.qa.reporting.findings import Findings, ImageFinding, TableFinding
    from dsa110_contimg.qa.reporting.page import Provenance


def write_numbers(path: Path, findings: Findings, provenance: Provenance) -> None:
    """Write everything that was measured.

    Parameters
    ----------
    path : Path
        The file.
    findings : Findings
        What was found; NaN is null.
    provenance : Provenance
        How the report came about.
    """
    curves = findings.light_curves
    told = {
        "verdict": findings.verdict,
        "made": provenance.made,
        "command": provenance.command,
        "versions": dict(provenance.versions),
        "images": [_describe_image(image) for image in findings.images],
        "tables": [_describe_table(table) for table in findings.tables],
        "sources": [] if curves is None else [_describe_source(curves, k) for k in range(len(curves.names))],
        "epochs": [] if curves is None else [*curves.images],
        "unit": None if curves is None else curves.unit,
        "left_out": [asdict(one) for one in findings.left_out],
        "remarks": [*findings.remarks],
    }
    path.write_text(json.dumps(make_plain(told), indent=1, allow_nan=False), encoding="utf-8")


def _describe_image(image: ImageFinding) -> dict[str, Any]:
    return {
        "path": image.path,
        "verdict": image.verdict,
        "error": None if image.error is None else str(image.error),
        "quality": None if image.quality is None else describe_image(image.quality),
        "reference": None if image.check is None else asdict(image.check),
        "gates": [asdict(gate) for gate in image.gates],
    }


def _describe_table(table: TableFinding) -> dict[str, Any]:
    quality: dict[str, Any] | None
    if isinstance(table.quality, MSQuality):
        quality = describe_measurement_set(table.quality)
    else:
        quality = None if table.quality is None else asdict(table.quality)
    return {
        "kind": table.kind,
        "path": table.path,
        "verdict": table.verdict,
        "error": None if table.error is None else str(table.error),
        "quality": quality,
        "gates": [asdict(gate) for gate in table.gates],
    }


def _describe_source(curves: LightCurves, k: int) -> dict[str, Any]:
    found = curves.variability
    return {
        "name": curves.names[k],
        "ra_deg": curves.ra_deg[k],
        "dec_deg": curves.dec_deg[k],
        "is_variable": found.is_variable[k],
        "n_epochs": found.n_epochs[k],
        "mean_flux": found.mean_flux[k],
        "eta": found.eta[k],
        "v": found.v[k],
        "pair_significance": found.pair_significance[k],
        "pair_modulation": found.pair_modulation[k],
        "mjd": curves.mjd,
        "peak": curves.peak[k],
        "flux": curves.flux[k],
        "flux_error": curves.flux_error[k],
        "local_rms": curves.local_rms[k],
        "snr": curves.snr[k],
        "upper_limit": curves.upper_limit[k],
        "flags": [[flag.name for flag in Flag if number & flag.value] for number in curves.flags[k].tolist()],
    }
