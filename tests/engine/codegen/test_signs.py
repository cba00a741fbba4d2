"""What is known to have no negative sign has none, whatever goes in: zeros, infinities, NaN."""

import itertools
import math

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.ir import Graph, order_of
from equisweep.engine.codegen.lanes import Leaf, Loop
from equisweep.engine.codegen.llvm.signs import never_negative
from helpers.codegen.interpreter import OPERATIONS

EDGES = [0.0, -0.0, 1.5, -1.5, 5e-324, -5e-324, 1e-310, math.inf, -math.inf, math.nan, 1e300, -1e300]


def extreme(larger):
    """NaN if any is; +0 is larger than -0."""

    def of(a, b):
        if math.isnan(a) or math.isnan(b):
            return np.float64(math.nan)
        low, high = sorted((a, b), key=lambda v: (v, math.copysign(1, v)))
        return high if larger else low

    return of


VALUES = OPERATIONS | {"max": extreme(True), "min": extreme(False), "sqrt": np.sqrt, "floor": np.floor}
OPS = {
    "add": 2,
    "mul": 2,
    "div": 2,
    "fma": 3,
    "max": 2,
    "min": 2,
    "abs": 1,
    "sqrt": 1,
    "floor": 1,
    "select": 3,
}


def drawn(seed):
    random, graph = np.random.default_rng(seed), Graph()
    there = [*graph.inputs((4,), "f64", 0), *(graph.constant(c, "f64") for c in (2.5, 0.0, -0.0))]
    for op in random.choice(list(OPS), 120):
        args = [there[k] for k in random.choice(len(there), OPS[op])]
        if op == "select":
            args[0] = graph.apply("lt", args[0], there[1])
        there.append(graph.apply(str(op), *args, dtype="f64"))
    return there


@pytest.mark.parametrize("seed", range(4))
def test_no_number_of_random_graphs_is_negative_that_is_known_not_to_be(seed):
    scalars = drawn(seed)
    known = [s for s in scalars if never_negative(s) and not s.constant]
    assert len(known) > 10
    order, random = order_of(scalars), np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        for _ in range(60):
            values = {}
            for s in order:
                args = [values[a] for a in s.args]
                values[s] = (
                    np.float64(random.choice(EDGES)) if s.op == "input"
                    else np.float64(s.value) if s.constant
                    else VALUES[s.op](*args)
                )  # fmt: skip
            assert all(np.isnan(values[s]) or not np.signbit(values[s]) for s in known)


def test_sums_and_roots_of_what_may_be_negative_are_not_known():
    graph = Graph()
    x, y = graph.inputs((2,), "f64", 0)
    size, square = graph.apply("abs", x), graph.apply("mul", x, x)
    assert all(map(never_negative, (size, square, graph.apply("max", y, size), graph.constant(0.0, "f64"))))
    below_zero = graph.constant(-0.0, "f64")
    for s in (
        x,
        below_zero,
        graph.apply("add", size, y),
        graph.apply("min", size, y),
        graph.apply("sqrt", x),
    ):
        assert not never_negative(s)


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("width", [8, 16, 32])
def test_the_larger_of_what_has_no_negative_sign_is_the_same_at_every_width(width, dtype):
    """Wide code compares their bits: a quotient of zeros is a NaN with a sign on some processors."""
    graph, kind = Graph(), np.float32 if dtype == "f32" else np.float64
    x, y, *_ = graph.inputs((5,), dtype, 0)
    on = graph.inputs((), "i1", 5).item()
    size, other = graph.apply("abs", x), graph.apply("abs", y)
    part = graph.apply("div", size, graph.apply("mul", y, y))
    pairs = (size, other), (other, part), (part, size)
    assert all(never_negative(s) for pair in pairs for s in pair)
    after = x, y, *(graph.apply("max", *pair) for pair in pairs), graph.constant(False, "i1")
    loop = Loop((Leaf(5, dtype, 1), Leaf(1, "i1", 0)), 2, on, after)
    given = list(itertools.product([*EDGES, -math.nan, 1e-42, 3e-5], repeat=2))
    with np.errstate(all="ignore"):
        x, y = np.array(given).astype(kind).T
        size, other = np.abs(x), np.abs(y)
        part = size / (y * y)
        expected = np.maximum([size, other, part], [other, part, size])
    begin = jnp.stack([jnp.asarray(a) for a in (x, y, x, x, x)], axis=1)
    numbers, _ = Cpu(width).lanes(loop)([begin, jnp.ones(len(x), bool)])
    actual = np.asarray(numbers)[:, 2:].T
    np.testing.assert_array_equal(actual, expected)
    assert not np.signbit(actual[actual == 0]).any()
