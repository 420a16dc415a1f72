"""The statements that would be executed at import, and the modules that they load."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    ModuleKind = Literal["source", "package", "namespace", "extension", "builtin", "compiled", "missing"]


@dataclass(frozen=True)
class Module:
    """A module that would be loaded."""

    name: str
    """Its full name."""
    kind: ModuleKind
    """``"source"``, ``"package"`` (a folder with ``__init__``), ``"namespace"`` (one without), ``"extension"`` (native
    code), ``"builtin"`` (part of the interpreter, frozen ones too), ``"compiled"`` (bytecode without source), or
    ``"missing"``: nothing was found under the name."""
    file: str | None = None
    """Its source file, bytecode or extension module; nothing where there is none."""
    libraries: tuple[str, ...] = ()
    """For an extension module the native libraries that it links to, by the names in its ELF file; for
    any other those that a run showed it load."""


@dataclass(frozen=True)
class Statement:
    """An import statement that is executed when its module is imported."""

    module: str
    """The module that it stands in; ``<target>`` for the target's own."""
    file: str
    """The file of that module; ``<target>`` for the target's own."""
    line: int
    """Its first line, counted from 1."""
    end_line: int
    """Its last line."""
    text: str
    """Its source, on one line."""
    is_conditional: bool = False
    """Whether it stands in a ``try``, an ``if`` or a loop, so that it may not be executed, or may fail without harm."""
    is_observed: bool = False
    """Whether it is known only from a real run; reading the source did not show that it loads anything."""


@dataclass(frozen=True)
class Edge:
    """One module that a statement loads; a statement that loads several has several edges.

    ``import a.b.c`` in ``m`` loads ``a``, ``a.b`` and ``a.b.c``: three edges from ``m``. ``from a import b`` loads
    ``a``, and ``a.b`` if that is a module and ``a`` does not define ``b`` itself; where ``a`` makes ``b`` in its
    ``__getattr__``, what that imports is loaded, too. A module's own packages were there before it: it has no edges to
    them, nor to itself.
    """

    statement: Statement
    """The statement."""
    imported: str
    """The full name of the module."""


@dataclass(frozen=True)
class Problem:
    """Something that could not be read; the rest was."""

    file: str
    """The file."""
    line: int | None
    """The line, if it is about one."""
    message: str
    """What is wrong."""


@dataclass(frozen=True)
class ImportGraph:
    """What would be executed when a target is imported."""

    roots: tuple[str, ...]
    """The modules that the target itself imports, in order, packages above them included."""
    modules: Mapping[str, Module]
    """Every module that would be loaded, by name, in the order in which it is first met."""
    edges: tuple[Edge, ...]
    """What each statement loads, in order; the statements of the target itself are those of the module ``<target>``."""
    problems: tuple[Problem, ...] = field(default=())
    """What could not be read."""
