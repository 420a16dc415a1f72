"""The workers of this process: one for each thread that reads, as long as it reads."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import contextmanager
from functools import cache

from dsa110_contimg.casa.worker.process import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = max(2, min(8, os.cpu_count() or 1))
"""How many workers there are at most; each takes some 60 MB."""


class Pool:
    """Workers that wait to be asked. They are started when they are needed, and live as long as this process."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._idle: list[Worker] = []
        self._workers: list[Worker] = []
        self._places = _MOST

    def forget(self, key: int) -> None:
        """Take note that nobody will ask about a table any more; the workers learn of it with their next request."""
        # No lock: the garbage collector calls this at any moment, also while this thread holds it.
        for worker in tuple(self._workers):
            if key in worker.opened:
                worker.gone.append(key)

    @contextmanager
    def borrow(self, backend: str, keys: tuple[int, ...], timeout: float | None) -> Iterator[Worker]:
        """Have a worker for oneself.

        Parameters
        ----------
        backend : str
            The package that it must read with.
        keys : tuple of int
            The tables that it would best have open, the most important one last.
        timeout : float or None
            How long, in seconds, the start of a new one may take.

        Yields
        ------
        Worker
            A worker that waits to be asked.
        """
        worker = self._take(backend, keys) or self._start(backend, timeout)
        try:
            yield worker
        finally:
            if worker.is_answering:  # it died, stood still, or its caller was interrupted
                worker.end()
            with self._change:
                if worker in self._workers:  # and all were not ended meanwhile
                    self._idle.append(worker)
                    self._change.notify()

    def shut_down(self) -> None:
        """End all workers."""
        with self._change:
            dismissed = [self._dismiss(worker) for worker in tuple(self._workers)]
        for worker in dismissed:
            worker.end()

    def abandon(self) -> None:
        """Leave all workers to the parent of this forked process."""
        for worker in self._workers:
            worker.abandon()

    def _take(self, backend: str, keys: tuple[int, ...]) -> Worker | None:
        """Take the idle worker that knows most of the tables; None if a new one is to be started."""
        dismissed = []
        try:
            with self._change:
                while True:
                    dismissed += [self._dismiss(worker) for worker in list(self._idle) if not worker.is_alive]
                    # The one that was used last comes first: what it read is in the processor's cache.
                    fitting = [worker for worker in reversed(self._idle) if worker.backend == backend]
                    if fitting:
                        chosen = max(fitting, key=lambda worker: [key in worker.opened for key in reversed(keys)])
                        self._idle.remove(chosen)
                        return chosen
                    if self._idle and not self._places:  # they read with another package
                        dismissed.append(self._dismiss(self._idle[0]))
                    if self._places:
                        self._places -= 1
                        return None
                    self._change.wait()
        finally:
            for worker in dismissed:
                worker.end()

    def _start(self, backend: str, timeout: float | None) -> Worker:
        try:
            worker = Worker(backend, timeout)
        except BaseException:
            with self._change:
                self._places += 1
                self._change.notify()
            raise
        with self._change:
            self._workers.append(worker)
        return worker

    def _dismiss(self, worker: Worker) -> Worker:
        if worker in self._idle:
            self._idle.remove(worker)
        self._workers.remove(worker)
        self._places += 1
        self._change.notify()
        return worker


_pool: Pool | None = None
_making = threading.Lock()


def current_pool() -> Pool:
    """Find the workers of this process; a forked process has its own."""
    global _pool
    with _making:
        if _pool is None:
            _register_hooks()
            _pool = Pool()
        return _pool


@cache
def _register_hooks() -> None:
    os.register_at_fork(after_in_child=_begin_anew)
    atexit.register(_shut_down)


def _begin_anew() -> None:
    global _pool, _making
    _making = threading.Lock()  # another thread of the parent may have held it
    if _pool is not None:
        # Else the workers would outlive their caller for as long as this process lives.
        _pool.abandon()
        _pool = None


def _shut_down() -> None:
    if _pool is not None:
        _pool.shut_down()
