"""What is public is documented, in numpydoc."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.validate import validate

import dsa110_contimg
from support import ROOT

PACKAGE = Path(dsa110_contimg.__file__).parent

# What numpydoc checks everywhere: a docstring that is a sentence, sections in order, no parameter invented.
FORM = {"GL03", "GL05", "GL06", "GL07", "GL08", "SS01", "SS03", "SS04", "PR02", "PR03", "PR04", "PR06", "RT03"}
# And at the doors: every parameter and result documented.
WHOLE = FORM | {"PR01", "RT01", "YD01", "SS06"}


def defined() -> Iterator[str]:
    """Name every public function, class and method, where it is defined."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.stem.startswith("_") or "cli" in path.parts:
            continue
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for attribute, value in vars(importlib.import_module(name)).items():
            if attribute.startswith("_") or getattr(value, "__module__", None) != name:
                continue
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{name}.{attribute}"
            if inspect.isclass(value):
                yield from (
                    f"{name}.{attribute}.{method}"
                    for method, member in vars(value).items()
                    if is_public(method, member)
                )


def is_public(name: str, member: object) -> bool:
    return not name.startswith("_") and inspect.isfunction(member)


def exported() -> set[str]:
    """Name everything that stands at a door, where it is defined, with its methods."""
    names = set()
    for path in PACKAGE.rglob("__init__.py"):
        door = importlib.import_module(".".join(path.parent.relative_to(PACKAGE.parent).parts))
        for public in getattr(door, "__all__", ()):
            value = getattr(door, public)
            names.add(f"{value.__module__}.{public}")
            names |= {
                f"{value.__module__}.{public}.{method}"
                for method, member in vars(value).items()
                if is_public(method, member)
            }
    return names


def resolve(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError:
        return getattr(resolve(module), attribute)


@pytest.mark.parametrize("name", list(defined()))
def test_docstring(name: str) -> None:
    value = resolve(name)
    checks = WHOLE if name in exported() else FORM
    if dataclasses.is_dataclass(value) or is_protocol(name):
        checks = checks - {"PR01", "RT01"}  # fields are documented where they stand: see below
    assert not [f"{code}: {text}" for code, text in validate(name)["errors"] if code in checks]


def is_protocol(name: str) -> bool:
    owner = resolve(name.rpartition(".")[0])
    return any(getattr(value, "_is_protocol", False) for value in (resolve(name), owner))


def test_every_field_of_a_dataclass_has_its_sentence() -> None:
    missing = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and "dataclass" in decorators(node):
                for field, after in zip(node.body, [*node.body[1:], None], strict=True):
                    is_told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                    if isinstance(field, ast.AnnAssign) and not is_told:
                        missing.append(f"{path.name}: {node.name}.{ast.unparse(field.target)}")
    assert not missing


def decorators(node: ast.ClassDef) -> str:
    return " ".join(ast.unparse(decorator) for decorator in node.decorator_list)


def test_every_verb_and_option_stands_in_the_manual() -> None:
    import click

    from dsa110_contimg.cli import app, caltable, casa, cutout, ms, report, simulate, stamps, table, watch

    manual = (ROOT / "docs" / "command-line.md").read_text()
    sections = {section.split()[0]: section for section in manual.split("## dsa110-qa ")[1:]}
    modules = (caltable, casa, cutout, ms, report, simulate, stamps, table, watch)
    verbs = {module.command.name: module.command for module in modules}
    assert set(sections) == set(verbs)
    assert app.verbs.help
    for name, verb in verbs.items():
        for option in verb.params:
            if isinstance(option, click.Option):
                metavar = "" if option.is_flag else option.make_metavar(click.Context(verb))
                assert f"{option.opts[-1]} {metavar}".rstrip() in sections[name], f"{name} {option.opts}"


def test_the_list_of_verbs_is_not_cut_short() -> None:
    from dsa110_contimg.cli import app, caltable, casa, cutout, ms, report, simulate, stamps, table, watch

    assert app.verbs.help
    for module in (caltable, casa, cutout, ms, report, simulate, stamps, table, watch):
        assert not module.command.get_short_help_str(limit=60).endswith("...")
