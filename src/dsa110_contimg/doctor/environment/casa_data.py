"""Whether what CASA's variables point to is there."""

from __future__ import annotations

import ast
import os
from pathlib import Path

_PARTS = ("geodetic", "ephemerides")
_FOLDERS = ("measurespath", "datapath")


def look_at_casa_data(name: str, value: str) -> str | None:
    """Look whether a variable of CASA points to what CASA needs.

    Parameters
    ----------
    name : str
        ``CASAPATH`` or ``CASASITECONFIG``.
    value : str
        What it holds.

    Returns
    -------
    str or None
        What is wrong, in a few words; nothing if nothing is.

    Examples
    --------
    >>> look_at_casa_data("CASAPATH", "/no/such/folder linux")
    'there is no folder /no/such/folder'
    """
    return _look_at_path(value) if name == "CASAPATH" else _look_at_config(value)


def _look_at_path(value: str) -> str | None:
    # CASA's own form has four words, of which the first is the root; a folder may have a space in its name, too.
    roots = [root for root in (value, *value.split()[:1]) if os.path.isdir(os.path.expanduser(root))]  # noqa: PTH111, PTH112
    if not roots:
        return f"there is no folder {value.split()[0]}" if value.split() else "it is empty"
    if any(_holds_data(Path(root).expanduser()) for root in roots):
        return None
    return f"{roots[0]} holds no folders {' and '.join(_PARTS)}, nor does a folder data in it"


def _holds_data(root: Path) -> bool:
    # Not Path.is_dir, which raises where one may not look.
    return any(all(os.path.isdir(folder / part) for part in _PARTS) for folder in (root, root / "data"))  # noqa: PTH112


def _look_at_config(value: str) -> str | None:
    if not os.path.isabs(value):  # noqa: PTH117 - as text
        return "casaconfig ignores a relative path"
    try:
        tree = ast.parse(Path(value).read_bytes())
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    except (SyntaxError, ValueError) as error:
        return f"it is no Python: {error}"
    missing = [
        folder
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id in _FOLDERS for to in node.targets)
        for folder in _read_texts(node.value)
        if not os.path.isdir(os.path.expanduser(folder))  # noqa: PTH111, PTH112 - as above
    ]
    return f"it names {missing[0]}, which is no folder" if missing else None


def _read_texts(node: ast.expr) -> list[str]:
    """Return the texts of a literal; what is computed is not followed."""
    items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
