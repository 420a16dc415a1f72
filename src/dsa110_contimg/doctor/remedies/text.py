"""The remedies in words, and as JSON."""

from __future__ import annotations

from dsa110_contimg.doctor.remedies.cuts import MOST_EDITS
from dsa110_contimg.doctor.report.wording import clean, count, write_place
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from dsa110_contimg.doctor.imports.graph import Statement
    from dsa110_contimg.doctor.remedies.cuts import Remedies
    from dsa110_contimg.doctor.remedies.orders import OrderMove, OrderTrial

_MOST_SHOWN = 6


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
        what = "it" if number == 1 else "them" if len(instead) == number else _list(instead)
        yield f"Or, nearer to what is forbidden, move {_list(others)} instead of {what}."


def _name_obstacles(remedies: Remedies) -> str:
    obstacles, goal = remedies.obstacles, _name_goal(remedies)
    if all(one.module == TARGET_FILE for one in obstacles):
        return f"The target itself asks for {goal}, in {_list(obstacles)}: no edit elsewhere keeps it out."
    if remedies.are_obstacles_fixed:
        return f"No edit keeps {goal} out, because one road goes only through what cannot be moved: {_list(obstacles)}."
    which = "stands" if len(obstacles) == 1 else "stand"
    return (
        f"No edit in the files that may be edited keeps {goal} out. In the way {which} {_list(obstacles)}; "
        f"`--editable` names more files."
    )


def _name_goal(remedies: Remedies) -> str:
    shown = [f"`{clean(name)}`" for name in remedies.reached[:2]]
    more = f" and {len(remedies.reached) - 2} more" if len(remedies.reached) > 2 else ""
    return f"{' and '.join(shown) if not more else ', '.join(shown)}{more}"


def _list(statements: Sequence[Statement]) -> str:
    shown = ", ".join(map(_name, statements[:_MOST_SHOWN]))
    return f"{shown} and {len(statements) - _MOST_SHOWN} more" if len(statements) > _MOST_SHOWN else shown


def _name(statement: Statement) -> str:
    """Write a statement with its place."""
    if statement.line == 0:
        return f"native code of `{clean(statement.module)}`"
    place = write_place(statement.file, statement.line)
    return f"`{clean(statement.text)}` ({clean(place)})" if statement.text else clean(place)


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
        f"{worst.verdict}{f' ({worst.signal})' if worst.signal else ''}."
    )
    if move is not None:
        first = "; ".join(f"import {module}" for module in move.modules)
        here = f" (now in {_list(move.moved)})" if move.moved else ""
        yield f"Write `{clean(first)}`{here} before {_name(move.before)}."
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
