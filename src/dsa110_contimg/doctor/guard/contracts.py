"""The contracts in ``pyproject.toml``: what an import may load and do, each with the line that says so."""

from __future__ import annotations

import difflib
import keyword
import math
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from dsa110_contimg.doctor.errors import BadContractError
from dsa110_contimg.doctor.guard.lines import find_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any, NoReturn

    from dsa110_contimg.doctor.guard.lines import Lines

FILE = "pyproject.toml"
"""Where contracts stand."""
TABLE = "tool.import-doctor.contract"
EXAMPLE = f'[[{TABLE}]]\nimport = "mypackage.qa:create_cutout"\nforbid = ["casacore"]'
"""The shortest contract that says something, for hints."""


@dataclass(frozen=True)
class Contract:
    """What one import may load and do.

    Examples
    --------
    >>> Contract("mypackage.qa:create_cutout", forbid=("casacore",)).statement
    'from mypackage.qa import create_cutout'
    """

    target: str
    """What is imported: ``package.module``, or ``package.module:name``."""
    forbid: tuple[str, ...] = ()
    """Modules, with all below them, that must not be loaded."""
    forbid_native: tuple[str, ...] = ()
    """Native libraries, by file name such as ``libcasa_*``, that must not be loaded."""
    max_modules: int | None = None
    """How many modules it may load; those that Python itself has loaded at its start do not count."""
    max_time_ratio: float | None = None
    """How many times as long as a bare interpreter it may take, from start to end, with its bytecode at hand."""
    no_side_effects: bool = False
    """Whether it must leave all else as it was: see `Examination.side_effects`."""
    file: str = FILE
    """The file in which it stands."""
    line: int = 1
    """The line in which it begins, counted from 1."""
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """The line of each of its keys."""

    @property
    def module(self) -> str:
        """The module that is imported."""
        return self.target.partition(":")[0]

    @property
    def name(self) -> str | None:
        """What is imported from it; nothing if it is the module itself."""
        return self.target.partition(":")[2] or None

    @property
    def statement(self) -> str:
        """The import as Python says it."""
        return f"from {self.module} import {self.name}" if self.name else f"import {self.module}"

    def find_line(self, key: str) -> int:
        """Return the line in which a key stands."""
        return self.lines.get(key, self.line)


def find_contracts_file(path: str | os.PathLike[str]) -> Path:
    """Find the file of contracts: the path itself, or ``pyproject.toml`` in the folder that it names.

    Parameters
    ----------
    path : str or os.PathLike
        A TOML file, or a folder.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    BadContractError
        When there is none.
    """
    place = Path(path)
    file = place / FILE if place.is_dir() else place
    if not file.is_file():
        raise BadContractError(
            f"Contracts were asked for; there is no file {file}.",
            hint=f"Give the path of a {FILE}, or of the folder that it stands in.",
        )
    return file


def read_contracts(path: str | os.PathLike[str]) -> tuple[Contract, ...]:
    r"""Read the contracts of a project.

    Parameters
    ----------
    path : str or os.PathLike
        A ``pyproject.toml``, or the folder that it stands in.

    Returns
    -------
    tuple of Contract
        In the order of the file; empty when it has none.

    Raises
    ------
    BadContractError
        When the file is missing or no TOML, or a contract has an unknown key or a value of a wrong kind.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = "[[tool.import-doctor.contract]]\nimport = 'json'\nmax-modules = 9\n"
    ...     _ = pathlib.Path(folder, "pyproject.toml").write_text(text)
    ...     (contract,) = read_contracts(folder)
    >>> contract.target, contract.max_modules, contract.find_line("max-modules")
    ('json', 9, 3)
    """
    file = find_contracts_file(path)
    try:
        text = file.read_bytes().decode()
        whole = tomllib.loads(text)
    except OSError as error:
        raise BadContractError(f"{file} cannot be read: {error.strerror}.", hint="Check its permissions.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadContractError(f"{file}:{line}: this is no UTF-8.", hint="Save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column \d+\)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        told = re.sub(r" \(at .*\)$", "", str(error))
        raise BadContractError(f"{file}:{line}: this is no TOML: {told}.", hint="Correct that line.") from error
    tool = whole.get("tool")
    ours = tool.get("import-doctor", {}) if isinstance(tool, dict) else {}
    if not ours:
        return ()
    reader = _Reader(str(file), find_lines(text))
    return reader.read(ours)


@dataclass(frozen=True)
class _Reader:
    """Read what tomllib made of a file, and tell mistakes with their lines."""

    file: str
    lines: Lines

    def read(self, ours: Any) -> tuple[Contract, ...]:
        top = self.lines.top
        if not isinstance(ours, dict):
            self.refuse(top.get("", 1), f"tool.import-doctor is {ours!r}", f"Write:\n{EXAMPLE}")
        for key in ours:
            if key != "contract":
                self.refuse(top.get(key, 1), f"tool.import-doctor has no key {key!r}", f"Write:\n{EXAMPLE}")
        rows = ours.get("contract", [])
        if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            self.refuse(top.get("contract", 1), f"{TABLE} is no array of tables", f"Write:\n{EXAMPLE}")
        places = self.lines.contracts
        return tuple(self.read_one(row, places[number]) for number, row in enumerate(rows))

    def read_one(self, row: dict[str, Any], lines: Mapping[str, int]) -> Contract:
        line = lines[""]
        for key in row:
            if key not in KEYS:
                near = difflib.get_close_matches(key, KEYS, 1)
                known = f"The keys are: {', '.join(KEYS)}."
                hint = f"Did you mean {near[0]!r}? {known}" if near else known
                self.refuse(lines.get(key, line), f"a contract has no key {key!r}", hint)
        if "import" not in row:
            self.refuse(line, "this contract does not say what is imported", 'Add: import = "mypackage.module:name"')
        for key, value in row.items():
            is_right, kind = KEYS[key]
            if not is_right(value):
                self.refuse(lines.get(key, line), f"{key} is {_short(value)}", f"Give {kind}.")
        return Contract(
            target=row["import"],
            forbid=tuple(row.get("forbid", ())),
            forbid_native=tuple(row.get("forbid-native", ())),
            max_modules=row.get("max-modules"),
            max_time_ratio=row.get("max-time-ratio"),
            no_side_effects=row.get("no-side-effects", False),
            file=self.file,
            line=line,
            lines=lines,
        )

    def refuse(self, line: int, what: str, hint: str) -> NoReturn:
        raise BadContractError(f"{self.file}:{line}: {what}.", hint=hint)


def _short(value: object) -> str:
    return text if len(text := repr(value)) <= 80 else f"{text[:77]}..."


def _is_target(value: object) -> bool:
    if not isinstance(value, str):
        return False
    module, colon, name = value.partition(":")
    parts = [*module.split("."), *([name] if colon else [])]
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)


def _is_number(value: object, least: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value < math.inf


KEYS = {
    "import": (_is_target, 'the name of a module, or "package.module:name"'),
    "forbid": (_are_names, 'a list of modules, such as ["casacore", "astropy"]'),
    "forbid-native": (_are_names, 'a list of file names of native libraries, such as ["libcasa_*"]'),
    "max-modules": (lambda value: isinstance(value, int) and _is_number(value, 0), "a whole number, 0 or more"),
    "max-time-ratio": (lambda value: _is_number(value, 1), "a number, 1 or more: a bare interpreter takes 1"),
    "no-side-effects": (lambda value: isinstance(value, bool), "true or false"),
}
"""The keys of a contract, what makes a value right, and that in words."""
