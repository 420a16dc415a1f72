"""Find the data that CASA needs (Earth orientation, ephemerides), without importing any of CASA.

Nothing happens when this module is imported.
"""

from __future__ import annotations

import ast
import os
from importlib.util import find_spec
from pathlib import Path

from dsa110_contimg.errors import CasaDataNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTS = ("geodetic", "ephemerides")
"""What makes a folder CASA's data."""

_SITE_CONFIGS = (Path("/opt/casa/casasiteconfig.py"), Path("/home/casa/casasiteconfig.py"))
"""Where casaconfig looks for a site's configuration, if CASASITECONFIG does not name one."""


def ensure_casa_path(data: str | os.PathLike[str] | None = None) -> Path | None:
    """Find CASA's data, and point ``CASAPATH`` at it unless it points somewhere already.

    The places, in this order: the argument, ``CASAPATH``, ``CASADATA``, what casaconfig's files name as
    ``measurespath`` or ``datapath`` (the person's ``~/.casa/config.py`` before the site's file), ``~/.casa/data``,
    and the installed ``casadata`` package. The first that holds data is taken.

    Parameters
    ----------
    data : str or os.PathLike, optional
        CASA's data folder, or the folder whose ``data`` it is.

    Returns
    -------
    Path or None
        The folder that holds ``geodetic`` and ``ephemerides``; None if there is none.

    Raises
    ------
    CasaDataNotFoundError
        When `data` is given and holds no such data.

    Notes
    -----
    Only ``CASAPATH`` is ever changed, and only if it is unset or empty: a second call changes nothing. By CASA's
    convention ``CASAPATH`` is the root whose subfolder ``data`` holds the data, so the parent is written where the
    folder is called ``data``, and the folder itself otherwise. The configuration files are read, never executed.
    """
    found = _check_given(_place(data)) if data is not None else find_casa_data()
    if found is not None and not os.environ.get("CASAPATH"):
        os.environ["CASAPATH"] = str(found.parent if found.name == "data" else found)
    return found


def find_casa_data() -> Path | None:
    """Find CASA's data without changing anything.

    Returns
    -------
    Path or None
        The folder that holds ``geodetic`` and ``ephemerides``; None if there is none.
    """
    return next((found for place in _places() if (found := _data_in(place))), None)


def _check_given(place: Path) -> Path:
    found = _data_in(place)
    if found is None:
        lack = "holds no folders geodetic and ephemerides" if _is_folder(place) else "is no folder"
        raise CasaDataNotFoundError(
            f"There is no CASA data at {place}: it {lack}.",
            hint="Name the folder that holds them. If there is none: pip install casadata brings it.",
        )
    return found


def _data_in(place: Path) -> Path | None:
    candidates = (place, place / "data")
    return next((folder for folder in candidates if all(_is_folder(folder / part) for part in _PARTS)), None)


def _is_folder(path: Path) -> bool:
    # Not Path.is_dir, which raises where one may not look, as in another person's home.
    return os.path.isdir(path)  # noqa: PTH112


def _place(path: str | os.PathLike[str]) -> Path:
    # Not Path.expanduser, which raises where nobody's home is known, as in a container under a number for a user.
    return Path(os.path.expanduser(path)).absolute()  # noqa: PTH111


def _places() -> Iterator[Path]:
    if casapath := os.environ.get("CASAPATH"):
        yield _place(casapath)
        yield from map(_place, casapath.split()[:1])  # CASA's own form has four words: root, system, site, host
    if casadata := os.environ.get("CASADATA"):
        yield _place(casadata)
    for config in _configs():
        yield from _named_in(config)
    yield _place("~/.casa/data")
    for package in _locations("casadata"):
        yield package / "__data__"


def _configs() -> Iterator[Path]:
    """Find casaconfig's files, the one that has the last word first."""
    yield _place("~/.casa/config.py")
    if "CASASITECONFIG" in os.environ:
        site = Path(os.environ["CASASITECONFIG"])
        yield from [site] if site.is_absolute() else []  # as casaconfig does, which ignores a relative one
    elif standard := [path for path in _SITE_CONFIGS if os.path.isfile(path)]:  # noqa: PTH113 - as in _is_folder
        yield standard[0]
    else:
        yield from _locations("casasiteconfig")


def _locations(module: str) -> list[Path]:
    """Find where a module or package is, without importing it."""
    spec = find_spec(module)
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(place) for place in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.origin else []


def _named_in(config: Path) -> Iterator[Path]:
    """Read which folders a configuration names as plain texts; what it computes stays unknown."""
    try:
        tree = ast.parse(config.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # casaconfig goes on without a file that it cannot read, too
    named = {name: value for node in tree.body if isinstance(node, ast.Assign) for name, value in _assigned(node)}
    for name in ("measurespath", "datapath"):
        value = named.get(name)
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str):
                yield _place(text)


def _assigned(node: ast.Assign) -> Iterator[tuple[str, object]]:
    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    try:
        value = ast.literal_eval(node.value)
    except (ValueError, TypeError):
        return
    yield from ((name, value) for name in names)
