"""Text from outside: no escape sequence, no formula, no megabytes."""

from datetime import date, datetime

import pytest
from equisweep.engine.errors import Argument, CubeError
from equisweep.engine.gate.text import cell, clean, clean_lines, said, shown
from helpers.products import costs_seconds
from hypothesis import given, settings
from hypothesis import strategies as st

STEERING = [
    "\x1b[31m",
    "\x9b31m",
    "\r",
    "\x07",
    "\x00",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\ud800",
    "\x7f",
    "\u200b",
]


@pytest.mark.parametrize("steering", STEERING)
def test_nothing_steers_a_terminal(steering):
    assert steering not in clean(f"a{steering}b\nc")
    assert clean_lines(f"a{steering}b\nc\t").endswith("b\nc\t")
    assert steering not in str(CubeError(f"a{steering}b"))
    assert steering not in CubeError("a", Argument("x", f"b{steering}")).spelt(
        lambda argument: argument.value
    )


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"])))
def test_plain_text_stays(text):
    assert clean(text) == clean_lines(text) == text


@costs_seconds
@given(st.text(max_size=80), st.integers(20, 60))
@settings(max_examples=30)
def test_no_text_is_longer_than_it_may_be(text, most):
    cleaned = clean(text, most)
    assert len(cleaned) <= most
    assert "\n" not in cleaned
    cleaned.encode()


def test_values_are_shown_in_few_characters():
    for value in (
        "x" * 10**7, b"x" * 10**7, [0.1] * 10**6, dict.fromkeys(range(30), "y" * 10 ** 6), 10**5000,
        [[[[["z" * 10**6]]]]], {"a": 10**5000}, set(range(10**5)),
    ):  # fmt: skip
        assert len(shown(value)) <= 120


def test_small_values_are_shown_as_python_writes_them():
    for value in (1, -0.5, "a'b", [1, "x"], {"start": 0, "stop": 1}, (1,), None, True, float("nan")):
        assert shown(value) == repr(value)
    assert shown([date(1979, 5, 27), datetime(1979, 5, 27, 7, 32)]) == "[1979-05-27, 1979-05-27T07:32:00]"
    assert shown(10**400) == "a number of 401 digits"
    assert shown(-(10**6000)) == "a number of some 5,979 digits"


class Silent(BaseException):
    """An exception that cannot be written."""

    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


def test_exceptions_of_others_are_said_whatever_they_do():
    assert said(Silent()) == "Silent"
    assert said(ValueError("a\nb")) == "ValueError: a b"
    assert len(said(ValueError("x" * 10**7))) < 500
    assert shown(Silent()) == "a Silent that cannot be shown"


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\uff1d1", " =1", "\xa0+a"]
)
def test_a_cell_is_no_formula(text):
    assert cell(text) == "'" + clean(text)


@pytest.mark.parametrize("text", ["-0.5", "+1e-3", "a=b", "(1,1)", "", "-inf"])
def test_a_cell_without_formula_stays(text):
    assert cell(text) == text
