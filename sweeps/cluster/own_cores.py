"""Each worker of this host on cores of its own.

Threads of a worker hand each other much that is small. Where they go to and fro between cores they meet cold
caches: two workers on two cores took a quarter more of the processor for the same orbits.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin

_THREADS = Path("/proc/self/task")


class OwnCores(WorkerPlugin):
    """Lets each of so many workers run on its own cores, also one that takes the place of another."""

    def __init__(self, workers: int) -> None:
        self.workers, self.name = workers, "equisweep-own-cores"

    def setup(self, worker: Any) -> None:
        """Leave the other cores to the others."""
        if not hasattr(os, "sched_setaffinity"):  # no Linux
            return
        with suppress(OSError, ValueError):  # a name that is no number; cores that were taken away meanwhile
            own = own_cores(int(worker.name), self.workers, sorted(os.sched_getaffinity(0)))
            for thread in _THREADS.iterdir():  # those that it begins later are bound as these are
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), own)


def own_cores(slot: int, workers: int, usable: Sequence[int]) -> set[int]:
    """The cores of a worker among so many: side by side, as many for each; all where there are too few."""
    each = len(usable) // workers
    first = slot % workers * each
    return set(usable[first : first + each] or usable)
