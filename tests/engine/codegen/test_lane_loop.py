"""A loop over lanes as machine code: rounds, derivatives, grids of lanes, and what goes through XLA."""

from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import trajectory
from equisweep.kernels.games.registry import MODELS
from helpers.codegen.lanes import how_computed, is_machine_code
from helpers.products import covering
from jax import lax


@pytest.mark.parametrize(
    "function",
    [
        lambda x: lax.reduce(jnp.stack([x, x + 1]), 0.0, lambda a, b: a + 2 * b, (0,)),
        lambda x: lax.scan(lambda c, a: (c + a, c), x, jnp.zeros(0)),
        lambda x: jax.random.uniform(jax.random.key(0, impl="rbg")) + x,
        lambda x: jnp.dot(jnp.stack([x > 0, x > 1]), jnp.stack([x > 0, x > 1])),
    ],
    ids=["reduce", "empty scan", "random", "dot of booleans"],
)
def test_what_only_looks_translatable_goes_through_xla(function):
    start = (jnp.int32(0), jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(function, 1.0)))
    way = how_computed(lambda a, _: a[0] < 1, lambda a, v: (a[0] + 1, function(v)), start, jnp.asarray(1.0))
    assert way.reason


def test_a_step_that_changes_a_dtype_is_refused_as_by_jax():
    """In machine code it would write past the end of its places."""
    with pytest.raises(TypeError, match="carry"):
        lane_loop(lambda x, _: x < 1, lambda x, v: x + v, jnp.float32(0), jnp.float64(2))


def collatz(start, native=True):
    """Rounds until 1: wildly different from lane to lane, in integers."""

    def step(lane, fixed):
        n, rounds = lane
        return jnp.where(n % 2 == 0, n // 2, fixed * n + 1), rounds + 1

    return lane_loop(lambda lane, _: lane[0] != 1, step, (start, jnp.int32(0)), jnp.int64(3), native=native)[
        1
    ]


@pytest.mark.parametrize("lanes", [1, 3, 16, 17, 500])
def test_every_lane_takes_as_many_rounds_as_it_needs(lanes):
    starts = jnp.arange(1, lanes + 1)
    assert is_machine_code(jax.vmap(collatz), starts)
    expected = []
    for n in range(1, lanes + 1):
        rounds = 0
        while n != 1:
            n, rounds = (n // 2 if n % 2 == 0 else 3 * n + 1), rounds + 1
        expected.append(rounds)
    assert jax.jit(jax.vmap(collatz))(starts).tolist() == expected


def test_no_lane_and_a_single_scalar_lane():
    assert jax.vmap(collatz)(jnp.zeros(0, jnp.int64)).shape == (0,)
    assert int(jax.jit(collatz)(jnp.int64(27))) == 111


def newton(a, power, native=True):
    """The root a^(1/power), with a number of rounds that depends on both."""

    def step(x, fixed):
        a, power = fixed
        return (
            x[0] - (x[0] ** power - a) / (power * x[0] ** (power - 1)),
            jnp.abs(x[0] ** power - a),
            x[2] + 1,
        )

    def cond(x, fixed):
        return x[1] > 1e-13 * fixed[0]

    start = (jnp.maximum(a, 1.0), jnp.full_like(a, jnp.inf), 0)
    return lane_loop(cond, step, start, (a, power), native=native)[0]


def test_lanes_over_a_grid_of_two_axes():
    a, power = jnp.linspace(0.1, 50, 13), jnp.array([2.0, 3.0, 5.0])
    grid = jax.jit(jax.vmap(jax.vmap(newton, in_axes=(None, 0)), in_axes=(0, None)))
    np.testing.assert_allclose(grid(a, power), np.asarray(a)[:, None] ** (1 / np.asarray(power)), rtol=1e-13)


def test_derivatives_run_through_the_loop():
    a, power = jnp.linspace(0.1, 50, 13), jnp.full(13, 3.0)
    slopes = jax.vmap(jax.jacfwd(newton, argnums=(0, 1)))
    assert is_machine_code(slopes, a, power)
    by_a, by_power = jax.jit(slopes)(a, power)
    root = a ** (1 / 3)
    np.testing.assert_allclose(by_a, root / (3 * a), rtol=1e-12)
    np.testing.assert_allclose(by_power, -root * np.log(a) / 9, rtol=1e-11)


def test_what_has_no_scalar_form_goes_through_xla():
    def step(x, m):
        q, r = jnp.linalg.qr(m)
        return x[0] + jnp.linalg.solve(r, q.T @ x[1]).sum(), x[1] * 1.5, x[2] + 1

    def run(v):
        m = jnp.array([[2.0, 1.0], [0.0, 1.0]])
        return lane_loop(lambda x, _: x[2] < 3, step, (jnp.zeros(()), v, 0), m)[0]

    v = jnp.array([1.0, 2.0])
    assert not is_machine_code(run, v)
    expected = sum(
        np.linalg.solve([[2.0, 1.0], [0.0, 1.0]], 1.5**k * np.array([1.0, 2.0])).sum() for k in range(3)
    )
    assert abs(float(run(v)) - expected) < 1e-13


def test_what_is_handed_on_as_it_was_read_is_read_again_behind_many_operations():
    """A condition that is a number of the lane, and a loop within a step that ends with one."""

    def step(at, y):
        _, x, k = at

        def inner(at):
            z, _, i = at
            for _ in range(12):
                z = jnp.sin(z) * 1.1 + y
            return z, x, i + 1

        z, w, _ = lax.while_loop(lambda at: at[2] < 3, inner, (x, y, jnp.int32(0)))
        return k < 3, z + 2 * w, k + 1

    def run(x, native):
        begin = x < 5, x, jnp.int32(0)
        return lane_loop(lambda at, _: at[0], step, begin, 0.5 * x, native=native)

    actual, expected = (
        jax.jit(jax.vmap(partial(run, native=native)))(jnp.arange(8.0)) for native in (True, False)
    )
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    assert np.asarray(actual[2]).tolist() == [4] * 5 + [0] * 3


FLOWS = [name for name, model in MODELS.items() if model.flow is not None]
METHODS = [{}, {"solver": "tsit5"}, {"solver": "heun", "fixed_steps": 7}, {"native": False}]


@pytest.mark.parametrize(
    ("name", "method"),
    # One flow with the method of fewest stages, every other method with the flow that is soonest traced.
    covering(
        [*product(FLOWS, METHODS)],
        lambda name, method: name == ("supervision" if method.get("solver") == "heun" else "internal"),
        columns=0,
    ),
)
def test_every_flow_of_the_registry_is_machine_code(name, method):
    model = MODELS[name]
    p = {q.name: jnp.full(3, 0.5) if q.dim else jnp.asarray(q.default) for q in model.parameters}
    static = {choice.name: choice.default for choice in model.choices}
    native = is_machine_code(lambda p: trajectory(model.flow, p, Method(**method), **static), p)
    assert native == method.get("native", True)
