"""Write tiles in background threads, while later ones are being computed."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from .feedback.progress import Progress
from .store.commit import commit
from .store.cube import Cube
from .tiles import Tile

WRITERS = 4  # While some wait for the disk to sync, others compress.


class TileWriter:
    """Writes tiles in background threads; at most `ahead` wait, so memory stays bounded."""

    def __init__(
        self,
        cube: Cube,
        durable: bool,
        progress: Progress,
        ahead: int,
        may_write: Callable[[], None] = lambda: None,
    ) -> None:
        """`may_write` raises where this process may no longer write to the cube."""
        self.cube, self.durable, self.progress, self.may_write = cube, durable, progress, may_write
        self.committed = self.writing = 0
        self.threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="equisweep-writer")
        self.slots = threading.Semaphore(max(ahead, 1))
        self.at_once = ahead == 0
        self.lock = threading.Condition()
        self.pending: deque[Future[None]] = deque()

    def submit(
        self, tile: Tile, values: Mapping[str, np.ndarray], written: Callable[[], None] = lambda: None
    ) -> None:
        """Queue a tile, waiting while the queue is full; raises what an earlier write raised.

        `written` is called once the values are needed no more.
        """
        self.slots.acquire()
        self._raise_failures()
        self.pending.append(self.threads.submit(self._write, tile, values, written))
        if self.at_once:
            self.finish_pending()

    def finish(self) -> None:
        """Wait for every write; raises what one of them raised."""
        self.finish_pending()
        self.threads.shutdown()

    def finish_pending(self) -> None:
        """Wait for the writes queued so far."""
        while self.pending:
            self.pending.popleft().result()

    def stop(self) -> None:
        """Finish the writes that have begun, drop the others."""
        self.threads.shutdown(wait=True, cancel_futures=True)
        with self.lock:  # an interrupt amid the start of a thread leaves one that the pool does not know
            self.lock.wait_for(lambda: not self.writing)

    def _write(self, tile: Tile, values: Mapping[str, np.ndarray], written: Callable[[], None]) -> None:
        with self.lock:
            self.writing += 1
        try:
            self.may_write()
            commit(self.cube, tile, values, self.durable)
            written()
            with self.lock:
                self.committed += 1
                self.progress.add(tile.points)
        finally:
            with self.lock:
                self.writing -= 1
                self.lock.notify_all()
            self.slots.release()

    def _raise_failures(self) -> None:
        while self.pending and self.pending[0].done():
            self.pending.popleft().result()
