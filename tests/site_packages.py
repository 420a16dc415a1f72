"""Environments made of nothing but native libraries that tests compile, each with the record that pip would leave."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

SUFFIX = ".cpython-{}{}-x86_64-linux-gnu.so".format(*sys.version_info[:2])
MODULE = "void *PyInit_{name}(void) {{ return 0; }}\n"


class Site:
    """An environment of its own, to which distributions are added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.EnvBuilder(symlinks=True).create(folder)
        self.python = folder / "bin" / "python"
        self.packages = next(folder.glob("lib/python*/site-packages"))
        self.files: dict[str, list[str]] = {}

    def add(self, name: str, version: str, *files: str) -> None:
        """Record files as those of a distribution."""
        self.files.setdefault(name, []).extend(files)
        record = self.packages / f"{name.replace('-', '_')}-{version}.dist-info"
        record.mkdir(exist_ok=True)
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = [f"{record.name}/METADATA", *self.files[name]]
        (record / "RECORD").write_text("".join(f"{line},,\n" for line in lines))

    def compile(self, file: str, source: str, *options: str, is_cpp: bool = False) -> Path:
        """Compile a library into the environment."""
        path = self.packages / file
        path.parent.mkdir(parents=True, exist_ok=True)
        code = self.folder / ("source.cpp" if is_cpp else "source.c")
        code.write_text(source)
        compiler = "c++" if is_cpp else "cc"
        command = [compiler, "-shared", "-fPIC", "-O0", str(code), "-o", str(path), *options]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return path

    def copy(self, path: Path, file: str) -> Path:
        """Copy a library to another place in the environment."""
        target = self.packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        return target


def clean_environment(**more: str) -> dict[str, str]:
    """Return variables without those that can matter to an import, for a child."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_", "CASA"))}
    return {**kept, **more}
