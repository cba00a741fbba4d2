"""Ctrl-C: the first stops a command in good order, the second ends the process whatever it is doing.

A compiler cannot be stopped in good order: where one is at work, the first ends the process, too.
"""

import os
import select
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from ...engine.feedback.compiling import under_way
from ...engine.feedback.stop_flag import forget_stop, interrupt_work, request_stop, stop_requested

_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_ENDED = b"equisweep: ended at once; committed tiles are intact\n"
_WAITING = b"\nequisweep: stopping once what is under way is done; Ctrl-C again ends at once\n"
_STOPPED = b"equisweep: stopped; the same command starts anew, or goes on where it was\n"
_ENDED_COMPILING = (
    b"\nequisweep: stopped while compiling; committed tiles are intact. "
    b"The same command goes on where this one stopped.\n"
)
_COMMAND = f"{__package__}.main"
# Interrupts the main thread's wait and nothing else: the system ignores it where nobody listens.
_NUDGE = getattr(signal, "SIGURG", None)
# Good order takes the command to its end within this time, unless it has to wait for a compiler.
_GRACE_SECONDS = 0.5
# After so many times as long it is said that one more signal would end the command at once.
_PATIENCE = 4
_heard = 0  # signals that the main thread has heard


@contextmanager
def stop_on_signals(last: bool = False) -> Iterator[None]:
    """Within it SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt; a second one ends the process with 130.

    They also ask work to stop (`engine.feedback.stop_flag`), for a library may swallow the exception.
    A signal that was ignored when the process began (SIGHUP under nohup, SIGINT in a shell's background job)
    stays ignored. Outside the main thread it changes nothing.

    `last`: the process ends afterwards, and signals change nothing any more. To hear them as before would let
    one that comes then end it without a word, or with one that is not true: its work is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    global _heard
    forget_stop()
    _heard = 0
    before = {n: signal.getsignal(n) for n in _STOPPING if signal.getsignal(n) != signal.SIG_IGN}
    read, write = os.pipe()
    os.set_blocking(write, False)
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(read,), daemon=True)
    watcher.start()
    try:
        for number in before:
            signal.signal(number, _stop)
        if _NUDGE is not None:
            before[_NUDGE] = signal.signal(_NUDGE, lambda *_: None)
        yield
    finally:
        if last:
            ignore_stopping()
        signal.set_wakeup_fd(wakeup)
        for number, handler in () if last else before.items():
            signal.signal(number, handler)
        os.close(write)
        watcher.join()
        os.close(read)


def ignore_stopping() -> None:
    """From now on the signals that stop a command change nothing."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)


def say_stopped() -> int:
    """Say that the command was stopped, where nothing else can be said; returns the exit code."""
    _say(_STOPPED)
    return 130


def quiet_once_stopped() -> None:
    """Once a stop was requested, say nothing of objects and threads that it caught half made."""
    for module, name in ((sys, "unraisablehook"), (threading, "excepthook"), (warnings, "showwarning")):
        setattr(module, name, _unless_stopped(getattr(module, name)))


def _unless_stopped(hook: Callable[..., None]) -> Callable[..., None]:
    def quiet(*given: Any, **named: Any) -> None:
        if not stop_requested():
            hook(*given, **named)

    return quiet


def _stop(_number: int, frame: FrameType | None) -> None:
    global _heard
    _heard += 1
    if (
        _heard > 1
    ):  # `_watch` ends the process: good order, such as counting tiles, is not disturbed meanwhile
        return
    request_stop()
    if _importing(frame):
        _end(_STOPPED)
    raise KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    """Whether a module is being loaded: an exception there may end a library of C++ with SIGABRT.

    What is loaded half cannot be gone on with, and nothing is being written that a later run does not mend.
    """
    while frame is not None and frame.f_globals.get("__name__") != _COMMAND:  # what that is part of loads it
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _watch(read: int) -> None:
    """Each signal writes its number, even while the main thread is inside a compiler."""
    stops = waited = 0
    while stops < 2:
        if not select.select([read], [], [], _GRACE_SECONDS if stops else None)[0]:
            if under_way() is not None:
                _end(_ENDED_COMPILING)
            interrupt_work()
            waited += 1
            if waited == _PATIENCE:
                _say(_WAITING)
            # A signal that comes just before a wait begins does not end it; one that comes now does.
            if _NUDGE is not None:
                signal.pthread_kill(threading.main_thread().ident or 0, _NUDGE)
            continue
        number = os.read(read, 1)
        if not number:  # closed: the command is over
            return
        if number[0] != _NUDGE:
            stops += 1
            interrupt_work()
    _end(_ENDED)


def _say(message: bytes) -> None:
    with suppress(OSError):  # the terminal may have gone
        os.write(2, message)


def _end(message: bytes) -> None:
    try:
        os.write(2, message)
    finally:  # the terminal may have gone
        os._exit(130)
