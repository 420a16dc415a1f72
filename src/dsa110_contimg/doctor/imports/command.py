"""``import-doctor --static``: the roads to what must not be loaded, without importing the target."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

from dsa110_contimg.doctor.imports.reading import read_imports
from dsa110_contimg.doctor.imports.roads import find_roads, make_road

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from dsa110_contimg.doctor.imports.graph import ImportGraph
    from dsa110_contimg.doctor.imports.roads import Roads
    from dsa110_contimg.doctor.remedies.cuts import Remedies
    from dsa110_contimg.doctor.report.sheet import Sheet

SCHEMA = 1
"""The version of the JSON; it changes only when a key goes or changes its meaning."""
NONE_FOUND, ROADS_FOUND, UNREADABLE = 0, 1, 2
"""What the command ends with."""
_MOST_PROBLEMS = 8


def print_static(
    target: str,
    *,
    forbid: Sequence[str],
    editable: Sequence[str] = (),
    python: str | None = None,
    env: Mapping[str, str] | None = None,
    as_json: bool = False,
) -> int:
    """Print every road from a target to what must not be loaded, read from source, and which statements to move.

    Parameters
    ----------
    target : str
        A module name, statements, or the path of a package's folder or of a script.
    forbid : sequence of str
        Modules and native libraries.
    editable : sequence of str
        Files and folders that may be edited; by default the target's own packages.
    python : str, optional
        The interpreter whose modules are meant; by default this one.
    env : mapping, optional
        Environment variables to set for it.
    as_json : bool, default: False
        Whether to print JSON.

    Returns
    -------
    int
        The exit code: 0 if there is no road, 1 if there is one, 2 if what the target names could not be read, so that
        nobody knows whether there is one.
    """
    from dsa110_contimg.doctor.remedies.cuts import Remedies, find_own_files, find_remedies
    from dsa110_contimg.doctor.report.terminal import make_sheet, print_text

    began = time.monotonic()
    graph = read_imports(target, python=python or sys.executable, env=env)
    found = [find_roads(graph, pattern) for pattern in forbid]
    own = editable or find_own_files(graph)
    remedies = find_remedies(graph, forbid, editable=own) if forbid else Remedies(())
    seconds = time.monotonic() - began
    if as_json:
        print_text(json.dumps(write_roads(target, graph, found, remedies), indent=2, allow_nan=False) + "\n")
    else:
        print_text(draw_roads_found(make_sheet(), target, graph, found, remedies, seconds))
    if any(one.roads for one in found):
        return ROADS_FOUND
    unread = {problem.file for problem in graph.problems}
    return UNREADABLE if any(graph.modules[root].file in unread for root in graph.roots) else NONE_FOUND


def write_roads(target: str, graph: ImportGraph, found: Sequence[Roads], remedies: Remedies) -> dict[str, Any]:
    """Return what was found as JSON that other programs may rely on."""
    from dsa110_contimg.doctor.contract import write_chain
    from dsa110_contimg.doctor.remedies.text import to_json

    roads = []
    for one in found:
        for edges in one.roads:
            road = make_road(graph, edges, one.pattern)
            rows = zip(write_chain(road.chain), edges, strict=True)
            chain = [row | {"is_conditional": edge.statement.is_conditional} for row, edge in rows]
            roads.append({"forbidden": road.forbidden, "chain": chain})
    return {
        "schema": SCHEMA,
        "target": target,
        "modules": len(graph.modules),
        "roads": roads,
        "are_all": all(one.is_whole for one in found),
        "remedies": to_json(remedies),
        "problems": [asdict(problem) for problem in graph.problems],
    }


def draw_roads_found(
    sheet: Sheet, target: str, graph: ImportGraph, found: Sequence[Roads], remedies: Remedies, seconds: float
) -> str:
    """Draw what was found for a terminal.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    target : str
        As it was asked.
    graph : ImportGraph
        What would be executed at import.
    found : sequence of Roads
        The roads to each thing that is forbidden.
    remedies : Remedies
        What would keep it out.
    seconds : float
        How long it took.

    Returns
    -------
    str
        The report, with a line end at its end.
    """
    from dsa110_contimg.doctor.remedies.text import write_remedies
    from dsa110_contimg.doctor.report.text import draw_roads
    from dsa110_contimg.doctor.report.wording import clean, count, make_harmless, write_place

    roads = [make_harmless(make_road(graph, edges, one.pattern)) for one in found for edges in one.roads]
    reached = [one.pattern for one in found if one.roads]
    loaded = sum(module.kind != "missing" for module in graph.modules.values())
    if reached:
        sheet.headline(clean(f"Forbidden: {_enumerate(reached)} would be loaded"), is_good=False)
    elif found:
        sheet.headline(clean(f"No road leads to {_enumerate([one.pattern for one in found])}"), is_good=True)
    else:
        sheet.headline("Read from source", is_good=True)
    said = f"{count(loaded, 'module')} would be loaded; read from source in {seconds:.1f} s, nothing was imported"
    sheet.pairs([("target", "; ".join(clean(target, keep_lines=True).split("\n"))), ("modules", said)], style="dim")
    draw_roads(sheet, roads, where="`--json` has them all")
    if not all(one.is_whole for one in found):
        sheet.prose("There are more roads than these; only the shortest were looked for.")
    if any(edge.statement.is_conditional for one in found for road in one.roads for edge in road):
        sheet.prose("Statements in a `try` or an `if` are taken to be executed.")
    if remedies.reached:
        sheet.heading("What would keep it out")
        sheet.numbered(write_remedies(remedies))
    if graph.problems:
        sheet.heading("What could not be read")
        for problem in graph.problems[:_MOST_PROBLEMS]:
            sheet.line(clean(f"{write_place(problem.file, problem.line)}: {problem.message}"))
        if len(graph.problems) > _MOST_PROBLEMS:
            sheet.prose(f"And {len(graph.problems) - _MOST_PROBLEMS} more; `--json` has them all.")
    return sheet.finish()


def _enumerate(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
