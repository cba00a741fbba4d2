"""Whether the user has asked to stop: a flag that work looks at between its pieces.

A signal raises KeyboardInterrupt as well, which ends waiting at once. But an exception that is raised inside
a library's callback may be swallowed there, and the flag stays.

The flag is a bare value. A `threading.Event` takes a lock when it is set, and a second signal that came while
the first held it would wait for its own thread, for ever.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_requested = False
_LOCK = threading.Lock()
_INTERRUPTS: list[Callable[[], object]] = []


def request_stop() -> None:
    """Ask work to stop at its next piece."""
    global _requested
    _requested = True


def stop_requested() -> bool:
    """Whether work was asked to stop."""
    return _requested


def forget_stop() -> None:
    """Let work begin that was not asked to stop."""
    global _requested
    _requested = False


def stop_if_requested() -> None:
    """Raise KeyboardInterrupt where work was asked to stop."""
    if stop_requested():
        raise KeyboardInterrupt


@contextmanager
def interrupted_by(interrupt: Callable[[], object]) -> Iterator[None]:
    """Within it, being asked to stop calls `interrupt`, in another thread: for work that looks at no flag."""
    with _LOCK:
        _INTERRUPTS.append(interrupt)
    try:
        yield
    finally:
        with _LOCK:
            _INTERRUPTS.remove(interrupt)


def interrupt_work() -> None:
    """Ask work to stop, also where the main thread is inside a library and sees no signal."""
    request_stop()
    with _LOCK:
        for interrupt in _INTERRUPTS:
            interrupt()
