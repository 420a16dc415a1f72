"""Hooks on the import system that tell the journal which module begins, ends or fails, and which statement asked."""

import builtins
import importlib._bootstrap as bootstrap
import importlib._bootstrap_external as bootstrap_external
import os
import sys
from _thread import get_ident, get_native_id

from .journal import (
    BEGIN,
    CREATE,
    CREATED,
    DLOPEN,
    DONE,
    EDGE,
    EFFECT,
    ERROR,
    EXECUTE,
    EXECUTED,
    LEAVE,
    THREAD,
)

IMPORTLIB = "<frozen importlib._bootstrap>"
HOOK = "load_and_tell"
"""The function around every module that begins; to compare code objects would mean to hash them, which takes longer."""
OPTIMIZED = 1
"""The flag of code that stands in a function (CO_OPTIMIZED), neither at module level nor in a class body."""
DEEPEST = 60
"""How many frames a statement may stand away from module level before the journal stops telling them."""
PROCESSES = {
    "os.exec": 0,
    "os.fork": None,
    "os.forkpty": None,
    "os.posix_spawn": 0,
    "os.system": 0,
    "subprocess.Popen": 0,
}

EVENTS = frozenset({"open", "ctypes.dlopen", "os.putenv", "os.unsetenv", "os.chdir", *PROCESSES})
"""What the journal is told of all that Python's audit hooks hear."""


def disguise(function):
    """Give a hook the file name of importlib, whose frames Python leaves out of tracebacks and of warnings."""
    function.__code__ = function.__code__.replace(co_filename=IMPORTLIB)
    return function


def find_frames(frame):
    """Return where an import was asked for, as file, line, function and level, from the statement out to module level.

    Empty when no Python stands between the import and the hook of the module that is open: then native code asked.
    """
    found = []
    while frame is not None and len(found) < 4 * DEEPEST:
        code = frame.f_code
        file = code.co_filename
        if file.startswith("<frozen importlib"):
            if not found and code.co_name == HOOK:
                break
        elif found or not file.endswith(("/importlib/__init__.py", "/importlib/util.py")):
            name = code.co_name
            is_module = name == "<module>"
            line = frame.f_lineno
            if is_module and file == "<string>" and frame.f_back is not None:
                file, line = find_pth(frame.f_back, file, line)
            level = "module" if is_module else "function" if code.co_flags & OPTIMIZED else "class"
            found += (file, str(line or 0), name, level)
            if is_module:
                break
        frame = frame.f_back
    return found


def find_pth(caller, file, line):
    """Return the line of the .pth file that site is executing, if it is."""
    path, text = caller.f_locals.get("fullname"), caller.f_locals.get("line")
    if caller.f_code.co_name != "addpackage" or not isinstance(path, str) or not isinstance(text, str):
        return file, line
    try:
        with open(path, "rb") as lines:
            # site counts lines from 0 or from 1, by its version.
            found = [at for at, each in enumerate(lines, 1) if each.strip() == text.strip().encode()]
    except OSError:
        found = []
    return path, found[0] if found else 0


def hide(path):
    """Have the import system not see a file, and look for its module further on."""
    finder = bootstrap_external.FileFinder
    find = finder.find_spec

    def find_spec(self, fullname, target=None):
        spec = find(self, fullname, target)
        return None if spec is not None and spec.origin == path else spec

    finder.find_spec = disguise(find_spec)


