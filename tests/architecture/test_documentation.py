"""What is public is documented, in numpydoc."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.validate import validate

import dsa110_contimg

PACKAGE = Path(dsa110_contimg.__file__).parent

# What numpydoc checks and we hold: sections in order, parameters and returns documented, a verb first, a period last.
CHECKS = {
    "GL01",
    "GL03",
    "GL05",
    "GL06",
    "GL07",
    "GL08",
    "SS01",
    "SS03",
    "SS04",
    "SS06",
    "PR01",
    "PR02",
    "PR03",
    "PR04",
}
CHECKS |= {"PR06", "PR07", "RT01", "RT03", "YD01"}


def public() -> Iterator[str]:
    """Name every public function, class and method, where it is defined."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.stem.startswith("_") or "cli" in path.parts:
            continue
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        module = importlib.import_module(name)
        for attribute, value in vars(module).items():
            if attribute.startswith("_") or getattr(value, "__module__", None) != name:
                continue
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{name}.{attribute}"
            if inspect.isclass(value):
                for method, member in vars(value).items():
                    if not method.startswith("_") and inspect.isfunction(member):
                        yield f"{name}.{attribute}.{method}"


@pytest.mark.parametrize("name", list(public()))
def test_docstring(name: str) -> None:
    found = [f"{code}: {text}" for code, text in validate(name)["errors"] if code in CHECKS]
    assert not found
