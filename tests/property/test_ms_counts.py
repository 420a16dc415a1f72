"""The pass over a Measurement Set against plain counting, cell by cell, on ragged sets with holes in them."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from casa_tables import make_measurement_set
from dsa110_contimg.qa import measure_ms

SHAPES = {0: (3, 2), 1: (5, 2), 9: (4, 1)}
"""The shapes of cells by DATA_DESC_ID; 9 leads to no window."""

row = st.fixed_dictionaries(
    {
        "ANTENNA1": st.integers(0, 3),
        "ANTENNA2": st.integers(0, 3),
        "FIELD_ID": st.integers(0, 2),
        "DATA_DESC_ID": st.sampled_from([*SHAPES]),
        "TIME": st.sampled_from([5e9, 5e9 + 10, 5e9 + 70]),
        "FLAG_ROW": st.booleans(),
        "hole": st.sampled_from(["", "", "", "", "DATA", "FLAG", "both", "other"]),
    }
)


@settings(max_examples=40)
@given(
    rows=st.lists(row, min_size=1, max_size=14), seed=st.integers(0, 2**32 - 1), piece=st.sampled_from([1, 200, 2**24])
)
def test_every_count_is_that_of_plain_counting(rows: list[dict], seed: int, piece: int) -> None:
    random = np.random.default_rng(seed)
    data, flags = [], []
    for found in rows:
        shape = SHAPES[found["DATA_DESC_ID"]]
        values = random.choice([0, 1, -2j, np.nan, np.inf], shape, p=[0.2, 0.3, 0.3, 0.1, 0.1]).astype(np.complex64)
        marks = random.random(shape if found["hole"] != "other" else (2, 2)) < random.choice([0, 0.3, 1])
        data.append(None if found["hole"] in ("DATA", "both") else values)
        flags.append(None if found["hole"] in ("FLAG", "both") else marks)
    columns = {
        name: np.array([found[name] for found in rows], np.float64 if name == "TIME" else np.int32)
        for name in ("ANTENNA1", "ANTENNA2", "FIELD_ID", "DATA_DESC_ID", "TIME")
    }
    columns["FLAG_ROW"] = np.array([found["FLAG_ROW"] for found in rows])
    for name, cells, example in (("DATA", data, np.complex64(0)), ("FLAG", flags, np.False_)):
        some = [cell for cell in cells if cell is not None]
        columns[name] = cells if some else [*cells[:-1], np.full((1, 1), example)]  # a column has a type
        cells[:] = columns[name]
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch("dsa110_contimg.qa.measurement_sets.pieces._PIECE_BYTES", piece),
    ):
        quality = measure_ms(make_measurement_set(Path(folder) / "some.ms", columns))

    flagged: Counter[object] = Counter()
    total: Counter[object] = Counter()
    tally: Counter[str] = Counter()
    drawn_of_row = []
    for found, values, marks in zip(rows, data, flags, strict=True):
        drawn_of_row.append(0)
        if marks is not None:
            marks = marks | found["FLAG_ROW"]
            keys = [
                "all",
                ("field", found["FIELD_ID"]),
                ("description", found["DATA_DESC_ID"]),
                *(("antenna", number) for number in {found["ANTENNA1"], found["ANTENNA2"]}),
            ]
            for key in keys:
                flagged[key] += marks.sum()
                total[key] += marks.size
            window = {0: 0, 1: 1}.get(found["DATA_DESC_ID"], -1)
            for channel in range(marks.shape[0]):
                flagged["channel", window, channel] += marks[channel].sum()
                total["channel", window, channel] += marks[channel].size
        if values is not None:
            hidden = np.full(values.shape, found["FLAG_ROW"])
            if marks is not None and marks.shape == values.shape:
                hidden = marks
            zero, broken = values == 0, ~np.isfinite(values)
            tally["n_visibilities"] += values.size
            tally["n_unflagged"] += (~hidden).sum()
            tally["n_zero"] += zero.sum()
            tally["n_zero_unflagged"] += (zero & ~hidden).sum()
            tally["n_nonfinite"] += broken.sum()
            tally["n_nonfinite_unflagged"] += (broken & ~hidden).sum()
            drawn_of_row[-1] = (~hidden & ~zero & ~broken).sum()
        shapes = {None if cell is None else cell.shape for cell in (values, marks)}
        tally["n_empty_cells"] += None in shapes
        tally["n_unfitting_rows"] += None not in shapes and len(shapes) == 2

    assert (quality.n_flags, quality.n_flagged) == (total["all"], flagged["all"])
    for kind, counts in (
        ("antenna", quality.antennas),
        ("field", quality.fields),
        ("description", quality.data_descriptions),
    ):
        told = {(kind, count.number): (count.flagged, count.total) for count in counts if count.total}
        assert told == {key: (flagged[key], total[key]) for key in total if key[0] == kind and total[key]}
    told = {
        ("channel", window.number, channel): (int(window.flagged[channel]), int(window.total[channel]))
        for window in quality.windows
        for channel in np.flatnonzero(window.total).tolist()
    }
    assert told == {key: (flagged[key], total[key]) for key in total if key[0] == "channel"}
    assert sum(count.flagged for count in quality.correlations) == quality.n_flagged
    assert {name: getattr(quality, name) for name in tally} == dict(tally)
    drawn = quality.n_unflagged - quality.n_zero_unflagged - quality.n_nonfinite_unflagged
    assert quality.amplitude_by_uv_distance.counts.sum() == quality.amplitude_by_time.counts.sum() == drawn
    times = columns["TIME"] - columns["TIME"].min()
    expected, _ = np.histogram(times, quality.amplitude_by_time.x_edges, weights=drawn_of_row)
    assert quality.amplitude_by_time.counts.sum(axis=1).tolist() == expected.tolist()
