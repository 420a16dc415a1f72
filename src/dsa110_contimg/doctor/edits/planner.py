"""From statements that must not be executed at import to edits, or to the reasons why not."""

from __future__ import annotations

import ast
import os
import symtable
from collections import defaultdict

from dsa110_contimg.doctor.edits.decision import decide, find_own_submodules
from dsa110_contimg.doctor.edits.door import Door
from dsa110_contimg.doctor.edits.plan import Edit, Plan, Refusal
from dsa110_contimg.doctor.edits.scopes import list_bound
from dsa110_contimg.doctor.edits.sources import find_project, find_root, parse, read_source
from dsa110_contimg.doctor.edits.subject import Module, Refused, write_import
from dsa110_contimg.doctor.edits.surgery import Cut, Operation, cut
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsa110_contimg.doctor.edits.decision import Decision
    from dsa110_contimg.doctor.edits.plan import Form
    from dsa110_contimg.doctor.edits.sources import Source
    from dsa110_contimg.doctor.edits.subject import ImportNode
    from dsa110_contimg.doctor.imports.graph import ImportGraph, Statement

    Found = list[tuple[Statement, ImportNode]]


def plan_edits(statements: Iterable[Statement], *, graph: ImportGraph | None = None) -> Plan:
    r"""Plan how statements are no longer executed when their modules are imported.

    Parameters
    ----------
    statements : iterable of Statement
        The statements.
    graph : ImportGraph, optional
        What they load; from it the submodules are known that a package would no longer have as attributes.

    Returns
    -------
    Plan
        A new source for each file, and a reason for each statement that must stay. Nothing is written, and nothing is
        proven: see `verify`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from dsa110_contimg.doctor.imports.graph import Statement
    >>> file = pathlib.Path(tempfile.mkdtemp(), "tools.py")
    >>> _ = file.write_text("import heavy\n\n\ndef work():\n    return heavy.work()\n")
    >>> plan = plan_edits([Statement("tools", str(file), 1, 1, "import heavy")])
    >>> print(plan.edits[0].after.decode().strip())
    def work():
        import heavy
    <BLANKLINE>
        return heavy.work()
    """
    asked = list(dict.fromkeys(statements))
    by_file: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    edits: list[Edit] = []
    refusals: list[Refusal] = []
    for statement in asked:
        if statement.file == TARGET_FILE:
            refusals.append(_refuse(statement, Refused("it is the target's own", statement.line)))
        else:
            by_file[statement.file, statement.module].append(statement)
    for (file, module), several in sorted(by_file.items()):
        edit, refused = _plan_file(file, module, several, graph)
        edits += [edit] if edit is not None else []
        refusals += refused
    projects = {str(find_project(find_root(file, module))) for file, module in by_file}
    return Plan(os.path.commonpath(projects) if projects else os.curdir, tuple(edits), tuple(refusals))


def _refuse(statement: Statement, refused: Refused) -> Refusal:
    return Refusal(statement.file, refused.line, statement.text, refused.reason)


def _plan_file(
    file: str, name: str, statements: Sequence[Statement], graph: ImportGraph | None
) -> tuple[Edit | None, list[Refusal]]:
    """Plan the edit of a file."""
    try:
        source = read_source(file)
        tree = parse(source.text)
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, SyntaxError) and error.lineno else statements[0].line
        told = error.strerror if isinstance(error, OSError) else error.msg if isinstance(error, SyntaxError) else error
        return None, [_refuse(one, Refused(f"the file cannot be read: {told}", line)) for one in statements]
    refusals: list[Refusal] = []
    wanted: Found = []
    for statement in statements:
        nodes = _locate(tree, statement)
        wanted += [(statement, node) for node in nodes]
        if not nodes:
            stale = Refused(
                "no such import stands on that line; the file was changed since it was read", statement.line
            )
            refusals.append(_refuse(statement, stale))
    while True:  # what must stay may keep others from going: those that bind the same name
        module = Module(name, source, tree, tuple(node for _, node in wanted))
        kept: Found = []
        decisions: list[Decision] = []
        for statement, node in wanted:
            try:
                decisions.append(decide(module, node, _find_children(name, statement, graph)))
            except Refused as refused:
                refusals.append(_refuse(statement, refused))
            else:
                kept.append((statement, node))
        if len(kept) == len(wanted):
            break
        wanted = kept
    if not wanted:
        return None, refusals
    try:
        return _make_edit(module, decisions), refusals
    except Refused as refused:
        return None, refusals + [_refuse(statement, refused) for statement, _ in wanted]


