"""Light curves as tables: a row a source and epoch, or a row a source, with units and descriptions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dsa110_contimg._files import replacing
from dsa110_contimg._lazy import needs
from dsa110_contimg.errors import UnwritableOutputError
from dsa110_contimg.qa.photometry.flags import Flag, name_flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike
    from typing import Any

    from dsa110_contimg.qa.light_curves import LightCurves

_FLUX = "flux"  # stands for the unit of the light curves

_SOURCES = {
    "name": (None, "Name of the source"),
    "ra_deg": ("deg", "Right ascension (ICRS)"),
    "dec_deg": ("deg", "Declination (ICRS)"),
}
_EPOCHS = {
    "image": (None, "Image of the epoch"),
    "mjd": ("d", "Start of the observation as a Modified Julian Date"),
}
_FLUXES = {
    "peak": (_FLUX, "Brightest of the 3 x 3 pixels around the position"),
    "flux": (_FLUX, "Forced flux: height of the beam that fits best at the position"),
    "flux_error": (_FLUX, "Standard error of the forced flux"),
    "local_rms": (_FLUX, "Noise of a pixel at the position"),
    "snr": (None, "Forced flux over its error"),
    "upper_limit": (_FLUX, "Upper limit of the flux where nothing is detected"),
    "flags": (None, "What may be wrong: " + ", ".join(f"{flag.value} {flag.name}" for flag in Flag)),
}
_WORDS = {"flag_names": (None, "The flags as words")}
_VARIABILITY = {
    "n_epochs": (None, "Number of fluxes without a flag"),
    "mean_flux": (_FLUX, "Their mean"),
    "v": (None, "Standard deviation over mean"),
    "eta": (None, "Reduced chi-square about the weighted mean"),
    "eta_limit": (None, "Above this limit eta says that the source varies"),
    "pair_significance": (None, "Largest difference of two fluxes over its error, |Vs|"),
    "pair_modulation": (None, "Difference of these two fluxes over their mean, |m|"),
    "is_variable": (None, "Whether the source varies"),
}


def make_table(curves: LightCurves) -> Any:
    """Make the table of `LightCurves.to_table`."""
    n_sources, n_epochs = curves.flux.shape
    sources = {name: np.repeat(column, n_epochs) for name, column in _list_sources(curves).items()}
    epochs = {"image": np.tile(np.array(curves.images, dtype=str), n_sources), "mjd": np.tile(curves.mjd, n_sources)}
    fluxes = {name: getattr(curves, name).ravel() for name in _FLUXES}
    words = {code: name_flags(code) for code in np.unique(curves.flags).tolist()}
    texts = {"flag_names": np.array([words[code] for code in fluxes["flags"].tolist()], dtype=str)}
    return _assemble(curves, sources | epochs | fluxes | texts, _SOURCES | _EPOCHS | _FLUXES | _WORDS)


def make_source_table(curves: LightCurves) -> Any:
    """Make the table of `LightCurves.to_source_table`."""
    variability = {name: getattr(curves.variability, name) for name in _VARIABILITY}
    return _assemble(curves, _list_sources(curves) | variability, _SOURCES | _VARIABILITY)


def write_table(curves: LightCurves, path: str | PathLike[str]) -> None:
    """Write the table of `LightCurves.to_table`; errors as of `LightCurves.write`."""
    place = Path(path)
    ending = place.suffix.lower()
    if ending not in {".parquet", ".ecsv", ".csv"}:
        raise UnwritableOutputError(
            f"{place} was to hold light curves; it ends in {place.suffix or 'nothing'}.",
            hint="Name a .parquet, a .csv or an .ecsv.",
        )
    table = make_table(curves)
    with replacing(place) as unfinished:
        if ending == ".parquet":
            _write_parquet(table, unfinished)
        else:
            table.write(unfinished, format=f"ascii{ending}", overwrite=True)


def _list_sources(curves: LightCurves) -> dict[str, Any]:
    return {"name": np.array(curves.names, dtype=str), "ra_deg": curves.ra_deg, "dec_deg": curves.dec_deg}


def _assemble(curves: LightCurves, columns: Mapping[str, Any], told: Mapping[str, tuple[str | None, str]]) -> Any:
    from astropy.table import Column, Table
    from astropy.units import Unit

    flux = Unit(curves.unit, parse_strict="silent") if curves.unit else None  # whatever BUNIT says
    made = [
        Column(columns[name], name, unit=flux if unit == _FLUX else unit, description=description)
        for name, (unit, description) in told.items()
    ]
    return Table(made, meta={"remarks": list(curves.remarks)} if curves.remarks else {})


def _write_parquet(table: Any, path: Path) -> None:
    """Write units and descriptions twice: as metadata of each field, and all of them as astropy's reader wants them."""
    with needs("parquet"):
        import pyarrow as pa
        import pyarrow.parquet
    from astropy.table.meta import get_yaml_from_table

    fields, arrays = [], []
    metadata = {"table_meta_yaml": "\n".join(get_yaml_from_table(table))}
    for column in table.itercols():
        array = pa.array(column.tolist() if column.dtype.kind == "U" else np.asarray(column))
        unit = {} if column.unit is None else {"unit": column.unit.to_string()}
        fields.append(pa.field(column.name, array.type, metadata=unit | {"description": column.description}))
        arrays.append(array)
        if column.dtype.kind == "U":
            metadata[f"table::len::{column.name}"] = str(column.dtype.itemsize // 4)
    pyarrow.parquet.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata)), path)
