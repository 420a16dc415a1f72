"""The report for a terminal."""

from __future__ import annotations

from dsa110_contimg.doctor.native.demangling import shorten_symbol
from dsa110_contimg.doctor.report.explanations import explain
from dsa110_contimg.doctor.report.passages import (
    draw_chain,
    draw_culprit,
    draw_frames,
    draw_places,
    draw_threads,
    draw_traceback,
    fits_beside,
)
from dsa110_contimg.doctor.report.sheet import Sheet
from dsa110_contimg.doctor.report.summaries import list_side_effects, sum_up_loaded
from dsa110_contimg.doctor.report.wording import make_harmless, name_distribution, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.examination import Examination, Road

_MOST_ROADS = 8
_MOST_LINES = 6


def draw_text(examination: Examination, *, width: int = 100, colour: bool = False, is_ascii: bool = False) -> str:
    """Draw the report of an examination for a terminal.

    Parameters
    ----------
    examination : Examination
        What was found.
    width : int, default: 100
        Columns of the terminal; no line is wider.
    colour : bool, default: False
        Whether to use colours.
    is_ascii : bool, default: False
        Whether only ASCII can be shown.

    Returns
    -------
    str
        The report, with a line end at its end.
    """
    sheet = Sheet(width, colour=colour, is_ascii=is_ascii)
    draw_examination(sheet, examination)
    return sheet.finish()


def draw_examination(sheet: Sheet, examination: Examination) -> None:
    """Draw the report of an examination on a sheet; see `draw_text`."""
    found = make_harmless(examination)
    if found.verdict == "healthy":
        _draw_healthy(found, sheet)
        return
    explanation = explain(found)
    sheet.headline(explanation.headline, is_good=False)
    sheet.pairs([("target", "; ".join(found.target.split("\\n"))), ("python", _name_python(found))], style="dim")
    if found.verdict == "forbidden":
        draw_roads(sheet, found.roads, where="`--json` and `--html` have them all")
    elif found.chain:
        sheet.heading("How it got there")
        draw_chain(sheet, found.chain, _name_end(found), are_beside=fits_beside(sheet, found.chain))
    sheet.heading("Why")
    for sentence in explanation.why:
        sheet.item(sentence)
    if not explanation.why:
        sheet.prose("The facts do not tell; see below what the answer rests on.")
    if found.verdict not in ("forbidden", "raised", "hung"):
        draw_culprit(sheet, found)
        if not found.chain and len(found.python_frames) > 1:
            sheet.heading("Python lines, innermost first")
            draw_places(sheet, found.python_frames)
        draw_frames(sheet, found.native_frames)
    _draw_conflicts(found, sheet)
    if found.verdict == "raised":
        draw_traceback(sheet, found)
    if found.threads:
        draw_threads(sheet, found)
    _draw_last_output(found, sheet)
    _draw_surroundings(found, sheet)
    if explanation.advice:
        sheet.heading("What to do next")
        sheet.numbered(explanation.advice)
    if found.confidence:
        sheet.heading("What this rests on")
        sheet.prose(" ".join(found.confidence.values()), style="dim")


def _draw_healthy(found: Examination, sheet: Sheet) -> None:
    sheet.headline("Healthy: it was imported without harm", is_good=True)
    for sentence in sum_up_loaded(found):
        sheet.prose(sentence)
    effects = list_side_effects(found.side_effects)
    if effects:
        sheet.prose(f"Side effects: {'; '.join(effects)}.")


def _name_python(found: Examination) -> str:
    return f"{found.python.version}, {shorten(found.python.executable)}; examined in {found.elapsed_s:.1f} s"


def _name_end(found: Examination) -> str:
    ends = {"raised": "raised here", "hung": "hung here", "exited": "left here", "killed": "was killed here"}
    if found.verdict == "crashed-at-exit":
        return "was the last one open"
    return ends.get(found.verdict, "died here")


def draw_roads(sheet: Sheet, roads: Sequence[Road], *, where: str) -> None:
    """Draw the roads to what is forbidden, the first ones of many.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    roads : sequence of Road
        The roads.
    where : str
        What to say of where those are that were left out.
    """
    are_beside = all(fits_beside(sheet, road.chain) for road in roads[:_MOST_ROADS])
    for number, road in enumerate(roads[:_MOST_ROADS], start=1):
        which = f"Road {number} of {len(roads)}" if len(roads) > 1 else "The road"
        sheet.heading(f"{which} to {shorten(road.forbidden)}")
        draw_chain(sheet, road.chain, "forbidden", are_beside=are_beside)
    if len(roads) > _MOST_ROADS:
        sheet.prose(f"{len(roads) - _MOST_ROADS} more roads are left out here; {where}.")


def _draw_conflicts(found: Examination, sheet: Sheet) -> None:
    for conflict in found.conflicts:
        sheet.heading("Conflict")
        rows = [("symbol", shorten_symbol(conflict.symbol))] if conflict.symbol else []
        for role, library in zip(("called from", "called into"), conflict.libraries, strict=False):
            owner = name_distribution(found, library.distribution)
            rows.append((role, f"{shorten(library.path)}{f' ({owner})' if owner else ''}"))
        sheet.pairs(rows)


def _draw_last_output(found: Examination, sheet: Sheet) -> None:
    if found.verdict in ("raised", "forbidden"):
        return  # the traceback has told it, or it does not matter
    lines = [line for line in found.stderr.splitlines() if line.strip()]
    if lines:
        sheet.heading("Its last lines on standard error")
        for line in lines[-_MOST_LINES:]:
            sheet.line(line, style="dim")


def _draw_surroundings(found: Examination, sheet: Sheet) -> None:
    effects = list_side_effects(found.side_effects)
    if effects:
        sheet.heading("Side effects")
        sheet.prose(f"{'; '.join(effects)}.")
    # What every environment has, such as PYTHONPATH, matters to no crash by itself; a file in a module's place does.
    telling = [
        one for one in found.environment if one.name.startswith("LD_") or ("/" in one.value and one.name.islower())
    ]
    if telling:
        sheet.heading("Surroundings that can matter")
        sheet.pairs([(one.name, f"{one.value} ({one.observed})") for one in telling])
