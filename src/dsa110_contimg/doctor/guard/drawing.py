"""Outcomes of contracts for a terminal, and as JSON."""

from __future__ import annotations

from dsa110_contimg.doctor.contract import write_roads
from dsa110_contimg.doctor.report.sheet import Sheet
from dsa110_contimg.doctor.report.terminal import Look
from dsa110_contimg.doctor.report.text import draw_roads, draw_text
from dsa110_contimg.doctor.report.wording import clean, write_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.doctor.examination import Road
    from dsa110_contimg.doctor.guard.outcomes import Outcome


def draw_outcome(outcome: Outcome, look: Look = Look()) -> str:  # noqa: B008 - frozen
    """Draw what became of a contract: a line, and below it what is not kept, with the chains that lead there.

    Parameters
    ----------
    outcome : Outcome
        What became of it.
    look : Look
        How to draw; by default for a file.

    Returns
    -------
    str
        The lines, with a line end at the end.
    """
    contract = outcome.contract
    sheet = Sheet(look.width, colour=look.colour, is_ascii=look.is_ascii)
    place = write_place(clean(contract.file), contract.line)
    sheet.headline(f"{'kept' if outcome.is_kept else 'broken'}  {contract.target}  {place}", is_good=outcome.is_kept)
    for note in outcome.notes:
        sheet.prose(note, style="dim")
    if outcome.is_kept:
        return sheet.finish()
    return f"{sheet.finish()}\n{draw_breaches(outcome, look)}"


def draw_breaches(outcome: Outcome, look: Look = Look()) -> str:  # noqa: B008 - frozen
    """Draw what of a contract is not kept; the first line tells it in short.

    Parameters
    ----------
    outcome : Outcome
        What became of it.
    look : Look
        How to draw; by default for a file.

    Returns
    -------
    str
        The whole report where the import came to no good end, else each breach with the roads to it.
    """
    contract, found = outcome.contract, outcome.examination
    if found is not None and found.verdict not in ("healthy", "forbidden"):
        return draw_text(found, width=look.width, colour=look.colour, is_ascii=look.is_ascii)
    sheet = Sheet(look.width, colour=look.colour, is_ascii=look.is_ascii)
    seen: set[Road] = set()
    for breach in outcome.breaches:
        place = write_place(clean(contract.file), contract.find_line(breach.key))
        sheet.heading(f"{breach.key}: {breach.message} ({place})")
        roads = [road for road in breach.roads if road not in seen]
        seen.update(roads)
        draw_roads(
            sheet,
            roads,
            where="`--json` has them all",
            end="forbidden" if breach.key.startswith("forbid") else "is loaded",
        )
    return sheet.finish().lstrip("\n")


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
        "notes": list(outcome.notes),
        "examination": None if found is None or outcome.is_kept else found.to_json(),
    }
