"""The worker as its caller sees it: a process that is started, asked and ended."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing, suppress
from typing import cast

import numpy as np

from dsa110_contimg._files import remove_own
from dsa110_contimg.casa.worker.channel import Channel
from dsa110_contimg.casa.worker.deaths import describe_death, describe_standstill
from dsa110_contimg.casa.worker.ring import Ring, create_memory, values_per_slot
from dsa110_contimg.errors import CasaCrashError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from dsa110_contimg.casa.readings import Reading
    from dsa110_contimg.casa.worker.deaths import Question
    from dsa110_contimg.casa.worker.requests import Request

_BEGIN = (
    "import sys; sys.path[:] = sys.argv[3:]; "
    "from dsa110_contimg.casa.worker.server import main; main(int(sys.argv[1]), sys.argv[2])"
)
"""The worker finds modules where its caller finds them, and nowhere else."""

_LOG_BYTES = 4096
"""How much of what native code writes is kept."""

_END_SECONDS = 10.0
"""How long a killed process may take to be gone."""


class Worker:
    """A fresh interpreter that reads tables; see `server`.

    Parameters
    ----------
    backend : str
        The package that it reads with.
    timeout : float or None
        How long, in seconds, its start may take.

    Raises
    ------
    MissingDependencyError
        When the package is not installed.
    CasaCrashError
        When the process died while it imported the package, or cannot be started.
    CasaTimeoutError
        When it stood still.
    """

    def __init__(self, backend: str, timeout: float | None) -> None:
        self.backend = backend
        """The package that it reads with."""
        self.opened: set[int] = set()
        """The numbers of the tables that it has open."""
        self.gone: list[int] = []
        """The numbers of those that nobody will ask about any more."""
        self.is_answering = False
        """Whether it owes an answer; then nothing else can be asked."""
        self._ring: Ring | None = None
        self._held = ExitStack()
        try:
            self._process = self._start()
        except OSError as error:
            self._held.close()
            raise CasaCrashError(
                f"The process that reads tables cannot be started: {error}.",
                hint="Free memory or processes, or read in this process: CasaTable(path, isolated=False).",
            ) from error
        try:
            self._send(backend, None)
            self._receive(None, timeout)
        except BaseException:
            self.end()
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        scratch = tempfile.mkdtemp(prefix="dsa110-contimg-")
        self._held.callback(remove_own, scratch, os.getpid())
        self._log = self._held.enter_context(tempfile.TemporaryFile("a+b", buffering=0))  # noqa: SIM115
        self._log_start = 0
        ours, theirs = socket.socketpair()
        self._channel = self._held.enter_context(closing(Channel(ours)))
        with theirs:
            # After the other three files, so that its number is that of no standard stream, even if those are closed.
            lifeline, kept = os.pipe()
            self._held.callback(os.close, kept)
            # casacore opens nothing without a HOME; and a worker never calculates: threads would be for nothing.
            defaults = {"HOME": scratch, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            paths = [path for path in sys.path if isinstance(path, str)]
            try:
                return subprocess.Popen(
                    [sys.executable, "-P", "-W", "ignore", "-c", _BEGIN, str(lifeline), scratch, *paths],
                    stdin=theirs.fileno(),
                    stdout=self._log,
                    stderr=self._log,
                    pass_fds=[lifeline],
                    env={**defaults, **os.environ, "TMPDIR": scratch},
                    start_new_session=True,  # Ctrl-C at a terminal is not for it
                )
            finally:
                os.close(lifeline)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def ask(self, request: Request, question: Question, timeout: float | None) -> object:
        """Ask something, and wait for the answer.

        Parameters
        ----------
        request : Request
            The question.
        question : Question
            The same in words.
        timeout : float or None
            How long, in seconds, the worker may give no sign.

        Returns
        -------
        object
            The answer.

        Raises
        ------
        CasaCrashError
            When the worker died.
        CasaTimeoutError
            When it stood still.
        """
        self._listen()
        self._send(tuple(request), question)
        _, value = self._receive(question, timeout)
        return value

    def fill(
        self, request: Request, question: Question, timeout: float | None, reading: Reading, out: NDArray[Any]
    ) -> None:
        """Ask for values, and put them into an array; as `ask` otherwise.

        Parameters
        ----------
        request : Request
            The question.
        question : Question
            The same in words.
        timeout : float or None
            How long, in seconds, the worker may give no sign.
        reading : Reading
            What is read.
        out : numpy.ndarray
            The array, of the reading's shape and type.
        """
        self._listen()
        self._send(tuple(request), question)
        kind, value = self._receive(question, timeout)
        if kind == "ring":
            self._ring = self._share_memory()
            kind, value = self._receive(question, timeout)
        if kind == "value" or self._ring is None:
            out[...] = value if reading.dtype.hasobject else np.frombuffer(value, reading.dtype).reshape(reading.shape)
            return
        for number, (place, part) in enumerate(reading.split(values_per_slot(reading))):
            out[place] = self._ring.slot(number, part)
            self._send(None, question)
            self._receive(question, timeout)

    def end(self) -> None:
        """End the process, if it has not ended by itself, and let go of everything."""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # it waits for a disk that does not answer: nobody can end it
            self._process.wait(_END_SECONDS)
        self._held.close()
        self._ring = None

    def abandon(self) -> None:
        """Let go of everything, in a forked process: the worker is the parent's."""
        self._process.returncode = 0  # it is not this process' child, and must not be waited for
        self._held.close()
        self._ring = None

    def _listen(self) -> None:
        """Remember where in the log the last words will begin, if it comes to that."""
        self._log_start = os.fstat(self._log.fileno()).st_size

    def _send(self, message: object, question: Question | None) -> None:
        self.is_answering = True
        try:
            self._channel.send(message)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._bury(question) from error

    def _receive(self, question: Question | None, timeout: float | None) -> tuple[str, Any]:
        try:
            kind, value = cast("tuple[str, Any]", self._channel.receive(timeout))
        except TimeoutError as error:
            raise describe_standstill(question, self.backend, timeout or 0) from error
        except pickle.UnpicklingError as error:
            self._process.kill()
            raise self._bury(question, f"an answer that is none: {error}") from error
        except (EOFError, ConnectionResetError) as error:
            raise self._bury(question) from error
        self.is_answering = kind in {"part", "ring"}
        if kind == "error":
            raise value
        return kind, value

    def _share_memory(self) -> Ring:
        descriptor = create_memory()
        try:
            ring = Ring(descriptor)
            self._channel.send_file(descriptor)
            return ring
        finally:
            os.close(descriptor)

    def _bury(self, question: Question | None, said: str = "") -> CasaCrashError:
        """Learn what the process died of."""
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait(_END_SECONDS)
        end = os.fstat(self._log.fileno()).st_size
        start = max(self._log_start, end - _LOG_BYTES)
        said = said or os.pread(self._log.fileno(), end - start, start).decode(errors="replace")
        return describe_death(question, self.backend, status, said)
