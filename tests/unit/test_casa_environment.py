"""CASA's data is found without importing CASA, and what is installed is told from metadata."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dsa110_contimg import errors
from dsa110_contimg.casa import ensure_casa_path
from dsa110_contimg.casa.environment import find_casa_data
from dsa110_contimg.casa.inventory import find_combinations, take_inventory
from dsa110_contimg.cli import casa
from dsa110_contimg.utils.casa_init import ensure_casa_path as old_address

if TYPE_CHECKING:
    from pathlib import Path
from support import run_python


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty home, with none of CASA's variables set and none of its packages on the path."""
    for name in ("CASAPATH", "CASADATA", "CASASITECONFIG"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("dsa110_contimg.casa.environment._SITE_CONFIGS", (tmp_path / "opt" / "casasiteconfig.py",))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    (tmp_path / "site").mkdir()
    sys.path_importer_cache.pop(str(tmp_path / "site"), None)
    return tmp_path / "home"


def make_data(folder: Path) -> Path:
    for part in ("geodetic", "ephemerides"):
        (folder / part).mkdir(parents=True)
    return folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_nothing_is_found_and_nothing_is_set_where_there_is_nothing() -> None:
    before = dict(os.environ)
    assert ensure_casa_path() is None
    assert dict(os.environ) == before


def test_the_argument_comes_first(tmp_path: Path, home: Path) -> None:
    make_data(home / ".casa" / "data")
    data = make_data(tmp_path / "mine" / "data")
    before = dict(os.environ)
    assert ensure_casa_path(str(data)) == data
    assert dict(os.environ) == {**before, "CASAPATH": str(tmp_path / "mine")}


def test_a_second_call_changes_nothing(tmp_path: Path) -> None:
    first = ensure_casa_path(make_data(tmp_path / "mine" / "data"))
    before = dict(os.environ)
    assert ensure_casa_path() == first
    assert ensure_casa_path(make_data(tmp_path / "other" / "data")) == tmp_path / "other" / "data"
    assert dict(os.environ) == before


def test_the_root_may_be_named_instead_of_its_data(tmp_path: Path) -> None:
    data = make_data(tmp_path / "root" / "data")
    assert ensure_casa_path(tmp_path / "root") == data
    assert os.environ["CASAPATH"] == str(tmp_path / "root")


def test_a_folder_of_another_name_is_its_own_root_and_is_found_again(tmp_path: Path) -> None:
    data = make_data(tmp_path / "casarundata")
    assert ensure_casa_path(data) == data
    assert os.environ["CASAPATH"] == str(data)
    assert find_casa_data() == data


def test_a_bad_argument_is_an_error_and_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "half" / "geodetic").mkdir(parents=True)
    for place, why in [("half", "holds no folders geodetic and ephemerides"), ("absent", "is no folder")]:
        with pytest.raises(errors.CasaDataNotFoundError, match=why) as caught:
            ensure_casa_path(tmp_path / place)
        assert isinstance(caught.value, FileNotFoundError)
        assert "casadata" in caught.value.hint
    assert "CASAPATH" not in os.environ


