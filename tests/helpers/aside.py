"""Something that is done beside a test, in a thread: what it raises is raised in the test."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Aside:
    """A thread that runs a function. A test that waits for what it does asks whether it goes on."""

    def __init__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self._error: BaseException | None = None
        self._call = lambda: function(*args, **kwargs)
        # A daemon: a test that fails must not wait for it as the process ends.
        self._thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        try:
            self._call()
        except BaseException as error:
            self._error = error

    def goes_on(self) -> bool:
        """Whether it has not ended yet; raises what ended it."""
        if self._error is not None:
            raise self._error
        return self._thread.is_alive()

    def ended(self, timeout: float = 120) -> None:
        """Wait until it has; raises what it raised, and AssertionError where it does not end [s]."""
        self._thread.join(timeout)
        assert not self.goes_on(), f"still at work after {timeout} s"

    def __enter__(self) -> "Aside":
        self._thread.start()
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self.ended()
        else:  # the test's own error is told, unless it only followed from this one
            with suppress(AssertionError):
                self.ended(1)
