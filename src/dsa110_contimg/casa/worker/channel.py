"""The messages between a caller and its worker: a length, then a pickle; and file descriptors."""

from __future__ import annotations

import io
import pickle
import socket
import struct

from dsa110_contimg import errors

_LENGTH = struct.Struct("<Q")
_AT_ONCE = 2**16
_KNOWN = frozenset(
    {
        ("builtins", "IndexError"),
        ("builtins", "complex"),
        ("builtins", "range"),
        ("dsa110_contimg.casa.readings", "Reading"),
        ("dsa110_contimg.casa.tables", "ColumnDescription"),
        ("dsa110_contimg.casa.tables", "SubtableReference"),
        ("dsa110_contimg.casa.worker.requests", "Request"),
        ("dsa110_contimg.casa.worker.requests", "Step"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.numeric", "_frombuffer"),
    }
)
"""What a message may be made of, beside our errors. The worker may be about to die of a corrupted heap: whatever it
sends then must not be able to do more than be wrong."""


class Channel:
    """One end of the connection.

    Parameters
    ----------
    connection : socket.socket
        A connected Unix socket, which the channel owns from now on.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray()

    def send(self, message: object) -> None:
        """Send a message; an OSError if the other end is gone."""
        content = pickle.dumps(message, protocol=5)
        self._socket.sendall(_LENGTH.pack(len(content)) + content)

    def receive(self, timeout: float | None = None) -> object:
        """Receive a message.

        Parameters
        ----------
        timeout : float or None
            How long, in seconds, nothing at all may arrive; None for ever.

        Returns
        -------
        object
            The message.

        Raises
        ------
        EOFError
            When the other end is gone.
        TimeoutError
            When nothing came.
        pickle.UnpicklingError
            When it holds what no message holds.
        """
        self._socket.settimeout(timeout)
        self._fill(_LENGTH.size)
        (length,) = _LENGTH.unpack_from(self._buffer)
        end = _LENGTH.size + length
        self._fill(end)
        content = bytes(memoryview(self._buffer)[_LENGTH.size : end])
        del self._buffer[:end]
        return _Unpickler(io.BytesIO(content)).load()

    def send_file(self, descriptor: int) -> None:
        """Hand over an open file."""
        socket.send_fds(self._socket, [b"f"], [descriptor])

    def receive_file(self) -> int:
        """Take over an open file; the other end must not send anything else before it."""
        _, descriptors, _, _ = socket.recv_fds(self._socket, 1, 1)
        return descriptors[0]

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size:
            found = self._socket.recv(_AT_ONCE)
            if not found:
                raise EOFError
            self._buffer += found


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _KNOWN and (module != errors.__name__ or name not in vars(errors)):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a message")
        return super().find_class(module, name)
