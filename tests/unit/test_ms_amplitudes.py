"""Amplitudes in levels: nothing is lost, and every bin holds what its borders say."""

from __future__ import annotations

import numpy as np
import pytest

from dsa110_contimg.qa.measurement_sets.amplitudes import LevelMeter, LevelTable, Ruler


def test_every_amplitude_lies_in_its_bin() -> None:
    random = np.random.default_rng(1)
    amplitudes = (10 ** random.uniform(-38, 38, 20000)).astype(np.float32)
    table = LevelTable(1)
    table.add(LevelMeter().measure(amplitudes, None), np.array([0]))
    histogram = table.finish("x", "", np.array([0.0, 1.0]), "Jy")
    assert histogram.counts.shape[1] <= 512
    expected, _ = np.histogram(amplitudes.astype(float), histogram.amplitude_edges)
    assert np.array_equal(histogram.counts[0], expected)
    assert histogram.counts.sum() == amplitudes.size


@pytest.mark.parametrize("octaves", [0.01, 1, 15, 17, 60, 200])
def test_bins_are_few_and_fine(octaves: float) -> None:
    amplitudes = (0.7 * 2 ** np.linspace(-octaves / 2, octaves / 2, 10007)).astype(np.float32)
    table = LevelTable(1)
    table.add(LevelMeter().measure(amplitudes, None), np.array([0]))
    histogram = table.finish("x", "", np.array([0.0, 1.0]), "")
    edges, counts = histogram.amplitude_edges, histogram.counts[0]
    assert np.array_equal(counts, np.histogram(amplitudes.astype(float), edges)[0])
    assert counts[0] > 0 < counts[-1]
    assert len(counts) <= 512
    assert np.diff(np.log2(edges)).max() <= max(0.045, octaves / 256 + 0.045)


def test_the_largest_number_has_a_bin() -> None:
    table = LevelTable(1)
    largest = np.array([np.finfo(np.float32).max, 1e-45], np.float32)
    table.add(LevelMeter().measure(largest, None), np.array([0]))
    histogram = table.finish("x", "", np.array([0.0, 1.0]), "")
    assert histogram.counts.sum() == 2
    assert histogram.amplitude_edges[-1] == np.finfo(np.float32).max
    assert (np.diff(histogram.amplitude_edges) > 0).all()


def test_parts_share_their_bins() -> None:
    table = LevelTable(3)
    levels = LevelMeter().measure(np.array([1.0, 2.0, 64.0, 3.0], np.float32), None)
    table.add(levels, np.array([0, 1, 2, table.nowhere]))
    first, second = table.finish_parts("x", [(0, np.arange(2.0)), (1, np.arange(3.0))], "")
    assert first.amplitude_edges is not second.amplitude_edges
    assert np.array_equal(first.amplitude_edges, second.amplitude_edges)
    assert (first.counts.sum(), second.counts.sum(axis=1).tolist()) == (1, [1, 1])


def test_a_ruler_puts_its_ends_into_the_outer_bins() -> None:
    ruler = Ruler(2.0, 4.0, 4)
    values = np.array([2.0, 2.49, 2.5, 3.99, 4.0, np.nan, -np.inf, 1e300])
    assert ruler.place(values).tolist() == [0, 0, 1, 3, 3, 4, 4, 4]
    assert ruler.edges.tolist() == [2.0, 2.5, 3.0, 3.5, 4.0]
