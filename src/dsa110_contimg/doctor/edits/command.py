"""``import-doctor --fix``: the edits that cure an import, as a diff, proven before they are offered."""

from __future__ import annotations

import os
import sys

import click

from dsa110_contimg.doctor.edits.application import apply_plan, write_diff
from dsa110_contimg.doctor.edits.planner import plan_edits
from dsa110_contimg.doctor.edits.verification import verify
from dsa110_contimg.doctor.errors import UnwritableFolderError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dsa110_contimg.doctor.edits.plan import Plan
    from dsa110_contimg.doctor.edits.verification import Verification
    from dsa110_contimg.doctor.imports.graph import ImportGraph, Statement


def fix(
    target: str,
    statements: Iterable[Statement],
    *,
    graph: ImportGraph | None = None,
    forbid: Sequence[str] = (),
    python: str | os.PathLike[str] = sys.executable,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
    apply: bool = False,
) -> int:
    """Print the edits that keep statements from being executed at import, once they are proven.

    Parameters
    ----------
    target : str
        What was examined.
    statements : iterable of Statement
        What must no longer be executed at import.
    graph : ImportGraph, optional
        What the target loads.
    forbid : sequence of str
        What must not be loaded.
    python : str or os.PathLike, default: this interpreter
        The interpreter of the target.
    timeout : float, default: 60
        Seconds after which a child is taken to hang.
    env : mapping, optional
        Environment variables for the target.
    args : sequence of str
        Arguments of a script.
    apply : bool, default: False
        Whether to write the files, too.

    Returns
    -------
    int
        0 when the diff is a cure, 1 when there is none: then nothing is printed to standard output, or written.
    """
    plan = plan_edits(statements, graph=graph)
    for refusal in plan.refusals:
        click.echo(f"Not moved: {refusal.statement}\n  {refusal.file}:{refusal.line}: {refusal.reason}", err=True)
    if not plan.edits:
        click.echo("There is nothing that can be edited.", err=True)
        return 1
    proof = verify(plan, target, forbid=forbid, python=python, timeout=timeout, env=env, args=args)
    _tell(plan, proof)
    if not proof.is_cure:
        return 1
    _print(write_diff(plan))
    if apply:
        apply_plan(plan)
        click.echo(f"Written: {', '.join(edit.file for edit in plan.edits)}", err=True)
    return 0


def _tell(plan: Plan, proof: Verification) -> None:
    for remark in proof.remarks:
        click.echo(f"Note: {remark}", err=True)
    for edit in plan.edits:
        if edit.dropped:
            click.echo(
                f"Note: {edit.module} no longer has {', '.join(edit.dropped)}; nothing takes it there.", err=True
            )
    if proof.is_cure:
        click.echo("Proven in a copy: the target is healthy, and every public name is what it was.", err=True)
        return
    click.echo("These edits are no cure:", err=True)
    for failure in proof.failures:
        click.echo(f"  {failure}", err=True)


def _print(text: str) -> None:
    """Print a diff byte for byte, whatever the encoding of the files or of the terminal."""
    try:
        click.echo(text.encode("utf-8", "surrogateescape"), nl=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has seen enough
    except OSError as error:
        raise UnwritableFolderError(
            f"The diff cannot be written to standard output: {error.strerror}.",
            hint="Make room, or send it elsewhere.",
        ) from error
