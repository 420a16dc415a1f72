"""A door by PEP 562: names of a module that are loaded on their first use."""

from __future__ import annotations

from dataclasses import dataclass

_WIDTH = 100


@dataclass(frozen=True)
class Door:
    """What a door serves."""

    statements: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Import statements, and the names that each binds."""
    submodules: tuple[str, ...] = ()
    """Submodules that an import used to leave behind as attributes of the package."""
    is_listed: bool = False
    """Whether the module has an ``__all__`` of its own."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it serves."""
        return (*(name for _, names in self.statements for name in names), *self.submodules)


def write_door(door: Door, indent: str = "    ") -> str:
    """Write the functions of a door; it needs nothing but Python 3.7.

    Parameters
    ----------
    door : Door
        What it is to serve.
    indent : str, default: four spaces
        By what the file indents.

    Returns
    -------
    str
        Python, each line ending with a newline.

    Examples
    --------
    >>> print(write_door(Door((("from .tables import Table", ("Table",)),), is_listed=True)))
    def __getattr__(name):  # loads on first use what the import need not load (PEP 562)
        global Table
        if name == "Table":
            from .tables import Table
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals()[name]
    <BLANKLINE>
    <BLANKLINE>
    def __dir__():
        return sorted({*globals(), "Table"} - {"TYPE_CHECKING"})
    <BLANKLINE>
    """
    asked = "name" if "name" not in door.names else "_name"
    lines = [f"def __getattr__({asked}):  # loads on first use what the import need not load (PEP 562)"]
    if bound := [name for _, names in door.statements for name in names]:
        lines += _wrap(f"{indent}global ", bound)
    branches = [(_test(asked, names), statement) for statement, names in door.statements]
    if door.submodules:
        # Not `from . import name`, which asks the package for the name first, and so would come here again.
        branches.append((_test(asked, door.submodules), f'__import__(f"{{__name__}}.{{{asked}}}")'))
    if not door.is_listed:
        listed = 'return [key for key in __dir__() if not key.startswith("_")]  # what a star import takes'
        branches.append((f'{asked} == "__all__"', listed))
    for number, (test, statement) in enumerate(branches):
        lines.append(f"{indent}{'elif' if number else 'if'} {test}:")
        lines += [f"{indent * 2}{line}" for line in statement.splitlines()]
    lines += [
        f"{indent}else:",
        f'{indent * 2}raise AttributeError(f"module {{__name__!r}} has no attribute {{{asked}!r}}")',
        f"{indent}return globals()[{asked}]",
        "",
        "",
        "def __dir__():",
    ]
    whole = ", ".join(["*globals()", *map(_quote, door.names)])
    if len(whole) < _WIDTH - 40:
        lines.append(f'{indent}return sorted({{{whole}}} - {{"TYPE_CHECKING"}})')
    else:
        lines += [f"{indent}served = {{", *(f"{indent * 2}{_quote(name)}," for name in door.names), f"{indent}}}"]
        lines.append(f'{indent}return sorted({{*globals(), *served}} - {{"TYPE_CHECKING"}})')
    return "".join(f"{line}\n" for line in lines)


def _test(asked: str, names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return f"{asked} == {_quote(names[0])}"
    return f"{asked} in {{{', '.join(map(_quote, names))}}}"


def _quote(name: str) -> str:
    return f'"{name}"'


def _wrap(before: str, names: list[str]) -> list[str]:
    """Return statements of at most a line each that name them all."""
    lines = [f"{before}{names[0]}"]
    for name in names[1:]:
        if len(lines[-1]) + len(name) + 2 > _WIDTH:
            lines.append(f"{before}{name}")
        else:
            lines[-1] += f", {name}"
    return lines
