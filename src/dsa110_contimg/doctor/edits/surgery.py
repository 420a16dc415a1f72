"""The cut itself: statements taken out of a module's source and put where they are to be executed; all else stays."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsa110_contimg.doctor.edits.door import write_door

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeVar

    import libcst as cst

    from dsa110_contimg.doctor.edits.door import Door

    _Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
    _Owner = TypeVar("_Owner", cst.FunctionDef, cst.If)


@dataclass(frozen=True)
class Operation:
    """What is to become of one import statement of a module."""

    line: int
    """Its first line."""
    column: int
    """The column that it begins in."""
    moved: Mapping[int, str | None]
    """The functions that get it, by the line of their ``def``: the statement for each, or nothing for all of it as it
    is written."""
    is_typed: bool = False
    """Whether it is kept for type checkers."""


@dataclass(frozen=True)
class Cut:
    """What is to become of a module."""

    operations: Sequence[Operation]
    """The statements."""
    door: Door | None = None
    """The door that it gets."""
    binds_type_checking: bool = False
    """Whether the module binds ``TYPE_CHECKING`` before the first statement."""


def cut(text: str, plan: Cut) -> str:
    """Make a cut.

    Parameters
    ----------
    text : str
        The source of a module.
    plan : Cut
        What is to become of it.

    Returns
    -------
    str
        The new source; the same text where nothing was to change.

    Raises
    ------
    ValueError
        When libcst cannot read the source, or cannot write it as it was.
    """
    import libcst as cst

    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise ValueError(f"libcst cannot read line {error.raw_line}") from error
    if module.code != text:
        raise ValueError("libcst cannot write the file as it is")
    return _Surgeon(module, plan).operate().code


@dataclass
class _Found:
    """A statement that was taken out."""

    small: cst.Import | cst.ImportFrom
    line: cst.SimpleStatementLine
    operation: Operation
    comments: list[cst.EmptyLine] = field(default_factory=list)


class _Surgeon:
    def __init__(self, module: cst.Module, plan: Cut) -> None:
        from libcst.metadata import MetadataWrapper, PositionProvider

        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.module, self.plan = wrapper.module, plan
        self.positions = wrapper.resolve(PositionProvider)
        self.found: list[_Found] = []

    def operate(self) -> cst.Module:
        import libcst as cst

        wanted = {(operation.line, operation.column): operation for operation in self.plan.operations}
        body: list[cst.SimpleStatementLine | cst.BaseCompoundStatement] = []
        place: int | None = None
        for statement in self.module.body:
            if not isinstance(statement, cst.SimpleStatementLine):
                body.append(statement)
                continue
            kept: list[cst.BaseSmallStatement] = []
            taken: list[_Found] = []
            for small in statement.body:
                start = self.positions[small].start
                operation = wanted.get((start.line, start.column))
                if operation is not None and isinstance(small, (cst.Import, cst.ImportFrom)):
                    taken.append(_Found(small, statement, operation))
                else:
                    kept.append(small)
            if not taken:
                body.append(statement)
                continue
            place = len(body) if place is None else place
            self.found += taken
            if kept:
                kept[-1] = kept[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
                body.append(statement.with_changes(body=kept))
            else:
                taken[0].comments = [line for line in statement.leading_lines if line.comment is not None]
        if len(self.found) != len(wanted):
            raise ValueError("a statement was not found where it should be")
        block = self._write_block(place)
        if place is not None and block and place < len(body):
            body[place] = _separate(body[place])
        body[place:place] = block
        return self._fill(self.module.with_changes(body=body))

    def _write_block(self, place: int | None) -> list[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
        """Write what stands in the place of the first statement."""
        import libcst as cst

        typed = [found for found in self.found if found.operation.is_typed]
        if not typed and self.plan.door is None:
            return []
        indent = self.module.default_indent
        door = write_door(self.plan.door, indent) if self.plan.door is not None else ""
        text = door
        if typed:
            text = "" if self.plan.binds_type_checking else "TYPE_CHECKING = False\n"
            text += f"if TYPE_CHECKING:\n{indent}pass\n"
            if door:
                inner = "".join(f"{indent}{line}".rstrip() + "\n" for line in _close_up(door.splitlines()))
                text += f"else:\n\n{inner}"
        # Its line ends are of no kind until it is written as a part of the file.
        block = list(cst.parse_module(text).body)
        for number, statement in enumerate(block):
            if isinstance(statement, cst.If):
                block[number] = statement.with_deep_changes(
                    statement.body, body=[self._write_line(found, is_first=True) for found in typed]
                )
        leading = [line for line in self.found[0].line.leading_lines if line.comment is None]
        block[0] = block[0].with_changes(leading_lines=leading)
        return [_separate(block[0]), *block[1:]] if place else block

    def _write_line(self, found: _Found, *, is_first: bool) -> cst.SimpleStatementLine:
        """Write a statement as a line of its own, with its comments."""
        import libcst as cst

        is_alone = len(found.line.body) == 1
        small = found.small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        line = cst.SimpleStatementLine([small.deep_clone()], leading_lines=found.comments if is_first else [])
        if is_alone:
            line = line.with_changes(trailing_whitespace=found.line.trailing_whitespace)
        return line

    def _fill(self, module: cst.Module) -> cst.Module:
        """Put the statements into the functions that get them."""
        import libcst as cst

        lines: dict[int, list[cst.SimpleStatementLine]] = {}
        for found in self.found:
            for number, (owner, text) in enumerate(sorted(found.operation.moved.items())):
                is_first = number == 0 and not found.operation.is_typed
                line = self._write_line(found, is_first=is_first)
                if text is not None:
                    line = line.with_changes(
                        body=cst.ensure_type(cst.parse_statement(text), cst.SimpleStatementLine).body
                    )
                lines.setdefault(owner, []).append(line)
        positions = self.positions

        class Filler(cst.CSTTransformer):
            def on_visit(self, node: cst.CSTNode) -> bool:
                return not isinstance(
                    node, (cst.BaseExpression, cst.SimpleStatementLine)
                )  # no function stands in these

            def leave_FunctionDef(  # noqa: N802 - the names are libcst's
                self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
            ) -> cst.FunctionDef:
                return self._fill(original_node, updated_node)

            def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If:  # noqa: N802
                return self._fill(original_node, updated_node)

            def _fill(self, original: cst.FunctionDef | cst.If, updated: _Owner) -> _Owner:
                position = positions.get(original)
                new = lines.pop(position.start.line, None) if position is not None else None
                return updated if new is None else updated.with_changes(body=_begin(updated.body, new))

        module = module.visit(Filler())
        if lines:
            raise ValueError("a function was not found where it should be")
        return module


def _begin(body: cst.BaseSuite, new: list[cst.SimpleStatementLine]) -> cst.BaseSuite:
    """Return the body of a function with statements after its docstring."""
    import libcst as cst

    if isinstance(body, cst.SimpleStatementSuite):
        line = cst.SimpleStatementLine(body.body)
        header = body.trailing_whitespace
        body = cst.IndentedBlock([line], header=header)
    old: list[_Statement] = list(body.body)  # type: ignore[arg-type] # these are the only ones in a block
    first = old[0]
    if not (isinstance(first, cst.SimpleStatementLine) and _is_docstring(first.body[0])):
        return body.with_changes(body=[*new, _separate(first), *old[1:]])
    if len(first.body) > 1:  # """What it does."""; return it
        doc = first.body[0].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        rest = first.with_changes(body=first.body[1:], leading_lines=[])
        return body.with_changes(
            body=[cst.SimpleStatementLine([doc], leading_lines=first.leading_lines), *new, _separate(rest), *old[1:]]
        )
    return body.with_changes(body=[first, *new, *map(_separate, old[1:2]), *old[2:]])


def _separate(statement: _Statement) -> _Statement:
    """Return a statement with an empty line above it, unless one is there or it is an import."""
    import libcst as cst

    is_import = isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[0], (cst.Import, cst.ImportFrom)
    )
    if is_import or (statement.leading_lines and statement.leading_lines[0].comment is None):
        return statement
    empty = cst.EmptyLine(indent=False)
    return statement.with_changes(leading_lines=[empty, *statement.leading_lines])


def _is_docstring(small: cst.BaseSmallStatement) -> bool:
    import libcst as cst

    return isinstance(small, cst.Expr) and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString))


def _close_up(lines: list[str]) -> list[str]:
    """Return the lines of functions with one empty line between them, as it is in a block."""
    return [line for line, after in zip(lines, [*lines[1:], "x"], strict=True) if line or after]
