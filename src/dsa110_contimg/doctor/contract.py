"""The JSON of an examination: a contract with other programs, told key by key in docs/doctor.md."""

from __future__ import annotations

import math
from dataclasses import asdict

from dsa110_contimg.doctor.examination import SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from dsa110_contimg.doctor.examination import Examination, Hop, Loaded, NativeFrame, Place, ThreadStack


def write_examination(examination: Examination) -> dict[str, Any]:
    """Write an examination as JSON that other programs may rely on.

    Parameters
    ----------
    examination : Examination
        What was found.

    Returns
    -------
    dict
        What ``json.dumps`` takes, also with ``allow_nan=False``. Addresses are text such as ``"0x20"``; what does not
        apply is None.
    """
    found = examination
    return {
        "schema": SCHEMA,
        "target": found.target,
        "python": {"executable": found.python.executable, "version": found.python.version},
        "verdict": found.verdict,
        "exit": {
            "code": found.exit.code,
            "signal": found.exit.signal,
            "signal_code": found.exit.signal_code,
            "address": None if found.exit.address is None else hex(found.exit.address),
        },
        "chain": write_chain(found.chain),
        "roads": [{"forbidden": road.forbidden, "chain": write_chain(road.chain)} for road in found.roads],
        "culprit": None if found.culprit is None else asdict(found.culprit),
        "native_frames": _write_frames(found.native_frames),
        "conflicts": [
            {
                "kind": conflict.kind,
                "symbol": conflict.symbol,
                "libraries": [asdict(library) for library in conflict.libraries],
                "explanation": conflict.explanation,
            }
            for conflict in found.conflicts
        ],
        "loaded": _write_loaded(found.loaded),
        "side_effects": {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(found.side_effects).items()
        },
        "environment": [asdict(finding) for finding in found.environment],
        "elapsed_s": _write_number(found.elapsed_s),
        "confidence": dict(found.confidence),
        "state": found.state,
        "exception": found.exception,
        "traceback": found.traceback,
        "python_frames": _write_places(found.python_frames),
        "threads": [_write_thread(thread) for thread in found.threads],
        "corruption": found.corruption,
        "stdout": found.stdout,
        "stderr": found.stderr,
    }


def write_chain(chain: Iterable[Hop]) -> list[dict[str, Any]]:
    """Return a row for each hop; ``called_from`` stands only where there is a caller to tell."""
    rows = []
    for hop in chain:
        row = asdict(hop)
        if hop.called_from is None:
            del row["called_from"]
        rows.append(row)
    return rows


def _write_frames(frames: Iterable[NativeFrame]) -> list[dict[str, Any]]:
    return [asdict(frame) | {"offset": hex(frame.offset)} for frame in frames]


def _write_places(places: Iterable[Place]) -> list[dict[str, Any]]:
    return [asdict(place) for place in places]


def _write_loaded(loaded: Loaded) -> dict[str, Any]:
    return {
        "modules": len(loaded.modules),
        "native": [asdict(library) for library in loaded.native],
        "extensions": [
            {
                "name": module.name,
                "file": module.file,
                "seconds": _write_number(module.seconds),
                "memory_bytes": module.memory_bytes,
            }
            for module in loaded.modules
            if module.is_extension
        ],
    }


def _write_thread(thread: ThreadStack) -> dict[str, Any]:
    return {
        "id": thread.id,
        "name": thread.name,
        "state": thread.state,
        "chain": write_chain(thread.chain),
        "python": None if thread.python is None else _write_places(thread.python),
        "native": None if thread.native is None else _write_frames(thread.native),
    }


def _write_number(number: float | None) -> float | None:
    """Return a number that JSON can say; a clock that went wrong gives none."""
    return number if number is not None and math.isfinite(number) else None
