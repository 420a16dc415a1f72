"""How ``dsa110-qa`` ends, whatever the verb."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from dsa110_contimg.cli import app


def test_ctrl_c_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def press_ctrl_c() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(app.verbs.commands, "casa", click.Command("casa", callback=press_ctrl_c))
    finished = CliRunner().invoke(app.verbs, ["casa"])
    assert finished.exit_code == 130
    assert finished.stderr == "Stopped.\n"
