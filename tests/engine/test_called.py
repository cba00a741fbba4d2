"""What JAX keeps as an object is looked into like a function that is called: nothing in it stays unseen."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.called import called
from equisweep.engine.ode.switching.search import switches_of
from equisweep.engine.wide.integers import may_lose, with_wide_integers
from equisweep.engine.xla.guarded_loops import has_inner_loops
from equisweep.engine.xla.inline_calls import holds_pooled_calls, inline_calls
from equisweep.engine.xla.library_checks import checks_as_nan
from equisweep.engine.xla.live_bytes import live_bytes, loop_count
from equisweep.engine.xla.operation_by_operation import evaluated
from equisweep.engine.xla.parts_apart import parts_apart
from equisweep.engine.xla.where_nan_ends import through
from equisweep.kernels.flow import Flow, Observable
from helpers.codegen.objects import as_object
from jax import lax
from jax.extend import core

LARGE = np.arange(1000.0)


def with_own_vmap(function):
    own = jax.custom_batching.custom_vmap(function)
    own.def_vmap(lambda _size, _batched, x: (jax.vmap(function)(x), True))
    return own


# The ways in which a function may be called.
WAYS = {
    "jit": jax.jit,
    "object": as_object,
    "object in a call": lambda function: jax.jit(as_object(function)),
    "remat": jax.checkpoint,
    "custom_vmap": with_own_vmap,
}


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


def traced(function, *arguments):
    return jax.make_jaxpr(function)(*arguments)


def halved(x):
    """Rounds until nothing is left; of a number below 0 it would never end."""
    return lax.while_loop(lambda s: s[0] >= 1, lambda s: (s[0] / 2, s[1] + 1.0), (x, 0.0))[1]


def test_loops_arrays_and_ends_of_nan_are_seen(way):
    loop = traced(lambda x: lax.cond(x > 0, way(halved), lambda x: x, x), 8.0).jaxpr
    assert has_inner_loops(loop)
    assert loop_count(loop) == 1
    assert live_bytes(traced(way(lambda x: jnp.sum(x * LARGE)), 1.0).jaxpr) >= LARGE.nbytes
    (equation,) = traced(way(lambda x: jnp.where(x > 1, 2.0, 3.0)), 1.0).jaxpr.eqns
    assert through(equation, [True])[0]
    (equation,) = traced(way(lambda x: 2 * jnp.sin(x)), 1.0).jaxpr.eqns
    assert through(equation, [True]) == (False, [True])


def test_counts_are_not_cut_off_within(way):
    def kernel(p):
        return {"n": way(lambda x: x.astype("int32") * 1000 + 1)(p["x"])}

    result, _ = with_wide_integers(kernel, {"x": jnp.asarray(3e9)}, ["n"])
    assert int(result["n"]) == 3 * 10**12 + 1
    assert may_lose(lambda x: way(lambda x: x.astype("int32") / 2)(x), jnp.asarray(3e9))


def test_matrices_are_solved_in_parts(way):
    matrices = jnp.broadcast_to(2 * jnp.eye(60), (5, 60, 60))
    solve = way(lambda a: jnp.linalg.inv(a))
    assert holds_pooled_calls(traced(solve, matrices).jaxpr)
    in_parts = traced(inline_calls(solve), matrices)
    assert loop_count(in_parts.jaxpr) > loop_count(traced(solve, matrices).jaxpr)
    np.testing.assert_allclose(core.jaxpr_as_fun(in_parts)(matrices)[0], matrices / 4, rtol=1e-14)


def test_checks_of_a_library_are_nan_at_their_point(way):
    function = way(lambda x: eqx.error_if(x, x > 3, "too large") + LARGE[:2])
    replaced = core.jaxpr_as_fun(checks_as_nan(traced(function, 1.0), None))
    np.testing.assert_array_equal(replaced(1.0)[0], [1.0, 2.0])
    assert np.isnan(replaced(4.0)[0]).all()


def test_a_long_one_is_computed_operation_by_operation(way):
    """With the arrays that it brings along."""

    def function(x):
        for _ in range(3):
            x = way(lambda x: x + LARGE[:2])(x)
        return x

    trace = traced(function, jnp.zeros(2))
    np.testing.assert_array_equal(evaluated(trace, [jnp.ones(2)], opened=True)[0], [1.0, 4.0])


def test_what_is_long_and_depends_on_less_is_called_apart(way):
    calls = []

    def call(function, given):
        calls.append(function)
        return function(given)

    def function(p):
        return way(halved)(p["a"]) * p["b"]

    result = parts_apart(call, function, {"a": jnp.asarray(8.0), "b": jnp.asarray(2.0)})
    assert (float(result), len(calls)) == (8.0, 2)


def test_switches_are_those_of_the_function(way):
    def flow(jumps):
        return Flow(
            start=lambda p: jnp.asarray([1.0, 0.0]) + 0 * p["horizon"],
            field=lambda t, z, p: jnp.stack([z[1], -z[0] + jumps(z[0])]),
            observe=lambda z, p: {"x": z[0]},
            observables=(Observable("x", "x", "1", "x"),),
            motion=None,
        )

    def jumps(x):
        return jnp.where(x > 0.3, 1.0, 0.0) + jnp.maximum(x, 0.1)

    p = {"horizon": jnp.asarray(1.0)}
    plain, other = (switches_of(flow(one), p, {}) for one in (jumps, way(jumps)))
    assert not other.unseen
    assert [(s.how, s.jumps) for s in other.located] == [(s.how, s.jumps) for s in plain.located]
    assert len(plain.located) == 2


def test_an_object_is_known_by_what_it_is():
    """Two that equal each other may take arrays of other shapes."""
    function = as_object(jnp.sin)
    one, other = (traced(function, jnp.zeros(n)).jaxpr.eqns[0] for n in (2, 3))
    assert [called(e).in_avals[0].shape for e in (one, other)] == [(2,), (3,)]
    assert called(traced(jnp.sin, 1.0).jaxpr.eqns[0]) is None
