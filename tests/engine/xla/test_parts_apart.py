"""What takes long and depends on fewer arguments than the results is computed along fewer axes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.lane_call import lane_call
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.xla.live_bytes import inner_jaxprs
from equisweep.engine.xla.parts_apart import parts_apart
from helpers.products import costs_seconds
from jax import lax

A, B = jnp.array([0.5, 1.0, 2.0]), jnp.linspace(0.1, 2.0, 5)


def call(function, given):
    return lane_call(lane_loop, function, given)


def summed(a):
    return lax.fori_loop(0, 2500, lambda i, s: s + jnp.exp(-a * i / 2500), 0 * a)


def by_halving(a):
    low, _ = lax.while_loop(
        lambda b: b[1] - b[0] > 1e-9,
        lambda b: jax.tree.map(
            lambda one, two: jnp.where(sum(b) ** 2 / 4 < a, one, two), (sum(b) / 2, b[1]), (b[0], sum(b) / 2)
        ),
        (0 * a, 3 + 0 * a),
    )
    return low


def of_both(p):
    """A loop over a, one over what it found, and one over both."""
    one = summed(p["a"] ** 2)
    two = jax.jit(by_halving)(one / 2500)
    return {"sum": one + two * p["b"], "both": summed(p["a"] * p["b"])}


def in_an_array(p):
    """A quadrature, and the place where it is evaluated."""
    nodes = jnp.linspace(0.0, p["a"], 3000)
    return {"sum": jnp.sum(jnp.exp(-nodes) * nodes) * p["b"]}


def of_one(p):
    return {"sum": summed(p["a"])}


def short(p):
    return {"sum": jnp.exp(p["a"]) + p["b"]}


def at_all(function):
    return jax.vmap(jax.vmap(function, (None, 0)), (0, None))


def calls_in(jaxpr):
    """For how many lanes each call of machine code is made."""
    result = [e.outvars[-1].aval.shape for e in jaxpr.eqns if e.primitive.name == "ffi_call"]
    return result + [
        shape for e in jaxpr.eqns for inner in inner_jaxprs(e.params) for shape in calls_in(inner)
    ]


@pytest.mark.parametrize(
    ("function", "lanes"),
    [(of_both, [(3,), (3, 5)]), (in_an_array, [(3,), (3, 5)]), (of_one, [(3,)]), (short, [(3, 5)])],
)
def test_what_takes_long_of_one_argument_is_not_computed_again_for_others(function, lanes):
    def point(a, b):
        return parts_apart(call, function, {"a": a, "b": b})

    expected = at_all(lambda a, b: function({"a": a, "b": b}))(A, B)
    outputs = jax.jit(at_all(point))(A, B)
    for name, values in expected.items():
        np.testing.assert_allclose(outputs[name], values, rtol=1e-12)
    assert calls_in(jax.make_jaxpr(at_all(point))(A, B).jaxpr) == lanes


@costs_seconds
def test_derivatives_go_through_the_parts():
    def point(a, b):
        return parts_apart(call, in_an_array, {"a": a, "b": b})["sum"]

    slopes = jax.jit(jax.jacfwd(point, (0, 1)))(A[2], B[3])
    h, value = 1e-5, jax.jit(point)
    differences = (
        (value(A[2] + h, B[3]) - value(A[2] - h, B[3])) / (2 * h),
        (value(A[2], B[3] + h) - value(A[2], B[3] - h)) / (2 * h),
    )
    np.testing.assert_allclose(slopes, differences, rtol=1e-8)
