"""Rest points of the game whose rules follow both shares, with their classes.

- The corners.
- Within the side x = 1, where G and H are 0 or 1, those of the game whose rules follow y alone.
- Within y = 0, where A(x, 0) = -c1 + K + f H(x) passes or jumps over zero; there is at most one. Along x = 0
  and y = 1 no gain changes its sign.
- Inside, all that `inside` finds off thresholds, `on_lines` on them and `at_crossings` where they cross.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ...numerics.stability import RestClass, classify
from ..supervision_shapes.mechanism import Mechanism as InY
from ..supervision_shapes.mechanism import On as InYOn
from ..supervision_shapes.pieces import pieces as pieces_in_y
from ..supervision_shapes.rest import CLASSES as OF_SHAPES
from ..supervision_shapes.rest import OnThreshold, on_edge
from ..supervision_shapes.rest import attracts as attracts_in_y
from .crossings import MOST_CROSSINGS, AtCrossing, at_crossings
from .inside import MOST_INSIDE, Inside, inside
from .mechanism import FALLING, Mechanism, steps
from .on_lines import MOST_ON_LINES, on_lines
from .point import Point, on_jump, row, smooth
from .thresholds import thresholds

Array = Any

CORNERS = ("(0,0)", "(0,1)", "(1,0)", "(1,1)")
INSIDE = tuple(f"interior {k + 1}" for k in range(MOST_INSIDE))
REST_POINTS = (
    *CORNERS, "edge x=1, 1", "edge x=1, 2", "edge x=1, 3", "edge y=0", *INSIDE,
    *(f"threshold {k + 1}" for k in range(MOST_ON_LINES)),
    *(f"crossing {k + 1}" for k in range(MOST_CROSSINGS)),
)  # fmt: skip
FIRST_EDGE, FIRST_INSIDE = len(CORNERS), REST_POINTS.index(INSIDE[0])
CLASSES: dict[str, int] = OF_SHAPES | {c.name: c.value for c in AtCrossing}


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
    lines, within = thresholds(m), inside(m)
    along, all_along = on_lines(m, lines)
    # In the order of the labels, each a row of points.
    rows = [
        _corners(m),
        _on_right_side(m),
        row(_on_bottom(m)),
        _inside(m, within),
        along,
        at_crossings(m, lines),
    ]
    one = Point(*(jnp.concatenate(parts) for parts in zip(*rows, strict=True)))
    smooth = one.exists & ~one.jumps
    jacobian = jnp.where(smooth[:, None, None], one.jacobian, jnp.nan)
    kinds = jax.vmap(classify)(jacobian, jnp.arange(len(REST_POINTS)) < FIRST_EDGE)
    return RestPoints(
        jnp.where(one.exists[:, None], jnp.stack([one.x, one.y], axis=1), jnp.nan),
        jacobian,
        jnp.where(one.exists & one.jumps, one.kind, kinds).astype(jnp.int8),
        within.complete & all_along,
    )


def attracts(number: Array) -> Array:
    """Whether a rest point of this class is asymptotically stable."""
    return attracts_in_y(number) | (number == AtCrossing.crossing_node)


def _corners(m: Mechanism) -> Point:
    zero = jnp.zeros_like(m.p["r"])
    x, y = (jnp.stack([zero + share for share in shares]) for shares in ((0, 0, 1, 1), (0, 1, 0, 1)))
    return smooth(x, y, jax.vmap(lambda x, y: m.jacobian(x, y, m.on(x, y)))(x, y), x == x)


def _inside(m: Mechanism, within: Inside) -> Point:
    jacobian = jax.vmap(m.jacobian)(within.x, within.y, within.on)
    return smooth(within.x, within.y, jacobian, within.exists)


def _on_right_side(m: Mechanism) -> Point:
    one = jnp.ones_like(m.p["r"])
    # What follows x is passed there whatever y is.
    on = m.on(one, one)
    caps = {"r": m.p["r"] * m.reward_in_x(one, on), "f": m.p["f"] * m.fine_in_x(one, on)}
    p = {**m.p, **caps}
    alike = InY(p, m.rules.reward, m.rules.punishment)
    listed = on_edge(alike, pieces_in_y(p, alike))
    x, y = (jnp.stack([q.shares[k] for q in listed]) for k in (0, 1))
    passed = InYOn(*(jnp.stack([q.on[k] for q in listed]) for k in (0, 1)))
    exists, jumps = (jnp.stack(values) for values in zip(*((q.exists, q.jumps) for q in listed), strict=True))
    kinds = jnp.stack([q.on_threshold for q in listed])
    return Point(x, y, jax.vmap(alike.jacobian)(x, y, passed), kinds, exists, jumps & exists)


def _on_bottom(m: Mechanism) -> Point:
    """Where A(x, 0) = 0: a zero of f H(x) less c1 - K, or a jump over it."""
    p, shape, zero = m.p, m.rules.punishment_in_x, jnp.zeros_like(m.p["r"])
    needed = p["c1"] - m.averted
    ends = (needed, needed - p["f"])
    exists = (ends[0] > 0) & (ends[1] < 0) & m.a_is_clear(ends[0]) & m.a_is_clear(ends[1])
    if steps(shape):
        return _on_bottom_at_step(m, exists)
    exists &= shape != "constant"
    part = jnp.where(exists, needed / jnp.where(exists, p["f"], 1.0), 0.5)
    exponent = p["fine_x_exponent"] if shape.startswith("power") else jnp.ones_like(part)
    share = jnp.exp(jnp.log(part) / exponent)
    x = 1 - share if shape.endswith(FALLING) else share
    # A share that rounds to 0 or 1 is a corner's.
    return smooth(x, zero, m.jacobian(x, zero, m.on(x, zero)), exists & (x > 0) & (x < 1))


def _on_bottom_at_step(m: Mechanism, exists: Array) -> Point:
    """Where A(x, 0) jumps over zero: B there is that of the mixture of which A is zero."""
    zero, x = jnp.zeros_like(m.p["r"]), m.p["fine_x_threshold"]
    behind = m.on(x, zero)
    # A reward may begin or end at the same share.
    before = behind._replace(fine=zero, reward=jnp.where(m.p["reward_x_threshold"] == x, zero, behind.reward))
    a, b = ([gain(x, zero, on) for on in (before, behind)] for gain in (m.supervising, m.managing))
    gap = a[0] - a[1]
    managing = (a[0] * b[1] - a[1] * b[0]) / jnp.where(gap == 0, 1.0, gap)
    slides = jnp.where(managing < 0, OnThreshold.sliding_node, OnThreshold.sliding_saddle)
    slides = jnp.where(m.b_is_clear(managing), slides, RestClass.degenerate)
    falls = m.rules.punishment_in_x.endswith(FALLING)
    return on_jump(x, zero, exists, slides if falls else OnThreshold.escaping)
