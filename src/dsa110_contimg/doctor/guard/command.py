"""Check the contracts of a project from a shell: a line a contract, and the chains of those that are broken."""

from __future__ import annotations

import json
import sys

import click

from dsa110_contimg.doctor.errors import BadContractError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from typing import Any

    from dsa110_contimg.doctor.guard.contracts import Contract
    from dsa110_contimg.doctor.guard.outcomes import Outcome

EXIT_KEPT, EXIT_BROKEN, EXIT_UNCHECKED = 0, 1, 2
"""All contracts are kept; some are broken; some could not be checked."""
SCHEMA = 1
"""The version of the JSON; it changes only when a key goes or changes its meaning."""


def print_check(
    path: str | os.PathLike[str],
    *,
    python: str | os.PathLike[str] = sys.executable,
    timeout: float = 60.0,
    as_json: bool = False,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run the import of every contract in a child of its own, and print what became of each.

    Parameters
    ----------
    path : str or os.PathLike
        A ``pyproject.toml``, or the folder that it stands in.
    python : str or os.PathLike, default: this interpreter
        CPython 3.8 or newer.
    timeout : float, default: 60
        Seconds after which an import is taken to hang.
    as_json : bool, default: False
        Whether to print JSON.
    env : mapping, optional
        Environment variables to set for the children.

    Returns
    -------
    int
        The exit code: 0 when all are kept, 1 when one is broken, 2 when one could not be checked.

    Raises
    ------
    BadContractError
        When the contracts cannot be read, or there are none.
    BadInterpreterError
        When the interpreter does not run.
    """
    from dsa110_contimg.doctor.guard.checking import check_contract

    return _print(
        path, lambda contract: check_contract(contract, python=python, timeout=timeout, env=env), as_json=as_json
    )


def print_static_check(
    path: str | os.PathLike[str], *, python: str | os.PathLike[str] = sys.executable, as_json: bool = False
) -> int:
    """Read from source what every contract's import would load, without running it; else like `print_check`.

    Parameters
    ----------
    path : str or os.PathLike
        A ``pyproject.toml``, or the folder that it stands in.
    python : str or os.PathLike, default: this interpreter
        The interpreter whose packages are read.
    as_json : bool, default: False
        Whether to print JSON.

    Returns
    -------
    int
        The exit code.
    """
    from contextlib import chdir

    from dsa110_contimg.doctor.guard.contracts import find_contracts_file, read_contracts
    from dsa110_contimg.doctor.guard.static import check_statically

    file = find_contracts_file(path).absolute()
    contracts = read_contracts(file)

    def check(*some: Contract) -> tuple[Outcome, ...]:
        # As a run would find it: from the folder of the contracts.
        with chdir(file.parent):
            return check_statically(some, python=python)

    try:
        outcomes = dict(zip(contracts, check(*contracts), strict=True))
    except BadContractError:
        # One of them is about something that does not exist; one by one it is told which.
        return _print(file, lambda contract: check(contract)[0], as_json=as_json)
    return _print(file, outcomes.__getitem__, as_json=as_json)


def _print(path: str | os.PathLike[str], check: Callable[[Contract], Outcome], *, as_json: bool) -> int:
    from dsa110_contimg.doctor.guard.contracts import EXAMPLE, find_contracts_file, read_contracts
    from dsa110_contimg.doctor.guard.drawing import draw_outcome, write_outcome
    from dsa110_contimg.doctor.report.terminal import make_sheet, print_text

    file = find_contracts_file(path)
    contracts = read_contracts(file)
    if not contracts:
        raise BadContractError(f"There are no contracts in {file}.", hint=f"Write one, such as:\n{EXAMPLE}")
    rows: list[dict[str, Any]] = []
    kept = broken = 0
    left: dict[str, None] = {}
    for contract in contracts:
        try:
            outcome = check(contract)
        except BadContractError as error:
            rows.append(
                {"import": contract.target, "file": contract.file, "line": contract.line, "error": error.message}
            )
            click.echo(f"Error: {error}", err=True)
            continue
        kept, broken = kept + outcome.is_kept, broken + (not outcome.is_kept)
        left |= dict.fromkeys(outcome.unchecked)
        rows.append(write_outcome(outcome))
        if not as_json:
            sheet = make_sheet()
            draw_outcome(sheet, outcome)
            print_text(sheet.finish() + ("" if outcome.is_kept else "\n"))
    unchecked = len(contracts) - kept - broken
    if as_json:
        print_text(json.dumps({"schema": SCHEMA, "contracts": rows}, indent=2, allow_nan=False) + "\n")
    else:
        told = [f"{kept} kept", f"{broken} broken"] + ([f"{unchecked} not checked"] if unchecked else [])
        only = f" Only a run tells about: {', '.join(left)}." if left else ""
        print_text(f"Contracts: {', '.join(told)}.{only}\n")
    return EXIT_UNCHECKED if unchecked else EXIT_BROKEN if broken else EXIT_KEPT
