"""Loops within branches and loops end at every point, also where plain Python never enters them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.grid.vmap import GridVmap
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import Method
from equisweep.engine.xla.guarded_loops import has_inner_loops, loops_guarded
from equisweep.kernels.flow import Flow
from helpers.codegen.grids import filled
from helpers.flows import seen
from jax import lax

NUMBERS = np.array([-1.0, 0.0, 0.3, 1.0, 2.0, 3.5, 1e6, np.inf, np.nan])


def to_zero(x):
    """Rounds until nothing is left of x; of what is not a whole number above 0 it would never end."""
    return lax.while_loop(lambda s: s[0] != 0, lambda s: (s[0] - 1, s[1] + 1), (x, 0))[1]


def in_a_branch(x):
    whole = (x > 0) & (x < 100) & (x == jnp.floor(x))
    return lax.cond(whole, to_zero, lambda x: -1, x)


def in_many(x):
    which = jnp.where(x == 2, 2, jnp.where(x == 1, 1, 0))
    return lax.switch(which, [lambda x: -1, to_zero, lambda x: 10 * to_zero(x)], x)


def in_a_call(x):
    @jax.jit
    def inner(x):
        return lax.scan(lambda total, k: (total + k * to_zero(x), k), 0, jnp.arange(3))[0]

    return lax.cond(x == 2, inner, lambda x: -1, x)


def in_a_condition(x):
    return lax.cond(
        x == 1, lambda x: lax.while_loop(lambda k: k < to_zero(x) + 4, lambda k: k + 2, 0), lambda x: -1, x
    )


def in_a_loop(x):
    """Steps of y for y above 0.5; of one below 0 they would never come to an end."""

    def after(state):
        y, rounds = state
        return y - 1, lax.while_loop(lambda s: s[0] < 8, lambda s: (s[0] + y, s[1] + 1), (0.0, rounds))[1]

    return lax.while_loop(lambda s: (s[0] > 0.5) & (s[0] < 100), after, (x, 0))[1]


def rounds_in_a_loop(x):
    rounds = 0
    while 0.5 < x < 100:
        z = 0.0
        while z < 8:
            z, rounds = z + x, rounds + 1
        x -= 1
    return rounds


def in_many_loops_at_once(x):
    """A vmap of the kernel's own: its loops have one condition each, and end one after another."""

    def after(state):
        y, total = state
        step = jnp.maximum(y, 0.7)
        return y - 1, lax.while_loop(lambda z: z[0] < 8, lambda z: (z[0] + step, z[1] + step), (0.0, total))[
            1
        ]

    def loops(x):
        return lax.while_loop(lambda s: (s[0] > 0.5) & (s[0] < 100), after, (x, 0.0))[1]

    return jnp.stack([1.0, 10.0, 100.0]) @ jax.vmap(loops)(jnp.stack([x, x + 1, 2.0]))


def total_of_loops(x):
    def loops(x):
        total = 0.0
        while 0.5 < x < 100:
            z = 0.0
            while z < 8:
                z, total = z + max(x, 0.7), total + max(x, 0.7)
            x -= 1
        return total

    return loops(x) + 10 * loops(x + 1) + 100 * loops(2.0)


RIGHT = {
    in_a_branch: lambda x: int(x) if 0 < x < 100 and x == int(x) else -1,
    in_many: lambda x: {1: 1, 2: 20}.get(x, -1),
    in_a_call: lambda x: 3 * 2 if x == 2 else -1,
    in_a_condition: lambda x: 6 if x == 1 else -1,
    in_a_loop: rounds_in_a_loop,
    in_many_loops_at_once: total_of_loops,
}


@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__name__)
@pytest.mark.parametrize("through", [GridVmap, GridLoop])
def test_a_loop_that_nobody_wants_does_not_run(function, through):
    coordinates, right = [{"x": NUMBERS}], [RIGHT[function](x) for x in NUMBERS]

    def point(at):
        return {"rounds": function(at["x"])}

    if through is GridVmap:
        rounds = GridVmap(point, coordinates, jax.devices()[0]).begin(coordinates)["rounds"]
    else:
        rounds = filled(GridLoop(point, coordinates), coordinates)["rounds"]
    # Totals are sums of fractions; all else counts.
    np.testing.assert_allclose(rounds, right, rtol=1e-14 if function is in_many_loops_at_once else 0)


def test_what_has_no_such_loop_stays_as_it_is():
    for function in (
        to_zero,
        lambda x: lax.fori_loop(0, 3, lambda i, x: lax.cond(x > 0, jnp.sin, jnp.cos, x), x),
    ):
        closed = jax.make_jaxpr(function)(1.0)
        assert loops_guarded(closed) is closed
    assert has_inner_loops(jax.make_jaxpr(in_a_branch)(1.0).jaxpr)


def test_a_series_that_is_long_beside_zero():
    """Whether a field jumps at 0 is asked at +-1e-292, where this series, for x > 1, takes 1e293 rounds."""

    def series(x):
        return lax.while_loop(lambda s: s[0] * x < 30, lambda s: (s[0] + 1, s[1] + 1 / s[0]), (1.0, 0.0))[1]

    def field(_t, z, _p):
        rate = lax.cond(z[0] > 1, series, jnp.exp, z[0])
        return jnp.stack([jnp.where(z[0] < 0, 2.0, -rate), -jnp.abs(z[1])])

    flow = Flow(
        start=lambda p: p["a"] * jnp.ones(2),
        field=field,
        observe=lambda z, p: {"x": z[0]},
        observables=seen("x"),
    )

    def point(at):
        p = at | {"horizon": jnp.ones(())}
        return {"sticks": Integration(flow, p, Method("heun", settle=0), {}).start().lane.sticks}

    coordinates = [{"a": np.array([0.5, 2.0])}]
    outputs = GridVmap(point, coordinates, jax.devices()[0]).begin(coordinates)
    np.testing.assert_array_equal(outputs["sticks"], [[True, False]] * 2)
