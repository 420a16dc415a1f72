"""Every error carries a message and a hint, prints cleanly, pickles, and is what a caller would catch."""

from __future__ import annotations

import copy
import pickle

import pytest

from dsa110_contimg import errors
from dsa110_contimg.errors import ContimgError


def family(kind: type[ContimgError] = ContimgError) -> list[type[ContimgError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in family(child))]


@pytest.mark.parametrize("kind", family(), ids=lambda kind: kind.__name__)
def test_error(kind: type[ContimgError]) -> None:
    assert kind.__module__ == errors.__name__, "the whole family lives in one room"
    error = kind("The column 'DATA' of {this} was asked for.", hint="Choose one of: 'A', 'B'.")
    assert str(error) == "The column 'DATA' of {this} was asked for.\nChoose one of: 'A', 'B'."
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert (str(again), again.message, again.hint) == (str(error), error.message, error.hint)
    with pytest.raises(TypeError):
        kind("no hint")  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", family(), ids=lambda kind: kind.__name__)
def test_leaves_are_also_builtin_errors(kind: type[ContimgError]) -> None:
    builtin = (ImportError, OSError, ValueError, LookupError, RuntimeError)
    assert bool(kind.__subclasses__()) != issubclass(kind, builtin)


def test_details_survive_pickling() -> None:
    error = ContimgError("message", hint="hint")
    error.column = "DATA"  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(error)).column == "DATA"
