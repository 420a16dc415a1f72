"""What was loaded and what an import did besides, in a few words."""

from __future__ import annotations

from dsa110_contimg.doctor.report.wording import count, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsa110_contimg.doctor.examination import Examination, SideEffects

_MOST_NAMED = 6


def sum_up_loaded(found: Examination) -> Iterator[str]:
    """Yield what was loaded, in a sentence or two."""
    loaded = found.loaded
    modules, native = len(loaded.modules), len(loaded.native)
    python = f"Python {found.python.version}"
    yield f"{count(modules, 'module')} and {count(native, 'native library')} in {found.elapsed_s:.2f} s under {python}."
    timed = sorted(((one.seconds, one.name) for one in loaded.modules if one.seconds is not None), reverse=True)
    if timed:
        yield (
            f"Slowest: {', '.join(f'{name} {1000 * seconds:.0f} ms' for seconds, name in timed[:3])}, with all they "
            f"import."
        )


def list_side_effects(effects: SideEffects) -> list[str]:
    """List what an import did besides importing, one phrase a kind."""
    found = []
    for value, phrase in (
        (effects.environment, "set environment variables"),
        (effects.signal_handlers, "changed the handling of"),
        (effects.files_written, "wrote"),
        (effects.processes, "started"),
    ):
        if value:
            found.append(f"{phrase} {_enumerate(value)}")
    if effects.threads:
        names = [name for name in effects.threads if not name.isdigit()]
        found.append(f"started {count(len(effects.threads), 'thread')}{f': {_enumerate(names)}' if names else ''}")
    if effects.working_directory:
        found.append(f"changed the working directory to {effects.working_directory}")
    if effects.warning_filters:
        found.append(f"added {count(effects.warning_filters, 'warning filter')}")
    return found


def _enumerate(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(map(shorten, names[:_MOST_NAMED]))}{more}"
