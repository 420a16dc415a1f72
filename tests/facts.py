"""What a fresh interpreter can observe about an import: facts of the process, never our own flags.

Run as ``python facts.py STATEMENT [BEFORE]``, where BEFORE runs ahead of the first observation; prints JSON.
Loads nothing that the facts are about.
"""

import builtins
import json
import logging
import os
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

effects = []


def listen(event, args):
    """Note every file opened for writing, and every process or connection started."""
    if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        effects.append(f"open {args[0]!r} for writing")
    elif event in {
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "shutil.copyfile",
        "tempfile.mkstemp",
    } or event in {
        "os.fork",
        "os.exec",
        "os.posix_spawn",
        "os.system",
        "subprocess.Popen",
        "socket.connect",
        "os.chdir",
        "os.putenv",
    }:
        effects.append(f"{event} {args!r}")


def observe():
    """Return the state of this process that an import has no business to change."""
    with open("/proc/self/status") as file:
        caught = next(line.split()[1] for line in file if line.startswith("SigCgt"))
    loggers = [logging.getLogger()] + [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    return {
        "environment": dict(os.environ),
        "working directory": os.getcwd(),
        "warning filters": [repr(entry) for entry in warnings.filters],
        "logging handlers": [repr(handler) for logger in loggers for handler in logger.handlers],
        "signal handlers": {str(number): repr(signal.getsignal(number)) for number in signal.valid_signals()},
        "signals caught by native code": caught,
        "Python threads": [thread.name for thread in threading.enumerate()],
        "excepthook": repr((sys.excepthook, builtins.__import__, sys.meta_path, sys.path_hooks)),
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
