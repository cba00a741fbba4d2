"""Conditions against a slow evaluator that shares no code: closures built beside the text."""

import math
from typing import Any

import numpy as np
import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.commands.command import in_shell
from equisweep.sweeps.cube.expression import Meaning, parse_expression
from equisweep.sweeps.cube.lazy import ok, where
from helpers.hard_cube import hard_cube, points
from helpers.products import some
from hypothesis import given
from hypothesis import strategies as st

CLASSES = {0: "none", 3: "closed_orbit"}
KNOWN = {"x": Meaning(), "v.data": Meaning(), "k": Meaning(), "kind": Meaning(CLASSES)}
NAN, INF = float("nan"), float("inf")
POINTS = [
    {"x": x, "v.data": v, "k": k, "kind": c}
    for x in (-2.0, 0.0, 0.5, NAN, INF)
    for v in (-1.0, 0.0, 3.0)
    for k, c in ((-3, 0), (2, 3))
]


def divide(a: float, b: float) -> float:
    if b == 0 or math.isnan(b):
        same = math.copysign(1, a) == math.copysign(1, b)
        return NAN if a == 0 or math.isnan(a) or math.isnan(b) else (INF if same else -INF)
    return a / b


def root(a: float) -> float:
    return NAN if a < 0 or math.isnan(a) else math.sqrt(a)


def pick(choose: Any, *values: float) -> float:
    return NAN if any(map(math.isnan, values)) else choose(values)


def numbers() -> st.SearchStrategy[tuple[str, Any]]:
    """Texts of numbers, each with a function of a point that computes the same."""
    leaves = st.sampled_from(
        [(name, lambda p, name=name: float(p[name])) for name in ("x", "v.data", "k")]
        + [(text, lambda p, value=float(text): value) for text in ("0", "0.5", "2", "1e3")]
    )

    def larger(inner: Any) -> Any:
        two = st.tuples(inner, inner)
        return st.one_of(
            two.map(lambda t: (f"({t[0][0]} + {t[1][0]})", lambda p: t[0][1](p) + t[1][1](p))),
            two.map(lambda t: (f"({t[0][0]} - {t[1][0]})", lambda p: t[0][1](p) - t[1][1](p))),
            two.map(lambda t: (f"({t[0][0]} * {t[1][0]})", lambda p: t[0][1](p) * t[1][1](p))),
            two.map(lambda t: (f"({t[0][0]} / {t[1][0]})", lambda p: divide(t[0][1](p), t[1][1](p)))),
            two.map(lambda t: (f"min({t[0][0]}, {t[1][0]})", lambda p: pick(min, t[0][1](p), t[1][1](p)))),
            two.map(lambda t: (f"max({t[0][0]}, {t[1][0]})", lambda p: pick(max, t[0][1](p), t[1][1](p)))),
            inner.map(lambda t: (f"-{t[0]}", lambda p: -t[1](p))),
            inner.map(lambda t: (f"abs({t[0]})", lambda p: abs(t[1](p)))),
            inner.map(lambda t: (f"sqrt({t[0]})", lambda p: root(t[1](p)))),
        )

    return st.recursive(leaves, larger, max_leaves=6)


def chain(t: Any) -> tuple[str, Any]:
    (a, b, c), (first, second) = t
    compare = {
        "<": lambda u, v: u < v, "<=": lambda u, v: u <= v, "==": lambda u, v: u == v,
        "!=": lambda u, v: u != v, ">": lambda u, v: u > v, ">=": lambda u, v: u >= v,
    }  # fmt: skip
    return (
        f"{a[0]} {first} {b[0]} {second} {c[0]}",
        lambda p: compare[first](a[1](p), b[1](p)) and compare[second](b[1](p), c[1](p)),
    )


def truths() -> st.SearchStrategy[tuple[str, Any]]:
    number, sign = numbers(), st.sampled_from(["<", "<=", "==", "!=", ">", ">="])
    leaves = st.one_of(
        st.tuples(st.tuples(number, number, number), st.tuples(sign, sign)).map(chain),
        st.tuples(number, number).map(
            lambda t: (f"{t[0][0]} in (2, {t[1][0]})", lambda p: t[0][1](p) in (2.0, t[1][1](p) + 0.0))
        ),
        st.just(('kind == "closed_orbit"', lambda p: p["kind"] == 3)),
        st.just(("kind not in ('none', 'closed_orbit')", lambda p: False)),
    )

    def larger(inner: Any) -> Any:
        two = st.tuples(inner, inner)
        return st.one_of(
            two.map(lambda t: (f"({t[0][0]}) and ({t[1][0]})", lambda p: t[0][1](p) and t[1][1](p))),
            two.map(lambda t: (f"({t[0][0]}) or ({t[1][0]})", lambda p: t[0][1](p) or t[1][1](p))),
            inner.map(lambda t: (f"not ({t[0]})", lambda p: not t[1](p))),
        )

    return st.recursive(leaves, larger, max_leaves=4)


