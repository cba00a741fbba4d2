"""Rest points where a threshold of x crosses one of y, in the sense of Filippov, and whether they attract.

At a crossing the field has four values, one of each quarter round it, and the point rests where zero is a
mixture of them: where it lies inside their convex hull, which is where each of the four has others on both
sides of the line through it.

Near the crossing the values are all that counts, and the motion is that of a field which is constant in each
quarter. What is left of it is the motion of the direction in which a share lies from the crossing. Directions
that stay: one within a quarter whose value points along it, and a half-line of a threshold to which, or from
which, both sides drive. If none of them leads away, and orbits slide in along one of them, all orbits come
to the point; if there is none at all, orbits go round, and each round multiplies their distance by the
product of the slopes of the four values.
"""

from enum import IntEnum
from itertools import product
from typing import Any

import jax.numpy as jnp

from ...numerics.stability import RestClass
from .mechanism import Mechanism
from .point import Point, on_jump, row
from .thresholds import Thresholds

Array = Any

MOST_CROSSINGS = 4
# Quarters in the order of the angle from the crossing: whether they lie on the right, and above.
_QUARTERS = ((1, 1), (0, 1), (0, 0), (1, 0))
_ROUNDINGS = 1000.0


class AtCrossing(IntEnum):
    """Class of a rest point where thresholds of both shares cross, beside those of a threshold alone."""

    crossing_node = 12
    crossing_saddle = 13
    crossing_source = 14


def at_crossings(m: Mechanism, lines: Thresholds) -> Point:
    """Those at crossings, `MOST_CROSSINGS` of them."""
    every = [_at(m, lines, i, j) for i, j in product(range(1, len(lines.x) - 1), range(1, len(lines.y) - 1))]
    middle = jnp.full_like(m.p["r"], 0.5)
    nowhere = on_jump(middle, middle, middle < 0, RestClass.absent)
    return row(*every, *[nowhere] * (MOST_CROSSINGS - len(every)))


def _at(m: Mechanism, lines: Thresholds, i: int, j: int) -> Point:
    x, y = lines.x[i], lines.y[j]
    about = [m.on(lines.x[i - 1 + right], lines.y[j - 1 + above]) for right, above in _QUARTERS]
    a, b = (jnp.stack([gain(x, y, on) for on in about]) for gain in (m.supervising, m.managing))
    tolerance = _ROUNDINGS * float(jnp.finfo(x.dtype).eps)
    turn = a[:, None] * b[None, :] - a[None, :] * b[:, None]
    beside = jnp.abs(turn) > tolerance * m.a_terms * m.b_terms
    exists = jnp.all(jnp.any(beside & (turn > 0), 1) & jnp.any(beside & (turn < 0), 1))
    return on_jump(x, y, exists, class_at_crossing(a, b, tolerance))


def class_at_crossing(a: Array, b: Array, tolerance: float) -> Array:
    """Class by the values of the four quarters."""
    right, above = (jnp.asarray([2 * quarter[k] - 1 for quarter in _QUARTERS], a.dtype) for k in (0, 1))
    leads_out = jnp.any((a * right > 0) & (b * above > 0))
    leads_in = jnp.any((a * right < 0) & (b * above < 0))
    slides = jnp.zeros_like(leads_in)
    # Half-lines: right, up, left, down; each between a quarter and the one before it.
    for k, (across, along, side) in enumerate(((b, a, 1), (a, b, 1), (b, a, -1), (a, b, -1))):
        before, behind = (3, 0) if k == 0 else (k - 1, k)
        apart = across[before] - across[behind]
        stays = across[before] * across[behind] < 0
        mixed = across[before] * along[behind] - across[behind] * along[before]
        outward = side * mixed * jnp.sign(apart) > 0
        # Driven to it: against the order of angles on one side, with it on the other.
        driven = jnp.where(jnp.asarray(k in (0, 3)), across[before] > 0, across[before] < 0)
        slides |= stays & ~outward & driven
        leads_out |= stays & outward
        leads_in |= stays & ~outward
    growth = jnp.sum(jnp.asarray([1, -1, 1, -1], a.dtype) * (jnp.log(jnp.abs(b)) - jnp.log(jnp.abs(a))))
    # In the order of angles a round goes by b/a, a/b, b/a, a/b; the other way round by the opposite.
    growth = jnp.where(b[0] > 0, growth, -growth)
    goes_round = ~leads_out & ~leads_in
    node = ~leads_out & (slides | (goes_round & (growth < 0)))
    kind = jnp.where(node, AtCrossing.crossing_node, AtCrossing.crossing_source)
    kind = jnp.where(leads_out & leads_in, AtCrossing.crossing_saddle, kind)
    return jnp.where(goes_round & (jnp.abs(growth) <= tolerance), RestClass.degenerate, kind)
