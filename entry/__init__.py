"""The process of a command, from its first moment on.

A signal may come before the command itself is loaded, which takes a tenth of a second: this package stands
beside the others and imports none of them before it listens.
"""

import gc
import os
import signal
from types import FrameType

_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")  # SIGHUP is none of Windows's
_SAID = b"equisweep: stopped; the same command starts anew, or goes on where it was\n"


def entry() -> None:
    """Run the command that stands in ``sys.argv``; ends the process with its exit code.

    Until the command listens itself a signal ends the process at once, with 130: nothing has begun. One that
    was ignored when the process began (SIGHUP under nohup) stays ignored.
    """
    # Modules and traces are many small objects that live as long as the process: seldom worth a look.
    gc.set_threshold(100_000, 50, 100)
    _no_file_as_a_stream()
    for number in (getattr(signal, name) for name in _STOPPING if hasattr(signal, name)):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    from ..engine.gpus.neighbour import share_memory
    from ..sweeps.commands.main import entry

    share_memory(own_process=True)
    entry()


def _no_file_as_a_stream() -> None:
    """Where standard input, output or error is closed, the next file that is opened would stand for it.

    A message would be written into a cube. What takes its place refuses to be written.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)


def _stop(_number: int, _frame: FrameType | None) -> None:
    try:
        os.write(2, _SAID)
    finally:  # standard error may be closed
        os._exit(130)
