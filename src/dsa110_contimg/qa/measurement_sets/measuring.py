"""The one pass over the data of a Measurement Set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dsa110_contimg.qa.measurement_sets.amplitude_counts import AmplitudeCounter
from dsa110_contimg.qa.measurement_sets.criteria import judge_measurement_set
from dsa110_contimg.qa.measurement_sets.flag_counts import FlagCounter
from dsa110_contimg.qa.measurement_sets.pieces import PieceReader
from dsa110_contimg.qa.measurement_sets.quality import MSQuality, SpectralWindow
from dsa110_contimg.qa.measurement_sets.structure import read_structure
from dsa110_contimg.qa.measurement_sets.survey import survey_rows
from dsa110_contimg.qa.visualization.casatable import CasaTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike

    from dsa110_contimg.qa.measurement_sets.pieces import Piece
    from dsa110_contimg.qa.measurement_sets.quality import Histogram
    from dsa110_contimg.qa.measurement_sets.structure import Structure
    from dsa110_contimg.qa.thresholds import Thresholds


def _just_go(pieces: Iterator[Piece], n_rows: int) -> Iterator[Piece]:
    del n_rows
    return pieces


def measure(
    path: str | PathLike[str],
    thresholds: Thresholds,
    follow: Callable[[Iterator[Piece], int], Iterator[Piece]] = _just_go,
) -> MSQuality:
    """Measure a Measurement Set; see `measure_ms`.

    Parameters
    ----------
    path : str or path-like
        The set's folder.
    thresholds : Thresholds
        What the gates are held against.
    follow : callable, optional
        What hands on the pieces of the set, given them and the number of all rows: a progress bar.

    Returns
    -------
    MSQuality
        What was measured, and the gates.
    """
    with CasaTable(path) as table:
        structure = read_structure(table)
        survey = survey_rows(table, structure)
        flags, amplitudes = FlagCounter(structure), AmplitudeCounter(structure, survey)
        n_empty = n_unfitting = 0
        for piece in follow(PieceReader(table, structure).read_pieces(), len(table)):
            flags.add(piece)
            amplitudes.add(piece)
            lacks_data = piece.data is None and structure.data_column is not None
            if lacks_data or (piece.flags is None and structure.has_flags):
                n_empty += piece.n_rows
            elif piece.data is not None and piece.flags is not None and piece.data.shape != piece.flags.shape:
                n_unfitting += piece.n_rows
        times = (survey.times[[0, -1]] / 86400).tolist() if survey.times.size else [None, None]
        unit = (table[structure.data_column].unit or "") if structure.data_column else ""
        meter = amplitudes.meter
        measured = MSQuality(
            path=table.path,
            n_rows=len(table),
            columns=structure.columns,
            data_column=structure.data_column,
            missing_columns=structure.missing_columns,
            subtables=structure.subtables,
            missing_subtables=structure.missing_subtables,
            dangling_subtables=structure.dangling_subtables,
            unreadable_subtables=tuple(structure.unreadable_subtables),
            n_integrations=survey.times.size,
            start_mjd=times[0],
            end_mjd=times[1],
            time_scale=_find_time_scale(table),
            antennas=flags.count_antennas(),
            fields=flags.count_fields(),
            correlations=flags.count_correlations(),
            data_descriptions=flags.count_data_descriptions(),
            windows=tuple(
                _finish_window(structure, window, flags.count_channels(window), histogram)
                for window, histogram in amplitudes.finish_channels(unit).items()
            ),
            n_flags=flags.total,
            n_flagged=flags.flagged,
            n_visibilities=meter.total,
            n_unflagged=meter.unflagged,
            n_zero=meter.zero,
            n_zero_unflagged=meter.zero_unflagged,
            n_nonfinite=meter.nonfinite,
            n_nonfinite_unflagged=meter.nonfinite_unflagged,
            n_empty_cells=n_empty,
            n_unfitting_rows=n_unfitting,
            n_cross_rows=survey.n_cross_rows,
            n_zero_uvw=survey.n_zero_uvw,
            amplitude_by_uv_distance=amplitudes.finish_uv_distance(unit),
            amplitude_by_time=amplitudes.finish_time(unit),
            thresholds=thresholds,
        )
    return replace(measured, gates=judge_measurement_set(measured))


def _finish_window(structure: Structure, number: int, flags: np.ndarray, histogram: Histogram) -> SpectralWindow:
    described = structure.windows[number] if number >= 0 else None
    frequencies = np.empty(0) if described is None else described.frequencies_hz
    n_channels = max(frequencies.size, flags.shape[1])
    frequencies = np.pad(frequencies, (0, n_channels - frequencies.size), constant_values=np.nan)
    flagged, total = np.pad(flags, ((0, 0), (0, n_channels - flags.shape[1])))
    for array in (frequencies, flagged, total):
        array.flags.writeable = False
    return SpectralWindow(
        number, "unknown" if described is None else described.name, frequencies, flagged, total, histogram
    )


def _find_time_scale(table: CasaTable) -> str:
    if "TIME" not in table.columns:
        return ""
    measure_info = table["TIME"].keywords.get("MEASINFO", {})
    return str(measure_info.get("Ref", "")) if isinstance(measure_info, dict) else ""
