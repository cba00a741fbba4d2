"""Threads that compute points, for which nobody waits who has asked to stop.

What they compute is dropped then. A loop in a user's model may never end at one of its points, and neither
machine code nor XLA can be interrupted: such a thread is left alone until its process ends.
"""

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..feedback.at_work import computing
from ..feedback.stop_flag import stop_requested


class Threads:
    """So many threads, which compute what is submitted."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="equisweep-batches")

    def submit(self, work: Callable[..., None], *arguments: Any) -> Future[None]:
        """Compute this as soon as a thread is free."""
        return self._pool.submit(_computed, work, *arguments)

    def close(self) -> None:
        """Drop what has not begun; wait for what has, unless the user has asked to stop."""
        stopped = stop_requested() or isinstance(sys.exc_info()[1], KeyboardInterrupt)
        self._pool.shutdown(wait=not stopped, cancel_futures=True)

    def __enter__(self) -> "Threads":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _computed(work: Callable[..., None], *arguments: Any) -> None:
    with computing():
        work(*arguments)