def _locate(tree: ast.Module, statement: Statement) -> list[ImportNode]:
    """Find the import, or of several on one line those that read like it."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        and (node.lineno, node.end_lineno) == (statement.line, statement.end_line)
    ]
    alike = [node for node in found if ast.unparse(node) == _normalise(statement.text)]
    return alike or (found if len(found) == 1 and not statement.text else [])


def _normalise(text: str) -> str:
    try:
        return ast.unparse(ast.parse(text.strip()))
    except SyntaxError:
        return text


def _find_children(name: str, statement: Statement, graph: ImportGraph | None) -> list[str]:
    """Find the submodules of a package that a statement loads, directly or not."""
    if graph is None:
        return []
    loads: dict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        loads[edge.statement.module].add(edge.imported)
    waiting = [edge.imported for edge in graph.edges if edge.statement == statement]
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in seen and module != name:
            seen.add(module)
            waiting += loads[module]
    return sorted(
        {module.removeprefix(f"{name}.").partition(".")[0] for module in seen if module.startswith(f"{name}.")}
    )


def _make_edit(module: Module, decisions: Sequence[Decision]) -> Edit:
    """Make the new source of a module, and see that no name is missed."""
    source = module.source
    door = _make_door(module, decisions)
    operations = [
        Operation(node.lineno, _find_column(source, node), one.moved, one.is_typed)
        for node, one in zip(module.nodes, decisions, strict=True)
    ]
    first = min(node.lineno for node in module.nodes)
    try:
        text = cut(source.text, Cut(operations, door, _binds_type_checking(module.tree, first)))
        after = source.encode(text)
        parse(text)
    except (ValueError, SyntaxError, RecursionError) as error:
        raise Refused(f"the edit could not be made: {error}", first) from error
    gone = {name for node in module.nodes for name in list_bound(node)}
    missed = sorted(_list_missed(text, gone))
    if missed:
        raise Refused(f"`{missed[0]}` is used in a way that was not understood", first)
    forms: list[Form] = []
    if any(one.moved or (one.is_typed and not one.served) for one in decisions):
        forms.append("move")
    if door is not None:
        forms.append("door")
    if any(one.is_removal for one in decisions):
        forms.append("removal")
    return Edit(
        source.file,
        module.name,
        source.data,
        after,
        tuple(forms),
        door.names if door is not None else (),
        tuple(name for one in decisions for name in one.dropped),
    )


def _make_door(module: Module, decisions: Sequence[Decision]) -> Door | None:
    """Make the door that serves what a module no longer loads, if it is to serve anything."""
    statements: list[tuple[str, tuple[str, ...]]] = []
    submodules: dict[str, None] = {}
    for node, decision in zip(module.nodes, decisions, strict=True):
        if decision.is_removal:
            continue
        own = [name for name in decision.served if name in find_own_submodules(module, node)]
        if others := tuple(name for name in decision.served if name not in own):
            statements.append((write_import(node, others), others))
        submodules |= dict.fromkeys([*own, *decision.submodules])
    bound = {name for _, names in statements for name in names}
    left = tuple(name for name in submodules if name not in bound)
    if not (statements or left):
        return None
    return Door(tuple(statements), left, is_listed=module.listed is not None)


def _find_column(source: Source, node: ast.stmt) -> int:
    """Return the column of a statement in characters; that of `ast` counts bytes of UTF-8."""
    if node.col_offset == 0:
        return 0
    line = source.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[node.lineno - 1]
    return len(line.encode()[: node.col_offset].decode())


def _binds_type_checking(tree: ast.Module, before: int) -> bool:
    """Return whether a module binds ``TYPE_CHECKING`` above a line."""
    for node in tree.body:
        if node.lineno >= before:
            return False
        match node:
            case ast.ImportFrom() if "TYPE_CHECKING" in list_bound(node):
                return True
            case ast.Assign(targets=[ast.Name(id="TYPE_CHECKING")]):
                return True
    return False


class _Annotations(ast.NodeTransformer):
    """Takes out annotations, which Python lists as uses of names even where it never evaluates them."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _list_missed(text: str, gone: set[str]) -> set[str]:
    """Return which names functions would still look up in a module that no longer has them, by Python's own reading."""
    missed: set[str] = set()
    bare = ast.unparse(_Annotations().visit(parse(text)))
    waiting = list(symtable.symtable(bare, "edited", "exec").get_children())
    while waiting:
        table = waiting.pop()
        if table.get_type() not in ("function", "class") or table.get_name() == "__getattr__":
            continue
        waiting += table.get_children()
        for name in gone & set(table.get_identifiers()):
            symbol = table.lookup(name)
            if symbol.is_referenced() and symbol.is_global():
                missed.add(name)
    return missed
