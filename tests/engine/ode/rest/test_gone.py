"""Shares that are gone: those whose growth at the face is lost in rounding, and what it is beside it."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.rest.gone import may_be_gone, stays_gone
from equisweep.kernels.replicator import PURE, log_ratio_motion, logit_motion

# Growth of a share y at its face, and what y adds to it; whether it stays gone.
GROWTHS = [
    (-0.5, 9.0, True), (-1e-9, 9.0, True), (-2.2e-16, 0.3, False), (0.0, 0.3, False), (-2.2e-16, -0.3, True),
    (0.0, 0.0, True), (-2.2e-16, 1e-3, False), (0.0, 1e-6, False), (0.0, -1e-6, True), (2.2e-16, 0.3, False),
    (2.2e-16, -0.3, True),
    # Noise of 30 and 18 roundings.
    (-6.7e-15, 0.3, False), (6.7e-15, -0.3, True), (-4e-15, 0.03, False), (4e-15, -0.03, True),
]  # fmt: skip


def stays(motion, rest, left_out, jacobian, way=0.0):
    """`stays_gone` at a rest point, whose Jacobian counts for what is not `left_out`.

    So far from it as the velocity of all differs by `way`.
    """
    velocity, outbound = motion(rest)
    velocity += way
    beside = jnp.where(left_out[:, None] | left_out[None, :], 0.0, jacobian)
    return stays_gone(lambda at: motion(at)[0], rest, velocity, beside, outbound, jnp.asarray(False))


def test_a_logit_that_grows_beside_its_face_does_not_stay_gone():
    def one(side, at_face, slope, y, way):
        def motion(state):
            # The other share, which is gone to 1, takes away from the growth while it is not there.
            x, own = jax.nn.sigmoid(state[0]), jax.nn.sigmoid(side * state[1])
            return logit_motion(state, jnp.stack([1.0 + 0 * x, side * (at_face + slope * own - 5 * (1 - x))]))

        return stays(
            motion, jnp.stack([0 * y + 35, side * y]), jnp.asarray([True, True]), jnp.zeros((2, 2)), way
        )

    cases = list(product((1, -1), GROWTHS, (-33.0, -50.0, -900.0, -1.0, -PURE), (0.0, 1e-3, -0.1)))
    given = np.array([(side, *growth[:2], y, way) for side, growth, y, way in cases]).T
    # What is not gone, and what is pure, is not asked; on the way to a rest point as beside it.
    expected = [growth[2] or y in (-1.0, -PURE) for _, growth, y, _ in cases]
    np.testing.assert_array_equal(jax.jit(jax.vmap(one))(*given), expected)


def test_a_share_of_several_that_grows_beside_its_face_does_not_stay_gone():
    logarithms = np.array([0.0, -60.0, -34.0])

    def one(order, at_face, slope):
        def motion(ratios):
            shares = jax.nn.softmax(jnp.append(ratios, 0.0))[order]
            own = at_face + slope * shares[1] - 5 * shares[2]
            growths = jnp.stack([0 * own, own, 0 * own - 1])[order]
            return log_ratio_motion(ratios, growths[:-1] - growths[-1])

        now = jnp.asarray(logarithms)[order]
        return stays(motion, now[:-1] - now[-1], now < -32, jnp.zeros((3, 3)))

    # Each but the largest may be the last one, to which ratios are. Both orders are their own inverse.
    orders = np.repeat([[0, 1, 2], [0, 2, 1]], len(GROWTHS), axis=0)
    at_face, slope, expected = (np.array(column) for column in zip(*2 * GROWTHS, strict=True))
    np.testing.assert_array_equal(jax.jit(jax.vmap(one))(orders, at_face, slope), expected)


def test_each_of_several_shares_is_asked_while_those_that_are_not_gone_follow():
    def one(pushed, pushes, own, other):
        def motion(state):
            x, y, z = jax.nn.sigmoid(state)
            u = pushed * y - 4 * (x - 0.5)
            return logit_motion(state, jnp.stack([u, own * y + pushes * (x - 0.5), other * z - 2.2e-16]))

        rest = jnp.stack([0 * own, 0 * own - 40, 0 * own - 50])
        left_out = jnp.asarray([False, True, True])
        return stays(motion, rest, left_out, jax.jacfwd(lambda at: motion(at)[0])(rest))

    # x goes to 0.5 + pushed/4 y, by which y grows by pushed pushes/4 more.
    cases = [
        (0, 0, -0.3, -0.3, True), (0, 0, -0.3, 0.3, False), (0, 0, 0.3, -0.3, False),
        (2, 1, -0.3, -0.3, False), (2, -1, -0.3, -0.3, True), (2, -1, 0.3, -0.3, True),
        (2, -1, 0.3, 0.3, False), (-2, 1, 0.3, 0.0, True),
    ]  # fmt: skip
    given = np.array(cases, float).T
    np.testing.assert_array_equal(jax.jit(jax.vmap(one))(*given[:4]), given[4] == 1)


def test_nothing_is_doubtful_of_a_pure_strategy_or_of_what_only_accumulates():
    no = jnp.asarray(False)
    states = jnp.asarray([[-PURE, PURE], [3.0, -40.0], [3.0, -25.0], [3.0, -15.0]])
    outbound = jnp.abs(states) >= 32
    of_logits = [may_be_gone(state, out, no) for state, out in zip(states, outbound, strict=True)]
    np.testing.assert_array_equal(of_logits, [[False, False], [False, True], [False, True], [False, False]])
    np.testing.assert_array_equal(may_be_gone(states[1], outbound[1], outbound[1]), [False, False])
    # Log ratios to a last share of 0: one other is all there is.
    vertex = may_be_gone(jnp.asarray([PURE, -PURE]), jnp.asarray([False, True, True]), no)
    np.testing.assert_array_equal(vertex, [False, False, False])
