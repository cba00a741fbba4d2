"""What a user's model declares: refused, in a line that names it, where nothing can be made of it."""

from dataclasses import replace

import pytest
from equisweep.engine.errors import SweepError
from equisweep.kernels.declare import flow_model, model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Choice, Dim, Domain, Output, Parameter
from equisweep.sweeps import Sweep
from equisweep.sweeps.spec.declared import require_sound_declaration

A = Parameter("a", "a", "1", 0.5, Domain(0), "a number")
Y = Output("y", "y", "1", "the same")
MANY = [f"x{i}" for i in range(100_000)]


def declared(**parts):
    given = {"parameters": [A], "outputs": [Y], "title": "t", **parts}
    return model(**given)(lambda p: {"y": p["a"]})


def of_flow(observables):
    return flow_model(
        parameters=[A], observables=observables, start=lambda p: [p["a"]], title="t", scale=[1.0]
    )(lambda t, x, p: -x)


REFUSED = {
    "parameters: there are 100,000, and at most 1,000": {"parameters": [A] * len(MANY)},
    "outputs: there are 100,000": {"outputs": [Y] * len(MANY)},
    "choices: there are 100,000": {"choices": [Choice("c", ("a",), "a", "m")] * len(MANY)},
    "dims: there are 100,000": {"dims": [Dim("d", "m", ("a",))] * len(MANY)},
    "files: there are 100,000": {"files": MANY},
    "c: options: there are 100,000": {"choices": [Choice("c", tuple(MANY), "x1", "m")]},
    "d: labels: there are 100,000, and at most 10,000": {"dims": [Dim("d", "m", tuple(MANY))]},
    "a: components: there are 100,000": {"parameters": [replace(A, default=dict.fromkeys(MANY, 1.0))]},
    "y: classes: there are 100,000": {"outputs": [replace(Y, kind="class", classes=dict.fromkeys(MANY, 1))]},
    "parameters: 1 is no Parameter": {"parameters": [1]},
    "parameters: 'a' is no Parameter": {"parameters": "abc"},
    "outputs: Parameter.* is no Output": {"outputs": [A]},
    "parameters: 5 is no name": {"parameters": [replace(A, name=5)]},
    "outputs: '' is no name": {"outputs": [replace(Y, name="")]},
    "outputs: 'x+...x+' is no name of at most 100 letters": {"outputs": [replace(Y, name="x" * 10**6)]},
    "a: its domain None is no Domain": {"parameters": [replace(A, domain=None)]},
    "a: its domain .* is no Domain of two numbers": {"parameters": [replace(A, domain=Domain("x", "y"))]},
    "a: its unit None is no text": {"parameters": [replace(A, unit=None)]},
    "y: its meaning 5 is no text": {"outputs": [replace(Y, meaning=5)]},
    "its title 5 is no text": {"title": 5},
    "y: dims: 5 is no list": {"outputs": [replace(Y, dims=5)]},
    "y: its kind 'x' is none of real, count, class": {"outputs": [replace(Y, kind="x")]},
    "y: its classes .* are no table": {"outputs": [replace(Y, kind="class", classes=[1])]},
    "y: classes: 1 is no text": {"outputs": [replace(Y, kind="class", classes={1: 2})]},
    "y: classes: 'a' and 'b' have the number 1; give": {
        "outputs": [replace(Y, kind="class", classes={"a": 1, "b": 1})]
    },
    "y: classes: 'a b' and 'a_b' are a_b in a cube": {
        "outputs": [replace(Y, kind="class", classes={"a b": 1, "a_b": 2})]
    },
    "y: classes: '' should be a text": {"outputs": [replace(Y, kind="class", classes={"": 1})]},
    r"y: classes: 'a\\xa0b' should be a text": {"outputs": [replace(Y, kind="class", classes={"a\xa0b": 1})]},
    "files: 5 is no text": {"files": [5]},
    "c: options: 1 is no text": {"choices": [Choice("c", (1, 2), 1, "m")]},
    "c: its default 'q' is none of its options": {"choices": [Choice("c", ("a",), "q", "m")]},
    "a: its default 'x' is no number": {"parameters": [replace(A, default="x")]},
    "a: its default nan is no number": {"parameters": [replace(A, default=float("nan"))]},
    "a: it is a vector, and nothing names the components that its default 0.5 is of; give a table": {
        "parameters": [replace(A, dim="d")],
        "dims": [Dim("d", "m")],
    },
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_nothing_can_be_made_of_is_refused(message):
    with pytest.raises(SweepError, match=rf"^game.py: {message}"):
        require_sound_declaration("game.py", declared(**REFUSED[message]))


def test_observables_are_looked_at_too():
    seen = Observable("x", "x", "1", "m")
    require_sound_declaration("game.py", of_flow([seen]))
    for message, observables in {
        "observables: there are 100,000": [replace(seen, name=n) for n in MANY],
        "observables: 1 is no Observable": [1],
        "x: its symbol None is no text": [replace(seen, symbol=None)],
    }.items():
        with pytest.raises(SweepError, match=f"^game.py: {message}"):
            require_sound_declaration("game.py", of_flow(observables))


def test_what_is_usual_is_not_refused():
    many = [replace(A, name=f"a{i}") for i in range(1000)]
    vector = replace(A, name="v", default=dict.fromkeys(MANY[:10_000], 1.0), dim="d")
    require_sound_declaration("game.py", declared(parameters=many))
    require_sound_declaration(
        "game.py",
        declared(parameters=[vector], dims=[Dim("d", "m"), Dim("e", "m", (1, 2.5, "a/b"))], files=["a.csv"]),
    )


VECTOR = """
from equisweep.kernels.declare import model
from equisweep.kernels.model import Dim, Domain, Output, Parameter

@model(parameters=[Parameter("v", "v", "1", {"x": 1.0}, Domain(0), "a vector", dim="d", fill=1.0),
                   Parameter("n", "n", "1", 2, Domain(0), "a count", integer=True)],
       outputs=[Output("y", "y", "1", "its sum")], dims=[Dim("d", "what it runs over")])
def game(p, n_max):
    return {"y": p["v"].sum()}
"""


def test_what_is_varied_can_be_held_by_a_cube(tmp_path):
    (tmp_path / "game.py").write_text(VECTOR)

    def space(**parts):
        return Sweep(**{"model": "game.py:game", "folder": tmp_path, "axes": {"v.x": [1]}, **parts}).space()

    assert space(axes={f"v.{i}": [1, 2] for i in range(32)}).points == 2**32
    for message, parts in {
        "33 dimensions; a cube has at most 32": {"axes": {f"v.{i}": [1] for i in range(33)}},
        "10,000 axes and samples; at most 1,000": {"axes": {f"v.{i}": [1] for i in range(10_000)}},
        "'v.a/b': a file of the cube": {"axes": {"v.a/b": [1, 2]}},
        r"'v\...\/..\/x': a file of the cube": {"axes": {"v.../../x": [1, 2]}},
        r"'v.\\x1b\[31m': a file of the cube": {"axes": {"v.\x1b[31m": [1, 2]}},
        "'v.x+...x+': a file of the cube": {"axes": {f"v.{'x' * 300}": [1, 2]}},
        "fixed.v: there are 100,000, and at most 10,000": {
            "axes": {"n": [1]},
            "fixed": {"v": [1.0] * 100_000},
        },
        "axes.n: 1e\\+30 is too large for n": {"axes": {"n": [1e30]}},
    }.items():
        with pytest.raises(SweepError, match=message):
            space(**parts)
    drawn = {f"v.{i}": {"uniform": [0.1, 1]} for i in range(2000)}
    with pytest.raises(SweepError, match="2,000 axes and samples"):
        space(axes={}, design={"kind": "sobol", "samples": 4, "parameters": drawn})


def test_counts_are_numbers_that_the_precision_holds(tmp_path):
    (tmp_path / "game.py").write_text(VECTOR)

    def space(dtype, axes=(2,), **drawn):
        design = {"kind": "lhs", "samples": 4, "parameters": {"n": drawn}} if drawn else {}
        parts = {"axes": {"v.x": [1]} if drawn else {"n": list(axes)}, "design": design}
        return Sweep("game.py:game", folder=tmp_path, dtype=dtype, **parts).space()

    for dtype, most in (("float32", 2**24), ("float64", 2**53)):
        assert space(dtype, [most]).points == 1
        assert space(dtype, discrete=[1, most]).points == 4
        assert space(dtype, integers=[most - 9, most]).points == 4
        beyond = most + 3  # which is beyond `most` in double precision, too
        for wrong in ({"axes": [most + 1]}, {"discrete": [1, beyond]}, {"integers": [most - 9, beyond]}):
            with pytest.raises(SweepError, match=rf"{most:,}; count in thousands|is too large for n"):
                space(dtype, **wrong)
    assert space("float32", [3 * 10**9]).points == 1
