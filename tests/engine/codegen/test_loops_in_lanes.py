"""Loops in the steps of lanes, against plain Python and XLA."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.lane_loop import lane_loop
from helpers.codegen.lanes import how_computed
from jax import lax


def steps_until(limit, size):
    """How many steps of this size reach the limit: endless where both are 0, as where there is no lane."""
    return lax.while_loop(lambda s: s[0] <= limit, lambda s: (s[0] + size, s[1] + 1), (0 * size, 0))[1]


def stairs(limit, size, native=True):
    """A loop of lanes with loops in its condition and in its step."""

    def cond(lane, fixed):
        return lane[1] < steps_until(*fixed)

    def step(lane, fixed):
        return lane[0] + steps_until(fixed[0] + lane[1], fixed[1]), lane[1] + 1

    start = (jnp.int64(0), jnp.int64(0))
    assert how_computed(cond, step, start, (limit, size)).native
    return lane_loop(cond, step, start, (limit, size), native=native)


@pytest.mark.parametrize("lanes", [1, 3, 15, 16, 17, 40])
def test_places_without_a_lane_never_make_a_loop_endless(lanes):
    limit, size = np.arange(lanes) % 23, 1 + np.arange(lanes) % 3
    total, rounds = map(np.asarray, jax.jit(jax.vmap(stairs))(limit, size))
    for k, (a, b) in enumerate(zip(limit.tolist(), size.tolist(), strict=True)):
        count = a // b + 1
        assert int(rounds[k]) == count
        assert int(total[k]) == sum((a + r) // b + 1 for r in range(count))
    plain = jax.jit(jax.vmap(partial(stairs, native=False)))(limit, size)
    np.testing.assert_array_equal(total, plain[0])
