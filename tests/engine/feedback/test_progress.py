"""A bar that is drawn over itself where that can be seen, lines where it cannot."""

import io
import re
from itertools import pairwise

import pytest
from equisweep.engine.feedback import progress
from equisweep.engine.feedback.progress import Progress, Silence


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


class OutStream(io.StringIO):
    """What a notebook writes to: no terminal, as its author tells."""


OutStream.__module__ = "ipykernel.iostream"


def written(stream, monkeypatch) -> str:
    monkeypatch.setattr(progress, "_BAR_SECONDS", 0)
    shown = Progress(1000, stream=stream)
    shown.begin()
    for points in (500, 499, 1):
        shown.add(points)
    shown.close()
    return stream.getvalue()


@pytest.mark.parametrize("kind", [Terminal, OutStream])
def test_a_bar_grows_in_one_line(kind, monkeypatch):
    text = written(kind(), monkeypatch)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    states = [state.strip("\x1b[K \n") for state in text.split("\r")[1:]]
    assert re.match(r"\.{24}\]   0%  0 of 1,000 points  starting", states[0])
    assert re.match(r"#{12}\.{12}\]  50%  500 of 1,000 points", states[1])
    assert re.match(r"#{24}\] 100%  1,000 of 1,000 points .*done in", states[-1])


def test_a_notebook_gets_no_escapes_and_no_rest_of_a_longer_line(monkeypatch):
    lines = written(OutStream(), monkeypatch).rstrip("\n").split("\r")[1:]
    assert not any("\x1b" in line for line in lines)
    assert all(len(later) >= len(line.rstrip()) for line, later in pairwise(lines))


def test_elsewhere_there_are_lines(monkeypatch):
    text = written(io.StringIO(), monkeypatch)
    assert "\r" not in text
    assert text.splitlines()[-1].startswith("100%  1,000 of 1,000 points")


@pytest.mark.parametrize("kind", [Terminal, OutStream, io.StringIO])
def test_who_asked_for_silence_gets_not_even_an_empty_line(kind):
    stream = kind()
    shown = Silence(10, stream=stream)
    shown.begin()
    shown.add(10)
    shown.close()
    assert stream.getvalue() == ""


def test_points_that_take_long_are_said_to(monkeypatch):
    """A loop in a model may not end at one of them."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    shown = Progress(1000, stream=io.StringIO())

    def line(seconds):
        now[0] = seconds
        return shown._line(seconds)

    assert line(4).endswith("starting")
    assert line(6).endswith("the first points are being computed for 6.0 s")
    shown.add(100)
    assert line(7).endswith("left")
    assert line(65).endswith("left")
    assert line(67).endswith("the next points are being computed for 1 min 01 s")
