"""The command line that simulates, and how little it loads before it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dsa110_contimg.cli.simulate import command
from dsa110_contimg.errors import OutputExistsError

if TYPE_CHECKING:
    from pathlib import Path

FEW = ["--epochs", "2", "--sources", "5", "--variables", "2"]


def test_it_writes_a_field_and_a_measurement_set_and_says_where(tmp_path: Path) -> None:
    pytest.importorskip("casacore")
    folder = tmp_path / "demo"
    result = CliRunner().invoke(command, [str(folder), *FEW], catch_exceptions=False)
    assert result.exit_code == 0
    names = ["epoch_01.fits", "epoch_02.fits", "catalogue.csv", "truth.json", "simulated.ms"]
    assert result.stdout.split() == [str(folder / name) for name in names]
    assert "Dead antenna: DSA-005" in result.stderr
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_a_measurement_set_in_the_way_is_found_before_any_epoch_is_written(tmp_path: Path) -> None:
    (tmp_path / "simulated.ms").mkdir()
    with pytest.raises(OutputExistsError):
        CliRunner().invoke(command, [str(tmp_path), *FEW], catch_exceptions=False)
    assert [path.name for path in tmp_path.iterdir()] == ["simulated.ms"]
