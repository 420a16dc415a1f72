"""What a module gave before an edit and what it gives after."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from dsa110_contimg.doctor.edits.plan import Edit


@dataclass(frozen=True)
class Told:
    """What a module gave."""

    ending: str | None
    """How telling ended, if not well."""
    is_imported: bool = False
    """Whether the import came to its end."""
    names: tuple[str, ...] = ()
    """Its public names, by ``dir()``."""
    listed: tuple[str, ...] | None = None
    """Those of its ``__all__``, if it has one."""
    star: tuple[str, ...] | None = None
    """What a star import takes; nothing where it failed."""
    things: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What each name is: see ``witness/names.py``."""


def compare(edit: Edit, before: Told, after: Told) -> Iterator[str]:
    """Yield what an edit changed for those who import the module.

    Parameters
    ----------
    edit : Edit
        The edit.
    before : Told
        What the module gave before.
    after : Told
        What it gives now.

    Yields
    ------
    str
        A sentence each.
    """
    module = edit.module
    public = before.names if before.listed is None else before.listed
    kept = [name for name in public if name not in edit.dropped]
    things, again = before.things, after.things
    if after.ending not in (None, before.ending) and (before.ending is None or not after.is_imported):
        yield f"With the edit {after.ending}."
        return
    for name in kept:
        was, now = things.get(name), again.get(name)
        if was is None or "error" in was:
            continue
        if now is None or "error" in now:
            yield f"{module}.{name} no longer resolves: {(now or {}).get('error', 'it is not there')}."
        elif (was["type"], was["value"]) != (now["type"], now["value"]):
            yield f"{module}.{name} is another object: {_name(now)} in place of {_name(was)}."
        elif was["pickles"] and not now["pickles"]:
            yield f"{module}.{name} no longer pickles."
    if before.names:
        for name in sorted((set(before.names) ^ set(after.names)) - set(edit.dropped) - {"TYPE_CHECKING"}):
            yield f"dir({module}) {'lost' if name in before.names else 'gained'} {name}."
    if before.star is not None:
        if after.star is None:
            yield f"With the edit {after.ending}."
        else:
            for name in sorted((set(before.star) ^ set(after.star)) - set(edit.dropped) - {"TYPE_CHECKING"}):
                yield f"`from {module} import *` {'lost' if name in before.star else 'gained'} {name}."


def _name(thing: Mapping[str, Any]) -> str:
    return f"{thing['value'] or ''} ({thing['type']})".strip()
