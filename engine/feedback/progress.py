"""Progress of long work: a bar on a terminal and in a notebook, plain lines elsewhere."""

import sys
import threading
import time
from contextlib import suppress
from typing import TextIO

from .compiling import under_way

_BAR_SECONDS, _LINE_SECONDS = 0.1, 10.0
# How often a terminal is written to while no point comes: the seconds of a compilation are seen to pass.
_TICK_SECONDS = 1.0
# After so long without a point, and so many times as long as all others took on average, it is said.
_LONG_SECONDS, _TIMES_AS_LONG = 5.0, 10
# What a stream raises that is full, closed or (of a process without any) None.
_GONE = (OSError, ValueError, AttributeError)


class Progress:
    """Reports points done, points per second and the time left, on `stream` (standard error).

    A terminal that has gone is no reason to stop: what cannot be said is not said.
    """

    def __init__(self, total: int, done: int = 0, stream: TextIO | None = None) -> None:
        self.total, self.done, self.skipped = total, done, done
        self.stream = stream or sys.stderr
        self.on_terminal = False
        with suppress(*_GONE):
            self.on_terminal = self.stream.isatty()
        # It shows what follows "\r" in place of the line, and knows no other sign of a terminal's.
        self.in_notebook = of_notebook(self.stream)
        self.a_bar = self.on_terminal or self.in_notebook
        self._width = 0
        self.started = self.came = time.monotonic()
        self.adds = 0
        self.shown = -float("inf")
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._ticker: threading.Thread | None = None

    def begin(self) -> None:
        """Report the state before the first tile, and from then on also while no point comes."""
        self._show(time.monotonic())
        self.shown = time.monotonic()
        self._ticker = threading.Thread(target=self._tick, name="equisweep-progress", daemon=True)
        self._ticker.start()

    def add(self, points: int) -> None:
        """Count `points` more, and report if it is time to."""
        self.done += points
        self.came, self.adds = time.monotonic(), self.adds + 1
        self._report(_BAR_SECONDS if self.a_bar else _LINE_SECONDS)

    def close(self) -> None:
        """Report the last state and end the line."""
        self._closed.set()
        if self._ticker is not None:
            self._ticker.join()
        self._show(time.monotonic())
        if self.a_bar:
            self._write("\n")

    def _tick(self) -> None:
        pause = _TICK_SECONDS if self.a_bar else _LINE_SECONDS
        while not self._closed.wait(pause / 4):
            self._report(pause)

    def _report(self, pause: float) -> None:
        """Show the state, unless it was shown less than `pause` ago."""
        with self._lock:
            now = time.monotonic()
            if now - max(self.shown, self.started if not self.a_bar else -float("inf")) < pause:
                return
            self.shown = now
            self._show(now)

    def _show(self, now: float) -> None:
        line = self._line(now - self.started)
        if self.in_notebook:
            self._write(f"\r{line:{self._width}}")  # blanks over what is left of a longer line
            self._width = len(line)
        else:
            self._write(f"\r\x1b[K{line}" if self.on_terminal else f"{line}\n")

    def _write(self, text: str) -> None:
        with suppress(*_GONE):
            self.stream.write(text)
            self.stream.flush()

    def _line(self, seconds: float) -> str:
        share = self.done / self.total if self.total else 1.0
        rate = (self.done - self.skipped) / seconds if seconds > 0 else 0.0
        left = self._waiting(seconds) or (
            f"{clock((self.total - self.done) / rate)} left" if rate else "starting"
        )
        compilation = under_way()
        if compilation is not None:
            left = f"compiling {compilation.what} for {clock(compilation.seconds)}"
            if compilation.expected is not None and compilation.expected > compilation.seconds:
                left += f" of about {clock(compilation.expected)}"
        if self.done >= self.total:
            left = f"done in {clock(seconds)}"
        speed = f"{per_second(rate)}  " if rate else ""
        parts = f"{share:4.0%}  {self.done:,} of {self.total:,} points  {speed}{left}"
        if not self.a_bar:
            return parts
        filled = round(24 * share)
        return f"[{'#' * filled}{'.' * (24 - filled)}] {parts}"

    def _waiting(self, seconds: float) -> str:
        """That the points under way take long: a loop in a model may not end at one of them."""
        since = self.started + seconds - self.came
        usual = (seconds - since) / self.adds if self.adds else 0.0
        if since < max(_LONG_SECONDS, _TIMES_AS_LONG * usual):
            return ""
        return f"the {'next' if self.adds else 'first'} points are being computed for {clock(since)}"


class Silence(Progress):
    """Counts, and says nothing."""

    def begin(self) -> None:
        """Nothing to report."""

    def close(self) -> None:
        """No line to end, either."""

    def _show(self, now: float) -> None:
        del now


def of_notebook(stream: TextIO | None) -> bool:
    """Whether what is written to a stream stands below a cell of a notebook."""
    return type(stream).__module__.startswith("ipykernel.")


def per_second(rate: float) -> str:
    """A rate of points as people read it: "12.3 M points/s"."""
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if rate >= size:
            return f"{rate / size:.1f}{letter} points/s"
    return f"{rate:.0f} points/s"


def clock(seconds: float) -> str:
    """A duration as people read it: "4.2 s", "3 min 20 s", "2 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
