"""Source without the bodies of its functions, which are most of it and are not executed by an import.

To make syntax trees is where the time goes; regular expressions are thirty times faster. They know Python's strings and
comments, so that a line that begins with ``def`` is one. What they do not know makes text that is no Python: a function
that ends within brackets, say. Then the whole has to be read.
"""

from __future__ import annotations

import re

_CODE = rb"""[^'"#\\\n]++"""
_STRINGS = rb"""
    \"\"\"(?:[^"\\]++|\\.|"(?!""))*+\"\"\"
    | '''(?:[^'\\]++|\\.|'(?!''))*+'''
    | "(?!"")(?:[^"\\\n]++|\\.)*+"
    | '(?!'')(?:[^'\\\n]++|\\.)*+'
"""
_REST = rb"\#[^\n]*+ | \\."
_DEF = rb"(?:async[ \t]++)?def[ \t]++"
# A function goes on with lines that are empty, a comment, further in, or begin with the bracket that closes its head.
_GOES_ON = rb"[ \t\f]*+(?:\#|\n|\Z) | (?P=indent)[ \t)\]}]"
_FUNCTION = re.compile(
    rb"""
    (?: %(code)s | %(strings)s | %(rest)s | \n (?![ \t]*+ %(def)s) )*+
    (?:
        \n (?P<indent> [ \t]*+) (?P<def> %(def)s (?P<name> \w++)
        (?: %(code)s | %(strings)s | %(rest)s | \n (?= %(goes_on)s) )*+ )
    )?+
    """
    % {b"code": _CODE, b"strings": _STRINGS, b"rest": _REST, b"def": _DEF, b"goes_on": _GOES_ON},
    re.VERBOSE | re.DOTALL,
)
_KEPT = re.compile(rb"\b(?:__import__|import_module)\b")


def drop_bodies(data: bytes) -> bytes | None:
    r"""Return a source file with nothing but their names left of its functions, on the same lines.

    Parameters
    ----------
    data : bytes
        The file; valid Python.

    Returns
    -------
    bytes or None
        The shorter text; nothing where that cannot be made. Functions that could import by a string as they are defined
        are kept, and ``__getattr__``.

    Examples
    --------
    >>> drop_bodies(b"import a\ndef load():\n    import b\nimport c\n")
    b'import a\ndef load():0\n\nimport c\n'
    """
    if b"\r" in data:
        return None
    data = b"\n" + data
    kept, at = [], 0
    while at < len(data):
        found = _FUNCTION.match(data, at)
        if found is None or found.end() == at:
            return None
        function = found["def"]
        if function is None or found["name"] == b"__getattr__" or _KEPT.search(function):
            kept.append(found[0])
        else:
            lines = b"\n" * function.count(b"\n")
            kept += [data[at : found.start("def")], b"def ", found["name"], b"():0", lines]
        at = found.end()
    return b"".join(kept)[1:]
