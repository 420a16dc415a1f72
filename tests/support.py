"""Helpers that tests import: real data beside the checkout, and child interpreters."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from victims.build import find_include

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
"""Real images and tables, beside the checkout; tests that use them skip where they are absent."""


def shared_data(relative: str) -> Path:
    """Return the path of real data, or skip the test, saying so."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"real data is absent: ../shared/data/{relative}")
    return path


def package_folder(package: str) -> Path:
    """Return the folder of an installed package, without importing it, or skip the test, saying so."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"{package} is not installed")
    return Path(spec.origin).parent


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar file."""
    with tarfile.open(archive) as opened:
        opened.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))


def find_interpreter(version: str) -> str:
    """Find a Python with its headers on PATH or where pyenv keeps them, or skip the test, saying so."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *sorted(root.glob(f"versions/{version}.*/bin/python"))]
    for candidate in filter(None, candidates):
        asked = subprocess.run(
            [candidate, "-c", "import sys; print(*sys.version_info[:2], sep='.')"], capture_output=True
        )
        if asked.stdout.decode().strip() == version and Path(find_include(str(candidate)), "Python.h").exists():
            return str(candidate)
    pytest.skip(f"there is no Python {version} with its headers on this machine")


def run_python(code: str, *args: str, timeout: float = 120.0, **kwargs: object) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter; the caller asserts what became of it."""
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=timeout, check=False, **kwargs
    )


def sky_header(
    shape: tuple[int, ...] = (64, 64),
    *,
    ra_deg: float = 150.0,
    dec_deg: float = 30.0,
    pixel_arcsec: float = 2.0,
    projection: str = "SIN",
    **cards: object,
) -> fits.Header:
    """Make the header of an image of the sky whose first two FITS axes are right ascension and declination."""
    header = fits.Header()
    ny, nx = shape[-2:]
    for axis, (kind, value, step, reference) in enumerate(
        (
            (f"RA---{projection}", ra_deg, -pixel_arcsec / 3600, nx // 2 + 1),
            (f"DEC--{projection}", dec_deg, pixel_arcsec / 3600, ny // 2 + 1),
        ),
        start=1,
    ):
        header[f"CTYPE{axis}"], header[f"CRVAL{axis}"], header[f"CUNIT{axis}"] = kind, value, "deg"
        header[f"CDELT{axis}"], header[f"CRPIX{axis}"] = step, float(reference)
    header["RADESYS"] = "ICRS"
    header["BUNIT"] = "Jy/beam"
    header.update(cards)
    return header


def write_image(path: Path, data: np.ndarray, header: fits.Header) -> Path:
    """Write a primary HDU with astropy, the way other programs would."""
    fits.PrimaryHDU(data, header).writeto(path, overwrite=True)
    return path


def ramp(*shape: int, dtype: str = "f4") -> np.ndarray:
    """Make pixels of which no two are equal."""
    return np.arange(1, np.prod(shape) + 1, dtype=dtype).reshape(shape)


def copy_package(folder: Path, *additions: tuple[str, str]) -> Path:
    """Copy our package, add lines to some of its files, and return the copy."""
    package = folder / "src" / "dsa110_contimg"
    original = Path(importlib.util.find_spec("dsa110_contimg").origin).parent
    shutil.copytree(original, package, ignore=shutil.ignore_patterns("__pycache__"))
    for where, what in additions:
        with (package / where).open("a") as file:
            file.write(f"\n{what}\n")
    return package


def announce_plugin(folder: Path) -> Path:
    """Write the record by which pytest finds our plugin, as an installation of what is tested here would."""
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    record = folder / "plugin_under_test-1.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-under-test\nVersion: 1\n")
    lines = [f"{name} = {module}\n" for name, module in entries.items()]
    (record / "entry_points.txt").write_text("[pytest11]\n" + "".join(lines))
    return folder
