"""Follow the imports of a target as they would be executed, without executing anything."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsa110_contimg.doctor.imports.events import Binding, Exports, Import
from dsa110_contimg.doctor.imports.graph import Edge, Module, Problem, Statement
from dsa110_contimg.doctor.targets import TARGET_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from dsa110_contimg.doctor.imports.cache import Scans
    from dsa110_contimg.doctor.imports.events import Request, Scan
    from dsa110_contimg.doctor.imports.finder import Finder, Found


@dataclass
class _Namespace:
    """The names of a module, each with whether it is bound for certain, as far as its execution has come."""

    own: dict[str, bool] = field(default_factory=dict)
    """The names that it binds itself, but for those of its own submodules."""
    submodules: dict[str, bool] = field(default_factory=dict)
    """The submodules that were loaded."""
    exports: list[str] | None = None
    """What stands in ``__all__``."""
    doors: tuple[Import, ...] = ()
    """The imports that tell what its ``__getattr__`` loads."""


@dataclass(frozen=True)
class _Call:
    """A module that is to be executed."""

    module: str
    scan: Scan
    file: str
    is_certain: bool
    """Whether a real run executes it just there, too."""


class Execution:
    """Go through the modules in the order in which they would be executed.

    A module is executed once, where it is first imported; what a statement finds already bound depends on that order,
    in cycles above all. Conditional statements are taken to be executed; what follows from them counts as possible, so
    that nothing is left out for it.

    Parameters
    ----------
    finder : Finder
        Finds modules.
    scans : Scans
        Reads source files.
    """

    def __init__(self, finder: Finder, scans: Scans) -> None:
        self._finder = finder
        self._scans = scans
        self._namespaces: dict[str, _Namespace] = {}
        self.modules: dict[str, Module] = {}
        """Every module, in the order in which it is first met."""
        self.edges: dict[Edge, None] = {}
        """What each statement loads."""
        self.problems: list[Problem] = []
        """What could not be read."""

    def execute(self, scan: Scan, file: str) -> None:
        """Go through the target, and all that it loads."""
        # Not by recursion: a chain of imports may be longer than Python's stack.
        stack = [self._run(_Call(TARGET_FILE, scan, file, True))]
        while stack:
            call = next(stack[-1], None)
            if call is None:
                stack.pop()
            else:
                stack.append(self._run(call))

    def _run(self, call: _Call) -> Iterator[_Call]:
        """Go through a module; yield each module that is to be executed before it goes on."""
        names = self._namespaces.setdefault(call.module, _Namespace())
        names.doors = call.scan.doors
        for event in call.scan.events:
            match event:
                case Import():
                    yield from self._import(call, event)
                case Binding():
                    for name in event.names:
                        # A name that is deleted somewhere, or bound in one branch, is not certain to be there.
                        names.own[name] = call.is_certain and event.is_certain
                case Exports():
                    kept = names.exports if event.is_added and names.exports is not None else []
                    names.exports = [*kept, *event.names]
        parent, _, tail = call.module.rpartition(".")
        if parent:
            self._namespaces.setdefault(parent, _Namespace()).submodules[tail] = call.is_certain

    def _import(self, call: _Call, event: Import) -> Iterator[_Call]:
        statement = Statement(call.module, call.file, event.line, event.end_line, event.text, event.is_conditional)
        is_certain = call.is_certain and not event.is_conditional
        value: str | None
        for request in event.requests:
            module = self._resolve(call.module, request)
            if module is None:
                said = f"a relative import leads out of its package: {event.text}"
                self.problems.append(Problem(call.file, event.line, said))
                continue
            found = yield from self._load(statement, module, is_certain)
            if found is None:
                self._bind(call.module, request.bound, None, is_certain)
            elif request.names is None:
                value = module if request.bound != (module.partition(".")[0],) else request.bound[0]
                self._bind(call.module, request.bound, value, is_certain)
            elif request.names == ("*",):
                yield from self._import_all(statement, module, found, is_certain)
            else:
                for name, bound in zip(request.names, request.bound, strict=True):
                    value = yield from self._import_name(statement, module, name, found, is_certain)
                    self._bind(call.module, (bound,), value, is_certain)

    def _resolve(self, importer: str, request: Request) -> str | None:
        """Return the full name of the module that is asked for."""
        if not request.level:
            return request.module or None
        package = importer if importer != TARGET_FILE else ""
        if package and self._finder.find(importer).folders is None:
            package = package.rpartition(".")[0]
        parts = package.split(".") if package else []
        if request.level > len(parts):
            return None
        kept = parts[: len(parts) - request.level + 1]
        return ".".join([*kept, request.module] if request.module else kept)

    def _load(self, statement: Statement, name: str, is_certain: bool) -> Generator[_Call, None, Found | None]:
        """Load a module and the packages above it; return it, or nothing if one of them is missing."""
        parts = name.split(".")
        found = None
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            found = self._finder.find(module)
            is_new = module not in self.modules
            if is_new:
                self.modules[module] = found.module
                if found.fault:
                    self.problems.append(Problem(found.module.file or module, None, found.fault))
            # A module's own packages were there before it.
            if not f"{statement.module}.".startswith(f"{module}."):
                self.edges[Edge(statement, module)] = None
            if is_new and found.module.kind != "missing":
                yield from self._enter(module, found, is_certain)
        return found if found is not None and found.module.kind != "missing" else None

    def _enter(self, module: str, found: Found, is_certain: bool) -> Iterator[_Call]:
        if found.source is None:
            parent, _, tail = module.rpartition(".")
            if parent:
                self._namespaces.setdefault(parent, _Namespace()).submodules[tail] = is_certain
            return
        try:
            scan = self._scans.read(found.source)
        except OSError as error:
            self.problems.append(Problem(found.source, None, f"it cannot be read: {error.strerror}"))
            return
        if scan.fault is not None:
            self.problems.append(Problem(found.source, *scan.fault))
        yield _Call(module, scan, found.source, is_certain)

    def _import_name(
        self, statement: Statement, module: str, name: str, found: Found, is_certain: bool
    ) -> Generator[_Call, None, str | None]:
        """Take a name from a module, which loads a submodule if the module has no such name."""
        names = self._namespaces.get(module, _Namespace())
        submodule = f"{module}.{name}"
        is_defined = is_certain and names.own.get(name, False)
        if is_defined:
            return None
        if found.folders is None or self._finder.find(submodule).module.kind == "missing":
            if name not in names.own:
                yield from self._pass_door(statement, module, name)
            return None
        yield from self._load(statement, submodule, is_certain)
        return submodule

    def _pass_door(self, statement: Statement, module: str, name: str) -> Iterator[_Call]:
        """Take a name from a module whose ``__getattr__`` makes it.

        That loads something for whoever asks, and nothing for who only imports the module; so it is laid to the one who
        asks.
        """
        for door in self._namespaces[module].doors if module in self._namespaces else ():
            for request in door.requests:
                if name not in (*request.bound, *(request.names or ())):
                    continue
                beyond = self._resolve(module, request)
                if beyond is not None:
                    found = yield from self._load(statement, beyond, False)
                    if found is not None and request.names and "*" not in request.names:
                        taken = request.names[request.bound.index(name)] if name in request.bound else name
                        submodule = f"{beyond}.{taken}"
                        if found.folders is not None and self._finder.find(submodule).module.kind != "missing":
                            yield from self._load(statement, submodule, False)

    def _import_all(self, statement: Statement, module: str, found: Found, is_certain: bool) -> Iterator[_Call]:
        """Take every name from a module; those of ``__all__`` may be submodules."""
        names = self._namespaces.get(module, _Namespace())
        known = names.submodules | names.own
        if names.exports is not None:
            for name in names.exports:
                value = yield from self._import_name(statement, module, name, found, is_certain)
                self._bind(
                    statement.module, (name,), value, is_certain and (value is not None or known.get(name, False))
                )
        else:
            for name, is_bound in known.items():
                if not name.startswith("_"):
                    self._bind(statement.module, (name,), f"{module}.{name}", is_certain and is_bound)

    def _bind(self, module: str, names: tuple[str, ...], value: str | None, is_certain: bool) -> None:
        """Bind names in a module; its own submodules are no names that hide them."""
        own = self._namespaces[module].own
        for name in names:
            if name and value != f"{module}.{name}":
                own[name] = is_certain or own.get(name, False)