@given(truths())
def test_every_expression_means_what_python_means(pair):
    text, slow = pair
    expression = parse_expression(text, KNOWN)
    values = {name: np.array([p[name] for p in POINTS]) for name in KNOWN}
    actual = np.broadcast_to(expression.evaluate(values), len(POINTS))
    assert actual.tolist() == [bool(slow(p)) for p in POINTS], text


def test_precedence_is_pythons():
    cases = {
        "x + 2 * k ** 2 - 1 < 9": lambda x, k: x + 2 * k**2 - 1 < 9,
        "-k ** 2 < 0 or x > 3 and k < 0": lambda x, k: -(k**2) < 0 or (x > 3 and k < 0),
        "not x > 0 and k == 2": lambda x, k: not x > 0 and k == 2,
    }
    for text, slow in cases.items():
        values = parse_expression(text, KNOWN).evaluate({n: np.array([p[n] for p in POINTS]) for n in KNOWN})
        assert values.tolist() == [slow(p["x"], p["k"]) for p in POINTS]


def test_functions_are_the_usual_ones():
    x = np.array([0.25, 1.0, 4.0])
    for text, expected in {
        "exp(x) > 2": [False, True, True],
        "log(x) >= 0": [False, True, True],
        "x ** 0.5 > 0.9": [False, True, True],
        "max(x, 1, 2) == 2": [True, True, False],
    }.items():
        assert parse_expression(text, KNOWN).evaluate({"x": x}).tolist() == expected, text


def test_a_number_beside_a_coordinate_is_the_one_that_prints_so():
    values = 0.1 * np.arange(1, 6)
    assert values[2] != 0.3
    known = {"alpha": Meaning(values=values)}
    for text, kept in {
        "alpha == 0.3": [2],
        "0.3 == alpha": [2],
        "alpha <= 0.3": [0, 1, 2],
        "alpha > 0.3": [3, 4],
        "alpha in (0.3, 0.5, 7)": [2, 4],
        "alpha == 3/10": [2],
        "alpha == 0.3001": [],
        "0.2 < alpha < 0.4": [2],
    }.items():
        result = parse_expression(text, known).evaluate({"alpha": values})
        assert np.flatnonzero(result).tolist() == kept, text


def test_small_integers_do_not_overflow():
    values = parse_expression("k * k > 39999", KNOWN).evaluate({"k": np.array([200], np.int16)})
    assert values.tolist() == [True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("losss > 4", "'losss' at character 1 of 'losss > 4': no such .* did you mean 'loss'"),
        ("loss > 4 and alhpa < 1", "'alhpa' at character 14"),
        ("loss", "is a number, not a condition"),
        ("loss = 4", "write == for equality"),
        ("loss >", "at its end"),
        ("(loss > 4) & (n == 3)", "write and, or, not"),
        ("n is 3", "write == or != instead of is"),
        ("n in 3", "write values in parentheses"),
        ("loss > 4 and n", "'n' at character 14 .* is a number where a condition is needed"),
        ("(loss > 4) + 1 > 2", "is a condition where a number is needed"),
        ("kind == 1", "a class is compared with a quoted name"),
        ("kind > 'rest_point'", "names have no order"),
        ("kind == 'rest'", "kind has no such value; did you mean 'rest_point'"),
        ("kind == rest_point", 'quote it: "rest_point"'),
        ("alpha < 'x'", "quoted names are compared with a class"),
        ("'a' == 'b'", "quoted names are compared with a class"),
        ("share > 0.5", "has several values a point; write share.data or share.systems"),
        ("share.dta > 0.5", "did you mean 'share.data'"),
        ("min(loss) > 2", "min takes two or more numbers"),
        ("sqrt(loss, 2) > 2", "sqrt takes one number"),
        ("loss.real > 2", "no such variable"),
        ("().__class__ == 3", "is not allowed here"),
        ("__import__('os').system('true') == 0", "is not allowed here"),
        ("[x for x in (1,)] == 1", "is not allowed here"),
        ("(lambda: 1)() > 0", "is not allowed here"),
        ("loss[0] > 1", "is not allowed here"),
        ("loss if n > 3 else 1", "is not allowed here"),
        ("(y := 3) > 2", "is not allowed here"),
        ("f'{loss}' == 'a'", "is not allowed here"),
        ("loss > 1j", "is not allowed here"),
        ("loss > True", "is not allowed here"),
        ("loss > 4; n > 3", "cannot read"),
        ("loss > 1\0", "cannot read"),
        ("-" * 20_000 + "1 > 0", "nested too deeply|cannot read"),
        ("(" * 500 + "1" + ")" * 500 + " > 0", "nested too deeply|cannot read"),
    ],
)  # fmt: skip
def test_a_wrong_condition_is_refused_in_one_line(text, message):
    with pytest.raises(SweepError, match=message) as error:
        where(hard_cube(), text)
    assert str(error.value).startswith("condition: ")
    assert error.value.spelt(in_shell).startswith("--where: ")
    assert "\n" not in str(error.value)


