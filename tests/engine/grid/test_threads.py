"""Threads that compute points: waited for until they are done, unless the user has asked to stop."""

import threading
import time
from contextlib import suppress

import pytest
from equisweep.engine.errors import SweepInterrupted
from equisweep.engine.feedback.at_work import still_computing
from equisweep.engine.feedback.stop_flag import forget_stop, request_stop
from equisweep.engine.grid.threads import Threads
from helpers.aside import Aside


@pytest.fixture
def endless():
    """A point that ends with its test."""
    end, begun = threading.Event(), threading.Event()

    def work():
        begun.set()
        end.wait()

    with Threads(1) as threads:
        future = threads.submit(work)
        begun.wait()
        yield threads
        forget_stop()
        end.set()
        future.result()


def test_points_that_never_end_keep_nobody_who_asked_to_stop(endless):
    waits = endless.submit(lambda: None)
    request_stop()
    endless.close()
    assert still_computing()
    assert waits.cancelled()


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SweepInterrupted(0, 1)])
def test_an_interrupt_in_python_is_a_stop_too(endless, stop):
    with pytest.raises(KeyboardInterrupt), endless:
        raise stop
    assert still_computing()


@pytest.mark.parametrize("error", [None, ValueError("wrong")])
def test_others_wait_for_what_has_begun(error):
    begun, end, closed = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        end.wait()

    def close():
        with suppress(ValueError), Threads(1) as threads:
            threads.submit(work)
            begun.wait()
            if error is not None:
                raise error
        closed.append(still_computing())

    with Aside(close) as closing:
        time.sleep(0.1)
        assert closing.goes_on()
        end.set()
    assert closed == [False]
