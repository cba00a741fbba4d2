"""Work that is on its way on GPUs: waited for so that Ctrl-C is heard, timed, and brought home.

A launch cannot be interrupted, and what else wants the card waits for its end: batches become smaller where
one takes longer than half a second.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..feedback.stop_flag import stop_if_requested

# Seconds that a launch may take.
LONGEST = 0.5
# Between two looks at what is on its way [s].
_FIRST_LOOK, _LAST_LOOK = 2e-4, 5e-3


@dataclass
class Launch:
    """Values on their way from a device: `of` how many batches they are one, and when it was begun."""

    values: Mapping[str, Any]
    of: int = 1
    device: int = 0
    began: float = field(default_factory=lambda: time.monotonic())

    def __post_init__(self) -> None:
        """Let them be copied home as soon as they are there, beside what is computed next."""
        for array in self.values.values():
            if hasattr(array, "copy_to_host_async"):
                array.copy_to_host_async()


class Launches:
    """How long launches take, on any of several devices."""

    def __init__(self) -> None:
        self._free: dict[int, float] = {}

    def wait(self, launch: Launch) -> float:
        """Until a launch is done: how many seconds it took. Raises KeyboardInterrupt where that is asked for.

        One device computes one after another, each from the end of that before it.
        """
        look = _FIRST_LOOK
        while not all(array.is_ready() for array in launch.values.values() if hasattr(array, "is_ready")):
            stop_if_requested()
            time.sleep(look)
            look = min(2 * look, _LAST_LOOK)
        now = time.monotonic()
        began = max(launch.began, self._free.get(launch.device, 0.0))
        self._free[launch.device] = now
        return now - began
