"""Outcomes of contracts for a terminal, and as JSON."""

from __future__ import annotations

from dsa110_contimg.doctor.contract import write_chain
from dsa110_contimg.doctor.report.passages import draw_chain, fits_beside
from dsa110_contimg.doctor.report.text import draw_examination, draw_roads
from dsa110_contimg.doctor.report.wording import clean, write_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.doctor.examination import Road
    from dsa110_contimg.doctor.guard.outcomes import Outcome
    from dsa110_contimg.doctor.report.sheet import Sheet


def draw_outcome(sheet: Sheet, outcome: Outcome) -> None:
    """Draw what became of a contract: a line, and below it what is not kept, with the chains that lead there.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    outcome : Outcome
        What became of it.
    """
    contract = outcome.contract
    place = write_place(clean(contract.file), contract.line)
    sheet.headline(f"{'kept' if outcome.is_kept else 'broken'}  {contract.target}  {place}", is_good=outcome.is_kept)
    for note in outcome.notes:
        sheet.prose(note, style="dim")
    if not outcome.is_kept:
        draw_breaches(sheet, outcome)


def draw_breaches(sheet: Sheet, outcome: Outcome) -> None:
    """Draw what of a contract is not kept; the first line, after an empty one, tells it in short.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    outcome : Outcome
        What became of it: drawn is the whole report where the import came to no good end, else each breach with the
        roads to it.
    """
    contract, found = outcome.contract, outcome.examination
    if found is not None and found.verdict not in ("healthy", "forbidden"):
        sheet.heading("")
        draw_examination(sheet, found)
        return
    seen: set[Road] = set()
    for breach in outcome.breaches:
        place = write_place(clean(contract.file), contract.find_line(breach.key))
        sheet.heading(f"{breach.key}: {breach.message} ({place})")
        roads = [road for road in breach.roads if road not in seen]
        seen.update(roads)
        if breach.key in ("forbid", "forbid-native"):
            draw_roads(sheet, roads, where="`--json` has them all")
            continue
        for road in roads:
            sheet.heading(f"The road to {road.forbidden}")
            draw_chain(sheet, road.chain, "is loaded", are_beside=fits_beside(sheet, road.chain))


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
                "roads": [{"forbidden": road.forbidden, "chain": write_chain(road.chain)} for road in breach.roads],
            }
            for breach in outcome.breaches
        ],
        "unchecked": list(outcome.unchecked),
        "notes": list(outcome.notes),
        "examination": None if found is None or outcome.is_kept else found.to_json(),
    }
