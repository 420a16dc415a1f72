"""``import-doctor --fix``: from a target to the edit that cures it, which is run before it is offered."""

from __future__ import annotations

import sys

import click

from dsa110_contimg.doctor.errors import BadTargetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from dsa110_contimg.doctor.edits.plan import Plan
    from dsa110_contimg.doctor.imports.graph import ImportGraph, Statement
    from dsa110_contimg.doctor.remedies.cuts import Remedies

_MOST_TRIES = 12
"""How many sets of statements are tried; each that is refused makes way for another."""


def cure(
    target: str,
    *,
    forbid: Sequence[str] = (),
    editable: Sequence[str | os.PathLike[str]] = (),
    python: str = sys.executable,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
    apply: bool = False,
) -> int:
    """Print the fewest edits that keep what is forbidden from being loaded, once they are proven.

    The source is read and the target is run once, to see the imports that only a run shows. Then the smallest sets of
    statements are tried, the one nearest to the target first; where an edit would change what the code means, another
    set is looked for.

    Parameters
    ----------
    target : str
        A module name, statements, or the path of a script.
    forbid : sequence of str
        Modules and native libraries that must not be loaded; for a target that crashes, by default what crashes.
    editable : sequence of str or os.PathLike
        What may be edited; by default the target's own packages.
    python : str, default: this interpreter
        The interpreter of the target.
    timeout : float, default: 60
        Seconds after which a run is taken to hang.
    env : mapping, optional
        Environment variables for the target.
    args : sequence of str
        Arguments of a script.
    apply : bool, default: False
        Whether to write the files, too.

    Returns
    -------
    int
        0 when a cure was printed or none is needed, else 1.

    Raises
    ------
    BadTargetError
        When nothing is forbidden and the target does not crash.
    """
    from dsa110_contimg.doctor.edits.command import offer
    from dsa110_contimg.doctor.edits.planner import plan_edits
    from dsa110_contimg.doctor.remedies.cuts import find_own_files, find_remedies

    graph = _read_whole(target, python, timeout, env, args)
    forbidden = tuple(forbid) or _find_culprit(target, graph, python, timeout, env, args)
    own = tuple(editable) or find_own_files(graph)
    refused: set[Statement] = set()
    tried: set[frozenset[Statement]] = set()
    for _ in range(_MOST_TRIES):
        remedies = find_remedies(graph, forbidden, editable=own, refused=refused)
        if not remedies.reached:
            click.echo(f"Nothing to cure: no road leads to {' or '.join(forbidden)}.", err=True)
            return 0
        if not remedies.is_worthwhile:
            _tell(remedies)
            return 1
        already = len(refused)
        for statements in _list_sets(remedies):
            if frozenset(statements) in tried:
                continue
            tried.add(frozenset(statements))
            plan = plan_edits(statements, graph=graph)
            if offer(plan, target, forbid=forbidden, python=python, timeout=timeout, env=env, args=args, apply=apply):
                return 0
            refused |= _find_refused(plan, statements)
        if len(refused) == already:
            break  # what could be edited was tried, and is no cure
    click.echo("No edit was found that cures it.", err=True)
    return 1


def _find_culprit(
    target: str,
    graph: ImportGraph,
    python: str,
    timeout: float,
    env: Mapping[str, str] | None,
    args: Sequence[str],
) -> tuple[str, ...]:
    """Find the package that a target dies of; say if another order of imports would do."""
    from dsa110_contimg.doctor.examiner import examine
    from dsa110_contimg.doctor.remedies.orders import find_rivals, offer_move, try_orders
    from dsa110_contimg.doctor.remedies.text import write_order

    found = examine(target, python=python, timeout=timeout, env=env, args=args)
    if found.culprit is None or found.culprit.module is None:
        raise BadTargetError(
            f"What is to be kept out of {target} was not said, and it is {found.verdict}.",
            hint="Name it: --forbid NAME.",
        )
    if rivals := find_rivals(found):
        trial = try_orders(rivals, python=python, timeout=timeout, env=env)
        for sentence in write_order(trial, offer_move(trial, graph)):
            click.echo(sentence.replace("`", ""), err=True)
    package = found.culprit.module.partition(".")[0]
    click.echo(f"It {found.verdict} while importing {found.culprit.module}: {package} is to be kept out.", err=True)
    return (package,)


def _read_whole(
    target: str, python: str, timeout: float, env: Mapping[str, str] | None, args: Sequence[str]
) -> ImportGraph:
    """Read the source, and add what only a run shows."""
    from dsa110_contimg.doctor.imports.reading import read_imports
    from dsa110_contimg.doctor.remedies.joining import join_journal
    from dsa110_contimg.doctor.remedies.observing import observe_imports

    graph = read_imports(target, python=python, env=env)
    return join_journal(graph, *observe_imports(target, python=python, timeout=timeout, env=env, args=args))


def _list_sets(remedies: Remedies) -> list[tuple[Statement, ...]]:
    return [remedies.near_target] if remedies.is_one_set else [remedies.near_target, remedies.near_forbidden]


def _find_refused(plan: Plan, statements: Iterable[Statement]) -> set[Statement]:
    told = {(refusal.file, refusal.statement) for refusal in plan.refusals}
    return {statement for statement in statements if (statement.file, statement.text) in told}


def _tell(remedies: Remedies) -> None:
    from dsa110_contimg.doctor.remedies.text import draw_remedies

    click.echo(draw_remedies(remedies), err=True, nl=False)
