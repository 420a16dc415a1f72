"""The remedies in words, and as JSON."""

from __future__ import annotations

from dsa110_contimg.doctor.remedies.cuts import MOST_EDITS
from dsa110_contimg.doctor.report.wording import clean, count, write_place
from dsa110_contimg.doctor.roads import matches_module
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from dsa110_contimg.doctor.imports.graph import Statement
    from dsa110_contimg.doctor.remedies.cuts import Remedies
    from dsa110_contimg.doctor.remedies.orders import OrderMove, OrderTrial
    from dsa110_contimg.doctor.report.sheet import Sheet

_ENDS = {"crashed-at-exit": "crashed at its end", "killed": "was killed"}
_MOST_SHOWN, _MOST_LETTERS = 6, 72


def draw_remedies(remedies: Remedies, *, width: int = 100, colour: bool = False, is_ascii: bool = False) -> str:
    """Draw the remedies for a terminal.

    Parameters
    ----------
    remedies : Remedies
        What was found.
    width : int, default: 100
        Columns of the terminal.
    colour : bool, default: False
        Whether to use colours.
    is_ascii : bool, default: False
        Whether only ASCII can be shown.

    Returns
    -------
    str
        The remedies, with a line end at their end.
    """
    from dsa110_contimg.doctor.report.sheet import Sheet

    sheet = Sheet(width, colour=colour, is_ascii=is_ascii)
    if not remedies.reached:
        sheet.headline(f"No road leads to {' or '.join(map(clean, remedies.forbidden))}", is_good=True)
        return sheet.finish()
    sheet.headline(f"What would keep {_name_goal(remedies).replace('`', '')} out", is_good=False)
    sheet.numbered(write_remedies(remedies))
    if remedies.is_worthwhile and len(remedies.near_target) > _MOST_SHOWN:
        _draw_set(sheet, "All of them", remedies.near_target)
        if not remedies.is_one_set:
            _draw_set(sheet, "All of them, nearer to what is forbidden", remedies.near_forbidden)
    return sheet.finish()


def _draw_set(sheet: Sheet, title: str, statements: Sequence[Statement]) -> None:
    sheet.heading(title)
    sheet.pairs([(clean(write_place(one.file, one.line)), _cut(clean(one.text))) for one in statements])


def write_remedies(remedies: Remedies) -> Iterator[str]:
    """Yield what would keep forbidden things from being loaded, the best first.

    Parameters
    ----------
    remedies : Remedies
        What was found.

    Yields
    ------
    str
        A sentence or two; code stands between backquotes.
    """
    if not remedies.reached:
        return
    if remedies.near_target:
        yield from _offer_cuts(remedies)
    else:
        yield _name_obstacles(remedies)
    for direct in remedies.direct_imports:
        is_target = direct.instead_of.module == TARGET_FILE
        if is_target or remedies.is_worthwhile:
            yield (
                f"Instead of {_name(direct.instead_of)}, `{clean(direct.text)}` asks for the same and loads nothing "
                f"forbidden."
            )


def _offer_cuts(remedies: Remedies) -> Iterator[str]:
    number = len(remedies.near_target)
    goal = _name_goal(remedies)
    if not remedies.is_worthwhile:
        yield (
            f"{count(number, 'statement')} would have to be moved to keep {goal} out, and no smaller set will do. That "
            f"is more than {MOST_EDITS}, and not worth it: import only what is needed, or import it where it is needed."
        )
        return
    if number == 1:
        yield f"Move {_name(remedies.near_target[0])} away from import time: this alone keeps {goal} out."
    else:
        yield (
            f"Move these {number} statements away from import time, which keeps {goal} out; no smaller set will do: "
            f"{_list(remedies.near_target)}."
        )
    if not remedies.is_one_set:
        others = [one for one in remedies.near_forbidden if one not in set(remedies.near_target)]
        instead = [one for one in remedies.near_target if one not in set(remedies.near_forbidden)]
        what = "" if len(instead) == number else f" of {_list(instead)}"
        yield f"Or, nearer to what is forbidden, move {_list(others)} instead{what}."


