"""What a source file does at import: imports that are executed, and names that are bound."""

from __future__ import annotations

from typing import NamedTuple


class Request(NamedTuple):
    """A module that a statement asks for, as it is written there."""

    level: int
    """The dots before it."""
    module: str
    """What follows the dots."""
    names: tuple[str, ...] | None
    """What is taken from it, ``("*",)`` for all; nothing if the module itself is imported."""
    bound: tuple[str, ...]
    """The names that are bound, one for each of the names, or for the module."""


class Import(NamedTuple):
    """A statement that imports."""

    line: int
    """Its first line, counted from 1."""
    end_line: int
    """Its last line."""
    text: str
    """Its source, on one line."""
    is_conditional: bool
    """Whether it may not be executed, or may fail without harm."""
    requests: tuple[Request, ...]
    """What it asks for."""


class Binding(NamedTuple):
    """Names that the module defines itself."""

    names: tuple[str, ...]
    """The names."""
    is_certain: bool
    """Whether they are bound in any case, and to stay."""


class Exports(NamedTuple):
    """What ``__all__`` is set to, or what is added to it."""

    names: tuple[str, ...]
    """Its names, as far as they stand in the text."""
    is_added: bool
    """Whether they are added."""


class Scan(NamedTuple):
    """What a file does at import."""

    events: tuple[Import | Binding | Exports, ...]
    """What it does, in order."""
    fault: tuple[int | None, str] | None = None
    """The line where it is no Python, and why; then there are no events."""
    doors: tuple[Import, ...] = ()
    """For a module with ``__getattr__``: the imports in that, and those for type checkers, which tell its names."""