def test_casapath_is_kept_whatever_it_holds(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_data(home / ".casa" / "data")
    data = make_data(tmp_path / "root" / "data")
    for value, found in [
        (str(tmp_path / "root"), data),
        (str(data), data),
        (f"{tmp_path / 'root'} linux local host", data),
        (str(tmp_path / "nothing"), home / ".casa" / "data"),
    ]:
        monkeypatch.setenv("CASAPATH", value)
        assert ensure_casa_path() == found
        assert os.environ["CASAPATH"] == value


def test_an_empty_casapath_counts_as_unset(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_data(home / ".casa" / "data")
    monkeypatch.setenv("CASAPATH", "")
    ensure_casa_path()
    assert os.environ["CASAPATH"] == str(home / ".casa")


def test_a_blank_casapath_names_no_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASAPATH", "  ")
    data = make_data(home / ".casa" / "data")
    assert ensure_casa_path() == data
    assert os.environ["CASAPATH"] == "  "


def test_a_relative_place_stays_good_when_the_caller_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_data(tmp_path / "data")
    monkeypatch.setenv("CASADATA", "data")
    monkeypatch.chdir(tmp_path)
    assert ensure_casa_path() == data
    assert os.environ.pop("CASAPATH") == str(tmp_path)


def test_places_one_may_not_look_into_are_passed_over(tmp_path: Path) -> None:
    # Another person's home is closed, and where a container runs under a number nobody's home is known.
    closed = make_data(tmp_path / "closed" / "data").parent
    code = (
        "import os, sys, pwd; from pathlib import Path; from dsa110_contimg.casa import environment; "
        "environment._SITE_CONFIGS = (Path(sys.argv[1]) / 'casasiteconfig.py',); "
        "os.environ.pop('HOME'); os.environ['CASADATA'] = sys.argv[1]; os.geteuid() or os.setuid(54321); "
        "print(environment.ensure_casa_path())"
    )
    closed.chmod(0)
    try:
        child = run_python(code, str(closed))
    finally:
        closed.chmod(0o755)
    assert (child.returncode, child.stdout.strip()) == (0, "None"), child.stderr


def test_the_places_in_their_order(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place is found once all that come before it are gone."""
    places = {name: make_data(tmp_path / name) for name in ("environment", "person", "site", "standard")}
    places["home"] = make_data(home / ".casa" / "data")
    places["package"] = make_data(tmp_path / "site-packages" / "casadata" / "__data__")
    write(tmp_path / "site-packages" / "casadata" / "__init__.py", "raise SystemExit('imported')")
    monkeypatch.setenv("CASADATA", str(places["environment"]))
    write(home / ".casa" / "config.py", f"measurespath = {str(places['person'])!r}")
    site = write(tmp_path / "conf" / "site.py", f"datapath = ['/absent', {str(places['site'])!r}]")
    write(tmp_path / "opt" / "casasiteconfig.py", f"measurespath = {str(places['standard'])!r}")
    monkeypatch.setenv("CASASITECONFIG", str(site))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site-packages")])

    assert find_casa_data() == places["environment"]
    monkeypatch.delenv("CASADATA")
    assert find_casa_data() == places["person"]
    (home / ".casa" / "config.py").unlink()
    assert find_casa_data() == places["site"]
    monkeypatch.delenv("CASASITECONFIG")
    assert find_casa_data() == places["standard"]
    (tmp_path / "opt" / "casasiteconfig.py").unlink()
    assert find_casa_data() == places["home"]
    places["home"].rename(home / "away")
    assert find_casa_data() == places["package"]
    assert "casadata" not in sys.modules


def test_a_site_configuration_on_the_path_is_found(tmp_path: Path) -> None:
    data = make_data(tmp_path / "shared-data")
    write(tmp_path / "site" / "casasiteconfig.py", f"measurespath = {str(data)!r}")
    assert find_casa_data() == data


def test_a_relative_casasiteconfig_is_ignored_as_by_casaconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "site.py", f"measurespath = {str(make_data(tmp_path / 'd'))!r}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASASITECONFIG", "site.py")
    assert find_casa_data() is None


@pytest.mark.parametrize(
    "text",
    [
        "import pathlib\npathlib.Path({0!r}).touch()\nmeasurespath = {1!r}",
        "measurespath = __import__('pathlib').Path({0!r}).touch()\ndatapath = [{1!r}]",
        "measurespath = None\ndatapath = {1!r}",
        "other = 1 + 1\nmeasurespath: str\nmeasurespath = {1!r}",
    ],
)
def test_a_configuration_is_read_and_never_executed(tmp_path: Path, home: Path, text: str) -> None:
    data = make_data(tmp_path / "named")
    write(home / ".casa" / "config.py", text.format(str(tmp_path / "executed"), str(data)))
    assert find_casa_data() == data
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "text",
    [
        "measurespath = ",
        "\0",
        "measurespath = f(x)",
        "datapath = [None, 3]",
        "\xff",
        "measurespath = {[]: 1}",
        "measurespath = '~nobody_of_this_name/data'",
        "measurespath = 'a\\0b'",
    ],
)
def test_a_configuration_that_says_nothing_is_passed_over(home: Path, text: str) -> None:
    (home / ".casa").mkdir()
    (home / ".casa" / "config.py").write_bytes(text.encode("latin-1"))
    data = make_data(home / ".casa" / "data")
    assert find_casa_data() == data


def test_the_old_address_is_the_same_function() -> None:
    assert old_address is ensure_casa_path


def test_importing_changes_nothing() -> None:
    code = (
        "import os, sys; before = dict(os.environ); import dsa110_contimg.casa.environment; "
        "from dsa110_contimg.casa.inventory import take_inventory; take_inventory(); "
        "native = {'casacore', 'casatools', 'numpy'} & set(sys.modules); print(before == dict(os.environ), native)"
    )
    child = run_python(code)
    assert (child.returncode, child.stdout.strip()) == (0, "True set()"), child.stderr


def install(site: Path, name: str, version: str) -> None:
    write(site / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA", f"Name: {name}\nVersion: {version}\n")
    write(site / name.replace("python-", "") / "__init__.py", "raise SystemExit('imported')")


def test_the_inventory_tells_versions_and_places_without_importing(tmp_path: Path) -> None:
    install(tmp_path / "site", "casatools", "6.7.0.31")
    found = {library.name: library for library in take_inventory().libraries}
    assert list(found) == ["python-casacore", "casatools", "casatasks", "casadata", "casaconfig", "arcae"]
    assert (found["casatools"].version, found["casatools"].location) == ("6.7.0.31", str(tmp_path / "site"))
    assert (found["arcae"].version, found["arcae"].location) == (None, None)


@pytest.mark.parametrize(
    ("casacore", "severities"),
    [
        ("3.8.0rc1", ["bad", "note"]),
        ("3.5.2", ["bad", "note"]),
        ("3.7.1", ["bad", "note"]),
        ("3.8.1", ["note", "note"]),
        ("3.10.0", ["note", "note"]),
    ],
)
def test_casacore_and_casatools_together(tmp_path: Path, casacore: str, severities: list[str]) -> None:
    install(tmp_path / "site", "casatools", "6.7.0.31")
    install(tmp_path / "site", "python-casacore", casacore)
    inventory = take_inventory()
    assert [combination.severity for combination in inventory.combinations] == severities
    assert inventory.is_bad == ("bad" in severities)
    assert all(combination.source for combination in inventory.combinations)


def test_each_of_them_alone_is_fine() -> None:
    assert not find_combinations({"python-casacore": (3, 7, 1)})
    assert not find_combinations({"arcae": (0, 5, 8)})
    assert [found.severity for found in find_combinations({"casatools": (6, 7, 0, 31)})] == ["note"]


@pytest.mark.parametrize(("casacore", "exit_code"), [("3.7.1", 1), ("3.8.1", 0), ("3.8.1rc2", 0), ("3.8", 1)])
def test_the_command_exits_with_1_for_what_crashes(tmp_path: Path, casacore: str, exit_code: int) -> None:
    install(tmp_path / "site", "casatools", "6.7.0.31")
    install(tmp_path / "site", "python-casacore", casacore)
    data = make_data(tmp_path / "home" / ".casa" / "data")
    shown = CliRunner().invoke(casa.command, [])
    assert shown.exit_code == exit_code
    assert ("BAD: python-casacore with casatools" in shown.stdout) == (exit_code == 1)
    assert "arcae            not installed" in shown.stdout
    assert str(data) in shown.stdout
    result = CliRunner().invoke(casa.command, ["--json"])
    assert result.exit_code == exit_code
    told = json.loads(result.stdout)
    assert (told["is_bad"], told["data"]) == (exit_code == 1, str(data))
    assert told["libraries"][0] == {"name": "python-casacore", "version": casacore, "location": str(tmp_path / "site")}
