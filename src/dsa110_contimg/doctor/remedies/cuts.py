"""The fewest statements whose removal from import time keeps what is forbidden from being loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dsa110_contimg.doctor.errors import BadTargetError
from dsa110_contimg.doctor.remedies.definitions import DirectImport, find_direct_imports
from dsa110_contimg.doctor.remedies.flow import UNBOUNDED
from dsa110_contimg.doctor.remedies.network import GOAL, SOURCE, Terrain
from dsa110_contimg.doctor.report.wording import is_own
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from dsa110_contimg.doctor.imports.graph import ImportGraph, Statement

MOST_EDITS = 20
"""How many statements it may be worth to move."""


@dataclass(frozen=True)
class Remedies:
    """What would keep forbidden things from being loaded."""

    forbidden: tuple[str, ...]
    """What was forbidden, as it was asked."""
    reached: tuple[str, ...] = ()
    """The forbidden modules that a statement on the way loads first; none when no road leads to any."""
    near_target: tuple[Statement, ...] = ()
    """The fewest statements to take away from import time; of several such sets the one nearest to the target. Empty
    when nothing is reached, or when no edit in the files that may be edited helps."""
    near_forbidden: tuple[Statement, ...] = ()
    """Of several such sets the one nearest to what is forbidden; often the same."""
    obstacles: tuple[Statement, ...] = ()
    """When no edit helps: the fewest statements that would have to go as well, or, where the target itself or native
    code asks, a whole road of statements that cannot be moved."""
    are_obstacles_fixed: bool = False
    """Whether the obstacles could be moved in no file at all."""
    refused: tuple[Statement, ...] = ()
    """Those of the obstacles that were found not to be movable."""
    direct_imports: tuple[DirectImport, ...] = ()
    """Statements of the target, and of the two sets, that can ask for the same names where no road leads on."""

    @property
    def is_one_set(self) -> bool:
        """Whether the two sets are the same."""
        return set(self.near_target) == set(self.near_forbidden)

    @property
    def is_worthwhile(self) -> bool:
        """Whether there is a set, and it is small enough to be worth the edits."""
        return 0 < len(self.near_target) <= MOST_EDITS


def find_remedies(
    graph: ImportGraph,
    forbidden: Sequence[str],
    *,
    editable: Sequence[str | os.PathLike[str]],
    refused: Collection[Statement] = (),
) -> Remedies:
    """Find the fewest statements whose removal from import time cuts every road to what is forbidden.

    Parameters
    ----------
    graph : ImportGraph
        What is executed when the target is imported.
    forbidden : sequence of str
        Modules (with all that is below them) and native libraries (by file name, such as ``libcasa_*``).
    editable : sequence of str or os.PathLike
        Files, and folders with all that is below them, that may be edited.
    refused : collection of Statement
        Statements that were found not to be movable, though they stand in files that may be edited.

    Returns
    -------
    Remedies
        Two sets of statements of the same, smallest size: the one nearest to the target and the one nearest to what is
        forbidden. Without any such set, what stands in the way.

    Raises
    ------
    BadTargetError
        When nothing is forbidden.

    Notes
    -----
    Exact, by a cut of a network in which each statement can be taken away once, with everything that it loads. A
    statement whose name another one asks for at import helps nobody when it goes alone, because a door would open at
    once; so it counts as part of the one who asks, too.

    Examples
    --------
    >>> from dsa110_contimg.doctor.imports.graph import Edge, ImportGraph, Module, Statement
    >>> target = Statement("<target>", "<target>", 1, 1, "import ours")
    >>> heavy = Statement("ours", "/src/ours.py", 3, 3, "import heavy")
    >>> modules = {name: Module(name, "source", f"/src/{name}.py") for name in ("ours", "heavy")}
    >>> graph = ImportGraph(("ours",), modules, (Edge(target, "ours"), Edge(heavy, "heavy")))
    >>> [statement.text for statement in find_remedies(graph, ["heavy"], editable=["/src"]).near_target]
    ['import heavy']
    """
    if isinstance(forbidden, str) or not forbidden:
        raise BadTargetError(
            f"Remedies were asked for, and {forbidden!r} was forbidden.",
            hint="Give a list of module names or of file names of native libraries.",
        )
    terrain = Terrain(graph, forbidden)
    if GOAL not in terrain.reached:
        return Remedies(tuple(forbidden))
    is_editable = _make_test(editable)
    fixed = frozenset(refused)

    def weigh(statement: Statement) -> int:
        return 1 if can_be_moved(statement) and is_editable(statement.file) and statement not in fixed else UNBOUNDED

    found = _cut(terrain, weigh)
    reached = _find_reached(terrain)
    if isinstance(found, _Blocked):
        obstacles, are_fixed = _find_obstacles(terrain, weigh)
        return Remedies(
            tuple(forbidden),
            reached,
            obstacles=obstacles,
            are_obstacles_fixed=are_fixed,
            refused=tuple(one for one in obstacles if one in fixed),
            direct_imports=find_direct_imports(terrain, ()),
        )
    near_target, near_forbidden = found
    return Remedies(
        tuple(forbidden),
        reached,
        near_target,
        near_forbidden,
        direct_imports=find_direct_imports(terrain, (*near_target, *near_forbidden)),
    )


def find_own_files(graph: ImportGraph) -> tuple[str, ...]:
    """Find the files and folders that may be edited when nobody says which.

    Parameters
    ----------
    graph : ImportGraph
        What is executed when the target is imported.

    Returns
    -------
    tuple of str
        The packages that the target itself imports and that are the user's own, or, when none of them is, those that
        are installed; never Python's own.
    """
    files = [
        module.file
        for name in graph.roots
        if "." not in name and (module := graph.modules.get(name)) is not None and module.file is not None
    ]
    packages = [os.path.dirname(file) if os.path.basename(file).startswith("__init__.") else file for file in files]  # noqa: PTH119, PTH120 - text
    own = [path for path in packages if is_own(path)]
    return tuple(own or [path for path in packages if "-packages" in path])


def can_be_moved(statement: Statement) -> bool:
    """Return whether a statement is one that an edit of its file can take away from import time.

    Parameters
    ----------
    statement : Statement
        A statement of a graph.

    Returns
    -------
    bool
        False for a target's own that stand in no file, and for what only a run showed and is no import statement.
    """
    is_import = not statement.is_observed or statement.text.startswith(("import ", "from "))
    return is_import and statement.file != TARGET_FILE


@dataclass(frozen=True)
class _Blocked:
    """A road that no cut can close."""

    statements: tuple[Statement, ...]


def _cut(
    terrain: Terrain, weigh: Callable[[Statement], int]
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]] | _Blocked:
    """Return the two outermost smallest sets."""
    network = terrain.make_network(weigh)
    if (path := network.find_path(SOURCE, GOAL)) is not None:
        return _Blocked(tuple(terrain.statements[number] for number in path if number in terrain.statements))
    cuts = network.find_cuts(SOURCE, GOAL)
    near_target, near_forbidden = [], []
    for number, statement in terrain.statements.items():
        above = terrain.above[number]
        if above in cuts.near_source and number not in cuts.near_source and number in terrain.leading:
            near_target.append(statement)
        if number in cuts.near_sink and above not in cuts.near_sink and above in terrain.reached:
            near_forbidden.append(statement)
    return tuple(near_target), tuple(near_forbidden)


def _find_obstacles(terrain: Terrain, weigh: Callable[[Statement], int]) -> tuple[tuple[Statement, ...], bool]:
    """Return the fewest statements that would have to be movable, too, and whether they can be nowhere."""
    many = len(terrain.statements) + 1  # dearer than everything that may be edited

    def weigh_all(statement: Statement) -> int:
        if not can_be_moved(statement):
            return UNBOUNDED
        return 1 if weigh(statement) == 1 else many

    found = _cut(terrain, weigh_all)
    if isinstance(found, _Blocked):
        return found.statements, True
    return tuple(one for one in found[0] if weigh(one) != 1), False


def _find_reached(terrain: Terrain) -> tuple[str, ...]:
    useful = set(terrain.useful)
    found = [
        edge.imported for edge in terrain.graph.edges if edge.imported in terrain.goals and edge.statement in useful
    ]
    return tuple(dict.fromkeys([*found, *(root for root in terrain.graph.roots if root in terrain.goals)]))


def _make_test(editable: Sequence[str | os.PathLike[str]]) -> Callable[[str], bool]:
    """Return a test whether a file may be edited."""
    roots = {os.path.realpath(path) for path in editable}
    known: dict[str, bool] = {}

    def is_editable(file: str) -> bool:
        if file not in known:
            path = os.path.realpath(file)
            known[file] = not file.startswith("<") and any(
                path == root or path.startswith(f"{root}{os.sep}") for root in roots
            )
        return known[file]

    return is_editable
