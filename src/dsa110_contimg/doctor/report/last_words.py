"""What the last words of a process tell: known messages of loaders, runtimes and Python, what they mean, what helps."""

from __future__ import annotations

import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsa110_contimg.doctor.examination import Examination

_KEPT_LINES = 40


@dataclass(frozen=True)
class Clue:
    """A known message."""

    pattern: str
    """The regular expression that finds it."""
    meaning: str
    """What it means; ``{0}`` stands for the first group of the expression."""
    remedy: str | None = None
    """What helps."""

    def read(self, text: str) -> tuple[str, str | None] | None:
        """Return meaning and remedy if the message stands in a text, or nothing."""
        found = re.search(self.pattern, text)
        if found is None:
            return None
        groups = [(group or "").strip() for group in found.groups()]
        return self.meaning.format(*groups), self.remedy.format(*groups) if self.remedy else None


_ABI = (
    "Install versions that were built for each other: upgrade the package that the message names, or pin numpy below 2."
)
_CLUES = (
    Clue(
        r"OMP: Error #15",
        "Two copies of the OpenMP runtime came together in one process, and one of them refused (OMP: Error #15).",
        "Install both packages from one source (all by conda-forge, or all by pip), so that they share one OpenMP. "
        "`KMP_DUPLICATE_LIB_OK=TRUE` hides the message and can give wrong numbers.",
    ),
    Clue(
        r"(?:[Cc]ould not load the Qt platform plugin|no Qt platform plugin could be initialized"
        r"|could not connect to display)",
        "Qt found no display that it could open, and aborted.",
        "Where there is no display, set `QT_QPA_PLATFORM=offscreen`, or choose a backend without windows "
        "(`MPLBACKEND=Agg`).",
    ),
    Clue(
        r"(?:File already exists in database|CHECK failed:.*descriptor|descriptor_pool)",
        "Two copies of protobuf registered the same messages, and one of them aborted.",
        "Keep the two packages in processes of their own, or install builds that share one protobuf.",
    ),
    Clue(
        r"terminate called after throwing an instance of '([^'\n]+)'\s+what\(\):\s*([^\n]+)",
        "A C++ exception that nobody caught ended it: `{0}`, which says `{1}`.",
    ),
    Clue(
        r"terminate called after throwing an instance of '([^'\n]+)'",
        "A C++ exception that nobody caught ended it: `{0}`.",
    ),
    Clue(r"terminate called without an active exception", "C++ ended it: a thread was destroyed while it still ran."),
    Clue(
        r"pure virtual method called", "C++ ended it: a method was called on an object that was half made or half gone."
    ),
    Clue(
        r"((?:free|malloc|realloc|calloc|munmap_chunk)\(\)[^\n]*|double free or corruption[^\n]*|corrupted [^\n]*"
        r"|malloc_consolidate\(\)[^\n]*)",
        "The C library found its heap damaged (`{0}`). The damage was done earlier, perhaps by another library than "
        "the one that "
        "stumbled on it.",
    ),
    Clue(r"stack smashing detected", "A function wrote beyond its local array (`stack smashing detected`)."),
    Clue(r"buffer overflow detected", "A function of the C library was told to write beyond a buffer."),
    Clue(r"Assertion [`'\"]?([^\n]*?)['\"]? failed", "A check in the code failed: `{0}`."),
    Clue(
        r"cannot allocate memory in static TLS block",
        "The place for thread-local data of libraries, fixed at start, is full.",
        "Import this package first, or give more room: `GLIBC_TUNABLES=glibc.rtld.optional_static_tls=2000000`.",
    ),
    Clue(
        r"(?:symbol lookup error|ImportError|OSError)[^\n]*undefined symbol: ([^\s,]+)",
        "No loaded library defines `{0}`: the file was built against another version of a library than the one found.",
        "See which file was taken for the library (`ldd -r` on the file that the message names; LD_LIBRARY_PATH, "
        "LD_PRELOAD), and "
        "install versions that were built for each other.",
    ),
    Clue(
        r"version [`']((?:GLIBC|GLIBCXX|CXXABI|CXXABI_ARM|GCC)_[\w.]+)' not found",
        "The library was built on a newer system: it needs {0}, which the library found here does not have.",
        "Install a build for this system, or let a newer libstdc++ come first on the library path.",
    ),
    Clue(
        r"([^\s:]+): cannot open shared object file",
        "The native library {0} was not found.",
        "Install the package that brings it, or add its folder to LD_LIBRARY_PATH.",
    ),
    Clue(
        r"(?:file too short|invalid ELF header|wrong ELF class|ELF load command)",
        "The native library is damaged, cut short, or made for another kind of machine.",
        "Install the package again (`pip install --force-reinstall --no-cache-dir`).",
    ),
    Clue(
        r"(?:compiled using NumPy 1|multiarray failed to import|_ARRAY_API not found"
        r"|numpy\.(?:dtype|ndarray) size changed|module compiled against A[BP]I version)",
        "An extension was built for another major version of numpy than the one that is installed.",
        _ABI,
    ),
    Clue(
        r"(?:partially initialized module|circular import)",
        "Modules import each other in a circle, so that a name was asked for before its module had come to it; or the "
        "name does not exist at all, which Python cannot tell apart.",
        "See whether the name exists. If it does, move one import of the circle into the function that needs it.",
    ),
    Clue(
        r"dynamic module does not define module export function",
        "The extension's file has no `PyInit` function under its name: it was renamed, or is no Python extension.",
    ),
    Clue(
        r"(?:raised unreported exception|without raising an exception|without setting an exception"
        r"|error return without)",
        "The extension broke the rules of Python's C interface: what it returned and the exception it set do not "
        "agree. This is a "
        "mistake in the extension.",
    ),
    Clue(r"RecursionError", "Functions called each other until Python's limit."),
    Clue(r"^SystemExit", "The code asked Python to end (`sys.exit` or `SystemExit`) while it was being imported."),
    Clue(r"^KeyboardInterrupt", "The code raised KeyboardInterrupt, as if Ctrl-C had been pressed; nobody did."),
    Clue(
        r"^ModuleNotFoundError: No module named '([^']+)'",
        "There is no module {0} on the path of this Python.",
        "Install the package that brings it into this Python, or check the spelling and PYTHONPATH.",
    ),
    Clue(r"(?:MemoryError|std::bad_alloc|[Cc]annot allocate memory)", "No memory was left, or a size was garbage."),
    Clue(r"Fatal Python error: ([^\n]+)", "Python itself gave up: {0}."),
)


def read_last_words(examination: Examination) -> tuple[str, str | None] | None:
    """Find a known message in what a process wrote or raised last.

    Parameters
    ----------
    examination : Examination
        What was found.

    Returns
    -------
    tuple of str, or None
        What the message means, and what helps if that is known. None for an import that ended as it should, whose words
        say nothing about an end, and for a message that is not known.
    """
    if examination.verdict in ("healthy", "forbidden", "hung"):
        return None
    for text in _find_texts(examination):
        for clue in _CLUES:
            if (told := clue.read(text)) is not None:
                return told[0].rstrip(), told[1]
    return None


def find_last_line(examination: Examination) -> str | None:
    """Return the last line on standard error that is no part of a traceback, or nothing."""
    lines = [line for line in examination.stderr.splitlines() if line.strip()]
    return next((line.strip() for line in reversed(lines) if not line.startswith(" ")), None)


def _find_texts(examination: Examination) -> Iterator[str]:
    if examination.exception:
        yield examination.exception
    # An exception tells more than what was written beside it; without one, the end of standard error is all there is.
    if examination.verdict != "raised":
        yield "\n".join(examination.stderr.splitlines()[-_KEPT_LINES:])
