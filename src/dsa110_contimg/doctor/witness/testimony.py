"""Run the target under the hooks, and tell the journal what became of it."""

import os
import sys

from .hooks import Hooks, hide
from .journal import CHANGE, FINISH, GO, MAPS, PATHS, RAISED, START, Journal
from .observations import describe_changes, observe

open_file = open
"""Kept from before the target can replace it."""
TRACE = 200
"""The descriptor for tracebacks: high up, where nobody expects the next free one. As in recorder.c."""


def testify(arguments):
    """Run a target.

    Parameters
    ----------
    arguments : list of str
        The journal, the recorder to load (or nothing), its record, the file for Python tracebacks, the word
        ``edges`` or nothing, the kind of target (``statement`` or ``script``), the target, and the script's arguments.
    """
    path, recorder, record, trace, edges, kind, target, *rest = arguments
    journal = Journal(path)
    journal.write(START, sys.executable or "", watch(recorder, record, trace), str(len(sys.modules)))
    keep = list(sys.modules.values())  # so that a target that purges sys.modules does not take us along
    hooks = Hooks(journal, bool(edges))
    hidden = os.environ.pop("IMPORT_DOCTOR_HIDDEN", "")
    if hidden:
        hide(hidden)
    import site

    is_safe = getattr(sys.flags, "safe_path", False)
    if not is_safe:
        del sys.path[0]  # as it is when Python itself runs site
    site.main()
    if not is_safe:
        sys.path.insert(0, os.path.dirname(os.path.abspath(target)) if kind == "script" else "")
    journal.write(PATHS, sys.prefix, sys.base_prefix, *map(str, sys.path))
    main = type(sys)("__main__")
    main.__builtins__ = __builtins__
    keep.append(sys.modules["__main__"])
    sys.modules["__main__"] = main
    sys.argv[:] = [target, *rest] if kind == "script" else ["-c", *rest]
    before = observe()
    journal.write(GO, str(len(sys.modules)))
    status = 0
    try:
        if kind == "script":
            with open_file(target, "rb") as file:
                code = compile(file.read(), target, "exec")
            main.__file__ = target
            exec(code, main.__dict__)
        else:
            exec(compile(target, "<target>", "exec"), main.__dict__)
    except BaseException as error:
        is_end = kind == "script" and isinstance(error, SystemExit) and error.code in (None, 0)
        if not (is_end and is_own(error)):
            status = 1
            tell(journal, error)
        if isinstance(error, SystemExit):
            status = error.code
    journal.write(FINISH, str(len(sys.modules)))
    for change in describe_changes(before, observe()):
        journal.write(CHANGE, *change)
    journal.write(MAPS, read("/proc/self/maps"))
    hooks.keep = keep
    sys.exit(status)


def watch(recorder, record, trace):
    """Make sure that a crash is recorded; return by what: ``preload``, ``ctypes``, ``faulthandler`` or nothing."""
    if recorder == "preloaded":
        header = read_header(record)
        if header:
            # Where the recorder did not find Python's own function for it, faulthandler writes the tracebacks.
            if not header[24]:
                listen(TRACE)
            return "preload"
    elif recorder:
        listen(TRACE)
        try:
            import ctypes

            if ctypes.CDLL(recorder).import_doctor_start(os.fsencode(record), os.fsencode(trace)) == 0:
                return "ctypes"
        except (ImportError, OSError, AttributeError):
            pass
    descriptor = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, TRACE, False)
    os.close(descriptor)
    if not listen(TRACE):
        return ""
    sys.modules["faulthandler"].enable(TRACE, all_threads=True)
    return "faulthandler"


def read_header(record):
    """Return the beginning of the record; nothing if the recorder never came to work."""
    try:
        with open_file(record, "rb") as file:
            return file.read(64)
    except OSError:
        return b""


def listen(descriptor):
    """Have faulthandler write the tracebacks of all threads when it is asked; return whether it can."""
    try:
        import faulthandler
        import signal
    except ImportError:
        return False
    faulthandler.register(signal.SIGQUIT, descriptor, all_threads=True)
    return True


def is_own(error):
    """Return whether the script itself raised, rather than a module that it was importing."""
    traceback = error.__traceback__.tb_next
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.startswith("<frozen importlib"):
            return False
        traceback = traceback.tb_next
    return True


def tell(journal, error):
    """Tell the journal an exception, its causes, and where each was raised."""
    relation, seen = "", set()
    while error is not None and id(error) not in seen and len(seen) < 20:
        seen.add(id(error))
        frames, traceback, line = [], error.__traceback__, 0
        while traceback is not None and len(frames) < 400:
            code, line = traceback.tb_frame.f_code, traceback.tb_lineno
            if not code.co_filename.startswith("<frozen importlib") and code.co_filename != __file__:
                frames += (code.co_filename, str(line), code.co_name)
            traceback = traceback.tb_next
        if isinstance(error, SyntaxError) and isinstance(error.filename, str):
            frames += (error.filename, str(error.lineno or 0), "<module>")
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        journal.write(RAISED, relation, str(id(error)), name, say(error), str(missing or ""), *frames)
        if error.__cause__ is not None:
            relation, error = "cause", error.__cause__
        elif not error.__suppress_context__:
            relation, error = "context", error.__context__
        else:
            return


def say(error):
    """Return the message of an exception, which may itself be broken."""
    try:
        return str(error).replace("\0", "\\0")
    except Exception:  # noqa: BLE001 - the code of any exception in the world stands behind it
        return "(its message could not be made)"


def read(path):
    """Return the text of a file of the system; nothing where there is none."""
    try:
        with open_file(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
