"""What the worker does: it opens tables and answers questions about them, one after the other.

A request is the fields of a `Request`, an answer ``("value", value)`` or ``("error", exception)``. If there is much to
read, the answer to ``"fill"`` is ``("part", None)`` for each slot of the ring that was filled, and at the end
``("value", None)``; the caller says None for each slot that it has emptied.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
from pathlib import Path
from typing import cast

import numpy as np

from dsa110_contimg.casa.memory import available_memory, used_memory
from dsa110_contimg.casa.native.backends import import_backend, open_native
from dsa110_contimg.casa.readings import Reading
from dsa110_contimg.casa.worker.channel import Channel
from dsa110_contimg.casa.worker.lifeline import Lifeline
from dsa110_contimg.casa.worker.requests import Request
from dsa110_contimg.casa.worker.ring import SLOTS, Ring, values_per_slot
from dsa110_contimg.errors import ContimgError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dsa110_contimg.casa.native.protocol import NativeTable
    from dsa110_contimg.casa.readings import Packed

INLINE_BYTES = 64 * 1024
"""Up to this size an answer goes with its message."""

_OF_ITS_OWN = 256 * 2**20
"""How much memory, in bytes, native code may take beside what an answer may."""

_FILE_BYTES = 256 * 2**20
"""How long a file may become that native code writes: its standard streams, or rows that arcae has to find again."""

_ATTRIBUTES = frozenset(["nrows", "path", "columns", "keywords", "info"])


def main(lifeline: int, scratch: str) -> None:
    """Serve the caller at the other end of standard input until it is gone.

    Parameters
    ----------
    lifeline : int
        The descriptor of the `Lifeline`.
    scratch : str
        A folder for files of ours, which goes with us.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who ends us if need be
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # nothing is left behind, not even by a crash
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    channel = Channel(socket.socket(fileno=os.dup(0)))
    try:
        _Server(channel, Lifeline(lifeline)).serve()
    except (EOFError, ConnectionError):
        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(0)  # the destructors of native libraries are not worth a crash


class _Server:
    def __init__(self, channel: Channel, lifeline: Lifeline) -> None:
        self._channel, self._lifeline = channel, lifeline
        self._tables: dict[int, NativeTable] = {}
        self._ring: Ring | None = None
        self._backend = ""
        self._memory_limit: int | None = -1  # so that the first request sets it

    def serve(self) -> None:
        """Answer until the connection ends."""
        self._backend = cast("str", self._channel.receive())
        self._answer(lambda: import_backend(self._backend))
        self._used = used_memory()
        self._available = available_memory()
        while True:
            request = Request(*cast("Request", self._channel.receive()))
            self._answer(lambda: self._reply(request))  # noqa: B023 - called at once

    def _answer(self, reply: Callable[[], object]) -> None:
        try:
            with self._lifeline.hold():
                answer: tuple[str, object] = ("value", reply())
        except (ContimgError, IndexError) as error:
            answer = ("error", error)
        self._channel.send(answer)

    def _reply(self, request: Request) -> object:
        for key in request.gone:
            self._tables.pop(key, None)
        if request.memory_limit != self._memory_limit:
            self._limit_memory(request.memory_limit)
        for key, parent, how, argument in request.steps:
            self._tables[key] = self._open(parent, how, argument)
        table = self._tables[request.key]
        if request.ask == "fill":
            return self._fill(table, Reading.unpack(cast("Packed", request.arguments[0])))
        found = getattr(table, request.ask)
        return found if request.ask in _ATTRIBUTES else found(*request.arguments)

    def _open(self, parent: int | None, how: str, argument: object) -> NativeTable:
        if parent is None:
            return open_native(Path(cast("str", argument)), self._backend)
        return cast("NativeTable", getattr(self._tables[parent], how)(argument))

    def _fill(self, table: NativeTable, reading: Reading) -> object:
        if reading.dtype.hasobject or reading.nbytes <= INLINE_BYTES:
            values = np.empty(reading.shape, reading.dtype)
            table.fill(reading, values)
            return values if reading.dtype.hasobject else values.tobytes()
        if self._ring is None:
            self._channel.send(("ring", None))
            descriptor = self._channel.receive_file()
            self._ring = Ring(descriptor)
            os.close(descriptor)
        full = 0
        try:
            for number, (_, part) in enumerate(reading.split(values_per_slot(reading))):
                if full == SLOTS:
                    self._channel.receive()
                    full -= 1
                table.fill(part, self._ring.slot(number, part))
                self._channel.send(("part", None))
                full += 1
        finally:  # after an error, too, the caller has still emptied them
            for _ in range(full):
                self._channel.receive()
        return None

    def _limit_memory(self, limit: int | None) -> None:
        """Let native code that was led astray fail, rather than take the machine's memory."""
        self._memory_limit = limit
        limit = self._available if limit is None else limit
        if self._used is not None and limit is not None:
            _, most = resource.getrlimit(resource.RLIMIT_DATA)
            wanted = self._used + limit + _OF_ITS_OWN
            resource.setrlimit(resource.RLIMIT_DATA, (wanted if most < 0 else min(wanted, most), most))
