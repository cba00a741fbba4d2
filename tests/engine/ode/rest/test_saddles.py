"""Ways into a saddle that are no component alone, and how a rest point moves with parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.rest.attraction import nearest_rest
from equisweep.engine.ode.rest.settling import first_watch, watched
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from helpers.flows import seen
from helpers.products import costs_seconds
from jax import lax


def rates(p, z):
    """The mean of two comes to `a`, their difference grows with k: where both are alike it never shows."""
    mean, apart = (z[0] + z[1]) / 2 - p["a"], (z[0] - z[1]) / 2
    return jnp.stack([p["k"] * apart - 2 * mean, -p["k"] * apart - 2 * mean])


PAIR = Flow(
    start=lambda p: jnp.stack([p["z0"], p["z0"]]),
    field=lambda t, z, p: rates(p, z),
    observe=lambda z, p: dict(zip("xy", z, strict=True)),
    observables=seen("x", "y"),
)


@jax.jit
def nearest(p, state, before):
    def loop(cond, body, first, fixed):
        return lax.while_loop(lambda last: cond(last, fixed), lambda last: body(last, fixed), first)

    none, ahead = jnp.zeros(2, bool), jnp.asarray(100.0)

    def asked(p, state):
        at = nearest_rest(rates, p, state, jnp.ones(2), none, loop, ahead, 1e-7, seen=before)
        return at.rest, at.attracts

    # The mean is exp(-2 t) of what it was away, whatever `a` is.
    moved = {"a": jnp.asarray(1.0), "k": jnp.asarray(0.0)}
    return jax.jvp(asked, (p, state), (moved, jnp.ones(2) - 1e-7))


@pytest.mark.parametrize("k", [0.02, 0.5, -0.02])
def test_that_rounding_leaves_nothing_to_move_is_no_rest_where_a_saddle_was_seen(k):
    p = {"a": jnp.asarray(0.5), "k": jnp.asarray(k)}
    (rest, of_start), (rest_moved, _) = nearest(p, jnp.full(2, 0.5), jnp.asarray(False))
    (_, of_way), _ = nearest(p, jnp.full(2, 0.5), jnp.asarray(True))
    assert of_start
    assert bool(of_way) == (k < 0)
    np.testing.assert_allclose(rest, 0.5)
    # By less than the distance that is left: its derivative is the difference of those of state and rest.
    np.testing.assert_allclose(rest_moved, 1.0, atol=1e-13)


def test_rates_that_stay_to_the_last_bit_beside_a_saddle_do_not_lead_away():
    watch = first_watch(Method(), jnp.asarray(False), jnp.asarray(False), float, None)
    watch = watch._replace(within=jnp.asarray(-1.0))

    @jax.jit
    def within(before, after):
        both = (jnp.full(2, before), jnp.full(2, after))
        times = (jnp.asarray(20.0), jnp.asarray(20.5), jnp.asarray(200.0))
        return watched(watch, Method(), jnp.asarray(50), both, times, jnp.asarray(1.0)).within

    assert within(1e-16, 1e-16) < 0
    assert within(1e-3, 1.01e-3) > 0


@costs_seconds
@pytest.mark.parametrize("solver", ["rodas5p", "kvaerno5", "dopri8"])
def test_no_orbit_rests_at_a_saddle_once_its_rates_are_rounded_to_nothing(solver):
    k = np.array([0.02, 0.5, 1.0, -0.02])
    p = {"k": k, "a": np.full(4, 0.5), "z0": np.ones(4), "horizon": np.full(4, 200.0)}
    out = lanes(PAIR, Method(solver))(p)
    assert list(out["attractor"]) == [Attractor.undecided] * 3 + [Attractor.rest_point]
    np.testing.assert_allclose(out["settle_time"], [np.nan] * 3 + [np.log(5e6) / 2], rtol=1e-3)
