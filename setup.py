"""Build what is compiled: the helper that reads pixels, and the recorder of the import doctor.

The recorder is a C library without Python in it, so it has no tag of a Python in its name. Without a compiler the
package installs all the same: pixels are then read by numpy, and the doctor says what it could not see.
"""

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

RECORDER = "dsa110_contimg.doctor.recorder.recorder"
RECORDER_FOLDER = "src/dsa110_contimg/doctor/recorder"
HELPER_FOLDER = "src/dsa110_contimg/images/native"
COMPILE = ["-O2", "-fvisibility=hidden", "-fno-optimize-sibling-calls"]
# The unwinder is linked in and kept to ourselves: loaded ahead of everything, the system's libgcc_s would stand in for
# the newer one of a conda environment.
LINK = ["-static-libgcc", "-Wl,--exclude-libs,ALL", "-ldl"]


class build_both(build_ext):  # noqa: N801 - the name that setuptools knows the step by
    """Build the recorder under its bare name."""

    def get_ext_filename(self, fullname: str) -> str:
        """Return the file name; that of a library which no Python imports is its bare name."""
        if fullname.rpartition(".")[2] == RECORDER.rpartition(".")[2]:  # setuptools asks for the last part alone, too
            return str(Path(*fullname.split(".")).with_suffix(".so"))
        return str(super().get_ext_filename(fullname))


recorder = Extension(
    RECORDER,
    sources=[f"{RECORDER_FOLDER}/{name}.c" for name in ("recorder", "stacks", "interposed")],
    depends=[f"{RECORDER_FOLDER}/{name}.h" for name in ("recorder", "record")],
    extra_compile_args=COMPILE,
    extra_link_args=LINK,
    optional=True,
)
helper = Extension(
    "dsa110_contimg.images.native._helper",
    sources=[f"{HELPER_FOLDER}/{name}.c" for name in ("module", "gather", "medians", "rice")],
    depends=[f"{HELPER_FOLDER}/{name}.h" for name in ("gather", "medians", "processors", "rice")],
    # No fused multiply-add: the pixels are those that numpy computes, to the last bit.
    extra_compile_args=["-O3", "-std=gnu11", "-fvisibility=hidden", "-ffp-contract=off"],
    define_macros=[("Py_LIMITED_API", "0x030b0000")],
    py_limited_api=True,
    optional=True,
)
setup(
    cmdclass={"build_ext": build_both},
    ext_modules=[recorder, helper] if sys.platform == "linux" else [helper],
)
