"""Being asked to stop, by signals that come while another is being answered."""

import sys
import threading
from types import FrameType

import pytest
from equisweep.engine.feedback.stop_flag import (
    forget_stop,
    request_stop,
    stop_if_requested,
    stop_requested,
)


@pytest.mark.parametrize("answered", [request_stop, forget_stop, stop_requested])
def test_a_signal_amid_another_waits_for_nothing(answered):
    """A handler runs between any two lines of the thread that it interrupts, of libraries as well."""
    interrupted = []

    def at_each_line(frame: FrameType, event: str, _argument: object):
        if event == "line":
            sys.settrace(None)
            interrupted.append(frame.f_lineno)
            request_stop()
            sys.settrace(at_each_line)
        return at_each_line

    def work() -> None:
        sys.settrace(at_each_line)
        answered()
        sys.settrace(None)

    worker = threading.Thread(target=work, daemon=True)
    try:
        worker.start()
        worker.join(20)
        assert not worker.is_alive()
        assert interrupted
        assert stop_requested() or answered is forget_stop
    finally:
        forget_stop()


def test_work_that_is_to_stop_is_interrupted():
    stop_if_requested()
    request_stop()
    with pytest.raises(KeyboardInterrupt):
        stop_if_requested()
    forget_stop()
    stop_if_requested()
