"""What of this process an import may change."""

import os
import sys


def observe():
    """Return the state of the process that an import has no business to change."""
    status = {}
    try:
        with open("/proc/self/status", encoding="utf-8", errors="replace") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        tasks = set(os.listdir("/proc/self/task"))
    except OSError:
        tasks = set()
    signals = sys.modules.get("_signal") or __import__("_signal")
    try:
        directory = os.getcwd()
    except OSError:
        directory = "(removed)"
    return {
        "environment": dict(os.environ),
        "directory": directory,
        "signals": {number: signals.getsignal(number) for number in range(1, 32)},
        "caught": int(status.get("SigCgt", "0"), 16) | int(status.get("SigIgn", "0"), 16),
        "threads": tasks,
        "filters": len(__import__("_warnings").filters),
    }


def describe_changes(before, after):
    """Yield what changed, as pairs of what and which."""
    for key in sorted(before["environment"].keys() | after["environment"].keys()):
        if before["environment"].get(key) != after["environment"].get(key):
            yield "environment", key
    if before["directory"] != after["directory"]:
        yield "directory", after["directory"]
    native = before["caught"] ^ after["caught"]
    for number, handler in after["signals"].items():
        if before["signals"][number] is not handler or native >> (number - 1) & 1:
            yield "signal", str(number)
    names = describe_threads()
    for thread in sorted(after["threads"] - before["threads"], key=int):
        yield "thread", names.get(thread, thread)
    if before["filters"] != after["filters"]:
        yield "filters", str(after["filters"] - before["filters"])


def describe_threads():
    """Return the names of the threads that Python knows, by the system's number."""
    threading = sys.modules.get("threading")
    if threading is None:
        return {}
    return {str(thread.native_id): thread.name for thread in list(threading._active.values())}
