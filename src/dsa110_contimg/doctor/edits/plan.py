"""What is to be edited, what is not, and why not."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Form = Literal["move", "door", "removal"]


@dataclass(frozen=True)
class Edit:
    """A file and what it is to become."""

    file: str
    """The file."""
    module: str
    """The full name of the module that it holds."""
    before: bytes
    """What it holds now."""
    after: bytes
    """What it is to hold."""
    forms: tuple[Form, ...]
    """How: ``"move"`` (an import goes into the functions that use it), ``"door"`` (names are loaded on first use, by a
    ``__getattr__`` of the module), ``"removal"`` (a door that is there already serves the names)."""
    served: tuple[str, ...] = ()
    """The names that the door serves from now on."""
    dropped: tuple[str, ...] = ()
    """The names that the module no longer has: it imported them for its own use only, and nothing was seen to take them
    from it."""


@dataclass(frozen=True)
class Refusal:
    """A statement that is left where it is."""

    file: str
    """The file."""
    line: int
    """The line of the statement, or of what stands in its way."""
    statement: str
    """The statement, on one line."""
    reason: str
    """Why it is left there."""


@dataclass(frozen=True)
class Plan:
    """Edits that belong together."""

    root: str
    """The folder that the paths of a diff count from: that of the project, else the one that holds the package."""
    edits: tuple[Edit, ...]
    """A file each, in the order of their paths."""
    refusals: tuple[Refusal, ...] = ()
    """What is left as it is."""
