"""What every test may use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from hypothesis import settings

from environments import make_environment

# The children that tests start must not leave bytecode in folders whose contents the tests assert.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

# Shared machines are slow at times; and what CI sees must not depend on chance.
settings.register_profile("ours", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("ours")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep astropy's and matplotlib's caches out of the person's home."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="session")
def crashing() -> Path:
    """Return the Python of an environment in which casacore and casatools clash."""
    wheels = ("python-casacore==3.7.1", "casatools==6.7.0.31")
    return make_environment("crashing", *wheels, constrained=False)


@pytest.fixture(scope="session")
def healthy() -> Path:
    """Return the Python of an environment in which what radio astronomers install lives together."""
    names = ("numpy", "astropy", "matplotlib", "pandas", "scipy", "h5py", "pyarrow", "python-casacore", "casatools")
    return make_environment("healthy", *names)


@pytest.fixture(scope="session")
def fatal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the casacore that kills the interpreter."""
    folder = tmp_path_factory.mktemp("victims") / "fatal"
    shutil.copytree(Path(__file__).parent / "victims" / "fatal", folder)
    library = folder / "casacore" / f"_measures{sysconfig.get_config_var('EXT_SUFFIX')}"
    include = sysconfig.get_path("include")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", f"-I{include}", folder / "measures.c", "-o", library], check=True)
    return folder
