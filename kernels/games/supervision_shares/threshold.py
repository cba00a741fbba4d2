"""Rest points on a threshold of x, where a reward or a fine begins or ends, in the sense of Filippov.

Zero is then a mixture of the fields on both sides. With M = Q + (c2 - p2 Le) / theta, B = 0 there asks of the
mixture that rho + phi = M, and A = 0 that

    reward steps:  R(y) = phi(y) + K - c1 - y (K + M) = 0,         rho = M - phi(y) of r g(y),
    fine steps:    S(y) = (1-y) (K + M) - c1 - rho(y) = 0,         phi = M - rho(y) of f h(1-y).

M > 0 where any mixture does, so R and S fall: there is one point at most on each threshold. A jumps down
along x where a reward begins or a fine ends, so that orbits are driven to the threshold and slide along it;
else they are driven off. Along it y' has the sign of R, which falls, so that they slide to the point; or the
opposite of that of S, so that they slide away from it.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp

from ...numerics.roots import Function, bisect
from ..supervision_shapes.rest import OnThreshold
from .mechanism import FALLING, Mechanism

Array = Any


class Point(NamedTuple):
    """A rest point, or a row of them: shares, Jacobian (2, 2), whether it exists, whether a gain jumps there.

    Where one does, its class number is `kind`; else it follows from the Jacobian.
    """

    x: Array
    y: Array
    jacobian: Array
    kind: Array
    exists: Array
    jumps: Array


def on_thresholds(m: Mechanism) -> tuple[list[Point], Array]:
    """The point on the threshold of the reward and that on the fine's; whether these are shown to be all.

    Where both lie on the same line x they are not.
    """
    both = m.rules.reward_in_x.startswith("step") and m.rules.punishment_in_x.startswith("step")
    apart = m.p["reward_x_threshold"] != m.p["fine_x_threshold"]
    told_apart = apart if both else jnp.ones_like(apart)
    found = [_where_reward_steps(m), _where_fine_steps(m)]
    return [one._replace(exists=one.exists & told_apart) for one in found], told_apart


def _where_reward_steps(m: Mechanism) -> Point:
    x = m.p["reward_x_threshold"]
    passed, enough = m.on(x), _enough(m, x)

    def rest(y: Array) -> Array:
        return m.phi(x, y, passed) + m.averted - m.p["c1"] - y * (m.averted + enough)

    y, exists = _root(m, rest, enough)
    full = m.rho(x, y, passed._replace(reward=_in_force(m.rules.reward_in_x, x)))
    part = enough - m.phi(x, y, passed)
    falls = m.rules.reward_in_x.endswith(FALLING)
    kind = OnThreshold.escaping if falls else OnThreshold.sliding_node
    return on_jump(x, y, exists & _mixes(m, part, full) & m.rules.reward_in_x.startswith("step"), kind)


def _where_fine_steps(m: Mechanism) -> Point:
    x = m.p["fine_x_threshold"]
    passed, enough = m.on(x), _enough(m, x)

    def rest(y: Array) -> Array:
        return (1 - y) * (m.averted + enough) - m.p["c1"] - m.rho(x, y, passed)

    y, exists = _root(m, rest, enough)
    full = m.phi(x, y, passed._replace(fine=_in_force(m.rules.punishment_in_x, x)))
    part = enough - m.rho(x, y, passed)
    falls = m.rules.punishment_in_x.endswith(FALLING)
    kind = OnThreshold.sliding_saddle if falls else OnThreshold.escaping
    return on_jump(x, y, exists & _mixes(m, part, full) & m.rules.punishment_in_x.startswith("step"), kind)


def _enough(m: Mechanism, x: Array) -> Array:
    """M: reward and fine together at which managing gains nothing."""
    return m.safer - m.alone / x


def _in_force(shape: str, like: Array) -> Array:
    """What stands for a passed threshold where the step is in force."""
    return jnp.zeros_like(like) if shape.endswith(FALLING) else jnp.ones_like(like)


def _root(m: Mechanism, falling: Function, enough: Array) -> tuple[Array, Array]:
    zero = jnp.zeros_like(enough)
    start, stop = falling(zero), falling(zero + 1)
    exists = (enough > 0) & (start > 0) & (stop < 0) & m.a_is_clear(start) & m.a_is_clear(stop)
    return bisect(lambda y: -falling(y), zero, zero + 1), exists


def _mixes(m: Mechanism, part: Array, full: Array) -> Array:
    """Whether a part of what is paid in full makes the mixture."""
    return (part > 0) & (part < full) & m.b_is_clear(part) & m.b_is_clear(full - part)


def on_jump(x: Array, y: Array, exists: Array, kind: Array | OnThreshold) -> Point:
    """A rest point at which a gain jumps over zero."""
    jacobian = jnp.full((2, 2), jnp.nan, jnp.result_type(x))
    return Point(x, y, jacobian, jnp.asarray(kind, jnp.int32), exists, jnp.ones_like(exists))
