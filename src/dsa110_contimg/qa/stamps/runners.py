"""Who cuts the blocks: threads of this process, or the workers of a dask cluster. Either yields them in order."""

from __future__ import annotations

import os
from collections import deque

from dsa110_contimg.qa.stamps.cutting import try_cutting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    from dsa110_contimg.qa.stamps.cutting import Floats, Stamps
    from dsa110_contimg.qa.stamps.stacking import Block

    Places = Callable[[Block], Floats | None]

    class Runner(Protocol):
        """Runs blocks, and holds no more than a few of them at once."""

        workers: int
        """How many blocks run at once."""
        is_here: bool
        """Whether they run in this process, so that they can write to its memory."""

        def run(self, blocks: Iterable[Block], choose_place: Places) -> Iterator[tuple[Block, Stamps]]:
            """Yield each block with its stamps, in order; it is drawn, and its place chosen, when its turn comes."""
            ...


def choose_runner(threads: int | None, client: Any) -> Runner:
    """Choose the cluster of a client where there is one, and threads otherwise; one a processor by default."""
    if client is not None:
        return ClusterRunner(client)
    return ThreadRunner(count_threads(threads))


def count_threads(threads: int | None) -> int:
    """Return the number of threads: one for each processor that this process may use, unless it is given."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise ValueError(f"threads={threads} was asked for; give at least 1.")
    return threads


class ThreadRunner:
    """Threads of this process, which end with the work. With one thread, all runs where it is called.

    Parameters
    ----------
    threads : int
        How many.
    """

    is_here = True

    def __init__(self, threads: int) -> None:
        self.workers = threads

    def run(self, blocks: Iterable[Block], choose_place: Places) -> Iterator[tuple[Block, Stamps]]:
        """Yield each block with its stamps; see `Runner`."""
        if self.workers == 1:
            for block in blocks:
                yield block, try_cutting(block.image, block.request, choose_place(block))
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self.workers, thread_name_prefix="stamps") as pool:

            def submit(block: Block) -> Any:
                return pool.submit(try_cutting, block.image, block.request, choose_place(block))

            yield from _keep_busy(blocks, submit, 2 * self.workers)


class ClusterRunner:
    """The workers of a dask cluster, which see the images under the same paths.

    A worker that dies loses nothing: the scheduler gives its blocks to another one.

    Parameters
    ----------
    client : distributed.Client
        The connection to the cluster.
    """

    is_here = False

    def __init__(self, client: Any) -> None:
        self._client = client
        self.workers = max(sum(client.nthreads().values()), 1)

    def run(self, blocks: Iterable[Block], choose_place: Places) -> Iterator[tuple[Block, Stamps]]:
        """Yield each block with its stamps; see `Runner`."""

        def submit(block: Block) -> Any:
            choose_place(block)
            # Not pure: the same image may have changed since the cluster last saw it.
            return self._client.submit(try_cutting, block.image, block.request, pure=False)

        yield from _keep_busy(blocks, submit, 2 * self.workers)


def _keep_busy(blocks: Iterable[Block], submit: Callable[[Block], Any], at_once: int) -> Iterator[tuple[Block, Stamps]]:
    """Submit blocks and yield their results in order, with a few ahead of the one that is waited for."""
    waiting = deque[tuple["Block", "Any"]]()
    try:
        for block in blocks:
            waiting.append((block, submit(block)))
            if len(waiting) >= at_once:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        for _, future in waiting:
            future.cancel()