def _name_obstacles(remedies: Remedies) -> str:
    obstacles, goal = remedies.obstacles, _name_goal(remedies)
    if not remedies.are_obstacles_fixed:
        which = "stands" if len(obstacles) == 1 else "stand"
        if len(remedies.refused) == len(obstacles):
            ending = ", which cannot be moved"
        else:
            some = f", of which {_list(remedies.refused)} cannot be moved" if remedies.refused else ""
            ending = f"{some}; `--editable` names more files"
        return (
            f"No edit in the files that may be edited keeps {goal} out. In the way {which} {_list(obstacles)}{ending}."
        )
    if any(one.is_observed for one in obstacles):
        return (
            f"No edit of an import statement keeps {goal} out: a run showed a road without one that could be moved, "
            f"through {_list(obstacles)}."
        )
    asks = _list(obstacles[:1]) if obstacles else "its first import"
    way = f", which hands on what comes from {_list(obstacles[1:])}" if len(obstacles) > 1 else ""
    return f"The target itself asks for {goal} in {asks}{way}: no edit elsewhere keeps it out."


def _name_goal(remedies: Remedies) -> str:
    """Name what is reached: a package for all below it, a native library rather than the modules that bring it."""
    named = [name for name in remedies.reached if any(matches_module(name, pattern) for pattern in remedies.forbidden)]
    goals = [name for name in named if not any(name.startswith(f"{other}.") for other in named)]
    if len(named) < len(remedies.reached):
        goals += [one for one in remedies.forbidden if not any(matches_module(name, one) for name in named)]
    shown = [f"`{clean(name)}`" for name in goals[:2]]
    return f"{', '.join(shown)} and {len(goals) - 2} more" if len(goals) > 2 else " and ".join(shown)


def _list(statements: Sequence[Statement]) -> str:
    shown = ", ".join(map(_name, statements[:_MOST_SHOWN]))
    return f"{shown} and {len(statements) - _MOST_SHOWN} more" if len(statements) > _MOST_SHOWN else shown


def _name(statement: Statement) -> str:
    """Write a statement with its place."""
    if statement.line == 0:
        return f"native code of `{clean(statement.module)}`"
    place = write_place(statement.file, statement.line)
    return f"`{_cut(clean(statement.text))}` ({clean(place)})" if statement.text else clean(place)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1].rstrip(' ,')}…"


def write_order(trial: OrderTrial, move: OrderMove | None = None) -> Iterator[str]:
    """Yield what the trial of orders showed, and which import to move.

    Parameters
    ----------
    trial : OrderTrial
        What became of each order.
    move : OrderMove, optional
        The imports that would have to come earlier.

    Yields
    ------
    str
        A sentence or two; nothing when the order makes no difference.
    """
    if not trial.is_decisive:
        return
    worst = next(run for run in trial.runs if run.verdict != "healthy")
    yield (
        f"It depends on the order: {_write_order(trial.healthy[0])} ended well, {_write_order(worst.order)} "
        f"{_ENDS.get(worst.verdict, worst.verdict)}{f' ({worst.signal})' if worst.signal else ''}."
    )
    if move is not None:
        first = "; ".join(f"import {module}" for module in move.modules)
        here = ", ".join(clean(write_place(one.file, one.line)) for one in move.moved)
        yield f"Write `{clean(first)}`{f', now at {here},' if here else ''} before {_name(move.before)}."
    if any(run.conflicts for run in trial.runs):
        yield "Two copies of one library then still share a process: another order can only hide the conflict."


def _write_order(order: Iterable[str]) -> str:
    return f"`{clean('; '.join(f'import {module}' for module in order))}`"


def to_json(remedies: Remedies) -> dict[str, Any]:
    """Write remedies as JSON that other programs may rely on.

    Parameters
    ----------
    remedies : Remedies
        What was found.

    Returns
    -------
    dict
        What ``json.dumps`` takes.
    """
    return {
        "forbidden": list(remedies.forbidden),
        "reached": list(remedies.reached),
        "near_target": _write_statements(remedies.near_target),
        "near_forbidden": _write_statements(remedies.near_forbidden),
        "is_one_set": remedies.is_one_set,
        "is_worthwhile": remedies.is_worthwhile,
        "obstacles": _write_statements(remedies.obstacles),
        "are_obstacles_fixed": remedies.are_obstacles_fixed,
        "refused": _write_statements(remedies.refused),
        "direct_imports": [
            {"instead_of": _write_statement(direct.instead_of), "text": direct.text}
            for direct in remedies.direct_imports
        ],
    }


def _write_statements(statements: Iterable[Statement]) -> list[dict[str, Any]]:
    return [_write_statement(one) for one in statements]


def _write_statement(statement: Statement) -> dict[str, Any]:
    return {
        "module": statement.module,
        "file": statement.file,
        "line": statement.line,
        "statement": statement.text or None,
        "is_conditional": statement.is_conditional,
        "is_observed": statement.is_observed,
    }
