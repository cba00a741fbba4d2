"""Functions by their formulas in the graph, against machine code and the C library."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import decompose as decomposing
from equisweep.engine.codegen import grid_loop
from equisweep.engine.codegen.decompose import decompose
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.ir import Graph, operations, with_loops
from equisweep.engine.codegen.ops import OPERATIONS
from helpers.codegen.grids import filled, reason_for_xla
from helpers.codegen.interpreter import evaluate
from hypothesis import given
from hypothesis import strategies as st
from jax import lax

FUNCTIONS = {
    "exp": jnp.exp, "log": jnp.log, "logistic": lax.logistic, "expm1": jnp.expm1, "log1p": jnp.log1p,
    "tanh": jnp.tanh, "sin": jnp.sin, "cos": jnp.cos, "pow": lambda x: jnp.power(x, x * 0.75 - 2),
}  # fmt: skip
DTYPES = {"f64": np.float64, "f32": np.float32}

LARGEST, SMALLEST = 709.782712893384, -708.3964185322641
EDGES = [
    0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 2.0**-1022, -(2.0**-1022), 5e-324, -5e-324, 1e-310, 1e-300,
    *(np.nextafter(x, to) for x in (LARGEST, SMALLEST, 2.0**-1022, 1.0) for to in (-np.inf, x, np.inf)),
    745.2, -745.2, 1.7976931348623157e308, -1.7976931348623157e308, 36.7, -36.7, 2.0**0.5, 0.5**0.5, math.e,
    *(k * math.log(2) / 2 for k in range(-5, 6)), 88.72284, -87.33655, 1.17549435e-38, 1e-45,
]  # fmt: skip
NANS = (0x7FF8000000000000 | np.arange(1, 2**51, 2**48, dtype=np.uint64)).view(float)
WIDE = np.random.default_rng(4).uniform(-710, 710, 60)


def formula(name, dtype):
    """A function alone in a graph, from primitive operations."""
    graph = Graph()
    (x,) = graph.inputs((1,), dtype, 0)
    if name != "pow":
        return decompose([graph.apply(name, x)])
    scaled = graph.apply("mul", x, graph.constant(0.75, dtype))
    return decompose([graph.apply(name, x, graph.apply("sub", scaled, graph.constant(2, dtype)))])


FORMULAS = {(name, dtype): formula(name, dtype) for name in FUNCTIONS for dtype in DTYPES}
LOOPS = {
    dtype: GridLoop(
        lambda c: {name: function(c["x"]) for name, function in FUNCTIONS.items()}, [{"x": np.ones(9, of)}]
    )
    for dtype, of in DTYPES.items()
}


def bits(values):
    return np.asarray(values).view(f"u{np.asarray(values).itemsize}")


def assert_machine_code_is_the_formula(numbers, dtype):
    with np.errstate(all="ignore"):
        values = np.asarray(numbers).astype(DTYPES[dtype])
    computed = filled(LOOPS[dtype], [{"x": values}])
    for name in FUNCTIONS:
        expected = evaluate(FORMULAS[name, dtype], [values])[0]
        nan = np.isnan(expected)
        assert (np.isnan(computed[name]) == nan).all(), name
        np.testing.assert_array_equal(bits(computed[name])[~nan], bits(expected)[~nan], err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_at_edges_machine_code_has_the_bits_of_the_formula(dtype):
    assert_machine_code_is_the_formula([*EDGES, *NANS, *WIDE, *np.exp(WIDE)], dtype)


@given(st.lists(st.floats(), min_size=1, max_size=9))
def test_machine_code_has_the_bits_of_the_formula(numbers):
    assert_machine_code_is_the_formula(numbers, "f64")


@given(st.lists(st.floats(width=32), min_size=1, max_size=9))
def test_machine_code_has_the_bits_of_the_formula_in_single_precision(numbers):
    assert_machine_code_is_the_formula(numbers, "f32")


def units(actual, expected):
    """The error in units of the last place of what is expected."""
    return abs(actual - expected) / math.ulp(expected)


@given(st.floats(SMALLEST, LARGEST))
def test_exp_is_that_of_the_c_library_within_two_units(x):
    assert units(evaluate(FORMULAS["exp", "f64"], [np.float64(x)])[0], math.exp(x)) <= 2


@given(st.floats(2.0**-1022, 1e308))
def test_log_is_that_of_the_c_library_within_two_units(x):
    assert units(evaluate(FORMULAS["log", "f64"], [np.float64(x)])[0], math.log(x)) <= 2


@given(st.floats(-700, 700))
def test_the_logistic_function_is_that_of_the_c_library_within_two_units(x):
    expected = 1 / (1 + math.exp(-x))
    assert units(evaluate(FORMULAS["logistic", "f64"], [np.float64(x)])[0], expected) <= 2


def names_in(scalars):
    return {s.op for s in with_loops(scalars)}


def test_only_primitive_operations_are_left_in_loops_as_well():
    graph = Graph()
    x, y = graph.inputs((2,), "f64", 0)
    first = [graph.apply("exp", y), graph.constant(0.0, "f64")]
    carried = graph.carried(["f64", "f64"])
    inner = graph.carried(["f64"])
    halved = graph.apply("sub", inner[0], graph.apply("logistic", x))
    (lower,) = graph.loop(
        [graph.apply("log", carried[0])], inner, graph.apply("gt", inner[0], x, dtype="i1"), [halved]
    )
    count = graph.apply("add", carried[1], graph.constant(1.0, "f64"))
    cond = graph.apply("lt", graph.apply("exp", carried[1]), graph.constant(99.0, "f64"), dtype="i1")
    outer = graph.loop(first, carried, cond, [graph.apply("exp", lower), count])
    assert {"exp", "log", "logistic"} <= names_in(outer)
    simple = decompose(outer)
    assert not any(OPERATIONS[name].formula for name in names_in(simple) if name in OPERATIONS)
    value, rounds = evaluate(simple, [np.float64(-0.5), np.float64(0.25)])
    expected = math.exp(0.25)
    for _ in range(5):  # e^5 is the first above 99
        step, lower = 1 / (1 + math.exp(0.5)), math.log(expected)
        while lower > -0.5:
            lower -= step
        expected = math.exp(lower)
    assert rounds == 5
    assert units(value, expected) < 32


def test_in_loops_machine_code_has_the_bits_of_the_formula():
    def point(c):
        return {"x": lax.fori_loop(0, 20, lambda _, x: jnp.log(jnp.exp(-x) + lax.logistic(x)), c["x"])}

    x = np.random.default_rng(6).uniform(-3, 3, 33)
    graph = Graph()
    (start,) = graph.inputs((1,), "f64", 0)
    carried = graph.carried(["f64", "i32"])
    total = graph.apply(
        "add", graph.apply("exp", graph.apply("neg", carried[0])), graph.apply("logistic", carried[0])
    )
    count = graph.apply("add", carried[1], graph.constant(1, "i32"))
    cond = graph.apply("lt", carried[1], graph.constant(20, "i32"), dtype="i1")
    loop = graph.loop([start, graph.constant(0, "i32")], carried, cond, [graph.apply("log", total), count])
    simple = decompose(loop[:1])
    computed = filled(GridLoop(point, [{"x": x}]), [{"x": x}])["x"]
    expected = np.array([evaluate(simple, [value])[0] for value in x])
    np.testing.assert_array_equal(computed, expected)


def test_products_of_formulas_are_not_those_of_the_user():
    """A user's product may be fused into a sum; an equal one of a formula is not, and stays apart."""
    graph = Graph()
    (x,) = graph.inputs((1,), "f64", 0)
    same = graph.apply("mul", x, graph.constant(1 / math.log(2), "f64"))
    products = [s for s in with_loops(decompose([graph.apply("exp", x), same])) if "mul" in s.op]
    assert len([s for s in products if s.args[0].op == "input"]) == 2
    assert {s.op for s in products} == {"mul", "mul_rounded"}


