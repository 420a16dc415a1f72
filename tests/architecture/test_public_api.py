"""The addresses that people import stay where they are, and every door shows just what it lets through."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import dsa110_contimg
from dsa110_contimg import errors

PACKAGE = Path(dsa110_contimg.__file__).parent
DOORS = sorted(
    ".".join(path.parent.relative_to(PACKAGE.parent).parts)
    for path in PACKAGE.rglob("__init__.py")
    if "door(" in path.read_text() or "_ROOMS" in path.read_text()
)

ADDRESSES = [
    ("qa", "postage_stamps", "create_cutout"),
    ("qa", "caltable_quality", "measure_caltable"),
    ("qa", "catalogue_check", "check_catalogue"),
    ("qa", "light_curves", "measure_light_curves"),
    ("qa", "visualization", "CasaTable"),
    ("qa", "image_quality", "measure_image"),
    ("qa", "ms_quality", "measure_ms"),
    ("qa.visualization", "casatable", "CasaTable"),
    ("doctor", "examiner", "examine"),
    ("doctor", "examination", "Examination"),
]


@pytest.mark.parametrize(("package", "room", "name"), ADDRESSES)
def test_an_address_and_its_room_give_the_same_object(package: str, room: str, name: str) -> None:
    door = importlib.import_module(f"dsa110_contimg.{package}")
    inner = importlib.import_module(f"dsa110_contimg.{package}.{room}")
    assert getattr(door, name) is getattr(inner, name)
    assert callable(getattr(door, name))


def test_old_address_of_ensure_casa_path() -> None:
    from dsa110_contimg.casa import ensure_casa_path
    from dsa110_contimg.utils.casa_init import ensure_casa_path as old

    assert old is ensure_casa_path


@pytest.mark.parametrize("name", DOORS)
def test_a_door_lists_what_it_lets_through(name: str) -> None:
    door = importlib.import_module(name)
    assert set(door.__all__) == set(dir(door))
    assert list(door.__all__) == sorted(door.__all__)
    for public in door.__all__:
        assert getattr(door, public).__module__.startswith("dsa110_contimg.")
    with pytest.raises(AttributeError, match="no_such_name"):
        door.no_such_name  # noqa: B018
    namespace: dict[str, object] = {}
    exec(f"from {name} import *", namespace)
    assert set(door.__all__) <= set(namespace)


@pytest.mark.parametrize("name", DOORS)
def test_no_module_has_the_name_of_a_public_function_beside_it(name: str) -> None:
    door = importlib.import_module(name)
    folder = Path(str(door.__file__)).parent
    assert not set(door.__all__) & {path.stem for path in folder.iterdir()}


def test_version() -> None:
    assert dsa110_contimg.__version__ == "0.1.0"
    with pytest.raises(AttributeError):
        dsa110_contimg.no_such_name  # noqa: B018


def test_a_missing_library_prints_the_pip_line() -> None:
    from dsa110_contimg._lazy import INSTALL, needs

    for extra, install in INSTALL.items():
        with pytest.raises(errors.MissingDependencyError, match="pip install") as caught, needs(extra):
            import no_such_library  # noqa: F401
        assert install in caught.value.hint
        assert caught.value.message == "no_such_library is not installed."
    with pytest.raises(errors.MissingDependencyError, match="damaged"), needs("plot"):
        raise ImportError("undefined symbol", name="libx")
    with pytest.raises(KeyError), needs("plot"):
        raise KeyError("other errors pass through")
