"""``import-doctor --environment``: what in an environment may go wrong, without importing any of it."""

from __future__ import annotations

import json
import sys

NOTHING_BAD, SOMETHING_BAD = 0, 1
"""What the command ends with: nothing fails for certain or is known to, something does or is."""


def print_environment(*, python: str | None = None, as_json: bool = False) -> int:
    """Print what in the environment of an interpreter may go wrong.

    Parameters
    ----------
    python : str, optional
        The interpreter; by default this one.
    as_json : bool, default: False
        Whether to print JSON.

    Returns
    -------
    int
        The exit code: 0 if nothing ranks as certain or high, else 1.
    """
    from dsa110_contimg.doctor.environment.survey import survey_environment
    from dsa110_contimg.doctor.report.terminal import make_sheet, print_text

    found = survey_environment(python=python or sys.executable)
    if as_json:
        print_text(json.dumps(found.to_json(), indent=2, allow_nan=False) + "\n")
    else:
        from dsa110_contimg.doctor.environment.report import draw_environment

        print_text(draw_environment(found, make_sheet()))
    return SOMETHING_BAD if found.is_bad else NOTHING_BAD
