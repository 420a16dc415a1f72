"""What a fresh interpreter can observe about an import: facts of the process, never our own flags.

Run as ``python facts.py STATEMENT [BEFORE]``, where BEFORE runs ahead of the first observation; prints JSON.
Loads nothing that the facts are about.
"""

import atexit
import builtins
import gc
import json
import locale
import logging
import os
import resource
import signal
import sys
import threading
import warnings

NATIVE = (
    "/casacore/",
    "/casatools/",
    "/casatasks/",
    "/arcae/",
    "/casadata/",
    "libcasa_",
    "_measures",
    "python_casacore",
)

CASA = {"casacore", "casatools", "casatasks", "casaconfig", "arcae"}
ACTS = ("os.", "shutil.", "socket.", "sqlite3.", "subprocess.", "tempfile.", "urllib.")
LOOKS = {"os.fwalk", "os.getxattr", "os.listdir", "os.listxattr", "os.scandir", "os.walk"}

effects = []


def listen(event, args):
    """Note every file opened for writing, whatever else is done to the world outside, and every reach for CASA."""
    if event == "open":
        if isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            effects.append(f"open {args[0]!r} for writing")
    elif event == "import":
        if args[0].partition(".")[0] in CASA:
            effects.append(f"import {args[0]}")
    elif event.startswith(ACTS) and event not in LOOKS:
        effects.append(f"{event} {args!r}")


def observe():
    """Return the state of this process that an import has no business to change."""
    with open("/proc/self/status") as file:
        status = dict(line.split(":", 1) for line in file)
    loggers = [logging.getLogger()] + [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    return {
        "environment": dict(os.environ),
        "working directory": os.getcwd(),
        "warning filters": [repr(entry) for entry in warnings.filters],
        "logging handlers": [repr(handler) for logger in loggers for handler in logger.handlers],
        "logging": repr((logging.root.manager.disable, logging.root.level, logging.root.filters)),
        "signal handlers": {str(number): repr(signal.getsignal(number)) for number in signal.valid_signals()},
        "signals caught by native code": status["SigCgt"],
        "signals held back": [status["SigBlk"], repr(signal.getitimer(signal.ITIMER_REAL))],
        "Python threads": [thread.name for thread in threading.enumerate()],
        "hooks": repr(
            (
                *(sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook, warnings.showwarning),
                *(builtins.__import__, builtins.open, sys.meta_path, sys.path_hooks),
            )
        ),
        "exit handlers": atexit._ncallbacks(),
        "interpreter": repr(
            (
                *(sys.path, sys.stdin, sys.stdout, sys.stderr, gc.isenabled(), gc.get_threshold()),
                *(sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace(), sys.getprofile()),
            )
        ),
        "process": [
            *(status["Umask"], locale.setlocale(locale.LC_ALL), os.getpriority(os.PRIO_PROCESS, 0)),
            *(resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")),
        ],
        "files": sorted(os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names),
    }


def main(statement, first=""):
    """Run the statement between two observations."""
    exec(first, {})
    sys.addaudithook(listen)
    before = observe()
    effects.clear()
    namespace = {}
    exec(statement, namespace)
    noted = list(effects)
    after = observe()
    with open("/proc/self/maps") as file:
        libraries = sorted({line.split(maxsplit=5)[5].strip() for line in file if len(line.split(maxsplit=5)) == 6})
    print(
        json.dumps(
            {
                "changed": {key: [before[key], after[key]] for key in before if before[key] != after[key]},
                "effects": noted,
                "modules": sorted({name.partition(".")[0] for name in sys.modules}),
                "native": [path for path in libraries if any(word in path for word in NATIVE)],
                "tasks": len(os.listdir("/proc/self/task")),
                "result": repr(namespace.get("result")),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
