"""What ``import-doctor`` prints about remedies."""

from __future__ import annotations

import json

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from dsa110_contimg.doctor.chain import Sources
    from dsa110_contimg.doctor.imports.graph import ImportGraph
    from dsa110_contimg.doctor.journal import Journal


def print_remedies(
    graph: ImportGraph,
    forbid: Sequence[str],
    *,
    editable: Sequence[str | os.PathLike[str]] = (),
    observed: tuple[Journal, Sources] | None = None,
    as_json: bool = False,
    width: int = 100,
    colour: bool = False,
    is_ascii: bool = False,
) -> int:
    """Print the fewest statements to move, and return the exit code.

    Parameters
    ----------
    graph : ImportGraph
        What the source of the target shows.
    forbid : sequence of str
        Modules and native libraries that must not be loaded.
    editable : sequence of str or os.PathLike
        Files and folders that may be edited; by default those of the target's own packages.
    observed : tuple, optional
        What `observe_imports` returned for the same target.
    as_json : bool, default: False
        Whether to print JSON.
    width : int, default: 100
        Columns of the terminal.
    colour : bool, default: False
        Whether to use colours.
    is_ascii : bool, default: False
        Whether only ASCII can be shown.

    Returns
    -------
    int
        0 when nothing forbidden is loaded, else 1.
    """
    from dsa110_contimg.doctor.remedies.cuts import find_own_files, find_remedies
    from dsa110_contimg.doctor.remedies.joining import join_journal
    from dsa110_contimg.doctor.remedies.text import draw_remedies, to_json

    whole = join_journal(graph, *observed) if observed is not None else graph
    found = find_remedies(whole, forbid, editable=editable or find_own_files(graph))
    if as_json:
        click.echo(json.dumps(to_json(found), indent=2))
    else:
        click.echo(draw_remedies(found, width=width, colour=colour, is_ascii=is_ascii), nl=False)
    return 1 if found.reached else 0
