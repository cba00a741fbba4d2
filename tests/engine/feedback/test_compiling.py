"""What is being compiled is seen in the progress, second by second."""

import io
import time

from equisweep.engine.feedback import progress
from equisweep.engine.feedback.compiling import compiling, under_way
from equisweep.engine.feedback.progress import Progress


def test_the_longest_compilation_is_shown_while_it_lasts():
    assert under_way() is None
    with compiling("first"):
        with compiling("second"):
            assert under_way().what == "first"
        assert under_way().what == "first"
    assert under_way() is None


def test_a_compilation_that_fails_is_over():
    try:
        with compiling("broken"):
            raise ValueError
    except ValueError:
        pass
    assert under_way() is None


def test_progress_says_what_is_compiled_and_for_how_long_before_the_first_point(monkeypatch):
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.02)
    stream = io.StringIO()
    shown = Progress(10, stream=stream)
    with compiling("supervision, dynamic, static"):
        shown.begin()
        deadline = time.monotonic() + 30
        while stream.getvalue().count("compiling supervision, dynamic, static for") < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    shown.add(10)
    shown.close()
    assert "done in" in stream.getvalue().splitlines()[-1]


def test_progress_says_nothing_after_its_end():
    stream = io.StringIO()
    shown = Progress(10, stream=stream)
    shown.begin()
    shown.close()
    assert not shown._ticker.is_alive()
    assert stream.getvalue().count("\n") == 2
