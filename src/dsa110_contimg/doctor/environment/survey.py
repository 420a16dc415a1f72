"""Survey an environment: what in it may go wrong, without importing any of it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from dsa110_contimg.doctor.environment.builds import find_builds
from dsa110_contimg.doctor.environment.duplicates import find_duplicates
from dsa110_contimg.doctor.environment.facts import ask_facts
from dsa110_contimg.doctor.environment.hazards import Environment, rank
from dsa110_contimg.doctor.environment.libraries import Collection
from dsa110_contimg.doctor.environment.needs import find_missing
from dsa110_contimg.doctor.environment.pairs import join_known_pairs
from dsa110_contimg.doctor.environment.runtimes import find_runtimes
from dsa110_contimg.doctor.environment.surroundings import look_around

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def survey_environment(
    *,
    python: str | os.PathLike[str] = sys.executable,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
) -> Environment:
    """Find what in the environment of an interpreter may go wrong, before anything crashes.

    Parameters
    ----------
    python : str or os.PathLike, default: this interpreter
        CPython 3.8 or newer; this package need not be installed there.
    env : mapping, optional
        Environment variables to set, besides those of this process.
    cwd : str or os.PathLike, optional
        The working directory, whose files can stand in for modules; by default that of this process.

    Returns
    -------
    Environment
        Hazards, the worst first, and the surroundings. Nothing of the environment is imported, so that a shared symbol
        is told as the risk that it is, not as a proof.

    Raises
    ------
    BadInterpreterError
        When the interpreter does not exist, does not run, or is older than 3.8.

    Examples
    --------
    >>> found = survey_environment()
    >>> found.libraries > 0, len(found.site_packages) > 0
    (True, True)
    """
    began = time.monotonic()
    folder = Path(cwd) if cwd is not None else Path.cwd()
    variables = dict(os.environ) | dict(env or {})
    facts = ask_facts(python, variables, folder)
    collection = Collection(facts)
    hazards = join_known_pairs(collection, find_duplicates(collection))
    hazards += find_runtimes(collection)
    hazards += find_builds(collection)
    hazards += find_missing(collection, variables)
    return Environment(
        python=facts.interpreter,
        site_packages=facts.site_packages,
        libraries=len(collection.natives),
        hazards=rank(hazards),
        surroundings=look_around(facts, variables, folder),
        elapsed_s=round(time.monotonic() - began, 3),
    )
