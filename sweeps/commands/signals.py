"""Ctrl-C: the first stops a command in good order, the second ends the process whatever it is doing."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_ENDED = b"equisweep: ended at once; committed tiles are intact\n"


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
    watcher = threading.Thread(target=_end_on_the_second, args=(read,), daemon=True)
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


def _end_on_the_second(read: int) -> None:
    """Each signal writes a byte, even while the main thread is inside a compiler."""
    for _ in range(2):
        if not os.read(read, 1):  # closed: the command is over
            return
    os.write(2, _ENDED)
    os._exit(130)
