"""What a source file does at import, read from its text: the imports that it executes, and the names that it binds."""

from __future__ import annotations

import ast
import warnings

from dsa110_contimg.doctor.imports.events import Binding, Exports, Import, Request, Scan
from dsa110_contimg.doctor.imports.reduction import drop_bodies
from dsa110_contimg.doctor.imports.syntax import (
    find_blocks,
    find_bound,
    find_evaluated,
    find_names,
    is_main_test,
    read_names,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def scan_source(data: bytes, *, is_main: bool = False, is_valid: bool = False) -> Scan:
    r"""Read what a source file does when it is imported.

    Parameters
    ----------
    data : bytes
        The file.
    is_main : bool, default: False
        Whether it is run as a script, so that ``if __name__ == "__main__"`` holds.
    is_valid : bool, default: False
        Whether it is known to be Python, so that not all of it has to be read.

    Returns
    -------
    Scan
        Its imports and bindings outside of functions, in order.

    Examples
    --------
    >>> [event.text for event in scan_source(b"import json\ndef load():\n    import numpy\n").events[:1]]
    ['import json']
    """
    tree = _parse_shortened(data) if is_valid else None
    try:
        tree = tree or _parse(data)
    except SyntaxError as error:
        return Scan((), (error.lineno, f"it is no Python: {error.msg}"))
    except (ValueError, RecursionError, MemoryError) as error:
        return Scan((), (None, f"it is no Python: {error or type(error).__name__}"))
    scanner = _Scanner(data, is_main=is_main)
    scanner.scan(tree.body, is_conditional=False)
    return Scan(tuple(scanner.events), doors=tuple(scanner.find_doors()))


def _parse(data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its author is warned of is no matter of ours
        return ast.parse(data)


def _parse_shortened(data: bytes) -> ast.Module | None:
    shortened = drop_bodies(data)
    try:
        return None if shortened is None else _parse(shortened)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Scanner:
    """Walk the statements that are executed."""

    def __init__(self, data: bytes, *, is_main: bool) -> None:
        self._data = data
        self._is_main = is_main
        self._lines: list[bytes] | None = None
        self._may_call = b"__import__" in data or b"import_module" in data
        self._type_checking = {"TYPE_CHECKING"}
        self._importlib: set[str] = set()
        self._import_module: set[str] = set()
        self._doors: list[ast.stmt] = []
        self.events: list[Import | Binding | Exports] = []

    def scan(self, body: Sequence[ast.stmt], *, is_conditional: bool, is_class: bool = False) -> None:
        """Note what the statements of a block do."""
        for node in body:
            match node:
                case ast.Import() | ast.ImportFrom():
                    self._note_import(node, is_conditional, is_class)
                    continue
                case ast.If():
                    self._scan_if(node, is_conditional, is_class)
                    continue
            if self._may_call:
                self._note_calls(node, is_conditional)
            if not is_class:
                self._note_names(node, is_conditional)
                if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
                    self._doors.append(node)
            for block, is_doubtful in find_blocks(node):
                self.scan(
                    block,
                    is_conditional=is_conditional or is_doubtful,
                    is_class=is_class or isinstance(node, ast.ClassDef),
                )

    def find_doors(self) -> Iterator[Import]:
        """Yield the imports that tell what ``__getattr__`` loads, if there is one."""
        if not any(isinstance(event, Binding) and "__getattr__" in event.names for event in self.events):
            return
        for statement in self._doors:
            for node in ast.walk(statement):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    yield self._read_import(node, True)

    def _scan_if(self, node: ast.If, is_conditional: bool, is_class: bool) -> None:
        """Go along a chain of ``elif``, which is nested in the tree as deep as it is long."""
        while True:
            holds = self._evaluate(node.test)
            if self._may_call:
                self._note_calls(node, is_conditional)
            is_conditional_here = is_conditional or holds is None
            if holds is False and not is_class:
                self._doors += node.body
            else:
                self.scan(node.body, is_conditional=is_conditional_here, is_class=is_class)
            if holds:
                return
            is_conditional = is_conditional_here
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                continue
            self.scan(node.orelse, is_conditional=is_conditional, is_class=is_class)
            return

    def _evaluate(self, test: ast.expr) -> bool | None:
        """Return whether a condition holds at import, if that is certain."""
        match test:
            case ast.Constant(value=value):
                return bool(value)
            case ast.Name(id=name) if name in self._type_checking:
                return False
            case ast.Attribute(attr="TYPE_CHECKING"):
                return False
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                held = self._evaluate(operand)
                return None if held is None else not held
            case ast.BoolOp(op=op, values=values):
                held_all = [self._evaluate(value) for value in values]
                decisive = isinstance(op, ast.Or)
                if decisive in held_all:
                    return decisive
                return None if None in held_all else not decisive
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as op], comparators=[right]):
                if is_main_test(left, right) or is_main_test(right, left):
                    return self._is_main == isinstance(op, ast.Eq)
        return None

    def _note_import(self, node: ast.Import | ast.ImportFrom, is_conditional: bool, is_class: bool) -> None:
        event = self._read_import(node, is_conditional)
        if is_class:  # what it binds is the class's, not the module's
            unbound = (request._replace(bound=("",) * len(request.bound)) for request in event.requests)
            event = event._replace(requests=tuple(unbound))
        self.events.append(event)
        for name, bound in ((one.name, one.asname or one.name) for one in node.names):
            if isinstance(node, ast.Import):
                if name == "importlib" or (name.startswith("importlib.") and name == bound):
                    self._importlib.add(bound.partition(".")[0])
            elif (node.module, name) == ("typing", "TYPE_CHECKING"):
                self._type_checking.add(bound)
            elif (node.module, name) == ("importlib", "import_module"):
                self._import_module.add(bound)

    def _read_import(self, node: ast.Import | ast.ImportFrom, is_conditional: bool) -> Import:
        if isinstance(node, ast.Import):
            requests = tuple(
                Request(0, one.name, None, (one.asname or one.name.partition(".")[0],)) for one in node.names
            )
        else:
            bound = tuple(one.asname or one.name for one in node.names)
            requests = (Request(node.level, node.module or "", tuple(one.name for one in node.names), bound),)
        return self._make(node, is_conditional, requests)

    def _make(self, node: ast.stmt | ast.expr, is_conditional: bool, requests: tuple[Request, ...]) -> Import:
        end = node.end_lineno or node.lineno
        return Import(node.lineno, end, self._find_text(node), is_conditional, requests)

    def _find_text(self, node: ast.stmt | ast.expr) -> str:
        if node.lineno != node.end_lineno:
            return ast.unparse(node)
        if self._lines is None:
            data = self._data if self._data.isascii() else _recode(self._data)
            self._lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        line = self._lines[node.lineno - 1]
        return line[node.col_offset : node.end_col_offset].decode(errors="replace")

    def _note_calls(self, node: ast.stmt, is_conditional: bool) -> None:
        """Note ``__import__("x")`` and ``import_module("x")``, in the order of the source."""
        is_compound = bool(find_blocks(node)) or isinstance(
            node, (ast.If, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        )
        waiting: list[tuple[ast.AST, bool]] = [(node, is_conditional)]
        while waiting:
            one, is_doubtful = waiting.pop()
            if isinstance(one, ast.Call) and (request := self._read_call(one)):
                # A call in a statement of many lines, such as a table, stands for itself.
                shown = one if is_compound or node.lineno != node.end_lineno else node
                self.events.append(self._make(shown, is_doubtful, (request,)))
            waiting += reversed([(child, is_doubtful or doubt) for child, doubt in find_evaluated(one)])

    def _read_call(self, call: ast.Call) -> Request | None:
        match call:
            case ast.Call(func=ast.Name(id="__import__"), args=[ast.Constant(value=str(name)), *rest]):
                given = {keyword.arg: keyword.value for keyword in call.keywords}
                names = read_names(rest[2] if len(rest) > 2 else given.get("fromlist"))
                level = rest[3] if len(rest) > 3 else given.get("level")
                dots = level.value if isinstance(level, ast.Constant) and isinstance(level.value, int) else 0
                return Request(max(dots, 0), name, names or None, ("",) * max(len(names), 1))
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *rest]) if self._is_import_module(func):
                dots = len(name) - len(name.lstrip("."))
                package = rest[0] if rest else next((one.value for one in call.keywords if one.arg == "package"), None)
                if dots and isinstance(package, ast.Constant) and isinstance(package.value, str):
                    above = package.value.split(".")
                    kept = above[: len(above) - dots + 1]
                    return Request(0, ".".join([*kept, name.lstrip(".")]), None, ("",))
                return Request(dots, name.lstrip("."), None, ("",))
        return None

    def _is_import_module(self, func: ast.expr) -> bool:
        match func:
            case ast.Name(id=name):
                return name in self._import_module
            case ast.Attribute(value=ast.Name(id=name), attr="import_module"):
                return name in self._importlib
        return False

    def _note_names(self, node: ast.stmt, is_conditional: bool) -> None:
        """Note the names that a statement binds, and ``__all__``."""
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                self.events.append(Exports(read_names(value), False))
            case ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value):
                self.events.append(Exports(read_names(value), False))
            case ast.AugAssign(target=ast.Name(id="__all__"), value=value):
                self.events.append(Exports(read_names(value), True))
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"), attr="extend" | "append"), args=[value])
            ):
                self.events.append(Exports(read_names(value), True))
            case ast.Delete():
                self._bind([name for target in node.targets for name in find_names(target)], False)
            case _:
                self._bind(list(find_bound(node)), not (is_conditional or isinstance(node, (ast.For, ast.AsyncFor))))

    def _bind(self, names: list[str], is_certain: bool) -> None:
        if not names:
            return
        last = self.events[-1] if self.events else None
        if isinstance(last, Binding) and last.is_certain == is_certain:
            self.events[-1] = Binding((*last.names, *names), is_certain)
        else:
            self.events.append(Binding(tuple(names), is_certain))


def _recode(data: bytes) -> bytes:
    """Return a source file in UTF-8, in which the parser counts its columns."""
    from importlib.util import decode_source

    return decode_source(data).encode("utf-8", "surrogatepass")
