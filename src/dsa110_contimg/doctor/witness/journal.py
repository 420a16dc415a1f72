"""The journal that a dying process leaves behind: records in a shared map of a file.

A map outlives SIGKILL, ``_exit`` and the closing of every descriptor. A record is a length and a payload; the length
carries the mark UNFINISHED until the payload is whole, so a reader skips what was not finished. A payload is fields
joined by NUL; the first three are the kind, the system's number of the thread, and the time in nanoseconds.
"""

import os
import time
from _thread import RLock, get_native_id

SIZE = 64 << 20
"""Bytes of the file, of which only the written ones take room."""
UNFINISHED = 0x80000000
"""The bit in a length that says that its payload is not whole."""

START, PATHS, GO, FINISH = "start", "paths", "go", "finish"
BEGIN, DONE, ERROR = "begin", "done", "error"
CREATE, CREATED, EXECUTE, EXECUTED = "create", "created", "execute", "executed"
EDGE, DLOPEN, LEAVE, RAISED = "edge", "dlopen", "leave", "raised"
THREAD, EFFECT, CHANGE, MAPS = "thread", "effect", "change", "maps"


class Journal:
    """Write records into the journal.

    Parameters
    ----------
    path : str
        A file of SIZE bytes; the last one is set when there was more to tell than there is room.
    """

    def __init__(self, path):
        # Not at the top: it is a library of native code, and the parent, which reads, has no need of it.
        from mmap import MAP_SHARED, mmap

        descriptor = os.open(path, os.O_RDWR)
        try:
            self._map = mmap(descriptor, SIZE, MAP_SHARED)
        finally:
            os.close(descriptor)
        self._owner = os.getpid()
        self._end = 0
        self._lock = RLock()

    def write(self, kind, *fields):
        """Write a record; after a fork only the original process writes."""
        if os.getpid() != self._owner:
            return
        text = "\0".join((kind, str(get_native_id()), str(time.perf_counter_ns()), *fields))
        payload = text.encode("utf-8", "surrogatepass")
        length = len(payload)
        with self._lock:
            start = self._end
            if start + 4 + length > SIZE - 5:  # the last length stays zero, which is the end for the reader
                self._map[SIZE - 1] = 1
                return
            self._end = start + 4 + length
        self._map[start : start + 4 + length] = (length | UNFINISHED).to_bytes(4, "little") + payload
        self._map[start : start + 4] = length.to_bytes(4, "little")
