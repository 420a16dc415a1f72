"""Where contracts stand in the text of a TOML file, of which tomllib gives no lines."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_HOME = ("tool", "import-doctor")


@dataclass(frozen=True)
class Lines:
    """The lines of contracts and of their keys, counted from 1."""

    contracts: list[dict[str, int]] = field(default_factory=list)
    """For each contract the line of each of its keys; under the empty name the line in which it begins."""
    top: dict[str, int] = field(default_factory=dict)
    """The line of each key of ``tool.import-doctor``; under the empty name that of the table."""


def find_lines(text: str) -> Lines:
    r"""Find the lines of the contracts.

    Parameters
    ----------
    text : str
        The text of a file that tomllib can read.

    Returns
    -------
    Lines
        The line of every contract and key, however they are written: as tables, inline, or with dotted keys.

    Examples
    --------
    >>> find_lines("[[tool.import-doctor.contract]]\nimport = 'json'\n").contracts
    [{'': 1, 'import': 2}]
    """
    found = Lines()
    path: tuple[str, ...] = ()
    for line, statement in _split(text):
        parsed = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            path = _find_path(parsed)
            if path == (*_HOME, "contract") and statement.lstrip().startswith("[["):
                found.contracts.append({"": line})
            elif path[:2] == _HOME:
                found.top.setdefault(path[2] if len(path) > 2 else "", line)
            continue
        if path == (*_HOME, "contract"):
            if found.contracts:
                found.contracts[-1] |= {key: found.contracts[-1].get(key, line) for key in parsed}
            continue
        for name in reversed(path):
            parsed = {name: parsed}
        ours: Any = parsed.get("tool")
        ours = ours.get("import-doctor") if isinstance(ours, dict) else None
        for key in ours if isinstance(ours, dict) else ():
            found.top.setdefault(key, line)
        rows = ours.get("contract") if isinstance(ours, dict) else None
        for row in rows if isinstance(rows, list) else ():
            found.contracts.append({"": line} | dict.fromkeys(row if isinstance(row, dict) else (), line))
        if ours is not None and not isinstance(ours, dict):
            found.top.setdefault("", line)
    return found


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Yield every header and every ``key = value`` with the line in which it begins."""
    began, waiting = 0, ""
    # Not splitlines: to TOML, other separators of lines are characters like any other.
    for line, words in enumerate(text.split("\n"), start=1):
        if not waiting and (not words.strip() or words.lstrip().startswith("#")):
            continue
        began = began if waiting else line
        waiting = f"{waiting}{words}\n"
        try:
            tomllib.loads(waiting)
        except tomllib.TOMLDecodeError:
            continue  # a list or a text that goes on
        yield began, waiting
        waiting = ""


def _find_path(header: Any) -> tuple[str, ...]:
    """Return the names in a header."""
    path: list[str] = []
    while header:
        header = header[0] if isinstance(header, list) else header
        if not header:
            break
        ((name, header),) = header.items()
        path.append(name)
    return tuple(path)
