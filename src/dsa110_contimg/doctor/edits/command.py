"""``import-doctor --fix``: the edits that cure an import, as a diff, proven before they are offered."""

from __future__ import annotations

import sys

import click

from dsa110_contimg.doctor.edits.application import apply_plan, write_diff
from dsa110_contimg.doctor.edits.verification import verify
from dsa110_contimg.doctor.report.terminal import print_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from dsa110_contimg.doctor.edits.plan import Plan
    from dsa110_contimg.doctor.edits.verification import Verification


def offer(
    plan: Plan,
    target: str,
    *,
    forbid: Sequence[str] = (),
    python: str | os.PathLike[str] = sys.executable,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
    apply: bool = False,
) -> bool:
    """Prove edits in a copy, and print them if they are a cure.

    Parameters
    ----------
    plan : Plan
        The edits.
    target : str
        What was examined.
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
    bool
        Whether they are a cure; if not, or if one of the statements was refused, nothing is printed to standard output,
        or written.
    """
    for refusal in plan.refusals:
        click.echo(f"Not moved: {refusal.statement}\n  {refusal.file}:{refusal.line}: {refusal.reason}", err=True)
    if plan.refusals or not plan.edits:
        return False
    proof = verify(plan, target, forbid=forbid, python=python, timeout=timeout, env=env, args=args)
    _tell(plan, proof)
    if not proof.is_cure:
        return False
    print_text(write_diff(plan).encode("utf-8", "surrogateescape"))
    if apply:
        apply_plan(plan)
        click.echo(f"Written: {', '.join(edit.file for edit in plan.edits)}", err=True)
    return True


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
