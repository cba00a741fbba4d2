"""Ctrl-C: the first stops a command in good order, the second ends the process whatever it is doing.

A compiler cannot be stopped in good order: where one is at work, the first ends the process, too.
"""

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ...engine.compiling import under_way

_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_ENDED = b"equisweep: ended at once; committed tiles are intact\n"
_ENDED_COMPILING = (
    b"\nequisweep: stopped while compiling; committed tiles are intact. "
    b"The same command goes on where this one stopped.\n"
)
# Good order takes the command to its end within this time, unless it has to wait for a compiler.
_GRACE_SECONDS = 0.5


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Within it SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt; a second one ends the process with 130.

    A signal that was ignored when the process began (SIGHUP under nohup, SIGINT in a shell's background job)
    stays ignored. Outside the main thread it changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {n: signal.getsignal(n) for n in _STOPPING if signal.getsignal(n) != signal.SIG_IGN}
    read, write = os.pipe()
    os.set_blocking(write, False)
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(read,), daemon=True)
    watcher.start()
    try:
        for number in before:
            signal.signal(number, signal.default_int_handler)
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(write)
        watcher.join()
        os.close(read)


def _watch(read: int) -> None:
    """Each signal writes a byte, even while the main thread is inside a compiler."""
    if not os.read(read, 1):  # closed: the command is over
        return
    while not select.select([read], [], [], _GRACE_SECONDS)[0]:
        if under_way() is not None:
            _end(_ENDED_COMPILING)
    if os.read(read, 1):
        _end(_ENDED)


def _end(message: bytes) -> None:
    os.write(2, message)
    os._exit(130)
