"""Shares that are gone: those whose growth at the face is lost in rounding, and what it is beside it."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.rest.gone import stays_gone
from equisweep.kernels.replicator import PURE, log_ratio_motion, logit_motion

# Growth of a share y at its face, and what y adds to it; whether it stays gone.
GROWTHS = [
    (-0.5, 9.0, True), (-1e-9, 9.0, True), (-2.2e-16, 0.3, False), (0.0, 0.3, False), (-2.2e-16, -0.3, True),
    (0.0, 0.0, True), (-2.2e-16, 1e-3, True),
]  # fmt: skip


def test_a_logit_that_grows_beside_its_face_does_not_stay_gone():
    def stays(side, at_face, slope, y, gone):
        def motion(state):
            # The other share, which is gone to 1, takes away from the growth while it is not there.
            x, own = jax.nn.sigmoid(state[0]), jax.nn.sigmoid(side * state[1])
            return logit_motion(state, jnp.stack([1.0 + 0 * x, side * (at_face + slope * own - 5 * (1 - x))]))

        rest = jnp.stack([0 * y + 32.5, side * y])
        return stays_gone(motion, rest, motion(rest)[0], jnp.stack([jnp.asarray(True), gone]))

    cases = [
        (side, growth, y)
        for side, growth, y in product((1, -1), GROWTHS, (-33.0, -50.0, -900.0, -1.0, -PURE))
    ]
    given = np.array([(side, *growth[:2], y) for side, growth, y in cases]).T
    computed = jax.jit(jax.vmap(stays))(*given, given[3] < -32)
    # What is not gone, and what is pure, is not asked.
    expected = [growth[2] or y in (-1.0, -PURE) for _, growth, y in cases]
    np.testing.assert_array_equal(computed, expected)


def test_a_share_of_several_that_grows_beside_its_face_does_not_stay_gone():
    logarithms = np.array([0.0, -60.0, -34.0])

    def stays(order, at_face, slope):
        def motion(ratios):
            shares = jax.nn.softmax(jnp.append(ratios, 0.0))[order]
            own = at_face + slope * shares[1] - 5 * shares[2]
            growths = jnp.stack([0 * own, own, 0 * own - 1])[order]
            return log_ratio_motion(ratios, growths[:-1] - growths[-1])

        now = jnp.asarray(logarithms)[order]
        rest = now[:-1] - now[-1]
        return stays_gone(motion, rest, motion(rest)[0], now < -32)

    # Each but the largest may be the last one, to which ratios are. Both orders are their own inverse.
    orders = np.repeat([[0, 1, 2], [0, 2, 1]], len(GROWTHS), axis=0)
    at_face, slope, expected = (np.array(column) for column in zip(*2 * GROWTHS, strict=True))
    np.testing.assert_array_equal(jax.jit(jax.vmap(stays))(orders, at_face, slope), expected)
