"""Build the recorder of the import doctor: a C library without Python in it, so it has no tag of a Python in its name.

Without a compiler the package installs all the same; the doctor then says what it could not see.
"""

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

RECORDER = "dsa110_contimg.doctor.recorder.recorder"
FOLDER = "src/dsa110_contimg/doctor/recorder"
COMPILE = ["-O2", "-fvisibility=hidden", "-fno-optimize-sibling-calls"]
# The unwinder is linked in and kept to ourselves: loaded ahead of everything, the system's libgcc_s would stand in for
# the newer one of a conda environment.
LINK = ["-static-libgcc", "-Wl,--exclude-libs,ALL", "-ldl"]


class build_recorder(build_ext):  # noqa: N801 - the name that setuptools knows the step by
    """Build it under its bare name."""

    def get_ext_filename(self, fullname: str) -> str:
        """Return the file name of a library that no Python imports."""
        return str(Path(*fullname.split(".")).with_suffix(".so"))


recorder = Extension(
    RECORDER,
    sources=[f"{FOLDER}/{name}.c" for name in ("recorder", "stacks", "interposed")],
    depends=[f"{FOLDER}/{name}.h" for name in ("recorder", "record")],
    extra_compile_args=COMPILE,
    extra_link_args=LINK,
    optional=True,
)
setup(cmdclass={"build_ext": build_recorder}, ext_modules=[recorder] if sys.platform == "linux" else [])
