"""Contracts are read with their lines, however they are written, and a mistake is named with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsa110_contimg.doctor.errors import BadContractError
from dsa110_contimg.doctor.guard.contracts import Contract, read_contracts

HEAD = "[[tool.import-doctor.contract]]\n"
ISSUE = """\
[project]
name = "x"
keywords = [
    "[[tool.import-doctor.contract]]",
]
description = '''
[[tool.import-doctor.contract]]
import = "nothing"
'''

[[tool.import-doctor.contract]]
import = "dsa110_contimg.qa:create_cutout"
forbid = [  # one a line
    "casacore",
    "astropy",
]
forbid-native = ["libcasa_*"]
max-modules = 60

max-time-ratio = 3.0        # against the bare interpreter
no-side-effects = true

[[ tool . "import-doctor" . contract ]]
'import' = "json"
max-time-ratio = 2

[tool.other]
import = "nothing"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(text)
    return file


def test_contracts_and_their_lines(tmp_path: Path) -> None:
    file = write(tmp_path, ISSUE)
    first, second = read_contracts(tmp_path)
    assert first == Contract(
        "dsa110_contimg.qa:create_cutout",
        forbid=("casacore", "astropy"),
        forbid_native=("libcasa_*",),
        max_modules=60,
        max_time_ratio=3.0,
        no_side_effects=True,
        file=str(file),
        line=11,
    )
    assert (first.module, first.name) == ("dsa110_contimg.qa", "create_cutout")
    assert first.statement == "from dsa110_contimg.qa import create_cutout"
    lines = ISSUE.split("\n")
    for key in ("import", "forbid", "forbid-native", "max-modules", "max-time-ratio", "no-side-effects"):
        assert lines[first.find_line(key) - 1].startswith(f"{key} =")
    assert (second.target, second.statement, second.name) == ("json", "import json", None)
    assert (second.line, second.find_line("import"), second.find_line("max-time-ratio")) == (23, 24, 25)
    assert second.find_line("forbid") == 23


@pytest.mark.parametrize(
    "text",
    [
        "[tool.import-doctor]\n\ncontract = [\n  {import = 'json', forbid = ['re']},\n  {import = 'csv'},\n]\n",
        "[tool]\n\nimport-doctor.contract = [{import = 'json', forbid = ['re']}, {import = 'csv'}]\n",
        "\n\ntool.import-doctor = {contract = [{import = 'json', forbid = ['re']}, {import = 'csv'}]}\n",
        "\r\n\r\n[[tool.import-doctor.contract]]\r\nimport='json'\r\nforbid=['re']\r\n[[tool.import-doctor.contract]]\r\nimport='csv'",
    ],
)
def test_every_way_to_write_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text.encode())
    first, second = read_contracts(tmp_path)
    assert (first.target, first.forbid, first.line, second.target) == ("json", ("re",), 3, "csv")


@pytest.mark.parametrize(
    "text", ["", "[project]\nname = 'x'\n", "[tool.ruff]\n", "[tool.import-doctor]\n", "tool = 3\n"]
)
def test_a_project_without_contracts(text: str, tmp_path: Path) -> None:
    assert read_contracts(write(tmp_path, text)) == ()


