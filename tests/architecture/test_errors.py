"""Every error carries a message and a hint, prints cleanly, pickles, and is what a caller would catch."""

from __future__ import annotations

import copy
import pickle

import pytest

from dsa110_contimg import errors
from dsa110_contimg.doctor import errors as doctor_errors
from dsa110_contimg.doctor.errors import DoctorError
from dsa110_contimg.errors import ContimgError

Kind = type[ContimgError] | type[DoctorError]


def family(kind: Kind) -> list[Kind]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in family(child))]


FAMILIES = [*family(ContimgError), *family(DoctorError)]


def test_the_doctor_has_a_family_of_its_own() -> None:
    assert not issubclass(DoctorError, ContimgError)
    assert len(family(DoctorError)) > 4


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_error(kind: Kind) -> None:
    home = doctor_errors if issubclass(kind, DoctorError) else errors
    assert kind.__module__ == home.__name__, "a whole family lives in one room"
    error = kind("The column 'DATA' of {this} was asked for.", hint="Choose one of: 'A', 'B'.")
    assert str(error) == "The column 'DATA' of {this} was asked for.\nChoose one of: 'A', 'B'."
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert (str(again), again.message, again.hint) == (str(error), error.message, error.hint)
    with pytest.raises(TypeError):
        kind("no hint")  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_leaves_are_also_builtin_errors(kind: Kind) -> None:
    builtin = (ImportError, OSError, ValueError, LookupError, RuntimeError, MemoryError)
    assert bool(kind.__subclasses__()) != issubclass(kind, builtin)


def test_details_survive_pickling() -> None:
    error = ContimgError("message", hint="hint")
    error.column = "DATA"  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(error)).column == "DATA"
