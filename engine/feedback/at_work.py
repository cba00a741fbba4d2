"""Whether threads compute points at this moment, which may never end: a process need not wait for them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
_count = 0


@contextmanager
def computing() -> Iterator[None]:
    """Within it this thread computes points, of which nobody will miss those that are not done."""
    global _count
    with _LOCK:
        _count += 1
    try:
        yield
    finally:
        with _LOCK:
            _count -= 1


def still_computing() -> bool:
    """Whether any thread computes points."""
    return _count > 0
