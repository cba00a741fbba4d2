"""What is being compiled at this moment, and for how long: progress shows it, and Ctrl-C may end it.

A compiler cannot be interrupted, and a large kernel keeps it busy for many seconds. Its callers say here what
they hand to it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Compilation:
    """Something handed to a compiler: `what` it is, the monotonic time at which it was, and its end.

    `expected` is about how many seconds it takes; None where nobody knows.
    """

    what: str
    since: float
    expected: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.monotonic() - self.since


_LOCK = threading.Lock()
_UNDER_WAY: list[Compilation] = []


@contextmanager
def compiling(what: str, expected: float | None = None) -> Iterator[None]:
    """Within it, `what` is being compiled by this thread, for about as many seconds as are `expected`."""
    compilation = Compilation(what, time.monotonic(), expected)
    with _LOCK:
        _UNDER_WAY.append(compilation)
    try:
        yield
    finally:
        with _LOCK:
            _UNDER_WAY.remove(compilation)


def under_way() -> Compilation | None:
    """The compilation that has been under way for longest; None where there is none."""
    with _LOCK:
        return _UNDER_WAY[0] if _UNDER_WAY else None
