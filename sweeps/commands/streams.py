"""Standard output and standard error of a command: whatever becomes of them, it is heard or does no harm."""

import errno
import os
import sys
import threading
import warnings
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

from ...engine.errors import SweepError
from ...engine.gate.text import MESSAGE, clean, clean_lines


class PlainStream:
    """Standard output, to which no control character gets, and no character that it cannot write.

    What it does not take (a full disk, a closed descriptor) is a SweepError that says so, wherever in a
    command it comes up: it is no fault of the cube that is just being read. A reader who has gone is a
    BrokenPipeError.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, cleaned."""
        text = clean_lines(text)
        try:
            return self._do("write", text)
        except UnicodeEncodeError:
            encoding = getattr(self._stream, "encoding", None) or "ascii"
            return self._do("write", text.encode(encoding, "backslashreplace").decode(encoding))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what waits."""
        self._do("flush")

    def _do(self, what: str, *given: str) -> Any:
        try:
            if self._stream is None:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            return getattr(self._stream, what)(*given)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise SweepError(f"standard output cannot be written ({error.strerror})") from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Complaints:
    """Standard error: what nobody can hear is no reason to stop."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text if it can be written."""
        self._do("write", text)
        return len(text)

    def flush(self) -> None:
        """Write what waits if it can be written."""
        self._do("flush")

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(self._do("isatty"))

    def _do(self, what: str, *given: str) -> Any:
        with suppress(OSError, ValueError):
            return None if self._stream is None else getattr(self._stream, what)(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def quiet_libraries(tracebacks: bool = False) -> None:
    """From now on what libraries warn of is one clean line each, said once, and what fails in their threads,
    or while something is thrown away, is not printed unless `tracebacks` are wanted: the command says what
    went wrong.
    """
    said: set[str] = set()

    def warn(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        line = f"equisweep: {category.__name__}: {clean(str(message), MESSAGE)}"
        if line not in said:
            said.add(line)
            print(line, file=sys.stderr)

    warnings.showwarning = warn
    if not tracebacks:
        warnings.filterwarnings("ignore", "coroutine .* was never awaited")  # of a library that had failed
        sys.unraisablehook = lambda _: None
        threading.excepthook = lambda _: None


def let_go() -> str:
    """Write what still waits for either stream; what is wrong with standard output, or nothing.

    What cannot be written is dropped: Python would complain of it when it ends.
    """
    reason = ""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            PlainStream(stream).flush()
        except BrokenPipeError:  # its reader has gone, who knows
            _drop(number)
        except (SweepError, ValueError) as error:
            reason = reason or (str(error) if number == 1 else "")
            _drop(number)
    return reason


def _drop(number: int) -> None:
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
