"""Outcomes of contracts for a terminal, and as JSON."""

from __future__ import annotations

from dsa110_contimg.doctor.contract import write_roads
from dsa110_contimg.doctor.report.sheet import Sheet
from dsa110_contimg.doctor.report.text import draw_roads, draw_text
from dsa110_contimg.doctor.report.wording import clean, write_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.doctor.guard.outcomes import Outcome


def draw_outcome(outcome: Outcome, *, width: int = 100, colour: bool = False, is_ascii: bool = False) -> str:
    """Draw what became of a contract: a line, and below it what is not kept, with the chains that lead there.

    Parameters
    ----------
    outcome : Outcome
        What became of it.
    width : int, default: 100
        Columns of the terminal.
    colour : bool, default: False
        Whether to use colours.
    is_ascii : bool, default: False
        Whether only ASCII can be shown.

    Returns
    -------
    str
        The lines, with a line end at the end.
    """
    contract = outcome.contract
    sheet = Sheet(width, colour=colour, is_ascii=is_ascii)
    place = write_place(clean(contract.file), contract.line)
    sheet.headline(f"{'kept' if outcome.is_kept else 'broken'}  {contract.target}  {place}", is_good=outcome.is_kept)
    if outcome.is_kept:
        return sheet.finish()
    for breach in outcome.breaches:
        place = write_place(clean(contract.file), contract.find_line(breach.key))
        sheet.line(f"{breach.key} ({place}): {breach.message}")
        if breach.roads:
            draw_roads(sheet, breach.roads)
            sheet.line("")
    text = sheet.finish()
    found = outcome.examination
    if found is not None and found.verdict not in ("healthy", "forbidden"):
        text += "\n" + draw_text(found, width=width, colour=colour, is_ascii=is_ascii)
    return text


def write_outcome(outcome: Outcome) -> dict[str, Any]:
    """Write what became of a contract as JSON.

    Parameters
    ----------
    outcome : Outcome
        What became of it.

    Returns
    -------
    dict
        What ``json.dumps`` takes.
    """
    contract, found = outcome.contract, outcome.examination
    return {
        "import": contract.target,
        "file": contract.file,
        "line": contract.line,
        "is_kept": outcome.is_kept,
        "breaches": [
            {
                "key": breach.key,
                "line": contract.find_line(breach.key),
                "message": breach.message,
                "roads": write_roads(breach.roads),
            }
            for breach in outcome.breaches
        ],
        "unchecked": list(outcome.unchecked),
        "examination": None if found is None or outcome.is_kept else found.to_json(),
    }
