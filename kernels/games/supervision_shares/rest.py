"""Rest points of the game whose rules follow both shares, with their classes.

- The corners.
- Within the side x = 1, where G and H are 0 or 1, those of the game whose rules follow y alone.
- Within y = 0, where A(x, 0) = -c1 + K + f H(x) passes or jumps over zero; there is at most one. Along x = 0
  and y = 1 no gain changes its sign.
- Inside, all that `inside` finds, and those on a threshold of x (`threshold`).
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ...numerics.stability import RestClass, classify
from ..supervision_shapes.mechanism import Mechanism as InY
from ..supervision_shapes.mechanism import On as InYOn
from ..supervision_shapes.pieces import pieces as pieces_in_y
from ..supervision_shapes.rest import OnThreshold, on_edge
from .inside import MOST_INSIDE, Inside, inside
from .mechanism import FALLING, Mechanism
from .threshold import Point, on_jump, on_thresholds

Array = Any

CORNERS = ("(0,0)", "(0,1)", "(1,0)", "(1,1)")
INSIDE = tuple(f"interior {k + 1}" for k in range(MOST_INSIDE))
REST_POINTS = (
    *CORNERS, "edge x=1, 1", "edge x=1, 2", "edge x=1, 3", "edge y=0", *INSIDE,
    "reward threshold", "fine threshold",
)  # fmt: skip
FIRST_EDGE, FIRST_INSIDE = len(CORNERS), REST_POINTS.index(INSIDE[0])


class RestPoints(NamedTuple):
    """Shares (points, 2), Jacobians (points, 2, 2) and class numbers in the order of `REST_POINTS`.

    NaN where absent; Jacobians also on thresholds. `complete`: whether they are shown to be all.
    """

    shares: Array
    jacobian: Array
    rest_class: Array
    complete: Array


def rest_points(m: Mechanism) -> RestPoints:
    """All rest points of a scenario, but for whole sides of them."""
    thresholds, told_apart = on_thresholds(m)
    within = inside(m)
    # In the order of the labels, each a row of points.
    found = [_corners(m), _on_right_side(m), _row(_on_bottom(m)), _inside(m, within), _row(*thresholds)]
    one = Point(*(jnp.concatenate(parts) for parts in zip(*found, strict=True)))
    smooth = one.exists & ~one.jumps
    jacobian = jnp.where(smooth[:, None, None], one.jacobian, jnp.nan)
    kinds = jax.vmap(classify)(jacobian, jnp.arange(len(REST_POINTS)) < FIRST_EDGE)
    return RestPoints(
        jnp.where(one.exists[:, None], jnp.stack([one.x, one.y], axis=1), jnp.nan),
        jacobian,
        jnp.where(one.exists & one.jumps, one.kind, kinds).astype(jnp.int8),
        within.complete & told_apart,
    )


def _row(*points: Point) -> Point:
    return Point(*(jnp.stack(values) for values in zip(*points, strict=True)))


def _corners(m: Mechanism) -> Point:
    zero = jnp.zeros_like(m.p["r"])
    x, y = (jnp.stack([zero + share for share in shares]) for shares in ((0, 0, 1, 1), (0, 1, 0, 1)))
    return _smooth(x, y, jax.vmap(lambda x, y: m.jacobian(x, y, m.on(x)))(x, y), x == x)


def _inside(m: Mechanism, within: Inside) -> Point:
    jacobian = jax.vmap(m.jacobian)(within.x, within.y, within.on)
    return _smooth(within.x, within.y, jacobian, within.exists)


def _on_right_side(m: Mechanism) -> Point:
    one = jnp.ones_like(m.p["r"])
    on = m.on(one)
    caps = {"r": m.p["r"] * m.reward_in_x(one, on), "f": m.p["f"] * m.fine_in_x(one, on)}
    # No shape of y is a step here: where its thresholds would be does not matter.
    p = {**m.p, **caps, "reward_threshold": one / 2, "fine_threshold": one / 2}
    alike = InY(p, m.rules.reward, m.rules.punishment)
    listed = on_edge(alike, pieces_in_y(p, alike))
    x, y = (jnp.stack([q.shares[k] for q in listed]) for k in (0, 1))
    passed = InYOn(*(jnp.stack([q.on[k] for q in listed]) for k in (0, 1)))
    return _smooth(x, y, jax.vmap(alike.jacobian)(x, y, passed), jnp.stack([q.exists for q in listed]))


def _on_bottom(m: Mechanism) -> Point:
    """Where A(x, 0) = 0: a zero of f H(x) less c1 - K, or a jump over it."""
    p, shape, zero = m.p, m.rules.punishment_in_x, jnp.zeros_like(m.p["r"])
    needed = p["c1"] - m.averted
    ends = (needed, needed - p["f"])
    exists = (ends[0] > 0) & (ends[1] < 0) & m.a_is_clear(ends[0]) & m.a_is_clear(ends[1])
    if shape.startswith("step"):
        x = p["fine_x_threshold"]
        managing = m.alone + x * (m.rho(x, zero, m.on(x)) + needed - m.safer)
        slides = jnp.where(managing < 0, OnThreshold.sliding_node, OnThreshold.sliding_saddle)
        slides = jnp.where(m.b_is_clear(managing), slides, RestClass.degenerate)
        return on_jump(x, zero, exists, slides if shape.endswith(FALLING) else OnThreshold.escaping)
    exists &= shape != "constant"
    part = jnp.where(exists, needed / jnp.where(exists, p["f"], 1.0), 0.5)
    exponent = p["fine_x_exponent"] if shape.startswith("power") else jnp.ones_like(part)
    share = jnp.exp(jnp.log(part) / exponent)
    x = 1 - share if shape.endswith(FALLING) else share
    # A share that rounds to 0 or 1 is a corner's.
    return _smooth(x, zero, m.jacobian(x, zero, m.on(x)), exists & (x > 0) & (x < 1))


def _smooth(x: Array, y: Array, jacobian: Array, exists: Array) -> Point:
    return Point(
        x, y, jacobian, jnp.full_like(x, RestClass.absent, jnp.int32), exists, jnp.zeros_like(exists)
    )