def test_constants_fold_before_they_are_decomposed():
    graph = Graph()
    for name, function in (("exp", np.exp), ("log", np.log)):
        assert graph.apply(name, graph.constant(0.7, "f64")) is graph.constant(function(0.7), "f64")


def test_operations_are_counted_before_they_are_decomposed(monkeypatch):
    def point(c):
        x = c["x"]
        for _ in range(40):
            x = jnp.exp(-x)
        return {"x": x}

    given = [{"x": np.ones(3)}]
    monkeypatch.setattr(grid_loop, "_MOST_OPERATIONS", 81)
    assert reason_for_xla(point, given) is None
    monkeypatch.setattr(grid_loop, "_MOST_OPERATIONS", 80)
    assert reason_for_xla(point, given) == "more than 80 scalar operations at a point"


@pytest.mark.parametrize("dtype", DTYPES)
def test_formulas_that_are_called_have_the_bits_of_those_written_out(monkeypatch, dtype):
    of = DTYPES[dtype]
    with np.errstate(all="ignore"):
        x = np.array([*EDGES, *WIDE, *np.exp(WIDE)]).astype(of)
    expected = filled(LOOPS[dtype], [{"x": x}])
    monkeypatch.setattr(decomposing, "_WRITTEN_OUT", 0)
    called = filled(GridLoop(lambda c: {n: f(c["x"]) for n, f in FUNCTIONS.items()}, [{"x": x}]), [{"x": x}])
    for name in FUNCTIONS:
        np.testing.assert_array_equal(bits(called[name]), bits(expected[name]), err_msg=name)


def test_what_would_be_long_written_out_is_called_and_the_rest_is_not():
    graph = Graph()
    numbers = graph.inputs((401,), "f64", 0)
    sines = [graph.apply("sin", x) for x in numbers[:400]]
    simple = decompose([*sines, graph.apply("exp", numbers[400])])
    calls = [s for s in with_loops(simple) if s.op == "call"]
    assert len(calls) == 400
    assert {s.value.name for s in calls} == {"sin"}
    assert len({s.value for s in calls}) == 1
    assert operations(simple) < 1_500  # 60,000 written out
