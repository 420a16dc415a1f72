"""What a module gives to those who import it, told from a process of its own; runs by path, under Python 3.8."""

import json
import os
import sys

PLAIN = (bool, int, float, complex, str, bytes, type(None))


def tell(module, way, write):
    """Import a module and tell what it gives, a line of JSON at a time, so that what was told outlives a crash.

    ``way`` is ``names`` (those of ``dir()`` and ``__all__``, and what each is) or ``star`` (what a star import takes).
    """
    if way == "star":
        taken = {}
        exec("from %s import *" % module, taken)  # noqa: S102
        write({"star": sorted(name for name in taken if name != "__builtins__")})
        return
    __import__(module)
    found = sys.modules[module]
    names = [name for name in dir(found) if not name.startswith("_")]
    listed = None if "__all__" not in vars(found) else sorted(map(str, found.__all__))
    write({"dir": names, "all": listed, "file": getattr(found, "__file__", None)})
    for name in sorted({*names, *(listed or ())}):
        write({"asked": name})
        try:
            value = getattr(found, name)
        except Exception as error:
            write({"name": name, "error": "%s: %s" % (type(error).__name__, error)})
        else:
            write(dict(describe(value), name=name))


def describe(value):
    """Say what an object is, so that the same object in another process is described alike."""
    kind = type(value)
    told = {"type": "%s.%s" % (kind.__module__, kind.__qualname__), "value": None, "pickles": None}
    if isinstance(value, PLAIN) and kind in PLAIN:
        told["value"] = repr(value)
    elif kind is type(sys):
        told["value"] = value.__name__
    else:
        home, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        if isinstance(home, str) and isinstance(name, str):
            told["value"] = "%s.%s" % (home, name)
    try:
        import pickle

        pickle.loads(pickle.dumps(value))
    except Exception:
        told["pickles"] = False
    else:
        told["pickles"] = True
    return told


def main(module, way, file):
    """Tell it into a file."""
    with open(file, "w", encoding="ascii") as stream:

        def write(told):
            stream.write(json.dumps(told) + "\n")
            stream.flush()

        tell(module, way, write)
        write({"done": True})


if __name__ == "__main__":
    if sys.path[:1] == [os.path.dirname(os.path.abspath(__file__))]:
        del sys.path[0]
    sys.path.insert(0, "")  # as it is for a statement
    main(*sys.argv[1:])
