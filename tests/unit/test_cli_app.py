"""How ``dsa110-qa`` ends, whatever the verb."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dsa110_contimg.cli import app
from support import ramp, run_python, sky_header, write_image


def test_ctrl_c_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def press_ctrl_c() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(app.verbs.commands, "casa", click.Command("casa", callback=press_ctrl_c))
    finished = CliRunner().invoke(app.verbs, ["casa"])
    assert finished.exit_code == 130
    assert finished.stderr == "Stopped.\n"


def test_what_the_terminal_cannot_show_is_spelt_out(tmp_path: Path) -> None:
    image = write_image(tmp_path / "…\udcff.fits", ramp(64, 64), sky_header())
    code = "from dsa110_contimg.cli.app import main; main()"
    for encoding, spelt in (("latin-1", "\\u2026"), ("utf-8", "…")):
        env = {**os.environ, "PYTHONIOENCODING": encoding}
        told = run_python(code, "cutout", str(image), "150", "30", "--size", "20arcsec", env=env, encoding=encoding)
        assert told.returncode == 0, told.stderr
        assert f"{spelt}\\udcff.fits" in told.stdout
        data = run_python(code, "cutout", str(image), "150", "30", "--size", "20arcsec", "--json", env=env)
        assert json.loads(data.stdout)["image"] == str(image), data.stderr
