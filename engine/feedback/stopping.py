"""Whether the user has asked to stop: a flag that work looks at between its pieces.

A signal raises KeyboardInterrupt as well, which ends waiting at once. But an exception that is raised inside
a library's callback may be swallowed there, and the flag stays.
"""

import threading

_REQUESTED = threading.Event()


def request_stop() -> None:
    """Ask work to stop at its next piece."""
    _REQUESTED.set()


def stop_requested() -> bool:
    """Whether work was asked to stop."""
    return _REQUESTED.is_set()


def forget_stop() -> None:
    """Let work begin that was not asked to stop."""
    _REQUESTED.clear()


def stop_if_requested() -> None:
    """Raise KeyboardInterrupt where work was asked to stop."""
    if stop_requested():
        raise KeyboardInterrupt