@pytest.mark.parametrize(
    ("text", "line", "says", "hint"),
    [
        (HEAD + "import = 'json'\n\nforbidden = ['x']\n", 4, "no key 'forbidden'", "Did you mean 'forbid'?"),
        (HEAD + "import = 'json'\ncolour = 3\n", 3, "no key 'colour'", "The keys are: import, forbid"),
        (HEAD + "import = 'json'\nmax_modules = 3\n", 3, "no key 'max_modules'", "Did you mean 'max-modules'?"),
        ("\n[[tool.import-doctor.contracts]]\nimport = 'json'\n", 2, "no key 'contracts'", HEAD.strip()),
        ("[tool.import-doctor]\nx = 1\n", 2, "no key 'x'", HEAD.strip()),
        ("[tool]\nimport-doctor = 3\n", 2, "tool.import-doctor is 3", HEAD.strip()),
        ("[tool.import-doctor.contract]\nimport = 'json'\n", 1, "no array of tables", HEAD.strip()),
        ("[tool.import-doctor]\ncontract = 'json'\n", 2, "no array of tables", HEAD.strip()),
        (HEAD + "\nforbid = ['x']\n", 1, "does not say what is imported", "Add: import ="),
        (HEAD + "import = 3\n", 2, "import is 3", "package.module:name"),
        (HEAD + "import = ''\n", 2, "import is ''", "package.module:name"),
        (HEAD + "import = 'import json'\n", 2, "import is 'import json'", "package.module:name"),
        (HEAD + "import = 'json:'\n", 2, "import is 'json:'", "package.module:name"),
        (HEAD + "import = 'json:a:b'\n", 2, "import is 'json:a:b'", "package.module:name"),
        (HEAD + "import = 'json.class'\n", 2, "import is 'json.class'", "package.module:name"),
        (HEAD + "import = 'json:loads; import os'\n", 2, "import is", "package.module:name"),
        (HEAD + "import = 'json'\nforbid = 'x'\n", 3, "forbid is 'x'", "a list of modules"),
        (HEAD + "import = 'json'\nforbid = [\n  'x',\n  3,\n]\n", 3, "forbid is ['x', 3]", "a list of modules"),
        (HEAD + "import = 'json'\nforbid = ['']\n", 3, "forbid is ['']", "a list of modules"),
        (HEAD + "import = 'json'\nforbid-native = {a = 1}\n", 3, "forbid-native is {'a': 1}", "libcasa_*"),
        (HEAD + "import = 'json'\nmax-modules = -1\n", 3, "max-modules is -1", "0 or more"),
        (HEAD + "import = 'json'\nmax-modules = 2.0\n", 3, "max-modules is 2.0", "whole number"),
        (HEAD + "import = 'json'\nmax-modules = true\n", 3, "max-modules is True", "whole number"),
        (HEAD + "import = 'json'\nmax-time-ratio = 0.5\n", 3, "max-time-ratio is 0.5", "1 or more"),
        (HEAD + "import = 'json'\nmax-time-ratio = nan\n", 3, "max-time-ratio is nan", "1 or more"),
        (HEAD + "import = 'json'\nmax-time-ratio = inf\n", 3, "max-time-ratio is inf", "1 or more"),
        (HEAD + "import = 'json'\nmax-time-ratio = '3'\n", 3, "max-time-ratio is '3'", "1 or more"),
        (HEAD + "import = 'json'\nno-side-effects = 1\n", 3, "no-side-effects is 1", "true or false"),
        (HEAD + "import = 'json'\n" + HEAD + "import = 'csv'\nx = 1\n", 5, "no key 'x'", "The keys are"),
        (HEAD + "import = 'json'\nimport = 'csv'\n", 3, "no TOML", "Correct that line"),
        (HEAD + "import = \n", 2, "no TOML", "Correct that line"),
        (HEAD + "forbid = [\n", 3, "no TOML", "Correct that line"),
        (
            HEAD + "import = 'json'\nforbid = ['a\tb', " + "'x'" + ", 7" * 99 + "]\n",
            3,
            "forbid is ['a\\tb', 'x', 7",
            "a list",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_line(text: str, line: int, says: str, hint: str, tmp_path: Path) -> None:
    file = write(tmp_path, text)
    with pytest.raises(BadContractError) as caught:
        read_contracts(tmp_path)
    assert caught.value.message.startswith(f"{file}:{line}: ")
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < len(str(file)) + 140
    assert hint in caught.value.hint


def test_a_huge_number_is_a_number(tmp_path: Path) -> None:
    (contract,) = read_contracts(write(tmp_path, HEAD + f"import = 'json'\nmax-modules = 1{'0' * 400}\n"))
    assert contract.max_modules == 10**400


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadContractError, match="there is no file"):
        read_contracts(tmp_path)
    with pytest.raises(BadContractError, match="there is no file"):
        read_contracts(tmp_path / "absent.toml")
    file = tmp_path / "pyproject.toml"
    file.write_bytes(b"[project]\nname = 'Andr\xe9'\n")
    with pytest.raises(BadContractError, match=r"pyproject\.toml:2: this is no UTF-8"):
        read_contracts(file)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(BadContractError, match="cannot be read: Permission denied") as caught:
        read_contracts(file)
    assert caught.value.hint
