"""How long compilers have been at work: what they made is kept, and the next run need not wait for it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SECONDS = [0.0]


class _AtWork(threading.local):
    """Whether a compiler is at work in this thread, for another one perhaps."""

    inside = False


_at_work = _AtWork()


@contextmanager
def compiler_at_work() -> Iterator[None]:
    """Within it, a compiler makes what is kept: the next run need not wait for it."""
    began, inside = time.perf_counter(), _at_work.inside
    _at_work.inside = True
    try:
        yield
    finally:
        _at_work.inside = inside
        if not inside:
            _SECONDS[0] += time.perf_counter() - began


def compiler_seconds() -> float:
    """How long compilers have been at work in this process."""
    return _SECONDS[0]
