"""Runtimes of which a process should hold one: OpenMP, MKL, protobuf."""

from __future__ import annotations

import re
from collections import defaultdict

from dsa110_contimg.doctor.environment.hazards import Hazard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.doctor.environment.hazards import Risk
    from dsa110_contimg.doctor.environment.libraries import Collection, Native

_INTEL, _LLVM, _GNU = "libiomp5", "libomp", "libgomp"
_OPENMP = re.compile(r"(libiomp5|libomp|libgomp)\b")
_MKL = re.compile(r"libmkl_(core|rt)\b")
_PROTOBUF = re.compile(r"libprotobuf(-lite)?\b")
_DESCRIPTORS = "_ZN6google8protobuf14DescriptorPool23internal_generated_poolEv"
"""What protobuf registers every message type with, by its name, once for a process."""
_OPENMP_SOURCE = "https://github.com/joblib/threadpoolctl/blob/master/multiple_openmp.md"


def is_runtime(native: Native) -> bool:
    """Return whether a library is one of the runtimes that are told of by themselves."""
    return any(kind.match(native.family) for kind in (_OPENMP, _MKL, _PROTOBUF))


def find_runtimes(collection: Collection) -> list[Hazard]:
    """Find runtimes that more than one distribution brings, though a process should hold one."""
    openmp: defaultdict[str, list[Native]] = defaultdict(list)
    mkl: list[Native] = []
    protobuf: list[Native] = []
    for native in collection.natives:
        if match := _OPENMP.match(native.family):
            openmp[match[1]].append(native)
        elif _MKL.match(native.family):
            mkl.append(native)
        elif _PROTOBUF.match(native.family) or native.library.defines(_DESCRIPTORS):
            protobuf.append(native)
    found = _judge_openmp(collection, openmp)
    if _count_owners(mkl) > 1:
        told = "Each copy of MKL has threads and settings of its own, and picks the code for this processor by itself."
        found.append(_describe(collection, "MKL", "medium", mkl, told, "Let one of them bring MKL for both."))
    if _count_owners(protobuf) > 1:
        told = (
            "Each copy registers the types of its messages. Where their symbols meet in one process, the second "
            "registration of a file ends the process."
        )
        advice = "Import them in processes of their own if one fails after the other."
        found.append(_describe(collection, "protobuf", "medium", protobuf, told, advice))
    return found


def _judge_openmp(collection: Collection, openmp: dict[str, list[Native]]) -> list[Hazard]:
    found = []
    intel_like = openmp[_INTEL] + openmp[_LLVM]
    if _count_owners(intel_like) > 1:
        told = (
            "The runtimes of Intel and of LLVM are one code. The second copy that starts in a process ends it "
            "(`OMP: Error #15`), and a mix of the two crashes or hangs."
        )
        advice = "Let one distribution bring it for all, or use a process for each."
        found.append(_describe(collection, "OpenMP", "high", intel_like, told, advice, _OPENMP_SOURCE))
    everything = [native for natives in openmp.values() for native in natives]
    if openmp[_GNU] and _count_owners(everything) > 1:
        told = (
            "No harm is known where GNU's is one of them; each starts threads of its own, so that there may be more "
            "than processors."
        )
        advice = "Nothing; OMP_NUM_THREADS holds for each of them."
        found.append(_describe(collection, "OpenMP", "low", everything, told, advice, _OPENMP_SOURCE))
    return found


def _count_owners(natives: list[Native]) -> int:
    return len({native.owner for native in natives})


def _describe(
    collection: Collection,
    name: str,
    risk: Risk,
    natives: list[Native],
    told: str,
    advice: str,
    source: str | None = None,
) -> Hazard:
    owners = sorted({native.owner for native in natives}, key=str.lower)
    files = ", ".join(sorted({native.name for native in natives}))
    return Hazard(
        kind="duplicate-runtime",
        risk=risk,
        title=f"{name} in {len(owners)} distributions",
        distributions=tuple(map(collection.name, owners)),
        libraries=tuple(native.origin for native in natives),
        evidence=(f"The copies are {files}.", told),
        advice=advice,
        source=source,
    )
