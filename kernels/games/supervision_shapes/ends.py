"""Where orbits of the game with shapes end, as far as mathematics decides it.

With the weight 1/(x (1-x) y (1-y)) the divergence of the field is (rho + phi)'(y) / (1-x), a measure where
steps jump. Where rho + phi only rises, or only falls, no orbit inside closes (Dulac), unless it lies where
rho + phi is flat, between steps: there the point that it encloses is a centre. Nor does one close where the
point inside is absent or a saddle, for a closed orbit encloses a point of index 1. The square then holds,
as what orbits tend to, rest points and the cycle along the boundary (Poincare and Bendixson).

The four corners are joined to such a cycle where A(0) > 0 > A(1), B(0) < 0 and B(1, y) > 0 all along x = 1.
The product of their contracting over expanding rates is B(1, 1) / B(1, 0): it attracts where rho + phi is
larger at y = 1 than at y = 0. Between a cycle and a point inside that both repel there is a closed orbit to
which all others tend. Only single orbits, those that end in a saddle, do otherwise.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import jax.numpy as jnp

from ...flow import NOT_ALONG_FACES, Attractor
from ...numerics.stability import RestClass
from .mechanism import Mechanism
from .pieces import pieces
from .rest import INTERIOR, REST_POINTS, OnThreshold, RestPoints, attracts

Array = Any
Parameters = Mapping[str, Array]


_BOTH = REST_POINTS.index("(1,1)")


class BoundaryCycle(IntEnum):
    """The cycle along the boundary: whether there is one, and what it does to orbits beside it."""

    absent = 0
    attracts = 1
    repels = 2
    neutral = 3


def boundary_cycle(m: Mechanism, rest: RestPoints) -> Array:
    """`BoundaryCycle` number (int8)."""
    saddles = jnp.all((rest.rest_class[:4] == RestClass.saddle) | _only_flat(m, rest)[:4])
    open_side = jnp.all(rest.rest_class[INTERIOR + 1 :] == RestClass.absent)
    zero = jnp.zeros((), rest.shares.dtype)
    top = m.supervising(zero, m.on(zero))
    low, high = (m.managing(1.0, y, m.on(y)) for y in (zero, zero + 1))
    there = saddles & open_side & (top > 0) & (m.alone < 0) & (low > 0) & ((high > 0) | ~m.b_is_clear(high))
    kinds = jnp.where(high > low, BoundaryCycle.attracts, BoundaryCycle.repels)
    kinds = jnp.where(m.b_is_clear(high - low), kinds, BoundaryCycle.neutral)
    return jnp.where(there, kinds, BoundaryCycle.absent).astype(jnp.int8)


def attractor(p: Parameters, m: Mechanism, rest: RestPoints) -> Array:
    """What a flow's `decide` says (int8) of the orbit from (x0, y0)."""
    parts, cycle = pieces(p, m), boundary_cycle(m, rest)
    kinds, inside = rest.rest_class, rest.rest_class[INTERIOR]
    alone = jnp.sum(attracts(kinds)) == 1
    turns_round = (inside != RestClass.absent) & (inside != RestClass.saddle)
    turns_round &= inside != OnThreshold.sliding_saddle
    never_closes = ((parts.one_sign != 0) & (inside != RestClass.centre)) | ~turns_round
    repelled = jnp.any(jnp.stack([inside == kind for kind in _REPELLING]))
    rests = never_closes & alone & (cycle != BoundaryCycle.attracts)
    conserved = parts.constant & (inside == RestClass.centre) & (cycle == BoundaryCycle.neutral)
    closes = (repelled & (cycle == BoundaryCycle.repels)) | conserved
    leaves = (parts.one_sign == 1) & repelled & (cycle == BoundaryCycle.attracts)
    cases = (
        (rests, Attractor.rest_point),
        (closes, Attractor.closed_orbit),
        (leaves, Attractor.boundary_cycle),
    )
    # What is integrated may come near all four sides, and close there.
    shy = (cycle == BoundaryCycle.absent) | (cycle == BoundaryCycle.repels)
    end = jnp.where(shy, jnp.int8(NOT_ALONG_FACES), jnp.int8(Attractor.undecided))
    for holds, number in cases:
        end = jnp.where(holds, jnp.int8(number), end)
    clear = jnp.all((kinds != RestClass.degenerate) | _only_flat(m, rest))
    end = jnp.where(clear, end, jnp.int8(Attractor.undecided))
    end = jnp.where(_at_rest(p, m), jnp.int8(Attractor.rest_point), end)
    return jnp.where(_starts_inside(p), end, jnp.int8(Attractor.undecided))


_REPELLING = (RestClass.unstable_node, RestClass.unstable_focus, OnThreshold.escaping)


def _only_flat(m: Mechanism, rest: RestPoints) -> Array:
    """Which point is (1, 1) with B(1, 1) = 0 to rounding and A(1) < 0, as in the paper's case.

    Supervision is left there, so it attracts nothing from inside whatever the sign of B; and a cycle
    through it repels, for B(1, 1) is below B(1, 0).
    """
    end = jnp.ones((), rest.shares.dtype)
    leaving = m.supervising(end, m.on(end))
    flat = (leaving < 0) & m.a_is_clear(leaving) & (rest.rest_class[_BOTH] == RestClass.degenerate)
    return flat & (jnp.arange(len(REST_POINTS)) == _BOTH)


def _starts_inside(p: Parameters) -> Array:
    x, y = p["x0"], p["y0"]
    return (x > 0) & (x < 1) & (y > 0) & (y < 1)


def _at_rest(p: Parameters, m: Mechanism) -> Array:
    """Whether the start is a rest point, to rounding, within which nothing says where the orbit goes."""
    on = m.on(p["y0"])
    a, b = m.supervising(p["y0"], on), m.managing(p["x0"], p["y0"], on)
    return ~m.a_is_clear(a) & ~m.b_is_clear(b)
