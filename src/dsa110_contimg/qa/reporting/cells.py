"""Tables of a page: each cell with what is read and what it is sorted by; and units as a page writes them."""

from __future__ import annotations

import math
from typing import NamedTuple

from dsa110_contimg.qa.notation import choose_unit, format_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.qa.gates import Gate

_MICRO = 1e6


class Cell(NamedTuple):
    """A cell."""

    text: str
    """What is read."""
    order: float | str | None = None
    """What it is sorted by; None for nothing, which comes last."""
    kind: str = ""
    """``"number"``, ``"verdict"``, ``"variable"``, ``"name"``, ``"gates"`` or nothing: how it looks."""
    link: str = ""
    """Where it leads, on the same page."""


class Row(NamedTuple):
    """A row."""

    cells: tuple[Cell, ...]
    """Its cells, one for each column."""
    key: str
    """What it is filtered by: a verdict, or ``variable`` and the like, separated by spaces."""
    gates: tuple[Gate, ...] = ()
    """All gates, which are shown in the cell of that kind when asked for."""


class Column(NamedTuple):
    """The head of a column."""

    title: str
    """What stands there."""
    meaning: str = ""
    """What it means, in a sentence."""


def show_number(value: float | None, text: str | None = None) -> Cell:
    """Make the cell of a number; a dash, sorted last, if there is none."""
    if value is None or not math.isfinite(value):
        return Cell("–", None, "number")
    return Cell(format_number(value) if text is None else text, float(value), "number")


def choose_shown_unit(peak: float, noise: float, base: str) -> tuple[float, str]:
    """Choose the prefix with which values are easily read, as `choose_unit` does; 1e-6 is written µ here."""
    factor, unit = choose_unit(peak, noise, base)
    return factor, f"µ{unit[1:]}" if factor == _MICRO and unit[0] == "u" else unit