class Hooks:
    """Put hooks on the import system.

    Parameters
    ----------
    journal : Journal
        Where they tell what happens.
    edges : bool
        Whether to tell every import statement that is executed, not only those that begin a module.
    """

    def __init__(self, journal, edges):
        self.write = journal.write
        self.stacks = {}
        self.owner = os.getpid()
        try:
            self.statm = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:
            self.statm = -1
        self.hook_loading()
        self.hook_extensions()
        self.hook_leaving()
        sys.addaudithook(self.make_listener())
        if edges:
            self.hook_statements()

    def memory(self):
        """Return the resident memory in pages, as text; empty where it is not known."""
        try:
            text = os.pread(self.statm, 64, 0).split(b" ", 2)[1]
            return text.decode() if text.isdigit() else ""
        except (OSError, IndexError):
            return ""

    def stack(self):
        """Return the names of the modules that are open in this thread."""
        thread = get_native_id()
        found = self.stacks.get(thread)
        if found is None:
            found = self.stacks[thread] = []
            self.write(THREAD, str(get_ident()))
        return found

    def hook_loading(self):
        """Tell when a module begins, is done, or fails."""
        write, memory, stack, getframe = self.write, self.memory, self.stack, sys._getframe

        def load_and_tell(original, spec, name, argument):
            modules = stack()
            origin = spec.origin if isinstance(spec.origin, str) else ""
            frames = find_frames(getframe().f_back.f_back)
            modules.append(name)
            write(BEGIN, memory(), name, origin, *frames)
            try:
                result = original(argument)
            except BaseException as error:
                write(ERROR, memory(), name, str(id(error)), type(error).__name__)
                raise
            finally:
                modules.pop()
            write(DONE, memory(), name)
            return result

        load_unlocked = bootstrap._load_unlocked

        def _load_unlocked(spec):
            return load_and_tell(load_unlocked, spec, spec.name, spec)

        bootstrap._load_unlocked = disguise(_load_unlocked)

        # Modules that are executed by hand, through their loader, as lazy loaders do.
        loader = bootstrap_external._LoaderBasics
        execute = loader.exec_module

        def exec_module(self, module):
            modules = stack()
            spec = getattr(module, "__spec__", None)
            if spec is None or (modules and modules[-1] == spec.name):
                return execute(self, module)
            return load_and_tell(lambda module: execute(self, module), spec, spec.name, module)

        loader.exec_module = disguise(exec_module)
        disguise(load_and_tell)

    def hook_extensions(self):
        """Tell when native code is loaded and initialised."""
        write, memory = self.write, self.memory
        loader = bootstrap_external.ExtensionFileLoader
        create, execute = loader.create_module, loader.exec_module

        def create_module(self, spec):
            write(CREATE, memory(), spec.name, self.path)
            module = create(self, spec)
            write(CREATED, memory(), spec.name)
            return module

        def exec_module(self, module):
            write(EXECUTE, memory(), self.name)
            result = execute(self, module)
            write(EXECUTED, memory(), self.name)
            return result

        loader.create_module, loader.exec_module = disguise(create_module), disguise(exec_module)

    def hook_leaving(self):
        """Tell when the process leaves through os._exit."""
        write, leave, getframe = self.write, os._exit, sys._getframe

        def _exit(status):
            write(LEAVE, str(status), *find_frames(getframe().f_back))
            leave(status)

        os._exit = _exit
        sys.modules["posix"]._exit = _exit

    def make_listener(self):
        """Return the audit hook that tells what an import does besides importing."""
        write, writing = self.write, os.O_WRONLY | os.O_RDWR | os.O_CREAT

        def listen(event, args):
            if event not in EVENTS:  # most are not: thousands a second
                return
            if event == "open":
                path, _, flags = args
                if isinstance(flags, int) and flags & writing and isinstance(path, (str, bytes)):
                    path = os.fsdecode(path)
                    if ".pyc" not in path:
                        write(EFFECT, "file", path)
            elif event == "ctypes.dlopen":
                write(DLOPEN, str(args[0] or ""))
            elif event == "os.putenv" or event == "os.unsetenv":
                write(EFFECT, "environment", os.fsdecode(args[0]))
            elif event == "os.chdir":
                write(EFFECT, "directory", str(args[0]))
            else:
                which = PROCESSES[event]
                write(EFFECT, "process", event if which is None else f"{event} {args[which]}")

        return listen

    def hook_statements(self):
        """Tell every import that is executed, also of what is already loaded."""
        write, stack, getframe = self.write, self.stack, sys._getframe
        modules, original, import_by_name = sys.modules, builtins.__import__, bootstrap._gcd_import

        def tell(names, frame):
            opened = stack()
            found = find_frames(frame)
            if found:
                write(EDGE, opened[-1] if opened else "", str(len(names)), *names, *found)

        def __import__(name, globals=None, locals=None, fromlist=(), level=0):
            module = original(name, globals, locals, fromlist, level)
            if level:
                package = bootstrap._calc___package__(globals or {})
                name = bootstrap._resolve_name(name, package, level)
            names = [name]
            if fromlist:
                wanted = getattr(module, "__all__", ()) if "*" in fromlist else fromlist
                names += [f"{name}.{each}" for each in wanted if f"{name}.{each}" in modules]
            tell(names, getframe().f_back)
            return module

        def _gcd_import(name, package=None, level=0):
            module = import_by_name(name, package, level)
            tell([getattr(module, "__name__", name)], getframe().f_back)
            return module

        builtins.__import__, bootstrap._gcd_import = disguise(__import__), disguise(_gcd_import)
