"""The end of a worker whose caller is gone, even where native code never returns."""

from __future__ import annotations

import fcntl
import os
import select
import signal
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Lifeline:
    """The reading end of a pipe of which the caller holds the other one; nothing is ever written to it.

    When the caller dies, the system closes its end. A worker that waits for a request notices it by its connection,
    and can tidy up. One that is in native code notices nothing, so the system is asked to kill it then. It is not the
    death signal of Linux (``PR_SET_PDEATHSIG``), which also comes when the *thread* that started the worker ends.

    Parameters
    ----------
    descriptor : int
        The reading end.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._can_kill = hasattr(fcntl, "F_SETSIG")  # Linux
        if self._can_kill:
            fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
            self._flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let the system kill this process if the caller dies meanwhile."""
        if not self._can_kill:
            yield
            return
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, self._flags | os.O_ASYNC)
        try:
            if select.select([self._descriptor], [], [], 0)[0]:  # it died just before
                os.kill(os.getpid(), signal.SIGKILL)
            yield
        finally:
            fcntl.fcntl(self._descriptor, fcntl.F_SETFL, self._flags)
