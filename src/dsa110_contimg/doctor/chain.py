"""From the target to a module: the import statements that led there, with their source lines."""

from __future__ import annotations

import os
from dataclasses import replace

from dsa110_contimg.doctor.examination import Hop, Place
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from dsa110_contimg.doctor.journal import Opening, Raised, Step
    from dsa110_contimg.doctor.targets import Target


class Sources:
    """The source lines of a target and of the files that it loads.

    Parameters
    ----------
    target : Target
        What was run.
    folder : pathlib.Path
        The child's working directory, from which relative file names count.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[str, list[str]] = {}
        if target.kind == "statement":
            self._lines[TARGET_FILE] = target.text.split("\n")

    def find_file(self, file: str) -> str:
        """Return the whole path of a file; names in angle brackets are left as they are."""
        return file if file.startswith("<") else os.path.join(self._folder, file)  # noqa: PTH118 - text that Python gave

    def find_line(self, file: str, line: int) -> str | None:
        """Return a source line without its margins, or nothing when it cannot be read."""
        file = self.find_file(file)
        if file not in self._lines:
            self._lines[file] = _read_lines(file)
        lines = self._lines[file]
        return lines[line - 1].strip() or None if 0 < line <= len(lines) else None

    def find_place(self, file: str, line: int, function: str | None) -> Place:
        """Return a line of Python with its source."""
        return Place(self.find_file(file), line, function, self.find_line(file, line))


def _read_lines(file: str) -> list[str]:
    import tokenize

    if file.startswith("<"):
        return []
    try:
        with tokenize.open(file) as stream:
            return stream.read().split("\n")
    except (OSError, SyntaxError, ValueError):  # absent, of an unknown encoding, or no text at all
        return []


def make_hop(module: str, steps: Sequence[Step], sources: Sources, above: Opening | None) -> Hop:
    """Return the hop of one import statement.

    Parameters
    ----------
    module : str
        The module that it imports.
    steps : sequence of Step
        The frames from the statement out to module level; empty when native code asked.
    sources : Sources
        Where the source lines stand.
    above : Opening or None
        The module that was being initialised.

    Returns
    -------
    Hop
        For native code, only its file.
    """
    if not steps:
        return Hop(module, (above.library or above.origin) if above else None, None, None, None)
    first, last = steps[0], steps[-1]
    called_from = None
    if first.level == "function" and len(steps) > 1:
        called_from = sources.find_place(last.file, last.line, last.function)
    return Hop(
        module,
        sources.find_file(first.file),
        first.line,
        sources.find_line(first.file, first.line),
        first.level,
        called_from,
    )


def make_chain(opened: Iterable[Opening], sources: Sources) -> tuple[Hop, ...]:
    """Return the hops to modules that were open one inside the other, outermost first."""
    return tuple(make_hop(opening.module, opening.steps, sources, opening.above) for opening in opened)


def find_raised(
    raised: Sequence[Raised], errors: dict[str, Opening], sources: Sources
) -> tuple[tuple[Hop, ...], Raised, Opening | None]:
    """Find where an exception came from, through the exceptions that it was raised from.

    Returns
    -------
    tuple
        The chain, the exception at its origin, and the module that was being initialised there.
    """
    blamed, opening = raised[0], errors.get(raised[0].key)
    for cause in raised[1:]:
        deeper = errors.get(cause.key)
        if deeper is not None and (opening is None or opening in deeper.stack):
            blamed, opening = cause, deeper
        elif deeper is None and cause.relation == "cause" and cause.frames:
            blamed = cause  # raised and caught within the same module
    chain = make_chain(opening.stack if opening else (), sources)
    if blamed.missing and blamed.frames:
        place = sources.find_place(*blamed.frames[-1])
        level = "module" if place.function == "<module>" else "function"
        hop = Hop(blamed.missing, place.file, place.line, place.statement, level)  # type: ignore[arg-type]
        if level == "function":
            outer = next((frame for frame in reversed(blamed.frames) if frame[2] == "<module>"), None)
            hop = replace(hop, called_from=sources.find_place(*outer) if outer else None)
        chain = (*chain, hop)
    return chain, blamed, opening


def draw_traceback(raised: Sequence[Raised], sources: Sources) -> str:
    """Return the traceback of an exception and its causes, as Python prints them, without our own frames."""
    between = {
        "cause": "The above exception was the direct cause of the following exception:",
        "context": "During handling of the above exception, another exception occurred:",
    }
    parts = []
    for position in range(len(raised) - 1, -1, -1):
        one = raised[position]
        lines = ["Traceback (most recent call last):"] if one.frames else []
        for file, line, function in _fold(one.frames):
            if line < 0:
                lines.append(f"  [{-line} more frames]")
                continue
            lines.append(f'  File "{sources.find_file(file)}", line {line}, in {function}')
            if source := sources.find_line(file, line):
                lines.append(f"    {source}")
        lines.append(f"{one.kind}: {one.message}" if one.message else one.kind)
        parts.append("\n".join(lines))
        if one.relation:
            parts.append(between[one.relation])
    return "\n\n".join(parts)


def _fold(frames: Sequence[tuple[str, int, str]], most: int = 40) -> list[tuple[str, int, str]]:
    """Leave out the middle of a deep recursion."""
    if len(frames) <= most:
        return list(frames)
    return [*frames[: most // 2], ("", most - len(frames), ""), *frames[-most // 2 :]]
