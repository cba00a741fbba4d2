"""How many tiles a worker is given at a time."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from ...engine.store.iced.at import iced_at, is_iced

# Seconds that a task takes at best: its way through the scheduler is then a small part of it.
_TASK = 1.0
# The process that leads takes 2 ms for a task: by half of its time it keeps up with 250 workers, and of more
# the tasks are longer.
_A_WORKER = 1 / 250
# In a repository each task ends with a commit, for which those of all other workers wait.
_TASK_WITH_COMMIT, _COMMIT = 10.0, 1.0
_MOST_TILES = 1000
# Tasks that each worker has or awaits: it then never waits for the process that leads.
AHEAD = 3


@dataclass(frozen=True)
class Pace:
    """Tasks that take `seconds`, and `seconds_a_worker` for each worker if that is more, of `most` tiles."""

    seconds: float = _TASK
    seconds_a_worker: float = _A_WORKER
    most: int = _MOST_TILES

    def dealt(self, wanted: int, waiting: int, workers: int) -> int:
        """How many of the tiles that wait go out as one task: fewer at the end, for all to end together."""
        return min(wanted, ceil(waiting / (AHEAD * workers)))

    def wanted(self, before: int, rate: float, workers: int) -> int:
        """How many tiles the next task is to have, the last having had `before`, so many a second."""
        wanted = rate * max(self.seconds, self.seconds_a_worker * workers)
        return min(max(round(wanted), before // 2, 1), 2 * before, self.most)


def pace_of(root: Path) -> Pace:
    """How tiles of the cube at `root` are dealt."""
    if not is_iced(root):
        return Pace()
    return Pace(_TASK_WITH_COMMIT, _COMMIT, iced_at(str(root)).commit_every or _MOST_TILES)
