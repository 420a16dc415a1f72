"""What is to be examined: statements, a module name, or a script."""

from __future__ import annotations

import ast
import keyword
from dataclasses import dataclass

from dsa110_contimg.doctor.errors import BadTargetError, ScriptNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

TARGET_FILE = "<target>"
"""What stands in place of a file for the target's own statements."""


@dataclass(frozen=True)
class Target:
    """What the child is to run."""

    asked: str
    """As it was asked."""
    kind: Literal["statement", "script"]
    """Statements, or a script."""
    text: str
    """The statements, each beginning a line of its own, or the path of the script."""


def read_target(target: str, folder: Path) -> Target:
    """Read what is to be examined.

    Parameters
    ----------
    target : str
        Statements, a module name, or the path of a script.
    folder : pathlib.Path
        The folder that the path of a script counts from.

    Returns
    -------
    Target
        What the child is to run.

    Raises
    ------
    ScriptNotFoundError
        When there is no such script.
    BadTargetError
        When it is none of the three.
    """
    text = target.strip()
    if not text or "\0" in text:
        raise BadTargetError(
            f"The target {target!r} is empty." if not text else "The target contains a NUL character.",
            hint='Name a module (numpy.linalg), a statement ("from package import name") or a script (run.py).',
        )
    if text.endswith((".py", ".pyw")) or ("/" in text and "\n" not in text and _is_path(text, folder)):
        if not folder.joinpath(text).is_file():
            raise ScriptNotFoundError(
                f"The script {text} was to be examined; there is no such file in {folder}.",
                hint="Check the path. A module is named with dots and without .py.",
            )
        return Target(target, "script", text)
    if all(part.isidentifier() and not keyword.iskeyword(part) for part in text.split(".")):
        return Target(target, "statement", _parse(f"import {text}", target))
    return Target(target, "statement", _parse(text, target))


def _is_path(text: str, folder: Path) -> bool:
    try:
        return folder.joinpath(text).exists() or not any(character in text for character in " ;(\"'")
    except OSError:  # far too long for a path
        return False


def _parse(text: str, target: str) -> str:
    """Return the statements, each beginning a line of its own."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        told = error.msg if isinstance(error, SyntaxError) else str(error)
        raise BadTargetError(
            f"The target {_short(target)} is not Python: {told}.",
            hint='Name a module (numpy.linalg), a statement ("from package import name") or a script (run.py).',
        ) from error
    if len({node.lineno for node in tree.body}) == len(tree.body):
        return text
    return "\n".join(ast.get_source_segment(text, node) or ast.unparse(node) for node in tree.body)


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:117]}...")