CONDITIONS = {
    "loss > 40 and alpha < 0.5": lambda p: p["loss"] > 40 and p["alpha"] < 0.5,
    'kind == "closed_orbit" or n == 4': lambda p: p["kind"] == "closed_orbit" or p["n"] == 4,
    'status == "ok" and mechanism != "alone"': lambda p: p["status"] == "ok" and p["mechanism"] != "alone",
    "share.data > share.systems": lambda p: p["share"][0] > p["share"][1],
    "beta * n < alpha + 2": lambda p: p["beta"] * p["n"] < p["alpha"] + 2,
    "alpha <= 0.3": lambda p: round(p["alpha"], 6) <= 0.3,
    "1 > 2": lambda p: False,
}


@pytest.mark.parametrize("condition", some(CONDITIONS, [*CONDITIONS][1::2]))
@pytest.mark.parametrize("chunks", [None, {"alpha": 3, "mechanism": 1}])
def test_where_masks_what_fails_and_nothing_else(condition, chunks):
    cube = hard_cube(chunks)
    masked = where(cube, condition)
    assert (masked["loss"].chunks is None) == (chunks is None)  # nothing was read, or all was there
    masked = masked.load()
    holds = np.array([CONDITIONS[condition](p) for p in points(cube)]).reshape(2, 7, 2)
    for name in ("loss", "kind", "tally", "status"):
        expected = np.where(holds, cube[name].values.astype(float), np.nan)
        np.testing.assert_array_equal(masked[name].values, expected)
    np.testing.assert_array_equal(masked["share"], np.where(holds[..., None], cube["share"], np.nan))
    assert masked["mechanism"].values.tolist() == ["alone", "sharing"]
    assert masked.attrs["where"] == condition


def test_conditions_add_up_and_ok_is_one_of_them():
    both = ok(where(hard_cube(), "alpha < 0.5"), ["ok", "corner"]).load()
    expected = [p["alpha"] < 0.5 and p["status"] != "not_steady" for p in points(hard_cube())]
    assert both["status"].notnull().values.ravel().tolist() == expected
    assert both.attrs["where"] == '(alpha < 0.5) and (status in ("ok", "corner",))'
    with pytest.raises(SweepError, match="did you mean 'corner'"):
        ok(hard_cube(), ["coner"])


NAMED = {
    name: Meaning(labels)
    for name, labels in {
        "lambda": None, "order": None, "in": None, "E": None, "e": None, "v.data": None, "v_data": None,
        "kind": {9: "(1,1)", 3: "(0, 0)", 4: 'it is "x"', 5: "C:\\new", 6: "E", 7: "a, b"}, "True": None,
        "v.(1,1)": None, "\N{MICRO SIGN}": None, "min": None, "\u00e9.x": None, "v.a b": None, "a-b": None,
    }.items()
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("lambda == 1", True),
        ("1 < lambda + order < 4", True),
        ("`lambda` == 1 and 'order' == 2", True),
        ('"order" > "lambda"', True),
        ("`in` == 3 and 3 in (`in`, 4)", True),
        ("E == 4 and e == 5", True),
        ("E == 5 or e == 4", False),
        ("v.data == 6 and v_data == 7", True),
        ("v.data < 6.5 and v_data < 6.5", False),
        ("True == 9", True),
        ("v.(1,1) == 10 and `v.(1,1)` == 10", True),
        ("\N{MICRO SIGN} == 11", True),
        ("min == 12 and min(min, 3) == 3 and min (12, min) == 12", True),
        ("\u00e9.x == 13 and e == 5", True),
        ("v.a b == 14 and `v.a b` == 14", True),
        ("`a-b` == 15 and a-b == 15", True),
        ("e == 5\n and E == 4", True),
        ('kind == "(1,1)"', True),
        ("'kind' == '(1,1)'", True),
        ("kind in ('(0, 0)', '(1,1)')", True),
        ("kind == 'E'", False),
        ('kind != \'C:\\new\' and kind != \'it is "x"\' and kind != "it is \\"x\\""', True),
        ("kind == 'a, b'", False),
    ],
)
def test_any_name_and_any_label_can_be_written(text, holds):
    values = {name: np.array([i + 1.0]) for i, name in enumerate(NAMED)} | {"kind": np.array([9])}
    assert parse_expression(text, NAMED).evaluate(values).tolist() == [holds]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("in > 1", "as a name, write `in` in backquotes"),
        ("while > 1", "while is a word of Python and no name here"),
        ("`foo` > 1", "'`foo`' at character 1.*no such variable"),
        ("kind == 'x' 'y'", "not one text in quotes"),
        ("kind == r'E'", "not one text in quotes"),
        ("\u00e9.x > 3 oops", "at character 9, 'oops'"),
        ("kind == 'e'", "no such value; did you mean 'E'"),
    ],
)
def test_what_is_no_name_is_refused_with_the_way_to_write_one(text, message):
    with pytest.raises(SweepError, match=message):
        parse_expression(text, NAMED)
